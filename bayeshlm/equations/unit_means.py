"""Which units ``cwc(x)`` and ``mean(x)`` take their means over: one grouping, known from the level they stand in."""

from __future__ import annotations

from collections.abc import Iterator

from bayeshlm.equations.product import Call, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError


def check_unit_means(text: str, spec: ModelSpec) -> None:
    """Refuse a mean whose units are not known, and centering that leaves nothing.

    ``mean(x)`` is taken over the rows of the units of its level, in level 1 of those of level 2; ``cwc(x)`` centers
    around the mean in the units of the level above, in level 2 and higher of one value a unit.

    Raises
    ------
    EquationError
        For ``cwc(x)`` in the highest level or of a mean, where it is zero, and for both functions where a level has
        several groupings.
    """
    several = [len(level) > 1 for level in spec.level_groupings]
    level1, *higher = spec.expressions_by_level
    for number, expressions in enumerate(((*level1, *spec.offsets), *higher)):
        top = number == len(several)
        for call, in_mean in (found for expression in expressions for found in walk_calls(expression)):
            if call.function == "cwc" and (top or (in_mean and number > 0)):
                where = f"in a level-{number + 1} line" if top else "in mean(...)"
                message = (
                    f"cwc(x) is zero here: {where} x has one value a group, and centering within groups"
                    " leaves nothing; write cgm(x) to center it around its mean over groups"
                )
                raise _refused(text, call, message)
            level = 0 if in_mean or number == 0 else number - (call.function == "mean")
            if call.function in ("cwc", "mean") and several[level]:
                names = " or ".join(f"`{spec.groupings[k]}`" for k in spec.level_groupings[level])
                message = (
                    f"{call.function}(x) takes means over the units of one grouping, and here they could be those of"
                    f" {names}: make the column in the data first"
                )
                raise _refused(text, call, message)


def walk_calls(expression: Product, in_mean: bool = False) -> Iterator[tuple[Call, bool]]:
    """The calls of an expression, and whether they stand inside of ``mean(...)``."""
    for factor in expression.factors:
        if isinstance(factor, Call):
            yield factor, in_mean
            yield from walk_calls(factor.argument, in_mean or factor.function == "mean")


def _refused(text: str, call: Call, message: str) -> EquationError:
    return equation_error(text, call.span or (0, 1), message)
