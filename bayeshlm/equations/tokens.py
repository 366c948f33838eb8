"""Text -> tokens with positions, joined into logical lines; errors that point at the character."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from bayeshlm.equations.product import Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.errors import EquationError

type Kind = Literal["name", "column", "number", "string", "+", "*", "=", "(", ")", "[", "]", ":", ",", "-"]

_PUNCTUATION: dict[str, Kind] = {
    "+": "+", "*": "*", "=": "=", "(": "(", ")": ")", "[": "[", "]": "]", ",": ",", "-": "-", "−": "-",
    "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*",
}  # fmt: skip
_BEGINS, _ENDS = ("+", "*"), ("+", "*", "=")  # a line that begins or ends so is not a line of its own
# "Level 1:", and a heading on a line of its own, such as HLM's "Level-1 Model".
_LABEL = re.compile(r"level[ \t\u00a0-]*([0-9]+)(?:[^:=;#`\r\n]*:|[^:=;#`+*\r\n]*(?=[\r\n]))", re.IGNORECASE)
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTED = {
    "`": re.compile(r"`((?:[^`\r\n]|``)+)`"),
    '"': re.compile(r'"((?:[^"\r\n]|"")*)"'),
    "'": re.compile(r"'((?:[^'\r\n]|'')*)'"),
}
_SQUARE = re.compile(r"(?:\^\s*2|²)(?:_?(?:ijkl?|ij|i)(?!\w))?")  # of log(sigma^2), HLM's σ²ij
_BLANK = "\ufeff\u200b\u2060"
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LATEX = "this has a meaning in LaTeX alone, such as `\\gamma_{00}`: write `gamma_00` or `g00` here"
_HINTS = {
    ":": "`:` has no meaning here: write a product with `*`",
    "/": "division is not read: make the column in the data first",
    "~": "an equation has `=`, not the `~` of R: write one equation a level, such as `y = b0 + r`",
    "|": "`|` has no meaning here: name the groups with group=, or write `u0[school]`",
    **dict.fromkeys("{}\\$&", _LATEX),
    "%": "`%` has no meaning here (Mplus writes %WITHIN%): write one equation a level, `y = b0 + b1*x + r`"
    " and `b0 = g00 + u0`, and put backticks around a name with `%`",
    "“": 'write straight quotes: `"`',
    "”": 'write straight quotes: `"`',
}
_WIDTH = 110
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: its kind, its value (quotes taken off) and where it stands."""

    kind: Kind
    value: str
    span: Span


def quote(text: str, span: Span) -> str:
    r"""Quote the line of a text that holds a span, with carets under the span: two lines.

    Parameters
    ----------
    text : str
        The equations.
    span : tuple of int
        Start and end offset in the text; what lies beyond the end of the line is left out.

    Examples
    --------
    >>> print(quote("y = b0 + r\nb0 = g00 ++ u0", (20, 22)))
        b0 = g00 ++ u0
                 ^^
    """
    start = min(max(span[0], 0), len(text))
    before = re.split(r"[\r\n]", text[:start])[-1]
    behind = re.split(r"[\r\n]", text[start:])[0]
    marked = behind[: max(span[1] - start, 1)]
    if len(before) + len(behind) > _WIDTH:
        before = before if len(before) <= _WIDTH // 2 else "..." + before[-_WIDTH // 2 :]
        behind = behind if len(behind) <= _WIDTH // 2 else behind[: _WIDTH // 2] + "..."
        marked = marked[: len(behind)]
    before, behind, marked = _printable(before.lstrip(" \t\ufeff")), _printable(behind), _printable(marked)
    return f"    {before}{behind}".rstrip() + f"\n    {' ' * _columns(before)}{'^' * max(_columns(marked), 1)}"


def equation_error(text: str, span: Span, message: str, first: Span | None = None) -> EquationError:
    """Build the error for a place in the text: line number, message, the line and a caret.

    Parameters
    ----------
    text : str
        The equations.
    span : tuple of int
        The place that is wrong.
    message : str
        What is wrong and what to write instead.
    first : tuple of int, optional
        An earlier place that belongs to the error, quoted after the first.
    """
    report = f"line {line_number(text, span)}: {shortened(message)}\n{quote(text, span)}"
    if first is not None:
        report += f"\nthe other place, line {line_number(text, first)}:\n{quote(text, first)}"
    error = EquationError(report)
    error.place = (message, span, first)
    return error


