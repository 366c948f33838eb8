"""What a formula says of the outcome: the column left of ``~``, and ``family = binomial(link = "probit")``."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.equations.distribution import NORMAL, Distribution, Total
from bayeshlm.equations.notations.formula_tokens import FormulaCursor
from bayeshlm.equations.product import Column, Span
from bayeshlm.equations.residual_spread import KnownSpread
from bayeshlm.families import FAMILIES

_NAMES = {
    "gaussian": "Normal", "normal": "Normal",
    "binomial": "Bernoulli", "bernoulli": "Bernoulli", "quasibinomial": "",
    "poisson": "Poisson", "quasipoisson": "",
    "nbinom2": "NegativeBinomial", "negbinomial": "NegativeBinomial", "negativebinomial": "NegativeBinomial",
    "negative_binomial": "NegativeBinomial", "negative.binomial": "NegativeBinomial", "nbinom1": "",
    "gamma": "Gamma", "beta": "Beta", "beta_family": "Beta",
    "student": "StudentT", "t": "StudentT", "t_family": "StudentT", "studentt": "StudentT",
    "cumulative": "Ordinal", "ordinal": "Ordinal",
}  # fmt: skip
_KNOWN = '"gaussian", "binomial", "poisson", "nbinom2", "Gamma", "beta", "student" and "cumulative"'
_NO_COLUMN = "the left side is a plain column: make a column of `{name}(...)` in the data first"


@dataclass(frozen=True, slots=True)
class LeftSide:
    """The outcome, and its number of trials or its known SD where the formula gives one."""

    outcome: Column
    size: Column | Total | int | None
    span: Span
    ordered: bool = False
    spread: KnownSpread | None = None


@dataclass(frozen=True, slots=True)
class GivenFamily:
    """A family by the name that the formula gives it, and its link; `span` is its place."""

    name: str
    link: str | None
    span: Span


def read_left_side(cursor: FormulaCursor) -> LeftSide:
    """Read what stands before ``~``: a column, ``cbind(y, f)``, ``y | trials(n)``, ``y | se(s)``, ``p(y, n)``.

    Raises
    ------
    EquationError
        If it is something else.
    """
    start = cursor.span[0]
    if not cursor.at_call():
        outcome = _column(cursor, "a formula begins with the outcome: y ~ x + (1 | g)")
        if not cursor.take_if("|"):
            return LeftSide(outcome, None, (start, cursor.last_end))
        name = cursor.peek()
        if name is not None and name.value in ("se", "resp_se") and cursor.at_call():
            spread = _known_sd(cursor)
            return LeftSide(outcome, None, (start, cursor.last_end), spread=spread)
        return LeftSide(outcome, _trials(cursor), (start, cursor.last_end))
    name = cursor.take("name")
    cursor.take("(")
    if name.value not in ("cbind", "p", "prop", "proportion", "factor", "ordered", "as.ordered"):
        raise cursor.error(_NO_COLUMN.format(name=name.value), (name.span[0], name.span[1] + 1))
    outcome = _column(cursor, f"a column is missing in {name.value}()")
    if name.value in ("factor", "ordered", "as.ordered"):
        while not cursor.at(")") and (token := cursor.peek()) is not None:
            cursor.take(token.kind)
        cursor.take(")")
        return LeftSide(outcome, None, (start, cursor.last_end), ordered=True)
    cursor.take(",", f"{name.value}() has two columns: cbind(successes, failures), p(successes, trials)")
    trials = _trials_of_cbind(cursor, outcome) if name.value == "cbind" else _number_of_trials(cursor)
    cursor.take(")", f"{name.value}() has two columns: cbind(successes, failures), p(successes, trials)")
    return LeftSide(outcome, trials, (start, cursor.last_end))


def _trials_of_cbind(cursor: FormulaCursor, outcome: Column) -> Column | Total | int:
    """Read the failures: a column, or what is left of the trials, ``n - y``."""
    first = _number_of_trials(cursor)
    if cursor.take_if("-"):
        place = cursor.span
        if _column(cursor, "write cbind(y, n - y)") != outcome:
            raise cursor.error(f"the failures are those of `{outcome.name}`: write cbind(y, n - y)", place)
        return first
    if isinstance(first, int):
        raise cursor.error("the failures are a column: cbind(successes, failures), or cbind(y, n - y)")
    return Total((outcome, first))


def _trials(cursor: FormulaCursor) -> Column | Total | int:
    """Read ``trials(n)`` behind the bar."""
    name = cursor.peek()
    if name is None or name.value != "trials" or not cursor.at_call():
        shown = f"`{name.value}`" if name is not None else "this"
        raise cursor.error(
            f"{shown} has no meaning behind an outcome: only `y | trials(n) ~` and `y | se(s) ~` are read"
        )
    cursor.take("name")
    cursor.take("(")
    size: Column | Total | int = _number_of_trials(cursor)
    while isinstance(size, Column | Total) and cursor.take_if("+"):
        more = _column(cursor, "the number of trials is a column, a sum of columns, or a whole number above 0")
        size = Total((*(size.columns if isinstance(size, Total) else (size,)), more))
    cursor.take(")", "trials(n) has a column, a sum of columns, or a number")
    return size


def _known_sd(cursor: FormulaCursor) -> KnownSpread:
    """Read brms's ``se(s)`` or ``se(sqrt(v))`` behind the bar."""
    start, form = cursor.span[0], "se(s) has one column with a known SD a row, or se(sqrt(v)) its square"
    cursor.take("name")
    cursor.take("(")
    name = cursor.peek()
    squared = name is not None and name.value == "sqrt" and cursor.at_call()
    if squared:
        cursor.take("name")
        cursor.take("(")
    column = _column(cursor, form)
    for _ in range(1 + squared):
        cursor.take(")", form)
    return KnownSpread("var" if squared else "sd", column, (start, cursor.last_end))


