"""The combined equation, ``y = g00 + g01*w + g10*x + u0 + u1*x + r``, into whose place the levels have been put."""

from __future__ import annotations

from bayeshlm.equations.centered import center
from bayeshlm.equations.covariance_blocks import covariance_blocks
from bayeshlm.equations.cutpoints import check_cutpoints
from bayeshlm.equations.grammar import check_no_prior, check_normality
from bayeshlm.equations.level1_lines import Level1Lines
from bayeshlm.equations.lines import Equation, Symbol, Term, ZeroCovariance, read_line
from bayeshlm.equations.mixed import check_mixed
from bayeshlm.equations.one_line import FixedPart, OneLine, RandomPart, all_in_level1
from bayeshlm.equations.outcome_lines import OutcomeLines, read_outcome
from bayeshlm.equations.printed import read_printed
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import stem
from bayeshlm.equations.tokens import equation_error, tokenize
from bayeshlm.errors import EquationError

_RANDOM_LETTERS = ("u", "v", "e", "r", "w", "zeta", "epsilon", "eta")


def is_combined(text: str) -> bool:
    """Whether a text is one equation that ends in random effects, such as none of level 1 could have.

    Examples
    --------
    >>> is_combined("y = g00 + g10*x + u0 + r"), is_combined("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10")
    (True, False)
    >>> is_combined("y = b0 + b1*x + r")
    False
    """
    try:
        stated = read_outcome(text)
        printed = read_printed(text, stated.rest)
        lines = [read_line(text, tokens) for tokens in tokenize(printed.equations)]
        equations = [line for line in lines if isinstance(line, Equation)]
        return len(equations) == 1 and bool(_random(_terms(equations[0], stated)[0]))
    except EquationError:
        return False


def read_combined(text: str) -> ModelSpec:
    """Read a combined equation.

    Its last symbol is the residual. Random effects are the symbols that name a grouping, ``u0[school]``, else those
    that have the letter of the last symbol before the residual.

    Parameters
    ----------
    text : str
        The equation; lines such as ``passed ~ Bernoulli(p)`` and ``cov(u0, u1) = 0`` may stand beside it.

    Returns
    -------
    ModelSpec
        With all terms in level 1; the data sort them by level.

    Raises
    ------
    EquationError
        If the text is no such equation.

    Examples
    --------
    >>> spec = read_combined("y = g00 + g01*w + g10*x + u0[school] + u1[school]*x + r")
    >>> spec.fixed, spec.random, spec.groupings
    (('g00', 'g01', 'g10'), ('u0', 'u1'), ('school',))
    """
    stated = read_outcome(text)
    printed = read_printed(text, stated.rest)
    lines = [read_line(text, tokens) for tokens in tokenize(printed.equations)]
    equations = [line for line in lines if isinstance(line, Equation)]
    if len(equations) != 1:
        raise EquationError(
            f"a combined equation is one equation, and this text has {len(equations)}: write one, such as"
            " `y = g00 + g10*x + u0 + r`"
        )
    (equation,) = equations
    terms, residual = _terms(equation, stated)
    random = _random(terms)
    if not residual and stated.has_residual:
        end = equation.span[1]
        raise equation_error(text, (end, end + 1), "a combined equation ends with its residual: add `+ r`")
    _check(text, equation, random, residual, stated)
    covariances = [line for line in lines if isinstance(line, ZeroCovariance)]
    names = list(dict.fromkeys(symbol.group.name if symbol.group else None for _, symbol in random))
    positions = {symbol.name: names.index(symbol.group.name if symbol.group else None) for _, symbol in random}
    for normality in printed.normalities:
        check_normality(text, normality, residual or "r", positions)
    blocks = covariance_blocks(text, positions, covariances)
    block_of = {
        effect: number
        for number, block in enumerate(block for of_one in blocks for block in of_one)
        for effect in block
    }
    effects = {symbol.name for _, symbol in random}
    line = OneLine(
        outcome=stated.outcome or equation.left,
        fixed=[
            FixedPart(term.expression, term.span, term.symbol.name)
            for term in terms
            if term.symbol is not None and term.symbol.name not in effects
        ],
        random=[
            RandomPart(
                term.expression,
                symbol.group.name if symbol.group else None,
                block_of[symbol.name],
                term.span,
                symbol.name,
            )
            for term, symbol in random
        ],
        written="combined",
        offsets=[*(term.expression for term in terms if term.symbol is None), *stated.offsets],
        distribution=stated.distribution,
        residual=residual,
    )
    spec = Level1Lines.of(text, lines).put_into(all_in_level1(text, line))
    check_cutpoints(text, spec)
    check_mixed(text, printed.mixed, spec)
    return center(text, spec, printed.centerings)


def _terms(equation: Equation, stated: OutcomeLines) -> tuple[list[Term], str]:
    """The terms without the residual, and its symbol: empty where a distribution stands in its place."""
    last = equation.terms[-1]
    if not stated.has_residual:
        return list(equation.terms), "" if stated.distribution.symbols else "r"
    if last.lone is None or last.lone.group is not None:
        return list(equation.terms), ""
    return list(equation.terms[:-1]), last.lone.name


def _random(terms: list[Term]) -> list[tuple[Term, Symbol]]:
    """The random effects: those that name a grouping, or have the letter of the last.

    None where all have it, or where it is no usual one and no intercept has it: the last is a fixed effect then.
    """
    found = [(term, term.symbol) for term in terms if term.symbol is not None]
    named = [(term, symbol) for term, symbol in found if symbol.group is not None]
    if named or not found:
        return named
    letters = stem(found[-1][1].name)
    random = [(term, symbol) for term, symbol in found if stem(symbol.name) == letters]
    usual = letters in _RANDOM_LETTERS or any(term.lone is not None for term, _ in random)
    return random if usual and letters != stem(found[0][1].name) else []


def _check(
    text: str, equation: Equation, random: list[tuple[Term, Symbol]], residual: str, stated: OutcomeLines
) -> None:
    """One use for each symbol, that of the residual among them; a grouping for each random effect, or for none."""
    effects = {symbol.name for _, symbol in random}
    if not random:
        message = "no random effect ends this equation, so it is an ordinary regression: add `+ u0` before the residual"
        raise equation_error(text, (equation.span[1], equation.span[1] + 1), message)
    seen = {symbol.name: symbol for symbol in stated.symbols if symbol.span != (0, 0)}
    for term in equation.terms:
        if term.symbol is None:
            continue
        symbol = term.symbol
        if symbol.name in seen:
            message = f"`{symbol.name}` stands twice: a symbol has one use, give one of them another name"
            raise equation_error(text, symbol.span, message, seen[symbol.name].span)
        seen[symbol.name] = symbol
        if symbol.name == residual:
            continue
        check_no_prior(text, symbol)
        if symbol.name not in effects and stem(symbol.name) in _RANDOM_LETTERS:
            message = (
                f"`{symbol.name}` looks like a random effect and names no grouping: write `{symbol.name}[school]` with"
                " its column, and so for each random effect; a fixed effect is called `g...`"
            )
            raise equation_error(text, symbol.span, message)
