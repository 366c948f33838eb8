r"""Rows of LaTeX tokens -> nodes: symbols and columns with their subscripts, functions, means, parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from bayeshlm.equations.notations.latex_tokens import LatexToken
from bayeshlm.equations.product import Span
from bayeshlm.equations.symbols import GREEK
from bayeshlm.equations.tokens import equation_error

type NodeKind = Literal[
    "symbol", "column", "number", "call", "bar", "matrix", "(", "+", "-", "*", "=", "~", ",", "^", "&"
]

OPERANDS = frozenset(("symbol", "column", "number", "call", "bar", "(", "matrix"))

_LETTERS = {name: letter for letter, name in GREEK.items()} | {
    "varepsilon": "ε", "epsilon": "ε", "varphi": "φ", "vartheta": "θ", "varrho": "ρ", "varsigma": "σ",
    "upsilon": "υ", "ell": "l", "Gamma": "γ", "Beta": "β",
}  # fmt: skip
_OPERATORS: dict[str, NodeKind] = {
    "times": "*", "cdot": "*", "ast": "*", "star": "*", "bullet": "*", "sim": "~", "thicksim": "~", "equiv": "=",
}  # fmt: skip
_FONTS = frozenset(
    (
        *("mathrm", "mathit", "mathbf", "mathsf", "mathtt", "mathcal", "mathbb", "mathnormal", "operatorname", "bm"),
        *("boldsymbol", "hat", "widehat", "mathop", "rm", "it", "bf", "cal", "ensuremath"),
    )
)
_BARS = frozenset(("bar", "overline"))
_FUNCTIONS = {"log": "log", "ln": "log", "exp": "exp", "sqrt": "sqrt"}
_OVER = frozenset(("overset", "stackrel"))
_JOINED = re.compile(r"\}?\s*(?:\\(?:left|[bB]igg?l?)\s*)?")
"""What may stand between a function and its parentheses: a space of LaTeX makes a product of it."""

_DOTS = frozenset(("cdot", "bullet", "ldotp", "dots", "ldots"))


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of an equation.

    Attributes
    ----------
    kind : str
    text : str
        Name of a symbol, column or function without its subscript; of an operator itself.
    span : tuple of int
    subscript : str
        Letters and digits, a dot for each that is averaged over.
    inner : tuple of Node
        What stands inside of parentheses, of a function or under a bar.
    bold : bool
        A vector or a matrix.
    """

    kind: NodeKind
    text: str
    span: Span
    subscript: str = ""
    inner: tuple[Node, ...] = field(default=())
    bold: bool = False


