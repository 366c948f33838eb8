"""Tokens -> data expressions: products of columns and of whitelisted calls."""

from __future__ import annotations

import math
import re

from bayeshlm.equations.functions import (
    TAKES_CATEGORIES,
    GivenOption,
    check_function,
    has_several_columns,
    normalize_options,
)
from bayeshlm.equations.product import Call, Column, Factor, Option, Product, Span
from bayeshlm.equations.symbols import UNITS
from bayeshlm.equations.tokens import Token, equation_error
from bayeshlm.errors import EquationError

_DEEPEST = 10
_PARENTHESES = "parentheses hold a product of columns, not a sum: write products out, and cwc(x) or cgm(x) to center"
_NAME_WITH_SPACE = "a name with a space stands in backticks, `mean ses`; a product has `*` between its columns"
_SUBSCRIPT = re.compile(rf"_(?:{UNITS})")  # of (SES)_ij
_LONGEST_NUMBER = 18


class Cursor:
    """A place in one logical line of tokens, moving from left to right.

    Parameters
    ----------
    text : str
        The equations, which errors quote.
    tokens : list of Token
        The line; never empty.
    """

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self._tokens = list(tokens)
        self._next = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """Return the next token, or the one so many ahead; None behind the end of the line."""
        index = self._next + ahead
        return self._tokens[index] if index < len(self._tokens) else None

    def at(self, *kinds: str) -> bool:
        """Whether the next token is of one of these kinds."""
        token = self.peek()
        return token is not None and token.kind in kinds

    def take(self, kind: str, message: str) -> Token:
        """Move over the next token, which must be of this kind."""
        token = self.peek()
        if token is None or token.kind != kind:
            raise self.error(message)
        self._next += 1
        return token

    def split(self, length: int) -> Token:
        """Split the next token, a name, after so many characters; returns its first part."""
        token = self._tokens[self._next]
        start, end = token.span
        parts = [
            Token("name", token.value[:length], (start, start + length)),
            Token("name", token.value[length:], (start + length, end)),
        ]
        self._tokens[self._next : self._next + 1] = parts
        return parts[0]

    def take_if(self, kind: str) -> Token | None:
        """Move over the next token if it is of this kind."""
        return self.take(kind, "") if self.at(kind) else None

    @property
    def span(self) -> Span:
        """The next token's place; behind the last token at the end of the line."""
        token = self.peek()
        end = self._tokens[-1].span[1]
        return token.span if token is not None else (end, end + 1)

    @property
    def last_end(self) -> int:
        """End of the token before the next one."""
        return self._tokens[max(self._next - 1, 0)].span[1]

    def source(self, span: Span | None) -> str:
        """Return the text at a place as it was written."""
        return self.text[slice(*span)] if span is not None else ""

    def error(self, message: str, span: Span | None = None) -> EquationError:
        """Build the error for the next token, or for another place."""
        return equation_error(self.text, span or self.span, message)


def parse_product(cursor: Cursor, depth: int = 0) -> Product:
    """Read ``factor*factor*...``; the order of the text is kept. Parentheses around a product say nothing more."""
    factors = _parse_factors(cursor, depth)
    while cursor.take_if("*"):
        factors += _parse_factors(cursor, depth)
    return Product(tuple(factors))


def parse_call(cursor: Cursor, depth: int = 0) -> Call:
    """Read ``function(argument, options)``, beginning at the function's name."""
    name = cursor.take("name", "a function's name is missing here")
    check_function(cursor.text, name.span, name.value)
    opening = cursor.take("(", f"`{name.value}` needs its argument in parentheses")
    if depth >= _DEEPEST:
        raise cursor.error(f"calls are nested more than {_DEEPEST} deep", name.span)
    if cursor.at(")"):
        raise cursor.error(f"`{name.value}` needs a column: write {name.value}(x)")
    argument = parse_product(cursor, depth + 1)
    check_argument(cursor.text, name.value, argument)
    given = []
    while cursor.take_if(","):
        given.append(_parse_option(cursor))
    if not cursor.at(")"):
        raise _unclosed(cursor, name, opening, argument.factors[-1])
    closing = cursor.take(")", "")
    options = normalize_options(cursor.text, name.span, name.value, given)
    return Call(name.value, argument, options, (name.span[0], closing.span[1]))


def unexpected(cursor: Cursor, before: str) -> EquationError:
    """Build the error for a token that cannot stand behind a factor or a symbol (``before``)."""
    token = cursor.peek()
    if token is None:
        return cursor.error("the line ends too early")
    after = cursor.peek(1)
    if token.kind in ("name", "column", "string"):
        shown = token.value if token.kind == "name" else f"`{token.value}`"
        missing = f"put `*` between {before} and {shown}: `{before}*{shown}`, or `+` if they are two terms;"
        missing += " a name with a space stands in backticks"
        if after is not None and after.kind == "(":
            missing = f"put `*` between {before} and {shown}(...): `{before}*{shown}(...)`"
        return cursor.error(missing)
    messages = {
        "(": f"put `*` between {before} and what follows, and write products out: parentheses stand only"
        " behind a function; cwc(x) and cgm(x) center",
        ")": "this parenthesis is not opened",
        "-": "terms are only added, their signs are estimated: write `+`; cwc(x) and cgm(x) center a column",
        "=": "an equation has one `=`; begin a new line for the next equation",
        "number": f"numbers stand only in options such as poly(x, 2): every term has a coefficient, so `{before}`"
        " needs no number",
        ",": "a comma stands only between the arguments of a function",
        "[": "only a random effect names its group: `u0[school]`",
        "]": "this bracket is not opened",
    }
    return cursor.error(messages.get(token.kind, f"`{token.value}` cannot stand here"))


