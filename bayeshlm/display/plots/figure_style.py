"""Colors, sizes and other settings of every figure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from bayeshlm.display.plots.fonts import families, remark_missing
from bayeshlm.display.plots.ticks import legible_ticks
from bayeshlm.foreign_text import end_of, start_of, width_of

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
            axes = [one for one in (made if isinstance(made, list) else [made]) if isinstance(one, Axes)]
            for one in axes:
                legible_ticks(one)
            root = axes[0].get_figure(root=True) if axes else None
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
    """Text of the user's, its middle left out where it is wider than so many letters: both ends may tell.

    Examples
    --------
    >>> short("Lincoln Elementary 7", 9), short("Lincoln", 9)
    ('Linc…ry 7', 'Lincoln')
    """
    whole = unicodedata.normalize("NFC", str(text))
    if width_of(whole) <= most:
        return plain(whole)
    tail = end_of(whole, (most - 1) // 2)
    return plain(f"{start_of(whole, most - 1 - width_of(tail))}…{tail}")


def distinct(texts: Iterable[object], most: int) -> list[str]:
    """Texts of the user's, each `short`; of those that would look alike the place where they differ is shown.

    Examples
    --------
    >>> distinct(["Saint Mary School 11 for girls", "Saint Mary School 12 for girls", "Lincoln"], 16)
    ['Saint…11 for gi…', 'Saint…12 for gi…', 'Lincoln']
    """
    whole = [unicodedata.normalize("NFC", str(text)) for text in texts]
    made = _told_apart({text: short(text, most) for text in whole}, most)
    return [made[text] for text in whole]


def _told_apart(made: Mapping[str, str], most: int) -> dict[str, str]:
    """What is shown of each text, made anew for those of which the same is shown."""
    alike: dict[str, list[str]] = {}
    for text, shown in made.items():
        alike.setdefault(shown, []).append(text)
    found = dict(made)
    for texts in alike.values():
        if len(texts) > 1:
            found |= _told_apart(_where_they_differ(texts, most), most)
    return found


def _where_they_differ(texts: Sequence[str], most: int) -> dict[str, str]:
    """Of each text its first letters and, behind what all have in common, as much as there is room for."""
    first = texts[0]
    letters = enumerate(zip(*texts, strict=False))
    begin = shared = next((k for k, own in letters if len(set(own)) > 1), min(map(len, texts)))
    while begin > max(shared - most // 4, 0) and (first[begin - 1].isdigit() or _is_mark(first[begin : begin + 1])):
        begin -= 1  # a number is shown whole, and no mark without its letter
    head = start_of(first[:begin], most // 3)
    room, made = most - width_of(head) - 1, {}
    for text in texts:
        rest = text[begin:]
        made[text] = plain(f"{head}…{rest if width_of(rest) <= room else start_of(rest, room - 1) + '…'}")
    return made


def _is_mark(char: str) -> bool:
    return char != "" and width_of(char) == 0


def category_color(position: int) -> str:
    """Color of a category."""
    return CATEGORIES[position % len(CATEGORIES)]


def category_line(position: int) -> str:
    """Line style of a category."""
    return LINES[position % len(LINES)]


def category_marker(position: int) -> str:
    """Marker of a category."""
    return MARKERS[position % len(MARKERS)]