def read_known_sd(cursor: FormulaCursor) -> KnownSpread:
    """Read the value of ``known_sd = se`` behind the formula: a column, or a number above 0."""
    start, number = cursor.span[0], cursor.peek()
    if number is None or number.kind != "number":
        return KnownSpread("sd", _column(cursor, "known_sd is a column or a number"), (start, cursor.last_end))
    cursor.take("number")
    if not float(number.value) > 0:
        raise cursor.error("known_sd is a column or a number above 0", number.span)
    return KnownSpread("sd", float(number.value), number.span)


def _number_of_trials(cursor: FormulaCursor) -> Column | int:
    token = cursor.peek()
    if token is not None and token.kind == "number":
        cursor.take("number")
        if not token.value.isdigit() or int(token.value) < 1:
            raise cursor.error("the number of trials is a column or a whole number above 0", token.span)
        return int(token.value)
    return _column(cursor, "the number of trials is a column or a whole number above 0")


def _column(cursor: FormulaCursor, message: str) -> Column:
    token = cursor.take("column" if cursor.at("column") else "name", message)
    return Column(token.value, token.span)


def read_family(cursor: FormulaCursor) -> GivenFamily:
    """Read ``binomial``, ``"binomial"``, ``binomial("probit")`` or ``binomial(link = "probit")``.

    Raises
    ------
    EquationError
        If it is none of these.
    """
    start = cursor.span[0]
    name = cursor.take("string" if cursor.at("string") else "name", f"a family is missing: there are {_KNOWN}")
    link = None
    if name.kind == "name" and cursor.take_if("("):
        if not cursor.at(")"):
            link = _link(cursor)
        cursor.take(")", f'a family has a link and nothing else: {name.value}(link = "...")')
    return GivenFamily(name.value, link, (start, cursor.last_end))


def _link(cursor: FormulaCursor) -> str:
    after = cursor.peek(1)
    if cursor.at("name") and after is not None and after.kind == "=":
        key = cursor.take("name")
        if key.value != "link":
            raise cursor.error(f"`{key.value}` of a family is estimated: leave it out", key.span)
        cursor.take("=")
    return read_link(cursor)


def read_link(cursor: FormulaCursor) -> str:
    """Move over the name of a link, or its text."""
    return cursor.take("string" if cursor.at("string") else "name", "a link is missing").value


def distribution_of(cursor: FormulaCursor, left: LeftSide, given: GivenFamily | None) -> Distribution:
    """The distribution of the outcome; without a family it is normal.

    Raises
    ------
    EquationError
        If there is no such family or link, or if the outcome's form and the family do not fit together.
    """
    place = left.span if given is None else given.span
    if given is None:
        if left.size is not None:
            raise cursor.error("an outcome with trials is binomial: add `, family = binomial`", place)
        if left.ordered:
            raise cursor.error("an ordered outcome is cumulative: add `, family = cumulative`", place)
        return NORMAL
    folded = given.name.casefold()
    known = _NAMES.get(folded) or next((name for name in FAMILIES if name.casefold() == folded), None)
    if not known:
        raise cursor.error(f"there is no family `{given.name}`: there are {_KNOWN}", place)
    if left.size is not None:
        if known not in ("Bernoulli", "Binomial"):
            raise cursor.error(f"an outcome with trials is binomial, not {given.name}", place)
        known = "Binomial"
    elif known == "Binomial":
        raise cursor.error(
            "a binomial outcome has trials: write `y | trials(n) ~`, or bernoulli where it is 0 or 1", place
        )
    family = FAMILIES[known]
    link = given.link or family.links[0]
    if given.link is None and known == "Gamma":
        raise cursor.error('the link of a Gamma is `inverse` in R, and `log` here: write Gamma(link = "log")', place)
    if link not in family.links:
        links = " or ".join(f'{given.name}(link = "{one}")' for one in family.links)
        raise cursor.error(f"there is no link `{link}` of {given.name} here: write {links}", place)
    if known == NORMAL.family:
        return NORMAL
    symbols = (family.location, *(one.name for one in family.auxiliary if one.support == "positive"))
    return Distribution(known, link, symbols, left.size)
