"""``cov(u0, u1) = 0`` lines -> blocks of random effects that are independent of each other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from bayeshlm.equations.lines import ZeroCovariance
from bayeshlm.equations.spec import Blocks
from bayeshlm.equations.tokens import equation_error


def covariance_blocks(text: str, positions: Mapping[str, int], covariances: list[ZeroCovariance]) -> tuple[Blocks, ...]:
    """Partition the random effects of each grouping by the covariances that are zero.

    Parameters
    ----------
    text : str
        The equations.
    positions : mapping of str to int
        The random effects in the order of their lines, and the position of the grouping of each.
    covariances : list of ZeroCovariance
        What the text sets to zero.

    Returns
    -------
    tuple of tuple of tuple of str
        Of each grouping the blocks, in the order of their first effects.

    Raises
    ------
    EquationError
        If a name is no random effect, if the effects have different groupings, or if what remains are not blocks: u0
        with u1 and u1 with u2 but not u0 with u2 would be a pattern of zeros in G that the LKJ prior has no place for.
    """
    naming: dict[str, list[ZeroCovariance]] = {effect: [] for effect in positions}
    for covariance in covariances:
        _check_names(text, positions, covariance)
        for symbol in covariance.symbols:
            naming[symbol.name].append(covariance)
    effects: list[list[str]] = [[] for _ in range(1 + max(positions.values()))]
    for effect, grouping in positions.items():
        effects[grouping].append(effect)
    return tuple(_partition(text, of_one, naming, covariances) for of_one in effects)


def _partition(
    text: str, effects: list[str], naming: Mapping[str, list[ZeroCovariance]], covariances: list[ZeroCovariance]
) -> Blocks:
    """Partition the effects of one grouping."""
    names = {id(one): frozenset(symbol.name for symbol in one.symbols) for one in covariances}
    zero = {effect: _union([names[id(one)] for one in naming[effect]]) for effect in effects}
    position = {effect: place for place, effect in enumerate(effects)}
    blocks: list[list[str]] = []
    left = dict.fromkeys(effects)
    while left:
        block = [next(iter(left))]
        del left[block[0]]
        for member in block:
            for effect in left.keys() - zero[member]:
                block.append(effect)
                del left[effect]
        blocks.append(sorted(block, key=position.__getitem__))
    for block in blocks:
        for one in block:
            others = (zero[one] - {one}).intersection(block)
            if others:
                other = min(others, key=position.__getitem__)
                place = next(found.span for found in reversed(naming[one]) if other in names[id(found)])
                message = (
                    f"`{one}` and `{other}` stay joined through effects that covary with both: zero covariances"
                    f" must leave blocks, so set those of `{one}` or of `{other}` with {_others(block, one, other)}"
                    " to zero too"
                )
                raise equation_error(text, place, message)
    return tuple(map(tuple, blocks))


def _union(sets: list[frozenset[str]]) -> frozenset[str]:
    return sets[0] if len(sets) == 1 else frozenset().union(*sets)


def _check_names(text: str, positions: Mapping[str, int], covariance: ZeroCovariance) -> None:
    seen: set[str] = set()
    for symbol in covariance.symbols:
        if symbol.name not in positions:
            they = ", ".join(f"`{effect}`" for effect in positions)
            message = f"`{symbol.name}` is not a random effect of this model; they are {they}"
            raise equation_error(text, symbol.span, message)
        if symbol.name in seen:
            message = f"`{symbol.name}` stands twice; its variance cannot be zero: leave the effect out instead"
            raise equation_error(text, symbol.span, message)
        first = covariance.symbols[0]
        if positions[symbol.name] != positions[first.name]:
            message = (
                f"`{first.name}` and `{symbol.name}` vary over different groupings and are independent anyway: leave"
                f" `{symbol.name}` out, or this line"
            )
            raise equation_error(text, symbol.span, message)
        seen.add(symbol.name)


def _others(block: list[str], one: str, other: str) -> str:
    return ", ".join(f"`{effect}`" for effect in block if effect not in (one, other))


def independent_effects(blocks: Blocks) -> list[tuple[str, ...]]:
    """Effects whose covariances are zero, so that a grouping has these blocks.

    Examples
    --------
    >>> independent_effects((("u0",), ("u1",), ("u2",))), independent_effects((("u0", "u1"), ("u2",)))
    ([('u0', 'u1', 'u2')], [('u0', 'u2'), ('u1', 'u2')])
    """
    if len(blocks) > 1 and all(len(block) == 1 for block in blocks):
        return [tuple(effect for (effect,) in blocks)]
    return [(one, other) for block, later in combinations(blocks, 2) for one in block for other in later]
