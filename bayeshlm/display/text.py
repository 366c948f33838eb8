"""Blocks -> plain text for a terminal."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence

from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Title
from bayeshlm.display.table_parts import LONGEST_LABEL, in_parts
from bayeshlm.foreign_text import end_of, printable, start_of, width_of

WIDTH = 96
"""Running text is wrapped here, and on narrower terminals at their end."""

TABLE_WIDTH = 120
"""Tables of models that are wider stand in parts; on a terminal where they are wider than that."""

_NARROWEST = 40


def to_text(blocks: Iterable[Block]) -> str:
    """Lay blocks out as plain text, an empty line between them; control characters of names are spelled out.

    Examples
    --------
    >>> from bayeshlm.display.blocks import Grid, Section
    >>> rows = (("g00", "12.64", "0.2"), ("g01", "-1.2", "0.31"))
    >>> print(to_text([Grid("Fixed effects", ("", "mean", "sd"), (Section("", rows),))]))
    Fixed effects
            mean    sd
      g00  12.64  0.2
      g01  -1.2   0.31
    """
    return "\n\n".join("\n".join(_lines(block)) for block in blocks)


def parts_of(grid: Grid, most: int | None = None) -> list[Grid]:
    """Parts of a grid that a page of text holds; with `most`, of at most so many columns of numbers."""
    return in_parts(grid, most, max(_terminal_width() or TABLE_WIDTH, _NARROWEST) - 4, gap=2)


def page_width() -> int:
    """`WIDTH`, or that of a narrower terminal."""
    return max(min(_terminal_width() or WIDTH, WIDTH), _NARROWEST)


def _terminal_width() -> int:
    """Columns of the terminal; 0 where text goes elsewhere."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
    except (AttributeError, OSError, ValueError):  # no terminal, or another object in the place of stdout
        return 0


def _lines(block: Block) -> list[str]:
    match block:
        case Title(text):
            title = printable(text, one_line=True)
            return [title, "=" * width_of(title)]
        case Lines(lines):
            return [wrapped for line in lines for wrapped in textwrap.wrap(printable(line), page_width())]
        case Equations(text, _):
            return textwrap.indent(textwrap.dedent(printable(text)).strip("\n"), "  ").splitlines()
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> list[str]:
    rows = [row for section in grid.sections for row in section.rows]
    columns = [
        _label_column(grid.header[k], [row[k] for row in rows])
        if k < grid.n_labels
        else _number_column(grid.header[k], [row[k] for row in rows])
        for k in range(len(grid.header))
    ]
    laid_out = iter([("  " + "  ".join(cells)).rstrip() for cells in zip(*columns, strict=True)])
    lines = [printable(grid.title, one_line=True), next(laid_out)]
    for section in grid.sections:
        indent = ""
        if section.name:
            lines.append(f"  {printable(section.name, one_line=True)}")
            indent = "  "
        lines += [indent + next(laid_out) for _ in section.rows]
    if any(section.name for section in grid.sections):
        lines[1] = "  " + lines[1]
    notes = [wrapped for note in grid.notes for wrapped in textwrap.wrap(printable(note), page_width() - 2)]
    return lines + [f"  {note}" for note in notes]


def _label_column(header: str, cells: Sequence[str]) -> list[str]:
    shown = [printable(header, one_line=True), *(_shortened(printable(cell, one_line=True)) for cell in cells)]
    width = max(map(width_of, shown))
    return [cell + " " * (width - width_of(cell)) for cell in shown]


def _number_column(header: str, cells: Sequence[str]) -> list[str]:
    """Right-align numbers at their decimal point, the header and words at the right edge of the column."""
    header, cells = printable(header, one_line=True), [printable(cell, one_line=True) for cell in cells]
    words = [cell.isalpha() for cell in cells]
    parts = [cell.partition(".") for cell in cells]
    after = max((len(p[1] + p[2]) for p, word in zip(parts, words, strict=True) if not word), default=0)
    aligned = [
        whole if word else whole + (point + places).ljust(after)
        for (whole, point, places), word in zip(parts, words, strict=True)
    ]
    width = max(map(width_of, [header, *aligned]))
    return [" " * (width - width_of(cell)) + cell for cell in (header, *aligned)]


def _shortened(cell: str) -> str:
    if width_of(cell) <= LONGEST_LABEL:
        return cell
    tail = end_of(cell, (LONGEST_LABEL - 3) // 2)
    return f"{start_of(cell, LONGEST_LABEL - 3 - width_of(tail))}...{tail}"