def _parse_factors(cursor: Cursor, depth: int) -> list[Factor]:
    """Read one factor, or those of a product in parentheses: ``(ses)``, as HLM writes it."""
    if not cursor.at("("):
        return [_parse_factor(cursor, depth)]
    opening = cursor.take("(", "")
    if depth >= _DEEPEST or not cursor.at("name", "column"):
        raise cursor.error(_PARENTHESES, opening.span)
    factors = parse_product(cursor, depth + 1).factors
    if not cursor.at(")"):
        name = cursor.peek()
        spaced = _NAME_WITH_SPACE if name is not None and name.kind == "name" else None
        raise cursor.error(spaced or _shifted(cursor, factors) or _PARENTHESES, opening.span)
    cursor.take(")", "")
    token = cursor.peek()
    if token is not None and token.span[0] == cursor.last_end and _SUBSCRIPT.fullmatch(token.value):
        cursor.take(token.kind, "")
    return list(factors)


def _shifted(cursor: Cursor, factors: tuple[Factor, ...]) -> str | None:
    """What to do about ``(x - 11)``: the column that it needs."""
    sign, number, closing = cursor.peek(), cursor.peek(1), cursor.peek(2)
    if not (sign and number and closing and number.kind == "number" and closing.kind == ")" and len(factors) == 1):
        return None
    if sign.kind not in ("+", "-") or not isinstance(factors[0], Column):
        return None
    name = factors[0].name
    return (
        f"numbers are not added to columns here: make the column in the data first,"
        f' data["{name}_0"] = data["{name}"] {sign.kind} {number.value}, and write `{name}_0`; cwc({name}) and'
        f" cgm({name}) center around means"
    )


def _parse_factor(cursor: Cursor, depth: int) -> Factor:
    token, after = cursor.peek(), cursor.peek(1)
    if token is not None and token.kind == "name" and after is not None and after.kind == "(":
        if token.value == "offset":
            raise cursor.error("offset(x) is a term of its own, without a coefficient: `y = b0 + offset(x) + r`")
        return parse_call(cursor, depth)
    if token is not None and token.kind in ("name", "column"):
        cursor.take(token.kind, "")
        return Column(token.value, token.span)
    if token is None:
        raise cursor.error("a column or a function of one is missing at the end of this line")
    messages = {
        "number": "numbers stand only in options such as poly(x, 2): here a column is needed",
        "string": "a column's name stands in backticks, not in quotes: write `" + token.value + "`",
        "*": "powers and double `*` are not read: write `x*x` or `poly(x, 2)`",
    }
    raise cursor.error(messages.get(token.kind, f"a column is missing before `{token.value}`"))


def check_argument(text: str, function: str, argument: Product) -> None:
    """Refuse an argument with several columns where a function takes one.

    Raises
    ------
    EquationError
    """
    last = argument.factors[-1]
    if function == "C" and not (len(argument.factors) == 1 and isinstance(last, Column)):
        message = "`C` takes one column: write C(x), and C(x)*C(z) for a product"
        raise equation_error(text, last.span or (0, 1), message)
    several = [factor for factor in argument.factors if isinstance(factor, Call) and has_several_columns(factor)]
    if not several:
        return
    if function not in TAKES_CATEGORIES or len(several) > 1 or not has_several_columns(several[0], ("C",)):
        message = (
            f"`{several[-1].function}` stands for several columns, and {function} takes one: make it in the data"
            f" first (one C(x) may stand inside {', '.join(TAKES_CATEGORIES)})"
        )
        raise equation_error(text, several[-1].span or (0, 1), message)


def _parse_option(cursor: Cursor) -> GivenOption:
    start = cursor.span[0]
    name, after = cursor.peek(), cursor.peek(1)
    keyword = None
    if name is not None and name.kind == "name" and after is not None and after.kind == "=":
        keyword = cursor.take("name", "").value
        cursor.take("=", "")
    minus = cursor.take_if("-")
    token = cursor.peek()
    value: Option
    if token is not None and token.kind == "number":
        value = _read_number(cursor, token) * (-1 if minus else 1)
    elif token is not None and token.kind in ("name", "string") and not minus:
        is_bool = token.kind == "name" and token.value.casefold() in ("true", "false")
        value = token.value.casefold() == "true" if is_bool else token.value
    else:
        raise cursor.error('an option is missing here: a number, True, False or a text such as "Public"')
    cursor.take(token.kind, "")
    bare = token.kind == "name" and not isinstance(value, bool)
    return GivenOption(keyword, value, bare, (start, cursor.last_end))


def _read_number(cursor: Cursor, token: Token) -> int | float:
    if len(token.value) <= _LONGEST_NUMBER:
        if token.value.isdigit():
            return int(token.value)
        number = float(token.value)
        if math.isfinite(number):
            return number
    raise cursor.error("this number is too long or too large")


def _unclosed(cursor: Cursor, name: Token, opening: Token, last: Factor) -> EquationError:
    """Build the error for a call that does not end where it should."""
    token = cursor.peek()
    between = cursor.text[cursor.last_end : cursor.span[0]]
    if token is None or "\n" in between or "\r" in between or token.kind == "=":
        return cursor.error(f"the parenthesis of `{name.value}` is not closed", opening.span)
    if token.kind == "+":
        return cursor.error(
            f"`{name.value}` takes a product, not a sum: make the sum in the data first, or close the parenthesis"
        )
    return unexpected(cursor, cursor.source(last.span))
