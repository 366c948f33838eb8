"""A grid that is too wide for a page -> parts that stand below each other, the names of the rows in each."""

from __future__ import annotations

from dataclasses import replace

from bayeshlm.display.blocks import Grid, Section
from bayeshlm.foreign_text import width_of

LONGEST_LABEL = 36
"""Letters of the name of a row; longer ones are cut or wrapped, or have to reach beyond the page."""

CONTINUED = " (continued)"
"""Behind the title of every part but the first."""


def in_parts(grid: Grid, most: int | None, room: float, gap: float) -> list[Grid]:
    """Split the columns of numbers of a grid where a page cannot hold them.

    Rows that have nothing in the columns of a part are left out of it. Notes stand below the last part.

    Parameters
    ----------
    grid : Grid
    most : int or None
        At most so many columns of numbers in a part, and that only; None: as many as there is room for.
    room, gap : float
        Width of a page and between columns, in letters.

    Examples
    --------
    >>> rows = (("sector", "1.20", "1.31", ""), ("size", "", "", "0.02"))
    >>> parts = in_parts(Grid("Effects", ("", "A", "B", "C"), (Section("", rows),)), 2, 80, 2)
    >>> [(part.title, part.header, part.sections[0].rows) for part in parts]  # doctest: +NORMALIZE_WHITESPACE
    [('Effects', ('', 'A', 'B'), (('sector', '1.20', '1.31'),)),
     ('Effects (continued)', ('', 'C'), (('size', '0.02'),))]
    """
    n, widths = grid.n_labels, [width + gap for width in _widths(grid)]
    names = sum(min(width, LONGEST_LABEL + gap) for width in widths[:n])
    chosen: list[list[int]] = [[]]
    for k in range(n, len(grid.header)):
        taken = len(chosen[-1]) == most if most else names + sum(widths[j] for j in (*chosen[-1], k)) > room
        if chosen[-1] and taken:
            chosen.append([])
        chosen[-1].append(k)
    if len(chosen) == 1:
        return [grid]
    last = len(chosen) - 1
    return [_part(grid, [*range(n), *columns], part, part == last) for part, columns in enumerate(chosen)]


def fits(grid: Grid, room: float, gap: float) -> bool:
    """Whether a page is wide enough for all columns."""
    return len(in_parts(grid, None, room, gap)) == 1


def _part(grid: Grid, columns: list[int], part: int, is_last: bool) -> Grid:
    sections = []
    for section in grid.sections:
        rows = tuple(tuple(row[k] for k in columns) for row in section.rows)
        kept = tuple(row for row in rows if any(row[grid.n_labels :]))
        if kept:
            sections.append(Section(section.name, kept))
    return replace(
        grid,
        title=grid.title + (CONTINUED if part else ""),
        header=tuple(grid.header[k] for k in columns),
        sections=tuple(sections),
        notes=grid.notes if is_last else (),
    )


def _widths(grid: Grid) -> list[int]:
    """Letters of each column, numbers aligned at their decimal point."""
    rows = [row for section in grid.sections for row in section.rows]
    widths = []
    for k, name in enumerate(grid.header):
        cells = [row[k] for row in rows]
        parts = (
            [("", "", "") if cell.isalpha() else cell.partition(".") for cell in cells] if k >= grid.n_labels else []
        )
        whole = max((width_of(before) for before, _, _ in parts), default=0)
        places = max((width_of(point + after) for _, point, after in parts), default=0)
        unaligned = [cell for cell in cells if k < grid.n_labels or cell.isalpha()]
        widths.append(max(whole + places, *map(width_of, [name, *unaligned])))
    return widths
