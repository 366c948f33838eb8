"""What a formula takes of units, each counted once: ``x - mean(tapply(x, g, mean))``, g a column or several's cells."""

from __future__ import annotations

from collections.abc import Callable

from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.product import UNITS, Call, Product
from bayeshlm.errors import EquationError

type Reads = Callable[[FormulaCursor, int], Product]
"""What reads a product inside of a function, so many parentheses deep."""


def at_unit_values(cursor: FormulaCursor, ahead: int, function: str) -> bool:
    """Whether ``mean(tapply(`` comes so many tokens ahead."""
    found = [cursor.peek(ahead + k) for k in range(4)]
    return [token and token.value for token in found] == [function, "(", "tapply", "("]


def scaled_by_units(cursor: FormulaCursor, name: FormulaToken, reads: Reads) -> Call | None:
    """Read ``(x - mean(tapply(x, g, mean))) / sd(tapply(x, g, mean))``; None, without a step, where this is none."""
    place = cursor.place
    if cursor.take_if("(") is None:
        return None
    try:
        value = reads(cursor, 1)
    except EquationError:
        cursor.back_to(place)
        return None
    if not (cursor.at("-") and at_unit_values(cursor, 1, "mean")):
        cursor.back_to(place)
        return None
    call = of_units(cursor, "scale", value, name, reads)
    cursor.take(")", "the parenthesis of `I` is not closed")
    return call


def of_units(cursor: FormulaCursor, function: str, value: Product, name: FormulaToken, reads: Reads) -> Call:
    """Read the mean, and for ``scale`` the standard deviation, of one value a unit, which are those of `value`."""
    minus = cursor.take("-").span
    units = set()
    for statistic in ("mean", "sd") if function == "scale" else ("mean",):
        if statistic == "sd":
            cursor.take(")", "write I((x - mean(tapply(x, g, mean))) / sd(tapply(x, g, mean)))")
            cursor.take("/", "write I((x - mean(tapply(x, g, mean))) / sd(tapply(x, g, mean)))")
        if not at_unit_values(cursor, 0, statistic):
            raise cursor.error(f"write {statistic}(tapply(x, g, mean)), g the grouping column")
        for kind in ("name", "(", "name", "("):
            cursor.take(kind)
        if reads(cursor, 1) != value:
            raise cursor.error("means are those of the column itself: make the column in the data first", minus)
        cursor.take(",", "write tapply(x, g, mean), g the grouping column")
        units.add(read_units(cursor))
        cursor.take(",", "write tapply(x, g, mean)")
        mean = cursor.take("string" if cursor.at("string") else "name", "write tapply(x, g, mean)")
        if mean.value != "mean":
            raise cursor.error("the units have their means here: write tapply(x, g, mean)", mean.span)
        cursor.take(")", "the parenthesis of `tapply` is not closed")
        cursor.take(")", f"the parenthesis of `{statistic}` is not closed")
    if len(units) > 1:
        raise cursor.error("the mean and the standard deviation are those of the same units", minus)
    return Call(function, value, ((UNITS, units.pop()),), (name.span[0], cursor.last_end + 1))


def read_units(cursor: FormulaCursor) -> str:
    """Read a grouping column, or ``interaction(a, b, drop = TRUE)``, which are the cells of several."""
    if not cursor.at_call():
        return cursor.take("column" if cursor.at("column") else "name", "a grouping column is missing").value
    name = cursor.take("name")
    if name.value != "interaction":
        raise cursor.error("write tapply(x, g, mean), g a grouping column or interaction(g, h, drop = TRUE)", name.span)
    cursor.take("(")
    names = []
    while not cursor.at(")"):
        after = cursor.peek(1)
        if cursor.at("name") and after is not None and after.kind == "=":
            for _ in range(3):
                cursor.take_next()
        else:
            names.append(cursor.take("column" if cursor.at("column") else "name", "a grouping column is missing").value)
        if cursor.take_if(",") is None:
            break
    cursor.take(")", "the parenthesis of `interaction` is not closed")
    return ":".join(names)
