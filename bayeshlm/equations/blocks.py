"""``cov(u0, u1) = 0`` lines -> blocks of random effects that are independent of each other."""

from __future__ import annotations

from itertools import combinations

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
    zero: dict[frozenset[str], ZeroCovariance] = {}
    for covariance in covariances:
        _check_names(text, effects, covariance)
        names = [symbol.name for symbol in covariance.symbols]
        zero |= {frozenset(pair): covariance for pair in combinations(names, 2)}
    blocks: list[list[str]] = []
    left = list(effects)
    while left:
        block = [left.pop(0)]
        for member in block:
            joined = [effect for effect in left if frozenset((member, effect)) not in zero]
            left = [effect for effect in left if effect not in joined]
            block += joined
        blocks.append(sorted(block, key=effects.index))
    for block in blocks:
        for one, other in combinations(block, 2):
            if (pair := frozenset((one, other))) in zero:
                message = (
                    f"`{one}` and `{other}` stay joined through effects that covary with both: zero covariances"
                    f" must leave blocks, so set those of `{one}` or of `{other}` with {_others(block, one, other)}"
                    " to zero too"
                )
                raise equation_error(text, zero[pair].span, message)
    return tuple(map(tuple, blocks))


def _check_names(text: str, effects: list[str], covariance: ZeroCovariance) -> None:
    seen: set[str] = set()
    for symbol in covariance.symbols:
        if symbol.name not in effects:
            known = ", ".join(f"`{effect}`" for effect in effects)
            message = f"`{symbol.name}` is not a random effect of this model; they are {known}"
            raise equation_error(text, symbol.span, message)
        if symbol.name in seen:
            message = f"`{symbol.name}` stands twice; its variance cannot be zero: leave the effect out instead"
            raise equation_error(text, symbol.span, message)
        seen.add(symbol.name)


def _others(block: list[str], one: str, other: str) -> str:
    return ", ".join(f"`{effect}`" for effect in block if effect not in (one, other))