class NodeReader:
    """Reads the nodes of one row."""

    def __init__(self, text: str, row: list[LatexToken]) -> None:
        self.text, self.row, self.place = text, row, 0

    def read(self, closing: str = "") -> tuple[Node, ...]:
        """Nodes up to a closing parenthesis or brace, which is taken, or to the end of the row."""
        found: list[Node] = []
        while self.place < len(self.row):
            token = self.row[self.place]
            if closing and token.value == closing and token.kind in ("char", "}"):
                self.place += 1
                return tuple(found)
            found += self._node(token)
        if closing:
            last = self.row[-1].span
            raise equation_error(self.text, last, f"a `{closing}` is missing behind this")
        return tuple(found)

    def _node(self, token: LatexToken) -> list[Node]:
        self.place += 1
        start = token.span[0]
        if token.kind == "text":
            return [self._named(token.value, start, "column")]
        if token.kind == "word":
            return [self._named(token.value, start, "symbol")]
        if token.kind == "number":
            return [Node("number", token.value, token.span)]
        if token.kind == "{":
            return self._group(start)
        if token.kind == "command":
            return self._command(token)
        if token.kind == "^":
            if self._at("{"):
                self._argument()
            elif self.place < len(self.row):
                self.place += 1
            return [Node("^", "^2", (start, self._end()))]
        if token.value == "(" or token.value == "[":
            inner = self.read(")" if token.value == "(" else "]")
            return [Node("(", "(", (start, self._end()), inner=inner)]
        if token.value in ("+", "-", "*", "=", ",", "&"):
            return [Node(token.value, token.value, token.span)]  # type: ignore[arg-type]
        if token.value in ("−", "–", "—"):
            return [Node("-", "-", token.span)]
        if token.value in ("×", "·", "⋅"):
            return [Node("*", "*", token.span)]
        if token.value in ".;:":
            return []
        message = f"`{token.value}` has no meaning in an equation of a model: leave it out"
        raise equation_error(self.text, token.span, message)

    def _group(self, start: int) -> list[Node]:
        """Braces, which show nothing; a single node in them takes a subscript behind them."""
        inner = self.read("}")
        if len(inner) == 1 and inner[0].kind in ("symbol", "column") and not inner[0].subscript:
            one = inner[0]
            return [Node(one.kind, one.text, (start, self._end()), self._subscript(), one.inner, one.bold)]
        return list(inner)

    def _command(self, token: LatexToken) -> list[Node]:
        name, start = token.value, token.span[0]
        if name in _LETTERS:
            return [self._named(_LETTERS[name], start, "symbol")]
        if name in _OPERATORS:
            return [Node(_OPERATORS[name], _OPERATORS[name], token.span)]
        if name in _BARS:
            inner = self._argument()
            return [Node("bar", "", (start, self._end()), self._subscript(), inner)]
        if name in _OVER:
            self._argument()
            return list(self._argument())
        if name in _FONTS:
            return self._in_font(name, start)
        if name in _FUNCTIONS:
            if name == "sqrt":
                inner = self._argument()
            else:
                opened = self._at("(") or self._at("[")
                inner = self._node(self.row[self.place])[0].inner if opened else self._argument()
            return [Node("call", _FUNCTIONS[name], (start, self._end()), inner=inner)]
        if name == "begin matrix":
            return [self._matrix(start)]
        if name in ("vert", "mid", "lvert", "rvert"):
            message = "what is given, `|`, is no part of an equation: leave it out"
            raise equation_error(self.text, token.span, message)
        message = f"the command `\\{name}` has no meaning in an equation of a model: leave it out"
        raise equation_error(self.text, token.span, message)

    def _in_font(self, name: str, start: int) -> list[Node]:
        words = self._words_of_argument()
        if words is None:
            inner = self._argument()
            if len(inner) != 1:
                return list(inner)
            one = inner[0]
            subscript = one.subscript or self._subscript()
            return [Node(one.kind, one.text, (start, self._end()), subscript, one.inner, one.bold or "b" in name)]
        found = self._named(words, start, "symbol")
        bold = name in ("mathbf", "boldsymbol", "bm", "bf")
        return [Node(found.kind, found.text, found.span, found.subscript, found.inner, bold)]

    def _words_of_argument(self) -> str | None:
        r"""The argument where it is one name, ``{ses}`` or ``{size\_2}``; None, and nothing taken, elsewhere."""
        if not self._at("{"):
            return None
        parts: list[str] = []
        place = self.place + 1
        while place < len(self.row) and self.row[place].kind in ("word", "number", "text", "_", "char"):
            token = self.row[place]
            if token.kind == "_" or (token.kind == "char" and token.value not in ".-"):
                return None
            parts.append(token.value)
            place += 1
        if place >= len(self.row) or self.row[place].kind != "}" or not parts or not parts[0][0].isalpha():
            return None
        self.place = place + 1
        return "".join(parts)

    def _named(self, name: str, start: int, kind: Literal["symbol", "column"]) -> Node:
        """A name with its subscript, or a function with what is inside of its parentheses."""
        subscript = self._subscript()
        if not subscript and len(name) > 0 and name[-1:].isalnum() and (self._at("(") or self._at("[")):
            gap = self.text[self._end() : self.row[self.place].span[0]]
            if name not in GREEK and _JOINED.fullmatch(gap):
                (inside,) = self._node(self.row[self.place])
                return Node("call", name.strip(), (start, self._end()), inner=inside.inner)
        return Node(kind, name, (start, self._end()), subscript)

    def _argument(self) -> tuple[Node, ...]:
        """What a command is applied to: a group in braces, or one token."""
        if self.place >= len(self.row):
            raise equation_error(self.text, self.row[-1].span, "something is missing behind this")
        token = self.row[self.place]
        if token.kind == "{":
            self.place += 1
            return self.read("}")
        self.place += 1
        if token.kind == "word":  # \bar X_{ij} is a bar over one letter
            rest = token.value[1:]
            first = LatexToken("word", token.value[0], (token.span[0], token.span[0] + 1))
            if rest:
                self.row[self.place : self.place] = [LatexToken("word", rest, (token.span[0] + 1, token.span[1]))]
            return (Node("symbol", first.value, first.span),)
        if token.kind == "command" and token.value in _LETTERS:
            return (Node("symbol", _LETTERS[token.value], token.span),)
        return tuple(self._node(token))

    def _subscript(self) -> str:
        """The subscript that follows, if one does: its letters, digits and dots."""
        if not self._at("_"):
            return ""
        self.place += 1
        if self.place >= len(self.row):
            raise equation_error(self.text, self.row[-1].span, "a subscript is missing behind this")
        token = self.row[self.place]
        self.place += 1
        if token.kind != "{":
            if token.kind == "word" and len(token.value) > 1:  # x_ij is x_i j in LaTeX, and never meant so
                return token.value
            if token.kind == "number" and self.place < len(self.row) and self.row[self.place].kind == "word":
                follows = self.row[self.place]
                if follows.span[0] == token.span[1] and set(follows.value) <= set("ijklt"):
                    self.place += 1
                    return token.value + follows.value
            return self._letter(token)
        parts: list[str] = []
        depth = 1
        while self.place < len(self.row):
            token = self.row[self.place]
            self.place += 1
            depth += (token.kind == "{") - (token.kind == "}")
            if depth == 0:
                return "".join(parts)
            parts.append(self._letter(token))
        raise equation_error(self.text, self.row[-1].span, "a `}` is missing behind this subscript")

    def _letter(self, token: LatexToken) -> str:
        if token.kind in ("word", "number", "text"):
            return token.value
        if token.kind == "command":
            return "." if token.value in _DOTS else _LETTERS.get(token.value, "")
        return "." if token.value in ".·⋅•" and token.kind == "char" else token.value if token.value in "[]()" else ""

    def _matrix(self, start: int) -> Node:
        """A matrix: the nodes of its cells, with ``&`` between columns and ``,`` between rows."""
        found: list[Node] = []
        while self.place < len(self.row):
            token = self.row[self.place]
            if token.kind == "command" and token.value == "end matrix":
                self.place += 1
                return Node("matrix", "", (start, self._end()), inner=tuple(found))
            if token.kind == "command" and token.value == "\\":
                self.place += 1
                found.append(Node(",", ",", token.span))
            else:
                found += self._node(token)
        raise equation_error(self.text, (start, start + 1), "this matrix is not closed")

    def _at(self, value: str) -> bool:
        if self.place >= len(self.row):
            return False
        token = self.row[self.place]
        return token.value == value and token.kind in ("char", "{", "_")

    def _end(self) -> int:
        return self.row[self.place - 1].span[1]
