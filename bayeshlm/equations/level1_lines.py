"""The lines about the level-1 residual: its known SDs, the equation of its SD, its correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayeshlm.equations.lines import Equation, Line
from bayeshlm.equations.log_spread import LogSpreadLine, log_spread_of
from bayeshlm.equations.product import Span
from bayeshlm.equations.residual_correlation import CorrelationLine, correlation_of
from bayeshlm.equations.residual_spread import SpreadLine, spread_of
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error


@dataclass(frozen=True, slots=True)
class Level1Lines:
    """Those lines of a text.

    Attributes
    ----------
    text : str
        The equations, which errors quote.
    known : tuple of SpreadLine
    logs : tuple of LogSpreadLine
    correlations : tuple of CorrelationLine
    """

    text: str
    known: tuple[SpreadLine, ...]
    logs: tuple[LogSpreadLine, ...]
    correlations: tuple[CorrelationLine, ...]

    @classmethod
    def of(cls, text: str, lines: Sequence[Line]) -> Level1Lines:
        """Find them among the lines of a text."""
        return cls(
            text,
            tuple(line for line in lines if isinstance(line, SpreadLine)),
            tuple(line for line in lines if isinstance(line, LogSpreadLine)),
            tuple(line for line in lines if isinstance(line, CorrelationLine)),
        )

    def check_coefficients(self, equations: Sequence[Equation]) -> None:
        """Refuse a line of a coefficient of the level-1 SD, `a0 = d0 + v0`, which would vary between groups.

        Raises
        ------
        EquationError
        """
        lefts = {line.symbol: line.left_span for line in equations if line.symbol is not None}
        used = frozenset(symbol for line in equations for symbol in line.symbols)
        for line in self.logs:
            for symbol in line.symbols & lefts.keys() - used:
                message = (
                    f"`{symbol}` is a coefficient of the level-1 SD, and has no line of its own: that of each row"
                    " follows from `log(sigma) = a0 + a1*x`, without random effects; leave this line out"
                )
                raise equation_error(self.text, lefts[symbol], message, line.span)

    def put_into(self, spec: ModelSpec) -> ModelSpec:
        """The specification with what the lines say.

        Raises
        ------
        EquationError
            As `spread_of`, `log_spread_of` and `correlation_of`.
        """
        known = spread_of(self.text, self.known, spec.residual)
        place = None if known is None else known.span
        return replace(
            spec,
            residual_spread=known,
            log_spread=log_spread_of(self.text, self.logs, spec.residual, place, _places(spec)),
            correlation=correlation_of(self.text, self.correlations, spec.residual, place),
        )


def _places(spec: ModelSpec) -> dict[str, Span]:
    """The symbols of coefficients and effects, with the places of their terms or lines."""
    found: dict[str, Span] = {}
    for line in spec.equations:
        own = [(effect.symbol, line.span) for effect in line.random_effects]
        own += [(line.coefficient, line.span), *((term.symbol, term.span) for term in line.fixed)]
        found |= {symbol: span for symbol, span in own if span is not None}
    return found
