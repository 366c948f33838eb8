"""``corr(r) = ar1(week)``: how the level-1 residuals of a group are correlated; by default they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bayeshlm.equations.expressions import Cursor
from bayeshlm.equations.product import Column, Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error

CORRELATED = ("corr", "cor")
"""Functions on the left side of the line."""

type Pattern = Literal["ar1", "cs"]

_PATTERNS: dict[str, Pattern] = {"ar1": "ar1", "cs": "cs"}
_FORM = "write `corr(r) = ar1(week)` with the column of the times, `corr(r) = ar1()` for the order of the rows, or"
_FORM += " `corr(r) = cs`"


@dataclass(frozen=True, slots=True)
class ResidualCorrelation:
    """The correlations of the residuals of a group.

    Attributes
    ----------
    pattern : {"ar1", "cs"}
        ``"ar1"``: rho to the power of the time between two rows; ``"cs"``: rho of any two.
    time : Column or None
        Of ``"ar1"`` the times; None: the order of the rows.
    """

    pattern: Pattern
    time: Column | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The column of the times, if there is one."""
        return () if self.time is None else (self.time,)


@dataclass(frozen=True, slots=True)
class CorrelationLine:
    """A line ``corr(symbol) = pattern``, before anything is known about the role of the symbol."""

    symbol: str
    symbol_span: Span
    correlation: ResidualCorrelation
    span: Span


def read_correlation(cursor: Cursor) -> CorrelationLine:
    """Read ``corr(r) = ar1(week)``, whose first token is one of `CORRELATED` and whose second a parenthesis.

    Raises
    ------
    EquationError
        If it is something else.
    """
    name = cursor.take("name", "")
    cursor.take("(", "")
    symbol = cursor.take("name", _FORM)
    cursor.take(")", f"only the level-1 residual has correlations to state: {_FORM}")
    cursor.take("=", f"`=` is missing: {_FORM}")
    word = cursor.take("name", f"a pattern is missing: {_FORM}")
    pattern = _PATTERNS.get(canonical(word.value).replace("_", "").replace(".", ""))
    if pattern is None:
        raise cursor.error(f"there is no pattern `{word.value}` of residuals: {_FORM}", word.span)
    time = None
    if cursor.take_if("("):
        if cursor.at("name", "column"):
            token = cursor.take("column" if cursor.at("column") else "name", "")
            time = Column(token.value, token.span)
        cursor.take(")", f"ar1() takes one column, that of the times: {_FORM}")
    if pattern == "cs" and time is not None:
        raise cursor.error("cs has the same correlation between any two rows, and no times: write `cs`", time.span)
    if cursor.peek() is not None:
        raise cursor.error(f"the line ends before this: {_FORM}")
    span = (name.span[0], cursor.last_end)
    found = ResidualCorrelation(pattern, time, span)
    return CorrelationLine(canonical(symbol.value), symbol.span, found, span)


def correlation_of(
    text: str, lines: Sequence[CorrelationLine], residual: str, known: Span | None
) -> ResidualCorrelation | None:
    """What the lines say of the residuals' correlations, at most one line.

    Parameters
    ----------
    text : str
        The equations, which errors quote.
    lines : sequence of CorrelationLine
    residual : str
        Symbol of the level-1 residual; empty where the outcome has another distribution.
    known : Span, optional
        Place of a line that says that the SD of the residual is known.

    Raises
    ------
    EquationError
        A line about another symbol, two lines, one beside known SDs, an outcome without a residual.
    """
    for line in lines:
        if not residual:
            message = "only the residuals of a normal outcome are correlated, and this outcome has no residual"
            raise equation_error(text, line.span, f"{message}: leave this line out")
        if line.symbol != residual:
            message = f"correlations of the level-1 residual can be stated, `corr({residual}) = ar1(week)`; random"
            message += " effects covary unless `cov(u0, u1) = 0`"
            raise equation_error(text, line.symbol_span, message)
        if known is not None:
            message = (
                "residuals whose SDs or covariances are known are independent but for these: leave one of the lines out"
            )
            raise equation_error(text, line.span, message, known)
    if len(lines) > 1:
        message = "the correlations of the residuals are stated twice: leave one out"
        raise equation_error(text, lines[1].span, message, lines[0].span)
    return lines[0].correlation if lines else None
