r"""A variance that LaTeX says is known, ``r_{ij} \sim N(0, \text{se}_{ij}^{2})`` -> ``sd(r) = se``, and the like."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.equations.notations.latex_names import column_text, subscript, symbol_text
from bayeshlm.equations.notations.latex_nodes import Node, at_commas
from bayeshlm.equations.symbols import canonical


def known_spread(text: str, node: Node, scale: Sequence[Node]) -> str | None:
    r"""The line that says it; None where the variance is no column with a value a row, and no number above 0.

    Parameters
    ----------
    text : str
        The user's text.
    node : Node
        The symbol whose variance it is; of a residual it has the unit of rows, ``r_{ij}``.
    scale : sequence of Node
        The variance: a column in text with the unit of rows, ``\text{v}_{ij}``, or a number, either also squared.
    """
    if len(scale) != 1 or not subscript(text, node).units.startswith("i"):
        return None
    symbol, (value,) = canonical(symbol_text(text, node)), scale
    above = [one.value for one in value.above]
    if above not in ([], ["2"]):
        return None
    function = "sd" if above else "var"
    if value.kind in ("roman", "column") and subscript(text, value).units.startswith("i"):
        bare = Node(value.kind, value.value, value.span, below=value.below)
        return f"{function}({symbol}) = {column_text(text, bare)}"
    if value.kind == "number" and value.value.strip("0.") and not value.below:
        return f"{function}({symbol}) = {value.value}"
    return None


def of_residuals(text: str, left: Sequence[Node], right: Sequence[Node]) -> str | None:
    """The line about correlations or covariances of the residuals that two sides of a row say, or None."""
    return residual_correlation(text, left, right) or known_covariances(text, left, right)


def residual_correlation(text: str, left: Sequence[Node], right: Sequence[Node]) -> str | None:
    r"""The line that ``\operatorname{corr}(r_{ij}) = \operatorname{ar1}(\text{week}_{ij})`` says, or None.

    Parameters
    ----------
    text : str
        The user's text.
    left, right : sequence of Node
        The sides of the row.
    """
    if len(left) != 2 or left[1].kind != "paren" or len(left[1].parts[0]) != 1 or not right:
        return None
    word, inside = right[0], right[1].parts[0] if len(right) == 2 and right[1].kind == "paren" else ()
    pattern = word.value.casefold().replace("(", "").replace(")", "")
    if pattern not in ("ar1", "cs") or len(right) > 2 or len(inside) > 1 or (len(right) == 2 and not right[1].parts):
        return None
    symbol = canonical(symbol_text(text, left[1].parts[0][0]))
    if pattern == "cs":
        return f"corr({symbol}) = cs" if not inside else None
    return f"corr({symbol}) = ar1({column_text(text, inside[0]) if inside else ''})"


def known_covariances(text: str, left: Sequence[Node], right: Sequence[Node]) -> str | None:
    r"""The line ``cov(r) = [v1, v2]`` of ``\operatorname{cov}(r_{ij}) = (\text{v1}_{ij}, \text{v2}_{ij})``, or None.

    Parameters
    ----------
    text : str
        The user's text.
    left, right : sequence of Node
        The sides of the row.
    """
    if len(left) != 2 or left[1].kind != "paren" or len(left[1].parts[0]) != 1:
        return None
    if len(right) != 1 or right[0].kind != "paren" or not subscript(text, left[1].parts[0][0]).units.startswith("i"):
        return None
    columns = at_commas(right[0].parts[0])
    if any(len(one) != 1 or one[0].kind not in ("roman", "column") for one in columns):
        return None
    symbol = canonical(symbol_text(text, left[1].parts[0][0]))
    return f"cov({symbol}) = [{', '.join(column_text(text, one[0]) for one in columns)}]"
