"""SAS's RANDOM statement: random effects over the units of SUBJECT=, or of the categories of an effect."""

from __future__ import annotations

from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.program_tokens import nearest, skip_value, word
from bayeshlm.equations.notations.sas_effects import Effect, SasVariables, read_effects
from bayeshlm.equations.product import Column, Product, Span

_IGNORED = (
    "solution", "s", "g", "gc", "gci", "gcorr", "gi", "v", "vc", "vci", "vcorr", "vi", "alpha", "cl", "nofullz",
    "ratios",
)  # fmt: skip
_REFUSED = {
    "group": "variances that differ between groups are not estimated here: leave `{0}=` out",
    "grp": "variances that differ between groups are not estimated here: leave `{0}=` out",
    "gdata": "covariances are estimated here: leave `{0}=` out",
    "ldata": "covariances are estimated here: leave `{0}=` out",
    "weight": "weights are not supported: leave `{0}=` out",
    "residual": "covariances of residuals are not estimated here: leave `{0}` out",
    "knotmethod": "smooth terms are not read: leave `{0}=` out",
}
_INDEPENDENT, _COVARYING = ("vc", "simple", "un1"), ("un", "unr", "chol")
_KNOWN_TYPES = "type=un (they covary) and type=vc (independent, the default) are read"


def read_random(cursor: FormulaCursor, known: SasVariables) -> list[Bar]:
    """Read ``random intercept ses / subject=school type=un;`` or ``random school;``.

    Without SUBJECT= the categories in an effect are the groups. With it, categories in an effect make groups of their
    own within the subjects, of one variance.

    Raises
    ------
    EquationError
        At structures of the covariances other than ``vc`` and ``un``, and what else would be another model.
    """
    start = cursor.take_next().span[0]
    effects = read_effects(cursor, known)
    if not cursor.at("/", ";") and (token := cursor.peek()) is not None:
        raise cursor.error(f"`{token.value}` has no meaning in RANDOM: `random intercept x / subject=school;`")
    if not effects:
        raise cursor.error("no random effect stands here: `random intercept / subject=school;`", (start, start + 6))
    subject: Effect | None = None
    correlated = False
    cursor.take_if("/")
    while not cursor.at(";") and (token := cursor.peek()) is not None:
        option = word(token)
        cursor.take_next()
        if option in ("subject", "sub"):
            subject = _read_subject(cursor, known)
        elif option == "type":
            correlated = _read_type(cursor, len(effects))
        elif option in _REFUSED:
            raise cursor.error(_REFUSED[option].format(token.value), token.span)
        elif option in _IGNORED:
            skip_value(cursor)
        else:
            meant = nearest(option, ("subject", "type", *_IGNORED))
            raise cursor.error(f"`{token.value}` of RANDOM is not read: leave it out{meant}", token.span)
    for effect in effects:
        if "_residual_" in map(word, effect.variables):
            raise cursor.error("covariances of residuals are not estimated here: leave this statement out", effect.span)
    if subject is None:
        return _over_categories(cursor, known, effects, correlated)
    return _over_subjects(cursor, known, effects, subject, correlated)


def _read_subject(cursor: FormulaCursor, known: SasVariables) -> Effect:
    cursor.take("=", "write subject=school, with the grouping column")
    before = cursor.span
    name, after = cursor.peek(), cursor.peek(1)
    if name is None or name.kind not in ("name", "column"):
        raise cursor.error("write subject=school, with the grouping column")
    tokens = [cursor.take_next()]
    while cursor.at("*", "("):
        nested = cursor.take_next().kind == "("
        while cursor.at("name", "column"):
            tokens.append(cursor.take_next())
            if not nested:
                break
            cursor.take_if("*")
        if nested:
            cursor.take(")", "the parenthesis of subject=class(school) is not closed")
    if len(tokens) == 1 and word(tokens[0]) in ("intercept", "int") and after is not None and after.kind != "=":
        raise cursor.error("all rows would be one group: leave `subject=intercept` out", before)
    return Effect(tuple(tokens), (before[0], cursor.last_end))


def _read_type(cursor: FormulaCursor, n_effects: int) -> bool:
    """Whether the random effects covary."""
    cursor.take("=", f"write type=un or type=vc; {_KNOWN_TYPES}")
    name = cursor.take("name", f"a structure is missing: {_KNOWN_TYPES}")
    number = ""
    if cursor.take_if("("):
        while not cursor.at(")") and cursor.peek() is not None:
            number += cursor.take_next().value
        cursor.take(")", "this parenthesis is not closed")
    structure, span = name.value.casefold() + number, (name.span[0], cursor.last_end)
    if structure in _INDEPENDENT:
        return False
    if structure in _COVARYING or structure == f"fa0{n_effects}":
        return True
    raise cursor.error(f"this structure of covariances is not estimated here: {_KNOWN_TYPES}", span)


def _split(effect: Effect, known: SasVariables) -> tuple[list[FormulaToken], list[FormulaToken]]:
    """The continuous variables of a random effect, none where it is an intercept, and its categories."""
    continuous, categories = effect.split(known)
    if len(effect.variables) == 1 and word(effect.variables[0]) in ("int", "intercept"):
        continuous = []
    return continuous, categories


def _term(continuous: list[FormulaToken], known: SasVariables, span: Span) -> Variables:
    return Variables(tuple(Product((Column(known.name(one), one.span),)) for one in continuous), span)


def _cells(known: SasVariables, tokens: list[FormulaToken]) -> str:
    """The grouping of some columns: a cell of several is the same in whatever order they stand, that of the text."""
    names = {known.name(token) for token in tokens}
    return ":".join(name for name in known.spelled.values() if name in names)


def _over_categories(cursor: FormulaCursor, known: SasVariables, effects: list[Effect], correlated: bool) -> list[Bar]:
    bars = []
    for effect in effects:
        continuous, categories = _split(effect, known)
        if not categories:
            message = "the grouping is missing: add `/ subject=school`, or name a category of CLASS here"
            raise cursor.error(message, effect.span)
        if correlated:
            raise cursor.error("type=un has a subject: add `subject=school`, with the grouping column", effect.span)
        bars.append(Bar((_term(continuous, known, effect.span),), _cells(known, categories), False, effect.span))
    return bars


def _over_subjects(
    cursor: FormulaCursor, known: SasVariables, effects: list[Effect], subject: Effect, correlated: bool
) -> list[Bar]:
    for token in subject.variables:
        known.name(token)
    together: list[Variables] = []
    bars = []
    for effect in effects:
        continuous, categories = _split(effect, known)
        if not categories:
            together.append(_term(continuous, known, effect.span))
            continue
        if correlated:
            message = (
                "a variance for each category is not read from type=un: leave `type=un` out, for one variance of all,"
                " or make columns of zeros and ones in the data"
            )
            raise cursor.error(message, effect.span)
        cell = _cells(known, [*subject.variables, *categories])
        bars.append(Bar((_term(continuous, known, effect.span),), cell, False, effect.span))
    if together:
        span = (effects[0].span[0], effects[-1].span[1])
        bars.insert(0, Bar(tuple(together), _cells(known, list(subject.variables)), correlated, span))
    return bars
