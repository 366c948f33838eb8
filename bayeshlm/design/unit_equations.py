"""`UnitEquations`: what the coefficients of the units of one grouping are sums of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayeshlm.design.centering import varying_rows
from bayeshlm.design.predictor import FixedColumn, RandomColumn
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.terms import Source, Terms
from bayeshlm.equations.spec import ModelSpec

ELSEWHERE = -1
"""In place of a coefficient: the column does not enter the coefficients of these units."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitEquations:
    """The coefficients of J units: ``beta_jc = sum_k W_jk gamma_k + sum_r V_jr u_r(j)``, over the columns of c.

    Attributes
    ----------
    coefficients : tuple of str
        Labels of the C coefficients of the level at which the random effects of the grouping stand, and of those of
        lower levels whose lines have one: such a coefficient is there without the terms that vary within the units, or
        whose own coefficient is there, too.
    W : (J, p) array
        What stands above the coefficient in the path of each column of X.
    coefficient_of : (p,) array of int
        Position in `coefficients` of the one that each column of X belongs to; `ELSEWHERE` for a column that belongs to
        none, or that varies within the units.
    V : (J, q) array
        As W, of each column of Z of all groupings.
    random_coefficient : (q,) array of int
        As `coefficient_of`.
    units : (J, q) array of int
        Unit whose effect it is: the unit itself, or the one of another grouping that it belongs to.
    """

    coefficients: tuple[str, ...]
    W: FloatArray
    coefficient_of: IntArray
    V: FloatArray
    random_coefficient: IntArray
    units: IntArray

    @classmethod
    def of_one(
        cls, coefficients: Sequence[str], fixed: Sequence[FixedColumn], random: Sequence[RandomColumn], W: FloatArray
    ) -> UnitEquations:
        """Of the only grouping of a two-level model, ``beta_j = W_j gamma + u_j``."""
        labels = list(coefficients)
        return cls(
            coefficients=tuple(labels),
            W=W,
            coefficient_of=np.array([labels.index(column.coefficient) for column in fixed], dtype=np.int64),
            V=np.ones((len(W), len(random))),
            random_coefficient=np.array([labels.index(column.coefficient) for column in random], dtype=np.int64),
            units=np.broadcast_to(np.arange(len(W))[:, None], (len(W), len(random))),
        )

    def of_effects(self, q: int) -> UnitEquations:
        """Those with the first q random effects alone."""
        return replace(self, V=self.V[:, :q], random_coefficient=self.random_coefficient[:q], units=self.units[:, :q])

    def at(self, kept: IntArray, positions: Sequence[IntArray]) -> UnitEquations:
        """Those of some units, with the positions that the units of each column's grouping then have."""
        units = np.column_stack([new[self.units[kept, r]] for r, new in enumerate(positions)])
        return replace(self, W=self.W[kept], V=self.V[kept], units=units)


def unit_equations(spec: ModelSpec, rows: Rows, terms: Terms, grouping: int) -> UnitEquations:
    """Write the coefficients of the units of a grouping out.

    Parameters
    ----------
    spec : ModelSpec
    rows : Rows
    terms : Terms
        Of the equations on these rows.
    grouping : int
        Position of the grouping.
    """
    level = 2 + next(k for k, positions in enumerate(spec.level_groupings) if grouping in positions)
    here = rows.of(grouping)
    outer = [here.units_in(k) for k in range(len(rows.groupings))]
    random = [column for columns in terms.random for column in columns]
    grouping_of = [k for k, columns in enumerate(terms.random) for _ in columns]
    z_sources = [source for sources in terms.z_sources for source in sources]
    own = {column.coefficient for column in terms.random[grouping]}

    def product(factors: Source) -> FloatArray | None:
        """Value in each unit; None where it varies within units."""
        values = np.ones(here.n_groups)
        for factor in factors:
            if factor is not None:
                numbers, of = factor
                where = None if of is None else outer[of]
                if where is None:
                    of_rows = numbers if of is None else numbers[rows.groupings[of].codes]
                    if varying_rows(of_rows, here.group_codes, here.first).any():
                        return None
                    values = values * of_rows[here.first]
                else:
                    values = values * numbers[where]
        return values

    def place(path: Sequence[str], source: Source) -> tuple[str | None, FloatArray | None]:
        """The coefficient that a column belongs to, and what stands above it in its path."""
        at_level = [level - 2] if len(path) >= level - 1 else []
        for k in [*(k for k in reversed(range(min(len(path), level - 1))) if path[k] in own), *at_level]:
            found = product(source[k + 1 :])
            if found is not None:
                return path[k], found
        return (path[level - 2] if at_level else None), None

    paths = [column.path for column in terms.fixed] + [column.path for column in random]
    places = [place(path, source) for path, source in zip(paths, [*terms.x_sources, *z_sources], strict=True)]
    first = [column.label for column in terms.coefficients] if level == 2 else []
    labels = tuple(dict.fromkeys([*first, *(label for label, _ in places if label is not None)]))

    def entries(placed: Sequence[tuple[str | None, FloatArray | None]]) -> tuple[FloatArray, IntArray]:
        values, coefficient = np.zeros((here.n_groups, len(placed))), np.full(len(placed), ELSEWHERE)
        for k, (label, found) in enumerate(placed):
            if label is not None and found is not None:
                values[:, k], coefficient[k] = found, labels.index(label)
        return values, coefficient

    W, coefficient_of = entries(places[: len(terms.fixed)])
    V, random_coefficient = entries(places[len(terms.fixed) :])
    units = np.zeros((here.n_groups, len(random)), dtype=np.int64)
    for r, of in enumerate(grouping_of):
        where = outer[of]
        if where is None:
            random_coefficient[r], V[:, r] = ELSEWHERE, 0.0
        else:
            units[:, r] = where
    return UnitEquations(labels, W, coefficient_of, V, random_coefficient, units)
