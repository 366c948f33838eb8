"""Logical lines -> equations, before anything is known about the roles of their symbols."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.equations.expressions import Cursor, parse_call, parse_product, unexpected
from bayeshlm.equations.functions import FUNCTIONS
from bayeshlm.equations.log_spread import LOGARITHMS, PREDICTED, GivenTerm, LogSpreadLine
from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.residual_correlation import CORRELATED, CorrelationLine, read_correlation
from bayeshlm.equations.residual_spread import KNOWN, SpreadLine, begins_covariances, read_covariances, read_spread
from bayeshlm.equations.symbols import canonical, is_usual, split_product
from bayeshlm.equations.tokens import Token, is_plain_name

_LONGEST_SYMBOL = 200
_ZERO_COVARIANCE = "write `cov(u0, u1) = 0`: a covariance is either estimated or zero"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol on the right side: its canonical name, its place, and the group in brackets behind it."""

    name: str
    span: Span
    group: Column | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a right side; ``symbol`` is None for ``offset(x)``, whose expression is ``x``."""

    symbol: Symbol | None
    expression: Product
    span: Span

    @property
    def lone(self) -> Symbol | None:
        """The symbol, if it stands alone."""
        return self.symbol if self.expression.is_constant else None


@dataclass(frozen=True, slots=True)
class Equation:
    """``left = term + term + ...``; a left side in backticks is always a column."""

    left: Column
    quoted: bool
    terms: tuple[Term, ...]
    span: Span

    @property
    def symbol(self) -> str | None:
        """The left side as a symbol; None if it was quoted."""
        return None if self.quoted else canonical(self.left.name)

    @property
    def left_span(self) -> Span:
        """Place of the left side."""
        return self.left.span or self.span

    @property
    def symbols(self) -> frozenset[str]:
        """Names of all symbols of the right side."""
        return frozenset(term.symbol.name for term in self.terms if term.symbol is not None)


@dataclass(frozen=True, slots=True)
class ZeroCovariance:
    """``cov(u0, u1) = 0``."""

    symbols: tuple[Symbol, ...]
    span: Span


type Line = Equation | ZeroCovariance | SpreadLine | LogSpreadLine | CorrelationLine


def read_line(text: str, tokens: list[Token]) -> Line:
    """Read one logical line.

    Parameters
    ----------
    text : str
        The equations, which the spans point into.
    tokens : list of Token
        The line; never empty.

    Raises
    ------
    EquationError
        If the line is no equation, nor ``cov(...) = 0``, ``sd(r) = se``, ``cov(r) = [v1, v2]``, ``log(sigma) = ...``
        or ``corr(r) = ...``.
    """
    cursor = Cursor(text, tokens)
    first, second = cursor.peek(), cursor.peek(1)
    called = first is not None and first.kind == "name" and second is not None and second.kind == "("
    if called and first is not None and canonical(first.value) == "cov":
        return read_covariances(cursor) if begins_covariances(cursor) else _read_covariance(cursor)
    if called and first is not None and canonical(first.value) in KNOWN:
        return read_spread(cursor)
    if called and first is not None and canonical(first.value) in CORRELATED:
        return read_correlation(cursor)
    third = cursor.peek(2)
    predicts = third is not None and third.kind == "name" and canonical(third.value) in PREDICTED
    if called and first is not None and canonical(first.value) in LOGARITHMS and predicts:
        return _read_log_spread(cursor)
    if called and first is not None:
        raise cursor.error(
            f"the left side is a plain column: make a column of `{first.value}(...)` in the data first",
            (first.span[0], second.span[1] if second is not None else first.span[1]),
        )
    if not cursor.at("name", "column"):
        raise cursor.error("a line begins with the outcome or a coefficient, such as `b0 = g00 + u0`")
    left = cursor.take("column" if cursor.at("column") else "name", "")
    if cursor.at("["):
        raise cursor.error("the group stands behind the random effect: `b0 = g00 + u0[school]`")
    cursor.take("=", f"`=` is missing behind `{left.value}`: a line is an equation, such as `b0 = g00 + u0`")
    terms = [_read_term(cursor)]
    while cursor.take_if("+"):
        terms.append(_read_term(cursor))
    column = Column(left.value, left.span)
    return Equation(column, left.kind == "column", tuple(terms), (left.span[0], cursor.last_end))


def _read_log_spread(cursor: Cursor) -> LogSpreadLine:
    """Read ``log(sigma) = a0 + a1*x``, also ``log(sigma^2) = ...``, whose tokens are ``sigma`` and ``2``."""
    start = cursor.span[0]
    cursor.take("name", "")
    cursor.take("(", "")
    predicted = PREDICTED[canonical(cursor.take("name", "").value)]
    if cursor.take_if("number"):
        predicted = "sigma2"
    cursor.take(")", "what is predicted is `log(sigma)`, of the SD, or `log(sigma^2)`, of the variance")
    cursor.take("=", "`=` is missing: write `log(sigma) = a0 + a1*x`")
    terms = [_read_term(cursor)]
    while cursor.take_if("+"):
        terms.append(_read_term(cursor))
    given = tuple(_given(one) for one in terms)
    return LogSpreadLine(predicted, given, (start, cursor.last_end))


def _given(term: Term) -> GivenTerm:
    if term.symbol is None:
        return GivenTerm(None, term.expression, None, term.span)
    return GivenTerm(term.symbol.name, term.expression, term.symbol.group, term.span)


def _read_term(cursor: Cursor) -> Term:
    start = cursor.span[0]
    token, after = cursor.peek(), cursor.peek(1)
    if token is None:
        raise cursor.error("the line ends too early: a term is missing")
    if token.kind == "name" and (glued := split_product(token.value)):
        token = cursor.split(len(glued[0]))
    elif token.kind == "name" and after is not None and after.kind == "(" and not _is_symbol(token.value):
        return _read_call_term(cursor, token)
    if token.kind != "name":
        raise _no_symbol(cursor, token)
    cursor.take("name", "")
    group = _read_group(cursor)
    symbol = _symbol(cursor, token, group)
    expression = parse_product(cursor) if cursor.take_if("*") or _multiplies(cursor, token) else Product()
    _check_end_of_term(cursor, start)
    return Term(symbol, expression, (start, cursor.last_end))


def _symbol(cursor: Cursor, token: Token, group: Column | None = None) -> Symbol:
    """Spell a symbol as the specification does, if it can be read again so."""
    if len(token.value) > _LONGEST_SYMBOL:
        message = f"this symbol has {len(token.value)} characters: a symbol has up to {_LONGEST_SYMBOL}, such as `g00`"
        raise cursor.error(message, token.span)
    name = canonical(token.value)
    if not is_plain_name(name) or split_product(name) or canonical(name) != name:
        message = f"`{token.value}` is no symbol: a letter and digits are one, such as `b0`, `g00`, `u0`"
        raise cursor.error(message, token.span)
    return Symbol(name, token.span, group)


def _is_symbol(name: str) -> bool:
    """Whether a name before a parenthesis is a symbol, as in HLM's ``B1(SES)``, and no function."""
    return name not in FUNCTIONS and is_usual(canonical(name))


