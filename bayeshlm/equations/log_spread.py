"""``log(sigma) = a0 + a1*female + v0``: an equation for the logarithm of the level-1 SD, or of its variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error

type Predicted = Literal["sigma", "sigma2"]

LOGARITHMS = ("log", "ln")
"""Names of the function on the left side."""

PREDICTED: dict[str, Predicted] = {"sigma": "sigma", "sigma2": "sigma2", "sigma_squared": "sigma2"}
"""What stands inside of it, by canonical spelling."""

_RESERVED = ("sigma", "sigma2", "corr", "rho", "alpha", "tau", "gamma")
_FORM = "write `log(sigma) = a0 + a1*x`"
_EFFECT = "its random effect stands alone, once: `log(sigma) = a0 + a1*x + v0`"


@dataclass(frozen=True, slots=True)
class SpreadTerm:
    """``a1*expression`` of the equation: a coefficient (alpha) and what it multiplies."""

    symbol: str
    expression: Product
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LogSpread:
    """The SD of the level-1 residual of each row is the exponential of a linear predictor.

    Attributes
    ----------
    predicted : {"sigma", "sigma2"}
        Of what the equation gives the logarithm: the SD, or the variance, as HLM writes it.
    terms : tuple of SpreadTerm
        In the order of the text; at least one.
    effect : str
        Symbol of the deviation of each group, the random effect ``v0``; empty without one.
    """

    predicted: Predicted
    terms: tuple[SpreadTerm, ...]
    span: Span | None = field(default=None, compare=False, repr=False)
    effect: str = ""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of the coefficients (alpha)."""
        return tuple(term.symbol for term in self.terms)

    @property
    def expressions(self) -> tuple[Product, ...]:
        """What the coefficients multiply."""
        return tuple(term.expression for term in self.terms)


@dataclass(frozen=True, slots=True)
class GivenTerm:
    """A term as it was read, before its role is known; without a symbol it is an offset."""

    symbol: str | None
    expression: Product
    group: Column | None
    span: Span


@dataclass(frozen=True, slots=True)
class LogSpreadLine:
    """The line as it was read."""

    predicted: Predicted
    terms: tuple[GivenTerm, ...]
    span: Span

    @property
    def symbols(self) -> frozenset[str]:
        """Symbols of the right side."""
        return frozenset(term.symbol for term in self.terms if term.symbol is not None)

    @property
    def effect(self) -> GivenTerm | None:
        """The first term that is a deviation of groups: with a grouping in brackets, or a second constant."""
        constant = False
        for term in self.terms:
            if term.symbol is not None and (term.group is not None or (constant and term.expression.is_constant)):
                return term
            constant = constant or (term.symbol is not None and term.expression.is_constant)
        return None


def log_spread_of(
    text: str, lines: Sequence[LogSpreadLine], residual: str, known: Span | None, elsewhere: Mapping[str, Span]
) -> LogSpread | None:
    """What the lines say of the logarithm of the level-1 SD, at most one line.

    Parameters
    ----------
    text : str
        The equations, which errors quote.
    lines : sequence of LogSpreadLine
    residual : str
        Symbol of the level-1 residual; empty where the outcome has another distribution.
    known : Span, optional
        Place of a line that says that the SD is known.
    elsewhere : mapping of str to Span
        The symbols of the other equations, and their places.

    Raises
    ------
    EquationError
        Two lines, one beside a known SD, an outcome that is not normal, a second random effect or one of a slope, a
        symbol that stands twice.
    """
    if not lines:
        return None
    if len(lines) > 1:
        message = "the level-1 SD has two lines: put all terms into one"
        raise equation_error(text, lines[1].span, message, lines[0].span)
    (line,) = lines
    if not residual:
        message = "only the residual of a normal outcome has an SD to predict, and this outcome has no residual"
        raise equation_error(text, line.span, f"{message}: leave this line out")
    if known is not None:
        message = "the SD of the residual is known, `sd(r) = se`, and nothing is left to predict: leave one line out"
        raise equation_error(text, line.span, message, known)
    found: dict[str, Span] = {}
    constant: Span | None = None
    effect = line.effect
    for term in line.terms:
        if term.symbol is None:
            message = f"offset() stands in level 1 only, and not in the equation of the level-1 SD: {_FORM}"
            raise equation_error(text, term.span, message)
        written = text[slice(*term.span)]
        is_second = term.group is not None or (constant is not None and term.expression.is_constant)
        if is_second and (term is not effect or not term.expression.is_constant):
            message = f"`{written}` would be another random effect of the level-1 SD than v0 is: {_EFFECT}"
            raise equation_error(text, term.span, message)
        if (other := found.get(term.symbol) or elsewhere.get(term.symbol)) is not None:
            message = f"`{term.symbol}` stands twice: a symbol has one use, give one of them another name"
            raise equation_error(text, term.span, message, other)
        if term.symbol in _RESERVED or term.symbol.startswith("tau_") or canonical(term.symbol) == residual:
            message = f"`{term.symbol}` is the name of another parameter: call this coefficient `a...`, such as `a1`"
            raise equation_error(text, term.span, message)
        found[term.symbol] = term.span
        if term.expression.is_constant and term is not effect:
            constant = term.span
    terms = tuple(
        SpreadTerm(term.symbol or "", term.expression, term.span) for term in line.terms if term is not effect
    )
    if not terms:
        message = "the level-1 SD has no fixed coefficient: write `log(sigma) = a0 + v0`"
        raise equation_error(text, line.span, message)
    return LogSpread(line.predicted, terms, line.span, "" if effect is None else effect.symbol or "")
