"""``cov(u0, u1) = 0`` lines -> blocks of random effects that are independent of each other."""

from __future__ import annotations

from collections.abc import Container

from bayeshlm.equations.lines import ZeroCovariance
from bayeshlm.equations.tokens import equation_error


def covariance_blocks(text: str, effects: list[str], covariances: list[ZeroCovariance]) -> tuple[tuple[str, ...], ...]:
    """Partition the random effects by the covariances that are zero.

    Parameters
    ----------
    text : str
        The equations.
    effects : list of str
        The random effects, in the order of the level-2 lines.
    covariances : list of ZeroCovariance
        What the text sets to zero.

    Returns
    -------
    tuple of tuple of str
        The blocks, in the order of their first effects.

    Raises
    ------
    EquationError
        If a name is no random effect, or if what remains are not blocks: u0 with u1 and u1 with u2 but not
        u0 with u2 would be a pattern of zeros in G that the LKJ prior has no place for.
    """
    naming: dict[str, list[ZeroCovariance]] = {effect: [] for effect in effects}
    for covariance in covariances:
        _check_names(text, effects, naming, covariance)
        for symbol in covariance.symbols:
            naming[symbol.name].append(covariance)
    names = {id(one): frozenset(symbol.name for symbol in one.symbols) for one in covariances}
    zero = {effect: _union([names[id(one)] for one in found]) for effect, found in naming.items()}
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


def _check_names(text: str, effects: list[str], known: Container[str], covariance: ZeroCovariance) -> None:
    seen: set[str] = set()
    for symbol in covariance.symbols:
        if symbol.name not in known:
            they = ", ".join(f"`{effect}`" for effect in effects)
            message = f"`{symbol.name}` is not a random effect of this model; they are {they}"
            raise equation_error(text, symbol.span, message)
        if symbol.name in seen:
            message = f"`{symbol.name}` stands twice; its variance cannot be zero: leave the effect out instead"
            raise equation_error(text, symbol.span, message)
        seen.add(symbol.name)


def _others(block: list[str], one: str, other: str) -> str:
    return ", ".join(f"`{effect}`" for effect in block if effect not in (one, other))
