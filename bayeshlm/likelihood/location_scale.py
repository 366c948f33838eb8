"""Normal outcomes in groups whose level-1 SD varies between the groups: the mixed-effects location scale model.

Hedeker, Mermelstein & Demirtas (2008), Biometrics 64, 627-634. Given the deviation v of the logarithm of a group's SD
its other effects are normal and integrated out exactly; v is by quadrature, as few nodes as are enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.family_conditionals import FamilyConditionals, t_proposals
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature, auxiliary_draws
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.likelihood.likelihood import Capability, LogDensity
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.likelihood.scale_effects import scale_draws, scale_moments, scale_rows_left_out
from bayeshlm.likelihood.scale_posterior import SortedRows, scale_data, scale_posterior, scale_start
from bayeshlm.likelihood.scale_room import ScaleRows
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors


@dataclass(frozen=True, eq=False)
class ScaleConditionals(FamilyConditionals):
    """Every group's likelihood and moments of its effects at S draws of the parameters, made block by block.

    `auxiliary` are draws of alpha, and v is the last effect.
    """

    found: SortedRows  # type: ignore[assignment]

    def rows_of(self, groups: slice) -> tuple[ScaleRows, IntArray]:  # type: ignore[override]
        """The rows of neighboring groups, and where those of each begin among them."""
        low, high = self.ends[groups.start], self.ends[groups.stop]
        y, effect = self.found.rows.y[low:high], self.found.rows.effect
        X, Z, A = (np.ascontiguousarray(one[:, low:high]) for one in self.found.rows[1:4])
        rows = ScaleRows(y, X, Z, A, effect)
        return rows, self.ends[groups.start : groups.stop + 1] - low

    def fill_moments(
        self, rows: Any, first: IntArray, log_likelihood: FloatArray, mean: FloatArray, root: FloatArray
    ) -> None:
        """Fill the log likelihoods, (S, B), the means of u and v, (S, q, B), and factors of their covariances."""
        rule, modes = hermite_rule(self.n_nodes, 1), np.empty((len(first) - 1, 1))
        scale_moments(self.parameters, rows, first, rule, log_likelihood, mean, root, modes)

    def modes_at(self, d: int) -> FloatArray:
        """Modes of b of all groups at one of the draws, (J, 1)."""
        q, J = self.chol.shape[-1], self.design.n_groups
        modes, parameters = np.empty((J, 1)), tuple(values[d : d + 1] for values in self.parameters)
        room = np.empty((1, J)), np.empty((1, q, J)), np.empty((1, q, q, J))
        scale_moments(parameters, self.found.rows, self.ends, hermite_rule(1, 1), *room, modes)
        return modes

    def chains(
        self,
        draws: Iterable[FloatArray],
        rows: Any,
        first: IntArray,
        rng: np.random.Generator,
        n_steps: int,
        u: FloatArray,
    ) -> FloatArray:
        """As of other families, of v alone: given it the other effects are normal."""
        n_draws, q, size = u.shape
        noise, weights, uniform = t_proposals(rng, n_draws, size, 1, n_steps)
        normal = rng.standard_normal((n_draws, size, q - 1))
        return np.asarray(scale_draws(tuple(draws), rows, first, noise[:, :, 0].copy(), weights, uniform, normal, u))

    def row_densities(self, groups: slice) -> FloatArray:
        """``log p(y_i | the other rows, theta)`` of the rows of some groups, (n, S)."""
        rows, first = self.rows_of(groups)
        densities = np.empty((len(rows.y), len(self.gamma)))
        scale_rows_left_out(self.parameters, rows, first, hermite_rule(self.n_nodes, 1), densities)
        return densities


class LocationScale(FamilyQuadrature):
    """Rows nested in groups of one grouping, normal, whose level-1 SD varies between groups."""

    def why_not(self, what: Capability) -> str:
        """Every row is in every evaluation."""
        if what != "sufficient statistics":
            return ""
        return "where the SD of the level-1 residuals varies between groups a density reads every row"

    @cached_property
    def found(self) -> SortedRows:  # type: ignore[override]
        """The rows in the user's columns."""
        return SortedRows.of(self.design)

    def start(self, priors: Priors) -> FloatArray:
        """Unconstrained values from which the mode is looked for."""
        return scale_start(self.design, priors)

    def density_with(self, priors: Priors, n_nodes: int, origin: FloatArray | None = None) -> LogDensity:
        """The log density with a number of nodes; with one it is Laplace's approximation."""
        from bayeshlm.likelihood.level1_posterior import level1_draws

        data = scale_data(self.design, priors, n_nodes, origin)
        return LogDensity(
            scale_posterior, data, lambda values: level1_draws(values, self.design, priors), n_nodes=n_nodes
        )

    def given(self, draws: Draws, n_nodes: int) -> ScaleConditionals:
        """The groups at draws of the parameters, with a number of nodes."""
        (chol,), gamma, products = covariance_factors(draws), draws.flat(draws.gamma), self.design.cross_products
        nothing = np.full(len(chol), np.nan)  # in the place of sigma
        return ScaleConditionals(
            products, gamma, chol, nothing, self.design, self.found, auxiliary_draws(draws), n_nodes
        )
