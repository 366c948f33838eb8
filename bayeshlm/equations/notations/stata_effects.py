"""The variables of Stata's equations: ``x c.x##i.z ib2.w``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.notations.formula_parts import Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.program_tokens import word
from bayeshlm.equations.one_line import term_key
from bayeshlm.equations.product import Call, Column, Factor, Option, Product

_MOST_TERMS = 500
_BASE = re.compile(r"i?b(\d+)", re.IGNORECASE)
_SERIES = re.compile(r"[lfds]\d*", re.IGNORECASE)
_OF_BASE: dict[str, tuple[tuple[str, Option], ...]] = {"first": (), "last": (("coding", "last"),)}


@dataclass(frozen=True, slots=True)
class StataTerm:
    """A term, and the operators ``ibn.`` in it, which take no reference."""

    variables: Variables
    without_base: tuple[FormulaToken, ...] = ()

    @property
    def has_category(self) -> bool:
        """Whether it stands for the categories of a column alone."""
        factors = self.variables.product.factors
        return len(factors) == 1 and isinstance(factors[0], Call)


def take_column(cursor: FormulaCursor, message: str) -> FormulaToken:
    """Move over the name of a column."""
    token = cursor.take("name", message)
    if cursor.at("-", "*", "~") and (after := cursor.peek()) is not None and after.span[0] == token.span[1]:
        raise cursor.error("lists of variables are not read: write the name of each", (token.span[0], after.span[1]))
    return token


def read_terms(cursor: FormulaCursor) -> list[StataTerm]:
    """Read variables up to what is none; one that stands twice is kept once, as Stata does.

    Raises
    ------
    EquationError
        At operators that have no meaning here.
    """
    found: dict[frozenset[tuple[Factor, int]], StataTerm] = {}
    while cursor.at("name", "(", "number") and word(cursor.peek()) not in ("if", "in"):
        for term in _read_crossed(cursor):
            found.setdefault(term_key(term.variables.product), term)
        if len(found) > _MOST_TERMS:
            raise cursor.error(f"this stands for more than {_MOST_TERMS} terms: write those that are meant")
    return list(found.values())


def check_constants(cursor: FormulaCursor, terms: Sequence[StataTerm], no_constant: bool) -> None:
    """Refuse categories that would have a column for every level here and not in Stata, or the other way round.

    Raises
    ------
    EquationError
        At ``ibn.`` beside a constant; at ``i.`` without one.
    """
    for term in terms:
        if term.without_base and not no_constant:
            message = "a column for every level leaves no place for a constant: write `i.`, or add `, noconstant`"
            raise cursor.error(message, term.without_base[0].span)
    if not no_constant:
        return
    alone = [term for term in terms if term.has_category]
    if alone and not alone[0].without_base:
        message = "without a constant a category has a column for every level here: write `ibn.`, or make the columns"
        raise cursor.error(message, alone[0].variables.span)
    for term in [*alone[1:], *(one for one in terms if one not in alone)]:
        if term.without_base:
            raise cursor.error("only the first category has a column for every level here", term.without_base[0].span)


def _read_crossed(cursor: FormulaCursor) -> list[StataTerm]:
    """Read ``a##b``, and ``a#b``: names without an operator are categories there."""
    start = cursor.span[0]
    crossed = _is_crossed(cursor)
    found = _read_operand(cursor, crossed)
    while cursor.at("#", "##"):
        full = cursor.take_next().kind == "##"
        right = _read_operand(cursor, crossed)
        span = (start, cursor.last_end)
        products = [_times(one, other, span) for one in found for other in right]
        found = [*found, *right, *products] if full else products
        if len(found) > _MOST_TERMS:
            raise cursor.error(f"this stands for more than {_MOST_TERMS} terms: write those that are meant", span)
    return found


