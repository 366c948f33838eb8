r"""Equations of LaTeX -> lines of the plain notation: juxtaposed factors, centering by means, links and functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bayeshlm.equations.notations.latex_factors import FactorWriter, refused
from bayeshlm.equations.notations.latex_names import NAMES, column_text, grouping_text, subscript, symbol_text
from bayeshlm.equations.notations.latex_nodes import Node
from bayeshlm.equations.product import Span
from bayeshlm.equations.symbols import canonical, is_usual, stem
from bayeshlm.equations.tokens import equation_error
from bayeshlm.equations.translated import Translation
from bayeshlm.families.links import LINKS

_LINKS = (*LINKS, "ln")
_RANDOM = ("u", "v", "r", "e")
_OF_OFFSETS = ("log", "ln")
"""Functions of an exposure, which have no coefficient."""


class EquationWriter:
    """Writes the equations of a text into a translation.

    Parameters
    ----------
    text : str
        The user's text, which errors quote.
    into : Translation
        What is written so far.
    groupings : mapping of str to (str, tuple of int)
        Groupings that other lines name for random effects, by canonical symbol, with the place where they do.
    """

    def __init__(self, text: str, into: Translation, groupings: Mapping[str, tuple[str, Span]]) -> None:
        self.text, self._into, self._groupings = text, into, groupings
        self._factors = FactorWriter(text, into)

    def writing(self, into: Translation) -> EquationWriter:
        """The same writer into another translation."""
        return EquationWriter(self.text, into, self._groupings)

    def equation(self, left: Sequence[Node], relation: Node, right: Sequence[Node]) -> None:
        """Write ``left = right``."""
        if not left:
            message = (
                "this goes on with the equation above, which has its terms already: write each equation once, one for"
                " each coefficient, or the combined equation alone"
            )
            raise equation_error(self.text, relation.span, message)
        link = self._bare_link(right) if len(left) == 1 and left[0].kind in NAMES else None
        if link is not None:  # `\eta = \operatorname{logit}(p)`
            self._left(right)
            self._into.add(" = ", relation.span)
            self.symbol(left[0])
            return
        self._left(left)
        self._into.add(" = ", relation.span)
        self.sum(right)

    def sum(self, nodes: Sequence[Node]) -> None:
        """Write terms, each a symbol and its factors."""
        fresh, behind = True, False
        for number, node in enumerate(nodes):
            if node.kind == "sign" and node.value in "+-=":
                self._into.add(f" {node.value} " if behind or not fresh else f"{node.value} ", node.span)
                fresh = True
            elif node.is_sign("*"):
                self._into.add("*", node.span)
                behind, fresh = True, False
                continue
            else:
                done = number and not fresh and self._factors.belongs(nodes, number)
                if not done:
                    self._factor(nodes, number, fresh, behind)
                fresh = False
            behind = False

    def symbol(self, node: Node) -> None:
        """Write a symbol with the grouping that its text or another line names."""
        name = symbol_text(self.text, node)
        self._into.add(name, node.span)
        group = subscript(self.text, node).group
        if group:
            self._into.add(grouping_text(group), node.span)
        elif canonical(name) in self._groupings:
            grouping, place = self._groupings[canonical(name)]
            self._into.add(grouping_text(grouping), place)

    def outcome(self, node: Node) -> None:
        """Write a name on a left side; one in text that has units of rows is a column, in backticks."""
        name = column_text(self.text, node)
        of_rows = node.kind in ("roman", "column") and subscript(self.text, node).units.startswith("i")
        if node.kind in ("letters", "greek"):
            name = symbol_text(self.text, node)
        self._into.add(f"`{name}`" if of_rows and not name.startswith("`") else name, node.span)

    def _left(self, nodes: Sequence[Node]) -> None:
        """Write a left side: the outcome, a coefficient, or a parameter under its link."""
        name = nodes[0]
        if len(nodes) == 1 and name.kind in ("roman", "column"):
            self.outcome(name)
        elif len(nodes) == 1 and name.kind in NAMES:
            self.symbol(name)
        elif self._bare_link(nodes) is not None:
            self._link(nodes)
        elif len(nodes) == 1 and name.kind in ("accent", "bar", "frac", "root", "matrix"):
            raise refused(self.text, name)
        else:
            self._factors.plain(nodes)

    def _bare_link(self, nodes: Sequence[Node]) -> str | None:
        r"""The link of ``\operatorname{logit}(p_{ij})``; None if this is none."""
        if len(nodes) != 2 or nodes[0].kind not in ("roman", "letters", "greek") or nodes[0].below:
            return None
        inside = _under_link(nodes[1])
        if inside is None or inside.kind not in (*NAMES, "frac"):
            return None
        if nodes[0].value == "Φ" and [node.value for node in nodes[0].above] == ["-", "1"]:
            return "probit"
        link = nodes[0].value.casefold()
        if link not in _LINKS or nodes[0].above:
            return None
        return "log" if link == "ln" else link

    def _link(self, nodes: Sequence[Node]) -> None:
        link, inside = self._bare_link(nodes) or "", _under_link(nodes[1])
        assert inside is not None
        if inside.kind == "frac":
            odds, rest = inside.parts
            same = len(odds) == 1 and len(rest) == 3 and rest[0].value == "1" and rest[1].is_sign("-")
            if link != "log" or not same or symbol_text(self.text, odds[0]) != symbol_text(self.text, rest[2]):
                message = r"a link is the log of odds, `\log\left(\frac{p}{1 - p}\right)`, or `\operatorname{logit}(p)`"
                raise equation_error(self.text, inside.span, message)
            link, inside = "logit", odds[0]
        self._into.add(f"{link}(", nodes[0].span)
        square = _is_squared_sigma(inside)
        self.symbol(Node(inside.kind, inside.value, inside.span, below=inside.below) if square else inside)
        self._into.add("^2)" if square else ")", (nodes[1].span[1] - 1, nodes[1].span[1]))

    def _factor(self, nodes: Sequence[Node], number: int, first: bool, multiplied: bool) -> None:
        """Write a factor of a term: the first is its symbol."""
        node = nodes[number]
        if not first and not multiplied:
            self._into.add(" " if self._is_symbol(node) else "*", (node.span[0], node.span[0]))
        if self._factors.is_function(node):
            offset = first and node.value in _OF_OFFSETS
            self._into.add("offset(" if offset else "", node.span)
            self._factors.call(nodes, number)
            self._into.add(")" if offset else "", node.span)
        elif first and node.kind in NAMES and node.value != "1":
            self.symbol(node)
        elif first and node.kind == "paren" and len(node.parts[0]) == 1 and node.parts[0][0].kind in NAMES:
            self.symbol(node.parts[0][0])
        else:
            self._factors.data(nodes, number)

    def _is_symbol(self, node: Node) -> bool:
        """Whether what follows a symbol without a sign is no column: a number, Greek, ``u_{0j}`` or ``u_j``."""
        if node.kind != "letters":
            return node.kind in ("greek", "number")
        name = canonical(symbol_text(self.text, node))
        return is_usual(name) and (stem(name) != name or name in _RANDOM)


def _is_squared_sigma(node: Node) -> bool:
    r"""Whether a node is the level-1 variance, ``\sigma_{ij}^{2}``."""
    return node.value in ("σ", "sigma") and [one.value for one in node.above] == ["2"]


def _under_link(node: Node) -> Node | None:
    r"""What a link is of, ``\log(\mu_{ij})`` or ``\log \mu_{ij}``."""
    if node.kind != "paren":
        return node
    inside = node.parts[0]
    return inside[0] if len(inside) == 1 else None
