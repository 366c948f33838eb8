"""Effects with what multiplies them in each level -> the lines of level equations, and their symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayeshlm.equations.one_line import EFFECT_LETTERS, free_letter, numbered, term_key
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect

_LETTERS = "qpbg"
"""Of the coefficients and fixed effects, the last of the highest level: ``b``, ``g``; ``p``, ``b``, ``g``."""
_EFFECTS = ("hijklmno", "rstmkdf", EFFECT_LETTERS)
"""Of the random effects, the last of the highest level; one a grouping."""

type _Prefix = tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """An effect, what multiplies it in each level from the first upward, and the grouping of a random effect."""

    symbol: str
    path: tuple[Product, ...]
    grouping: int | None


def level_lines(
    spec: ModelSpec, placed: Sequence[Placed], levels: Sequence[Sequence[int]]
) -> tuple[ModelSpec, tuple[int, ...]]:
    """Make the level equations that hold effects at their places.

    Parameters
    ----------
    spec : ModelSpec
        The model whose terms all stand in level 1.
    placed : sequence of Placed
        Its fixed and random effects.
    levels : sequence of sequence of int
        Positions of the groupings of each level above the first.

    Returns
    -------
    spec : ModelSpec
        Of a formula with new symbols; those of a combined equation are the user's own.
    groupings : tuple of int
        Positions in the first specification of those of the second.
    """
    tree = _Tree(placed, len(levels))
    namer = _Namer(spec, placed, levels, tree)
    spans = {term.symbol: term.span for line in spec.equations for term in line.fixed}
    lines: list[tuple[LevelEquation, ...]] = []
    appear: dict[int, int] = {}
    of_sd = [spec.spread_effect] if spec.spread_effect else []
    found: dict[str, str] = {one: one for one in of_sd}
    for depth in range(1, len(levels) + 1):
        level = []
        for prefix in tree.with_line(depth):
            fixed, effects = [], []
            for longer in tree.below(prefix):
                ends = tree.fixed_at(longer)
                symbol = (
                    namer.coefficient(longer) if tree.has_line(longer) or ends is None else namer.fixed(ends, longer)
                )
                if ends is not None and not tree.has_line(longer):
                    found[ends.symbol] = symbol
                fixed.append(FixedTerm(symbol, longer[-1], None if ends is None else spans.get(ends.symbol)))
            for effect in sorted(tree.effects(prefix), key=lambda one: one.grouping or 0):
                symbol = found[effect.symbol] = namer.random(effect, prefix)
                effects.append(RandomEffect(symbol, effect.grouping or 0))
                appear.setdefault(effect.grouping or 0, len(appear))
            level.append(LevelEquation(namer.coefficient(prefix), tuple(fixed), tuple(effects)))
        lines.append(tuple(level))
    order = tuple(k for one in levels for k in sorted(one, key=appear.__getitem__))
    level1 = tuple(Level1Term(namer.coefficient(prefix), prefix[0]) for prefix in tree.with_line(1))
    higher = tuple(tuple(_reordered(line, order) for line in level) for level in lines)
    written = [*(effect.symbol for level in higher for line in level for effect in line.random_effects), *of_sd]
    blocks = tuple(
        tuple(
            sorted(
                (
                    tuple(sorted((found[one] for one in block), key=written.index))
                    for block in spec.blocks_by_grouping[k]
                ),
                key=lambda block: written.index(block[0]),
            )
        )
        for k in order
    )
    placed_spec = replace(
        spec,
        levels=(level1, *higher),
        groupings=tuple(spec.groupings[k] for k in order),
        blocks_by_grouping=blocks,
        residual="e" if spec.written == "formula" and spec.residual and len(levels) > 1 else spec.residual,
        written="levels",
    )
    return placed_spec, order


def _reordered(line: LevelEquation, order: Sequence[int]) -> LevelEquation:
    effects = [replace(effect, grouping=order.index(effect.grouping)) for effect in line.random_effects]
    return replace(line, random_effects=tuple(sorted(effects, key=lambda effect: effect.grouping)))


class _Tree:
    """The coefficients, known by what multiplies them and those below, in the order of their terms."""

    def __init__(self, placed: Sequence[Placed], depth: int) -> None:
        self._fixed = {_key(one.path): one for one in placed if one.grouping is None}
        self._random: dict[tuple[object, ...], list[Placed]] = {}
        self._prefixes: dict[tuple[object, ...], _Prefix] = {}
        self._depth = depth
        for one in placed:
            if one.grouping is not None:
                self._random.setdefault(_key(one.path), []).append(one)
            for length in range(1, len(one.path) + 1):
                self._prefixes.setdefault(_key(one.path[:length]), one.path[:length])

    def below(self, prefix: _Prefix) -> list[_Prefix]:
        """The terms of the line of a coefficient, the intercept first."""
        key = _key(prefix)
        found = [one for k, one in self._prefixes.items() if len(k) == len(key) + 1 and k[:-1] == key]
        return sorted(found, key=lambda one: not one[-1].is_constant)

    def effects(self, prefix: _Prefix) -> list[Placed]:
        """The random effects of the line of a coefficient."""
        return self._random.get(_key(prefix), [])

    def fixed_at(self, prefix: _Prefix) -> Placed | None:
        """The fixed effect that is the intercept of the coefficient and of all its intercepts, if there is one."""
        rest = (Product(),) * (self._depth + 1 - len(prefix))
        return self._fixed.get(_key((*prefix, *rest)))

    def has_line(self, prefix: _Prefix) -> bool:
        """Whether a coefficient is more than a fixed effect."""
        if len(prefix) == 1:
            return True
        if len(prefix) > self._depth:
            return False
        below = self.below(prefix)
        return bool(self.effects(prefix)) or any(not one[-1].is_constant or self.has_line(one) for one in below)

    def with_line(self, depth: int) -> list[_Prefix]:
        """The coefficients of a level that have a line, in the order of the lines below."""
        if depth == 1:
            return sorted(
                (one for k, one in self._prefixes.items() if len(k) == 1), key=lambda one: not one[0].is_constant
            )
        return [
            longer for prefix in self.with_line(depth - 1) for longer in self.below(prefix) if self.has_line(longer)
        ]

    def places(self, prefix: _Prefix) -> list[int]:
        """The position of each part of a path among its siblings: 0 is the intercept."""
        found = []
        for length in range(1, len(prefix) + 1):
            siblings = self.with_line(1) if length == 1 else self.below(prefix[: length - 1])
            keys = [_key(one) for one in siblings]
            shift = 0 if siblings[0][-1].is_constant else 1
            found.append(keys.index(_key(prefix[:length])) + shift)
        return found

    @property
    def widest(self) -> int:
        """Digits that the highest position needs."""
        return max(len(str(place)) for prefix in self._prefixes.values() for place in self.places(prefix))


class _Namer:
    """Symbols by place: ``b1``, ``g11``, ``u1``."""

    def __init__(self, spec: ModelSpec, placed: Sequence[Placed], levels: Sequence[Sequence[int]], tree: _Tree) -> None:
        self._own = spec.written == "combined"
        self._tree, self._levels, self._width = tree, levels, tree.widest
        self._letters = _LETTERS[-len(levels) - 1 :].rjust(len(levels) + 1, "q")
        if self._own:
            of_sd = () if spec.log_spread is None else spec.log_spread.symbols
            taken = [*(one.symbol for one in placed), spec.residual, *of_sd]
            letters: list[str] = []
            for _ in levels:
                letters.append(free_letter([*taken, *letters]))
            self._letters = "".join(letters) + "g"

    def coefficient(self, prefix: _Prefix) -> str:
        """Name a coefficient with a line."""
        return numbered(self._letters[len(prefix) - 1], self._tree.places(prefix), self._width)

    def fixed(self, effect: Placed, prefix: _Prefix) -> str:
        """Name a fixed effect."""
        return effect.symbol if self._own else self.coefficient(prefix)

    def random(self, effect: Placed, prefix: _Prefix) -> str:
        """Name a random effect by the line that it ends, with a letter of its own in a level of several groupings."""
        if self._own:
            return effect.symbol
        groupings = self._levels[len(prefix) - 1]
        letters = _EFFECTS[max(len(prefix) - 1 - len(self._levels), -len(_EFFECTS))]
        letter = letters[groupings.index(effect.grouping or 0) % len(letters)]
        return numbered(letter, self._tree.places(prefix), self._width)


def _key(path: Sequence[Product]) -> tuple[object, ...]:
    return tuple(map(term_key, path))
