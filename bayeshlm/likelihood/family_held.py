"""Outcomes of any family in groups of one of several groupings, the random effects of the others held at their draws.

Given the other groupings' effects v the groups of one grouping are independent, and their effects are integrated out
by the same quadrature as where there is no other grouping. With (theta, v) drawn from the posterior,
``1 / E[1 / p(y_A | y_-A, v, theta)]`` is ``p(y_A | y_-A)`` of rows A of a group, or of all of them: what importance
weights estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.blocks import in_threads, slices_of
from bayeshlm.likelihood.compiled_rows import compiled_row
from bayeshlm.likelihood.family_conditionals import triangular
from bayeshlm.likelihood.family_quadrature import MOST_EFFECTS, PILOT_DRAWS, auxiliary_draws, thinned
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.likelihood.quadrature_effects import group_moments, rows_left_out
from bayeshlm.likelihood.quadrature_nodes import enough_nodes
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.parameters.draws import Draws

CHUNK_NUMBERS = 1 << 21
"""Rows times draws worked on at a time: 16 MiB."""


def why_not_group(design: Design, grouping: int) -> str:
    """Why the effects of a grouping's units cannot be integrated out with all others held; empty where they can."""
    names, q = design.groupings, len(design.predictor.random[grouping].columns)
    family = design.outcome.family_name
    if q > MOST_EFFECTS:
        return (
            f"leaving out a {names[grouping]!r} takes its {q} random effects to be integrated out, and for {family} "
            f"outcomes at most {MOST_EFFECTS} can be"
        )
    inside = [names[k] for k in range(len(names)) if k != grouping and grouping in containing(design, k)]
    if inside:
        return (
            f"leaving out a {names[grouping]!r} leaves out the units of {' and '.join(map(repr, inside))} within it, "
            f"whose random effects cannot be integrated out together with its own for {family} outcomes: leave out "
            f"units of {inside[0]!r}, or rows"
        )
    return ""


def grouping_around_rows(design: Design) -> int | None:
    """The grouping of the most units among those with so few effects that they are integrated out; None: of none."""
    few = [k for k, term in enumerate(design.predictor.random) if len(term.columns) <= MOST_EFFECTS]
    return max(few, key=lambda k: len(design.predictor.random[k].labels), default=None)


