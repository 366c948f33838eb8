"""One equation or formula -> a specification whose terms all stand in level 1, until the data sort them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.distribution import NORMAL, Distribution
from bayeshlm.equations.product import Column, Factor, Product, Span
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect, Written
from bayeshlm.equations.symbols import stem
from bayeshlm.equations.tokens import equation_error

EFFECT_LETTERS = "uvwzqsdfhklmn"
"""Of the random effects of the first, second, ... grouping of a line."""


@dataclass(frozen=True, slots=True)
class FixedPart:
    """A fixed effect and what multiplies it; without a symbol it is given one."""

    expression: Product
    span: Span
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class RandomPart:
    """A random effect, what multiplies it, its grouping, and a number that those have in common that covary."""

    expression: Product
    grouping: str | None
    block: int
    span: Span
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class OneLine:
    """What one line says.

    Attributes
    ----------
    outcome : Column
    fixed : sequence of FixedPart
    random : sequence of RandomPart
    written : {"formula", "combined"}
    offsets : sequence of Product
    distribution : Distribution
    residual : str
        Empty where a distribution stands in its place.
    """

    outcome: Column
    fixed: Sequence[FixedPart]
    random: Sequence[RandomPart]
    written: Written
    offsets: Sequence[Product] = ()
    distribution: Distribution = NORMAL
    residual: str = ""


type TermKey = frozenset[tuple[Factor, int]]


def term_key(expression: Product) -> TermKey:
    """What makes a product the term that it is: its factors, in whatever order."""
    return frozenset(Counter(expression.factors).items())


def numbered(letter: str, places: Sequence[int], width: int = 1) -> str:
    """Write a symbol of a letter and the digits of places, each as wide as the widest: ``g01``, ``g0012``."""
    return letter + "".join(f"{place:0{width}}" for place in places)


def free_letter(symbols: Sequence[str]) -> str:
    """The first letter with which none of the symbols begins."""
    taken = {stem(symbol)[:1] for symbol in symbols}
    return next((letter for letter in "bpqacdhk" if letter not in taken), "coefficient")


def all_in_level1(text: str, line: OneLine) -> ModelSpec:
    """Make the specification in which each term has a coefficient of level 1, and each random effect its line.

    Parameters
    ----------
    text : str
        The formula or equation, which errors quote.
    line : OneLine
        What it says.

    Raises
    ------
    EquationError
        If a term stands twice, as fixed effect or as random effect of one grouping.
    """
    keys: dict[TermKey, Product] = {}
    fixed_of: dict[TermKey, list[FixedPart]] = {}
    random_of: dict[TermKey, list[RandomPart]] = {}
    for part in line.fixed:
        keys.setdefault(key := term_key(part.expression), part.expression)
        fixed_of.setdefault(key, []).append(part)
    for effect in line.random:
        keys.setdefault(key := term_key(effect.expression), effect.expression)
        random_of.setdefault(key, []).append(effect)
    ordered = sorted(keys.values(), key=lambda expression: not expression.is_constant)
    groupings = tuple(dict.fromkeys(part.grouping for part in line.random))
    own = [part.symbol or "" for part in line.fixed] + [part.symbol or "" for part in line.random]
    letter, width = free_letter([*own, line.residual]), len(str(len(keys)))
    level1, level2 = [], []
    blocks: list[dict[int, list[str]]] = [{} for _ in groupings]
    for number, expression in enumerate(ordered, 0 if ordered[0].is_constant else 1):
        fixed = fixed_of.get(term_key(expression), [])
        random = sorted(random_of.get(term_key(expression), []), key=lambda one: groupings.index(one.grouping))
        _check_once(text, fixed, random)
        coefficient, span = numbered(letter, [number], width), fixed[0].span if fixed else random[0].span
        effects = []
        for effect in random:
            position = groupings.index(effect.grouping)
            symbol = effect.symbol or numbered(EFFECT_LETTERS[position], [number], width)
            effects.append(RandomEffect(symbol, position))
            blocks[position].setdefault(effect.block, []).append(symbol)
        terms = [FixedTerm(part.symbol or numbered("g", [number, 0], width), Product(), part.span) for part in fixed]
        level1.append(Level1Term(coefficient, expression, span))
        level2.append(LevelEquation(coefficient, tuple(terms), tuple(effects), span))
    return ModelSpec(
        outcome=line.outcome,
        levels=(tuple(level1), tuple(level2)),
        groupings=groupings,
        residual=line.residual,
        blocks_by_grouping=tuple(tuple(map(tuple, of_one.values())) for of_one in blocks),
        offsets=tuple(line.offsets),
        distribution=line.distribution,
        text=text,
        written=line.written,
    )


def _check_once(text: str, fixed: Sequence[FixedPart], random: Sequence[RandomPart]) -> None:
    if len(fixed) > 1:
        raise equation_error(text, fixed[1].span, "this term stands twice: leave one of them out", fixed[0].span)
    for number, part in enumerate(random):
        for other in random[:number]:
            if other.grouping == part.grouping:
                message = (
                    f"`{part.grouping}` has this random effect twice: leave one out, and an intercept by `0 +`, as in"
                    " (1 | g) + (0 + x | g)"
                )
                raise equation_error(text, part.span, message, other.span)
