"""Blocks -> plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Title
from bayeshlm.foreign_text import printable

WIDTH = 96
"""Running text is wrapped here."""

_LONGEST_LABEL = 36


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


def _lines(block: Block) -> list[str]:
    match block:
        case Title(text):
            title = printable(text, one_line=True)
            return [title, "=" * len(title)]
        case Lines(lines):
            return [wrapped for line in lines for wrapped in textwrap.wrap(printable(line), WIDTH)]
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
    notes = [wrapped for note in grid.notes for wrapped in textwrap.wrap(printable(note), WIDTH - 2)]
    return lines + [f"  {note}" for note in notes]


def _label_column(header: str, cells: Sequence[str]) -> list[str]:
    shown = [printable(header, one_line=True), *(_shortened(printable(cell, one_line=True)) for cell in cells)]
    width = max(map(len, shown))
    return [cell.ljust(width) for cell in shown]


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
    width = max(map(len, [header, *aligned]))
    return [cell.rjust(width) for cell in (header, *aligned)]


def _shortened(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_LABEL else cell[: _LONGEST_LABEL - 3] + "..."
