"""The text of an R formula -> tokens with their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.product import Span
from bayeshlm.equations.tokens import equation_error, shown_character
from bayeshlm.errors import EquationError

_NAME = r"(?:[^\W\d]|\.(?!\d))[\w.]*"
_TOKEN = re.compile(
    rf"(?P<name>(?:{_NAME}:::?)?(?P<bare>{_NAME}))"
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?L?)"
    r"|`(?P<column>(?:[^`\r\n\\]|``|\\.)+)`"
    r"|\"(?P<double>(?:[^\"\r\n\\]|\"\"|\\.)*)\"|'(?P<single>(?:[^'\r\n\\]|''|\\.)*)'"
    r"|(?P<sign>\|\||\*\*|%in%|[~+\-−–*/:^|()\[\]{},=])"
)
_BLANK = re.compile(r"(?:\s|[\ufeff\u200b\u2060]|#[^\r\n]*)+")
_SIGNS = {"−": "-", "–": "-", "**": "^"}


@dataclass(frozen=True, slots=True)
class FormulaToken:
    """A piece of a formula: ``name``, ``column`` (in backticks), ``number``, ``string``, or the sign itself."""

    kind: str
    value: str
    span: Span


def formula_tokens(text: str) -> list[FormulaToken]:
    """Split a formula into tokens; comments are skipped, and a package before ``::`` is left out.

    Raises
    ------
    EquationError
        At a character that has no meaning in a formula.

    Examples
    --------
    >>> [token.value for token in formula_tokens("y ~ splines::bs(x, 4) + (1 || g)")]
    ['y', '~', 'bs', '(', 'x', ',', '4', ')', '+', '(', '1', '||', 'g', ')']
    """
    found: list[FormulaToken] = []
    position = 0
    while position < len(text):
        if blank := _BLANK.match(text, position):
            position = blank.end()
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            char = text[position]
            message = (
                f"the character {shown_character(char)} has no meaning in a formula; put backticks around odd names"
            )
            if char in "`\"'":
                message = f"this {char} is not closed on its line, or holds nothing"
            raise equation_error(text, (position, position + 1), message)
        found.append(_token(match))
        position = match.end()
    return found


def _token(match: re.Match[str]) -> FormulaToken:
    span = match.span()
    if match["name"]:
        return FormulaToken("name", match["bare"], span)
    if match["number"]:
        return FormulaToken("number", match["number"].removesuffix("L"), span)
    if match["sign"]:
        sign = _SIGNS.get(match["sign"], match["sign"])
        return FormulaToken(sign, sign, span)
    quote = match[0][0]
    inner = re.sub(r"\\(.)", r"\1", match[0][1:-1].replace(quote * 2, quote))
    return FormulaToken("column" if quote == "`" else "string", inner, span)


class FormulaCursor:
    """A place in the tokens of a formula, moving from left to right.

    Parameters
    ----------
    text : str
        The formula, which errors quote.
    tokens : sequence of FormulaToken

    Attributes
    ----------
    means : list of FormulaToken
        The groups of the means that were read, ``ave(x, g)``.
    depth : int
        Number of open parentheses.
    """

    def __init__(self, text: str, tokens: Sequence[FormulaToken]) -> None:
        self.text = text
        self.means: list[FormulaToken] = []
        self.depth = 0
        self._tokens = tuple(tokens)
        self._next = 0

    @property
    def place(self) -> int:
        """Position of the next token, to which `back_to` returns."""
        return self._next

    def back_to(self, place: int) -> None:
        """Return to a position."""
        self._next = place

    def peek(self, ahead: int = 0) -> FormulaToken | None:
        """Return the next token, or the one so many ahead; None behind the end."""
        index = self._next + ahead
        return self._tokens[index] if index < len(self._tokens) else None

    def at(self, *kinds: str) -> bool:
        """Whether the next token is of one of these kinds."""
        token = self.peek()
        return token is not None and token.kind in kinds

    def at_call(self) -> bool:
        """Whether a function's name and its parenthesis come next."""
        after = self.peek(1)
        return self.at("name") and after is not None and after.kind == "("

    def take(self, kind: str, message: str = "") -> FormulaToken:
        """Move over the next token, which must be of this kind."""
        token = self.peek()
        if token is None or token.kind != kind:
            raise self.error(message or f"`{kind}` is missing here")
        self._next += 1
        return token

    def take_next(self) -> FormulaToken:
        """Move over the next token, whatever it is."""
        token = self.peek()
        if token is None:
            raise self.error("the formula ends too early")
        self._next += 1
        return token

    def take_if(self, kind: str) -> FormulaToken | None:
        """Move over the next token if it is of this kind."""
        return self.take(kind) if self.at(kind) else None

    @property
    def span(self) -> Span:
        """The next token's place; behind the last token at the end."""
        token = self.peek()
        end = self._tokens[-1].span[1] if self._tokens else 0
        return token.span if token is not None else (end, end + 1)

    @property
    def last_end(self) -> int:
        """End of the token before the next one."""
        return self._tokens[max(self._next - 1, 0)].span[1]

    def error(self, message: str, span: Span | None = None) -> EquationError:
        """Build the error for the next token, or for another place."""
        return equation_error(self.text, span or self.span, message)
