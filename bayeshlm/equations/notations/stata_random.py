"""Stata's random-effects equations: ``|| school: ses, covariance(unstructured)``, ``|| _all: R.school``."""

from __future__ import annotations

from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor
from bayeshlm.equations.notations.program_tokens import word
from bayeshlm.equations.notations.stata_effects import StataTerm, read_terms, take_column
from bayeshlm.equations.notations.stata_options import Options, read_options
from bayeshlm.equations.product import Call


def read_random_equation(cursor: FormulaCursor, nested: list[str], options: Options) -> list[Bar]:
    """Read an equation with its options.

    Parameters
    ----------
    cursor : FormulaCursor
        At its ``||``.
    nested : list of str
        The columns of the equations before, within which its units are nested; its own is added.
    options : Options
        What its options say of the outcome is added to them.

    Raises
    ------
    EquationError
        At a structure of covariances other than independent and unstructured, and at categories.
    """
    start = cursor.take("||").span[0]
    column = take_column(cursor, "a grouping column is missing: `|| school:`")
    if cursor.at("#", "."):
        raise cursor.error("a grouping is one column: make the cells in the data, or write `|| _all: R.school`")
    cursor.take(":", f"a colon is missing behind the grouping: `|| {column.value}:`")
    if column.value in nested:
        message = "this grouping stands twice, and in Stata the second would be nested in the first: join them into one"
        raise cursor.error(message, column.span)
    if column.value != "_all":
        nested.append(column.value)
    grouping = ":".join(nested)
    span = (start, cursor.last_end)
    if word(cursor.peek()) == "r" and (after := cursor.peek(1)) is not None and after.kind == ".":
        return [_read_crossed(cursor, grouping, start, options)]
    if not grouping or column.value == "_all":
        raise cursor.error("`_all` is one group of all rows: write `|| _all: R.school`", column.span)
    terms = read_terms(cursor)
    span = (start, cursor.last_end)
    own = Options()
    read_options(cursor, own, has_more=False)
    options.add(own)
    for term in terms:
        _check_numeric(cursor, term)
    intercept = [] if own.no_constant else [Variables()]
    effects = (*intercept, *(term.variables for term in terms))
    if not effects:
        raise cursor.error("no random effect is left here: leave `noconstant` out", span)
    return [Bar(effects, grouping, _covary(cursor, own, len(effects)), span)]


def _read_crossed(cursor: FormulaCursor, within: str, start: int, options: Options) -> Bar:
    """Read ``R.school``: a random intercept for each of its categories within the grouping."""
    cursor.take_next()
    cursor.take(".")
    column = take_column(cursor, "a column is missing: R.school")
    span = (start, cursor.last_end)
    if cursor.at("name", "("):
        raise cursor.error("beside R.x nothing stands in this equation: write another `|| _all:` for it")
    own = Options()
    read_options(cursor, own, has_more=False)
    options.add(own)
    if own.covariance not in (None, "identity"):
        raise cursor.error("these effects are independent, of one variance: leave this out", own.covariance_span)
    return Bar((Variables(),), f"{within}:{column.value}" if within else column.value, False, span)


def _check_numeric(cursor: FormulaCursor, term: StataTerm) -> None:
    """Refuse categories: Stata has no random effects of ``i.x``."""
    if any(isinstance(factor, Call) for factor in term.variables.product.factors):
        message = "random effects of categories are not read: make columns of zeros and ones, or write R.x for groups"
        raise cursor.error(message, term.variables.span)


def _covary(cursor: FormulaCursor, own: Options, n_effects: int) -> bool:
    """Whether the random effects covary: not by default."""
    if n_effects == 1 or own.covariance in (None, "independent"):
        return False
    if own.covariance == "unstructured":
        return True
    message = "this structure of covariances is not estimated here: unstructured and independent are"
    raise cursor.error(message, own.covariance_span)
