"""Minimize the deviance over theta: Newton on exact derivatives, honest at the boundary."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.reml.criterion import Criterion, Solution
from bayeshlm.reml.moments import Moments
from bayeshlm.reml.relative_factor import lower_factor

type AnyCriterion = Criterion[Any]

logger = logging.getLogger(__name__)

MAX_ITERATIONS = 200
MAX_RESTARTS = 8
PRECISE = 1e-10
"""Relative change of theta at which a search has settled."""

FEW_GROUPS = 50
OTHER_STARTS = (0.5, 10.0)
"""SDs of the other starts, in units of the size at which an effect begins to matter."""


@dataclass(frozen=True, eq=False, slots=True)
class Optimum:
    """Where the deviance is smallest.

    Attributes
    ----------
    theta : ndarray, (k,)
        In the columns of the cross-products; its diagonal entries are nonnegative.
    solution : Solution
        Generalized least squares there.
    value : float
        The deviance.
    iterations : int
        Newton steps from its start, restarts included.
    restarts : int
        How often the search left a false boundary.
    last_step : float
        Largest relative change of theta in the last step.
    converged : bool
        Whether the last step was below 1e-7 and no direction goes down.
    """

    theta: FloatArray
    solution: Solution
    value: float
    iterations: int
    restarts: int
    last_step: float
    converged: bool


def minimize(deviance: AnyCriterion, start: Moments) -> Optimum:
    """Minimize the deviance over theta.

    The search starts at the moment estimates. Few groups can leave the deviance with several minima, and a minimum
    on the boundary may hide one inside: there it starts twice more, from small and from large variances, and the
    smallest deviance counts.

    Parameters
    ----------
    deviance : Criterion
        Criterion.
    start : Moments
        Starting values and scales.
    """
    best = descend(deviance, start)
    diagonal = np.array(deviance.pattern.is_diagonal)
    if deviance.effect_groups.min() < FEW_GROUPS or np.any(best.theta[diagonal] == 0):
        for size in OTHER_STARTS:
            other = descend(deviance, Moments(np.where(diagonal, size * start.scale, 0.0), start.scale))
            if other.value < best.value - 1e-8:
                best = other
    return best


def descend(deviance: AnyCriterion, start: Moments, tolerance: float = PRECISE) -> Optimum:
    """Go down from one start, which must lie inside: no zero on the diagonal of Lambda.

    The search ends with two steps that change theta by less than the tolerance.

    The deviance is an even, smooth function of each column of Lambda, so theta moves freely and a zero on the
    diagonal is an ordinary stationary point: no bound is in the way of Newton's steps. Whether such a point is a
    minimum is then asked of the slope in G itself, which must be positive semidefinite; where it is not, the search
    goes on from inside.
    """
    theta, iterations, restarts = start.theta, 0, 0
    while True:
        theta, steps, last = _newton(deviance, theta, start.scale, np.ones(len(theta), bool), tolerance)
        iterations += steps
        theta, steps, last = _to_boundary(deviance, theta, start.scale, last, tolerance)
        iterations += steps
        inside = _way_inside(deviance, theta, start.scale)
        if inside is None or restarts == MAX_RESTARTS:
            break
        logger.debug("left a false boundary at theta=%s", theta)
        theta, restarts = inside, restarts + 1
    solution = deviance.solve(theta)
    return Optimum(
        theta=theta,
        solution=solution,
        value=deviance.value(solution),
        iterations=iterations,
        restarts=restarts,
        last_step=last,
        converged=bool(last < 1e-7 and inside is None),
    )


def _newton(
    deviance: AnyCriterion, theta: FloatArray, scale: FloatArray, free: NDArray[np.bool_], tolerance: float
) -> tuple[FloatArray, int, float]:
    """Newton steps with the absolute curvature, backtracking; returns theta, steps, last relative step."""
    solution = deviance.solve(theta)
    value, last, settled, iteration = deviance.value(solution), np.inf, 0, 0
    while iteration < MAX_ITERATIONS and settled < 2:
        iteration += 1
        gradient = (deviance.gradient(solution) * scale)[free]
        hessian = deviance.hessian(solution) * np.outer(scale, scale)
        values, vectors = np.linalg.eigh(hessian[np.ix_(free, free)])
        size = np.maximum(np.abs(values), 1e-9 * np.abs(values).max(initial=1e-300))
        step = -vectors @ ((vectors.T @ gradient) / size)
        unit = np.abs(theta[free]) / scale[free] + 1.0
        step /= max(1.0, float(np.max(np.abs(step) / unit, initial=0.0)))
        last = float(np.max(np.abs(step) / unit, initial=0.0))
        promised = 1e-4 * float(gradient @ step)
        allowed = 1e-12 * abs(value) if last < 1e-4 else 0.0  # the deviance's own rounding
        for _ in range(40):
            trial = theta.copy()
            trial[free] += step * scale[free]
            candidate, new = _evaluate(deviance, trial)
            if candidate is not None and new <= value + promised + allowed:
                break
            step, promised = step / 2, promised / 2
        else:
            break
        theta, solution, value = trial, candidate, new
        settled = settled + 1 if last < tolerance else 0
    return _standard(deviance, theta), iteration, last


def _evaluate(deviance: AnyCriterion, theta: FloatArray) -> tuple[Solution | None, float]:
    """The solution and the deviance; none and infinity where float64 fails at an extreme theta."""
    try:
        solution = deviance.solve(theta)
    except (DataError, np.linalg.LinAlgError):
        return None, float("inf")
    return solution, deviance.value(solution)


def _to_boundary(
    deviance: AnyCriterion, theta: FloatArray, scale: FloatArray, last: float, tolerance: float
) -> tuple[FloatArray, int, float]:
    """Set what is zero within the accuracy of the search to zero, and polish the rest."""
    diagonal = np.array(deviance.pattern.is_diagonal)
    near = diagonal & (theta < 1e-4 * (scale + np.abs(theta)))
    if not near.any():
        return theta, 0, last
    trial = np.where(near, 0.0, theta)
    before, after = (deviance.value(deviance.solve(t)) for t in (theta, trial))
    if after > before + 1e-9:
        return theta, 0, last
    polished, steps, last = _newton(deviance, trial, scale, ~near, tolerance)
    zero = np.abs(polished) < 1e-7 * scale
    return np.where(zero, 0.0, polished), steps, last


def _way_inside(deviance: AnyCriterion, theta: FloatArray, scale: FloatArray) -> FloatArray | None:
    """A theta with a smaller deviance when the boundary point is not a minimum, else None."""
    pattern = deviance.pattern
    if not np.any(theta[list(pattern.is_diagonal)] == 0.0):
        return None
    solution = deviance.solve(theta)
    size = np.ones(pattern.size)
    size[list(pattern.rows)] = scale
    values, vectors = np.linalg.eigh(deviance.slope(solution) * np.outer(size, size))
    if values[0] > -1e-6:
        return None
    value, root = deviance.value(solution), solution.Lambda
    for exponent in range(12):
        way = size * vectors[:, 0] * 0.5**exponent
        inside = pattern.theta(lower_factor(np.column_stack([root, way])))
        if _evaluate(deviance, inside)[1] < value:
            return inside
    return None


def _standard(deviance: AnyCriterion, theta: FloatArray) -> FloatArray:
    """The same G with a nonnegative diagonal of Lambda and, where it is singular, zeros below a zero."""
    return deviance.pattern.theta(lower_factor(deviance.pattern.factor(theta), tolerance=1e-13))