def _multiplies(cursor: Cursor, symbol: Token) -> bool:
    """Whether what follows a symbol without a sign is its column: ``g10 ses``, but not ``g00 u0``."""
    if cursor.at("column", "("):
        return True
    token, after = cursor.peek(), cursor.peek(1)
    if token is None or token.kind != "name" or not is_usual(canonical(symbol.value)):
        return False
    return (after is not None and after.kind == "(") or not is_usual(canonical(token.value))


def _read_call_term(cursor: Cursor, name: Token) -> Term:
    """Read ``offset(x)``: the only call that begins a term."""
    if name.value in FUNCTIONS and name.value != "offset":
        raise cursor.error(
            f"a term begins with its coefficient: write `b1*{name.value}(...)`, or `offset({name.value}(...))` where"
            " it is one"
        )
    if name.value != "offset":
        cursor.take("name", "")
        raise unexpected(cursor, name.value)
    call = parse_call(cursor)
    if cursor.at("*"):
        raise cursor.error("offset(x) is a term of its own, without a coefficient: write the product inside")
    _check_end_of_term(cursor, name.span[0])
    return Term(None, call.argument, (name.span[0], cursor.last_end))


def _read_group(cursor: Cursor) -> Column | None:
    """Read ``[school]``, or the cell ``[primary:secondary]``, whose name is that of its columns joined by ``:``."""
    if not cursor.take_if("["):
        return None
    columns: list[Token] = []
    while not columns or cursor.take_if(":"):
        if not cursor.at("name", "column"):
            raise cursor.error("a grouping column is missing in the brackets: `u0[school]`")
        columns.append(cursor.take("column" if cursor.at("column") else "name", ""))
        if len(columns) > 1 and any(":" in column.value for column in columns):
            message = "a column of a cell has no `:` in its name, which joins them: rename it in the data"
            raise cursor.error(message, columns[-1].span)
    cursor.take("]", "the bracket closes behind one grouping column, `u0[school]`, or a cell, `w0[primary:secondary]`")
    names = ":".join(column.value for column in columns)
    return Column(names, (columns[0].span[0], columns[-1].span[1]))