def _is_crossed(cursor: FormulaCursor) -> bool:
    """Whether the variable that comes next is one of an interaction."""
    depth = ahead = 0
    while (token := cursor.peek(ahead)) is not None:
        after = cursor.peek(ahead + 1)
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0 and token.kind in ("name", "number", ")") and (after is None or after.kind not in (".", "(")):
            return after is not None and after.kind in ("#", "##")
        ahead += 1
    return False


def _times(one: StataTerm, other: StataTerm, span: tuple[int, int]) -> StataTerm:
    """The product of two terms, in which a category stands once."""
    own = list(one.variables.products)
    for product in other.variables.products:
        if not (isinstance(product.factors[0], Call) and product in own):
            own.append(product)
    return StataTerm(Variables(tuple(own), span), one.without_base + other.without_base)


def _read_operand(cursor: FormulaCursor, crossed: bool) -> list[StataTerm]:
    """Read a variable with its operator, ``i.x``, or several in parentheses, ``c.(x z)``."""
    if cursor.at("("):
        cursor.take("(")
        found: list[StataTerm] = []
        while not cursor.at(")"):
            if not cursor.at("name"):
                raise cursor.error("names stand in parentheses, which close behind them, as in i.a##(c.x c.z)")
            found += _read_operand(cursor, crossed)
            if cursor.at("#", "##"):
                raise cursor.error("interactions in parentheses are not read: write each on its own")
        cursor.take(")")
        return found
    first, after = cursor.peek(), cursor.peek(1)
    if first is not None and first.kind == "number":
        raise cursor.error("a single level, as in 2.x, is not read: write i.x, or make the column in the data")
    if after is None or after.kind not in (".", "(") or after.span[0] != (first.span[1] if first else 0):
        token = take_column(cursor, "a variable is missing here")
        return [_term(token, "i" if crossed else "c", ())]
    operator = cursor.take("name", "a variable is missing here")
    base = _read_base(cursor, operator)
    cursor.take(".", f"write `{operator.value}.x`")
    without_base = (operator,) if base is None else ()
    kind = "c" if operator.value.casefold() == "c" else "i"
    if not cursor.take_if("("):
        return [_term(take_column(cursor, "a variable is missing here"), kind, base or (), without_base, operator)]
    found = []
    while cursor.at("name"):
        found.append(_term(take_column(cursor, ""), kind, base or (), without_base))
    cursor.take(")", f"names stand in {operator.value}.( ), as in {operator.value}.(x z)")
    return found


def _read_base(cursor: FormulaCursor, operator: FormulaToken) -> tuple[tuple[str, Option], ...] | None:
    """The options of ``C(x)`` for the base of an operator; None of ``ibn.``."""
    given = operator.value.casefold()
    if cursor.at("("):
        cursor.take("(")
        inner = cursor.take_next()
        cursor.take(")", "a base is written ib(last).x or ib2.x")
        if given in ("ib", "b") and inner.kind == "number" and inner.value.isdigit():
            return (("ref", int(inner.value)),)
        if given in ("ib", "b") and word(inner) in _OF_BASE:
            return _OF_BASE[word(inner)]
        raise cursor.error("a base is written ib2.x, ib(first).x or ib(last).x", inner.span)
    if given in ("ibn", "bn"):
        return None
    if match := _BASE.fullmatch(given):
        return (("ref", int(match[1])),)
    if given in ("i", "c"):
        return ()
    message = f"`{operator.value}.` has no meaning here: i.x, c.x and ib2.x are read"
    if _SERIES.fullmatch(given):
        message = f"lags and differences, `{operator.value}.`, are not read: make the column in the data"
    raise cursor.error(message, operator.span)


def _term(
    token: FormulaToken,
    kind: str,
    base: tuple[tuple[str, Option], ...],
    without_base: tuple[FormulaToken, ...] = (),
    operator: FormulaToken | None = None,
) -> StataTerm:
    column, span = Column(token.value, token.span), ((operator or token).span[0], token.span[1])
    factor: Factor = Call("C", Product((column,)), base, span) if kind == "i" else column
    return StataTerm(Variables((Product((factor,)),), span), without_base)
