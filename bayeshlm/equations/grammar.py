"""Text -> ModelSpec: the roles of the symbols, by their position."""

from __future__ import annotations

from collections.abc import Iterator

from bayeshlm.equations.centered import center
from bayeshlm.equations.covariance_blocks import covariance_blocks
from bayeshlm.equations.levels import Levels, sort_levels
from bayeshlm.equations.lines import Equation, Symbol, Term, ZeroCovariance, read_line
from bayeshlm.equations.mixed import check_mixed
from bayeshlm.equations.printed import Normality, read_printed
from bayeshlm.equations.spec import Call, FixedTerm, LevelEquation, ModelSpec, Product, RandomEffect
from bayeshlm.equations.symbols import stem
from bayeshlm.equations.tokens import equation_error, tokenize
from bayeshlm.errors import EquationError

_EXAMPLE = "\n    mathach = b0 + b1*ses + r\n    b0 = g00 + u0\n    b1 = g10"
_LONGEST_TEXT = 100_000
_RESERVED = ("sigma", "corr")


def parse(text: str) -> ModelSpec:
    """Read the level equations of a model.

    Level 1 is one line, ``outcome = coefficient*expression + ... + residual``; level 2 is a line for each
    coefficient, ``coefficient = fixed*expression + ... + random effect``, as in Raudenbush & Bryk (2002,
    chapter 2). Position decides what a symbol is, never its letter.

    Parameters
    ----------
    text : str
        The equations, a line or ``;`` between them, up to 100,000 characters; ``#`` begins a comment. What HLM prints
        with them is read too: sentences that center a column, and the mixed model.

    Returns
    -------
    ModelSpec
        What the equations say; two texts that say the same give equal specifications.

    Raises
    ------
    EquationError
        If the text cannot be read; the message quotes the line with a caret under the place.

    Examples
    --------
    >>> spec = parse('''
    ...     Level 1:  math_ij = β_0j + β_1j*cwc(ses) + ε_ij
    ...     Level 2:  β_0j = γ_00 + γ_01*sector + U_0j
    ...               β_1j = γ_10
    ... ''')
    >>> spec.coefficients, spec.fixed, spec.random, spec.residual
    (('b0', 'b1'), ('g00', 'g01', 'g10'), ('u0',), 'e')
    """
    if not isinstance(text, str):
        raise EquationError(f"the equations are a text, not {type(text).__name__}; for example{_EXAMPLE}")
    if len(text) > _LONGEST_TEXT:
        raise EquationError(
            f"the equations have {len(text):,} characters, and up to {_LONGEST_TEXT:,} are read: one line for the"
            f" outcome and one for each of its coefficients are enough, for example{_EXAMPLE}"
        )
    printed = read_printed(text)
    lines = [read_line(text, tokens) for tokens in tokenize(printed.equations)]
    equations = [line for line in lines if isinstance(line, Equation)]
    if not equations and printed.mixed.strip():
        raise EquationError(f"the text holds a mixed model alone; write one equation a level, for example{_EXAMPLE}")
    if not equations:
        raise EquationError(f"the text holds no equation; write one equation a level, for example{_EXAMPLE}")
    levels = sort_levels(text, equations)
    sides = _read_sides(text, levels)
    _check_roles(text, levels, sides)
    random = [effect for _, effect in sides if effect is not None]
    covariances = [line for line in lines if isinstance(line, ZeroCovariance)]
    for normality in printed.normalities:
        _check_normality(text, normality, levels, [effect.name for effect in random])
    level2 = tuple(
        LevelEquation(
            coefficient.name,
            tuple(FixedTerm(symbol.name, term.expression, term.span) for symbol, term in fixed),
            () if effect is None else (RandomEffect(effect.name),),
            line.span,
        )
        for coefficient, line, (fixed, effect) in zip(levels.coefficients, levels.lines, sides, strict=True)
    )
    spec = ModelSpec(
        outcome=levels.outcome,
        levels=(levels.terms, level2),
        groupings=(_group(text, random),),
        residual=levels.residual.name,
        blocks_by_grouping=(covariance_blocks(text, [effect.name for effect in random], covariances),),
        offsets=levels.offsets,
        text=text,
    )
    check_mixed(text, printed.mixed, spec)
    return center(text, spec, printed.centerings)


type _Side = tuple[list[tuple[Symbol, Term]], Symbol | None]
"""Right side of a level-2 line: its fixed effects and its random effect."""


def _read_sides(text: str, levels: Levels) -> list[_Side]:
    """Tell fixed from random effects: by position, and by its letters where a symbol is all there is."""
    sides = {
        line.symbol: _read_side(text, line)
        for line in levels.lines
        if len(line.terms) > 1 or line.terms[0].lone is None or line.terms[0].lone.group is not None
    }
    fixed = {stem(symbol.name) for side in sides.values() for symbol, _ in side[0]}
    random = {stem(effect.name) for _, effect in sides.values() if effect is not None}
    for line in levels.lines:
        symbol = line.terms[0].lone
        if line.symbol in sides or symbol is None:
            continue
        letters = stem(symbol.name)
        is_random = letters in ("u", "v") if (letters in random) == (letters in fixed) else letters in random
        sides[line.symbol] = ([], symbol) if is_random else ([(symbol, line.terms[0])], None)
    scaled = {stem(symbol.name) for side in sides.values() for symbol, term in side[0] if term.lone is None}
    for line in levels.lines:
        _check_order(text, line, sides[line.symbol], scaled)
    return [sides[line.symbol] for line in levels.lines]


