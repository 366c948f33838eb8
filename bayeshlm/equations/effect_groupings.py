"""The groupings of the random effects: by the names in brackets, or by their level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.lines import Symbol
from bayeshlm.equations.sides import Side
from bayeshlm.equations.symbols import stem
from bayeshlm.equations.tokens import equation_error

MOST_GROUPINGS = 17
"""So many groupings have a letter as subscript, j to z."""


@dataclass(frozen=True, slots=True)
class Groupings:
    """The groupings from the inside out, None where the text names none, and the position of each effect's."""

    names: tuple[str | None, ...]
    positions: dict[str, int]


def find_groupings(text: str, sides: Sequence[Sequence[Side]]) -> Groupings:
    """Find the grouping of each random effect.

    ``u0[school]`` names it. Where no effect of a level does, the units of that level are meant. With two levels and one
    grouping, one effect that names it is enough. In HLM's cross-classified models, ``theta0 + b00 + c00``, letters tell
    the unnamed groupings apart.

    Parameters
    ----------
    text : str
        The equations.
    sides : sequence of sequence of Side
        The lines of each level from the second up.

    Raises
    ------
    EquationError
        If some effects of a level name groupings and others do not, if one coefficient varies twice over the same
        units, or if a level has no grouping of its own.
    """
    effects = [[effect for side in level for effect in side.random] for level in sides]
    named = {effect.group.name for level in effects for effect in level if effect.group is not None}
    highest: dict[str | int | tuple[int, str], int] = {}
    keys: dict[str, str | int | tuple[int, str]] = {}
    for number, level in enumerate(effects):
        if len(sides) > 1 or len(named) > 1:
            _check_all_named(text, level)
        crossed = any(len([one for one in side.random if one.group is None]) > 1 for side in sides[number])
        for effect in level:
            one = next(iter(named), number) if len(sides) == 1 else number
            unnamed = (number, stem(effect.name)) if crossed else one
            key = unnamed if effect.group is None else effect.group.name
            highest[key], keys[effect.name] = number, key
    ordered = sorted(highest, key=highest.__getitem__)
    if len(ordered) > MOST_GROUPINGS:
        place = next(effect for level in effects for effect in level if keys[effect.name] == ordered[MOST_GROUPINGS])
        message = f"this is grouping number {MOST_GROUPINGS + 1}: up to {MOST_GROUPINGS} are read"
        raise equation_error(text, place.span, message)
    for number in range(len(sides)):
        if number not in highest.values():
            raise _no_units(text, sides, number, effects[number])
    positions = {effect: ordered.index(key) for effect, key in keys.items()}
    _check_once(text, sides, positions)
    return Groupings(tuple(key if isinstance(key, str) else None for key in ordered), positions)


def _check_all_named(text: str, level: Sequence[Symbol]) -> None:
    named = [effect for effect in level if effect.group is not None]
    unnamed = [effect for effect in level if effect.group is None]
    if named and unnamed:
        one, other = unnamed[0], named[0]
        group = text[slice(*other.group.span)] if other.group is not None and other.group.span else ""
        message = (
            f"`{one.name}` names no grouping, but `{other.name}[{group}]` of the same level does: write"
            f" `{one.name}[{group}]`, or the other grouping that it belongs to"
        )
        raise equation_error(text, one.span, message, other.span)


def _check_once(text: str, sides: Sequence[Sequence[Side]], positions: dict[str, int]) -> None:
    """A coefficient varies once over the units of a grouping, in its line or in that of its intercept."""
    inherited: dict[str, dict[int, Symbol]] = {}
    for level in sides:
        for side in level:
            taken = dict(inherited.get(side.line.symbol or "", {}))
            for effect in side.random:
                other = taken.setdefault(positions[effect.name], effect)
                if other is not effect:
                    message = (
                        f"`{effect.name}` and `{other.name}` are deviations of the same coefficient between the same"
                        f" units: leave one of them out, or name another grouping, `{effect.name}[...]`"
                    )
                    raise equation_error(text, effect.span, message, other.span)
            inherited |= {symbol.name: taken for symbol, term in side.fixed if term.lone is not None}


def _no_units(text: str, sides: Sequence[Sequence[Side]], number: int, effects: Sequence[Symbol]) -> Exception:
    """Build the error for a level whose lines vary over no units of their own."""
    level, line = number + 2, sides[number][0].line
    lifted = line if number + 1 == len(sides) else sides[number + 1][0].line
    instead = f"put the right side of the line of `{lifted.left.name}` in place of `{lifted.left.name}`"
    if effects:
        message = (
            f"the random effects of level {level} have groupings that stand in level {level + 1} too, so that it has no"
            f" units of its own: {instead}"
        )
        return equation_error(text, effects[0].span, message)
    message = (
        f"no line of level {level} has a random effect, so that it has no units: end one with it, such as `+ u0` in the"
        f" line of `{line.left.name}`, or {instead}"
    )
    return equation_error(text, (line.span[1], line.span[1] + 1), message)
