"""The units that the terms of a line are measured in: its level's, or one of several crossed groupings."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.design.beneath import Expanded
from bayeshlm.design.expression_columns import evaluate
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows
from bayeshlm.equations.product import Call, Factor, Product
from bayeshlm.equations.spec import LevelEquation, ModelSpec
from bayeshlm.errors import DataError


def groupings_of_level(spec: ModelSpec, level: int) -> tuple[int, ...]:
    """Positions of the groupings of a level, those of the next level that has some where it has none.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> groupings_of_level(parse("y = b0 + r; b0 = g00 + u0"), 2)
    (0,)
    """
    return next(positions for positions in spec.level_groupings[level - 2 :] if positions)


def groupings_of_line(spec: ModelSpec, line: LevelEquation, level: int) -> tuple[int, ...]:
    """Positions of the groupings in whose units the terms of a line are measured; of several its own come first."""
    of_level = groupings_of_level(spec, level)
    if len(of_level) == 1:
        return of_level
    return tuple(dict.fromkeys((*(effect.grouping for effect in line.random_effects), *of_level)))


def takes_group_means(expression: Product) -> bool:
    """Whether an expression needs the means of groups: ``cwc`` or ``mean``."""

    def inside(factor: Factor) -> bool:
        return isinstance(factor, Call) and (factor.function in ("cwc", "mean") or takes_group_means(factor.argument))

    return any(map(inside, expression.factors))


def check_one_mean(expression: Product, groupings: Sequence[int], rows: Rows) -> None:
    """Refuse a mean of groups where several groupings could be meant.

    Raises
    ------
    DataError
        Names them.
    """
    if len(groupings) > 1 and takes_group_means(expression):
        names = [rows.groupings[k].name for k in groupings]
        (call,) = [factor for factor in expression.factors if isinstance(factor, Call)][:1]
        raise place_error(
            f"{call.function}() could take the means of {' or of '.join(map(repr, names))}: compute the column "
            f'beforehand, data.groupby({names[0]!r})[...].transform("mean"), and name it here',
            rows.text,
            call.span,
        )


def evaluate_in_units(
    expression: Product, rows: Rows, groupings: Sequence[int], *, every_level: bool = False
) -> tuple[Expanded, int]:
    """Evaluate a term above level 1 in the units of the first grouping within which it is constant.

    Parameters
    ----------
    expression : Product
    rows : Rows
    groupings : sequence of int
        Positions of the groupings of its line.
    every_level : bool
        As in `evaluate`.

    Returns
    -------
    Expanded
        One row a unit.
    grouping : int
        Whose units they are.

    Raises
    ------
    DataError
        It is constant within the units of none: the message is about the first.
    """
    check_one_mean(expression, groupings, rows)
    errors: list[DataError] = []
    for grouping in groupings:
        try:
            return evaluate(expression, rows.of(grouping), "group", every_level=every_level), grouping
        except DataError as error:
            errors.append(error)
    raise errors[0]
