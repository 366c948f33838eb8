"""Sampling weights of rows that stay in a database: looked at by cell, and scaled where grouped sums tell how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.asked_sums import WeightedQueries, by_cell
from bayeshlm.design.cell_products import WeightedCells
from bayeshlm.design.cell_sums import CellSums
from bayeshlm.design.columns import CategoricalColumn, read_column
from bayeshlm.design.database_columns import NUMBERS, as_number
from bayeshlm.design.database_sums import SummedCells
from bayeshlm.design.design_weights import DesignWeights
from bayeshlm.design.first_look import without_nan
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.survey_weights import ROW, Scaling, SurveyWeights
from bayeshlm.design.units import Grouping, row_of_cell
from bayeshlm.design.weights_reading import (
    check_replicates,
    missing_weight,
    no_unit,
    no_weight,
    sampling_units,
    scale_of_groups,
    scaled_groups,
    text_for_weights,
    varying_unit,
    varying_weight,
    weighted_grouping,
)
from bayeshlm.source.database_table import DatabaseTable, Kind
from bayeshlm.source.labels import factorize


@dataclass(frozen=True, slots=True, eq=False)
class WeightColumn:
    """A column of weights, units or strata by cell, which are the groups of the only grouping.

    Attributes
    ----------
    name : str
    kind : Kind
    missing : (M,) array of int
        Rows without a value.
    low, high : Series of M
        Smallest and largest value.
    total : (M,) array
        Sum, of numbers.
    there : str
        Name of the column as numbers in the table; empty of text, and of what came with a table of groups.
    """

    name: str
    kind: Kind
    missing: IntArray
    low: pd.Series
    high: pd.Series
    total: FloatArray
    there: str

    @property
    def varies(self) -> bool:
        """Whether it varies within cells."""
        return not self.low.equals(self.high)

    def ends(self, rows: Rows, least: str = "positive") -> tuple[FloatArray, FloatArray]:
        """Smallest and largest weight of each cell: finite, and positive or, of replicates, not negative.

        Raises
        ------
        DataError
        """
        if self.kind not in NUMBERS:
            raise text_for_weights(self.name)
        if self.missing.any():
            raise missing_weight(self.name, row_of_cell(rows.groupings, int(self.missing.argmax())))
        low, high = (end.to_numpy(dtype=np.float64) for end in (self.low, self.high))
        for values in (low, high):
            bad = ~np.isfinite(values) | (values < 0) | ((values == 0) & (least == "positive"))
            if bad.any():
                cell = int(bad.argmax())
                raise no_weight(self.name, float(values[cell]), row_of_cell(rows.groupings, cell), least)
        return low, high

    def of_groups(self, rows: Rows, grouping: Grouping) -> FloatArray:
        """Weights of the groups, (M,)."""
        low, high = self.ends(rows)
        if (low != high).any():
            cell = int((low != high).argmax())
            raise varying_weight(self.name, grouping, int(grouping.codes[cell]), low[cell], high[cell])
        return low

    def codes(self, rows: Rows, grouping: Grouping) -> tuple[IntArray, pd.Index]:
        """Position of the value of each group, and the values."""
        if self.missing.any():
            raise no_unit(self.name, row_of_cell(rows.groupings, int(self.missing.argmax())))
        differ = (self.low != self.high).to_numpy(dtype=bool)
        if differ.any():
            raise varying_unit(self.name, grouping, int(grouping.codes[int(differ.argmax())]))
        codes, labels = factorize(self.low)
        return codes.astype(np.int64), labels


@dataclass(frozen=True, slots=True, eq=False)
class SummedWeights:
    """Sampling weights of rows that stay in a database.

    Attributes
    ----------
    design : DesignWeights
        Without those of the rows.
    weighted : WeightedCells
        Sums over rows that count for their scaled weights.
    queries : WeightedQueries
    plain : CellSums
        Sums over rows alike.
    replicates : tuple of WeightColumn
    """

    design: DesignWeights
    weighted: WeightedCells
    queries: WeightedQueries
    plain: CellSums
    replicates: tuple[WeightColumn, ...]

    def replicate(self, which: int) -> WeightedCells:
        """Ask for the sums under one of the replicates, in which a group that it leaves out has the sample's own."""
        column, scaling = self.replicates[which], self.design.survey.scaling
        low, high = (end.to_numpy(dtype=np.float64) for end in (column.low, column.high))
        found = _scaled(self.queries, self.plain, column.there, (low, high), scaling)
        return WeightedCells(found.where(column.total > 0, self.weighted.sums))


