"""What a text says of the spread of the level-1 residuals: by default one SD, which is estimated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bayeshlm.equations.expressions import Cursor
from bayeshlm.equations.product import Column, Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error

KNOWN = {"sd": "sd", "var": "var", "variance": "var"}
"""Functions on the left side of a line that says how large the residuals are."""

_ESTIMATED = "a variance is always estimated: leave this line out"
_FORM = "write `sd(r) = se` or `var(r) = v`, with a column of the data or a number"
_LIST = (
    "known covariances are `cov(r) = [v1, v2]`: column k holds each row's covariance with row k of its group, and its"
    " own variance where k is the row itself"
)


@dataclass(frozen=True, slots=True)
class KnownSpread:
    """``sd(r) = se``, ``var(r) = v`` or ``cov(r) = [v1, v2]``: how large residuals are is known, no SD is estimated.

    Attributes
    ----------
    function : {"sd", "var", "cov"}
        What is known: the SD, the variance, or the covariances of the rows of a group.
    value : Column, float or tuple of Column
        A column with a value a row, or a number for all. Of covariances the columns of each group's matrix: the k-th
        has the covariance of a row with the k-th row of its group.
    """

    function: Literal["sd", "var", "cov"]
    value: Column | float | tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, if there are any."""
        if isinstance(self.value, tuple):
            return self.value
        return (self.value,) if isinstance(self.value, Column) else ()

    def mapped(self, function: Callable[[Column], Column]) -> KnownSpread:
        """The same with a function of its columns in their places."""
        if isinstance(self.value, tuple):
            return replace(self, value=tuple(map(function, self.value)))
        return replace(self, value=function(self.value)) if isinstance(self.value, Column) else self

    def text(self, written: Callable[[Column], str]) -> str:
        """The right side of the line, columns as a function writes them."""
        if isinstance(self.value, tuple):
            return f"[{', '.join(map(written, self.value))}]"
        return written(self.value) if isinstance(self.value, Column) else f"{self.value:.17g}"


@dataclass(frozen=True, slots=True)
class SpreadLine:
    """A line ``sd(symbol) = value``, before anything is known about the role of the symbol."""

    symbol: str
    symbol_span: Span
    known: KnownSpread
    span: Span


def read_spread(cursor: Cursor) -> SpreadLine:
    """Read ``sd(r) = se``, whose first token is one of `KNOWN` and whose second a parenthesis.

    Raises
    ------
    EquationError
        If it is something else.
    """
    name = cursor.take("name", "")
    cursor.take("(", "")
    symbol = cursor.take("name", _ESTIMATED)
    cursor.take(")", _ESTIMATED)
    cursor.take("=", f"`=` is missing: {_FORM}")
    value = cursor.peek()
    behind = cursor.peek(1)
    if value is None or behind is not None or value.kind not in ("name", "column", "number"):
        raise cursor.error(f"{_ESTIMATED}; where it is known, {_FORM}", (name.span[0], cursor.last_end))
    cursor.take(value.kind, "")
    if value.kind == "name" and canonical(value.value).startswith(("sigma", "tau")):
        raise cursor.error(f"{_ESTIMATED}; where it is known, {_FORM}", name.span)
    function: Literal["sd", "var"] = "sd" if KNOWN[canonical(name.value)] == "sd" else "var"
    given: Column | float = Column(value.value, value.span)
    if value.kind == "number":
        given = float(value.value)
        if not (given > 0 and math.isfinite(given)):
            message = f"the {'SD' if function == 'sd' else 'variance'} of the residual is a number above 0"
            raise cursor.error(message, value.span)
    span = (name.span[0], value.span[1])
    return SpreadLine(canonical(symbol.value), symbol.span, KnownSpread(function, given, span), span)


def begins_covariances(cursor: Cursor) -> bool:
    """Whether a line that begins with ``cov(`` is about one symbol and no zero, ``cov(r) = [v1, v2]``."""
    kinds = [None if (token := cursor.peek(k)) is None else token.kind for k in range(2, 6)]
    return kinds[:3] == ["name", ")", "="] and kinds[3] != "number"


def read_covariances(cursor: Cursor) -> SpreadLine:
    """Read ``cov(r) = [v1, v2]``, of which `begins_covariances` holds.

    Raises
    ------
    EquationError
        The right side is no list of columns, or names one twice.
    """
    start = cursor.take("name", "").span[0]
    cursor.take("(", "")
    symbol = cursor.take("name", "")
    cursor.take(")", "")
    cursor.take("=", "")
    cursor.take("[", _LIST)
    columns: list[Column] = []
    while not columns or cursor.take_if(","):
        value = cursor.take("column" if cursor.at("column") else "name", f"a column is missing: {_LIST}")
        columns.append(Column(value.value, value.span))
        if columns[-1] in columns[:-1]:
            raise cursor.error(f"`{value.value}` stands twice: {_LIST}", value.span)
    closing = cursor.take("]", f"a comma or `]` is missing: {_LIST}")
    if cursor.peek() is not None:
        raise cursor.error(f"the line ends behind `]`: {_LIST}")
    span = (start, closing.span[1])
    return SpreadLine(canonical(symbol.value), symbol.span, KnownSpread("cov", tuple(columns), span), span)


def spread_of(text: str, lines: Sequence[SpreadLine], residual: str) -> KnownSpread | None:
    """What the lines say of the residual, at most one line.

    Parameters
    ----------
    text : str
        The equations, which errors quote.
    lines : sequence of SpreadLine
    residual : str
        Symbol of the level-1 residual; empty where the outcome has another distribution.

    Raises
    ------
    EquationError
        If a line is about another symbol, there are two, or the model has no residual.
    """
    for line in lines:
        if not residual:
            message = "only the residual of a normal outcome has a known SD, and this outcome has no residual"
            raise equation_error(text, line.span, f"{message}: leave this line out")
        if line.symbol != residual:
            message = f"{_ESTIMATED}; only that of the residual `{residual}` can be known, `sd({residual}) = se`"
            raise equation_error(text, line.symbol_span, message)
    if len(lines) > 1:
        raise equation_error(text, lines[1].span, "the SD of the residual is said twice: leave one out", lines[0].span)
    return lines[0].known if lines else None
