"""The lines about the level-1 residual: its known SDs, the equation of its SD, its correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bayeshlm.equations.effect_groupings import Groupings
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
        """Refuse a line of a coefficient of the level-1 SD, `a0 = d0 + d1*w + v0`, whose terms stand in that of the SD.

        Raises
        ------
        EquationError
        """
        lefts = {line.symbol: line.left_span for line in equations if line.symbol is not None}
        used = frozenset(symbol for line in equations for symbol in line.symbols)
        for line in self.logs:
            for symbol in line.symbols & lefts.keys() - used:
                message = (
                    f"`{symbol}` is a coefficient of the level-1 SD, and has no line of its own: put the terms of this"
                    " line into that of the SD, whose columns are of any level: `log(sigma) = a0 + a1*x + v0`"
                )
                raise equation_error(self.text, lefts[symbol], message, line.span)

    def with_effect(self, groupings: Groupings) -> Mapping[str, int]:
        """The position of the grouping of each random effect, the one of the level-1 SD among them.

        Raises
        ------
        EquationError
            That effect has another grouping than the others, or their symbol.
        """
        found = dict(groupings.positions)
        effect = self.logs[0].effect if self.logs else None
        if effect is None or effect.symbol is None:
            return found
        if len(groupings.names) > 1:
            message = "a random effect of the level-1 SD is estimated with one grouping, and this model has several"
            raise equation_error(self.text, effect.span, f"{message}: leave it out")
        named, (name,) = effect.group, groupings.names
        if named is not None and name is not None and named.name != name:
            message = f"the level-1 SD varies between the groups of the other random effects, `{name}`: name that"
            raise equation_error(self.text, named.span or effect.span, message)
        if effect.symbol in found:
            message = f"`{effect.symbol}` stands twice: a symbol has one use, give one of them another name"
            raise equation_error(self.text, effect.span, message)
        return found | {effect.symbol: 0}

    def grouping_names(self, groupings: Groupings) -> tuple[str | None, ...]:
        """The names of the groupings, of which the random effect of the level-1 SD may give the only one."""
        effect = self.logs[0].effect if self.logs else None
        named = None if effect is None else effect.group
        return (named.name,) if groupings.names == (None,) and named is not None else groupings.names

    def put_into(self, spec: ModelSpec) -> ModelSpec:
        """The specification with what the lines say.

        Raises
        ------
        EquationError
            As `spread_of`, `log_spread_of` and `correlation_of`.
        """
        known = spread_of(self.text, self.known, spec.residual)
        place = None if known is None else known.span
        spread = log_spread_of(self.text, self.logs, spec.residual, place, _places(spec))
        correlation = correlation_of(self.text, self.correlations, spec.residual, place)
        if spread is not None and spread.effect and correlation is not None:
            message = f"correlated residuals are not estimated beside `{spread.effect}`, the random effect of their SD"
            raise equation_error(self.text, correlation.span or (0, 1), f"{message}: leave one out", spread.span)
        return replace(spec, residual_spread=known, log_spread=spread, correlation=correlation)


def _places(spec: ModelSpec) -> dict[str, Span]:
    """The symbols of coefficients and effects, with the places of their terms or lines."""
    found: dict[str, Span] = {}
    for line in spec.equations:
        own = [(effect.symbol, line.span) for effect in line.random_effects]
        own += [(line.coefficient, line.span), *((term.symbol, term.span) for term in line.fixed)]
        found |= {symbol: span for symbol, span in own if span is not None}
    return found
