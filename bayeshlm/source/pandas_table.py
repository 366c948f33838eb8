"""A table of data that pandas holds: what may be given as one, its columns, one of them by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayeshlm.errors import DataError
from bayeshlm.source.database_table import ask, is_database_table


def check_frame(data: object, argument: str) -> None:
    """Refuse what is no DataFrame, or an empty one."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"{argument} must be a pandas DataFrame, not {type(data).__name__}; "
            "a polars or pyarrow table becomes one with .to_pandas()"
        )
    if data.empty:
        raise DataError(f"{argument} has no rows" if len(data.columns) else f"{argument} is empty")
    if not text_names(data):
        raise DataError(
            f"the columns of {argument} must be named by text, not like {data.columns[0]!r}: set {argument}.columns"
        )


def as_frame(table: Any, name: str) -> pd.DataFrame:
    """A table as a pandas DataFrame; `name` is the argument that it was given as.

    Raises
    ------
    DataError
        It is no table; or one of a database that cannot be fetched.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if is_database_table(table):
        return ask(table)
    if hasattr(table, "to_pandas"):
        return pd.DataFrame(table.to_pandas())
    raise DataError(f"{name} must be a pandas DataFrame (or a polars or pyarrow table), not a {type(table).__name__}.")


def text_names(data: pd.DataFrame) -> tuple[str, ...]:
    """Names of the columns that equations can name."""
    return tuple(name for name in data.columns if isinstance(name, str))


def one_column(data: pd.DataFrame, name: str) -> pd.Series:
    """Column of a name, which must be there once."""
    count = data.columns.tolist().count(name)
    if count > 1:
        raise DataError(f"the data have {count} columns called {name!r}: rename all but one of them")
    return data[name]


@dataclass(frozen=True, slots=True, eq=False)
class PandasTable:
    """A DataFrame as a `bayeshlm.source.table.Table`.

    Examples
    --------
    >>> table = PandasTable.of(pd.DataFrame({"school": [1, 2], 7: [3, 4]}), "data")
    >>> table.names, table.column("school").tolist()
    (('school',), [1, 2])
    """

    frame: pd.DataFrame

    @classmethod
    def of(cls, data: pd.DataFrame, argument: str) -> PandasTable:
        """Check what was given as `argument`; see `check_frame`."""
        check_frame(data, argument)
        return cls(data)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are text."""
        return text_names(self.frame)

    @property
    def index_names(self) -> tuple[object, ...]:
        """Names of the levels of the index."""
        return tuple(self.frame.index.names)

    def check_once(self, name: str) -> None:
        """Refuse a name that several columns have."""
        one_column(self.frame, name)

    @property
    def index(self) -> pd.Index:
        """Labels of the rows."""
        return self.frame.index

    def column(self, name: str) -> pd.Series:
        """Column of a name, which must be there once."""
        return one_column(self.frame, name)
