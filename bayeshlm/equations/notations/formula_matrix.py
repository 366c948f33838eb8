"""Categories that a formula writes as a matrix, ``model.matrix(~ factor(x))[, -1, drop = FALSE]``."""

from __future__ import annotations

from collections.abc import Callable

from bayeshlm.equations.notations.formula_tokens import FormulaCursor
from bayeshlm.equations.product import MATRIX, Call, Factor, Product

type Reads = Callable[[FormulaCursor, int], tuple[Factor, ...]]
"""What reads a variable of a formula, so many parentheses deep."""

_WITHOUT_FIRST = ("[", ",", "-", "1", ",", "drop", "=", "FALSE", "]")


def read_matrix(cursor: FormulaCursor, reads: Reads) -> Call | None:
    """Read the columns of one category: its contrasts, or with ``~ 0 +`` a column for every level.

    None, without a step, where another matrix comes.
    """
    place, start = cursor.place, cursor.span[0]
    if not _take(cursor, ("model.matrix", "(", "~")):
        cursor.back_to(place)
        return None
    every = _take(cursor, ("0", "+"))
    (factor, *others) = reads(cursor, 1)
    is_category = not isinstance(factor, Call) or factor.function == "C"
    if others or not is_category or not _take(cursor, (")",)) or (not every and not _take(cursor, _WITHOUT_FIRST)):
        cursor.back_to(place)
        return None
    span = (start, cursor.last_end)
    made = (MATRIX, "every level" if every else "contrasts")
    if isinstance(factor, Call):
        return Call("C", factor.argument, (*factor.options, made), span)
    return Call("C", Product((factor,)), (made,), span)


def _take(cursor: FormulaCursor, values: tuple[str, ...]) -> bool:
    """Move over tokens of these values, or not at all."""
    found = [cursor.peek(ahead) for ahead in range(len(values))]
    if [token and token.value for token in found] != list(values):
        return False
    for _ in values:
        cursor.take_next()
    return True
