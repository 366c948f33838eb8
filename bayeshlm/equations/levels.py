"""Which equation is level 1, and which line belongs to each symbol of the level below."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bayeshlm.equations.lines import Equation, Symbol, Term
from bayeshlm.equations.outcome_lines import OutcomeLines
from bayeshlm.equations.product import Column, Product
from bayeshlm.equations.spec import Level1Term
from bayeshlm.equations.symbols import canonical, is_usual, stem
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError


@dataclass(frozen=True, slots=True)
class Levels:
    """The level-1 equation taken apart.

    ``lines`` holds the lines of each higher level: in level 2 one a coefficient, above one a symbol that has a line.
    """

    outcome: Column
    coefficients: tuple[Symbol, ...]
    terms: tuple[Level1Term, ...]
    offsets: tuple[Product, ...]
    residual: Symbol | None
    lines: tuple[tuple[Equation, ...], ...]

    @property
    def with_line(self) -> frozenset[str | None]:
        """The symbols that have a line."""
        return frozenset(line.symbol for level in self.lines for line in level)


def sort_levels(text: str, equations: list[Equation], stated: OutcomeLines) -> Levels:
    """Find level 1 by position and match its coefficients to the other lines.

    Parameters
    ----------
    text : str
        The equations.
    equations : list of Equation
        All equations of the text, in any order; at least one.
    stated : OutcomeLines
        What the text says of the outcome's distribution: without a residual, its first symbol is the left side of
        level 1.

    Raises
    ------
    EquationError
        If there is no level-1 equation or more than one, if a coefficient of level 1 has no line, or any symbol
        two, if a line's symbol stands in no line below or in two, or if the residual is missing.
    """
    level1 = _find_level1(text, equations) if stated.has_residual else _predictor(text, equations, stated)
    lines = _lines_by_symbol(text, [equation for equation in equations if equation is not level1])
    if not lines:
        raise _only_one_equation(text, level1)
    residual = _residual(text, level1, lines, stated)
    terms = [term for term in level1.terms[: -1 if residual else None] if term.symbol is not None]
    if not terms:
        end = f" + {residual.name}" if residual else ""
        raise equation_error(text, level1.span, f"level 1 has no coefficient: write `{level1.left.name} = b0{end}`")
    for number, term in enumerate(terms):
        _check_coefficient(text, level1, term, number, lines)
    coefficients = tuple(term.symbol for term in terms if term.symbol is not None)
    by_level = _by_level(text, coefficients, lines)
    if residual and not level1.quoted and level1.left.name == text[slice(*residual.span)]:
        other = "e" if residual.name == "r" else "r"
        message = f"`{level1.left.name}` is the outcome and cannot be the residual too: name the residual `{other}`"
        raise equation_error(text, residual.span, message, level1.left.span)
    return Levels(
        outcome=level1.left,
        coefficients=coefficients,
        terms=tuple(
            Level1Term(symbol.name, term.expression, term.span)
            for symbol, term in zip(coefficients, terms, strict=True)
        ),
        offsets=tuple(term.expression for term in level1.terms if term.symbol is None),
        residual=residual,
        lines=by_level,
    )


def _predictor(text: str, equations: list[Equation], stated: OutcomeLines) -> Equation:
    """Level 1 is the line of what the distribution names."""
    found = [equation for equation in equations if equation.symbol == stated.symbols[0].name]
    if len(found) > 1:
        message = f"`{found[1].left.name}` has two lines: put all its terms into one"
        raise equation_error(text, found[1].left_span, message, found[0].left_span)
    if not found:
        raise equation_error(text, stated.symbols[0].span, "this has no line that predicts it")
    return found[0]


def _find_level1(text: str, equations: list[Equation]) -> Equation:
    """Level 1 is the line whose left side no other line uses, and which uses other lines' left sides."""
    candidates = [equation for equation in equations if equation.quoted]
    if not candidates:
        uses = Counter(symbol for equation in equations for symbol in equation.symbols)
        lefts = Counter(equation.symbol for equation in equations)
        roots = [
            equation for equation in equations if uses[equation.symbol or ""] == (equation.symbol in equation.symbols)
        ]
        candidates = [
            equation for equation in roots if any(symbol in lefts for symbol in equation.symbols - {equation.symbol})
        ]
        if not roots:
            candidates = [equation for equation in equations if _only_coefficients(equation, lefts)]
            candidates = candidates if len(candidates) == 1 else []
        elif not candidates:
            return roots[0]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        first, second = candidates[:2]
        message = (
            f"`{second.left.name}` and `{first.left.name}` both stand as outcome of level 1: a model has one"
            " outcome, and each coefficient is the left side of one other line"
        )
        raise equation_error(text, second.left_span, message, first.left.span)
    raise equation_error(
        text,
        equations[0].left_span,
        "every left side is used in another line, so that the outcome cannot be told: put backticks around"
        " the outcome's column",
    )


def _only_coefficients(equation: Equation, lefts: Counter[str | None]) -> bool:
    symbols = [term.symbol.name for term in equation.terms[:-1] if term.symbol is not None]
    return bool(symbols) and all(symbol in lefts for symbol in symbols)


