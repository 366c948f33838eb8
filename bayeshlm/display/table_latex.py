r"""A grid -> a LaTeX table with booktabs rules, numbers aligned at the decimal point."""

from __future__ import annotations

import re

from bayeshlm.display.blocks import Grid
from bayeshlm.display.table_parts import in_parts
from bayeshlm.equations.notations.latex_text import escape as escape_words
from bayeshlm.equations.symbols import GREEK

_TEXT = {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "−": "$-$", "≤": r"$\le$", "≥": r"$\ge$"}
_TEXT |= {"²": r"\textsuperscript{2}", "–": "--", "—": "---"}
_TEXT |= {letter: "o" if name == "omicron" else rf"$\{name}$" for letter, name in GREEK.items()}
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


ROOM, GAP = 93, 3
"""Width of a page, 16.5 cm, and between columns, in letters of ten points."""


def to_latex(grid: Grid, label: str | None = None, most: int | None = None) -> str:
    r"""Write a grid as a ``table`` environment, or one a part; it needs ``\usepackage{booktabs}`` and nothing else.

    Parameters
    ----------
    grid : Grid
        Its title becomes the caption, its notes stand below the table.
    label : str, optional
        For ``\ref``.
    most : int, optional
        At most so many columns of numbers beside each other; by default as many as `ROOM` holds. The parts of a wider
        table are tables with one number, so that each can stand on a page of its own.

    Examples
    --------
    >>> from bayeshlm.display.blocks import Grid, Section
    >>> rows = (("g00", "12.64 (0.24)"), ("p_value", "-1.2 (0.3)"))
    >>> print(to_latex(Grid("Effects", ("", "one"), (Section("", rows),))))
    \begin{table}
    \centering
    \caption{Effects}
    \begin{tabular}{@{}lr@{}l@{}}
    \toprule
     & \multicolumn{2}{c}{one} \\
    \midrule
    g00 & 12 & .64 (0.24) \\
    p\_value & $-$1 & .2 (0.3) \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    parts = in_parts(grid, most, ROOM, GAP)
    return "\n".join(_float(part, label if part is parts[0] else None, part is not parts[0]) for part in parts)


def _float(grid: Grid, label: str | None, again: bool) -> str:
    """A part of a table; those behind the first have its number."""
    lines = [r"\begin{table}", r"\centering"]
    if again:
        lines.append(r"\addtocounter{table}{-1}")
    lines.append(rf"\caption{{{escape(grid.title)}}}")
    if label is not None:
        lines.append(rf"\label{{{label}}}")
    lines += _tabular(grid)
    if grid.notes:
        lines += [r"\par\medskip", r"\begin{minipage}{0.9\textwidth}\footnotesize", r"\raggedright"]
        lines += [rf"{escape(note)}\par" for note in grid.notes]
        lines.append(r"\end{minipage}")
    return "\n".join([*lines, r"\end{table}"])


def _tabular(grid: Grid) -> list[str]:
    n_numbers = len(grid.header) - grid.n_labels
    columns = "l" * grid.n_labels + r"@{\hskip 1.5em}".join(["r@{}l"] * n_numbers)
    header = [*map(escape, grid.header[: grid.n_labels])]
    header += [rf"\multicolumn{{2}}{{c}}{{{escape(name)}}}" for name in grid.header[grid.n_labels :]]
    lines = [rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\toprule", _row(header)]
    width = grid.n_labels + 2 * n_numbers
    for section in grid.sections:
        lines.append(r"\midrule")
        if section.name:
            lines.append(_row([rf"\multicolumn{{{width}}}{{@{{}}l}}{{\textit{{{escape(section.name)}}}}}"]))
        indent = r"\quad " if section.name else ""
        for row in section.rows:
            labels = [indent + escape(row[0]), *map(escape, row[1 : grid.n_labels])] if grid.n_labels else []
            lines.append(_row([*labels, *map(_number, row[grid.n_labels :])]))
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def escape(text: str) -> str:
    r"""Escape text for LaTeX; Greek letters become math, line breaks and control characters a space.

    Examples
    --------
    >>> print(escape("50% of a_b & γ00 < {x}"))
    50\% of a\_b \& $\gamma$00 \textless{} \{x\}
    """
    return "".join(_TEXT.get(char) or escape_words(char) for char in _UNSEEN.sub(" ", text))


def _row(cells: list[str]) -> str:
    r"""Join cells to a row; what follows ``\\`` must not look like its argument."""
    line = " & ".join(cells)
    return ("{}" if line.lstrip()[:1] in ("[", "*") else "") + line + r" \\"


def _number(cell: str) -> str:
    r"""Split a cell at the first decimal point into two columns, hyphens before digits as minus signs."""
    if not any(char.isdigit() for char in cell):
        return rf"\multicolumn{{2}}{{c}}{{{escape(cell)}}}"
    whole = re.split(r"[.\s]", cell, maxsplit=1)[0]
    rest = cell[len(whole) :]
    parts = [re.sub(r"-(?=[\d.])", "$-$", escape(part)) for part in (whole, rest.lstrip())]
    return f"{parts[0]} & " + (r"\ " if rest[:1].isspace() else "") + parts[1]
