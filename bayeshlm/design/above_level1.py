"""What stands above level 1 in the columns of X and Z, in the units within which it is constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.centering import first_rows
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.predictor import FixedColumn, RandomColumn
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.unit_equations import ELSEWHERE
from bayeshlm.errors import OptionError


@dataclass(frozen=True, slots=True, eq=False)
class AboveLevel1:
    """The factor of a column that stands above level 1: a column of X is its level-1 expression times this.

    Attributes
    ----------
    home : int
        Position of the outermost grouping within whose units it is constant.
    numbers : (J,) array
        Of the units of that grouping.
    """

    home: int
    numbers: FloatArray

    def in_units(self, design: Design, grouping: int) -> FloatArray | None:
        """Its values in the units of a grouping, (J,); None where it varies within them."""
        if self.home == grouping:
            return self.numbers
        if self.home not in containing(design, grouping):
            return None
        codes = design.cells.codes
        first = first_rows(codes[grouping], len(design.predictor.random[grouping].labels))
        return np.asarray(self.numbers[codes[self.home][first]])


def above_level1(design: Design) -> tuple[list[AboveLevel1], list[AboveLevel1]]:
    """The factors of the columns of X, and of those of Z.

    Raises
    ------
    OptionError
        A column is constant within the units of no grouping.
    """
    fixed = [_found(design, column, k, is_fixed=True) for k, column in enumerate(design.fixed)]
    return fixed, [_found(design, column, r, is_fixed=False) for r, column in enumerate(design.predictor.deviations)]


def _found(design: Design, column: FixedColumn | RandomColumn, k: int, *, is_fixed: bool) -> AboveLevel1:
    expressions = design.spec.paths[column.symbol].expressions
    for grouping, units in reversed(list(enumerate(design.equations))):
        coefficient = int((units.coefficient_of if is_fixed else units.random_coefficient)[k])
        if coefficient == ELSEWHERE:
            continue
        place = column.path.index(units.coefficients[coefficient])
        if all(one.is_constant for one in expressions[1 : place + 1]):
            return AboveLevel1(grouping, (units.W if is_fixed else units.V)[:, k])
    raise OptionError(
        f"{column.label} ({column.name}) varies within the units of {' and of '.join(map(repr, design.groupings))}:"
        " lines of groups are not drawn of a model with such a term; fit.predict() gives expected outcomes"
    )
