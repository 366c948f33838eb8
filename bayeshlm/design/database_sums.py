"""The second look at a table of a database: sums of products of the columns of level 1, by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.asked import Asked
from bayeshlm.design.beneath import Expanded
from bayeshlm.design.by_levels import calls_of
from bayeshlm.design.cell_moments import OutcomeMoments
from bayeshlm.design.cell_sums import CellSums, by_unit
from bayeshlm.design.centering import varying_rows
from bayeshlm.design.database_cells import DatabaseCells
from bayeshlm.design.database_columns import RowsInDatabase
from bayeshlm.design.database_expressions import LevelOneColumns
from bayeshlm.design.expression_columns import first_categorical
from bayeshlm.design.line_units import check_one_mean, groupings_of_level, groupings_of_line
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import ask
from bayeshlm.source.labels import factorize

CHANGED = (
    "the table changed between two queries ({}): give a table that nobody writes to meanwhile, such as a snapshot or a "
    "copy, data.cache()"
)
ROUNDING = 1e-6
"""Of the SD: how far the mean of a column may lie from where it was in the query before."""


@dataclass(frozen=True, slots=True, eq=False)
class SummedCells:
    """What the second query gave.

    Attributes
    ----------
    rows : Rows
        Which know the columns of the expressions of level 1 and the means of those above.
    sums : CellSums
        Of the columns of level 1 in the order of the equation, and after them the outcome; less its offset once more,
        at the end, where it has one.
    outcome : OutcomeMoments
    table : ibis.Table
        The complete rows with the columns of the expressions.
    names : tuple of str
        Names there of the columns of level 1, empty for the constant.
    net, y : str
        Names there of the outcome less its offset, and of the outcome.
    """

    rows: Rows
    sums: CellSums
    outcome: OutcomeMoments
    table: Any
    names: tuple[str, ...]
    net: str
    y: str


def sums_of_cells(cells: DatabaseCells, rows: Rows, spec: ModelSpec) -> SummedCells:
    """Ask for the sums of the products of the level-1 columns and the outcome.

    Parameters
    ----------
    cells : DatabaseCells
    rows : Rows
        Its rows, their groupings in the order of the specification's.
    spec : ModelSpec
        With the columns named as `rows` has them.

    Raises
    ------
    DataError
        An expression cannot be computed in a database, a query fails, or the table changed since the first one.
    """
    keys = [cells.keys[grouping.name] for grouping in rows.groupings]
    found_rows = RowsInDatabase(
        rows.text,
        cells.complete,
        rows.names,
        cells.stands_for,
        cells.kinds,
        cells.known,
        keys,
        partial(_varies, rows),
    )
    asked = LevelOneColumns(found_rows)
    below = groupings_of_level(spec, 2)
    expressions = [term.expression for term in spec.level1]
    for one in expressions:
        check_one_mean(one, below, rows)
    every_level = None if spec.distribution.has_cutpoints else first_categorical(expressions, rows)
    asked.take_means([*expressions, *spec.offsets], below[0])
    of_rows = {
        one: asked.evaluate(one, below[0], every_level=place == every_level)
        for place, one in enumerate(expressions)
        if not one.is_constant
    }
    of_rows |= {one: asked.evaluate(one, below[0], inside="offset") for one in spec.offsets}
    net, y = asked.of_outcome(spec.outcome, spec.offsets, below[0])
    averaged = {
        (argument, grouping): asked.evaluate(argument, grouping, inside="mean")
        for argument, grouping in _means_above(spec, rows)
    }
    names = [name for one in expressions for name in (of_rows[one].names if one in of_rows else [""])]
    of_means = [name for one in averaged.values() for name in one.names]
    symbols = {path.symbols[0] for path in spec.random_paths}
    effects = [one for term, one in zip(spec.level1, expressions, strict=True) if term.coefficient in symbols]
    ranged = [name for one in effects if one in of_rows for name in of_rows[one].names]
    found = _ask_for_sums(found_rows, cells, [*names, net], y, of_means, ranged)
    codes = tuple(grouping.codes for grouping in rows.groupings)
    of_units = {
        key: Expanded(
            np.column_stack([found.mean_of_units(name, codes[key[1]]) for name in one.names]), one.labels, one.parts
        )
        for key, one in averaged.items()
    }
    assert rows.beneath is not None
    known = replace(rows, beneath=Asked(rows.beneath, of_rows, of_units, rows.n_obs, asked, cells.ids, cells.n, codes))
    sums = found.cell_sums([*names, y] if net == y else [*names, y, net], codes)
    return SummedCells(known, sums, found.outcome(net, y), found_rows.table, tuple(names), net, y)


def _varies(rows: Rows, name: str, grouping: int) -> bool:
    """Whether a column varies within units of a grouping."""
    if rows.beneath is not None and rows.beneath.differing(name):
        return True
    here = rows.of(grouping)
    return bool(varying_rows(factorize(rows.frame[name])[0], here.group_codes, here.first).any())


def _means_above(spec: ModelSpec, rows: Rows) -> dict[tuple[Product, int], None]:
    """Arguments of ``mean`` above level 1, each with the position of the grouping whose units have it."""
    found: dict[tuple[Product, int], None] = {}
    for level, lines in enumerate(spec.levels[1:], 2):
        for line in lines:
            for term in line.fixed:
                calls = [call for factor in term.expression.factors for call in calls_of(factor)]
                for grouping in groupings_of_line(spec, line, level):
                    found |= {(call.argument, grouping): None for call in calls if call.function == "mean"}
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What the second query gave, in the order of the cells; `place` says where the sums of a column stand."""

    frame: pd.DataFrame
    n: IntArray
    place: Mapping[str, int]
    center: Mapping[str, float]
    ends: tuple[float, float]

    def sum(self, *names: str) -> FloatArray:
        """Sum over the rows of each cell of a column about its center, or of the product of two, (M,)."""
        places = sorted(self.place[name] for name in names)
        key = "s" + "_".join(map(str, places))
        return self.frame[key].to_numpy(dtype=np.float64)

    def mean_of_units(self, name: str, codes: IntArray) -> FloatArray:
        """Means of a column in the units of a grouping, (J,)."""
        n_units = int(codes.max()) + 1
        n = np.bincount(codes, weights=self.n, minlength=n_units)
        return self.center[name] + by_unit(self.sum(name), codes, n_units) / n

    def cell_sums(self, names: Sequence[str], codes: tuple[IntArray, ...]) -> CellSums:
        """The sums of columns; the empty name is the constant one, whose sums about 1 are zero."""
        n_cells, B = len(self.n), len(names)
        sums, products = np.zeros((n_cells, B)), np.zeros((n_cells, B, B))
        low, high = np.full((n_cells, B), np.nan), np.full((n_cells, B), np.nan)
        for b, name in enumerate(names):
            if not name:
                low[:, b] = high[:, b] = 1.0
                continue
            sums[:, b] = self.sum(name)
            for own, end in ((low, "low"), (high, "high")):
                key = f"{end}{self.place[name]}"
                own[:, b] = self.frame[key].to_numpy(dtype=np.float64) if key in self.frame else np.nan
            for c, other in enumerate(names[: b + 1]):
                if other:
                    products[:, b, c] = products[:, c, b] = self.sum(name, other)
        center = np.array([self.center[name] if name else 1.0 for name in names])
        return CellSums(codes, self.n, center, sums, products, low, high)

    def outcome(self, net: str, y: str) -> OutcomeMoments:
        """Moments of the outcome over all rows, and of its offset."""
        N = int(self.n.sum())
        rest = self.sum(y).sum() / N
        squares = max(float(self.sum(y, y).sum()) - N * rest**2, 0.0)
        mean, zeros, skewness = self.center[y] + rest, 0.0, 0.0
        if "cubes" in self.frame and squares:
            cubes = float(self.frame["cubes"].sum()) - 3 * rest * (squares + N * rest**2) + 2 * N * rest**3
            skewness = cubes / N / (squares / N) ** 1.5
            zeros = 0.0 if self.frame["broken"].sum() else float(self.frame["zeros"].sum()) / N
        return OutcomeMoments(
            mean=float(mean),
            sd=float(np.sqrt(squares / (N - 1))) if N > 1 else 0.0,
            range=self.ends,
            two_values=float(self.frame["between"].sum()) == 0,
            zeros=zeros,
            skewness=skewness,
            offset_mean=0.0 if net == y else float(mean - self.center[net] - self.sum(net).sum() / N),
        )


