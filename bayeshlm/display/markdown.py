"""Blocks -> Markdown: headings, paragraphs and pipe tables, as GitHub, Quarto and pandoc read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Title
from bayeshlm.foreign_text import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&^!])")
_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def to_markdown(blocks: Iterable[Block]) -> str:
    r"""Write blocks as Markdown; whatever users named is escaped.

    Examples
    --------
    >>> from bayeshlm.display.blocks import Grid, Section
    >>> rows = (("g00", "12.64 (0.24)"), ("a|b", "-1.20 (0.31)"))
    >>> print(to_markdown([Grid("Effects", ("", "one"), (Section("", rows),))]))
    **Effects**
    <BLANKLINE>
    |      |          one |
    | :--- | -----------: |
    | g00  | 12.64 (0.24) |
    | a\|b | -1.20 (0.31) |
    """
    return "\n\n".join(_element(block) for block in blocks)


def escape(text: str) -> str:
    r"""Escape what Markdown would read as markup; a line break becomes a space.

    Examples
    --------
    >>> print(escape("a_b|c <script>"))
    a\_b\|c \<script\>
    """
    return _SPECIAL.sub(r"\\\1", printable(_BREAKS.sub(" ", text)))


def _element(block: Block) -> str:
    match block:
        case Title(text):
            return f"### {escape(text)}"
        case Lines(lines):
            return "  \n".join(map(escape, lines))
        case Equations(text, _):
            text = printable(text)
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            return f"{fence}\n{text.strip()}\n{fence}"
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> str:
    rows: list[Sequence[str]] = [[escape(name) for name in grid.header]]
    for section in grid.sections:
        if section.name:
            rows.append([f"**{escape(section.name)}**", *[""] * (len(grid.header) - 1)])
        rows += [[escape(cell) if k < grid.n_labels else cell for k, cell in enumerate(row)] for row in section.rows]
    widths = [max(4, *(len(row[k]) for row in rows)) for k in range(len(grid.header))]
    lines = [
        "| "
        + " | ".join(
            cell.ljust(width) if k < grid.n_labels else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rules = (
        ":" + "-" * (width - 1) if k < grid.n_labels else "-" * (width - 1) + ":" for k, width in enumerate(widths)
    )
    lines.insert(1, f"| {' | '.join(rules)} |")
    notes = ["", *(f"{escape(note)}  " for note in grid.notes)] if grid.notes else []
    return "\n".join([f"**{escape(grid.title)}**", "", *lines, *notes]).rstrip()
