"""Text -> ModelSpec: the roles of the symbols, by their position."""

from __future__ import annotations

from collections.abc import Mapping

from bayeshlm.equations.centered import center
from bayeshlm.equations.covariance_blocks import covariance_blocks
from bayeshlm.equations.cutpoints import check_cutpoints
from bayeshlm.equations.distribution import NORMAL
from bayeshlm.equations.effect_groupings import find_groupings
from bayeshlm.equations.level1_lines import Level1Lines
from bayeshlm.equations.levels import Levels, sort_levels
from bayeshlm.equations.lines import Equation, Symbol, ZeroCovariance, read_line
from bayeshlm.equations.mixed import check_mixed
from bayeshlm.equations.outcome_lines import OutcomeLines, read_outcome
from bayeshlm.equations.printed import Normality, read_printed
from bayeshlm.equations.sides import Side, read_sides
from bayeshlm.equations.spec import FixedTerm, LevelEquation, ModelSpec, RandomEffect
from bayeshlm.equations.tokens import LONGEST_TEXT, equation_error, tokenize
from bayeshlm.equations.unit_means import check_unit_means
from bayeshlm.errors import EquationError

_EXAMPLE = "\n    mathach = b0 + b1*ses + r\n    b0 = g00 + u0\n    b1 = g10"
_RESERVED = ("sigma", "corr")


def parse_levels(text: str) -> ModelSpec:
    """Read the level equations of a model.

    Level 1 is one line, ``outcome = coefficient*expression + ... + residual``; level 2 is a line for each
    coefficient, ``coefficient = fixed*expression + ... + random effect``, as in Raudenbush & Bryk (2002,
    chapter 2). A symbol of such a line may have a line of level 3 in its turn (chapter 8), to any depth; one without is
    a fixed effect. ``u0[primary] + v0[secondary]`` ends a line with effects of crossed groupings (chapter 12), and
    ``w0[primary:secondary]`` is an effect of their cells. Position decides what a symbol is, never its letter.

    Parameters
    ----------
    text : str
        The equations, a line or ``;`` between them, up to 100,000 characters; ``#`` begins a comment. A line such as
        ``passed ~ Bernoulli(p)`` names the distribution of an outcome that is not normal, of whose parameter level 1 is
        then the predictor, ``logit(p) = b0 + b1*x``, without a residual. What HLM prints with equations is read too:
        sentences that center a column, the mixed model, ``Prob(Y=1|B) = P`` and the like.

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
    >>> spec = parse_levels('''
    ...     Level 1:  math_ij = β_0j + β_1j*cwc(ses) + ε_ij
    ...     Level 2:  β_0j = γ_00 + γ_01*sector + U_0j
    ...               β_1j = γ_10
    ... ''')
    >>> spec.coefficients, spec.fixed, spec.random, spec.residual
    (('b0', 'b1'), ('g00', 'g01', 'g10'), ('u0',), 'e')
    >>> spec = parse_levels("math = p0 + e;  p0 = b00 + b01*female + r0[child];  b00 = g000 + g001*size + u00[school]")
    >>> spec.fixed, spec.random, spec.groupings
    (('b01', 'g000', 'g001'), ('r0', 'u00'), ('child', 'school'))
    """
    if not isinstance(text, str):
        raise EquationError(f"the equations are a text, not {type(text).__name__}; for example{_EXAMPLE}")
    if len(text) > LONGEST_TEXT:
        raise EquationError(
            f"the equations have {len(text):,} characters, and up to {LONGEST_TEXT:,} are read: one line for the"
            f" outcome and one for each of its coefficients are enough, for example{_EXAMPLE}"
        )
    stated = read_outcome(text)
    printed = read_printed(text, stated.rest)
    lines = [read_line(text, tokens) for tokens in tokenize(printed.equations)]
    equations = [line for line in lines if isinstance(line, Equation)]
    if not equations and printed.mixed.strip():
        raise EquationError(f"the text holds a mixed model alone; write one equation a level, for example{_EXAMPLE}")
    if not equations:
        raise EquationError(f"the text holds no equation; write one equation a level, for example{_EXAMPLE}")
    of_residual = Level1Lines.of(text, lines)
    of_residual.check_coefficients(equations)
    levels = sort_levels(text, equations, stated)
    sides = read_sides(text, levels)
    _check_roles(text, levels, [side for level in sides for side in level], stated)
    groupings = find_groupings(text, sides)
    effects = of_residual.with_effect(groupings)
    covariances = [line for line in lines if isinstance(line, ZeroCovariance)]
    for normality in printed.normalities:
        check_normality(text, normality, levels.residual.name if levels.residual else "r", effects)
    higher = tuple(
        tuple(
            LevelEquation(
                side.line.symbol or "",
                tuple(FixedTerm(symbol.name, term.expression, term.span) for symbol, term in side.fixed),
                tuple(RandomEffect(effect.name, groupings.positions[effect.name]) for effect in side.random),
                side.line.span,
            )
            for side in level
        )
        for level in sides
    )
    spec = ModelSpec(
        outcome=stated.outcome or levels.outcome,
        levels=(levels.terms, *higher),
        groupings=of_residual.grouping_names(groupings),
        residual=_residual_name(levels, stated),
        blocks_by_grouping=covariance_blocks(text, effects, covariances),
        offsets=(*levels.offsets, *stated.offsets),
        distribution=stated.distribution,
        text=text,
    )
    spec = of_residual.put_into(spec)
    check_cutpoints(text, spec)
    check_mixed(text, printed.mixed, spec)
    spec = center(text, spec, printed.centerings)
    check_unit_means(text, spec)
    return spec


