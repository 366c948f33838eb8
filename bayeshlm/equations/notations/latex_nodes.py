r"""`Node`: a piece of an equation in LaTeX."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bayeshlm.equations.product import Span


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of an equation.

    Attributes
    ----------
    kind : str
        ``"letters"`` set in italics, ``"greek"``, ``"roman"`` (text and upright names), ``"column"`` (text in braces of
        its own, a name as it stands), ``"bold"``, ``"number"``, ``"sign"``, ``"paren"``, ``"bar"``, ``"accent"``,
        ``"frac"``, ``"root"``, ``"matrix"``, ``"group"``, ``"dots"``, ``"prose"``, or what lays them out: ``"cell"``,
        ``"break"``, ``"quad"``.
    value : str
        The letters, the sign, or the name of the accent.
    span : tuple of int
        Its place with its scripts.
    parts : tuple of tuple of Node
        What it holds: one part of parentheses or a mean, two of a fraction, the cells of a matrix.
    width : int
        Columns of a matrix.
    below, above : tuple of Node
        Subscript and superscript.
    """

    kind: str
    value: str
    span: Span
    parts: tuple[tuple[Node, ...], ...] = ()
    width: int = 0
    below: tuple[Node, ...] = ()
    above: tuple[Node, ...] = ()

    def is_sign(self, *signs: str) -> bool:
        """Whether this is one of some signs."""
        return self.kind == "sign" and self.value in signs and not self.above


def split_nodes(nodes: Iterable[Node], kind: str) -> list[list[Node]]:
    """Nodes between those of a kind."""
    found: list[list[Node]] = [[]]
    for node in nodes:
        if node.kind == kind:
            found.append([])
        else:
            found[-1].append(node)
    return found


def at_commas(nodes: Iterable[Node]) -> list[list[Node]]:
    """Nodes between commas."""
    return split_nodes((replace(node, kind="cell") if node.is_sign(",", ";") else node for node in nodes), "cell")