def _ask_for_sums(
    asked: RowsInDatabase,
    cells: DatabaseCells,
    columns: Sequence[str],
    y: str,
    averaged: Sequence[str],
    ranged: Sequence[str],
) -> _Sums:
    """One query: counts, sums, products and extremes of columns by cell, about their means over all rows."""
    of_products = list(dict.fromkeys(name for name in (*columns, y) if name))
    everything = list(dict.fromkeys((*of_products, *averaged)))
    center = dict(zip(everything, asked.centers(everything), strict=True))
    place = {name: k for k, name in enumerate(everything)}
    table = asked.table.mutate(**{f"d{place[name]}": asked.table[name] - center[name] for name in everything})
    wanted = {"n": table.count()} | {f"s{k}": table[f"d{k}"].sum() for k in place.values()}
    for name in of_products:
        k = place[name]
        if name in ranged:
            wanted |= {f"low{k}": table[name].min(), f"high{k}": table[name].max()}
        for other in of_products[: of_products.index(name) + 1]:
            m = place[other]
            wanted[f"s{m}_{k}"] = (table[f"d{m}"] * table[f"d{k}"]).sum()
    (outcome,) = asked.locations([y], ends=True)
    assert outcome.ends is not None
    own, deviation, (low, high) = table[y], table[f"d{place[y]}"], outcome.ends
    wanted["between"] = ((own != low) & (own != high)).sum()
    if low == 0:  # it may be a count
        wanted |= {"broken": (own != own.round()).sum(), "zeros": (own == 0).sum()}
        wanted["cubes"] = (deviation * deviation * deviation).sum()
    keys = list(cells.ids.columns)
    frame = ask(table.group_by(keys).aggregate(**wanted), exact=keys)
    before = cells.ids.assign(before=cells.n)
    merged = before.merge(frame, on=keys, how="outer", indicator=True, validate="one_to_one")
    if not (merged["_merge"] == "both").all() or len(merged) != len(before):
        raise DataError(CHANGED.format("some groups are new or gone"))
    merged = before.merge(frame, on=keys, how="left", validate="one_to_one")
    n = merged["n"].to_numpy(dtype=np.int64)
    if not np.array_equal(n, cells.n):
        raise DataError(CHANGED.format(f"there were {cells.n.sum():,} complete rows, now there are {n.sum():,}"))
    found = _Sums(merged, n, place, center, outcome.ends)
    for name, known in cells.known.items():
        column = asked.number_of(name)
        if column in place and column in of_products:
            away = abs(found.sum(column).sum() / n.sum())
            spread = np.sqrt(found.sum(column, column).sum() / n.sum())
            if not away <= ROUNDING * spread + 1e-9 * abs(known.mean):  # it may be no number
                raise DataError(CHANGED.format(f"the mean of column {name!r} is another"))
    return found
