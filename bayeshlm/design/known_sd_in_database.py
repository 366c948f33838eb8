"""Known SDs of rows that stay in a database: each row counts for one over its variance in grouped sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.asked_sums import WeightedQueries
from bayeshlm.design.cell_products import WeightedCells
from bayeshlm.design.cell_sums import CellSums
from bayeshlm.design.columns import CategoricalColumn, NumericColumn
from bayeshlm.design.database_columns import RowsInDatabase
from bayeshlm.design.database_sums import SummedCells
from bayeshlm.design.read_known_sd import check_not_far_apart, no_numbers, not_above_zero
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.units import row_of_cell
from bayeshlm.equations.product import Column
from bayeshlm.equations.spec import ModelSpec


@dataclass(frozen=True, slots=True, eq=False)
class SummedKnownSd:
    """What is known of the level-1 SDs of rows that stay in a database.

    Attributes
    ----------
    weighted : WeightedCells
        Sums over rows that count for one over their variance.
    of_rows : str
        Name of the column of SDs in the table; empty where they do not vary within cells.
    of_cells : (M,) array
        SD of the rows of each cell, where they do not vary there.
    queries : WeightedQueries
    """

    weighted: WeightedCells
    of_rows: str
    of_cells: FloatArray
    queries: WeightedQueries

    def squared(self, plain: CellSums) -> CellSums:
        """Sums over rows that count for one over the square of their variance; `plain` those of rows alike."""
        if not self.of_rows:
            return plain.times(self.of_cells**-4)
        asked = self.queries.asked
        weight = _precision(asked, self.of_rows)
        return self.queries.sums(asked.add(("times", weight, weight), lambda table: table[weight] * table[weight])).sums


def known_sd_in_database(spec: ModelSpec, found: SummedCells) -> SummedKnownSd | None:
    """Sums over rows that count for one over their known variance; None where the SD is estimated.

    Where the SDs do not vary within cells these are known sums times a number; else a query takes them.

    Parameters
    ----------
    spec : ModelSpec
        With the columns named as the table has them.
    found : SummedCells

    Raises
    ------
    DataError
        As `bayeshlm.design.read_known_sd.read_known_sd`; the message names a group of the row. Or a query fails.
    """
    spread = spec.residual_spread
    if spread is None or isinstance(spread.value, tuple):
        return None
    plain, queries = found.sums, found.weighted
    if not isinstance(spread.value, Column):
        sd = spread.value if spread.function == "sd" else spread.value**0.5
        return _of_cells(np.full(len(plain.n), sd), plain, queries)
    name = found.rows.names[spread.value.name]
    low, high = _ends(found, name, spec)
    if low.min() <= 0:
        cell = int((low <= 0).argmax())
        raise not_above_zero(spec, name, float(low[cell]), row_of_cell(found.rows.groupings, cell))
    check_not_far_apart(spec, name, float(low.min()), float(high.max()))
    if (low == high).all():
        return _of_cells(low if spread.function == "sd" else np.sqrt(low), plain, queries)
    asked, own = queries.asked, queries.asked.numbers(spread.value)
    if spread.function == "var":
        variance = own
        own = asked.add(("sqrt", variance), lambda table: table[variance].sqrt())
    weight, log_sd = _precision(asked, own), asked.add(("log", own), lambda table: table[own].ln())
    asked_for = queries.sums(weight, {"log_sd": log_sd})
    return SummedKnownSd(WeightedCells(asked_for.sums, asked_for.of_rows["log_sd"]), own, np.empty(0), queries)


def _of_cells(sd: FloatArray, plain: CellSums, queries: WeightedQueries) -> SummedKnownSd:
    return SummedKnownSd(WeightedCells(plain.times(sd**-2), plain.count * np.log(sd)), "", sd, queries)


def _ends(found: SummedCells, name: str, spec: ModelSpec) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest value of the column in each cell, (M,)."""
    cells = found.weighted.cells
    if name in cells.ends:
        return cells.ends[name]
    read = found.rows.columns[name]  # a column of text, or one of a table of groups
    if isinstance(read, CategoricalColumn):
        raise no_numbers(spec, name)
    assert isinstance(read, NumericColumn)
    return read.numbers, read.numbers


def _precision(asked: RowsInDatabase, sd: str) -> str:
    """Name of the column of one over the variance."""
    return asked.add(("precision", sd), lambda table: 1.0 / (table[sd] * table[sd]))
