"""A table that stays in a database: an Ibis expression, its columns, and queries with one clear error each.

Nothing here imports Ibis before a user's own table of it is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from bayeshlm.errors import DataError

type Kind = Literal["number", "logical", "text", "time", "other"]
"""What a column of a database holds."""

CHANGED = (
    "the table changed between two queries ({}): give a table that nobody writes to meanwhile, such as a snapshot or a "
    "copy, data.cache()"
)

_CANCELLED = re.compile(r"interrupt|cancel", re.IGNORECASE)
_DROPPED = re.compile(r"connect|closed|broken pipe|network|session", re.IGNORECASE)
_LONGEST_REASON = 300


def is_database_table(table: object) -> bool:
    """Whether a table is an expression of Ibis.

    Examples
    --------
    >>> is_database_table(pd.DataFrame())
    False
    """
    return any(kind.__module__ == "ibis.expr.types.relations" for kind in type(table).__mro__)


@dataclass(frozen=True, slots=True, eq=False)
class DatabaseTable:
    """A table of a database as `bayeshlm.source.table.Names`; its rows are never asked for.

    Attributes
    ----------
    expression : ibis.Table
    argument : str
        What messages call it.
    """

    expression: Any
    argument: str = "data"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.expression.columns)

    @property
    def index_names(self) -> tuple[object, ...]:
        """No names: the rows of a database have no labels."""
        return ()

    def check_once(self, name: str) -> None:
        """No two columns of a database have one name."""

    def kind(self, name: str) -> Kind:
        """What a column holds, by its type in the database."""
        dtype = self.expression.schema()[name]
        if dtype.is_boolean():
            return "logical"
        if dtype.is_numeric():
            return "number"
        if dtype.is_string():
            return "text"
        return "time" if dtype.is_temporal() or dtype.is_interval() else "other"

    def type_of(self, name: str) -> str:
        """The type of a column, as the database calls it."""
        return str(self.expression.schema()[name])


def ask(expression: Any, exact: Sequence[str] = ()) -> pd.DataFrame:
    """Run a query and fetch its result.

    Parameters
    ----------
    expression : ibis.Table
    exact : sequence of str
        Columns of which integers stay integers where some are missing, as ids of many digits must.

    Raises
    ------
    DataError
        The connection dropped, the query was cancelled, or the database refused it.
    """
    try:
        fetched = expression.to_pyarrow()
    except Exception as error:
        raise _told(error) from error
    frame: pd.DataFrame = fetched.to_pandas()
    for name in exact:
        column = fetched.column(name)
        if column.null_count and frame[name].dtype.kind == "f" and str(column.type).lstrip("u").startswith("int"):
            frame[name] = pd.array(column.to_pylist(), dtype="Int64")
    return frame


def _told(error: Exception) -> DataError:
    """What went wrong in a database, by the name and the message of its own error."""
    kinds = " ".join(kind.__name__ for kind in type(error).__mro__)
    reason = " ".join(str(error).split())[:_LONGEST_REASON]
    if _CANCELLED.search(kinds) or _CANCELLED.search(reason):
        return DataError(f"the query was cancelled, and there is no model: make it again ({reason})")
    if _DROPPED.search(kinds) or _DROPPED.search(reason):
        return DataError(
            f"the connection to the database dropped ({reason}): connect again, and make the model with the table of "
            "the new connection"
        )
    return DataError(f"the database could not answer ({type(error).__name__}: {reason})")
