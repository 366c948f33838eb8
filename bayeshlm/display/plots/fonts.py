"""Fonts that have the characters of the names in a figure."""

from __future__ import annotations

import logging
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

FALLBACK = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR",
    "Source Han Sans SC", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic",
    "Malgun Gothic", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Bengali", "Noto Sans Tamil", "Arial Unicode MS",
    "Segoe UI", "Nirmala UI", "Leelawadee UI",
)  # fmt: skip
"""Families with characters that matplotlib's own font does not have, tried in order after the user's."""

logger = logging.getLogger(__name__)

_UNSAID = {"remark"}
"""Emptied when the remark was made: one a session."""


def families() -> list[str]:
    """The user's font families, and behind them those of `FALLBACK` that are installed.

    matplotlib looks a character up in each of them; a family that is not installed would be a warning at every text.
    """
    installed = set(font_manager.get_font_names())
    own = list(mpl.rcParams["font.family"])
    return [*own, *(name for name in FALLBACK if name in installed and name not in own)]


@contextmanager
def fallback_fonts() -> Iterator[None]:
    """A context in which texts have `families`; the user's come back after it."""
    before = mpl.rcParams["font.family"]
    mpl.rcParams["font.family"] = families()
    try:
        yield
    finally:
        mpl.rcParams["font.family"] = before


def remark_missing(figure: Figure) -> None:
    """Say once which characters of a figure no font has; matplotlib would warn of every one at every drawing."""
    missing = missing_characters(figure.findobj(Text), families())
    if not missing:
        return
    if _UNSAID:
        _UNSAID.clear()
        logger.warning(
            "No font of this machine has the characters %s: figures show boxes in their place. Install one that does,"
            " such as Noto Sans CJK, and delete matplotlib's font cache in %s.",
            "".join(missing[:10]) + ("..." if len(missing) > 10 else ""),
            mpl.get_cachedir(),
        )
    # said above, once and with what to do about it
    warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from", UserWarning)


def missing_characters(texts: Iterable[Text], among: Iterable[str]) -> list[str]:
    """Characters of texts that no font of these families has, each once."""
    characters = dict.fromkeys(char for text in texts for char in text.get_text() if ord(char) > 0x24F)
    if not characters:
        return []
    known = frozenset().union(*(_characters(family) for family in among))
    return [char for char in characters if ord(char) not in known and unicodedata.category(char)[0] not in "CMZ"]


@cache
def _characters(family: str) -> frozenset[int]:
    """Code points that the font of a family has."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family=[family])))
    return frozenset(font.get_charmap())
