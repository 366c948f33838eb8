"""The rows a model uses: columns found, level-2 file joined, missing values dropped, groups coded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayeshlm.design.centering import first_rows
from bayeshlm.design.columns import (
    DataColumn,
    NumericColumn,
    factorize,
    missing_column,
    read_column,
    resolve,
    shown,
)
from bayeshlm.design.grouping import check_frame, find_group_column, group_ids, match_groups, one_column, text_names
from bayeshlm.design.scaling import IntArray
from bayeshlm.equations import quote
from bayeshlm.equations.spec import Column, ModelSpec, Product, Span
from bayeshlm.errors import DataError


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
    """

    text: str
    group: str
    group_labels: pd.Index
    group_codes: IntArray
    frame: pd.DataFrame
    names: Mapping[str, str]
    columns: Mapping[str, DataColumn]
    rows_dropped: int

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
    check_frame(data, "data")
    group_name = find_group_column(spec, data, group)
    ids = group_ids(data, group_name)
    all_codes, all_labels = factorize(ids)
    if not (all_codes >= 0).any():
        raise DataError(f"the grouping column {group_name!r} has no value in any row")
    home = dict.fromkeys(text_names(data), data)
    if group_data is not None:
        check_frame(group_data, "group_data")
        rows_of_groups = match_groups(data, group_data, group_name, all_labels)
        key = str(resolve(group_name, text_names(group_data)))
        home |= {name: group_data for name in text_names(group_data) if name != key}

    names: dict[str, str] = {}
    used: dict[str, pd.Series] = {}
    for column in (spec.outcome, *(column for column, _ in _predictors(spec))):
        found = resolve(column.name, tuple(home))
        if found is None:
            raise place_error(missing_column(column.name, tuple(home), data.index.names), spec.text, column.span)
        names[column.name] = found
        if found not in used:
            series = one_column(home[found], found)
            if home[found] is group_data:
                series = series.iloc[rows_of_groups[all_codes]].set_axis(data.index)
            used[found] = series
    outcome = names[spec.outcome.name]
    _check_roles(spec, group_name, outcome, names)

    keep = all_codes >= 0
    for series in used.values():
        keep &= ~series.isna().to_numpy(dtype=bool)
    if not keep.any():
        empty = [name for name, series in used.items() if series.isna().all()]
        which = f" (column {empty[0]!r} has no value at all)" if empty else ""
        raise DataError(
            f"every row of the data misses a value in a column that the equations use{which}; "
            f"they use: {', '.join([group_name, *used])}"
        )
    frame = pd.DataFrame({group_name: ids, **used}, copy=False)
    if not keep.all():
        frame, all_codes = frame.loc[keep], all_codes[keep]
    present = np.bincount(all_codes, minlength=len(all_labels)) > 0
    codes = (np.cumsum(present) - 1)[all_codes].astype(np.int64, copy=False)

    outside_c = {outcome, *(names[column.name] for column, in_c in _predictors(spec) if not in_c)}
    columns: dict[str, DataColumn] = {name: read_column(frame[name]) for name in frame.columns if name in outside_c}
    for read in columns.values():
        if isinstance(read, NumericColumn):
            _check_finite(read, frame.index)
    return Rows(
        text=spec.text,
        group=group_name,
        group_labels=all_labels[present],
        group_codes=codes,
        frame=frame,
        names=names | {found: found for found in names.values()},
        columns=columns,
        rows_dropped=len(data) - len(frame),
    )


def walk_columns(expression: Product, in_c: bool = False) -> Iterator[tuple[Column, bool]]:
    """Yield the columns of an expression, each with whether it stands inside of ``C()``."""
    for factor in expression.factors:
        if isinstance(factor, Column):
            yield factor, in_c
        else:
            yield from walk_columns(factor.argument, in_c or factor.function == "C")


def _predictors(spec: ModelSpec) -> Iterator[tuple[Column, bool]]:
    for term in spec.level1:
        yield from walk_columns(term.expression)
    for equation in spec.level2:
        for fixed in equation.fixed:
            yield from walk_columns(fixed.expression)
    for offset in spec.offsets:
        yield from walk_columns(offset)


def _check_roles(spec: ModelSpec, group: str, outcome: str, names: Mapping[str, str]) -> None:
    if outcome == group:
        raise place_error(f"the grouping column {group!r} cannot be the outcome", spec.text, spec.outcome.span)
    for column, _ in _predictors(spec):
        if names[column.name] == outcome:
            raise place_error(f"the outcome {outcome!r} cannot be its own predictor", spec.text, column.span)


def _check_finite(column: NumericColumn, index: pd.Index) -> None:
    bad = ~np.isfinite(column.numbers)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"column {column.name!r} is {column.numbers[row]} in row {shown(index[row])}: "
            "correct it, or make it missing (None) to have the row dropped"
        )
