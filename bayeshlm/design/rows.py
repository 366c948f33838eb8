"""The rows a model uses: columns found, level-2 file joined, missing values dropped, groups coded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from bayeshlm.design.centering import first_rows
from bayeshlm.design.columns import (
    DataColumn,
    NumericColumn,
    missing_column,
    read_column,
    resolve,
    shown,
)
from bayeshlm.design.grouping import find_group_column, group_ids, match_groups
from bayeshlm.design.left_out import NOTHING, LeftOut, left_out
from bayeshlm.design.scaling import IntArray
from bayeshlm.equations import quote
from bayeshlm.equations.spec import Column, ModelSpec, Product, Span
from bayeshlm.equations.tokens import shortened
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize
from bayeshlm.source.pandas_table import PandasTable
from bayeshlm.source.table import Table


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows kept, with every column that the equations use.

    Attributes
    ----------
    text : str
        The equations, for error messages.
    group : str
        Grouping column.
    group_labels : Index of the J groups
    group_codes : (N,) array of int
    frame : DataFrame of N rows
        The used columns as the data hold them.
    names : mapping of str to str
        Column of `frame` for each name in the equations.
    columns : mapping of str to DataColumn
        Columns of `frame` that stand outside of ``C()``, read as numbers or categories.
    rows_dropped : int
        Rows left out because a used column misses a value.
    left_out : LeftOut
        Which columns, and the groups that lost all their rows.
    fitted : Rows or None
        The rows from which means, scales, levels and bases are learned, when they are others than these.
    known : (J,) array of int or None
        Position of each group among the groups of `fitted`, -1 for a group that is not there.
    coding : {"sum"} or None
        Contrast of all categories in place of the one that the equations ask for.
    """

    text: str
    group: str
    group_labels: pd.Index
    group_codes: IntArray
    frame: pd.DataFrame
    names: Mapping[str, str]
    columns: Mapping[str, DataColumn]
    rows_dropped: int
    left_out: LeftOut = NOTHING
    fitted: Rows | None = None
    known: IntArray | None = None
    coding: Literal["sum"] | None = None

    @property
    def source(self) -> Rows:
        """The rows from which the codings are learned."""
        return self if self.fitted is None else self.fitted

    @property
    def n_obs(self) -> int:
        """Number of rows kept."""
        return len(self.group_codes)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.group_labels)

    @cached_property
    def first(self) -> IntArray:
        """First row of each group, (J,)."""
        return first_rows(self.group_codes, self.n_groups)


def place_error(message: str, text: str, span: Span | None) -> DataError:
    """Build the error for a place in the equations: the message, then the line with a caret."""
    message = shortened(message)
    return DataError(f"{message}\n{quote(text, span)}" if text and span else message)


def gather_rows(
    spec: ModelSpec, data: pd.DataFrame, group: str | None = None, group_data: pd.DataFrame | None = None
) -> Rows:
    """Find the columns of a model in the data and keep the rows that are complete in them.

    Parameters
    ----------
    spec : ModelSpec
    data : DataFrame
        One row a level-1 unit.
    group : str, optional
        Grouping column, unless the equations name it.
    group_data : DataFrame, optional
        One row a group, joined by the grouping column.

    Raises
    ------
    DataError
        See `bayeshlm.design.build_design`.
    """
    table = PandasTable.of(data, "data")
    group_name = find_group_column(spec, table, group)
    ids = group_ids(table, group_name)
    all_codes, all_labels = factorize(ids)
    if not (all_codes >= 0).any():
        raise DataError(f"the grouping column {group_name!r} has no value in any row")
    columns_of_spec = (spec.outcome, *(column for column, _ in predictors(spec)))
    home, rows_of_groups = join(table, group_data, group_name, all_codes, all_labels)
    names, used = find_columns(columns_of_spec, spec.text, table, home, rows_of_groups)
    outcome = names[spec.outcome.name]
    _check_roles(spec, group_name, outcome, names)

    missing = {group_name: all_codes < 0, **{name: series.isna().to_numpy(dtype=bool) for name, series in used.items()}}
    keep = ~np.logical_or.reduce(list(missing.values()))
    if not keep.any():
        empty = [name for name in used if missing[name].all()]
        which = f" (column {empty[0]!r} has no value at all)" if empty else ""
        raise DataError(
            f"every row of the data misses a value in a column that the equations use{which}; "
            f"they use: {', '.join([group_name, *used])}"
        )
    frame = pd.DataFrame({group_name: ids, **used}, copy=False)
    lost = left_out(missing, all_codes, all_labels, keep)
    if not keep.all():
        frame, all_codes = frame.loc[keep], all_codes[keep]
    present = np.bincount(all_codes, minlength=len(all_labels)) > 0
    codes = (np.cumsum(present) - 1)[all_codes].astype(np.int64, copy=False)

    outside_c = {outcome, *(names[column.name] for column, in_c in predictors(spec) if not in_c)}
    columns: dict[str, DataColumn] = {name: read_column(frame[name]) for name in frame.columns if name in outside_c}
    for read in columns.values():
        if isinstance(read, NumericColumn):
            check_finite(read, frame.index)
    return Rows(
        text=spec.text,
        group=group_name,
        group_labels=all_labels[present],
        group_codes=codes,
        frame=frame,
        names=names | {found: found for found in names.values()},
        columns=columns,
        rows_dropped=len(data) - len(frame),
        left_out=lost,
    )


