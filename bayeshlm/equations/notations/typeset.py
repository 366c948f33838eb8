"""The walk of a ModelSpec that LaTeX and MathML share; each of them says how the pieces are set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from bayeshlm.equations.spec import LEVEL, PART, Call, Factor, ModelSpec, Product
from bayeshlm.equations.written_out import in_lines, references

_UNIT = {1: "ij", 2: "j"}
_GRAND = {1: "··", 2: "·"}


class Notation(Protocol):
    """How a notation sets the pieces; `rows` puts them together.

    Attributes
    ----------
    SPACE, PLUS, MINUS : str
        Between factors and terms.
    EQUALS, DISTRIBUTED, MORE : str
        Relations of a row, and what begins a row with more terms of the equation above.
    ZERO, ZEROS, G : str
        The mean of one effect and of several, and the covariance matrix.
    """

    SPACE: str
    PLUS: str
    MINUS: str
    EQUALS: str
    DISTRIBUTED: str
    MORE: str
    ZERO: str
    ZEROS: str
    G: str

    def rows(self, spec: ModelSpec) -> list[str]:
        """Set level 1, level 2, the distributions of u, by blocks, and of r, and what categories are compared with."""
        residual = self.symbol(spec.residual, "ij")
        terms = [self._term(self.symbol(term.coefficient, "j"), term.expression, 1) for term in spec.level1]
        terms += [self._product(offset, 1) for offset in spec.offsets]
        rows = self._equation(self._name(spec.outcome.name, "ij"), [*terms, residual], spec)
        for equation in spec.level2:
            terms = [self._term(self.symbol(term.symbol, ""), term.expression, 2) for term in equation.fixed]
            terms += [self.symbol(equation.random, "j")] if equation.random is not None else []
            rows += self._equation(self.symbol(equation.coefficient, "j"), terms, spec)
        several = [block for block in spec.blocks if len(block) > 1]
        for block in spec.blocks:
            symbols = [self.symbol(effect, "j") for effect in block]
            if len(block) == 1:
                left, right = symbols[0], self.normal(self.ZERO, self.variance("tau", block[0]))
            else:
                G = self.subscripted(self.G, str(several.index(block) + 1)) if len(several) > 1 else self.G
                left, right = self.vector(symbols), self.normal(self.ZEROS, G)
            rows.append(self.row(left, self.DISTRIBUTED, right))
        rows.append(self.row(residual, self.DISTRIBUTED, self.normal(self.ZERO, self.variance("sigma", ""))))
        notes = (f"reference of {without_unit(name)}: {to}" for name, to in references(spec))
        return [*rows, *(self.row("", "", self.text(note)) for note in notes)]

    def _equation(self, left: str, terms: Sequence[str], spec: ModelSpec) -> list[str]:
        first, *more = (self.PLUS.join(line) for line in in_lines(terms, spec))
        return [self.row(left, self.EQUALS, first), *(self.row("", "", f"{self.MORE}{line}") for line in more)]

    def _term(self, symbol: str, expression: Product, level: int) -> str:
        return symbol if expression.is_constant else f"{symbol}{self.SPACE}{self._product(expression, level)}"

    def _product(self, product: Product, level: int | None) -> str:
        """Set a product; without a level the columns have no subscripts, as under a bar."""
        return self.SPACE.join(self._factor(factor, level) for factor in product.factors)

    def _factor(self, factor: Factor, level: int | None) -> str:
        if isinstance(factor, Call):
            return self._call(factor, level)
        return self._name(factor.name, "" if level is None else _UNIT[level])

    def _call(self, call: Call, level: int | None) -> str:
        inner, options = self._product(call.argument, level), dict(call.options)
        if call.function == LEVEL:
            one = self.indicator(inner, str(options["level"]))
            if options["coding"] != "sum":
                return one
            return self.fenced(f"{one}{self.MINUS}{self.indicator(inner, str(options['reference']))}")
        if call.function == PART:
            return self.part(inner, str(options["column"]))
        if call.function not in ("cwc", "cgm", "mean"):
            return self.called(call.function, inner, [f"{name} = {value}" for name, value in call.options])
        over = _GRAND[level or 1] if call.function == "cgm" else "j"
        mean = self.subscripted(self.bar(self._product(call.argument, None)), over)
        return mean if call.function == "mean" else self.fenced(f"{inner}{self.MINUS}{mean}")

    def _name(self, name: str, unit: str) -> str:
        return self.subscripted(self.text(without_unit(name)), unit)

    def symbol(self, symbol: str, unit: str) -> str:
        """Set a coefficient or residual of a unit (``"ij"``, ``"j"`` or none)."""

    def text(self, text: str) -> str:
        """Set words or the name of a column."""

    def subscripted(self, base: str, subscript: str) -> str:
        """Add a subscript: a unit, a number, or a dot for each level that is averaged over; it may be empty."""

    def bar(self, inner: str) -> str:
        """Set a mean."""

    def indicator(self, column: str, level: str) -> str:
        """Set what is one where the column has this level, else zero."""

    def part(self, inner: str, column: str) -> str:
        """Set one column of a function with several."""

    def called(self, function: str, inner: str, options: Sequence[str]) -> str:
        """Set any other function."""

    def fenced(self, inner: str) -> str:
        """Set parentheses."""

    def variance(self, letter: str, subscript: str) -> str:
        """Set ``tau`` of an effect, or ``sigma``, squared."""

    def normal(self, mean: str, variance: str) -> str:
        """Set a normal distribution."""

    def vector(self, symbols: Sequence[str]) -> str:
        """Set a column vector."""

    def row(self, left: str, relation: str, right: str) -> str:
        """Set a row of the whole."""


def without_unit(name: str) -> str:
    """Drop a unit subscript at the end of a column's name, because the level writes it: ``ses_ij`` -> ``ses``."""
    return re.sub("(?<=.)_(?:ij|i|j)$", "", name)
