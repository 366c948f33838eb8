"""`UnitEquations`: what the coefficients of the units of one grouping are sums of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

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
        Labels of the C coefficients of the level at which the random effects of the grouping stand.
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
    paths = [column.path for column in terms.fixed] + [column.path for column in random]
    first = [column.label for column in terms.coefficients] if level == 2 else []
    labels = tuple(dict.fromkeys([*first, *(path[level - 2] for path in paths if len(path) >= level - 1)]))

    def above(source: Source) -> FloatArray | None:
        """Value in each unit of what stands above its level's coefficient; None where it varies within units."""
        values = np.ones(here.n_groups)
        for factor in source[level - 1 :]:
            if factor is not None:
                numbers, of = factor
                where = None if of is None else outer[of]
                if where is None:
                    return None
                values = values * numbers[where]
        return values

    def entries(
        columns: Sequence[FixedColumn | RandomColumn], sources: Sequence[Source]
    ) -> tuple[FloatArray, IntArray]:
        values, coefficient = np.zeros((here.n_groups, len(columns))), np.full(len(columns), ELSEWHERE)
        for k, (column, source) in enumerate(zip(columns, sources, strict=True)):
            found = above(source) if len(column.path) >= level - 1 else None
            if found is not None:
                values[:, k], coefficient[k] = found, labels.index(column.path[level - 2])
        return values, coefficient

    W, coefficient_of = entries(terms.fixed, terms.x_sources)
    V, random_coefficient = entries(random, z_sources)
    units = np.zeros((here.n_groups, len(random)), dtype=np.int64)
    for r, of in enumerate(grouping_of):
        where = outer[of]
        if where is None:
            random_coefficient[r], V[:, r] = ELSEWHERE, 0.0
        else:
            units[:, r] = where
    return UnitEquations(labels, W, coefficient_of, V, random_coefficient, units)
