"""SAS's MODEL statement: the outcome, the fixed effects, and the options that say which model it is."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.equations.distribution import NORMAL, Distribution
from bayeshlm.equations.notations.formula_parts import Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.program_family import SAS_FAMILIES, distribution, family_name
from bayeshlm.equations.notations.program_tokens import nearest, skip_value, word
from bayeshlm.equations.notations.sas_effects import SasVariables, read_effects, take_variable
from bayeshlm.equations.product import Column, Product, Span

_IGNORED = (
    "solution", "s", "ddfm", "ddf", "htype", "hypothesis", "cl", "alpha", "chisq", "covb", "covbi", "corrb", "e", "e1",
    "e2", "e3", "influence", "residual", "residuals", "intercept", "lcomponents", "notest", "vciry", "xpvix", "xpvixi",
    "zeta", "nocenter", "singular", "singchol", "singres", "oddsratio", "or", "stdcoef", "noprint", "fullx", "outp",
    "outpred", "outpm", "outpredm", "dfbw", "bucket",
)  # fmt: skip
_MEANING = ("noint", "dist", "distribution", "d", "error", "err", "link", "offset")
_EVENT = (
    "SAS models the probability of the lower value of a {kind} outcome unless it is told otherwise, and here it is that"
    " of the higher: write `model {y}{option} = ...`"
)


@dataclass(frozen=True, slots=True)
class SasModel:
    """What the MODEL statement says."""

    outcome: Column
    terms: tuple[Variables, ...]
    no_intercept: bool
    offsets: tuple[Product, ...]
    distribution: Distribution
    span: Span


@dataclass(frozen=True, slots=True)
class _Response:
    """The left side: the outcome, its number of trials, and whether its higher value is the event."""

    outcome: Column
    trials: Column | None
    higher: bool
    span: Span


def read_model(cursor: FormulaCursor, known: SasVariables, procedure: str) -> SasModel:
    """Read ``model y = x|z / solution;``, of GLIMMIX also ``model r/n = x / dist=binomial link=logit;``.

    Raises
    ------
    EquationError
        At options that would make it another model.
    """
    cursor.take_next()
    response = _read_response(cursor, known)
    cursor.take("=", f"`=` is missing behind the outcome: `model {response.outcome.name} = x;`")
    effects = read_effects(cursor, known)
    if not cursor.at("/", ";") and (token := cursor.peek()) is not None:
        raise cursor.error(_no_effect(token))
    no_intercept, offsets, family, link = False, [], None, None
    cursor.take_if("/")
    while not cursor.at(";") and (token := cursor.peek()) is not None:
        option = word(token)
        cursor.take_next()
        if option == "noint":
            no_intercept = True
        elif option == "offset":
            cursor.take("=", "write offset=x")
            offset = take_variable(cursor, "write offset=x, with the column x")
            offsets.append(Product((Column(known.name(offset), offset.span),)))
        elif option in _MEANING and procedure == "mixed":
            raise cursor.error("PROC MIXED has a normal outcome: write PROC GLIMMIX", token.span)
        elif option in _MEANING:
            cursor.take("=", f"write {option}=, and the name behind it")
            if option == "link":
                link = cursor.take("name", "a link is missing")
            else:
                family = cursor.take("name", "a family is missing")
                if cursor.at("("):
                    raise cursor.error("parameters of the distribution are estimated: leave the parenthesis out")
        elif option in _IGNORED:
            skip_value(cursor)
        else:
            known_options = nearest(option, (*_MEANING, *_IGNORED))
            raise cursor.error(f"`{token.value}` of MODEL is not read: leave it out{known_options}", token.span)
    return SasModel(
        response.outcome,
        tuple(effect.as_term(known) for effect in effects),
        no_intercept,
        tuple(offsets),
        _distribution(cursor, response, family, link),
        response.span,
    )


def _no_effect(token: FormulaToken) -> str:
    messages = {
        "number": "the intercept is there by default, and `/ noint` takes it out: numbers are no effects",
        "+": "effects stand side by side, without `+`: `model y = a b a*b`",
        "(": "an effect is missing before this parenthesis",
        "*": "an effect is missing before this `*`",
        "|": "an effect is missing before this `|`",
    }
    return messages.get(token.kind, f"`{token.value}` has no meaning among the effects; options stand behind a `/`")


def _read_response(cursor: FormulaCursor, known: SasVariables) -> _Response:
    token = take_variable(cursor, "the outcome is missing: `model y = x;`")
    outcome, trials, higher = Column(known.name(token), token.span), None, False
    if cursor.take_if("/"):
        number = take_variable(cursor, "the number of trials is a column: `model r/n = x`")
        trials = Column(known.name(number), number.span)
    if cursor.take_if("("):
        while not cursor.at(")"):
            higher = _read_event(cursor) or higher
        cursor.take(")")
    return _Response(outcome, trials, higher, (token.span[0], cursor.last_end))


def _read_event(cursor: FormulaCursor) -> bool:
    """Read an option of the outcome; whether it says that the higher value is the event."""
    token = cursor.take("name", "an option of the outcome is one such as (event='1') or (descending)")
    option = token.value.casefold()
    if option in ("descending", "desc"):
        return True
    if option not in ("event", "ref", "reference"):
        raise cursor.error(f"`{token.value}` of the outcome is not read: write (event='1') or (descending)", token.span)
    cursor.take("=", f"write {option}='1'")
    value = cursor.take_next()
    positive, negative = ("1", "last"), ("0", "first")
    fits = positive if option == "event" else negative
    if value.value.casefold() in fits:
        return True
    message = "the event is 1 here: make a column of zeros and ones in the data, and write (event='1')"
    raise cursor.error(message, value.span)


def _distribution(
    cursor: FormulaCursor, response: _Response, family: FormulaToken | None, link: FormulaToken | None
) -> Distribution:
    text, place = cursor.text, response.span if family is None else family.span
    if family is not None:
        name = family_name(text, family, SAS_FAMILIES)
    elif response.trials is not None:
        name = "Binomial"
    elif link is not None and link.value.casefold() not in ("identity", "id"):
        raise cursor.error("a link has a distribution: add `dist=binary`, or another", link.span)
    else:
        return NORMAL
    if name in ("Bernoulli", "Ordinal") and response.trials is None and not response.higher:
        kind, option = ("binary", "(event='1')") if name == "Bernoulli" else ("ordered", "(descending)")
        raise cursor.error(_EVENT.format(kind=kind, y=response.outcome.name, option=option), response.span)
    return distribution(text, name, place, link, response.trials)
