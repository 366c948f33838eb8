"""Names and labels of users where they could do something: to a terminal, in a spreadsheet."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAK = re.compile("[\t\n]")
_FORMULA = re.compile("[=+\\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def printable(text: str, one_line: bool = False) -> str:
    r"""Spell characters out that a terminal would obey: control characters, and marks that turn the direction.

    Parameters
    ----------
    text : str
        Line breaks and tabs stay.
    one_line : bool
        They are spelled out as well.

    Examples
    --------
    >>> printable("\x1b[2J ward 1\r")
    '\\x1b[2J ward 1\\r'
    >>> printable("Zoë\nward 2"), printable("Zoë\nward 2", one_line=True)
    ('Zoë\nward 2', 'Zoë\\nward 2')
    """
    text = _CONTROL.sub(_spelled, text)
    return _BREAK.sub(_spelled, text) if one_line else text


def width_of(text: str) -> int:
    """Width of a text in letters: Chinese, Japanese and Korean characters are two wide, combining marks none.

    Examples
    --------
    >>> width_of("ward 7"), width_of("北京"), width_of("e\N{COMBINING ACUTE ACCENT}")
    (6, 4, 1)
    """
    return sum(map(_width, unicodedata.normalize("NFC", text)))


def start_of(text: str, most: int) -> str:
    """As much of a text as has at most this width; a letter keeps its marks.

    Examples
    --------
    >>> start_of("Lincoln", 4), start_of("北京市", 5)
    ('Linc', '北京')
    """
    width = 0
    for place, char in enumerate(text):
        width += _width(char)
        if width > most:
            return text[:place]
    return text


def end_of(text: str, most: int) -> str:
    """As much of the end of a text as has at most this width; no mark stands without its letter.

    Examples
    --------
    >>> end_of("Lincoln 12", 5), end_of("北京市", 5)
    ('ln 12', '京市')
    """
    width, begin = 0, len(text)
    for place in range(len(text) - 1, -1, -1):
        width += _width(text[place])
        if width > most:
            break
        if _width(text[place]):
            begin = place
    return text[begin:]


def no_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table that a spreadsheet can open: no text in it, nor in its index and names, is taken for a formula.

    Text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break gets a ``'`` in front (OWASP, CSV
    Injection), unless it is a number; numbers stay numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"mean": [-1.5, 2.0, 0.5]}, pd.Index(["=1+1", "-7", "Lincoln"], name="@ward"))
    >>> print(no_formulas(table).to_csv(), end="")
    '@ward,mean
    '=1+1,-1.5
    -7,2.0
    Lincoln,0.5
    """
    import pandas as pd

    index, safe = table.index, table.copy()
    for k in range(table.shape[1]):
        safe.isetitem(k, _cells(table.iloc[:, k]))
    if isinstance(index, pd.MultiIndex):
        safe.index = index.set_levels([_cells(level) for level in index.levels], verify_integrity=False)
    else:
        safe.index = _cells(index)
    safe.index.names = [_cell(name) for name in index.names]
    return safe.set_axis([_cell(name) for name in table.columns], axis="columns")


def _cells(values: Any) -> Any:
    """The same Series or Index where it holds no formula."""
    if values.dtype.kind in "biufcmM":
        return values
    formulas = {value: _cell(value) for value in values.unique() if value is not _cell(value)}
    return values.astype(object).map(lambda value: formulas.get(value, value)) if formulas else values


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    marked = f"'{value}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else value
    return marked.replace("\r\n", "\n").replace("\r", "\n")  # Python 3.12 leaves a cell with "\r" without quotes


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
