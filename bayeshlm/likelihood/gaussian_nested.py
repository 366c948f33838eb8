"""Normal outcomes in groups: ``y_j ~ N(X_j gamma, Z_j G Z_j' + sigma^2 I)``, the random effects integrated out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.blocks import BLOCK, in_threads, rows_of_groups
from bayeshlm.likelihood.gaussian_rows import draws_together, row_log_densities
from bayeshlm.likelihood.group_effects import Conditionals, GroupBlock
from bayeshlm.likelihood.likelihood import Capability, Likelihood, LogDensity, Unit, grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors

VALUES_FROM = 15_000
"""Groups from which values without gradients save more time than their machine code takes to be compiled."""

CHUNK_NUMBERS = 1 << 19
"""Rows times draws worked on at a time: 4 MiB."""


class GaussianNested(Likelihood):
    """Rows nested in groups, one grouping, level-1 errors normal with one variance.

    Log density and group effects come from the groups' cross-products; only row densities read the rows.
    """

    def why_not(self, what: Capability) -> str:
        """Rows are not left out where their errors have known covariances; else nothing is, as integrals are closed."""
        if what != "row densities" or self.design.outcome.residuals.known != "cov":
            return ""
        return (
            "rows whose errors have known covariances are not left out one by one, because the others of a group tell"
            ' of their errors too: leave groups out, unit="group"'
        )

    def log_density(self, priors: Priors) -> LogDensity:
        """As machine code over the cross-products, see `bayeshlm.likelihood.unconstrained_density`."""
        from bayeshlm.likelihood.unconstrained_density import density_data, marginal_draws, marginal_posterior

        design, data = self.design, density_data(self.design, priors)
        q = len(design.random)
        return LogDensity(
            marginal_posterior(q),
            data,
            lambda values: marginal_draws(values, design, priors),
            (lambda: (marginal_posterior(q, False), data)) if design.n_groups >= VALUES_FROM else None,
        )

    def totals(self, draws: Draws) -> FloatArray:
        """Sums over the groups, a block of groups at a time."""
        parts = self.reduced_pointwise(draws, "group", lambda _, densities: densities.sum(axis=0), "Likelihoods")
        return np.asarray(np.sum(parts, axis=0))

    def drawn_effects(self, draws: Draws, seed: int) -> list[FloatArray]:
        """One u of every group, a block of groups at a time."""
        given = self.group_effects(draws)
        u = np.empty((len(given.sigma), self.design.n_groups, len(self.design.random)))

        def fill(block: GroupBlock) -> None:
            u[:, block.groups] = np.moveaxis(block.draw(seed), 2, 1)

        given.each_block(fill)
        return [u]

    def group_effects(self, draws: Draws) -> Conditionals:
        """Their normal distributions given the outcomes, exact at each draw."""
        return Conditionals.of(draws)

    def pointwise(self, draws: Draws, unit: Unit, units: IntArray) -> FloatArray:
        """Log densities of some units, a block of groups at a time."""
        given = self.group_effects(draws)
        whole = grouping_of(self.design, unit) is not None
        of_unit = units if whole else self.design.group_codes[units]
        found = np.empty((len(units), len(given.sigma)))
        for start in np.unique(of_unit // BLOCK * BLOCK).tolist():
            here = np.flatnonzero(of_unit // BLOCK * BLOCK == start)
            if whole:
                found[here] = given.densities(start)[of_unit[here] - start]
            else:
                block = given.block(start, likelihood=False)
                found[here] = row_log_densities(given, self.design, block, units[here])
        return found

    def reduced_pointwise[Result](
        self, draws: Draws, unit: Unit, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None = None
    ) -> list[Result]:
        """Groups a block at a time; rows of a block `CHUNK_NUMBERS` numbers at a time."""
        given = self.group_effects(draws)

        def of_groups(start: int) -> Result:
            groups = given.groups_from(start)
            return reduce(np.arange(groups.start, groups.stop), given.densities(start))

        rows_of, chunk = rows_of_groups(self.design), max(CHUNK_NUMBERS // len(given.sigma), 1)

        def of_rows(block: GroupBlock) -> list[Result]:
            together, rows = draws_together(block), rows_of(block.groups)
            parts = (rows[place : place + chunk] for place in range(0, len(rows), chunk))
            return [reduce(part, row_log_densities(given, self.design, together, part)) for part in parts]

        if grouping_of(self.design, unit) is not None:
            return in_threads(of_groups, given.starts, doing)
        return [result for parts in given.each_block(of_rows, doing) for result in parts]
