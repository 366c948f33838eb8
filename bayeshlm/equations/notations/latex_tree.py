r"""LaTeX's mathematics -> a tree of nodes: names with their scripts, parentheses, means, matrices."""

from __future__ import annotations

import re
from dataclasses import replace

from bayeshlm.equations.notations import latex_commands as known
from bayeshlm.equations.notations.latex_nodes import Node, split_nodes
from bayeshlm.equations.notations.latex_text import escaped_argument, matching_brace, skip_blank
from bayeshlm.equations.product import Span
from bayeshlm.equations.symbols import GREEK, UNITS
from bayeshlm.equations.tokens import equation_error

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LETTER = rf"(?![{_SUPERSCRIPTS}])[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:(?![{_SUPERSCRIPTS}])[^\W_]|[\u0300-\u036f]|\.(?={_LETTER}))*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
_OWN_SUBSCRIPT = re.compile(rf"(?:\d+(?:{UNITS}|l)?|{UNITS})(?![^\W_]|\s*[_{{])")
_MATRICES = ("pmatrix", "bmatrix", "matrix", "Bmatrix", "smallmatrix", "vmatrix")
_DEEPEST = 30
_NESTED = f"braces, parentheses and commands are nested more than {_DEEPEST} deep"


def read_tree(text: str, start: int, end: int) -> list[Node]:
    """Read a stretch of mathematics.

    Raises
    ------
    EquationError
        At a command that has no meaning in equations, a brace or parenthesis that is not closed, or a subscript that
        takes less than it seems to.
    """
    return _Reader(text, start, end).nodes()


