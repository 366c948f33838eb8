"""The mode of a posterior, its normal approximation there, and points of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bayeshlm.design.scaling import FloatArray

if TYPE_CHECKING:
    from bayeshlm.likelihood.likelihood import LogDensity

STEP, MOST_STEPS = 1e-4, 50
NEAR = 0.1
"""Length of Newton's step, in standard deviations, from which a place is as good as the mode."""
FLATTEST = 1e-2
"""Least curvature: a standard deviation of 10."""


def around_mode(density: LogDensity, start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mode of a density, (D,), and A with ``A A'`` the covariance of its normal approximation there, (D, D).

    The second derivatives are differences of the gradient, and where they are not those of a mode, their absolute
    values. Where the search by gradients stops on its way, as it does where standard deviations differ by thousands,
    Newton's steps go on.

    Examples
    --------
    >>> sd = np.array([1.0, 1e-3])
    >>> mode, root = around_mode(lambda x: (-0.5 * float(((x / sd) ** 2).sum()), -x / sd**2), np.array([1.0, 0.5]))
    >>> bool(np.abs(mode / sd).max() < NEAR), np.sqrt(np.diag(root @ root.T)).round(6).tolist()
    (True, [1.0, 0.001])
    """
    from scipy.optimize import minimize

    def descent(x: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = density(x)
        return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros_like(x))

    mode = np.asarray(minimize(descent, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x)
    value, gradient = descent(mode)
    steps = np.full(len(mode), STEP)
    for _ in range(MOST_STEPS):
        hessian = _differences(descent, mode, steps)
        values, vectors = np.linalg.eigh(hessian)
        root = vectors / np.sqrt(np.maximum(np.abs(values), FLATTEST))
        if np.linalg.norm(gradient @ root) < NEAR:
            break
        change = -root @ (root.T @ gradient)
        trial = descent(mode + change)
        while trial[0] > value and np.abs(change).max() > 1e-12:
            change /= 2
            trial = descent(mode + change)
        if trial[0] > value:
            break
        mode, (value, gradient) = mode + change, trial
        steps = np.minimum(STEP, 0.02 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), FLATTEST)))
    return mode, root


def _differences(
    descent: Callable[[FloatArray], tuple[float, FloatArray]], x: FloatArray, steps: FloatArray
) -> FloatArray:
    """Second derivatives as central differences of the gradient, (D, D)."""
    rows = [(descent(x + e)[1] - descent(x - e)[1]) / (2 * e.sum()) for e in np.diag(steps)]
    found = np.array(rows)
    return np.asarray(0.5 * (found + found.T))


def points_around(mode: FloatArray, root: FloatArray, n_points: int, df: float = np.inf) -> FloatArray:
    """Points as the normal approximation of `around_mode` has them, or a t distribution of its scale, (n_points, D)."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((n_points, len(mode)))
    if np.isfinite(df):
        z /= np.sqrt(rng.chisquare(df, (n_points, 1)) / df)
    return np.asarray(mode + z @ root.T)