@dataclass(frozen=True, eq=False)
class HeldEffects:
    """Groups of one grouping at S draws of the parameters and of the other groupings' effects.

    Attributes
    ----------
    draws : Draws
        With u of the other groupings.
    grouping : int or None
        Its position; None: nothing is integrated out, and every row is a group of its own.
    """

    draws: Draws
    grouping: int | None

    @cached_property
    def sorted(self) -> tuple[FamilyRows, IntArray]:
        """The distinct rows sorted by group, and where those of each group begin, (J + 1,)."""
        found = FamilyRows.of(self.draws.design)
        n = len(found.rows.y)
        if self.grouping is None:
            return found, np.arange(n + 1)
        codes = found.codes[self.grouping]
        order = np.argsort(codes, kind="stable")
        place = np.empty(n, dtype=np.int64)
        place[order] = np.arange(n)
        rows = Rows(*(np.ascontiguousarray(values[..., order]) for values in found.rows))
        n_groups = len(self.draws.design.predictor.random[self.grouping].labels)
        first = np.searchsorted(codes[order], np.arange(n_groups + 1)).astype(np.int64)
        return FamilyRows(rows, np.ascontiguousarray(found.codes[:, order]), place[found.place]), first

    @cached_property
    def effects(self) -> list[FloatArray]:
        """Draws of u of every grouping, (S, J, q)."""
        draws = self.draws
        return [draws.flat(draws.u_of(k)) for k in range(len(draws.design.groupings))]

    @cached_property
    def parameters(self) -> tuple[FloatArray, FloatArray]:
        """Draws of lower triangular L of the grouping, (S, q, q), and of the auxiliary parameters, (S, a)."""
        auxiliary = np.ascontiguousarray(auxiliary_draws(self.draws))
        if self.grouping is None:
            return np.zeros((self.draws.n_draws, 1, 1)), auxiliary
        return triangular(covariance_factors(self.draws)[self.grouping]), auxiliary

    @cached_property
    def n_nodes(self) -> int:
        """As many nodes as it takes at some of the draws."""
        if self.grouping is None:
            return 1
        some = HeldEffects(thinned(self.draws, PILOT_DRAWS), self.grouping)
        return enough_nodes(lambda n_nodes: some.totals_with(n_nodes))

    def totals_with(self, n_nodes: int) -> FloatArray:
        """Sums of `groups` over all groups, with a number of nodes, (S,)."""
        every = slice(0, len(self.sorted[1]) - 1)
        return np.asarray(self.groups(every, n_nodes).sum(axis=0))

    def predictors(self, places: slice) -> FloatArray:
        """The part of the predictor of some rows that is not integrated out, (S, n)."""
        draws, (found, _) = self.draws, self.sorted
        design, rows = draws.design, found.rows
        eta = draws.flat(draws.gamma) @ rows.X[:, places]
        eta += rows.offset[places]
        for k, u in enumerate(self.effects):
            if k != self.grouping:
                codes, Z = found.codes[k, places], rows.Z[design.predictor.effects_of(k), places]
                for r in range(len(Z)):
                    eta += u[:, codes, r] * Z[r]
        return eta

    def groups(self, groups: slice, n_nodes: int) -> FloatArray:
        """``log p(y_j | v, theta)`` of neighboring groups, (B, S)."""
        size, q = groups.stop - groups.start, self.parameters[0].shape[-1]
        kernel, found = group_moments(self._row), np.empty((self.draws.n_draws, size))
        mean, root = np.empty((1, q, size)), np.empty((1, q, q, size))

        def at(s: int, *arguments: object) -> None:
            kernel(*arguments, found[s : s + 1], mean, root)

        self._at_draws(groups, n_nodes, at)
        return np.ascontiguousarray(found.T)

    def rows(self, groups: slice, n_nodes: int) -> FloatArray:
        """``log p(y_i | the other rows of its group, v, theta)`` of the distinct rows of some groups, (n, S)."""
        if self.grouping is None:  # a row is no group here, but what its weight counts
            return self.groups(groups, n_nodes) / self.sorted[0].rows.weight[groups, None]
        _, first = self.sorted
        kernel, n = rows_left_out(self._row), int(first[groups.stop] - first[groups.start])
        found = np.empty((self.draws.n_draws, n, 1))

        def at(s: int, *arguments: object) -> None:
            kernel(*arguments, found[s])

        self._at_draws(groups, n_nodes, at)
        return np.ascontiguousarray(found[..., 0].T)

    @property
    def _row(self) -> object:
        outcome = self.draws.design.outcome
        return compiled_row(outcome.family_name, outcome.link)

    def _at_draws(self, groups: slice, n_nodes: int, at: Callable[..., None]) -> None:
        """Call a function of a draw's position and of a kernel's arguments, draw after draw."""
        found, ends = self.sorted
        places = slice(int(ends[groups.start]), int(ends[groups.stop]))
        eta, first = self.predictors(places), ends[groups.start : groups.stop + 1] - places.start
        chol, auxiliary = self.parameters
        effects = slice(0, 0) if self.grouping is None else self.draws.design.predictor.effects_of(self.grouping)
        n, rows = places.stop - places.start, found.rows
        Z = np.zeros((1, n)) if self.grouping is None else np.ascontiguousarray(rows.Z[effects, places])
        y, size, weight = (values[places].copy() for values in (rows.y, rows.size, rows.weight))
        nodes, no_gamma = hermite_rule(n_nodes, chol.shape[-1]), np.empty((1, 0))
        for s in range(len(eta)):
            of_draw = Rows(y, size, eta[s], weight, np.empty((0, n)), Z)
            at(s, no_gamma, chol[s : s + 1], auxiliary[s : s + 1], of_draw, first, *nodes)

    def densities(self, of_rows: bool, units: IntArray) -> FloatArray:
        """Log densities of some units, (n, S), the other rows given."""
        found, first = self.sorted
        places = found.place[units] if of_rows else units
        of_unit = np.searchsorted(first, places, side="right") - 1 if of_rows else units
        densities = np.empty((len(units), self.draws.n_draws))
        for j in np.unique(of_unit).tolist():
            here, groups = np.flatnonzero(of_unit == j), slice(j, j + 1)
            if of_rows:
                densities[here] = self.rows(groups, self.n_nodes)[places[here] - first[j]]
            else:
                densities[here] = self.groups(groups, self.n_nodes)
        return densities

    def reduced[Result](
        self, of_rows: bool, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None
    ) -> list[Result]:
        """Results of a function of positions and densities of all units, some groups at a time, in threads."""
        found, first = self.sorted
        n_nodes = self.n_nodes
        units = np.argsort(found.place, kind="stable")
        ends = np.searchsorted(found.place[units], first)

        def part(groups: slice) -> Result:
            if not of_rows:
                return reduce(np.arange(groups.start, groups.stop), self.groups(groups, n_nodes))
            some = units[ends[groups.start] : ends[groups.stop]]
            return reduce(some, self.rows(groups, n_nodes)[found.place[some] - first[groups.start]])

        return in_threads(part, slices_of(ends, max(CHUNK_NUMBERS // self.draws.n_draws, 1)), doing)


def held_effects(draws: Draws, grouping: int | None) -> HeldEffects:
    """What leaves out the units of a grouping, or rows where it is None.

    Raises
    ------
    OptionError
        The effects of the grouping cannot be integrated out, or the draws hold no effects.
    """
    design = draws.design
    if grouping is not None and (reason := why_not_group(design, grouping)):
        raise OptionError(reason)
    if not draws.has_groups:
        raise OptionError(
            "leaving out takes the draws of the random effects, which were too many to keep: fit with fewer draws"
        )
    return HeldEffects(draws, grouping_around_rows(design) if grouping is None else grouping)