def shortened(message: str) -> str:
    """Leave out the middle of a message that a long name would fill, and what a terminal could take for a command."""
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[: _LONGEST_MESSAGE // 2]} ... {message[-_LONGEST_MESSAGE // 2 :]}"
    return _printable(message)


def line_number(text: str, span: Span) -> int:
    """Number of the text's line, from 1, in which a span starts."""
    return 1 + len(re.findall(r"\r\n|\r|\n", text[: span[0]]))


LONGEST_TEXT = 100_000
"""Characters up to which a text is read, in any notation."""


def check_length(text: str, what: str) -> None:
    """Refuse a text that is too long to be a model.

    Raises
    ------
    EquationError
    """
    if len(text) > LONGEST_TEXT:
        raise EquationError(f"the {what} has {len(text):,} characters, and up to {LONGEST_TEXT:,} are read")


def shown_character(char: str) -> str:
    """A character as a message names it: itself, or its code where it cannot be printed."""
    return char if char.isprintable() else f"U+{ord(char):04X}"


def is_plain_name(name: str) -> bool:
    """Whether a name can stand in the equations without backticks."""
    return bool(name) and _is_letter(name[0]) and _end_of_name(name, 0) == len(name)


def bracketed(grouping: str) -> str:
    """Write the grouping behind a random effect: ``[school]``, ``[primary:secondary]``, ``[`odd name`]``."""
    plain = all(map(is_plain_name, grouping.split(":")))
    return f"[{grouping}]" if plain else "[`" + grouping.replace("`", "``") + "`]"


def tokenize(text: str) -> list[list[Token]]:
    """Split a text into logical lines of tokens.

    Newlines and ``;`` end a line; a line goes on when it ends in ``+``, ``*``, ``=`` or with an open
    parenthesis, or when the next begins with ``+`` or ``*``. Comments and labels such as "Level 1:" are skipped.

    Raises
    ------
    EquationError
        At a character or a quotation that has no meaning.
    """
    lines: list[list[Token]] = [[]]
    position, depth, fresh, broken = 0, 0, True, False
    while position < len(text):
        char = text[position]
        if fresh and (label := _LABEL.match(text, position)):
            if int(label[1]) == 0:
                raise equation_error(text, label.span(), "there is no level 0: the outcome stands in level 1")
            position = label.end()
        elif char in "\r\n":
            fresh = broken = True
            position += 1
        elif char == ";":
            lines.append([])
            depth, fresh = 0, True
            position += 1
        elif char == "#":
            position = _end_of_line(text, position)
        elif char.isspace() or char in _BLANK:
            position += 1
        else:
            last = lines[-1][-1] if lines[-1] else None
            token = _read_token(text, position, lines[-1])
            goes_on = depth > 0 or token.kind in _BEGINS or (last is not None and last.kind in _ENDS)
            if broken and not goes_on:
                lines.append([])
            lines[-1].append(token)
            depth = max(depth + (token.kind == "(") - (token.kind == ")"), 0)
            position, fresh, broken = token.span[1], False, False
    return [tokens for tokens in lines if tokens]


def _read_token(text: str, start: int, before: list[Token]) -> Token:
    """Read the token at an offset, behind those of the same logical line."""
    char = text[start]
    last = before[-1] if before else None
    if char in _QUOTED:
        match = _QUOTED[char].match(text, start)
        if match is None:
            raise equation_error(text, (start, start + 1), f"this {char} is not closed on its line, or holds nothing")
        kind: Kind = "column" if char == "`" else "string"
        return Token(kind, match[1].replace(char * 2, char), match.span())
    if match := _NUMBER.match(text, start):
        end = match.end()
        if end < len(text) and _is_word(text[end]):
            end = _end_of_name(text, end)
            message = f"a name cannot begin with a digit: write `{text[start:end]}` in backticks"
            raise equation_error(text, (start, end), message)
        return Token("number", match[0], match.span())
    if _is_letter(char):
        end = _end_of_name(text, start)
        return Token("name", text[start:end], (start, end))
    if (square := _SQUARE.match(text, start)) and _is_log_of_sigma(before):
        return Token("number", "2", square.span())
    if char == "^" or char in _SUPERSCRIPTS or text.startswith("**", start):
        of = last.value if last is not None and last.kind in ("name", "column") else "x"
        raise equation_error(
            text,
            (start, start + 1 + (char == "*")),
            f"powers are not read: write `{of}*{of}` or `poly({of}, 2)`",
        )
    if char == ":" and [token.kind for token in before[-2:-1]] in (["["], [":"]):
        return Token(":", char, (start, start + 1))
    if char in _PUNCTUATION:
        return Token(_PUNCTUATION[char], char, (start, start + 1))
    message = _HINTS.get(
        char, f"the character {shown_character(char)} has no meaning here; put backticks around odd names"
    )
    if char == "." and last is not None and last.kind == "name":
        two = [token.kind for token in before[-3:-1]] == ["*", "name"]  # `b1*friend rel.`
        name = text[before[-2 if two else -1].span[0] : start + 1]
        message = f"no equation ends in a full stop: leave it out, or write `{name}` in backticks if that is a column"
    if char in "~∼" and any(token.kind == "=" for token in before):
        message = "a distribution stands on a line of its own, `r ~ N(0, sigma^2)`; it may be left out"
    raise equation_error(text, (start, start + 1), message)


def _is_log_of_sigma(before: list[Token]) -> bool:
    """Whether a line begins with ``log(sigma``, which a square may follow."""
    if [one.kind for one in before] != ["name", "(", "name"]:
        return False
    return before[0].value.casefold() in ("log", "ln") and canonical(before[2].value) == "sigma"


def _end_of_name(text: str, start: int) -> int:
    """Offset behind a name; a dot belongs to it when more of the name follows."""
    end = start
    while end < len(text):
        dotted = text[end] == "." and end + 1 < len(text) and _is_word(text[end + 1])
        if not (dotted or _is_word(text[end])):
            break
        end += 1
    return end


def _end_of_line(text: str, start: int) -> int:
    match = re.compile(r"[\r\n]").search(text, start)
    return match.start() if match else len(text)


def _is_letter(char: str) -> bool:
    return char.isalpha() or char == "_"


def _is_word(char: str) -> bool:
    """Whether a character may stand inside a name: letters, digits, accents, ``_``; no exponents."""
    if char in _SUPERSCRIPTS:
        return False
    return char.isalnum() or char == "_" or unicodedata.category(char).startswith("M")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _columns(text: str) -> int:
    """Width of a text in a terminal: wide characters take two columns, accents none."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
