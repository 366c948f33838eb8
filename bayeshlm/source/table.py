"""What the design asks of a table of data."""

from __future__ import annotations

from typing import Protocol

import pandas as pd


class Table(Protocol):
    """A table of N rows with columns by name. `PandasTable` is the one that there is."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that equations can name."""

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
