"""The queries for sums of products of columns by cell: of all rows alike, and of weighted ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.cell_sums import CellSums
from bayeshlm.design.database_cells import DatabaseCells
from bayeshlm.design.database_columns import RowsInDatabase
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.sums_by_cell import AskedSums, centered_sums, less_means
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import CHANGED, ask

ROUNDING = 1e-6
"""Of the SD: how far the mean of a column may lie from where it was in the query before."""


def ask_for_sums(
    asked: RowsInDatabase,
    cells: DatabaseCells,
    columns: Sequence[str],
    y: str,
    averaged: Sequence[str],
    ranged: Sequence[str],
    codes: tuple[IntArray, ...],
) -> AskedSums:
    """One query: counts, sums, products and extremes of columns by cell, about their means over all rows.

    Columns less their means in groups are not asked for where the sums of the columns themselves tell theirs: the means
    would take another pass over the rows, and a join.

    Parameters
    ----------
    asked : RowsInDatabase
    cells : DatabaseCells
    columns : sequence of str
        Whose products are needed; the empty name is the constant.
    y : str
        The outcome.
    averaged, ranged : sequences of str
        Of which sums are needed, and extremes.
    codes : tuple of (M,) arrays of int
        Unit of each cell, of each grouping.
    """
    plain = asked.without_means([name for name in (*columns, y, *averaged) if name])
    if plain is not None:
        table, centered = plain

        def base(names: Sequence[str]) -> list[str]:
            return list(dict.fromkeys(centered[name][0] if name in centered else name for name in names))

        bases = [name for name, _ in centered.values()]
        found = _asked(asked, table, cells, base(columns), y, base(averaged), [*base(ranged), *bases])
        less_means = centered_sums(found, centered, [name for name in (*columns, y) if name], codes)
        if less_means is not None:
            return less_means
    return _asked(asked, asked.table, cells, columns, y, averaged, ranged)


def _asked(
    asked: RowsInDatabase,
    table: Any,
    cells: DatabaseCells,
    columns: Sequence[str],
    y: str,
    averaged: Sequence[str],
    ranged: Sequence[str],
) -> AskedSums:
    of_products = list(dict.fromkeys(name for name in (*columns, y) if name))
    everything = list(dict.fromkeys((*of_products, *averaged)))
    center = dict(zip(everything, asked.centers(everything), strict=True))
    place = {name: k for k, name in enumerate(everything)}
    told = {str(asked.number_of(name)): ends for name, ends in cells.ends.items()}
    table = table.mutate(**{f"d{place[name]}": table[name] - center[name] for name in everything})
    wanted = {f"s{k}": table[f"d{k}"].sum() for k in place.values()}
    for name in of_products:
        k = place[name]
        if name in ranged and name not in told:
            wanted |= {f"low{k}": table[name].min(), f"high{k}": table[name].max()}
        for other in of_products[: of_products.index(name) + 1]:
            m = place[other]
            wanted[f"s{m}_{k}"] = (table[f"d{m}"] * table[f"d{k}"]).sum()
    (outcome,) = asked.locations([y], ends=True)
    assert outcome.ends is not None
    own, deviation, (low, high) = table[y], table[f"d{place[y]}"], outcome.ends
    two_values = all(np.isin(ends, outcome.ends).all() for ends in told.get(y, ()))
    if two_values:  # or one of these lies between the ends
        wanted["between"] = ((own != low) & (own != high)).sum()
    if low == 0:  # it may be a count
        wanted |= {"broken": (own != own.round()).sum(), "zeros": (own == 0).sum()}
        wanted["cubes"] = (deviation * deviation * deviation).sum()
    merged = by_cell(table, cells, wanted)
    merged, n = merged.assign(**{} if two_values else {"between": 1}, **_ends(told, place)), cells.n
    found = AskedSums(merged, n, place, center, outcome.ends)
    for name, known in cells.known.items():
        column = asked.number_of(name)
        if column in place and column in of_products:
            away = abs(found.sum(column).sum() / n.sum())
            spread = np.sqrt(found.sum(column, column).sum() / n.sum())
            if not away <= ROUNDING * spread + 1e-9 * abs(known.mean):  # it may be no number
                raise DataError(CHANGED.format(f"the mean of column {name!r} is another"))
    return found


def by_cell(table: Any, cells: DatabaseCells, wanted: Mapping[str, Any]) -> pd.DataFrame:
    """Ask for sums by cell, in the order of the cells.

    Raises
    ------
    DataError
        The query fails, or the table changed since the first one.
    """
    keys = list(cells.ids.columns)
    frame = ask(table.group_by(keys).aggregate(n=table.count(), **wanted), exact=keys)
    before = cells.ids.assign(before=cells.n)
    merged = before.merge(frame, on=keys, how="outer", indicator=True, validate="one_to_one")
    if not (merged["_merge"] == "both").all() or len(merged) != len(before):
        raise DataError(CHANGED.format("some groups are new or gone"))
    merged = before.merge(frame, on=keys, how="left", validate="one_to_one")
    n = merged["n"].to_numpy(dtype=np.int64)
    if not np.array_equal(n, cells.n):
        raise DataError(CHANGED.format(f"there were {cells.n.sum():,} complete rows, now there are {n.sum():,}"))
    return merged


def _ends(told: Mapping[str, tuple[FloatArray, FloatArray]], place: Mapping[str, int]) -> dict[str, FloatArray]:
    """Extremes that the first look told, by their names in the second."""
    found: dict[str, FloatArray] = {}
    for name, (low, high) in told.items():
        if name in place:
            found |= {f"low{place[name]}": low, f"high{place[name]}": high}
    return found


@dataclass(frozen=True, slots=True, eq=False)
class WeightedQueries:
    """What a query needs that takes the same sums over rows that count for their weights.

    Attributes
    ----------
    asked : RowsInDatabase
        To which columns of weights may be added.
    cells : DatabaseCells
    found : AskedSums
        What the rows gave that all count the same: the centers of its columns stay.
    names : tuple of str
        Of the columns, as `AskedSums.cell_sums` takes them.
    codes : tuple of (M,) arrays of int
        Unit of each cell, of each grouping.
    """

    asked: RowsInDatabase
    cells: DatabaseCells
    found: AskedSums
    names: tuple[str, ...]
    codes: tuple[IntArray, ...]

    def sums(self, weight: str, of_rows: Mapping[str, str] = MappingProxyType({})) -> WeightedSums:
        """Ask once.

        Parameters
        ----------
        weight : str
            Name of a column that was added.
        of_rows : mapping of str to str
            Columns of which sums by cell are needed too, by the names that these get.

        Raises
        ------
        DataError
            The query fails, or the table changed.
        """
        names = list(dict.fromkeys(filter(None, self.names)))
        plain, centered = self.asked.without_means(names), self.found.centered
        if plain is not None and centered:
            bases = list(dict.fromkeys(centered[name].base if name in centered else name for name in names))
            found = self._asked(plain[0], bases, weight, of_rows)
            codes = {name: self.codes[grouping] for name, (_, grouping) in plain[1].items()}
            less = less_means(found, centered, names, codes)
            if less is not None:
                return self._of(less, of_rows)
        return self._of(self._asked(self.asked.table, names, weight, of_rows), of_rows)

    def _asked(self, table: Any, names: list[str], weight: str, of_rows: Mapping[str, str]) -> AskedSums:
        center, place = self.found.center, {name: k for k, name in enumerate(names)}
        table = table.mutate(**{f"d{k}": table[name] - center[name] for name, k in place.items()})
        table = table.mutate(**{f"w{k}": table[weight] * table[f"d{k}"] for k in place.values()})
        wanted = {"weight": table[weight].sum()} | {new: table[name].sum() for new, name in of_rows.items()}
        wanted |= {f"s{k}": table[f"w{k}"].sum() for k in place.values()}
        wanted |= {f"s{m}_{k}": (table[f"w{m}"] * table[f"d{k}"]).sum() for k in place.values() for m in range(k + 1)}
        frame = by_cell(table, self.cells, wanted)
        weight_of_cells = frame["weight"].to_numpy(dtype=np.float64)
        return AskedSums(frame, self.cells.n, place, center, self.found.ends, weight=weight_of_cells)

    def _of(self, found: AskedSums, of_rows: Mapping[str, str]) -> WeightedSums:
        others = {name: found.frame[name].to_numpy(dtype=np.float64) for name in of_rows}
        return WeightedSums(found.cell_sums(self.names, self.codes), others)


@dataclass(frozen=True, slots=True, eq=False)
class WeightedSums:
    """What a query of weighted rows gave.

    Attributes
    ----------
    sums : CellSums
        In which cells count for the sums of their weights.
    of_rows : mapping of str to (M,) array
        Sums of other columns over the rows of each cell, each row once.
    """

    sums: CellSums
    of_rows: Mapping[str, FloatArray]
