"""R's formulas of mixed models, as lme4, glmmTMB, brms, bambi and nlme read them -> ModelSpec."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayeshlm.equations.notations.formula_family import (
    GivenFamily,
    distribution_of,
    read_family,
    read_known_sd,
    read_left_side,
    read_link,
)
from bayeshlm.equations.notations.formula_level1 import (
    GivenSpread,
    check_groups,
    read_correlation_term,
    read_dispersion,
    read_nlme_correlation,
    read_sigma,
    read_weights,
    with_effect,
)
from bayeshlm.equations.notations.formula_lines import formula_spec, require_random
from bayeshlm.equations.notations.formula_nlme import read_nlme_random
from bayeshlm.equations.notations.formula_parts import Bar
from bayeshlm.equations.notations.formula_terms import read_right_side
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, formula_tokens
from bayeshlm.equations.product import Span
from bayeshlm.equations.residual_correlation import ResidualCorrelation
from bayeshlm.equations.residual_spread import KnownSpread
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import check_length
from bayeshlm.errors import EquationError

_CALLS = ("lmer", "glmer", "glmer.nb", "glmmTMB", "clmm", "brm", "lme", "stan_lmer", "stan_glmer")
_IGNORED = ("data", "REML", "method", "control", "chains", "cores", "seed", "iter", "warmup", "na.action")
_LEVEL1 = ("weights", "correlation", "dispformula")
_NOT_READ = ("subset", "prior", "ziformula", "zi", "nAGQ", "contrasts")
_PIECE = re.compile(r"#[^\r\n]*|(?:`[^`\r\n]*`|\"[^\"\r\n]*\"|'[^'\r\n]*'|[^;\r\n#`\"']++)+")
_QUOTED = re.compile(r"`[^`\r\n]*`|\"[^\"\r\n]*\"|'[^'\r\n]*'")
_EQUATION = re.compile(
    r"\s*(?:level[ \t\u00a0-]*\d+[^:=\r\n]*:)?\s*[\w.]+\s*(?:[(\[][^()]*[)\]])?\s*=(?!=|\s*~|\s*pd[A-Z]\w+\()",
    re.IGNORECASE,
)
_ARGUMENTS = ("family", "random", "link", "formula", "fixed", *_LEVEL1, *_IGNORED, *_NOT_READ)
_ARGUMENT = re.compile(rf"\s*(?:{'|'.join(map(re.escape, _ARGUMENTS))})\s*=")
_NAMED = re.compile(r"[^~]*~\s*[^\W\d_]\w*\s*\(([^()~|+]*)\)\s*\.?\s*")
_NORMALITY = re.compile(r"[^~|]*~\s*(?:iid\s*)?(?:mv)?n(?:id|ormal)?\s*\(", re.IGNORECASE)


def is_formula(text: str) -> bool:
    """Whether a text is a formula: it has a ``~``, and no line that is an equation.

    Examples
    --------
    >>> is_formula("y ~ x + (1 | g)"), is_formula("y ~ x, random = ~ 1 | g"), is_formula("y = b0 + r; b0 = g00 + u0")
    (True, True, False)
    >>> is_formula("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0")
    False
    """
    pieces = [piece[0] for piece in _PIECE.finditer(text) if not piece[0].startswith("#")]
    plain = [_QUOTED.sub("x", piece) for piece in pieces]
    if not any("~" in piece for piece in plain) or ("|" not in text and any(map(_NORMALITY.match, plain))):
        return False
    if any(_EQUATION.match(piece) and not _ARGUMENT.match(piece) for piece in plain):
        return False
    return not all(_NAMED.fullmatch(piece) for piece in plain if piece.strip()) or "|" in text


def read_formula(text: str) -> ModelSpec:
    """Read a formula, alone or inside of the call that fits it in R.

    Parameters
    ----------
    text : str
        Such as ``mathach ~ ses*sector + (1 + ses | school)``; behind a comma ``family = binomial``, and nlme's
        ``random = ~ 1 + ses | school``. Up to 100,000 characters.

    Returns
    -------
    ModelSpec
        With all terms in level 1; the data sort them by level.

    Raises
    ------
    EquationError
        With the place in the formula.

    Examples
    --------
    >>> from bayeshlm.equations.render import render
    >>> print(render(read_formula("mathach ~ ses + (1 + ses | school)")))
    mathach = b0 + b1*ses + r
    b0 = g00 + u0[school]
    b1 = g10 + u1[school]
    """
    check_length(text, "formula")
    cursor = FormulaCursor(text, formula_tokens(text))
    call = read_opening(cursor)
    wrapped = _read_wrapper(cursor) if call else False
    left = read_left_side(cursor)
    cursor.take("~", f"a `~` is missing behind `{left.outcome.name}`")
    right = read_right_side(cursor)
    sigma = None
    if wrapped:
        if cursor.take_if(","):
            sigma = read_sigma(cursor)
        cursor.take(")", "bf() has a formula of the outcome and, of what else is predicted, `sigma ~ x + (1 |v| g)`")
    named: list[tuple[str, Span]] = []
    correlation = _correlation(cursor, right.places, named)
    arguments = _read_arguments(cursor, call, named)
    family, nlme = arguments.family, arguments.bars
    bars = [*right.bars, *nlme]
    require_random(cursor, bars, "+ (1 | school)")
    distribution = distribution_of(cursor, left, family)
    _check_means(cursor, bars)
    spec = formula_spec(text, left.outcome, right.terms, bars, right.offsets, distribution, left.span)
    spread = left.spread or arguments.spread
    if spread is not None and not spec.residual:
        raise cursor.error("only a normal outcome has a known SD: leave it out", spread.span)
    if left.spread is not None and arguments.spread is not None:
        raise cursor.error("the known SD is said twice: leave one out", arguments.spread.span)
    if sigma is not None and arguments.log_spread is not None:
        raise cursor.error("the level-1 SD is predicted twice: leave one out", arguments.log_spread.spread.span)
    if correlation is not None and arguments.correlation is not None:
        raise cursor.error("the residuals are correlated twice: leave one out", arguments.correlation.span)
    check_groups(cursor, named, [str(name) for name in spec.groupings])
    given, correlation = sigma or arguments.log_spread, correlation or arguments.correlation
    log_spread = None if given is None else given.spread
    for one in (log_spread, correlation):
        if one is not None and (not spec.residual or spread is not None):
            message = "only a normal outcome whose SD is not known has an SD to predict or correlated residuals"
            raise cursor.error(f"{message}: leave this out", one.span)
    spec = replace(spec, residual_spread=spread, log_spread=log_spread, correlation=correlation)
    return with_effect(cursor, spec, bars, None if given is None else given.bar)


def _correlation(
    cursor: FormulaCursor, places: Sequence[int], named: list[tuple[str, Span]]
) -> ResidualCorrelation | None:
    """Read the terms of correlated residuals, which begin at these positions; the cursor comes back."""
    here, found = cursor.place, None
    for place in places:
        cursor.back_to(place)
        one = read_correlation_term(cursor, named)
        if found is not None:
            raise cursor.error("the residuals are correlated twice: leave one out", one.span)
        found = one
    cursor.back_to(here)
    return found


def read_opening(cursor: FormulaCursor) -> str:
    """Read the beginning of a call such as ``lmer(``; the name of the call, or nothing."""
    name = cursor.peek()
    if name is None:
        raise EquationError("the text holds no formula; write one, such as `y ~ x + (1 | school)`")
    if not cursor.at_call() or name.value not in (*_CALLS, "bf", "brmsformula"):
        return ""
    cursor.take("name")
    cursor.take("(")
    after = cursor.peek(1)
    if cursor.at("name") and after is not None and after.kind == "=":
        cursor.take("name")
        cursor.take("=")
    return name.value


def _read_wrapper(cursor: FormulaCursor) -> bool:
    """Read the ``bf(`` that brms may have around the formula of a call."""
    name = cursor.peek()
    if name is None or not cursor.at_call() or name.value not in ("bf", "brmsformula"):
        return False
    cursor.take("name")
    cursor.take("(")
    return True


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What stands behind a formula."""

    family: GivenFamily | None
    bars: list[Bar]
    spread: KnownSpread | None
    log_spread: GivenSpread | None
    correlation: ResidualCorrelation | None


def _read_arguments(cursor: FormulaCursor, call: str, named: list[tuple[str, Span]]) -> _Arguments:
    """Read ``family``, ``link`` of clmm, ``random``, ``weights`` and ``correlation`` of nlme, ``known_sd``.

    Groups that a correlation names are added to `named`.
    """
    family, bars, spread = None, [], None
    log_spread: GivenSpread | None = None
    correlation: ResidualCorrelation | None = None
    if call in ("glmer.nb", "clmm"):
        family = GivenFamily("nbinom2" if call == "glmer.nb" else "cumulative", None, (0, len(call)))
    while cursor.take_if(","):
        if (sigma := read_sigma(cursor)) is not None:
            log_spread = sigma
            continue
        key, after = cursor.peek(), cursor.peek(1)
        if key is None or key.kind != "name" or after is None or after.kind != "=":
            if call and key is not None and key.kind == "name":  # lmer(formula, data)
                cursor.take("name")
                continue
            raise cursor.error("behind the formula stand arguments with their names, such as `family = binomial`")
        cursor.take("name")
        cursor.take("=")
        if key.value == "family":
            family = read_family(cursor)
        elif key.value == "link" and family is not None:
            family = GivenFamily(family.name, read_link(cursor), key.span)
        elif key.value == "random":
            bars += read_nlme_random(cursor)
        elif key.value == "known_sd":
            spread = read_known_sd(cursor)
        elif key.value == "weights" and _names_variances(cursor):
            log_spread = GivenSpread(read_weights(cursor))
        elif key.value == "dispformula":
            log_spread = GivenSpread(read_dispersion(cursor, key.span[0]))
        elif key.value == "correlation":
            correlation = read_nlme_correlation(cursor, named)
        elif key.value in _IGNORED:
            _skip(cursor)
        else:
            raise cursor.error(f"`{key.value}` is not read with a formula: leave it out", key.span)
    if call:
        cursor.take(")", f"the parenthesis of {call}() is not closed")
    if cursor.peek() is not None:
        raise cursor.error("the formula ends before this: a `+` or a comma is missing")
    return _Arguments(family, bars, spread, log_spread, correlation)


def _names_variances(cursor: FormulaCursor) -> bool:
    """Whether nlme's function of variances comes next, and no column of weights."""
    word = cursor.peek()
    return cursor.at_call() and word is not None and word.value.startswith("var")


def _skip(cursor: FormulaCursor) -> None:
    depth = 0
    while (token := cursor.peek()) is not None and not (depth == 0 and token.kind in (",", ")")):
        depth += (token.kind == "(") - (token.kind == ")")
        cursor.take(token.kind)


def _check_means(cursor: FormulaCursor, bars: list[Bar]) -> None:
    """The means of ``ave(x, g)`` are those of the one grouping."""
    groupings = list(dict.fromkeys(bar.grouping for bar in bars))
    for mean in cursor.means:
        if groupings != [mean.value]:
            message = f"means over `{mean.value}` are read where it is the only grouping: make the column in the data"
            raise cursor.error(message, mean.span)


def with_family(text: str, family: str | None) -> str:
    """The formula with a family behind it, which errors then quote too.

    Examples
    --------
    >>> with_family("y ~ x + (1 | g)", 'binomial(link = "probit")')
    'y ~ x + (1 | g), family = binomial(link = "probit")'
    """
    return text if family is None else f"{text.rstrip()}, family = {family}"
