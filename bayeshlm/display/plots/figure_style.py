"""Colors, sizes and other settings of every figure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from bayeshlm.display.plots.fonts import families, remark_missing

COLUMN, PAGE = 3.5, 7.0
"""Widths of a column and of a page, in inches."""

BLACK, GRAY, LIGHT = "#000000", "#7F7F7F", "#D9D9D9"
ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"
"""Colors of Okabe & Ito (2008), Color universal design."""

CATEGORIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
"""Colors of categories, in order; they come again when there are more."""

LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "^", "s", "D", "v", "P")
"""Line styles and markers that go with the colors, so that no figure depends on color alone."""

POSTERIOR, PRIOR, REML, OWN = BLUE, GRAY, VERMILLION, ORANGE
"""What one color stands for in all figures: posterior, prior, REML, the groups' own least squares."""

SMALL, NORMAL = 7.0, 8.0
"""Font sizes in points: ticks and legends; labels of axes and titles."""

SETTINGS: Mapping[str, Any] = {
    "font.size": NORMAL,
    "axes.labelsize": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "figure.titlesize": NORMAL,
    "figure.labelsize": NORMAL,
    "figure.dpi": 150,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.8,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
}

TICKS: Mapping[str, Any] = {"labelsize": SMALL, "length": 2.5, "width": 0.6}
"""Set on the axes themselves: matplotlib makes ticks when it draws, after the settings are gone."""


@contextmanager
def style() -> Iterator[None]:
    """A context in which figures have the package's style; the user's rcParams come back after it.

    Only these settings are put back. ``matplotlib.rc_context`` would also undo what a backend sets when the first
    figure loads it: a notebook's turns interactive, without which it shows no later figure.
    """
    current: Any = mpl.rcParams
    before = {name: current[name] for name in (*SETTINGS, "font.family")}
    current.update(SETTINGS, **{"font.family": families()})
    try:
        yield
    finally:
        current.update(before)


def styled[**P, R](figure: Callable[P, R]) -> Callable[P, R]:
    """Draw a figure in the package's style."""

    @wraps(figure)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            made = figure(*args, **kwargs)
            axes = made[0] if isinstance(made, list) else made
            root = axes.get_figure(root=True) if isinstance(axes, Axes) else None
            if root is not None:
                remark_missing(root)
            return made

    return drawn


def plain(text: object) -> str:
    r"""Text of the user's as it is: a dollar sign opens no formula.

    Examples
    --------
    >>> plain("income ($)")
    'income (\\$)'
    """
    return str(text).replace("$", r"\$")


def wrapped(text: object, width: int = 40) -> str:
    r"""Text of the user's in lines of so many characters, broken behind blanks, underscores, stars and commas.

    Examples
    --------
    >>> wrapped("b1, the slope of cwc(socioeconomic_status)", 26)
    'b1, the slope of\ncwc(socioeconomic_status)'
    """
    lines = [""]
    for piece in re.split(r"(?<=[ _*,])", str(text)):
        for part in (piece[k : k + width] for k in range(0, len(piece), width)):
            if len(lines[-1]) + len(part.rstrip()) > width:
                lines.append("")
            lines[-1] += part
    return plain("\n".join(line.rstrip() for line in lines))


def short(text: object, most: int) -> str:
    """Text of the user's, its middle left out where it is longer than so many characters: both ends may tell.

    Examples
    --------
    >>> short("Lincoln Elementary 7", 9), short("Lincoln", 9)
    ('Linc…ry 7', 'Lincoln')
    """
    whole = str(text)
    if width_of(whole) <= most:
        return plain(whole)
    tail = _start(whole[::-1], (most - 1) // 2)[::-1]
    return plain(f"{_start(whole, most - 1 - width_of(tail))}…{tail}")


def width_of(text: str) -> int:
    """Width of a text in letters: Chinese, Japanese and Korean characters are two letters wide.

    Examples
    --------
    >>> width_of("ward 7"), width_of("北京")
    (6, 4)
    """
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _start(text: str, most: int) -> str:
    """As much of a text as has at most this width."""
    kept, width = "", 0
    for char in text:
        width += width_of(char)
        if width > most:
            break
        kept += char
    return kept


def category_color(position: int) -> str:
    """Color of a category."""
    return CATEGORIES[position % len(CATEGORIES)]


def category_line(position: int) -> str:
    """Line style of a category."""
    return LINES[position % len(LINES)]


def category_marker(position: int) -> str:
    """Marker of a category."""
    return MARKERS[position % len(MARKERS)]
