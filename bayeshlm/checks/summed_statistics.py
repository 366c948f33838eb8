"""The statistics that predictive checks look at where the rows stay in a database, from sums over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from bayeshlm.checks.predictive_statistics import level1_places
from bayeshlm.checks.statistics_of_replicates import Slope, Statistic, between_groups, of_outcome, within_groups
from bayeshlm.checks.summed_replicates import SummedProjection, SummedReplicates
from bayeshlm.design.cell_sums import CellColumns, by_unit, together
from bayeshlm.design.design import Design
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.summed_rows import SummedRows

NOT_VARYING = 1e-12
"""Share of a column's sum of squares within which its deviations in a group are rounding of sums."""


def summed_statistics(design: Design, summed: SummedRows, projection: SummedProjection) -> list[Statistic]:
    """The statistics of `bayeshlm.checks.predictive_statistics.predictive_statistics`, of such replicates."""
    found, several = [], len(design.groupings) > 1
    for k, (name, codes) in enumerate(zip(design.groupings, summed.sums.codes, strict=True)):
        J = len(design.predictor.random[k].labels)
        n = by_unit(summed.sums.n.astype(float), codes, J)
        between = between_groups(
            name if several else None,
            n.astype(np.int64),
            _contextual(design, summed, codes, n),
            list(_slopes(design, summed, codes, n)),
        )
        found += [replace(one, sorting=k) for one in between]
    return [*found, *within_groups(projection.df), *of_outcome()]


def _column(design: Design, summed: SummedRows, where: str, k: int) -> CellColumns:
    every = summed.columns.X if where == "X" else together(summed.columns.Z)
    return every.one(k)


def _slopes(design: Design, summed: SummedRows, codes: IntArray, n: FloatArray) -> Iterator[Slope]:
    """The level-1 variables that groups have own slopes of."""
    for label, expression, where, k in level1_places(design):
        _, _, deviations = _column(design, summed, where, k).deviations(summed.sums)
        column = summed.in_basis(deviations)[..., 0]
        sums = by_unit(np.einsum("mk,mk->m", summed.gram[:, 0], column), codes, len(n))
        squares = by_unit(np.einsum("mk,mkl,ml->m", column, summed.gram, column), codes, len(n))
        own = squares - sums**2 / n
        own = np.where(own > NOT_VARYING * squares, own, 0.0)
        yield Slope(label, expression, own, partial(_products, column, sums / n))


def _products(column: FloatArray, means: FloatArray, y: SummedReplicates) -> FloatArray:
    crossed = np.einsum("smk,mk->sm", y.products, column)
    return np.asarray((y.units @ crossed.T).T - means * (y.units @ y.products[..., 0].T).T)


def _contextual(design: Design, summed: SummedRows, codes: IntArray, n: FloatArray) -> dict[str, Any]:
    """Group means of level-1 variables: columns of numbers as the data have them, and indicators."""
    found: dict[str, Any] = {}
    categorical: set[str] = set()
    for term in design.spec.level1:
        for column, in_c in walk_columns(term.expression):
            if in_c or column.name not in summed.column_sums:
                categorical.add(term.coefficient)
            else:
                means = by_unit(summed.column_sums[column.name], codes, len(n)) / n
                found[column.name] = means, float(np.abs(means).max())
    symbols = {column.label: column.symbol for column in design.coefficients}
    for label, _, where, k in level1_places(design):
        if symbols[label] in categorical:
            totals = _column(design, summed, where, k).totals(summed.sums)[:, 0]
            found[label] = by_unit(totals, codes, len(n)) / n, 1.0
    return found
