"""Normal outcomes in groups whose level-1 SDs have an equation or whose level-1 residuals are correlated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.blocks import in_threads, rows_of_groups, slices_of
from bayeshlm.likelihood.gaussian_nested import CHUNK_NUMBERS, GaussianNested
from bayeshlm.likelihood.group_effects import BlockMoments, Conditionals, block_moments, covariance_factors
from bayeshlm.likelihood.level1_rows import GroupRows, level1_conditionals
from bayeshlm.likelihood.likelihood import Capability, LogDensity, Unit, grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors

MOST_PATTERNS = 100
"""Distinct SDs of which cross-products are sufficient statistics worth the name."""

NO_ROWS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Level1Conditionals(Conditionals):
    """Every group's likelihood and conditional normal at S draws of the parameters, from its rows, block by block.

    Attributes
    ----------
    design : Design
    phi : (S, a) array
        Draws of alpha or sigma, and rho; `sigma` is not used.
    """

    design: Design
    phi: FloatArray

    @cached_property
    def _sorted(self) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
        """Rows by group; where those of each begin; place of each row; the rows before and after, as places."""
        level1, codes = self.design.kept_rows.level1, self.design.group_codes
        assert level1 is not None
        order = np.argsort(codes, kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=self.design.n_groups))])
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        before = np.where(level1.previous >= 0, place[level1.previous], -1)[order]
        after = np.full(len(order), -1)
        follows = np.flatnonzero(before >= 0)
        after[before[follows]] = follows
        return order, ends, place, before, after

    def rows_of(self, groups: slice) -> GroupRows:
        """The rows of neighboring groups."""
        design = self.design
        level1 = design.kept_rows.level1
        assert level1 is not None
        order, ends, _, before, after = self._sorted
        low, high = ends[groups.start], ends[groups.stop]
        rows = order[low:high]
        return GroupRows(
            y=design.y[rows] - design.offset[rows],
            X=np.ascontiguousarray(design.X[rows]),
            Z=np.ascontiguousarray(design.Z[rows]),
            A=np.ascontiguousarray(level1.A[rows]),
            before=np.where(before[low:high] >= 0, before[low:high] - low, -1),
            after=np.where(after[low:high] >= 0, after[low:high] - low, -1),
            gap=np.ascontiguousarray(level1.gap[rows]),
            first=ends[groups.start : groups.stop + 1] - low,
            correlation=np.array([{"": 0, "ar1": 1, "cs": 2}[level1.correlation]]),
        )

    @cached_property
    def parameters(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draws of gamma, of L and of phi."""
        return np.ascontiguousarray(self.gamma), np.ascontiguousarray(self.chol), np.ascontiguousarray(self.phi)

    def _fill(self, groups: slice, mean: FloatArray, root: FloatArray, log_likelihood: FloatArray) -> None:
        none = np.empty((0, len(self.phi)))
        level1_conditionals(*self.parameters, self.rows_of(groups), mean, root, log_likelihood, NO_ROWS, none)

    def row_densities(self, groups: slice, rows: IntArray) -> FloatArray:
        """``log p(y_i | the other rows of its group, theta)`` of rows of neighboring groups, (n, S)."""
        _, ends, place, _, _ = self._sorted
        q, size = self.chol.shape[-1], groups.stop - groups.start
        found = np.empty((len(rows), len(self.phi)))
        room = np.empty((1, q, size)), np.empty((1, q, q, size)), np.empty((0, size))
        wanted = place[rows] - ends[groups.start]
        level1_conditionals(*self.parameters, self.rows_of(groups), *room, wanted, found)
        return found

    def moments(self, start: int, design: Design, chain_length: int) -> BlockMoments:
        """Moments over the draws of ``E[u | theta]``, ``E[beta | theta]`` and ``Var[u | theta]`` of a block."""
        return block_moments(self.block(start, likelihood=False), self.gamma, design, chain_length)


class Level1Gaussian(GaussianNested):
    """Rows nested in groups, one grouping, level-1 errors normal, with SDs of an equation or correlated in groups.

    The log density comes from cross-products by the pattern of rows (`bayeshlm.likelihood.level1_bank`); group effects
    and densities of units read the rows.
    """

    def why_not(self, what: Capability) -> str:
        """Cross-products are one a row where the SD depends on a continuous column."""
        level1 = self.design.kept_rows.level1
        if what == "sufficient statistics" and level1 is not None and len(np.unique(level1.A, axis=0)) > MOST_PATTERNS:
            return "the SDs of the level-1 residuals differ from row to row, so that a density reads every row"
        return ""

    def log_density(self, priors: Priors) -> LogDensity:
        """As machine code over the cross-products, see `bayeshlm.likelihood.level1_posterior`."""
        from bayeshlm.likelihood.level1_posterior import level1_data, level1_draws, level1_posterior

        data = level1_data(self.design, priors)
        return LogDensity(level1_posterior, data, lambda values: level1_draws(values, self.design, priors))

    def group_effects(self, draws: Draws) -> Level1Conditionals:
        """Their normal distributions given the outcomes, exact at each draw."""
        (chol,), gamma, phi = covariance_factors(draws), draws.flat(draws.gamma), draws.flat(draws.auxiliary)
        return Level1Conditionals(self.design.cross_products, gamma, chol, np.ones(len(gamma)), self.design, phi)

    def pointwise(self, draws: Draws, unit: Unit, units: IntArray) -> FloatArray:
        """Log densities of some units: of groups a block at a time, of rows by the groups that they are in."""
        if grouping_of(self.design, unit) is not None:
            return super().pointwise(draws, unit, units)
        given, codes = self.group_effects(draws), self.design.group_codes[units]
        found = np.empty((len(units), draws.n_draws))
        for group in np.unique(codes).tolist():
            here = np.flatnonzero(codes == group)
            found[here] = given.row_densities(slice(group, group + 1), units[here])
        return found

    def reduced_pointwise[Result](
        self, draws: Draws, unit: Unit, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None = None
    ) -> list[Result]:
        """Groups a block at a time; rows of neighboring groups, `CHUNK_NUMBERS` numbers at a time."""
        if grouping_of(self.design, unit) is not None:
            return super().reduced_pointwise(draws, unit, reduce, doing)
        given = self.group_effects(draws)
        rows_of, chunk = rows_of_groups(self.design), max(CHUNK_NUMBERS // draws.n_draws, 1)

        def of_rows(groups: slice) -> list[Result]:
            rows = rows_of(groups)
            parts = (rows[place : place + chunk] for place in range(0, len(rows), chunk))
            return [reduce(part, given.row_densities(groups, part)) for part in parts]

        ends = np.concatenate([[0], np.cumsum(self.design.n_per_group)])
        return [result for parts in in_threads(of_rows, slices_of(ends, chunk), doing) for result in parts]
