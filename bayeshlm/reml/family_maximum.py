"""The maximum of a smooth log-likelihood whose gradient is known: a search by gradients, then Newton's method.

Second derivatives are differences of the gradient. The gradient that quadrature gives is that of the exact likelihood
under its nodes, so that the search ends where it vanishes and asks of the value only that it does not fall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayeshlm.design.scaling import FloatArray

type Objective = Callable[[FloatArray], tuple[float, FloatArray]]

STEP = 1e-4
"""Of the differences, in numbers of about unit size."""

MAX_STEPS = 60
SETTLED = 1e-7
"""Length of the last Newton step, in standard errors, at which a search has settled."""

LONGEST = 2.0
"""Largest change of a number in one step."""


@dataclass(frozen=True, eq=False, slots=True)
class Maximum:
    """Where a log-likelihood is largest.

    Attributes
    ----------
    x : ndarray, (D,)
    value : float
        The log-likelihood.
    information : ndarray, (D, D)
        Minus its second derivatives.
    last_step : float
        Length of the last Newton step, in standard errors.
    converged : bool
        Whether the gradient vanishes there and the log-likelihood falls in every direction.
    score_covariance : ndarray, (D, D), or None
        Covariance matrix of the score over samples, where that is not the information: of pseudo-likelihoods.
    """

    x: FloatArray
    value: float
    information: FloatArray
    last_step: float
    converged: bool
    score_covariance: FloatArray | None = None

    @property
    def inverse_information(self) -> FloatArray:
        """``H^-1``, (D, D)."""
        values, vectors = np.linalg.eigh(self.information)
        return np.asarray((vectors / np.maximum(values, 1e-300)) @ vectors.T)

    @property
    def vcov(self) -> FloatArray:
        """Covariance matrix of x, (D, D): ``H^-1``, or the sandwich ``H^-1 J H^-1`` (Huber 1967; White 1982)."""
        bread = self.inverse_information
        return bread if self.score_covariance is None else np.asarray(bread @ self.score_covariance @ bread)


def information_at(objective: Objective, x: FloatArray) -> FloatArray:
    """Minus the second derivatives, (D, D), as central differences of the gradient."""
    rows = [(objective(x - e)[1] - objective(x + e)[1]) / (2 * STEP) for e in STEP * np.eye(len(x))]
    found = np.array(rows).reshape(len(x), len(x))
    return np.asarray((found + found.T) / 2)


def newton_step(gradient: FloatArray, information: FloatArray) -> tuple[FloatArray, float]:
    """The step uphill with the absolute curvature, and its length in standard errors."""
    values, vectors = np.linalg.eigh(information)
    size = np.maximum(np.abs(values), 1e-10 * np.abs(values).max(initial=1e-300))
    along = vectors.T @ gradient
    return np.asarray(vectors @ (along / size)), float(np.sqrt(np.sum(along**2 / size)))


def climb(objective: Objective, start: FloatArray, precise: bool = False) -> FloatArray:
    """A place near the maximum, by gradients alone; precise: where the value is right to some 1e-9 of it."""
    from scipy.optimize import minimize

    def descent(x: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = objective(x)
        return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros(len(x)))

    options: Any = {"maxiter": 500, "maxcor": 30} | ({"ftol": 1e-14, "gtol": 1e-6} if precise else {})
    return np.asarray(minimize(descent, start, jac=True, method="L-BFGS-B", options=options).x)


def maximize(objective: Objective, start: FloatArray) -> Maximum:
    """Climb from a start to a maximum.

    Parameters
    ----------
    objective : function
        Of x, (D,): the log-likelihood, ``-inf`` where it cannot be computed, and its gradient.
    start : ndarray, (D,)

    Examples
    --------
    >>> found = maximize(lambda x: (float(-((x - 3) ** 2).sum()), -2 * (x - 3)), np.zeros(2))
    >>> found.x, found.information, found.converged
    (array([3., 3.]), array([[2., 0.],
           [0., 2.]]), True)
    """
    x = np.asarray(start, dtype=np.float64)
    if not len(x):
        return Maximum(x, objective(x)[0], np.empty((0, 0)), 0.0, True)

    x = climb(objective, x)
    value, gradient = objective(x)
    length = np.inf
    for _ in range(MAX_STEPS):
        information = information_at(objective, x)
        step, length = newton_step(gradient, information)
        if not np.isfinite(length):
            break
        share = min(1.0, LONGEST / max(float(np.abs(step).max()), 1e-300))
        allowed = 1e-6 * (1 + abs(value)) if length < 0.1 else 0.0  # quadrature's own error
        for _ in range(30):
            trial = objective(x + share * step)
            if trial[0] >= value - allowed:
                break
            share /= 2
        else:
            break
        x, (value, gradient) = x + share * step, trial
        if length < SETTLED:
            break
    falls = np.linalg.eigvalsh(information)[0] > 0
    return Maximum(x, value, information, length, bool(length < 1e-5 and falls))