def _read_side(text: str, line: Equation) -> _Side:
    for term in line.terms:
        _check_level2_term(text, term)
    last = line.terms[-1].lone
    if last is not None and len(line.terms) > 1 and stem(last.name) == "g" != last.name and last.group is None:
        raise equation_error(
            text,
            last.span,
            "the last symbol of a line is its random effect: write the intercept first,"
            f" `{line.left.name} = {last.name} + ...`, or name the random effect `u...`",
        )
    fixed = line.terms if last is None else line.terms[:-1]
    return [(term.symbol, term) for term in fixed if term.symbol is not None], last


def _check_order(text: str, line: Equation, side: _Side, scaled: set[str]) -> None:
    """Refuse two intercepts in a line, and a random effect that stands where an intercept is read."""
    lone = [symbol for symbol, term in side[0] if term.lone is not None]
    if len(lone) > 1:
        message = "a line has one intercept: multiply the other by a column, and let the random effect end the line"
        raise equation_error(text, lone[1].span, message, lone[0].span)
    if lone and len(line.terms) > 1 and side[1] is None and stem(lone[0].name) == "u" not in scaled:
        message = f"a random effect ends its line: move `{text[slice(*lone[0].span)]}` behind the last term"
        raise equation_error(text, lone[0].span, message)


def _check_level2_term(text: str, term: Term) -> None:
    if term.symbol is None:
        raise equation_error(text, term.span, "offset(x) stands in level 1 only: `y = b0 + offset(x) + r`")
    for call in _calls(term.expression):
        if call.function == "cwc":
            message = (
                "cwc(x) is zero here: in a level-2 line x has one value a group, and centering within groups"
                " leaves nothing; write cgm(x) to center it around its mean over groups"
            )
            raise equation_error(text, call.span or term.span, message)


def _calls(expression: Product) -> Iterator[Call]:
    for factor in expression.factors:
        if isinstance(factor, Call):
            yield factor
            yield from _calls(factor.argument)


def _check_roles(text: str, levels: Levels, sides: list[_Side]) -> None:
    """Every symbol has one role, in one place; the model has fixed and random effects."""
    fixed = [symbol for side in sides for symbol, _ in side[0]]
    random = [effect for _, effect in sides if effect is not None]
    seen: dict[str, tuple[str, Symbol]] = {}
    for role, symbols in (
        ("a coefficient of level 1", levels.coefficients),
        ("the residual", [levels.residual]),
        ("a fixed effect", fixed),
        ("a random effect", random),
    ):
        for symbol in symbols:
            if symbol.name in seen:
                other, first = seen[symbol.name]
                roles = f"stands twice as {role}" if other == role else f"stands here as {role}, elsewhere as {other}"
                message = f"`{symbol.name}` {roles}: a symbol has one use, give one of them another name"
                raise equation_error(text, symbol.span, message, first.span)
            seen[symbol.name] = (role, symbol)
            reserved = symbol.name in _RESERVED or symbol.name.startswith("tau_")
            if reserved and role in ("a fixed effect", "a random effect"):
                message = f"`{symbol.name}` is the name of a prior: call this effect `g...` or `u...`"
                raise equation_error(text, symbol.span, message)
            if symbol.group is not None and role != "a random effect":
                message = f"only a random effect names its group, and `{symbol.name}` is {role}"
                raise equation_error(text, symbol.group.span or symbol.span, message)
    _check_lone_coefficients(text, levels)
    first_line = levels.lines[0]
    if not random:
        message = (
            "no line has a random effect, so this is an ordinary regression: end a level-2 line with one, such as"
            f" `+ u0` in the line of `{first_line.left.name}`"
        )
        raise equation_error(text, (first_line.span[1], first_line.span[1] + 1), message)
    if not fixed:
        message = f"the model has no fixed effect: write `{first_line.left.name} = g00 + {random[0].name}`"
        raise equation_error(text, first_line.terms[0].span, message)


def _check_lone_coefficients(text: str, levels: Levels) -> None:
    lone = [
        symbol for symbol, term in zip(levels.coefficients, levels.terms, strict=True) if term.expression.is_constant
    ]
    if len(lone) > 1:
        message = f"level 1 has one intercept: multiply `{lone[1].name}` by its column, `{lone[1].name}*x`"
        raise equation_error(text, lone[1].span, message, lone[0].span)


def _check_normality(text: str, normality: Normality, levels: Levels, random: list[str]) -> None:
    """``u0, u1 ~ N(0, G)`` names random effects, ``r ~ N(0, sigma^2)`` the residual."""
    if normality.symbols == (levels.residual.name,) or set(normality.symbols) <= set(random):
        return
    effects = ", ".join(f"`{name}`" for name in random)
    message = (
        f"a distribution is stated of the residual, `{levels.residual.name} ~ N(0, sigma^2)`, or of random effects"
        f" ({effects}), which are normal anyway: leave this line out"
    )
    raise equation_error(text, normality.span, message)


def _group(text: str, random: list[Symbol]) -> str | None:
    groups = [effect.group for effect in random if effect.group is not None]
    for group in groups[1:]:
        if group.name != groups[0].name:
            message = f"the random effects name two groupings, `{groups[0].name}` and `{group.name}`: one is read"
            raise equation_error(text, group.span or (0, 0), message, groups[0].span)
    return groups[0].name if groups else None