def _lines_by_symbol(text: str, equations: list[Equation]) -> dict[str, Equation]:
    lines: dict[str, Equation] = {}
    for equation in equations:
        symbol = equation.symbol or ""
        if symbol in lines:
            message = f"the coefficient `{symbol}` has two lines: put all its terms into one"
            raise equation_error(text, equation.left_span, message, lines[symbol].left.span)
        lines[symbol] = equation
    return lines


def _residual(text: str, level1: Equation, lines: dict[str, Equation], stated: OutcomeLines) -> Symbol | None:
    """The symbol that ends level 1; none where a line names the distribution, which stands in its place."""
    last = level1.terms[-1]
    if not stated.has_residual:
        if last.lone is None or last.lone.name in lines:
            return None
        family = stated.distribution.family
        message = f"a {family} outcome has no residual beside its distribution: leave `{text[slice(*last.span)]}` out"
        raise equation_error(text, last.span, message)
    if last.lone is not None and last.lone.name not in lines:
        return last.lone
    message = "level 1 ends with its residual: add `+ r`"
    for term in level1.terms[:-1]:
        if term.lone is not None and term.lone.name not in lines:
            message = f"level 1 ends with its residual: move `{text[slice(*term.span)]}` to the end of the line"
    raise equation_error(text, (level1.span[1], level1.span[1] + 1), message)


def _check_coefficient(text: str, level1: Equation, term: Term, number: int, lines: dict[str, Equation]) -> None:
    symbol = term.symbol
    if symbol is None or symbol.name in lines:
        return
    written = text[slice(*symbol.span)]
    factors = term.expression.factors
    if len(factors) == 1 and isinstance(factors[0], Column) and canonical(factors[0].name) in lines:
        message = f"the coefficient stands before its column: write `{factors[0].name}*{written}`"
    elif _is_gamma(symbol) and level1.symbol is not None and is_usual(level1.symbol):
        message = (
            f"level 1 is missing: `{written}` has no level-2 line, and `{level1.left.name}` is no outcome; add"
            f" `y = {level1.left.name} + ... + r` with the outcome's column for `y`"
        )
    elif _is_gamma(symbol):
        product = text[slice(*term.span)].replace(written, f"b{number}", 1)
        message = (
            f"`{written}` is a fixed effect's symbol, and level 1 has coefficients: write `{product}` here and"
            f" `b{number} = {written}` on a line of its own"
        )
    else:
        lines_to_add = " or ".join(f"`{line}`" for line in _suggest(written, number))
        message = f"the coefficient `{written}` has no level-2 line: add {lines_to_add}"
    raise equation_error(text, symbol.span, message)


def _is_gamma(symbol: Symbol) -> bool:
    return stem(symbol.name) == "g" != symbol.name


def _by_level(
    text: str, coefficients: tuple[Symbol, ...], lines: dict[str, Equation]
) -> tuple[tuple[Equation, ...], ...]:
    """Sort lines by how many of them a symbol is away from the outcome's."""
    levels: list[tuple[Equation, ...]] = []
    places: dict[str, tuple[str, Symbol]] = {}
    here = [("as a coefficient of level 1", symbol) for symbol in coefficients]
    while here:
        for place, symbol in here:
            if symbol.name in places:
                other, first = places[symbol.name]
                stands = f"stands twice {place}" if place == other else f"stands here {place}, elsewhere {other}"
                message = f"`{symbol.name}` {stands}: a symbol has one use, give one of them another name"
                raise equation_error(text, symbol.span, message, first.span)
            places[symbol.name] = (place, symbol)
        levels.append(tuple(lines[symbol.name] for _, symbol in here))
        here = [
            (f"in the line of `{line.left.name}`", term.symbol)
            for line in levels[-1]
            for term in line.terms
            if term.symbol is not None and term.symbol.name in lines
        ]
    for name, line in lines.items():
        if name not in places:
            message = f"`{line.left.name}` is not a coefficient of level 1"
            if any(name in other.symbols for other in lines.values()):
                message += ", nor does it stand in the line of one"
            raise equation_error(text, line.left_span, f"{message}: add `{name}*x` there or drop this line")
    return tuple(levels)


def _only_one_equation(text: str, level1: Equation) -> EquationError:
    symbols = [term.symbol for term in level1.terms if term.symbol is not None]
    first = symbols[0] if symbols else None
    span = level1.span if first is None else first.span
    written = "b0" if first is None else text[slice(*span)]
    if first is not None and _is_gamma(first):
        return equation_error(
            text,
            span,
            f"this is the only equation, and `{written}` a fixed effect's symbol: take the combined equation apart into"
            f" levels, such as `{level1.left.name} = b0 + b1*x + r`, `b0 = {written} + u0` and `b1 = g10 + u1`",
        )
    return equation_error(
        text,
        span,
        "this is the only equation, a regression without levels: each coefficient needs a level-2 line;"
        f" add `{_suggest(written, 0)[1]}`, and a line such as `b1 = g10` for each other",
    )


def _suggest(coefficient: str, number: int) -> tuple[str, str]:
    """Suggest level-2 lines: the same in all groups, and varying."""
    digits = "".join(filter(str.isdigit, canonical(coefficient))) or str(number)
    return f"{coefficient} = g{digits}0", f"{coefficient} = g{digits}0 + u{digits}"
