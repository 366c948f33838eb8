"""Blocks -> HTML for a notebook, without colors of its own."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Section, Title

_NUMBER = ' style="text-align:right;font-variant-numeric:tabular-nums"'
_LABEL = ' style="text-align:left"'
_ROW = ' style="text-align:left;font-weight:normal"'
_TABLE = ' style="border-collapse: separate; border-spacing: 0.8em 0.1em; margin-bottom: 0.8em"'
_CAPTION = ' style="text-align:left;font-weight:bold;color:inherit;caption-side:top;white-space:nowrap;width:0"'


def to_html(blocks: Iterable[Block]) -> str:
    """Write blocks as one HTML element; all text is escaped, MathML is taken as it is.

    Examples
    --------
    >>> from bayeshlm.display.blocks import Lines
    >>> to_html([Lines(("a < b",))])
    '<div class="bayeshlm"><p>a &lt; b</p></div>'
    """
    return f'<div class="bayeshlm">{"".join(_element(block) for block in blocks)}</div>'


def _element(block: Block) -> str:
    match block:
        case Title(text):
            return f"<h3>{escape(text)}</h3>"
        case Lines(lines):
            return f"<p>{'<br>'.join(map(escape, lines))}</p>"
        case Equations(text, mathml):
            return mathml or f"<pre>{escape(text.strip())}</pre>"
        case Grid():
            return _table(block)


def _table(grid: Grid) -> str:
    head = "".join(
        f'<th scope="col"{_LABEL if k < grid.n_labels else _NUMBER}>{escape(name)}</th>'
        for k, name in enumerate(grid.header)
    )
    bodies = "".join(_body(section, grid) for section in grid.sections)
    notes = f"<p><small>{'<br>'.join(map(escape, grid.notes))}</small></p>" if grid.notes else ""
    caption = f"<caption{_CAPTION}>{escape(grid.title)}</caption>"
    return f"<table{_TABLE}>{caption}<thead><tr>{head}</tr></thead>{bodies}</table>{notes}"


def _body(section: Section, grid: Grid) -> str:
    heading = ""
    if section.name:
        width = len(grid.header)
        heading = f'<tr><th scope="rowgroup" colspan="{width}"{_LABEL}>{escape(section.name)}</th></tr>'
    rows = "".join(f"<tr>{_cells(row, grid.n_labels)}</tr>" for row in section.rows)
    return f"<tbody>{heading}{rows}</tbody>"


def _cells(row: tuple[str, ...], n_labels: int) -> str:
    labels = "".join(f'<th scope="row"{_ROW}>{escape(cell)}</th>' for cell in row[:n_labels])
    return labels + "".join(f"<td{_NUMBER}>{escape(cell)}</td>" for cell in row[n_labels:])
