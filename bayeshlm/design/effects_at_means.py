"""The coordinates of the fixed effects in which an effect that a far column interacts with is that at its mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bayeshlm.design.predictor import FixedColumn, RandomColumn, intercept_position
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.unit_equations import ELSEWHERE, UnitEquations

FAR = 3.0  # standard deviations from zero


def far_mean(mean: float, sd: float) -> float:
    """The mean of a variable that lies far from zero, ``|mean| > 3 sd``, else 0.

    Examples
    --------
    >>> far_mean(10.0, 1.0), far_mean(1.0, 1.0)
    (10.0, 0.0)
    """
    return mean if abs(mean) > FAR * sd else 0.0


def at_means(
    equations: Sequence[UnitEquations],
    fixed: Sequence[FixedColumn],
    random: Sequence[RandomColumn],
    far: Callable[[int], float],
    far_random: Callable[[int], float],
    far_above: Callable[[int, FloatArray], float],
) -> FloatArray:
    """Matrix C of the coordinates ``C gamma``, (p, p); the identity where nothing is far.

    Parameters
    ----------
    equations : sequence of UnitEquations
        Of each grouping.
    fixed, random : sequences of FixedColumn and RandomColumn
    far, far_random : functions of int
        `far_mean` of a column of X, of Z.
    far_above : function of int and (J,) array
        `far_mean` over rows of a number of the units of a grouping.
    """
    basis = np.eye(len(fixed))
    intercept = intercept_position(fixed)
    if intercept is None:
        return basis
    position = {(column.coefficient, column.term): k for k, column in enumerate(fixed)}
    z_position = {column.coefficient: r for r, column in enumerate(random)}
    constant = fixed[intercept].coefficient
    for k, column in enumerate(fixed):
        lower, mean_slope = position.get((constant, column.term)), position.get((column.coefficient, "1"))
        if column.coefficient != constant and lower is not None:
            if mean_slope is not None:
                basis[lower, k] += far(mean_slope)
            elif column.coefficient in z_position:
                basis[lower, k] += far_random(z_position[column.coefficient])
        if column.term != "1" and mean_slope is not None:
            basis[mean_slope, k] += next(
                (far_above(of, one.W[:, k]) for of, one in enumerate(equations) if _is_above(one, column, k)), 0.0
            )
    basis[intercept] = np.eye(len(fixed))[intercept]
    return basis


def _is_above(units: UnitEquations, column: FixedColumn, k: int) -> bool:
    """Whether the units have one value each of what stands above level 1 in column k of X."""
    coefficient = units.coefficient_of[k]
    return bool(coefficient != ELSEWHERE and units.coefficients[coefficient] == column.coefficient)
