"""The right side of a line above level 1: which symbols are fixed effects or coefficients, and which random effects."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from bayeshlm.equations.levels import Levels
from bayeshlm.equations.lines import Equation, Symbol, Term
from bayeshlm.equations.symbols import stem
from bayeshlm.equations.tokens import equation_error

ROWS_AND_COLUMNS = ("b", "c")
"""Letters of the random effects of rows and of columns in HLM's cross-classified models."""


@dataclass(frozen=True, slots=True)
class Side:
    """What stands in a line: terms, of fixed effects and of coefficients with a line, then random effects."""

    line: Equation
    fixed: tuple[tuple[Symbol, Term], ...]
    random: tuple[Symbol, ...]


def read_sides(text: str, levels: Levels) -> tuple[tuple[Side, ...], ...]:
    """Tell fixed from random effects: by position, and by its letters where a symbol is all there is.

    Parameters
    ----------
    text : str
        The equations.
    levels : Levels
        Their lines.

    Returns
    -------
    tuple of tuple of Side
        A side a line, by levels from the second up.

    Raises
    ------
    EquationError
        If a line has two intercepts, or a random effect that does not end it.
    """
    with_line = levels.with_line
    sides, alone = {}, {}
    for line in chain.from_iterable(levels.lines):
        symbol = line.terms[0].lone
        if len(line.terms) > 1 or symbol is None or symbol.group is not None or symbol.name in with_line:
            sides[line.symbol] = _read_side(text, line, with_line, len(levels.lines) > 1)
        else:
            alone[line.symbol] = Side(line, ((symbol, line.terms[0]),), ())
    fixed = {stem(symbol.name) for side in sides.values() for symbol, _ in side.fixed}
    random = {stem(effect.name) for side in sides.values() for effect in side.random}
    for name, side in alone.items():
        symbol, _ = side.fixed[0]
        letters = stem(symbol.name)
        is_random = letters in ("u", "v") if (letters in random) == (letters in fixed) else letters in random
        sides[name] = Side(side.line, (), (symbol,)) if is_random else side
    scaled = {stem(symbol.name) for side in sides.values() for symbol, term in side.fixed if term.lone is None}
    found = tuple(tuple(sides[line.symbol] for line in level) for level in levels.lines)
    for side in chain.from_iterable(found):
        _check_order(text, side, scaled, with_line)
    return found


def _read_side(text: str, line: Equation, with_line: frozenset[str | None], deep: bool) -> Side:
    """Read a line: its last symbol is a random effect, and so are those before it that name a grouping."""
    for term in line.terms:
        if term.symbol is None:
            raise equation_error(text, term.span, "offset(x) stands in level 1 only: `y = b0 + offset(x) + r`")
    effects = _of_rows_and_columns(line, with_line)
    left = [term for term in line.terms if term.symbol not in effects]
    if not effects:
        left, effects = _ends(left, with_line)
    fixed = tuple((term.symbol, term) for term in left if term.symbol is not None)
    if fixed and effects and effects[-1].group is None:
        last, letters = effects[-1], stem(effects[-1].name)
        as_others = deep and letters in {stem(symbol.name) for symbol, _ in fixed}
        if letters != last.name and (letters == "g" or as_others):
            raise equation_error(
                text,
                last.span,
                "the last symbol of a line is its random effect: write the intercept first,"
                f" `{line.left.name} = {last.name} + ...`, or name the random effect `u...`",
            )
    return Side(line, fixed, tuple(effects))


def _ends(terms: list[Term], with_line: frozenset[str | None]) -> tuple[list[Term], list[Symbol]]:
    """Split the random effects off that end a line."""
    left, effects = list(terms), list[Symbol]()
    while left and (symbol := left[-1].lone) is not None and symbol.name not in with_line:
        if effects and None in (symbol.group, effects[0].group):
            break
        effects.insert(0, symbol)
        left.pop()
    return left, effects


def _of_rows_and_columns(line: Equation, with_line: frozenset[str | None]) -> list[Symbol]:
    """The random effects of HLM's cross-classified models, ``theta0 + b00 + c00``, wherever they stand in the line."""
    lone = [term.lone for term in line.terms if term.lone is not None]
    if line.terms[0].lone is None or stem(lone[0].name) != "theta":
        return []
    found = [one for one in lone[1:] if one.group is None and one.name not in with_line]
    return found if all(stem(one.name) in ROWS_AND_COLUMNS for one in found) else []


def _check_order(text: str, side: Side, scaled: set[str], with_line: frozenset[str | None]) -> None:
    """Refuse two intercepts in a line, and a random effect that stands where an intercept is read."""
    lone = [symbol for symbol, term in side.fixed if term.lone is not None]
    if len(lone) > 1:
        message = "a line has one intercept: multiply the other by a column, and let the random effect end the line"
        if side.random:
            last_lacks_name = side.random[-1].group is None and lone[1].group is not None
            unnamed = side.random[-1] if last_lacks_name else lone[1]
            message += f"; several random effects name their groupings, `{unnamed.name}[school]`"
        raise equation_error(text, lone[1].span, message, lone[0].span)
    if not lone or len(side.line.terms) == 1 or side.random or lone[0].name in with_line:
        return
    if stem(lone[0].name) == "u" not in scaled:
        message = f"a random effect ends its line: move `{text[slice(*lone[0].span)]}` behind the last term"
        raise equation_error(text, lone[0].span, message)
