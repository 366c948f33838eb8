"""The walk of a ModelSpec that LaTeX and MathML share; each of them says how the pieces are set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from bayeshlm.equations.covariance_blocks import independent_effects
from bayeshlm.equations.product import LEVEL, PART, Call, Factor, Option, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import UNITS
from bayeshlm.equations.written_out import in_lines, references

type Units = Sequence[str]
"""Subscripts of the units of a level, of the level above, and so on."""

_NONE: Units = ("", "")
_LETTERS = "jklmnopqrstuvwxyz"


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
        """Set the levels, the distributions of u, by blocks, and of r, and what categories are compared with."""
        units, of_groupings = subscripts(spec)
        terms = [self._term(self.symbol(term.coefficient, units[1]), term.expression, units) for term in spec.level1]
        terms += [self.called("offset", self._product(offset, units), []) for offset in spec.offsets]
        rows = self._outcome(spec, terms, units)
        effects = {
            path.symbol: self.symbol(path.symbol, of_groupings[path.grouping or 0]) for path in spec.random_paths
        }
        if spec.spread_effect:
            effects[spec.spread_effect] = self.symbol(spec.spread_effect, of_groupings[0])
        with_line = {equation.coefficient for equation in spec.equations}
        for number, level in enumerate(spec.levels[1:], 1):
            here, above = units[number:], units[number + 1]
            for line in level:
                symbols = [self.symbol(term.symbol, above if term.symbol in with_line else "") for term in line.fixed]
                terms = [
                    self._term(symbol, term.expression, here) for symbol, term in zip(symbols, line.fixed, strict=True)
                ]
                terms += [effects[effect.symbol] for effect in line.random_effects]
                rows += self._equation(self.symbol(line.coefficient, units[number]), terms, spec)
        rows += self._distributions(spec, effects)
        if spec.residual:
            rows += self._residual(spec, self.symbol(spec.residual, units[0]), units)
        notes = (f"reference of {without_unit(name)}: {to}" for name, to in references(spec))
        return [*rows, *(self.row("", "", self.text(note)) for note in notes)]

    def _residual(self, spec: ModelSpec, residual: str, units: Units) -> Iterator[str]:
        """Set the distribution of r, whose variance is sigma squared, known or predicted, and its correlations."""
        known, spread, correlation = spec.residual_spread, spec.log_spread, spec.correlation
        of_row = self.symbol("sigma", units[0])
        variance = self.squared(of_row) if spread is not None else self.variance("sigma", "")
        if known is not None and known.function == "cov":
            columns = self.listed([self._name(column.name, units[0]) for column in known.columns])
            yield self.row(self.called("cov", residual, []), self.EQUALS, self.fenced(columns))
            return
        if known is not None:
            value = known.text(lambda column: self._name(column.name, units[0]))
            variance = self.squared(value) if known.function == "sd" else value
        yield self.row(residual, self.DISTRIBUTED, self.normal(self.ZERO, variance))
        if spread is not None:
            left = self.called("log", of_row if spread.predicted == "sigma" else self.squared(of_row), [])
            terms = [self._term(self.symbol(term.symbol, ""), term.expression, units) for term in spread.terms]
            terms += [self.symbol(spread.effect, units[1])] if spread.effect else []
            yield from self._equation(left, terms, spec)
        if correlation is not None:
            pattern = self.text(correlation.pattern)
            if correlation.time is not None:
                pattern = self.called("ar1", self._name(correlation.time.name, units[0]), [])
            yield self.row(self.called("corr", residual, []), self.EQUALS, pattern)

    def _outcome(self, spec: ModelSpec, terms: list[str], units: Units) -> list[str]:
        """Set level 1, below the distribution of an outcome without a residual."""
        left, found = self._name(spec.outcome.name, units[0]), spec.distribution
        if spec.residual:
            return self._equation(left, [*terms, self.symbol(spec.residual, units[0])], spec)
        location = self.symbol(found.symbols[0], units[0])
        columns = " + ".join(self._name(column.name, units[0]) for column in found.size_columns)
        size = columns or str(found.size or "")
        arguments = [*([size] if size else []), location, *(self.symbol(one, "") for one in found.symbols[1:])]
        distribution = self.called(found.family, self.listed(arguments), [])
        predictor = location if found.link == "identity" else self.called(found.link, location, [])
        return [self.row(left, self.DISTRIBUTED, distribution), *self._equation(predictor, terms, spec)]

    def _distributions(self, spec: ModelSpec, effects: Mapping[str, str]) -> Iterator[str]:
        all_blocks = [block for blocks in spec.blocks_by_grouping for block in blocks]
        several = [block for block in all_blocks if len(block) > 1]
        _, of_groupings = subscripts(spec)
        for name, unit, blocks in zip(spec.groupings, of_groupings, spec.blocks_by_grouping, strict=True):
            behind = self.of_units(name, unit) if name is not None else ""
            for block in blocks:
                symbols = [effects[effect] for effect in block]
                if len(block) == 1:
                    left, right = symbols[0], self.normal(self.ZERO, self.variance("tau", block[0]))
                else:
                    G = self.subscripted(self.G, str(several.index(block) + 1)) if len(several) > 1 else self.G
                    left, right = self.vector(symbols), self.normal(self.ZEROS, G)
                yield self.row(left, self.DISTRIBUTED, right + behind)
            for independent in independent_effects(blocks):
                covariance = self.called("cov", self.listed([effects[effect] for effect in independent]), [])
                yield self.row(covariance, self.EQUALS, self.ZERO)

    def _equation(self, left: str, terms: Sequence[str], spec: ModelSpec) -> list[str]:
        first, *more = (self.PLUS.join(line) for line in in_lines(terms, spec))
        return [self.row(left, self.EQUALS, first), *(self.row("", "", f"{self.MORE}{line}") for line in more)]

    def _term(self, symbol: str, expression: Product, units: Units) -> str:
        return symbol if expression.is_constant else f"{symbol}{self.SPACE}{self._product(expression, units)}"

    def _product(self, product: Product, units: Units) -> str:
        """Set a product; ``units`` are those of its level and of the levels above, empty under a bar."""
        return self.SPACE.join(self._factor(factor, units) for factor in product.factors)

    def _factor(self, factor: Factor, units: Units) -> str:
        if isinstance(factor, Call):
            return self._call(factor, units)
        return self._name(factor.name, units[0])

    def _call(self, call: Call, units: Units) -> str:
        inner, options = self._product(call.argument, units), dict(call.options)
        if call.function == LEVEL:
            one = self.indicator(inner, str(options["level"]))
            if options["coding"] != "sum":
                return one
            return self.fenced(f"{one}{self.MINUS}{self.indicator(inner, str(options['reference']))}")
        if call.function == PART:
            return self.part(inner, str(options["column"]))
        if call.function not in ("cwc", "cgm", "mean"):
            return self.called(call.function, inner, [self.option(name, value) for name, value in call.options])
        if call.function == "cgm":
            over = "·" * max(sum(map(str.isalpha, units[0])), 1)
        else:
            over = units[0] if call.function == "mean" and not units[0].startswith("i") else units[1]
        mean = self.subscripted(self.bar(self._product(call.argument, _NONE)), over)
        return mean if call.function == "mean" else self.fenced(f"{inner}{self.MINUS}{mean}")

    def _name(self, name: str, unit: str) -> str:
        return self.column(name, unit)

    def symbol(self, symbol: str, unit: str) -> str:
        """Set a coefficient or residual of a unit (such as ``"ij"``, ``"j"``, ``"i(jk)"`` or none)."""

    def text(self, text: str) -> str:
        """Set words or the name of a column."""

    def column(self, name: str, unit: str) -> str:
        """Set the name of a column, of a unit or none."""

    def option(self, name: str, value: Option) -> str:
        """Set an option of a function, in words."""

    def of_units(self, grouping: str, unit: str) -> str:
        """Set whose units a distribution is that of."""

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

    def listed(self, parts: Sequence[str]) -> str:
        """Set several arguments."""

    def fenced(self, inner: str) -> str:
        """Set parentheses."""

    def variance(self, letter: str, subscript: str) -> str:
        """Set ``tau`` of an effect, or ``sigma``, squared."""

    def squared(self, inner: str) -> str:
        """Set a column or a number, squared."""

    def normal(self, mean: str, variance: str) -> str:
        """Set a normal distribution."""

    def vector(self, symbols: Sequence[str]) -> str:
        """Set a column vector."""

    def row(self, left: str, relation: str, right: str) -> str:
        """Set a row of the whole."""


def subscripts(spec: ModelSpec) -> tuple[list[str], list[str]]:
    """The subscripts of each level's units, none behind the highest, and those of each grouping's units.

    Rows are i, groupings j, k, ... from the inside out. Units of a level stand within those of the levels above.
    Crossed groupings stand in parentheses, and a cell has the letters of its columns.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> subscripts(parse("y = p0 + e; p0 = b00 + r0; b00 = g000 + u00"))
    (['ijk', 'jk', 'k', ''], ['jk', 'k'])
    >>> subscripts(parse("y = b0 + r; b0 = g00 + u0[a] + v0[b] + w0[a:b]"))
    (['i(jk)', '(jk)', ''], ['j', 'k', 'jk'])
    """
    own: dict[str | int, str] = {}
    for position, name in enumerate(spec.groupings):
        parts = (name or "").split(":")
        if len(parts) == 1 or not all(part in spec.groupings for part in parts):
            own[position] = _LETTERS[len(own)]
    letters = [
        own.get(position) or "".join(own[spec.groupings.index(part)] for part in (name or "").split(":"))
        for position, name in enumerate(spec.groupings)
    ]
    units, of_groupings = [""], dict.fromkeys(range(len(letters)), "")
    for level in reversed(spec.level_groupings):
        above = units[0]
        new = {position: "".join(letter for letter in letters[position] if letter not in above) for position in level}
        of_groupings |= {position: own_letters + above for position, own_letters in new.items()}
        here = "".join(dict.fromkeys("".join(new.values())))
        units.insert(0, (f"({here})" if len(here) > 1 else here) + above)
    return [f"i{units[0]}", *units], list(of_groupings.values())


def without_unit(name: str) -> str:
    """Drop a unit subscript at the end of a column's name, because the level writes it: ``ses_ij`` -> ``ses``."""
    return re.sub(rf"(?<=.)_(?:{UNITS})$", "", name)