def weights_in_database(
    survey: SurveyWeights, columns: Mapping[str, WeightColumn], found: SummedCells
) -> SummedWeights | None:
    """Check and scale weights of rows in a database, and ask for the sums that they weight where they vary in groups.

    Parameters
    ----------
    survey : SurveyWeights
    columns : mapping of str to WeightColumn
        Those that it names.
    found : SummedCells

    Returns
    -------
    SummedWeights or None
        As `bayeshlm.design.weights_reading.read_weights`.

    Raises
    ------
    OptionError, DataError
        As `bayeshlm.design.weights_reading.read_weights`, messages naming a group in place of a row; a query fails.
    """
    rows, plain, queries = found.rows, found.sums, found.weighted
    grouping = weighted_grouping(survey, rows.groupings)
    row, equal = plain, np.ones(len(plain.n), dtype=bool)
    if ROW in survey.columns:
        raw = columns[survey.columns[ROW]]
        low, high = raw.ends(rows)
        row, equal = _scaled(queries, plain, raw.there, (low, high), survey.scaling), low == high
    level2 = survey.columns.get(grouping.name)
    of_group = np.ones(len(plain.n)) if level2 is None else columns[level2].of_groups(rows, grouping)
    group = scaled_groups(of_group)
    if not (survey.psu or survey.strata or survey.replicates) and equal.all() and (group == 1).all():
        return None
    psu, stratum = sampling_units(survey, lambda name: columns[name].codes(rows, grouping), len(group))
    replicates = tuple(columns[name] for name in survey.replicates)
    totals = np.empty((0, len(group)))
    if replicates:
        for column in replicates:
            column.ends(rows, "not negative")
        whole = of_group * (columns[survey.columns[ROW]].total if ROW in survey.columns else plain.count)
        totals = np.array([column.total for column in replicates])
        check_replicates(float(totals.mean(axis=0).sum() / whole.sum()))
        totals = group * totals / whole
    (codes,) = plain.codes
    order = np.argsort(codes)  # a cell is a group
    design = DesignWeights(survey, None, group[order], psu[order], stratum[order], None, totals[:, order])
    return SummedWeights(design, WeightedCells(row), queries, plain, replicates)


def _scaled(
    queries: WeightedQueries, plain: CellSums, weight: str, ends: tuple[FloatArray, FloatArray], scaling: Scaling
) -> CellSums:
    """Sums over rows that count for their weights, scaled within groups; of equal ones the sums themselves."""
    low, high = ends
    equal = (low == high) & (low > 0)
    if (low == high).all():
        return plain.times(equal.astype(np.float64))
    asked = queries.asked
    wanted = {"squares": asked.add(("times", weight, weight), lambda t: t[weight] * t[weight])}
    if (low == 0).any():
        wanted["some"] = asked.add(("positive", weight), lambda t: (t[weight] > 0).cast("float64"))
    found = queries.sums(weight, wanted)
    n = found.of_rows.get("some", plain.count)
    factor = scale_of_groups(n, found.sums.count, found.of_rows["squares"], scaling)
    return plain.where(equal, found.sums.times(factor))


def columns_of_weights(names: Sequence[str], data: DatabaseTable, found: SummedCells) -> dict[str, WeightColumn]:
    """Ask once for the missing, smallest and largest values of columns by cell, and for sums of numbers.

    Parameters
    ----------
    names : sequence of str
    data : DatabaseTable
        Whose columns the complete rows have as ``x0``, ``x1``, ...
    found : SummedCells
    """
    asked, cells = found.weighted.asked, found.weighted.cells
    table, wanted, there = cells.complete, dict[str, Any](), dict[str, str]()
    kinds = {name: data.kind(name) for name in names if name in data.names}  # others came with group_data
    for k, (name, kind) in enumerate(kinds.items()):
        own = f"x{data.names.index(name)}"
        column = table[own]
        if kind in NUMBERS:
            there[name], column = asked.add(("weight", name), partial(_number, own, kind)), _number(own, kind, table)
            wanted[f"total{k}"] = column.sum()
        wanted |= {f"there{k}": column.count(), f"low{k}": column.min(), f"high{k}": column.max()}
    looked = by_cell(table, cells, wanted)
    columns = {}
    for k, (name, kind) in enumerate(kinds.items()):
        missing = cells.n - looked[f"there{k}"].to_numpy(dtype=np.int64)
        total = looked[f"total{k}"].to_numpy(dtype=np.float64) if name in there else np.zeros(len(cells.n))
        low, high = (looked[f"{end}{k}"].rename(name) for end in ("low", "high"))
        columns[name] = WeightColumn(name, kind, missing, low, high, total, there.get(name, ""))
    return columns | {name: _of_groups(found.rows.frame[name], cells.n) for name in names if name not in kinds}


def _number(column: str, kind: Kind, table: Any) -> Any:
    return as_number(without_nan(table[column]), kind)


def _of_groups(series: pd.Series, n: IntArray) -> WeightColumn:
    """A column that came with a table of groups, one value a cell."""
    missing = series.isna().to_numpy(dtype=bool)
    kind: Kind = "text" if isinstance(read_column(series[~missing]), CategoricalColumn) else "number"
    total = n * series.to_numpy(dtype=np.float64) if kind == "number" else np.zeros(len(n))
    return WeightColumn(str(series.name), kind, missing * n, series, series, total, "")