class _Reader:
    """A place in the text, moving from left to right."""

    def __init__(self, text: str, start: int, end: int, depth: int = 0) -> None:
        self.text, self.position, self.end, self.depth = text, start, end, depth

    def nodes(self, closing: str = "", opening: Span = (0, 0)) -> list[Node]:
        r"""Read up to a closing parenthesis, ``\end`` of an environment, or the end."""
        if self.depth > _DEEPEST:
            raise equation_error(self.text, opening, _NESTED)
        found: list[Node] = []
        while True:
            self.position = skip_blank(self.text, self.position, self.end)
            if self.position >= self.end:
                break
            if closing and self.text.startswith(closing, self.position):
                self.position += len(closing)
                return found
            if closing and closing in ")]" and self.text.startswith(("\\\\", "\\end"), self.position):
                break
            self._scripted(found)
        if closing:
            what = "environment" if closing.startswith("\\") else "parenthesis"
            raise equation_error(self.text, opening, f"this {what} is not closed where its equation ends")
        return found

    def _scripted(self, found: list[Node]) -> None:
        """Read the next node, or nodes, and the scripts behind it."""
        start = self.position
        read = self._next()
        self._blank()
        while self._char() in ("_", "^", "'", "’") and self.position < self.end:
            if not read or read[-1].kind in ("sign", "cell", "break", "quad"):
                raise self._error("this script stands behind nothing", self.position)
            node = read[-1] if len(read) == 1 else Node("group", "", (start, self.position), (tuple(read),))
            sign = self._char()
            at = self.position
            self.position += 1
            if sign in "'’":
                script: list[Node] = [Node("sign", "'", (at, self.position))]
            else:
                script = self._own_subscript(node, at) if sign == "_" else self._argument()
            if (node.below and sign == "_") or (node.above and sign == "^"):
                raise self._error("two scripts at one place: join them in braces, such as `_{0j}`", at)
            span = (node.span[0], self.position)
            below = tuple(script) if sign == "_" else node.below
            read = [replace(node, span=span, below=below, above=node.above if sign == "_" else tuple(script))]
            self._blank()
        found += read

    def _own_subscript(self, node: Node, at: int) -> list[Node]:
        """The subscript; one without braces is a character, or digits and units as plain texts have them."""
        self._blank()
        if self._char() in ("{", "\\"):
            return self._argument()
        start = self.position
        if match := _OWN_SUBSCRIPT.match(self.text, start, self.end):
            self.position = match.end()
            return [Node("letters", match[0], match.span())]
        script = self._argument()
        rest = re.compile(r"\w*").match(self.text, self.position, self.end)
        more = rest[0] if rest else ""
        one = self.text[start : self.position]
        if more and (more[0] == "_" or (one.isdigit() and more[0].isdigit()) or (one.isalpha() and one not in "ijkt")):
            name, more = self.text[node.span[0] : at], more.rstrip("_")
            escaped = f"{name}_{one}{more}".replace("_", r"\_")
            is_column = one.isalpha() and not name.startswith("\\")
            write = (
                rf"a column of this name is written `\text{{{escaped}}}`"
                if is_column
                else f"write `{name}_{{{one}{more}}}`"
            )
            message = f"the subscript is `{one}` alone: {write}"
            raise equation_error(self.text, (node.span[0], self.position + len(more)), message)
        return script

    def _next(self) -> list[Node]:
        """Read one node without scripts; none where the text only lays out."""
        text, start = self.text, self.position
        char = text[start]
        if char == "\\":
            return self.command()
        if char == "{":
            return self._braces()
        if match := _WORD.match(text, start, self.end):
            self.position = match.end()
            return [Node("greek" if match[0] in GREEK else "letters", match[0], match.span())]
        if match := _NUMBER.match(text, start, self.end):
            self.position = match.end()
            return [Node("number", match[0], match.span())]
        self.position += 1
        span = (start, start + 1)
        if char in "([":
            inner = _Reader(text, self.position, self.end, self.depth + 1)
            inside = inner.nodes(")" if char == "(" else "]", span)
            self.position = inner.position
            return [Node("paren", char, (start, inner.position), (tuple(inside),))]
        if char == "&":
            return [Node("cell", "&", span)]
        if char == "$":
            raise self._error("a `$` stands inside of an equation: leave it out", start)
        if char in "}":
            raise self._error("this brace is not opened", start)
        return [Node("sign", known.TYPED.get(char, char), span)]

    def command(self) -> list[Node]:
        """Read a command and its arguments."""
        start = self.position
        if self.depth > _DEEPEST:
            raise self._error(_NESTED, start)
        match = _COMMAND.match(self.text, start, self.end)
        if match is None:
            raise self._error("a backslash ends this equation", start)
        self.position, name, span = match.end(), match[0][1:], match.span()
        if name.endswith("*") and name not in ("operatorname*", "tag*"):
            self.position, name = self.position - 1, name[:-1]
        if name == "\\":
            self._optional()
            return [Node("break", "", span)]
        if name in known.SPACES:
            return []
        if name in ("quad", "qquad", "hspace", "hskip"):
            if name == "hspace":
                self._raw()
            return [Node("quad", "", span)]
        if name in known.SKIPPED:
            if known.SKIPPED[name]:
                self._raw()
            return []
        if known.NO_SIZE.fullmatch(name):
            return self._delimiter()
        if name in known.GREEK_COMMANDS:
            return [Node("greek", known.GREEK_COMMANDS[name], span)]
        if name in known.REFUSED:
            raise equation_error(self.text, span, known.REFUSED[name])
        if name in known.SIGNS:
            return [Node("sign", known.SIGNS[name], span)]
        if name in known.DOTS:
            return [Node("dots", "", span)]
        if name in known.FUNCTIONS:
            return [Node("roman", name, span)]
        if name in known.TEXT:
            value, whole = escaped_argument(self.text, *self._raw())
            return [Node("column" if whole else "roman", value, (start, self.position))]
        if name in ("intertext", "shortintertext"):
            return [Node("prose", escaped_argument(self.text, *self._raw())[0], (start, self.position))]
        if name in (*known.ROMAN, *known.BOLD, "mathit", "mathnormal", "ensuremath", "mathop", "mathrel", "mathbin"):
            return self._styled(name, start)
        if name in known.HOLDERS:
            kind, count = known.HOLDERS[name]
            parts = tuple(tuple(self._argument()) for _ in range(count))
            return [Node(kind, name, (start, self.position), parts)]
        if name in ("overset", "stackrel", "underset", "substack"):
            self._argument()
            return self._argument()
        if name == "begin":
            return self._environment(start)
        message = rf"`{match[0]}` has no meaning in these equations: a name is set by `\text{{{name}}}`"
        raise equation_error(self.text, span, message)

    def _styled(self, name: str, start: int) -> list[Node]:
        r"""``\mathrm{ses}``, ``\boldsymbol{\beta}``: one name in another face."""
        self._blank()
        if self._char() == "{":
            first, last = self._raw()
            if name in known.ROMAN and not re.search(r"(?<!\\)[_^{}]|\\[A-Za-z]", self.text[first:last]):
                return [Node("roman", escaped_argument(self.text, first, last)[0].strip(), (start, self.position))]
            inside = _Reader(self.text, first, last, self.depth + 1).nodes()
        else:
            inside = self._argument()
        if len(inside) != 1 or inside[0].kind not in ("letters", "greek", "roman", "column", "number"):
            return inside
        kind = "roman" if name in known.ROMAN else "bold" if name in known.BOLD else inside[0].kind
        return [replace(inside[0], kind=kind, span=(start, self.position))]

    def _braces(self) -> list[Node]:
        """A group is what it holds; a single name takes the scripts behind the braces."""
        start = self.position
        first, last = self._raw()
        inside = _Reader(self.text, first, last, self.depth + 1).nodes()
        if len(inside) == 1 and not (inside[0].below or inside[0].above):
            return [replace(inside[0], span=(start, self.position))]
        return inside

    def _delimiter(self) -> list[Node]:
        r"""What stands behind ``\left`` and the like: parentheses are read, braces and full stops set nothing."""
        self._blank()
        if self.text.startswith(("\\{", "\\}"), self.position):
            self.position += 2
        elif self._char() == "." or self._char() == "|":
            self.position += 1
        return []

    def _environment(self, start: int) -> list[Node]:
        name = self.text[slice(*self._raw())].strip()
        if name.rstrip("*") in ("array", "tabular", "alignat", "alignedat"):
            self._optional()
            self._raw()
        inner = _Reader(self.text, self.position, self.end, self.depth + 1)
        inside = inner.nodes(f"\\end{{{name}}}", (start, self.position))
        self.position = inner.position
        span = (start, self.position)
        relates = any(node.is_sign("=", "~") for node in inside)
        if name in _MATRICES or (name == "array" and not relates):
            rows = [list(split_nodes(row, "cell")) for row in split_nodes(inside, "break")]
            rows = [row for row in rows if any(row)]
            width = max(map(len, rows), default=0)
            cells = [tuple(row[k]) if k < len(row) else () for row in rows for k in range(width)]
            return [Node("matrix", "", span, tuple(cells), width)]
        edge = Node("break", "", (start, start + 1))
        return [edge, *inside, replace(edge, span=(span[1] - 1, span[1]))]

    def _argument(self) -> list[Node]:
        """Read what stands in braces, or one character or command."""
        self._blank()
        if self.position >= self.end or self._char() in "}&":
            raise self._error("something is missing here", min(self.position, self.end - 1))
        if self._char() == "{":
            first, last = self._raw()
            return _Reader(self.text, first, last, self.depth + 1).nodes()
        if self._char() == "\\":
            command = _Reader(self.text, self.position, self.end, self.depth + 1)
            found = command.command()
            self.position = command.position
            return found
        self.position += 1
        char = self.text[self.position - 1]
        kind = "number" if char.isdigit() else "greek" if char in GREEK else "letters" if char.isalpha() else "sign"
        return [Node(kind, known.TYPED.get(char, char), (self.position - 1, self.position))]

    def _raw(self) -> Span:
        """Move over braces; returns the place of what they hold."""
        self._blank()
        if self._char() != "{":
            raise self._error("braces are missing here", min(self.position, self.end - 1))
        first = self.position + 1
        last = matching_brace(self.text, self.position, self.end)
        self.position = last + 1
        return first, last

    def _optional(self) -> None:
        """Move over ``[2pt]``."""
        match = re.compile(r"\*?\s*\[[^\]\n]*\]").match(self.text, self.position, self.end)
        if match and re.fullmatch(r"\*?\s*\[\s*(?:-?[\d.]+\s*\\?[a-z]*|[tcb])\s*\]", match[0]):
            self.position = match.end()

    def _blank(self) -> None:
        self.position = skip_blank(self.text, self.position, self.end)

    def _char(self) -> str:
        return self.text[self.position] if self.position < self.end else ""

    def _error(self, message: str, at: int) -> Exception:
        return equation_error(self.text, (max(at, 0), max(at, 0) + 1), message)
