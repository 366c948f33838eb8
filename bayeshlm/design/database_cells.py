"""The first look at a table of a database: its cells, what their rows miss, and what does not vary within them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.beneath import Expanded
from bayeshlm.design.by_levels import calls_of
from bayeshlm.design.centering import Scale
from bayeshlm.design.columns import CategoricalColumn, DataColumn, NumericColumn, missing_column, read_column, resolve
from bayeshlm.design.database_columns import Location
from bayeshlm.design.first_look import FirstLook, without_cells, without_nan
from bayeshlm.design.grouping import CELL, Groups, find_group_columns, ids_of
from bayeshlm.design.joined_tables import GroupTables, columns_beside, find_columns, join, tables_by_grouping
from bayeshlm.design.left_out import left_out
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import (
    Rows,
    check_roles,
    columns_of,
    kept_units,
    nothing_complete,
    predictors,
    read_as_they_are,
    walk_columns,
)
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import DatabaseTable, Kind
from bayeshlm.source.labels import factorize
from bayeshlm.source.pandas_table import PandasTable


@dataclass(frozen=True, slots=True, eq=False)
class Differing:
    """As `Beneath`, before the expressions are known.

    Attributes
    ----------
    found : mapping of str to (int, value, value)
        Columns that vary within cells.
    not_at_hand : frozenset of str
        These, and the columns of which nothing asks whether they do.
    """

    found: Mapping[str, tuple[int, Any, Any]]
    not_at_hand: frozenset[str]

    def differing(self, name: str) -> tuple[int, Any, Any] | None:
        """See `Beneath`."""
        return self.found.get(name)

    def rows(self, expression: Product) -> Expanded:
        """Nothing is known of an expression before it was asked for."""
        raise KeyError(expression)

    def means(self, expression: Product, grouping: int) -> Expanded:
        """Nothing is known of an expression before it was asked for."""
        raise KeyError(expression, grouping)

    def levels(self, name: str) -> tuple[str, ...]:
        """Nor of the levels of a column."""
        raise KeyError(name)

    def group_means(self, expression: Product, grouping: int) -> FloatArray:
        """Nor of its means."""
        raise KeyError(expression, grouping)

    def scale(self, expression: Product, grouping: int) -> Scale:
        """Nor of its scale."""
        raise KeyError(expression, grouping)


@dataclass(frozen=True, slots=True, eq=False)
class DatabaseCells:
    """The cells of a table whose rows stay in the database.

    Attributes
    ----------
    rows : Rows
        Whose rows are the M cells with a complete row; columns that vary within cells have placeholders.
    n : (M,) array of int
        Complete rows of each cell.
    complete : ibis.Table
        The complete rows: ids as ``k0``, ``k1``, ..., the used columns as `stands_for`.
    ids : DataFrame of M rows
        Ids of the cells by their names in `complete`.
    stands_for : mapping of str to str
        Name in `complete` of each used column.
    keys : mapping of str to tuple of str
        Names in `complete` of the columns that each grouping is the cells of.
    kinds : mapping of str to Kind
    known : mapping of str to Location
        Of the columns of numbers.
    sums : mapping of str to (M,) array
        Sums of the columns of numbers over the complete rows of each cell.
    ends : mapping of str to ((M,) array, (M,) array)
        Smallest and largest value in each cell of the columns of numbers of which they were asked for.
    """

    rows: Rows
    n: IntArray
    complete: Any
    ids: pd.DataFrame
    stands_for: Mapping[str, str]
    keys: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, Kind]
    known: Mapping[str, Location]
    sums: Mapping[str, FloatArray]
    ends: Mapping[str, tuple[FloatArray, FloatArray]]


def gather_cells(
    spec: ModelSpec,
    data: DatabaseTable,
    group: Groups = None,
    group_data: GroupTables = None,
    carried: Mapping[str, Any] = MappingProxyType({}),
    beside: Sequence[str] = (),
) -> DatabaseCells:
    """Find the columns of a model in a table, and look at the table once: one row a cell comes back.

    Parameters
    ----------
    spec : ModelSpec
    data : DatabaseTable
    group : str or sequence of str, optional
    group_data : DataFrame or mapping of str to DataFrame, optional
        Tables of groups, in memory.
    carried : mapping of str to ibis.Column
        Further columns of the table that the complete rows keep, by the name that they have there.
    beside : sequence of str
        Columns that no equation names, of the table or of tables of groups: the frame has the latter.

    Raises
    ------
    DataError
        See `bayeshlm.design.build_design`; or a query fails.
    """
    groupings = find_group_columns(spec, data, group)
    tables = tables_by_grouping(group_data, list(groupings))
    of_groups = [name for table in tables.values() for name in table.columns if isinstance(name, str)]
    everything = (*data.names, *(name for name in of_groups if name not in data.names))
    used = []
    for column in columns_of(spec):
        name = resolve(column.name, everything)
        if name is None:
            raise place_error(missing_column(column.name, everything), spec.text, column.span)
        if name in data.names and name not in used:
            used.append(name)
    outside_c = read_as_they_are(spec, {one.name: str(resolve(one.name, everything)) for one in columns_of(spec)})
    kinds = {name: _kind(data, name, name in outside_c) for name in used}
    parts = {name: [name] if name in data.names else name.split(CELL) for name in groupings}
    id_columns = list(dict.fromkeys(part for of_one in parts.values() for part in of_one))
    key_of = {part: f"k{k}" for k, part in enumerate(id_columns)}
    stands_for = {name: f"c{k}" for k, name in enumerate(used)}

    own = data.expression
    columns = {key: own[part] for part, key in key_of.items()} | {new: own[name] for name, new in stands_for.items()}
    table = own.select(**{new: without_nan(column) for new, column in columns.items()}, **carried)
    compared = {str(resolve(name, everything)) for name in _compared(spec)} & set(used)
    first = FirstLook.of(table, list(key_of.values()), stands_for, kinds, compared)

    ids = first.frame[list(key_of.values())].set_axis(id_columns, axis="columns")
    cells = _CellTable(PandasTable(ids), data.names, first.values(stands_for, kinds))
    of_cells = {name: ids_of(PandasTable(ids), name) for name in groupings}
    coded = {name: factorize(series) for name, series in of_cells.items()}
    for name, (codes, _) in coded.items():
        if not (codes >= 0).any():
            raise DataError(f"the grouping column {name!r} has no value in any row")
    home = join(cells, tables, coded)
    found, values = find_columns(columns_of(spec), spec.text, cells, home)
    check_roles(spec, groupings, found)
    counts = {name: int(first.total[codes < 0].sum()) for name, (codes, _) in coded.items()}
    keep = (first.kept > 0) & np.logical_and.reduce([codes >= 0 for codes, _ in coded.values()])
    for name, series in values.items():
        if name in stands_for:
            counts[name] = int(first.missing[name].sum())
        else:
            gone = series.isna().to_numpy(dtype=bool)
            counts[name] = int(first.total[gone].sum())
            keep &= ~gone
    if not keep.any():
        total = int(first.total.sum())
        raise nothing_complete([name for name in values if counts[name] == total], [*groupings, *values])

    missing = [name for name in beside if name not in everything]
    if missing:
        raise DataError(missing_column(missing[0], everything))
    other = columns_beside([name for name in beside if name not in data.names], cells, home)
    frame = pd.DataFrame({**of_cells, **values, **other}, copy=False).loc[keep].reset_index(drop=True)
    differing = first.differing(stands_for, keep)
    inside = {name for name in stands_for if name in differing or name not in compared}
    read: dict[str, DataColumn] = {
        name: _read(frame[name], kinds.get(name), name in inside) for name in frame.columns if name in outside_c
    }
    known = first.locations(stands_for, kinds, keep)
    nothing_missing = (first.kept == first.total).all()
    plain = own.select(**columns, **carried)
    rows_of_database = plain if nothing_missing else table.drop_null(list(columns))
    if not (keep == (first.kept > 0)).all():
        rows_of_database = without_cells(
            rows_of_database, first.frame.loc[~keep & (first.kept > 0), list(key_of.values())]
        )
    return DatabaseCells(
        rows=Rows(
            text=spec.text,
            groupings=tuple(kept_units(name, codes, labels, keep) for name, (codes, labels) in coded.items()),
            frame=frame,
            names=found | {name: name for name in found.values()},
            columns=read,
            rows_dropped=int(first.total.sum() - first.kept[keep].sum()),
            left_out=left_out(counts, coded, keep),
            beneath=Differing(differing, frozenset(inside)),
        ),
        n=first.kept[keep],
        complete=rows_of_database,
        ids=first.frame.loc[keep, list(key_of.values())].reset_index(drop=True),
        stands_for=stands_for,
        keys={name: tuple(key_of[part] for part in parts[name]) for name in groupings},
        kinds=kinds,
        known=known,
        sums=first.sums(stands_for, kinds, keep),
        ends=first.ends(stands_for, kinds, keep),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _CellTable:
    """The cells as a `bayeshlm.source.table.Table`."""

    ids: PandasTable
    names: tuple[str, ...]
    values: Mapping[str, pd.Series]

    @property
    def index(self) -> pd.Index:
        return self.ids.index

    @property
    def index_names(self) -> tuple[object, ...]:
        return ()

    def check_once(self, name: str) -> None:
        pass

    def column(self, name: str) -> pd.Series:
        return self.values[name] if name in self.values else self.ids.column(name)


def _compared(spec: ModelSpec) -> set[str]:
    """Names of the columns of which has to be known whether they vary within cells, of known SDs and the outcome."""
    always = {column.name for column in (spec.outcome, *spec.spread_columns)}
    if spec.written != "levels":
        return {column.name for column, _ in predictors(spec)} | always
    level1, *above = spec.expressions_by_level
    within = [call for one in (*level1, *spec.offsets) for factor in one.factors for call in calls_of(factor)]
    centered = [call.argument for call in within if call.function == "cwc"]
    expressions = [*centered, *(expression for of_level in above for expression in of_level)]
    return {column.name for one in expressions for column, _ in walk_columns(one)} | always


def _kind(data: DatabaseTable, name: str, outside_c: bool) -> Kind:
    """What a column holds, if it can stand where it does."""
    kind = data.kind(name)
    if kind == "time" and outside_c:
        raise DataError(
            f"column {name!r} holds dates or times, which are no numbers: make a column of days, months or years from "
            "it and use that"
        )
    if kind == "other":
        raise DataError(f"column {name!r} of type {data.type_of(name)} cannot be read as numbers or categories")
    return kind


def _read(series: pd.Series, kind: Kind | None, differs: bool) -> DataColumn:
    if not differs:
        return read_column(series)
    if kind == "text":
        return CategoricalColumn(str(series.name), np.zeros(len(series), dtype=np.int64), ("",))
    return NumericColumn(str(series.name), np.full(len(series), np.nan))