def _check_end_of_term(cursor: Cursor, start: int) -> None:
    if cursor.peek() is not None and not cursor.at("+"):
        term = cursor.source((start, cursor.last_end))
        raise unexpected(cursor, term if len(term) < 40 else "this")


def _no_symbol(cursor: Cursor, token: Token) -> Exception:
    messages = {
        "column": f"a name in backticks is a column, and a term begins with its coefficient: `b1*`{token.value}``",
        "number": "every term begins with a symbol, numbers stand only in options: an intercept is `b0`, and a"
        " coefficient that is zero is left out",
        "string": "a term begins with its coefficient",
        "(": "parentheses stand only behind a function: write one line for each coefficient, such as"
        " `b1 = g10 + u1`, and cwc(x) or cgm(x) to center",
        "-": "terms are only added, their signs are estimated: write `+`",
        "+": "there is one `+` too many",
        "*": "a term begins with its coefficient, then `*`",
        "=": "an equation has one `=`; begin a new line for the next equation",
    }
    return cursor.error(messages.get(token.kind, f"`{token.value}` cannot stand here"))


def _read_covariance(cursor: Cursor) -> ZeroCovariance:
    start = cursor.span[0]
    cursor.take("name", "")
    cursor.take("(", _ZERO_COVARIANCE)
    symbols: list[Symbol] = []
    while not symbols or cursor.take_if(","):
        token = cursor.take("name", f"a random effect is missing: {_ZERO_COVARIANCE}")
        symbols.append(_symbol(cursor, token))
    closing = cursor.take(")", f"a comma or `)` is missing: {_ZERO_COVARIANCE}")
    if len(symbols) < 2:
        raise cursor.error(f"name two or more random effects: {_ZERO_COVARIANCE}", (start, closing.span[1]))
    cursor.take("=", f"`= 0` is missing: {_ZERO_COVARIANCE}")
    zero = cursor.peek()
    if zero is None or zero.kind != "number" or zero.value != "0":
        raise cursor.error(f"a covariance can only be set to 0: {_ZERO_COVARIANCE}")
    cursor.take("number", "")
    if cursor.peek() is not None:
        raise cursor.error(f"the line ends behind `= 0`: {_ZERO_COVARIANCE}")
    return ZeroCovariance(tuple(symbols), (start, zero.span[1]))
