r"""Vectors of random effects in LaTeX: columns of matrices, lists in parentheses, letters in bold."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.equations.notations.latex_names import NAMES
from bayeshlm.equations.notations.latex_nodes import Node, at_commas
from bayeshlm.equations.symbols import canonical, stem
from bayeshlm.equations.tokens import equation_error


def vector(text: str, nodes: list[Node], effects: Sequence[str]) -> list[Node]:
    """The symbols of a vector, a list in parentheses, one symbol, or of a letter in bold."""
    if len(nodes) == 1 and nodes[0].kind == "paren":
        inside = nodes[0].parts[0]
        if len(inside) == 1 and inside[0].kind == "matrix":
            nodes = list(inside)
        else:
            return [one for part in at_commas(inside) for one in vector(text, part, effects)]
    if len(nodes) == 1 and nodes[0].kind == "matrix":
        return [one for cell in nodes[0].parts for one in vector(text, list(cell), effects)]
    if len(nodes) == 1 and nodes[0].kind == "bold":
        letters = canonical(nodes[0].value)
        found = [symbol for symbol in effects if stem(symbol) == letters]
        if found:
            return [Node("letters", symbol, nodes[0].span) for symbol in dict.fromkeys(found)]
    if len(nodes) == 1 and nodes[0].kind in NAMES:
        return nodes
    parts = at_commas(nodes)
    if len(parts) > 1 and all(parts):
        return [one for part in parts for one in vector(text, part, effects)]
    span = (nodes[0].span[0], nodes[-1].span[1]) if nodes else (0, 1)
    message = "a distribution is that of a residual or of random effects, which are named one by one"
    raise equation_error(text, span, message)


def is_zero(nodes: Sequence[Node]) -> bool:
    """Whether this is zero, or a vector of zeros."""
    if len(nodes) == 1 and nodes[0].kind == "paren":
        return is_zero(nodes[0].parts[0])
    if len(nodes) == 1 and nodes[0].kind == "matrix":
        return all(map(is_zero, nodes[0].parts))
    return bool(nodes) and all(node.value == "0" for node in nodes)
