"""The right side of a formula -> its terms, offsets and random terms, by R's algebra.

Wilkinson & Rogers (1973, Applied Statistics 22, 392-399), as R's ``terms.formula`` has it: ``a*b`` is ``a + b + a:b``,
``a/b`` is ``a + a:b``, ``(a + b)^2`` all products of up to two. Random terms are those of Bates et al. (2015, J. Stat.
Software 67(1), table 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bayeshlm.equations.notations.formula_calls import read_factors, read_value, refuse_meaningless
from bayeshlm.equations.notations.formula_parts import Bar, RightSide, Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.product import Product


class _Sum:
    """What has been read of a sum."""

    def __init__(self) -> None:
        self.terms: dict[frozenset[Product], Variables] = {}
        self.bars: list[Bar] = []
        self.offsets: list[Product] = []
        self.places: list[int] = []
        self.intercept: bool | None = None

    def add(self, terms: Iterable[Variables]) -> None:
        for term in terms:
            if term.key:
                self.terms.setdefault(term.key, term)
            else:
                self.intercept = True

    def ordered(self) -> tuple[Variables, ...]:
        """The terms in R's order, those of fewer variables first; the intercept stands unless it is taken out."""
        intercept = [] if self.intercept is False else [Variables()]
        return (*intercept, *sorted(self.terms.values(), key=lambda term: len(term.products)))


CORRELATED_TERMS = ("ar", "cosy")
"""Terms that are about the residuals; what they say is read by `bayeshlm.equations.notations.formula_level1`."""

ONE_BAR = "a term of random effects has one bar: those of two bars are independent here"
"""Of a mark ``|v|`` that no other term has."""

_DEEPEST = 30
_MOST_TERMS = 500


def read_right_side(cursor: FormulaCursor) -> RightSide:
    """Read what stands behind ``~``, up to a comma or the end.

    Raises
    ------
    EquationError
        At what has no meaning in a formula.
    """
    found = _read_sum(cursor, top=True)
    return RightSide(found.ordered(), tuple(found.bars), tuple(found.offsets), tuple(found.places))


def read_random(cursor: FormulaCursor) -> list[Bar]:
    """Read the terms of random effects and their grouping, ``1 + x | g``; ``g/h`` stands for several bars."""
    start = cursor.span[0]
    return _read_bars(cursor, _read_sum(cursor), start)


def read_effects(cursor: FormulaCursor) -> tuple[Variables, ...]:
    """Read the terms of random effects alone: ``1 + x``."""
    return _read_sum(cursor).ordered()


def _read_sum(cursor: FormulaCursor, top: bool = False) -> _Sum:
    found = _Sum()
    minus = cursor.take_if("-") is not None
    cursor.take_if("+")
    while True:
        _read_summand(cursor, found, minus, top)
        if not cursor.at("+", "-"):
            break
        minus = cursor.at("-")
        cursor.take("-" if minus else "+")
    if top and not cursor.at(",", ")") and (token := cursor.peek()) is not None:
        raise _unexpected(cursor, token)
    return found


def _read_summand(cursor: FormulaCursor, found: _Sum, minus: bool, top: bool) -> None:
    token, after = cursor.peek(), cursor.peek(1)
    number = token.value if token is not None and token.kind == "number" else None
    if number is not None and (after is None or after.kind in ("+", "-", "|", "||", ")", ",")):
        if number not in ("0", "1"):
            raise cursor.error(f"a number in a formula is 1 or 0, with or without an intercept: leave {number} out")
        cursor.take("number")
        found.intercept = (number == "1") != minus
        return
    if top and cursor.at_call() and token is not None and token.value == "offset":
        if minus:
            raise cursor.error("an offset is added: make its column negative in the data")
        cursor.take("name")
        cursor.take("(")
        found.offsets.append(read_value(cursor, 0))
        cursor.take(")", "offset() takes a product of columns: make a sum in the data first")
        return
    if top and not minus and cursor.at_call() and token is not None and token.value in CORRELATED_TERMS:
        found.places.append(cursor.place)
        _skip_call(cursor)
        return
    start = cursor.span
    bars, terms = _read_product(cursor)
    if bars and not (top and not minus):
        raise cursor.error("a term of random effects, (1 | g), is added to the other terms", start)
    found.bars += bars
    if not minus:
        found.add(terms)
        return
    for term in terms:
        if found.terms.pop(term.key, None) is None:
            raise cursor.error("this is taken out, but is no term before: leave it out", term.span)


def _skip_call(cursor: FormulaCursor) -> None:
    """Move behind the parenthesis of a call."""
    cursor.take("name")
    depth = 0
    while True:
        token = cursor.take_next()
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0:
            return


def _read_product(cursor: FormulaCursor) -> tuple[list[Bar], list[Variables]]:
    """Read ``a*b`` and ``a/b``."""
    start = cursor.span
    bars, left = _read_interaction(cursor)
    while cursor.at("*", "/", "%in%"):
        sign = cursor.take_next()
        more, right = _read_interaction(cursor)
        if bars or more:
            raise cursor.error("a term of random effects, (1 | g), is added to the other terms", start)
        if sign.kind == "%in%":
            raise cursor.error("`%in%` is not read: write a:b", sign.span)
        if sign.kind == "*":
            left = [*left, *right, *_interactions(cursor, left, right)]
        else:
            whole = Variables()
            for number, one in enumerate(left):
                whole = one if number == 0 else whole.times(one)
            left = [*left, *(whole.times(other) for other in right)]
    return bars, left


