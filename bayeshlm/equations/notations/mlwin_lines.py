"""The lines of MLwiN's equations window: what each is, and the terms of its right side."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.tokens import equation_error

_DIGITS = r"[0-9]{1,3}|[₀-₉]{1,3}"
_END = r"(?![\w.])"
_UNITS = rf"(?:_?(?P<units>[ijkl]{{1,4}}){_END}|(?P<lowered>[ᵢⱼₖₗ]{{1,4}})|(?<=[₀-₉])|{_END})"
_BETA = rf"(?:β|beta|b)_?(?P<number>{_DIGITS}){_UNITS}"
_ESTIMATE = r"[-−–]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(?:\([^()]*\))?"
_COEFFICIENT = re.compile(rf"\s*(?:{_BETA}|(?P<estimate>{_ESTIMATE})(?!\w*\())", re.IGNORECASE)
_EFFECT = re.compile(
    rf"\s*(?P<letter>[efuvw])_?(?P<number>{_DIGITS}|)_?(?:(?P<units>[ijkl]{{1,4}}){_END}|(?P<lowered>[ᵢⱼₖₗ]{{1,4}}))",
    re.IGNORECASE,
)
_NAME = r"(?:\(\s*)?(?P<name>`[^`]+`|[^\W\d][\w.^]*)(?:\s*\))?"
_COLUMN = re.compile(rf"\s*[*×·.]?\s*{_NAME}")
_TIMES = re.compile(rf"\s*[*×·]\s*{_NAME}")
_SIGN = re.compile(r"\s*(?:$|(?P<plus>\+)|(?=[-−–]\s*[0-9.]))")
_LEFT = re.compile(rf"\s*{_BETA}\s*=", re.IGNORECASE)
_PARENTHESIZED = re.compile(r"\s*offset\s*\(\s*(?P<name>[^\W\d][\w.]*)\s*\)", re.IGNORECASE)
_LOWERED = "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗ"
_CONSTANT = re.compile(r"(?:cons|const|constant|x_?0)(?:_?[ijkl]+|[ᵢⱼₖₗ]+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A logical line of the text, with the places of its characters.

    Attributes
    ----------
    content : str
        With mathematical letters as plain ones.
    start : int
        Place of its first character in the text.
    """

    content: str
    start: int

    def span(self, start: int, end: int) -> Span:
        """The place in the text of a part of it, without blanks around it."""
        part = self.content[start:end]
        first = start + len(part) - len(part.lstrip())
        return self.start + first, self.start + max(first + len(part.strip()), first + 1)

    @property
    def whole(self) -> Span:
        """Its place in the text."""
        return self.span(0, len(self.content))


@dataclass(frozen=True, slots=True)
class Part:
    """A term of a right side.

    Attributes
    ----------
    kind : {"coefficient", "effect", "offset"}
    number : str
        Of the symbol; empty of an estimate that stands in its place.
    units : str
        Of the symbol, such as ``ij``.
    letter : str
        Of an effect.
    product : Product
        What it multiplies, of the constant nothing.
    span : tuple of int
    """

    kind: str
    number: str
    units: str
    letter: str
    product: Product
    span: Span


def plain(text: str) -> str:
    """Mathematical letters as plain ones, but for subscripts; every character keeps its place.

    Examples
    --------
    >>> plain("𝛽₀ᵢⱼ = 𝛽₀ + 𝑢₀ⱼ")
    'β₀ᵢⱼ = β₀ + u₀ⱼ'
    """
    found = []
    for char in text:
        simple = unicodedata.normalize("NFKC", char)
        kept = char in _LOWERED or len(simple) != 1 or not simple.isprintable()
        found.append(char if kept else simple)
    return "".join(found)


def number_of(match: re.Match[str]) -> str:
    """The digits of a symbol."""
    return unicodedata.normalize("NFKC", match["number"] or "")


def units_of(match: re.Match[str]) -> str:
    """The units of a symbol, such as ``ij``."""
    return unicodedata.normalize("NFKC", match["units"] or match["lowered"] or "").casefold()


def pieces(text: str) -> list[Piece]:
    """The logical lines: one goes on where it ends, or the next begins, with ``+``, or within brackets."""
    found: list[Piece] = []
    begun, depth = None, 0
    simple = plain(text)
    for match in re.finditer(r"[^\r\n;]+", simple):
        line = match[0]
        goes_on = begun is not None and (
            depth > 0
            or line.lstrip().startswith("+")
            or text[begun : match.start()].rstrip().endswith(("+", "=", "~", ":"))
        )
        if not goes_on:
            begun, depth = match.start(), 0
            if line.strip():
                found.append(Piece(line, begun))
            else:
                begun = None
        elif found:
            content = re.sub(r"[\r\n;]", " ", simple[found[-1].start : match.end()])
            found[-1] = Piece(content, found[-1].start)
        depth = max(depth + line.count("[") - line.count("]"), 0)
    return found


def left_coefficient(piece: Piece) -> re.Match[str] | None:
    """The match of ``β_0ij =`` where a line is that of a coefficient."""
    return _LEFT.match(piece.content)


def is_constant(name: str) -> bool:
    """Whether a column is MLwiN's constant, ``cons``."""
    return _CONSTANT.fullmatch(name) is not None


def parts_of(text: str, piece: Piece, start: int) -> Iterator[Part]:
    """Read the terms of a right side from a place of its line.

    Raises
    ------
    EquationError
        At what is no term of an equation of MLwiN.
    """
    content, position = piece.content, start
    while True:
        begin = position
        if offset := _PARENTHESIZED.match(content, position):
            position = offset.end()
            yield Part("offset", "", "", "", Product((column_of(piece, offset),)), piece.span(begin, position))
        elif effect := _EFFECT.match(content, position):
            position = effect.end()
            letter = effect["letter"].casefold()
            yield Part(
                "effect", number_of(effect) or "0", units_of(effect), letter, Product(), piece.span(begin, position)
            )
        elif found := _COEFFICIENT.match(content, position):
            position = found.end()
            columns: list[Column] = []
            name = _COLUMN.match(content, position)
            while name is not None and not (not columns and _EFFECT.fullmatch(name[0])):
                position = name.end()
                columns += [] if is_constant(name["name"]) else [column_of(piece, name)]
                name = _TIMES.match(content, position)
            yield Part(
                "coefficient",
                number_of(found),
                units_of(found),
                "",
                Product(tuple(columns)),
                piece.span(begin, position),
            )
        else:
            term = content[begin:].split("+")[0]
            message = _CLASSIFIED if _OF_UNITS.search(term) else _NO_TERM
            raise equation_error(text, piece.span(begin, begin + len(term)), message)
        sign = _SIGN.match(content, position)
        if sign is None:
            raise equation_error(text, piece.span(position, len(content)), "a `+` is missing before this")
        if not content[position:].strip():
            return
        position = sign.end()


_OF_UNITS = re.compile(r"\w\s*\(\s*[ijkl]\s*\)")
_CLASSIFIED = (
    "groupings by `unit(i)` are not read: write level equations, of which random effects name theirs,"
    " `b0 = g00 + u0[primary] + v0[secondary]`"
)
_NO_TERM = (
    "this is no term of MLwiN's equations: a term is `β_1j standlrt_ij`, an estimate with its column, or a random"
    " effect such as `u_0j`"
)


def column_of(piece: Piece, match: re.Match[str]) -> Column:
    """The column that the group ``name`` of a match names."""
    name = match["name"]
    span = (piece.start + match.start("name"), piece.start + match.end("name"))
    return Column(name[1:-1] if name.startswith("`") else name, span)
