"""Outcomes of any family in groups of one grouping, the one or two random effects integrated out by quadrature."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from bayeshlm.design.design_weights import weights_of_groups
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import SamplingError
from bayeshlm.likelihood.blocks import BLOCK, rows_of_groups, slices_of
from bayeshlm.likelihood.family_conditionals import FamilyConditionals
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.group_effects import GroupBlock, covariance_factors
from bayeshlm.likelihood.likelihood import Capability, Likelihood, LogDensity, Unit, grouping_of
from bayeshlm.likelihood.normal_approximation import around_mode, points_around
from bayeshlm.likelihood.quadrature_nodes import NODES, NodesCertificate, enough_nodes, nodes_certificate
from bayeshlm.likelihood.weighted_gaussian import NO_DENSITIES
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors

MOST_EFFECTS = 2
"""Random effects of a group up to which a grid of nodes is affordable."""

PILOT_POINTS, PILOT_DF = 64, 5.0
"""Points of a t distribution about the mode by which the number of nodes of a posterior is chosen."""

PILOT_DRAWS = 32
"""Draws by which the number of nodes of theirs is chosen."""

CHUNK_NUMBERS = 1 << 19
"""Rows times draws worked on at a time: 4 MiB."""


def auxiliary_draws(draws: Draws) -> FloatArray:
    """Draws of the auxiliary parameters of the outcome's distribution in the order of the family, (S, a)."""
    names = [auxiliary.name for auxiliary, _ in draws.design.outcome.auxiliary]
    parts = [draws.flat(draws.dataset[name].transpose("chain", "draw", ...).to_numpy()) for name in names]
    return np.hstack([part.reshape(len(part), -1) for part in parts] or [np.empty((draws.n_draws, 0))])


