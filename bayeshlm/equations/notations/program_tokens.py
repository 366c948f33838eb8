"""The text of a statistical program, SAS or Stata -> tokens with their places."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.product import Span
from bayeshlm.equations.tokens import check_length, equation_error, shown_character

_TOKEN = re.compile(
    r"(?P<column>'(?:[^'\r\n]|'')+'n\b|\"(?:[^\"\r\n]|\"\")+\"n\b)"
    r"|(?P<string>'(?:[^'\r\n]|'')*'|\"(?:[^\"\r\n]|\"\")*\")"
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![^\W_]))"
    r"|(?P<name>[^\W]+)"
    r"|(?P<sign>\|\||##|[|@*/(),=.;:#<>\[\]+\-~^!&%{}\n])",
    re.IGNORECASE,
)


def program_tokens(text: str, blank: re.Pattern[str]) -> list[FormulaToken]:
    r"""Split a program into names, numbers, strings and signs; what `blank` matches lies between them.

    Raises
    ------
    EquationError
        At a character that has no meaning in a program, or if the text is too long.

    Examples
    --------
    >>> [token.kind for token in program_tokens("model y = x|z / link=logit;", re.compile(r"\s+"))]
    ['name', 'name', '=', 'name', '|', 'name', '/', 'name', '=', 'name', ';']
    """
    check_length(text, "text")
    found: list[FormulaToken] = []
    position = 0
    while position < len(text):
        if (skipped := blank.match(text, position)) and skipped.end() > position:
            position = skipped.end()
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            char = text[position]
            message = f"the character {shown_character(char)} has no meaning here"
            if char in "'\"":
                message = f"this {char} is not closed on its line"
            raise equation_error(text, (position, position + 1), message)
        found.append(_token(match))
        position = match.end()
    return found


def _token(match: re.Match[str]) -> FormulaToken:
    kind = match.lastgroup or ""
    value = match[0]
    if kind in ("string", "column"):
        inner = value[:-1] if kind == "column" else value
        value = inner[1:-1].replace(inner[0] * 2, inner[0])
    return FormulaToken(value if kind == "sign" else kind, value, match.span())


def word(token: FormulaToken | None) -> str:
    """The name that a token is, in small letters; empty if it is none."""
    return token.value.casefold() if token is not None and token.kind == "name" else ""


def skip_value(cursor: FormulaCursor) -> None:
    """Move over ``= value``, ``= (values)`` or ``(values)`` behind an option, if one is there."""
    given = cursor.take_if("=") is not None
    if given and not cursor.at("(", ";", "/"):
        cursor.take_next()
        while cursor.at(".", "-"):  # of a name such as work.hsb, or a number below zero
            cursor.take_next()
            cursor.take_next()
    if not cursor.at("("):
        return
    depth, opening = 0, cursor.span
    while (token := cursor.peek()) is not None:
        cursor.take_next()
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0:
            return
    raise cursor.error("this parenthesis is not closed", opening)


def nearest(given: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` with the nearest of the known words, or nothing."""
    near = difflib.get_close_matches(given, list(known), n=1, cutoff=0.7)
    return f"; did you mean `{near[0]}`?" if near else ""


def joined(tokens: Sequence[FormulaToken]) -> Span:
    """The place from the first to the last of some tokens."""
    return tokens[0].span[0], tokens[-1].span[1]
