"""The errors for columns that vary within groups where they may not, or do not where they must."""

from __future__ import annotations

from bayeshlm.design.columns import level_label, shown
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows, walk_columns
from bayeshlm.equations.product import Call, Column
from bayeshlm.errors import DataError


def check_constant(column: Column, rows: Rows) -> None:
    """Refuse a column of which a database says that it varies within groups."""
    if rows.beneath is not None and (found := rows.beneath.differing(rows.names[column.name])):
        cell, *different = found
        shown_values = [repr(v) if isinstance(v, str) else level_label(float(v)) for v in different]
        raise varies_within(column, rows, rows.group_codes[cell], *shown_values)


def varies_within(column: Column, rows: Rows, group: int, one: str, other: str) -> DataError:
    """The error for a column with two values in a group, in a line of groups."""
    return place_error(
        f"column {column.name!r} varies within groups ({rows.group} {shown(rows.group_labels[group])} has {one} "
        f"and {other}), so it cannot stand in a level-2 line: write mean({column.name}) for the group mean, "
        f"or put {column.name} in the level-1 equation",
        rows.text,
        column.span,
    )


def zero_everywhere(call: Call) -> DataError:
    """The error for ``cwc`` of what is constant within groups."""
    return DataError(
        f"cwc({named(call)}) is zero everywhere: {named(call)} does not vary within groups, "
        "it belongs in a level-2 line"
    )


def named(call: Call) -> str:
    """Name the columns of a call's argument."""
    return "*".join(dict.fromkeys(column.name for column, _ in walk_columns(call.argument)))
