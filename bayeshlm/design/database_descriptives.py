"""What describes the columns of rows that stay in a database: counts, moments and extremes by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayeshlm.design.cell_sums import by_unit
from bayeshlm.design.columns import level_label
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.summed_rows import SummedRows
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import ask


@dataclass(frozen=True, eq=False)
class CellMoments:
    """Of a column of numbers in each cell, (M,) each.

    Attributes
    ----------
    center : float
        What it is counted from.
    sums, squares : (M,) arrays
        Over the rows of the cell, of the column less the center and of its square.
    low, high : (M,) arrays
        Smallest and largest.
    """

    center: float
    sums: FloatArray
    squares: FloatArray
    low: FloatArray
    high: FloatArray

    def in_units(self, codes: IntArray, n_units: int) -> FloatArray | None:
        """Value in each unit, (J,), whose codes (M,) the cells have; None where it varies within one."""
        low, high = np.full(n_units, np.inf), np.full(n_units, -np.inf)
        np.minimum.at(low, codes, self.low)
        np.maximum.at(high, codes, self.high)
        return low if np.array_equal(low, high) else None


@dataclass(frozen=True, eq=False)
class VaryingColumns:
    """Columns that vary within cells.

    Attributes
    ----------
    moments : dict of str to CellMoments
        Of columns of numbers.
    counts : dict of str to dict of str to int
        Rows of each category.
    """

    moments: dict[str, CellMoments]
    counts: dict[str, dict[str, int]]


def of_cells(values: FloatArray, n: IntArray) -> CellMoments:
    """Of a column that has one value in each cell, (M,)."""
    center = float(values[0])
    away = values - center
    return CellMoments(center, n * away, n * away**2, values, values)


def summary(of: CellMoments, n: IntArray, codes: IntArray, n_units: int) -> dict[str, float]:
    """``mean``, ``sd``, ``min``, ``max``, and ``sd_within`` units whose codes (M,) the cells have.

    Examples
    --------
    >>> found = summary(of_cells(np.array([1.0, 2.0]), np.array([3, 1])), np.array([3, 1]), np.array([0, 0]), 1)
    >>> found["mean"], found["sd"], found["sd_within"]
    (1.25, 0.5, 0.5)
    """
    N = int(n.sum())
    sums, rows = by_unit(of.sums, codes, n_units), by_unit(n.astype(float), codes, n_units)
    rest, squares = float(sums.sum() / N), float(of.squares.sum())
    inside = max(squares - float((sums**2 / rows).sum()), 0.0)
    return {
        "mean": of.center + rest,
        "sd": float(np.sqrt(max(squares - N * rest**2, 0.0) / (N - 1))) if N > 1 else np.nan,
        "min": float(of.low.min()),
        "max": float(of.high.max()),
        "sd_within": float(np.sqrt(inside / (N - n_units))) if n_units < N else np.nan,
    }


def varying_columns(summed: SummedRows) -> VaryingColumns:
    """Ask the database: one query for all numbers, and one for each category.

    Raises
    ------
    DataError
        A query fails, or the table has changed.
    """
    rows, n, N = summed.rows, summed.sums.n, summed.sums.n_obs
    numbers = [name for name in rows.varying if name in summed.column_sums]
    center = {name: float(summed.column_sums[name].sum() / N) for name in numbers}
    keys, wanted = list(rows.ids.columns), {"n": rows.table.count()}
    for k, name in enumerate(numbers):
        column = _number(rows.table[rows.varying[name]])
        away = column - center[name]
        wanted |= {f"s{k}": away.sum(), f"q{k}": (away * away).sum(), f"l{k}": column.min(), f"h{k}": column.max()}
    found = rows.ids.merge(ask(rows.table.group_by(keys).aggregate(**wanted), exact=keys), on=keys, how="left")
    if not np.array_equal(found["n"].to_numpy(dtype=float), n):
        raise DataError("the table has changed since the model was made of it: make the model again")
    moments = {
        name: CellMoments(center[name], *(found[f"{of}{k}"].to_numpy(dtype=float) for of in "sqlh"))
        for k, name in enumerate(numbers)
    }
    counts: dict[str, dict[str, int]] = {}
    for name in rows.varying:
        if name not in summed.column_sums:
            column = rows.table[rows.varying[name]].name("level")
            of = ask(rows.table.group_by(column).aggregate(n=rows.table.count())).sort_values("level")
            counts[name] = {level_label(level): int(count) for level, count in zip(of["level"], of["n"], strict=True)}
    return VaryingColumns(moments, counts)


def _number(column: Any) -> Any:
    return (column.cast("int32") if column.type().is_boolean() else column).cast("float64")