def _residual_name(levels: Levels, stated: OutcomeLines) -> str:
    """The residual's symbol; of a normal distribution that is written out one that no other symbol has."""
    if levels.residual is not None:
        return levels.residual.name
    if stated.distribution != NORMAL:
        return ""
    used = {symbol.name for line in levels.lines for one in line for term in one.terms if (symbol := term.symbol)}
    used |= {symbol.name for symbol in levels.coefficients}
    return next(name for name in ("r", "e", "epsilon", "residual") if name not in used)


def _check_roles(text: str, levels: Levels, sides: list[Side], stated: OutcomeLines) -> None:
    """Every symbol has one role, in one place; the model has fixed and random effects."""
    with_line = levels.with_line
    symbols_above = [symbol for side in sides for symbol, _ in side.fixed]
    fixed = [symbol for symbol in symbols_above if symbol.name not in with_line]
    random = [effect for side in sides for effect in side.random]
    seen: dict[str, tuple[str, Symbol]] = {}
    for role, symbols in (
        ("a coefficient of level 1", levels.coefficients),
        ("the residual", [levels.residual] if levels.residual else []),
        ("a parameter of the distribution", [symbol for symbol in stated.symbols if symbol.span != (0, 0)]),
        ("a coefficient with a line", [symbol for symbol in symbols_above if symbol.name in with_line]),
        ("a fixed effect", fixed),
        ("a random effect", random),
    ):
        for symbol in symbols:
            if symbol.name in seen:
                other, first = seen[symbol.name]
                roles = f"stands twice as {role}" if other == role else f"stands here as {role}, elsewhere as {other}"
                groups = {of.group.name for of in (symbol, first) if of.group is not None}
                if len(groups) > 1:
                    roles = "stands for two groupings"
                message = f"`{symbol.name}` {roles}: a symbol has one use, give one of them another name"
                raise equation_error(text, symbol.span, message, first.span)
            seen[symbol.name] = (role, symbol)
            if role in ("a fixed effect", "a random effect"):
                check_no_prior(text, symbol)
            if symbol.group is not None and role != "a random effect":
                message = f"only a random effect names its group, and `{symbol.name}` is {role}"
                raise equation_error(text, symbol.group.span or symbol.span, message)
    _check_lone_coefficients(text, levels)
    first_line = levels.lines[0][0]
    if not random:
        message = (
            "no line has a random effect, so this is an ordinary regression: end a level-2 line with one, such as"
            f" `+ u0` in the line of `{first_line.left.name}`"
        )
        raise equation_error(text, (first_line.span[1], first_line.span[1] + 1), message)
    if not fixed and not stated.distribution.has_cutpoints:
        line = levels.lines[-1][0]
        effects = text[line.terms[0].span[0] : line.span[1]]
        message = f"the model has no fixed effect: write `{line.left.name} = g00 + {effects}`"
        raise equation_error(text, line.terms[0].span, message)


def check_no_prior(text: str, symbol: Symbol) -> None:
    """No effect has the name that a prior has."""
    if symbol.name in _RESERVED or symbol.name.startswith("tau_"):
        message = f"`{symbol.name}` is the name of a prior: call this effect `g...` or `u...`"
        raise equation_error(text, symbol.span, message)


def _check_lone_coefficients(text: str, levels: Levels) -> None:
    lone = [
        symbol for symbol, term in zip(levels.coefficients, levels.terms, strict=True) if term.expression.is_constant
    ]
    if len(lone) > 1:
        message = f"level 1 has one intercept: multiply `{lone[1].name}` by its column, `{lone[1].name}*x`"
        raise equation_error(text, lone[1].span, message, lone[0].span)


def check_normality(text: str, normality: Normality, residual: str, random: Mapping[str, int]) -> None:
    """``u0, u1 ~ N(0, G)`` names random effects of one grouping, ``r ~ N(0, sigma^2)`` the residual."""
    of_groupings = {random.get(symbol) for symbol in normality.symbols}
    if normality.symbols == (residual,) or (len(of_groupings) == 1 and None not in of_groupings):
        return
    effects = ", ".join(f"`{name}`" for name in random)
    message = (
        f"a distribution is stated of the residual, `{residual} ~ N(0, sigma^2)`, or of random effects"
        f" ({effects}), which are normal anyway: leave this line out"
    )
    raise equation_error(text, normality.span, message)
