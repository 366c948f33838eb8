r"""LaTeX -> rows of tokens: environments, delimiters, alignment and spacing are taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bayeshlm.equations.product import Span
from bayeshlm.equations.tokens import equation_error

type Kind = Literal["command", "text", "word", "number", "char", "{", "}", "_", "^", "row"]

TEXTS = frozenset(("text", "textrm", "textit", "textbf", "texttt", "textsf", "textnormal", "mbox", "hbox"))
"""Commands whose argument is words or the name of a column."""

_ENVIRONMENTS = re.compile(
    r"(?:equation|eqnarray|align|aligned|alignat|alignedat|flalign|split|gather|gathered|multline|array|tabular|cases"
    r"|displaymath|math|subequations|dcases)\*?"
)
_MATRICES = frozenset(("pmatrix", "bmatrix", "matrix", "vmatrix", "Bmatrix", "smallmatrix"))
_SPACES = frozenset(
    (
        *(",", ";", ":", "!", " ", ">", "quad", "qquad", "nonumber", "notag", "displaystyle", "textstyle", "limits"),
        *("left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle"),
        *("hfill", "noindent", "centering", "hline", "scriptstyle", "enspace", "thinspace", "allowbreak", "par"),
    )
)
_WITH_ARGUMENT = frozenset(("label", "tag", "hspace", "vspace", "phantom", "hphantom", "vphantom", "intertext", "ref"))
_UNESCAPED = {"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textunderscore": "_"}
_NAMED = re.compile(r"\\(textbackslash|textasciitilde|textasciicircum|textunderscore)(?:\{\}|\s)?")
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)\*?|(.)|$)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DISPLAY = re.compile(r"\\begin\s*\{(?!\w*matrix)|\\\[|\\\(|\$")
_NUMBERED = re.compile(r"\\q?quad\s*\(\s*\d+[a-z]?\s*\)")
_STATED = re.compile(r"~\s*\\?[A-Za-z]+\s*(?:\{[A-Za-z]+\})?\s*\(")  # a space elsewhere, as LaTeX has it
_SENTENCE = re.compile(r"[^\r\n.]*\bcent(?:er|r)(?:ed|ing)\b[^\r\n.]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LatexToken:
    r"""A piece of LaTeX: the name of a command, the content of ``\\text{...}``, a word, and where it stands."""

    kind: Kind
    value: str
    span: Span


def is_latex(text: str) -> bool:
    r"""Whether a text is LaTeX: it has a command, or subscripts in braces.

    Examples
    --------
    >>> is_latex(r"y_{ij} = \beta_{0j} + r_{ij}"), is_latex("y ~ x + (1 | g)"), is_latex("y = b0 + r; b0 = g00 + u0")
    (True, False, False)
    """
    plain = re.sub(r"`[^`\r\n]*`|\"[^\"\r\n]*\"|#[^\r\n]*", "", text)
    return re.search(r"\\(?:[A-Za-z]+|[\[(])|\w_\{[^}]*\}.*\w_\{", plain, re.DOTALL) is not None


def latex_rows(text: str) -> tuple[list[list[LatexToken]], list[Span]]:
    """The rows of the equations, each a list of tokens, and the sentences about centering that stand beside them.

    Where the text has math between delimiters or in environments, words outside of it are prose, and prose that says
    nothing about centering is no part of the model.

    Raises
    ------
    EquationError
        At an environment that holds no equations, or braces that do not match.
    """
    inside, sentences = _math(text)
    rows: list[list[LatexToken]] = [[]]
    for start, end, displayed in inside:
        rows.append([])
        for token in _tokens(text, start, end, displayed):
            if token.kind == "row":
                rows.append([])
            else:
                rows[-1].append(token)
    return [row for row in rows if row], sentences


def _math(text: str) -> tuple[list[tuple[int, int, bool]], list[Span]]:
    """Where math stands, and whether line ends in it are spaces; and sentences about centering outside of it."""
    if not _DISPLAY.search(text):
        return [(0, len(text), False)], []
    found: list[tuple[int, int, bool]] = []
    outside, position = [], 0
    for match in re.finditer(
        r"(?<!\\)\$\$(.+?)\$\$|(?<!\\)\$([^$]+)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)"
        r"|\\begin\s*\{((?!\w*matrix)[A-Za-z]+\*?)\}.*\\end\s*\{\5\}",
        text,
        re.DOTALL,
    ):
        outside.append((position, match.start()))
        group = next((k for k in range(1, 5) if match[k] is not None), 0)
        found.append((*match.span(group), True))
        position = match.end()
    outside.append((position, len(text)))
    if not found:
        place = _DISPLAY.search(text)
        assert place is not None
        raise equation_error(
            text, place.span(), "this is not closed: an environment ends with \\end, math with its own $"
        )
    sentences = [
        (low + match.start(), low + match.end())
        for low, high in outside
        for match in _SENTENCE.finditer(text[low:high])
    ]
    return found, sentences


def _tokens(text: str, position: int, end: int, displayed: bool) -> Iterator[LatexToken]:
    r"""The tokens of math between two offsets; rows end at ``\\\\`` and, where it is not displayed, at line ends."""
    depth_of_matrix = 0
    while position < end:
        char, start = text[position], position
        if char == "%":
            while position < end and text[position] not in "\r\n":
                position += 1
        elif char == "\\":
            if numbered := _NUMBERED.match(text, position, end):
                position = numbered.end()
                continue
            match = _COMMAND.match(text, position, end)
            assert match is not None
            name, position = match[1] or match[2] or "", match.end()
            if name in ("\\", "cr", "newline", "tabularnewline"):
                if spaced := re.compile(r"\s*\[[^\]]*(?:pt|em|ex|mm|cm)\]").match(text, position, end):
                    position = spaced.end()
                yield LatexToken("command" if depth_of_matrix else "row", "\\", (start, position))
            elif name in ("begin", "end"):
                inner, position = _braced(text, position, end, start)
                if inner.strip() in _MATRICES:
                    depth_of_matrix += 1 if name == "begin" else -1
                    yield LatexToken("command", f"{name} matrix", (start, position))
                    continue
                if not _ENVIRONMENTS.fullmatch(inner.strip()):
                    message = f"the environment `{inner.strip()}` holds no equations that are read: leave it out"
                    raise equation_error(text, (start, position), message)
                options = re.compile(r"(?:\s*\[[^\]]*\])?(?:\s*\{[^{}]*\})?").match(text, position, end)
                if name == "begin" and options and re.match(r"array|tabular|alignat|alignedat", inner.strip()):
                    position = options.end()
                yield LatexToken("row", inner, (start, position))
            elif name in TEXTS:
                content, position = _words(text, position, end, start)
                yield LatexToken("text", content, (start, position))
            elif name in _WITH_ARGUMENT:
                _, position = _braced(text, position, end, start)
            elif name in "$&#_%" and name:
                yield LatexToken("word" if name == "_" else "char", name, (start, position))
            elif name in ("{", "}", "lbrace", "rbrace"):
                yield LatexToken("char", "(" if name in ("{", "lbrace") else ")", (start, position))
            elif name in ("(", ")", "[", "]"):
                continue
            elif name not in _SPACES:
                yield LatexToken("command", name, (start, position))
        elif char in "\r\n;" and not displayed:
            yield LatexToken("row", char, (start, start + 1))
            position += 1
        elif char == "~" and _STATED.match(text, position, end):
            yield LatexToken("command", "sim", (start, start + 1))
            position += 1
        elif char in "&$~" or char.isspace():
            if char == "&" and depth_of_matrix:
                yield LatexToken("char", "&", (start, start + 1))
            position += 1
        elif char in "{}_^":
            yield LatexToken(char, char, (start, start + 1))  # type: ignore[arg-type]
            position += 1
        elif number := _NUMBER.match(text, position, end):
            position = number.end()
            yield LatexToken("number", number[0], number.span())
        elif char.isalpha():
            while position < end and text[position].isalnum() and text[position].isascii() == char.isascii():
                position += 1
            yield LatexToken("word", text[start:position], (start, position))
        else:
            yield LatexToken("char", char, (start, start + 1))
            position += 1


def _braced(text: str, position: int, end: int, start: int) -> tuple[str, int]:
    """The argument in braces behind a command, and where it ends."""
    while position < end and text[position].isspace():
        position += 1
    if position >= end or text[position] != "{":
        raise equation_error(text, (start, position), "this command has its argument in braces: write {...}")
    depth = 0
    for at in range(position, end):
        depth += (text[at] == "{" and text[at - 1] != "\\") - (text[at] == "}" and text[at - 1] != "\\")
        if depth == 0:
            return text[position + 1 : at], at + 1
    raise equation_error(text, (position, position + 1), "this brace is not closed")


def _words(text: str, position: int, end: int, start: int) -> tuple[str, int]:
    r"""The words of ``\\text{...}`` without LaTeX's escapes."""
    inner, position = _braced(text, position, end, start)
    plain = _NAMED.sub(lambda match: _UNESCAPED[match[1]], inner)
    plain = re.sub(r"\\([{}$&#%_ ,;])", lambda m: " " if m[1] in " ,;" else m[1], plain)
    return re.sub(r"\\(?:text\w+|math\w+|emph)\{([^{}]*)\}", r"\1", plain), position
