r"""Data in LaTeX's equations -> factors of the plain notation: columns, centering by means, functions and options."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bayeshlm.equations.functions import FUNCTIONS
from bayeshlm.equations.notations.latex_names import NAMES, column_text, subscript, symbol_text, units_of
from bayeshlm.equations.notations.latex_nodes import Node, at_commas
from bayeshlm.equations.symbols import without_subscript
from bayeshlm.equations.tokens import equation_error
from bayeshlm.equations.translated import Translation
from bayeshlm.errors import EquationError

_MEAN = (
    r"whose mean is meant is not said: write `\bar{X}_{.j}` for the mean of a group, `\bar{X}_{..}` for the grand mean"
)
_FIRST_UNIT = re.compile(r"^(?:\([a-z]+\)|[a-z])")
_NO_UNITS_ABOVE = (
    r"above these units stands no other: write `\bar{X}_{.}` for the mean of all, around which the column is centered"
)
_WITHOUT_PARENTHESES = ("log", "ln", "exp")


class FactorWriter:
    """Writes data into a translation.

    Parameters
    ----------
    text : str
        The user's text, which errors quote.
    into : Translation
        What is written so far.
    """

    def __init__(self, text: str, into: Translation) -> None:
        self.text, self._into = text, into
        self._under_mean = False

    def column(self, node: Node) -> None:
        """Write a column."""
        self._into.add(column_text(self.text, node), node.span)

    def plain(self, nodes: Sequence[Node]) -> None:
        """Write names and signs as they stand, ``P(Y_ij = 1)``."""
        for node in nodes:
            if node.kind in NAMES:
                self._into.add(
                    symbol_text(self.text, node) if node.kind in ("letters", "greek") else node.value, node.span
                )
            elif node.kind == "paren":
                self._into.add(node.value, (node.span[0], node.span[0] + 1))
                self.plain(node.parts[0])
                self._into.add(")" if node.value == "(" else "]", (node.span[1] - 1, node.span[1]))
            elif node.kind in ("sign", "number"):
                self._into.add(node.value, node.span)
            else:
                raise refused(self.text, node)

    def data(self, nodes: Sequence[Node], number: int) -> None:
        """Write a factor that stands for data."""
        node = nodes[number]
        if node.kind == "bold" and node.value == "1":
            raise self._indicator(nodes, number)
        if node.kind in NAMES:
            self.column(node)
        elif node.kind == "paren" and node.value == "(":
            self._parenthesis(node)
        elif node.kind == "bar":
            self._mean(node)
        elif node.kind == "root":
            self._into.add("sqrt(", node.span)
            self._product(node.parts[0])
            self._into.add(")", node.span)
        elif node.kind in ("number", "sign"):
            self._into.add(node.value, node.span)
            if node.above:
                self._into.add("^", node.span)
        else:
            raise refused(self.text, node)

    def _parenthesis(self, node: Node) -> None:
        r"""Write ``(X - \bar{X}_{.j})`` as a function that centers, any other parenthesis as it stands."""
        if node.above:
            raise equation_error(self.text, node.span, "powers are not read: write `poly(x, 2)` or the product out")
        inside = node.parts[0]
        minus = next((k for k, one in enumerate(inside) if one.is_sign("-")), None)
        if minus is not None and minus + 2 == len(inside) and inside[-1].kind == "bar":
            mean = inside[-1]
            argument, other = inside[:minus], mean.parts[0]
            if self._spelled(argument) == self._spelled(other):
                self._into.add(f"{self._centers(argument, mean)}(", node.span)
                self._product(argument)
                self._into.add(")", (node.span[1] - 1, node.span[1]))
                return
            message = "the mean that is subtracted is that of another column: center a column around its own mean"
            raise equation_error(self.text, mean.span, message)
        self._into.add("(", (node.span[0], node.span[0] + 1))
        self._product(inside)
        self._into.add(")", (node.span[1] - 1, node.span[1]))

    def _centers(self, argument: Sequence[Node], mean: Node) -> str:
        """Which function centers around a mean: of all where its subscript has dots alone, or only all are above."""
        own, parts = self._units(argument), subscript(self.text, mean)
        if parts.units:
            over, above = units_of(self.text, mean), re.sub(r"\W", "", _FIRST_UNIT.sub("", own))
            own = re.sub(r"\W", "", own)
            of_index = len(own) == 1 and over not in own  # Gelman and Hill's x_i in group j[i]
            of_mean = over == own and argument[-1].kind == "bar"
            if own and over != above and not (of_index or of_mean):
                message = f"a column is centered within the units next above its own: write the mean of `{above}` here"
                raise equation_error(self.text, mean.span, message if above else _NO_UNITS_ABOVE)
            return "cwc"
        if parts.dots or len(own) == 1:
            return "cgm"
        if self._under_mean:
            return "cwc"
        raise equation_error(self.text, mean.span, _MEAN)

    def _units(self, argument: Sequence[Node]) -> str:
        """The units whose data these are, crossed ones in parentheses."""
        units: list[str] = []
        for node in argument:
            named = node.kind in (*NAMES, "bar")
            units += [subscript(self.text, node).units] if named else map(self._units, node.parts)
        return max(units, key=len, default="")

    def _mean(self, node: Node) -> None:
        parts = subscript(self.text, node)
        if node.above or (not parts.units and not self._under_mean):
            message = _MEAN if not parts.dots else "the grand mean is one number: center with it, `(X - \\bar{X}_{..})`"
            raise equation_error(self.text, node.span, message)
        self._into.add("mean(", node.span)
        was, self._under_mean = self._under_mean, True
        self._product(node.parts[0])
        self._under_mean = was
        self._into.add(")", (node.span[1] - 1, node.span[1]))

    def _product(self, nodes: Sequence[Node]) -> None:
        """Write factors that are data all of them."""
        multiplied = True
        for number, node in enumerate(nodes):
            if node.is_sign("*"):
                self._into.add("*", node.span)
                multiplied = True
                continue
            if number and self.belongs(nodes, number):
                continue
            if not multiplied and node.kind != "sign":
                self._into.add("*", (node.span[0], node.span[0]))
            if self.is_function(node):
                self.call(nodes, number)
            else:
                self.data(nodes, number)
            multiplied = node.kind == "sign"

    def belongs(self, nodes: Sequence[Node], number: int) -> bool:
        """Whether a node has been written with the function before it."""
        before = nodes[number - 1]
        return self.is_function(before) and (nodes[number].kind == "paren" or before.value in _WITHOUT_PARENTHESES)

    def is_function(self, node: Node) -> bool:
        """Whether a name is that of a function, where parentheses follow."""
        if node.kind not in ("roman", "letters") or node.below:
            return False
        return node.value in FUNCTIONS or node.value == "ln"

    def call(self, nodes: Sequence[Node], number: int) -> None:
        r"""Write ``\log(x)``, or ``\operatorname{C}(x, \text{ref = ...})``."""
        name = nodes[number]
        behind = nodes[number + 1] if number + 1 < len(nodes) else None
        if name.above:
            raise equation_error(self.text, name.span, "powers are not read: make the column in the data first")
        if behind is None or (behind.kind != "paren" and name.value not in _WITHOUT_PARENTHESES):
            self.column(name)
            return
        self._into.add(f"{'log' if name.value == 'ln' else name.value}(", name.span)
        if behind.kind != "paren":
            self.data(nodes, number + 1)
        else:
            first, *options = at_commas(behind.parts[0])
            self._product(first)
            for option in options:
                self._into.add(", ", (option[0].span[0], option[0].span[0]) if option else behind.span)
                self._option(option)
        self._into.add(")", (behind.span[1] - 1, behind.span[1]))

    def _option(self, nodes: Sequence[Node]) -> None:
        """Write an option of a function: words such as ``ref = ``White''``, or mathematics such as ``degree = 2``."""
        if len(nodes) == 1 and nodes[0].kind == "roman" and not nodes[0].below:
            words = nodes[0].value
            name, equals, value = words.partition("=")
            name, value = (name.strip(), value.strip()) if equals else ("", words.strip())
            value = _quoted(value)
            named = f"{name}={value}" if name and name != "coding" else value
            self._into.add(named, nodes[0].span)
            return
        for number, node in enumerate(nodes):
            if node.kind == "roman" and number:
                self._into.add(_quoted(f"``{node.value}''"), node.span)
            else:
                self.plain([node])

    def _spelled(self, nodes: Sequence[Node]) -> str:
        """Data as one text without subscripts of units, to see whether two are the same."""
        return "*".join(self._spelled_one(node) for node in nodes if not node.is_sign("*"))

    def _spelled_one(self, node: Node) -> str:
        if node.kind in NAMES:
            name = column_text(self.text, node)
            return without_unit(name)
        return f"{node.kind}{node.value}({','.join(self._spelled(part) for part in node.parts)})"

    def _indicator(self, nodes: Sequence[Node], number: int) -> EquationError:
        end = nodes[min(number + 1, len(nodes) - 1)].span[1]
        message = (
            r"this is one column of a category: write the category as a whole, `\operatorname{C}(\text{race})`, with"
            " one coefficient"
        )
        return equation_error(self.text, (nodes[number].span[0], end), message)


def without_unit(name: str) -> str:
    """A column's name without its subscript of units, if it has one."""
    bare = name.strip("`")
    return without_subscript(bare) or bare


def _quoted(value: str) -> str:
    """A text as the plain notation quotes it; numbers and words without quotes as they are."""
    for opening, closing in (("``", "''"), ('"', '"'), ("“", "”"), ("'", "'")):
        if len(value) >= len(opening + closing) and value.startswith(opening) and value.endswith(closing):
            inside = value[len(opening) : len(value) - len(closing)]
            return '"{}"'.format(inside.replace('"', '""'))
    return value


def refused(text: str, node: Node) -> EquationError:
    """Build the error for what has no meaning in an equation."""
    said = {
        "accent": rf"what `\{node.value}` stands for is not said: a model has the symbol itself, without the accent,"
        r" and centered columns are written out, `(X_{ij} - \bar{X}_{.j})`",
        "frac": "division is not read: make the column in the data first",
        "matrix": r"vectors and matrices are not read in equations: write one equation for each coefficient, as in"
        r" `\beta_{0j} = \gamma_{00} + u_{0j}`",
        "dots": "what the dots stand for is not said: write each term out",
        "group": "these braces have one subscript for several names: put it behind each",
        "bar": _MEAN,
        "paren": "brackets have no meaning here: write parentheses",
    }
    message = said.get(node.kind, "this has no meaning in an equation")
    return equation_error(text, node.span, message)
