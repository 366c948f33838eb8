"""Sampling weights of rows that stay in a database."""

from __future__ import annotations

from bayeshlm.design.columns import shown
from bayeshlm.design.rows import Rows


def row_of_cell(rows: Rows, cell: int) -> str:
    """A row of a cell in words: rows of a database have no labels, but their groups have."""
    units = (f"{grouping.name} {shown(grouping.labels[grouping.codes[cell]])}" for grouping in rows.groupings)
    return f"a row of {', '.join(units)}"