def _read_interaction(cursor: FormulaCursor) -> tuple[list[Bar], list[Variables]]:
    """Read ``a:b``."""
    start = cursor.span
    bars, left = _read_power(cursor)
    while cursor.take_if(":"):
        more, right = _read_power(cursor)
        if bars or more:
            raise cursor.error("a term of random effects, (1 | g), is added to the other terms", start)
        left = _interactions(cursor, left, right)
    return bars, left


def _interactions(cursor: FormulaCursor, left: list[Variables], right: list[Variables]) -> list[Variables]:
    """All products of two terms."""
    found: dict[frozenset[Product], Variables] = {}
    for one in left:
        for other in right:
            term = one.times(other)
            found.setdefault(term.key, term)
        if len(found) > _MOST_TERMS:
            message = f"this stands for more than {_MOST_TERMS} terms: write those that are meant"
            raise cursor.error(message, (left[0].span[0], cursor.last_end))
    return list(found.values())


def _read_power(cursor: FormulaCursor) -> tuple[list[Bar], list[Variables]]:
    """Read ``(a + b)^2``: products of up to two of them."""
    start = cursor.span[0]
    bars, base = _read_primary(cursor)
    if bars or not cursor.at("^"):
        return bars, base
    place = cursor.take("^").span
    power = cursor.take("number", "a power is a whole number, as in (a + b)^2")
    if len(base) == 1:
        written = cursor.text[start : place[0]].strip()
        message = f"`{written}^{power.value}` is `{written}` in a formula: write I({written}^{power.value})"
        raise cursor.error(message, (start, power.span[1]))
    if not power.value.isdigit() or not 1 <= int(power.value) <= 9:
        raise cursor.error("a power is a whole number from 1 to 9, as in (a + b)^2", power.span)
    found = {one.key: one for one in base}
    for _ in range(int(power.value) - 1):
        for term in _interactions(cursor, list(found.values()), base):
            found.setdefault(term.key, term)
    return [], list(found.values())


def _read_primary(cursor: FormulaCursor) -> tuple[list[Bar], list[Variables]]:
    start = cursor.span[0]
    if cursor.at("("):
        if cursor.depth >= _DEEPEST:
            raise cursor.error(f"parentheses are nested more than {_DEEPEST} deep")
        cursor.take("(")
        cursor.depth += 1
        inner = _read_sum(cursor)
        cursor.depth -= 1
        if cursor.at("|", "||"):
            bars = _read_bars(cursor, inner, start)
            cursor.take(")", "the parenthesis of (1 | g) is not closed")
            return [replace(bar, span=(start, cursor.last_end)) for bar in bars], []
        cursor.take(")", "this parenthesis is not closed")
        constant = [Variables()] if inner.intercept else []
        return [], [*constant, *inner.terms.values()]
    if cursor.at("number"):
        raise cursor.error("a number is no variable: multiply the column in the data")
    return [], [Variables((Product(read_factors(cursor)),), (start, cursor.last_end))]


def _read_bars(cursor: FormulaCursor, inner: _Sum, start: int) -> list[Bar]:
    """Read ``| g``, of which ``g/h`` stands for ``| g`` and ``| g:h``, behind the terms of random effects."""
    sign = cursor.peek()
    if sign is None or sign.kind not in ("|", "||"):
        raise cursor.error("`| g` is missing, with the grouping column g: `1 + x | g`")
    cursor.take(sign.kind)
    mark, after = "", cursor.peek(1)
    if sign.kind == "|" and cursor.at("name") and after is not None and after.kind == "|":
        mark = cursor.take("name").value
        cursor.take("|")
    names = [_read_group(cursor)]
    groupings = [names[0]]
    while cursor.at("/", ":"):
        nested = cursor.take_next().kind == "/"
        names.append(_read_group(cursor))
        joined = f"{groupings[-1]}:{names[-1]}"
        groupings = [*groupings, joined] if nested else [*groupings[:-1], joined]
    if cursor.at("|", "||"):
        raise cursor.error(ONE_BAR, cursor.span)
    terms, span = inner.ordered(), (start, cursor.last_end)
    if not terms:
        raise cursor.error("no random effect stands before the bar: write (1 | g)", (start, cursor.last_end))
    return [Bar(terms, grouping, sign.kind == "|", span, mark) for grouping in reversed(groupings)]


def _read_group(cursor: FormulaCursor) -> str:
    refuse_meaningless(cursor)
    if cursor.at_call() and (token := cursor.peek()) is not None and token.value in ("factor", "as.factor", "C"):
        cursor.take("name")
        cursor.take("(")
        name = cursor.take("column" if cursor.at("column") else "name", "a grouping column is missing here").value
        cursor.take(")", "a grouping is a column")
        return name
    if not cursor.at("name", "column"):
        raise cursor.error("a grouping column is missing behind the bar: (1 | school)")
    return cursor.take("column" if cursor.at("column") else "name").value


def _unexpected(cursor: FormulaCursor, token: FormulaToken) -> Exception:
    messages = {
        "~": "a formula has one `~`",
        "|": "a term of random effects stands in parentheses: (1 + x | g)",
        "||": "a term of random effects stands in parentheses: (1 + x || g)",
        "=": "a formula has no `=`",
        "[": "brackets have no meaning in a formula: make the column in the data first",
    }
    return cursor.error(messages.get(token.kind, f"a `+` or another sign is missing before `{token.value}`"))