class FamilyQuadrature(Likelihood):
    """Rows nested in groups, one grouping with one or two random effects, outcomes of any family.

    The integrals over the random effects are those of adaptive Gauss-Hermite quadrature, with as many nodes as it
    takes: for a posterior chosen around its mode, for draws by some of them.
    """

    def why_not(self, what: Capability) -> str:
        """Every row is in every evaluation; with sampling weights densities of units are those of no distribution."""
        if self.design.weights is not None and what in ("group densities", "row densities"):
            return NO_DENSITIES
        if what != "sufficient statistics":
            return ""
        return f"outcomes of a {self.design.outcome.family_name} distribution have to be summed over row by row"

    @cached_property
    def found(self) -> FamilyRows:
        """The rows in the user's columns."""
        return FamilyRows.of(self.design)

    def log_density(self, priors: Priors) -> LogDensity:
        """As machine code over the rows, with as many nodes as it takes around the posterior's mode.

        Raises
        ------
        SamplingError
            No number of nodes is enough.
        """
        fewest = self.density_with(priors, NODES[0])
        mode, root = around_mode(fewest, self.start(priors))
        origin = self.given(Draws(fewest.parameters(mode[None, None]), self.design), 1).modes_at(0)

        def enough(points: FloatArray) -> int:
            def at_points(n_nodes: int) -> FloatArray:
                density = self.density_with(priors, n_nodes, origin)
                return np.array([density(point)[0] for point in points])

            return enough_nodes(at_points)

        try:  # where nodes are too few they are so in the tails first, but there no number may be enough
            n_nodes = enough(points_around(mode, root, PILOT_POINTS, PILOT_DF))
        except SamplingError:
            n_nodes = enough(points_around(mode, root, PILOT_POINTS))
        return self.density_with(priors, n_nodes, origin)

    def start(self, priors: Priors) -> FloatArray:
        """Unconstrained values from which the mode is looked for."""
        from bayeshlm.likelihood.prior_data import starting_values

        return starting_values(self.design, priors)

    def density_with(self, priors: Priors, n_nodes: int, origin: FloatArray | None = None) -> LogDensity:
        """The log density with a number of nodes; with one it is Laplace's approximation.

        The modes of the standardized random effects are looked for from ``origin (J, q)``, zero by default.
        """
        from bayeshlm.likelihood.quadrature_posterior import (
            family_draws,
            is_increasing,
            quadrature_data,
            quadrature_posterior,
        )

        outcome = self.design.outcome
        function = quadrature_posterior(outcome.family_name, outcome.link, is_increasing(self.design))
        data = quadrature_data(self.design, priors, n_nodes, origin)
        return LogDensity(function, data, lambda values: family_draws(values, self.design, priors), n_nodes=n_nodes)

    def given(self, draws: Draws, n_nodes: int) -> FamilyConditionals:
        """The groups at draws of the parameters, with a number of nodes."""
        (chol,), auxiliary = covariance_factors(draws), auxiliary_draws(draws)
        sigma = auxiliary[:, 0] if auxiliary.shape[1] else np.full(len(chol), np.nan)
        gamma, products = draws.flat(draws.gamma), self.design.cross_products
        return FamilyConditionals(products, gamma, chol, sigma, self.design, self.found, auxiliary, n_nodes)

    def totals_with(self, draws: Draws, n_nodes: int) -> FloatArray:
        """`totals` with a number of nodes."""
        given = self.given(draws, n_nodes)
        weights = weights_of_groups(self.design.weights, self.design.n_groups)
        parts = given.each_block(
            lambda block: (block.log_likelihood * weights[block.groups]).sum(axis=1), "Likelihoods", likelihood=True
        )
        return np.asarray(np.sum(parts, axis=0))

    def nodes_for(self, draws: Draws) -> int:
        """As many nodes as it takes at some of the draws."""
        some = thinned(draws, PILOT_DRAWS)
        return enough_nodes(lambda n_nodes: self.totals_with(some, n_nodes))

    def certificate(self, draws: Draws, n_nodes: int, n_draws: int = 200) -> NodesCertificate:
        """Whether draws that were made with a number of nodes hold with twice as many."""
        some = thinned(draws, n_draws)
        parts = [some.flat(some.gamma), some.flat(some.tau), auxiliary_draws(some)]
        fewer, more = (self.totals_with(some, number) for number in (n_nodes, 2 * n_nodes))
        return nodes_certificate(n_nodes, fewer, more, np.hstack(parts))

    def totals(self, draws: Draws) -> FloatArray:
        """Sums over the groups, a block of groups at a time."""
        return self.totals_with(draws, self.nodes_for(draws))

    def drawn_effects(self, draws: Draws, seed: int) -> list[FloatArray]:
        """One u of every group, by independence Metropolis around its mode; a block of groups at a time."""
        given = self.given(draws, 1)  # proposals need no nodes
        u = np.empty((draws.n_draws, self.design.n_groups, len(self.design.random)))

        def fill(block: GroupBlock) -> None:
            u[:, block.groups] = np.moveaxis(block.draw(seed), 2, 1)

        given.each_block(fill)
        return [u]

    def group_effects(self, draws: Draws) -> FamilyConditionals:
        """Their moments given the outcomes and each draw, and draws of their distributions."""
        return self.given(draws, self.nodes_for(draws))

    def pointwise(self, draws: Draws, unit: Unit, units: IntArray) -> FloatArray:
        """Log densities of some units, a block of groups at a time."""
        given = self.group_effects(draws)
        whole = grouping_of(self.design, unit) is not None
        of_unit = units if whole else self.design.group_codes[units]
        densities = np.empty((len(units), draws.n_draws))
        for start in np.unique(of_unit // BLOCK * BLOCK).tolist():
            here = np.flatnonzero(of_unit // BLOCK * BLOCK == start)
            if whole:
                densities[here] = given.block(start).log_likelihood.T[of_unit[here] - start]
            else:
                densities[here] = self._rows(given, given.groups_from(start), units[here])
        return densities

    def _rows(self, given: FamilyConditionals, groups: slice, rows: IntArray) -> FloatArray:
        """Log densities of rows of neighboring groups, given the other rows."""
        return np.asarray(given.row_densities(groups)[self.found.place[rows] - given.ends[groups.start]])

    def reduced_pointwise[Result](
        self, draws: Draws, unit: Unit, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None = None
    ) -> list[Result]:
        """Groups a block at a time; rows group by group, some groups at a time."""
        from bayeshlm.likelihood.blocks import in_threads

        given = self.group_effects(draws)
        if grouping_of(self.design, unit) is not None:

            def of_groups(block: GroupBlock) -> Result:
                groups = np.arange(block.groups.start, block.groups.stop)
                return reduce(groups, np.ascontiguousarray(block.log_likelihood.T))

            return given.each_block(of_groups, doing, likelihood=True)
        rows_of, chunk = rows_of_groups(self.design), max(CHUNK_NUMBERS // draws.n_draws, 1)

        def of_rows(groups: slice) -> list[Result]:
            densities, rows = given.row_densities(groups), rows_of(groups)
            parts = (rows[place : place + chunk] for place in range(0, len(rows), chunk))
            start = given.ends[groups.start]
            return [reduce(part, densities[self.found.place[part] - start]) for part in parts]

        found = in_threads(of_rows, slices_of(np.concatenate([[0], np.cumsum(self.design.n_per_group)]), chunk), doing)
        return [result for parts in found for result in parts]


def thinned(draws: Draws, n_draws: int) -> Draws:
    """About so many draws, evenly spaced along the chains."""
    n_chains, length = draws.shape
    return draws.at(np.unique(np.linspace(0, length - 1, -(-n_draws // n_chains)).astype(np.int64)))
