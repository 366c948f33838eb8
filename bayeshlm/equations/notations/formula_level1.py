"""What R's formulas say of the level-1 residuals: an equation of their SD, and their correlations.

brms has ``sigma ~ x + (1 |v| g)`` beside the formula, glmmTMB ``dispformula = ~ x``, nlme
``weights = varExp(form = ~ x)``; brms has the terms ``ar(time = week, gr = child)`` and ``cosy(gr = child)``, nlme
``correlation = corAR1(form = ~ week | child)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayeshlm.equations.log_spread import LogSpread, SpreadTerm
from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.formula_terms import ONE_BAR, read_effects, read_right_side
from bayeshlm.equations.notations.formula_tokens import FormulaCursor
from bayeshlm.equations.one_line import term_key
from bayeshlm.equations.product import Call, Column, Product, Span
from bayeshlm.equations.residual_correlation import Pattern, ResidualCorrelation
from bayeshlm.equations.spec import ModelSpec

_CORRELATIONS: dict[str, Pattern] = {"corAR1": "ar1", "corCAR1": "ar1", "corCompSymm": "cs"}
_VARIANCES = ("varIdent", "varExp", "varComb")
_TERMS: dict[str, Pattern] = {"ar": "ar1", "cosy": "cs"}
_ORDER = ("time", "gr", "p")
_AR = "write `ar(time = week, gr = child)`, of order 1"


def spread_of_terms(terms: Sequence[Variables], span: Span) -> LogSpread:
    """The equation ``log(sigma) = a0 + a1*x`` with these terms, whose symbols are numbered."""
    ordered = sorted(terms, key=lambda term: bool(term.key))
    first = 0 if ordered and not ordered[0].key else 1
    found = (SpreadTerm(f"a{k}", term.product, term.span) for k, term in enumerate(ordered, first))
    return LogSpread("sigma", tuple(found), span)


@dataclass(frozen=True, slots=True)
class GivenSpread:
    """The equation of the logarithm of the SD, and the term of its random effect if it has one."""

    spread: LogSpread
    bar: Bar | None = None


def read_sigma(cursor: FormulaCursor) -> GivenSpread | None:
    """Read ``sigma ~ x + (1 |v| g)`` if it comes next; ``~ x`` of a ``dispformula`` is read by `read_dispersion`.

    Raises
    ------
    EquationError
        At offsets, correlated residuals, and more than a random intercept.
    """
    name, after = cursor.peek(), cursor.peek(1)
    if name is None or name.kind != "name" or name.value != "sigma" or after is None or after.kind != "~":
        return None
    start = cursor.take("name").span[0]
    place = cursor.take("~").span
    right = read_right_side(cursor)
    span = (start, cursor.last_end)
    if right.offsets or right.places:
        raise cursor.error("the level-1 SD has terms and a random intercept: write `sigma ~ x + (1 | g)`", span)
    for number, bar in enumerate(right.bars):
        if number or [term.key for term in bar.terms] != [Variables().key]:
            message = "one random intercept of the level-1 SD is estimated: write `sigma ~ x + (1 | g)`"
            raise cursor.error(message, bar.span)
    if not right.terms:
        raise cursor.error("the level-1 SD has no term: write `sigma ~ 1`", place)
    return GivenSpread(spread_of_terms(right.terms, span), next(iter(right.bars), None))


def with_effect(cursor: FormulaCursor, spec: ModelSpec, bars: Sequence[Bar], bar: Bar | None) -> ModelSpec:
    """The specification with the random effect of its level-1 SD, in the block of the term of the same mark.

    Parameters
    ----------
    cursor : FormulaCursor
        For errors.
    spec : ModelSpec
        With the equation of the SD.
    bars : sequence of Bar
        The terms of the outcome's random effects.
    bar : Bar, optional
        The term of the SD's.

    Raises
    ------
    EquationError
        At several groupings or another one, correlated residuals, and a mark that only one term has.
    """
    mark = "" if bar is None else bar.mark
    partners = [one for one in bars if mark and one.mark == mark]
    if bar is not None and mark and len(partners) != 1:
        message = f"the mark `|{mark}|` stands at one term of the outcome: give it to all effects that covary"
        raise cursor.error(f"{message}, as in (1 + x |{mark}| {bar.grouping})", bar.span)
    alone = [one for one in bars if one.mark and one not in partners]
    if alone:
        raise cursor.error(ONE_BAR, alone[0].span)
    if bar is None or spec.log_spread is None:
        return spec
    if len(spec.groupings) > 1:
        message = "a random effect of the level-1 SD is estimated with one grouping, and this model has several"
        raise cursor.error(f"{message}: leave it out", bar.span)
    if bar.grouping != spec.groupings[0]:
        message = f"the level-1 SD varies between the groups of the other random effects, `{spec.groupings[0]}`"
        raise cursor.error(f"{message}: name that", bar.span)
    if spec.correlation is not None:
        message = "correlated residuals are not estimated beside a random effect of their SD: leave one out"
        raise cursor.error(message, bar.span)
    keys = {term_key(term.product) for one in partners for term in one.terms}
    own = {path.symbol for path in spec.random_paths if term_key(path.product) in keys}
    effect = "v0"
    blocks = tuple((*block, effect) if own & set(block) else block for block in spec.blocks_by_grouping[0])
    return replace(
        spec,
        log_spread=replace(spec.log_spread, effect=effect),
        blocks_by_grouping=(blocks if own else (*blocks, (effect,)),),
    )


def read_dispersion(cursor: FormulaCursor, start: int) -> LogSpread:
    """Read ``~ x``, the terms of the logarithm of the SD."""
    cursor.take("~", "the terms of the level-1 SD stand behind a `~`: `dispformula = ~ x`")
    terms = read_effects(cursor)
    if cursor.at("|", "||"):
        message = "a random effect of the level-1 SD is read in level equations, `log(sigma) = a0 + a1*x + v0`"
        raise cursor.error(f"{message}: write the model as these")
    if not terms:
        raise cursor.error("the level-1 SD has no term: write `dispformula = ~ 1`")
    return spread_of_terms(terms, (start, cursor.last_end))


def read_weights(cursor: FormulaCursor) -> LogSpread:
    """Read nlme's ``varIdent(form = ~ 1 | g)``, ``varExp(form = ~ x)`` or ``varComb`` of them.

    Raises
    ------
    EquationError
        At another function of variances.
    """
    start = cursor.span[0]
    terms = _variances(cursor)
    return spread_of_terms([Variables(), *terms], (start, cursor.last_end))


def _variances(cursor: FormulaCursor) -> list[Variables]:
    word = cursor.peek()
    if word is None or not cursor.at_call() or word.value not in _VARIANCES:
        message = "weights of level-1 variances are varIdent(form = ~ 1 | g) or varExp(form = ~ x): sampling weights"
        raise cursor.error(f"{message} are an argument of Model, weights=")
    cursor.take("name")
    cursor.take("(")
    if word.value == "varComb":
        found = _variances(cursor)
        while cursor.take_if(","):
            found += _variances(cursor)
    else:
        place = cursor.span
        _take_form(cursor, f"write {word.value}(form = ~ ...)")
        terms = [term for term in read_effects(cursor) if term.key]
        if word.value == "varExp":
            if len(terms) != 1 or cursor.at("|", "||"):
                raise cursor.error("varExp has one column: write varExp(form = ~ x)", place)
            found = terms
        else:
            if terms or not cursor.take_if("|"):
                raise cursor.error("varIdent has an SD a category: write varIdent(form = ~ 1 | g)", place)
            column = _column(cursor)
            coded = Product((Call("C", Product((column,)), (), column.span),))
            found = [Variables((coded,), column.span or place)]
    cursor.take(")", f"the parenthesis of {word.value}() is not closed")
    return found


def read_nlme_correlation(cursor: FormulaCursor, groupings: list[tuple[str, Span]]) -> ResidualCorrelation:
    """Read nlme's ``corAR1(form = ~ week | child)``, ``corCAR1`` or ``corCompSymm``; a starting value is left out.

    Parameters
    ----------
    cursor : FormulaCursor
    groupings : list of (str, tuple of int)
        To which the groups that it names are added, with their place.

    Raises
    ------
    EquationError
        At another pattern.
    """
    word, start = cursor.peek(), cursor.span[0]
    if word is None or not cursor.at_call() or word.value not in _CORRELATIONS:
        raise cursor.error("correlations are corAR1(form = ~ week | g), corCAR1(...) or corCompSymm(form = ~ 1 | g)")
    cursor.take("name")
    cursor.take("(")
    time = None
    if not cursor.at(")"):
        if cursor.at("number"):
            cursor.take("number")
            cursor.take(",", f"write {word.value}(form = ~ week | g)")
        place = cursor.span
        _take_form(cursor, f"write {word.value}(form = ~ week | g)")
        terms = [term for term in read_effects(cursor) if term.key]
        if terms:
            factors = terms[0].product.factors
            if len(terms) > 1 or len(factors) != 1 or not isinstance(factors[0], Column):
                raise cursor.error("the times are one column of the data: make it there", place)
            time = factors[0]
        if cursor.take_if("|"):
            names = [_column(cursor).name]
            while cursor.take_if("/"):
                names.append(_column(cursor).name)
            groupings.append((":".join(names), place))
    cursor.take(")", f"the parenthesis of {word.value}() is not closed")
    pattern = _CORRELATIONS[word.value]
    return ResidualCorrelation(pattern, time if pattern == "ar1" else None, (start, cursor.last_end))


def read_correlation_term(cursor: FormulaCursor, groupings: list[tuple[str, Span]]) -> ResidualCorrelation:
    """Read brms's ``ar(time = week, gr = child, p = 1)`` or ``cosy(gr = child)``.

    Parameters
    ----------
    cursor : FormulaCursor
    groupings : list of (str, tuple of int)
        To which the group that it names is added, with its place.

    Raises
    ------
    EquationError
        At another order, or at effects of the times.
    """
    word = cursor.take("name")
    cursor.take("(")
    pattern, time, start, position = _TERMS[word.value], None, word.span[0], 0
    while not cursor.at(")"):
        key, after = cursor.peek(), cursor.peek(1)
        named = key is not None and after is not None and after.kind == "="
        name = key.value if named and key is not None else (*_ORDER, "")[min(position, len(_ORDER))]
        position += 1
        if named:
            cursor.take("name", _AR)
            cursor.take("=")
        if name in ("time", "gr"):
            column = _column(cursor)
            if name == "time" and pattern == "ar1":
                time = column
            if name == "gr":
                groupings.append((column.name, column.span or (start, cursor.last_end)))
        elif name == "p" and (number := cursor.peek()) is not None and number.value == "1":
            cursor.take("number")
        elif name == "cov":
            cursor.take("name")
        else:
            raise cursor.error(f"`{name}` is not read here: {_AR}")
        if not cursor.take_if(","):
            break
    cursor.take(")", f"the parenthesis of {word.value}() is not closed")
    return ResidualCorrelation(pattern, time, (start, cursor.last_end))


def check_groups(cursor: FormulaCursor, named: Sequence[tuple[str, Span]], groupings: Sequence[str]) -> None:
    """Refuse correlations within other groups than those of the random effects.

    Raises
    ------
    EquationError
    """
    for name, span in named:
        if name != groupings[0]:
            message = f"residuals are correlated within the groups of the random effects, `{groupings[0]}`: name that"
            raise cursor.error(message, span)


def _take_form(cursor: FormulaCursor, message: str) -> None:
    key, after = cursor.peek(), cursor.peek(1)
    if key is not None and key.value == "form" and after is not None and after.kind == "=":
        cursor.take("name")
        cursor.take("=")
    cursor.take("~", message)


def _column(cursor: FormulaCursor) -> Column:
    token = cursor.take("column" if cursor.at("column") else "name", "a column of the data is missing here")
    return Column(token.value, token.span)
