"""Terms that all stand in level 1 -> level equations: each goes to the highest level within whose units it is constant.

A formula and a combined equation say nothing of levels; the columns of the design are the same wherever a term stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bayeshlm.design.centering import varying_rows
from bayeshlm.design.columns import NumericColumn, read_categories
from bayeshlm.design.expression_columns import is_categorical
from bayeshlm.design.formula_coding import check_coding
from bayeshlm.design.level_lines import Placed, level_lines
from bayeshlm.design.rows import Rows
from bayeshlm.design.units import parents
from bayeshlm.equations.product import MATRIX, UNITS, Call, Column, Factor, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error
from bayeshlm.equations.unit_means import check_unit_means

_LEARNS = ("cgm", "scale", "poly", "bs")
"""Functions that see one value a row in level 1, and one a unit above."""


def by_levels(spec: ModelSpec, rows: Rows) -> tuple[ModelSpec, Rows]:
    """Sort the terms of a formula or of a combined equation into levels.

    Each factor of a term goes to the highest level of which one grouping has it constant within its units, and at most
    to the level below that of a random effect that it multiplies. In a formula functions whose values depend on how
    often a value is counted, `_LEARNS`, stay in level 1, where they count rows as R does.

    Parameters
    ----------
    spec : ModelSpec
        Given back as it is if it was written in level equations.
    rows : Rows
        The rows kept.

    Returns
    -------
    spec : ModelSpec
    rows : Rows
        With the groupings in the order of the specification's.

    Raises
    ------
    DataError
        R would code a category in another way than level equations do.
    EquationError
        The mean of a group stands where it is not known which groups are meant.
    """
    if spec.written == "levels":
        return spec, rows
    _check_means(spec, rows)
    levels = levels_of_groupings(rows)
    highest = _Highest(spec, rows, levels)
    placed = [Placed(path.symbol, highest.split(path.product), None) for path in spec.fixed_paths]
    for path in spec.random_paths:
        level = next(number for number, one in enumerate(levels, 1) if path.grouping in one)
        placed.append(Placed(path.symbol, highest.split(path.product)[:level], path.grouping))
    sorted_spec, order = level_lines(spec, placed, levels)
    rows = replace(rows, groupings=tuple(rows.groupings[k] for k in order))
    if spec.written == "formula":
        check_coding(spec, sorted_spec, rows)
    sorted_spec = _without_units(spec, sorted_spec)
    check_unit_means(spec.text, sorted_spec)
    return sorted_spec, rows


def units_of(factor: Factor) -> str | None:
    """The grouping of whose units a formula takes one value each, ``mean(tapply(x, g, mean))``."""
    return str(dict(factor.options)[UNITS]) if isinstance(factor, Call) and UNITS in dict(factor.options) else None


def _without_units(formula: ModelSpec, spec: ModelSpec) -> ModelSpec:
    """Drop the units that functions name, which are those of their level; refuse functions that cannot stand there."""
    for expression in (*spec.expressions_by_level[0], *spec.offsets):
        for call in (call for factor in expression.factors for call in calls_of(factor)):
            if (units := units_of(call)) is not None:
                message = f"{call.function} over the units of `{units}` has no level here: make the column in the data"
                raise equation_error(formula.text, call.span or (0, 1), message)
    return spec.map_expressions(lambda one: Product(tuple(map(_plain, one.factors))))


def _plain(factor: Factor) -> Factor:
    if not isinstance(factor, Call):
        return factor
    return replace(factor, options=tuple(option for option in factor.options if option[0] not in (UNITS, MATRIX)))


def _check_means(spec: ModelSpec, rows: Rows) -> None:
    """Refuse the mean of a group where there are several groupings: no line says of which it is."""
    for factor in (factor for path in spec.paths.values() for factor in path.product.factors):
        for call in calls_of(factor):
            if call.function == "mean" and len(rows.groupings) > 1:
                names = " or ".join(repr(one.name) for one in rows.groupings)
                message = f"mean(x) could be that of {names} here: make the column in the data first"
                raise equation_error(spec.text, call.span or (0, 1), message)


def levels_of_groupings(rows: Rows) -> list[list[int]]:
    """Sort the groupings into levels: those of a level are nested in each of the next, crossed ones share a level.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayeshlm.design.rows import gather_rows
    >>> from bayeshlm.equations import parse
    >>> data = pd.DataFrame({"y": range(4), "a": [1, 1, 2, 2], "b": [1, 2, 3, 4]})
    >>> levels_of_groupings(gather_rows(parse("y ~ 1 + (1 | a) + (1 | b)"), data))
    [[1], [0]]
    """
    groupings = rows.groupings
    levels: list[list[int]] = []
    for k in sorted(range(len(groupings)), key=lambda k: -len(groupings[k].labels)):
        nested = 0  # so many levels are nested in this grouping
        while nested < len(levels) and all(_is_nested(rows, one, k) for one in levels[nested]):
            nested += 1
        crossed = [one for level in levels[nested:] for one in level]
        levels[nested:] = [sorted([*crossed, k])]
    return levels


def _is_nested(rows: Rows, inner: int, outer: int) -> bool:
    one, other = rows.groupings[inner], rows.groupings[outer]
    return len(one.labels) > len(other.labels) and parents(one.codes, len(one.labels), other.codes) is not None


@dataclass
class _Highest:
    """Up to which level the factors of terms may go.

    Attributes
    ----------
    spec : ModelSpec
    rows : Rows
    levels : list of list of int
        Positions of the groupings of each level above the first.
    """

    spec: ModelSpec
    rows: Rows
    levels: Sequence[Sequence[int]]

    def __post_init__(self) -> None:
        self._constant: dict[tuple[str, int], bool] = {}
        self._cap: dict[Factor, int] = {}
        self._ordered = self.spec.distribution.has_cutpoints
        for path in self.spec.random_paths:
            level = next(number for number, one in enumerate(self.levels) if path.grouping in one)
            for factor in path.product.factors:
                self._cap[factor] = min(level, self._cap.get(factor, level))

    def split(self, product: Product) -> tuple[Product, ...]:
        """The factors of a term by level, from level 1 upward."""
        left = [(factor, self._cap.get(factor, len(self.levels))) for factor in product.factors]
        found: list[Product] = []
        for number in range(len(self.levels), 0, -1):
            may = [factor for factor, cap in left if cap >= number]
            here = max((self._of(may, grouping, number) for grouping in self.levels[number - 1]), key=len)
            found.insert(0, Product(tuple(here)))
            for factor in here:
                left.remove(next(one for one in left if one[0] is factor))
        return (Product(tuple(factor for factor, _ in left)), *found)

    def _of(self, factors: Sequence[Factor], grouping: int, number: int) -> list[Factor]:
        """The factors that are constant within the units of a grouping."""
        return [factor for factor in factors if self._may_stand(factor, grouping, number)]

    def _may_stand(self, factor: Factor, grouping: int, number: int) -> bool:
        if self._ordered and is_categorical(factor, self.rows):
            return False  # in a line without an intercept it would have a column for each category beside the cutpoints
        if self.spec.written == "formula" and any(call.function in _LEARNS for call in calls_of(factor)):
            units = units_of(factor)
            return units == self.rows.groupings[grouping].name and self._does_not_vary(factor, grouping, number)
        return self._does_not_vary(factor, grouping, number)

    def _does_not_vary(self, factor: Factor, grouping: int, number: int) -> bool:
        if isinstance(factor, Column):
            return self._is_constant(factor, grouping)
        if factor.function == "mean":
            return number == 1
        return all(self._does_not_vary(inner, grouping, number) for inner in factor.argument.factors)

    def _is_constant(self, column: Column, grouping: int) -> bool:
        name, rows = self.rows.names[column.name], self.rows.of(grouping)
        if rows.beneath is not None and rows.beneath.differing(name):
            return False
        if (name, grouping) not in self._constant:
            read = rows.columns.get(name) or read_categories(rows.frame[name])
            values = read.numbers if isinstance(read, NumericColumn) else read.codes
            self._constant[name, grouping] = not varying_rows(values, rows.group_codes, rows.first).any()
        return self._constant[name, grouping]


def calls_of(factor: Factor) -> Iterator[Call]:
    """The call that a factor is, and those inside of it."""
    if isinstance(factor, Call):
        yield factor
        for inner in factor.argument.factors:
            yield from calls_of(inner)
