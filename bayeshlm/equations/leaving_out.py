"""A specification with effects left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bayeshlm.equations.grammar import parse_levels
from bayeshlm.equations.one_line import FixedPart, OneLine, RandomPart, all_in_level1
from bayeshlm.equations.render import expression_text, render
from bayeshlm.equations.residual_symbols import is_of_residuals, without_residual_symbols
from bayeshlm.equations.spec import LevelEquation, ModelSpec
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.unit_means import walk_calls
from bayeshlm.errors import EquationError, OptionError


def without(spec: ModelSpec, *symbols: str) -> ModelSpec:
    """Leave effects out: random effects, fixed effects, and coefficients with their lines and all above.

    A level of three or more that loses its last random effect has no units any more: its grouping is left out, and all
    terms stand in level 1 until the data sort them, as those of a formula do.

    Parameters
    ----------
    spec : ModelSpec
    *symbols : str
        In any spelling: ``"u1"``, ``"γ01"``, ``"b1"``; ``"a1"`` of ``log(sigma)``, or ``"log(sigma)"`` as a whole;
        ``"rho"``, the correlation of the residuals.

    Raises
    ------
    OptionError
        If the model has no such symbol, or is none without it.

    Examples
    --------
    >>> from bayeshlm.equations import parse, render
    >>> spec = parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1")
    >>> print(render(without(spec, "u1")))
    math = b0 + b1*ses + r
    b0 = g00 + u0
    b1 = g10
    >>> print(render(without(spec, "b1")))
    math = b0 + r
    b0 = g00 + u0
    """
    if not symbols:
        raise OptionError(f"name what is left out: {', '.join(spec.paths)}.")
    of_residuals = [symbol for symbol in symbols if isinstance(symbol, str) and is_of_residuals(spec, symbol)]
    spec = without_residual_symbols(spec, of_residuals)
    symbols = tuple(symbol for symbol in symbols if symbol not in of_residuals)
    if not symbols:
        said = f"Without {' and '.join(f'`{symbol}`' for symbol in of_residuals)}"
        return spec if spec.written != "levels" else read_again(spec, said)
    gone = {_symbol_of(spec, symbol) for symbol in symbols}
    paths = spec.paths
    gone |= {name for name, path in paths.items() if gone.intersection(path.symbols)}
    said = " and ".join(f"`{symbol}`" for symbol in symbols)
    if not set(spec.random) - gone:
        raise OptionError(f"Without {said} the model has no random effect: it is an ordinary regression.")
    if not set(spec.fixed) - gone and not spec.distribution.has_cutpoints:
        raise OptionError(f"Without {said} the model has no fixed effect: keep one, such as an intercept.")
    if _lacks_units(spec, gone):
        return _in_one_line(spec, gone, f"Without {said}")
    levels = []
    for level in spec.levels[1:]:
        lines = []
        for line in level:
            if line.coefficient in gone:
                continue
            fixed = tuple(term for term in line.fixed if term.symbol not in gone)
            effects = tuple(effect for effect in line.random_effects if effect.symbol not in gone)
            if not fixed and not effects:
                raise OptionError(
                    f"Without {said} the line of `{line.coefficient}` is empty: leave `{line.coefficient}` out as a"
                    " whole."
                )
            lines.append(replace(line, fixed=fixed, random_effects=effects))
        levels.append(tuple(lines))
    while not levels[-1]:
        levels.pop()
    used = {effect.grouping for level in levels for line in level for effect in line.random_effects}
    return read_again(_with_used_groupings(spec, gone, levels, sorted(used)), f"Without {said}")


def _lacks_units(spec: ModelSpec, gone: set[str]) -> bool:
    """Whether a level between others, or the last one, keeps lines and loses every random effect, and so its units."""
    higher = spec.levels[1:]
    lines = [[line for line in level if line.coefficient not in gone] for level in higher]
    stay = [any(one.symbol not in gone for line in level for one in line.random_effects) for level in lines]
    return len(higher) > 1 and any(level and not units for level, units in zip(lines, stay, strict=True))


def _in_one_line(spec: ModelSpec, gone: set[str], said: str) -> ModelSpec:
    """The terms that stay, all in level 1 as those of a formula: the data say at which level they stand now."""
    called = {call.function for expression in spec.expressions for call, _ in walk_calls(expression)}
    over = sorted(called & {"cwc", "mean"})
    if over:
        raise OptionError(
            f"{said} a level has no units any more, and `{over[0]}()` is taken over units: write the new model out as a"
            " whole."
        )
    random = [one for one in spec.random_paths if not gone & {*one.symbols}]
    left = {one.grouping or 0 for one in random}
    if len(left) > 1 and None in {spec.groupings[k] for k in left}:
        raise OptionError(f"{said} a level has no units any more: name the groupings of the others, `+ u0[school]`.")
    block_of = {effect: k for blocks in spec.blocks_by_grouping for k, block in enumerate(blocks) for effect in block}
    line = OneLine(
        outcome=spec.outcome,
        fixed=[FixedPart(one.product, (0, 0), one.symbol) for one in spec.fixed_paths if not gone & {*one.symbols}],
        random=[
            RandomPart(one.product, spec.groupings[one.grouping or 0], block_of[one.symbol], (0, 0), one.symbol)
            for one in random
        ],
        written="levels",
        offsets=spec.offsets,
        distribution=spec.distribution,
        residual=spec.residual,
    )
    found = replace(
        all_in_level1(render(spec), line),
        residual_spread=spec.residual_spread,
        log_spread=spec.log_spread,
        correlation=spec.correlation,
    )
    return replace(read_again(found, said), written="combined")


def _symbol_of(spec: ModelSpec, symbol: str) -> str:
    """The symbol of the model that is meant."""
    there = ", ".join(spec.paths)
    if not isinstance(symbol, str):
        raise OptionError(f"A symbol is a text such as 'u1', not {symbol!r}; the symbols are {there}.")
    name = canonical(symbol)
    if name in spec.paths:
        return name
    if name == spec.residual or name in spec.distribution.symbols:
        raise OptionError(f"{symbol!r} belongs to the outcome's distribution and stays; the symbols are {there}.")
    terms = [(term.coefficient, term.expression) for term in spec.level1]
    terms += [(term.symbol, term.expression) for line in spec.equations for term in line.fixed]
    columns = [own for own, expression in terms if symbol in re.findall(r"[\w.]+", expression_text(expression))]
    if columns:
        raise OptionError(f"{symbol!r} is a column, and an effect is named by its symbol: {', '.join(columns)}.")
    raise OptionError(f"The model has no symbol {symbol!r}; it has {there}.")


def _with_used_groupings(
    spec: ModelSpec, gone: set[str], levels: Sequence[tuple[LevelEquation, ...]], used: Sequence[int]
) -> ModelSpec:
    """Put the levels in place, and leave out the groupings over which nothing varies any more."""
    level1 = tuple(term for term in spec.level1 if term.coefficient not in gone)
    moved = tuple(
        tuple(
            replace(
                line,
                random_effects=tuple(replace(one, grouping=used.index(one.grouping)) for one in line.random_effects),
            )
            for line in level
        )
        for level in levels
    )
    stay = (tuple(tuple(one for one in block if one not in gone) for block in spec.blocks_by_grouping[k]) for k in used)
    return replace(
        spec,
        levels=(level1, *moved),
        groupings=tuple(spec.groupings[k] for k in used),
        blocks_by_grouping=tuple(tuple(block for block in blocks if block) for blocks in stay),
        written="levels",
    )


def read_again(spec: ModelSpec, said: str) -> ModelSpec:
    """The specification as its own text says it, with its places in that text.

    Raises
    ------
    OptionError
        If it cannot be written: a level has lost its units, or the role of a symbol that stands alone is not clear.
    """
    try:
        found = parse_levels(render(spec))
    except EquationError as error:
        raise OptionError(f"{said} the equations are no model: {error}") from error
    if found != spec:
        raise OptionError(f"{said} the equations would read otherwise: write the new model out as a whole.")
    return found