def join(
    data: Table, group_data: pd.DataFrame | None, group: str, codes: IntArray, labels: pd.Index
) -> tuple[dict[str, Table], IntArray]:
    """Table that holds each column, of the data or the level-2 file, and the level-2 row of each row of the data.

    Raises
    ------
    DataError
        The level-2 file does not have one row for each group, or shares a column with the data.
    """
    home = dict.fromkeys(data.names, data)
    if group_data is None:
        return home, codes
    level2 = PandasTable.of(group_data, "group_data")
    rows_of_groups = match_groups(data, level2, group, labels)
    key = str(resolve(group, level2.names))
    home |= {name: level2 for name in level2.names if name != key}
    return home, rows_of_groups[codes]


def find_columns(
    columns: Iterable[Column],
    text: str,
    data: Table,
    home: Mapping[str, Table],
    level2_rows: IntArray,
) -> tuple[dict[str, str], dict[str, pd.Series]]:
    """Find the columns that equations name, and their values for each row of the data.

    Parameters
    ----------
    columns : iterable of Column
    text : str
        The equations.
    data : Table of N rows
    home, level2_rows
        From `join`.

    Returns
    -------
    names : dict of str to str
        Column for each name in the equations.
    used : dict of str to Series
        Values of each column, N rows.
    """
    names: dict[str, str] = {}
    used: dict[str, pd.Series] = {}
    for column in columns:
        found = resolve(column.name, tuple(home))
        if found is None:
            raise place_error(missing_column(column.name, tuple(home), data.index.names), text, column.span)
        names[column.name] = found
        if found not in used:
            series = home[found].column(found)
            used[found] = series if home[found] is data else series.iloc[level2_rows].set_axis(data.index)
    return names, used


def walk_columns(expression: Product, in_c: bool = False) -> Iterator[tuple[Column, bool]]:
    """Yield the columns of an expression, each with whether it stands inside of ``C()``."""
    for factor in expression.factors:
        if isinstance(factor, Column):
            yield factor, in_c
        else:
            yield from walk_columns(factor.argument, in_c or factor.function == "C")


def predictors(spec: ModelSpec) -> Iterator[tuple[Column, bool]]:
    """Yield the columns of all expressions of a model, each with whether it stands inside of ``C()``."""
    for term in spec.level1:
        yield from walk_columns(term.expression)
    for equation in spec.level2:
        for fixed in equation.fixed:
            yield from walk_columns(fixed.expression)
    for offset in spec.offsets:
        yield from walk_columns(offset)


def label_columns(spec: ModelSpec, group: str | None, names: Sequence[str]) -> set[str]:
    """Columns of a table that name groups or categories whatever they look like: the grouping column, those in ``C()``.

    Parameters
    ----------
    spec : ModelSpec
    group : str or None
        Grouping column, unless the equations name it.
    names : sequence of str
        Columns of the table.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("y = b0 + b1*C(year) + b2*age + r; b0 = g00 + u0[ward]; b1 = g10; b2 = g20")
    >>> sorted(label_columns(spec, None, ["ward", "year", "age", "y"]))
    ['ward', 'year']
    """
    used = [(resolve(column.name, names), in_c) for column, in_c in predictors(spec)]
    labels = {found for found, in_c in used if in_c} - {found for found, in_c in used if not in_c}
    labels |= {resolve(name, names) for name in (group, spec.group) if name is not None}
    return {found for found in labels if found is not None}


def _check_roles(spec: ModelSpec, group: str, outcome: str, names: Mapping[str, str]) -> None:
    if outcome == group:
        raise place_error(f"the grouping column {group!r} cannot be the outcome", spec.text, spec.outcome.span)
    for column, _ in predictors(spec):
        if names[column.name] == outcome:
            raise place_error(f"the outcome {outcome!r} cannot be its own predictor", spec.text, column.span)


def check_finite(column: NumericColumn, index: pd.Index) -> None:
    """Refuse infinite numbers, naming the row by its label in `index`."""
    bad = ~np.isfinite(column.numbers)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"column {column.name!r} is {column.numbers[row]} in row {shown(index[row])}: "
            "correct it, or make it missing (None) to have the row dropped"
        )
