"""What the design asks of a table of data."""

from __future__ import annotations

from typing import Protocol

import pandas as pd


class Names(Protocol):
    """What is known of a table before its rows are looked at, wherever they are."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that equations can name."""

    @property
    def index_names(self) -> tuple[object, ...]:
        """Names that label the rows, and are no columns."""

    def check_once(self, name: str) -> None:
        """Refuse a name that several columns have.

        Raises
        ------
        DataError
        """


class Table(Names, Protocol):
    """A table of N rows with columns by name: `PandasTable`, or the cells of a `DatabaseTable`."""

    @property
    def index(self) -> pd.Index:
        """Labels of the N rows."""

    def column(self, name: str) -> pd.Series:
        """Values of a column, N rows.

        Raises
        ------
        DataError
            Several columns have the name.
        """
