"""A covariance matrix as LaTeX has it: which covariances are zero, and no variance that is a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayeshlm.equations.notations.latex_nodes import Node
from bayeshlm.equations.product import Span
from bayeshlm.equations.tokens import equation_error


def zero_covariances(text: str, symbols: Sequence[Node], matrix: Node) -> Iterator[tuple[tuple[Node, Node], Span]]:
    """Pairs of random effects whose covariance is zero, each with its place in the text.

    Raises
    ------
    EquationError
        The matrix has another size, is not symmetric, has empty places, numbers, or one symbol twice.
    """
    size = len(symbols)
    if matrix.width != size or len(matrix.parts) != size * size:
        message = f"a covariance matrix of {size} random effects has {size} rows and columns"
        raise equation_error(text, matrix.span, message)
    cells = {(k // size, k % size): part for k, part in enumerate(matrix.parts)}
    seen: dict[str, Node] = {}
    for row in range(size):
        for column in range(row + 1):
            lower, upper = cells[row, column], cells[column, row]
            cell = lower or upper
            if not cell:
                raise equation_error(text, matrix.span, "this matrix has an empty place: write `0` for a zero")
            zero = [node.value for node in cell] == ["0"]
            other = upper or lower
            if zero != ([node.value for node in other] == ["0"]):
                raise equation_error(text, other[0].span, "a covariance matrix is symmetric", cell[0].span)
            if zero and row != column:
                yield (symbols[column], symbols[row]), cell[0].span
                continue
            check_estimated(text, cell)
            spelled = text[cell[0].span[0] : cell[-1].span[1]].replace(" ", "")
            if spelled in seen:
                message = "each variance and covariance is estimated by itself: two that are equal are not"
                raise equation_error(text, cell[0].span, message, seen[spelled].span)
            seen[spelled] = cell[0]


def check_estimated(text: str, nodes: Sequence[Node]) -> None:
    """Refuse a variance or covariance that is a number, or left out by dots.

    Raises
    ------
    EquationError
    """
    if all(node.kind in ("number", "sign") for node in nodes):
        message = "variances and covariances are estimated: write a symbol, and leave an effect without variance out"
        raise equation_error(text, (nodes[0].span[0], nodes[-1].span[1]), message)
    for node in nodes:
        if node.kind in ("dots", "accent"):
            raise equation_error(text, node.span, "write each variance and covariance out")
