"""The terms and random effects of a formula, or of a program's statements -> ModelSpec."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.equations.distribution import NORMAL, Distribution
from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor
from bayeshlm.equations.one_line import EFFECT_LETTERS, FixedPart, OneLine, RandomPart, all_in_level1
from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error


def require_random(cursor: FormulaCursor, bars: Sequence[Bar], example: str) -> None:
    """Refuse a text without random effects, behind its end.

    Raises
    ------
    EquationError
    """
    if not bars:
        message = f"no random effect, so this is an ordinary regression: add one, such as `{example}`"
        raise cursor.error(message, (cursor.last_end, cursor.last_end + 1))


def formula_spec(
    text: str,
    outcome: Column,
    terms: Sequence[Variables],
    bars: Sequence[Bar],
    offsets: Sequence[Product],
    distribution: Distribution,
    place: Span,
) -> ModelSpec:
    """Make the specification whose terms all stand in level 1.

    Parameters
    ----------
    text : str
        What was read, which errors quote.
    outcome : Column
    terms : sequence of Variables
        Of the fixed effects, the intercept among them if there is one.
    bars : sequence of Bar
        Of the random effects; those of one bar covary if it says so.
    offsets : sequence of Product
    distribution : Distribution
    place : tuple of int
        Of the outcome, to which errors of the intercept point.

    Raises
    ------
    EquationError
        If there are too many groupings, no fixed effect, or a random effect twice.
    """
    if len(dict.fromkeys(bar.grouping for bar in bars)) > len(EFFECT_LETTERS):
        raise equation_error(text, bars[-1].span, f"up to {len(EFFECT_LETTERS)} groupings are read")
    ordered = distribution.has_cutpoints
    random, block = [], 0
    for bar in bars:
        for number, term in enumerate(bar.terms):
            block += number == 0 or not bar.correlated
            random.append(RandomPart(term.product, bar.grouping, block, bar.span))
    line = OneLine(
        outcome=outcome,
        fixed=[FixedPart(term.product, term.span if term.key else place) for term in terms if term.key or not ordered],
        random=random,
        written="formula",
        offsets=offsets,
        distribution=distribution,
        residual="r" if distribution == NORMAL else "",
    )
    spec = all_in_level1(text, line)
    if not spec.fixed and not ordered:
        raise equation_error(text, place, "the model has no fixed effect: leave the intercept in")
    return spec
