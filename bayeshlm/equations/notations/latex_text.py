r"""LaTeX's characters: blanks and comments, braces that match, words in ``\text{...}`` and how they are escaped."""

from __future__ import annotations

import re

from bayeshlm.equations.tokens import equation_error

ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    char: f"\\{char}" for char in "{}$&#%_"
}
NO_GROUPING = ("all", "each", "every", "any", "some", "group", "groups", "units")
"""Words behind "for" that name no grouping."""
_MEANS = {escape.removesuffix("{}"): char for char, escape in ESCAPES.items()}
_ESCAPED = re.compile(r"\\(?:text(?:backslash|asciitilde|asciicircum)(?:\{\}|\s)?|.)", re.DOTALL)
_BLANK = re.compile(r"(?:[\s\ufeff\u200b\u2060]|(?<!\s)~|~(?!\s)|(?<!\\)%[^\r\n]*)*")  # ` ~ ` is a distribution
_COMMENT = re.compile(r"(?<!\\)%[^\r\n]*[\r\n]?\s*")
_FACE = re.compile(r"\\(?:text(?!backslash|ascii)[a-z]+|emph|mbox|mathrm|mathit)\s*(?=\{)")


def escape(text: str) -> str:
    r"""Escape what LaTeX reads as commands in text: ``a_b%`` -> ``a\_b\%``."""
    return "".join(ESCAPES.get(char, char) for char in text)


def skip_blank(text: str, position: int, end: int) -> int:
    """Offset behind blanks, line ends, ties and comments."""
    match = _BLANK.match(text, position, end)
    return match.end() if match else position


def matching_brace(text: str, opening: int, end: int) -> int:
    """Offset of the brace that closes one.

    Raises
    ------
    EquationError
        If there is none.
    """
    depth, position = 0, opening
    while position < end:
        char = text[position]
        if char == "\\":
            position += 1
        elif char == "%":
            position = (re.compile(r"[^\r\n]*").match(text, position, end) or [""]).end() - 1  # type: ignore[union-attr]
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return position
        position += 1
    raise equation_error(text, (opening, opening + 1), "this brace is not closed")


def escaped_argument(text: str, first: int, last: int) -> tuple[str, bool]:
    r"""The words of ``\text{...}``, and whether they have braces of their own, ``\text{{ ses}}``, which keep blanks.

    Raises
    ------
    EquationError
        At a command that sets no character.
    """
    raw = _COMMENT.sub("", text[first:last])
    whole = raw.startswith("{") and raw.endswith("}") and not raw.endswith("\\}")
    words = _FACE.sub("", raw[1:-1] if whole else raw)
    parts, position = [], 0
    for match in _ESCAPED.finditer(words):
        parts.append(re.sub(r"[{}$]", "", words[position : match.start()]).replace("~", " "))
        command = re.sub(r"(?:\{\}|\s)$", "", match[0]) if len(match[0]) > 2 else match[0]
        if command in _MEANS:
            parts.append(_MEANS[command])
        elif command[1:] in (" ", ",", ";", ":", "!"):
            parts.append(" ")
        else:
            at = text.find(match[0], first)
            message = f"`{match[0]}` sets no character of a name: write the name as the data have it"
            raise equation_error(text, (at, at + len(match[0])), message)
        position = match.end()
    parts.append(re.sub(r"[{}$]", "", words[position:]).replace("~", " "))
    name = "".join(parts)
    return (name, True) if whole else (name.strip(), False)
