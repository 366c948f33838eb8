"""Tables of the levels: where each column is, in the data or in the file of a grouping, and its values by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bayeshlm.design.columns import missing_column, resolve
from bayeshlm.design.grouping import match_groups
from bayeshlm.design.place_error import place_error
from bayeshlm.design.scaling import IntArray
from bayeshlm.equations.product import Column
from bayeshlm.errors import DataError
from bayeshlm.source.pandas_table import PandasTable, as_frame
from bayeshlm.source.table import Table

type GroupTables = pd.DataFrame | Mapping[str, pd.DataFrame] | None
"""A file of the only grouping, or of each that has one."""


type Home = dict[str, tuple[Table, IntArray | None]]
"""Table that holds each column, and its row for each row of the data where that is another table."""


def join(data: Table, group_data: GroupTables, groupings: Mapping[str, tuple[IntArray, pd.Index]]) -> Home:
    """Where each column is: in the data, or in the file of a grouping and there in which row for each row of the data.

    Parameters
    ----------
    data : Table of N rows
    group_data : DataFrame or mapping of str to DataFrame, optional
        As in `gather_rows`.
    groupings : mapping of str to codes (N,) and labels

    Raises
    ------
    DataError
        A file does not have one row for each group, or shares a column with the data or another file.
    """
    home: Home = dict.fromkeys(data.names, (data, None))
    for name, table in tables_by_grouping(group_data, list(groupings)).items():
        codes, labels = groupings[name]
        argument = "group_data" if len(groupings) == 1 else f"group_data[{name!r}]"
        file = PandasTable.of(table, argument)
        rows_of_groups = match_groups(home, data, file, name, labels, argument)
        key = str(resolve(name, file.names))
        home |= {column: (file, rows_of_groups[codes]) for column in file.names if column != key}
    return home


def tables_by_grouping(group_data: GroupTables, groupings: list[str]) -> Mapping[str, pd.DataFrame]:
    """The file of each grouping that has one, by its name."""
    if group_data is None:
        return {}
    if isinstance(group_data, pd.DataFrame):
        if len(groupings) == 1:
            return {groupings[0]: group_data}
        raise DataError(
            f"group_data of a model with several groupings is a table for each: group_data={{{groupings[-1]!r}: table}}"
        )
    unknown = [name for name in group_data if name not in groupings]
    if unknown:
        raise DataError(f"group_data has a table for {unknown[0]!r}, but the groupings are: {', '.join(groupings)}")
    return group_data


def group_tables(group_data: Any) -> GroupTables:
    """The argument `group_data` as frames."""
    if group_data is None:
        return None
    if isinstance(group_data, Mapping):
        return {name: as_frame(table, f"group_data[{name!r}]") for name, table in group_data.items()}
    return as_frame(group_data, "group_data")


def find_columns(
    columns: Iterable[Column],
    text: str,
    data: Table,
    home: Home,
) -> tuple[dict[str, str], dict[str, pd.Series]]:
    """Find the columns that equations name, and their values for each row of the data.

    Parameters
    ----------
    columns : iterable of Column
    text : str
        The equations.
    data : Table of N rows
    home
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
            raise place_error(missing_column(column.name, tuple(home), data.index_names), text, column.span)
        names[column.name] = found
        if found not in used:
            used[found] = _values(found, data, home)
    return names, used


def columns_beside(columns: Iterable[str], data: Table, home: Home) -> dict[str, pd.Series]:
    """Values of columns that no equation names, for each row of the data.

    Raises
    ------
    DataError
        There is no such column.
    """
    for name in columns:
        if name not in home:
            raise DataError(missing_column(name, tuple(home), data.index_names))
    return {name: _values(name, data, home) for name in columns}


def _values(name: str, data: Table, home: Home) -> pd.Series:
    """A column, N rows."""
    table, rows_of_data = home[name]
    series = table.column(name)
    return series if rows_of_data is None else series.iloc[rows_of_data].set_axis(data.index)
