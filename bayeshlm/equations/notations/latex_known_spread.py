r"""A variance that LaTeX says is known, ``r_{ij} \sim N(0, \text{se}_{ij}^{2})`` -> the line ``sd(r) = se``."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.equations.notations.latex_names import column_text, subscript
from bayeshlm.equations.notations.latex_nodes import Node


def known_spread(text: str, symbol: str, scale: Sequence[Node]) -> str | None:
    r"""The line that says it; None where the variance is no column with a value a row, and no number above 0.

    Parameters
    ----------
    text : str
        The user's text.
    symbol : str
        Whose variance it is.
    scale : sequence of Node
        The variance: a column in text with the unit of rows, ``\text{v}_{ij}``, or a number, either also squared.
    """
    if len(scale) != 1:
        return None
    (node,) = scale
    above = [one.value for one in node.above]
    if above not in ([], ["2"]):
        return None
    function = "sd" if above else "var"
    if node.kind in ("roman", "column") and subscript(text, node).units.startswith("i"):
        bare = Node(node.kind, node.value, node.span, below=node.below)
        return f"{function}({symbol}) = {column_text(text, bare)}"
    if node.kind == "number" and node.value.strip("0.") and not node.below:
        return f"{function}({symbol}) = {node.value}"
    return None
