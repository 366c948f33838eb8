"""Separation: a direction in which the likelihood of outcomes that are not normal grows without end.

Where the rows with 1 and those with 0 lie on different sides of a plane in the space of the predictors, or touch it,
the fixed effects have no finite estimate, whatever the random effects are (Albert & Anderson 1984, Biometrika 71,
1-10). Whether there is such a plane is a question of linear programming (Konis 2007, thesis, Oxford).
"""

from __future__ import annotations

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.family_problem import FamilyProblem

SEPARATED = 1e-4
"""What a row must gain along the direction, of columns of SD 1, to be more than the linear program's rounding."""


def separating_direction(problem: FamilyProblem) -> FloatArray | None:
    """A direction of the fixed effects in which no row's probability falls and some rows' grow, (p,), or None.

    Parameters
    ----------
    problem : FamilyProblem
        All parameters free.

    Returns
    -------
    ndarray or None
        In the user's columns, each times its root mean square: how much each takes part.
    """
    from scipy.optimize import linprog

    rows, name = problem.rows, problem.design.outcome.family_name
    X, y = rows.X.T, rows.y
    p = X.shape[1]
    if name in ("Bernoulli", "Binomial"):
        low, high = y == 0, y == rows.size
        gains, fixed = np.concatenate([-X[low], X[high]]), X[~(low | high)]
    elif name in ("Poisson", "NegativeBinomial"):
        gains, fixed = -X[y == 0], X[y > 0]
    elif name == "Ordinal":
        gains, fixed = _ordinal_gains(X, y.astype(np.int64), problem.auxiliary.count), np.empty((0, p))
        fixed = np.empty((0, gains.shape[1]))
    else:
        return None
    if not len(gains):
        return None
    found = linprog(
        -gains.sum(axis=0),
        A_ub=-gains,
        b_ub=np.zeros(len(gains)),
        A_eq=fixed if len(fixed) else None,
        b_eq=np.zeros(len(fixed)) if len(fixed) else None,
        bounds=(-1, 1),
    )
    if found.x is None or float((gains @ found.x).max()) < SEPARATED:
        return None
    size = np.sqrt(np.square(problem.design.X).mean(axis=0))
    return np.asarray(problem.gamma_map @ found.x[:p] * size)


def _ordinal_gains(X: FloatArray, y: FloatArray, n_cutpoints: int) -> FloatArray:
    """Derivatives of a row's distances ``c_k - eta`` and ``eta - c_(k-1)`` in gamma and the cutpoints."""
    cutpoints = np.eye(n_cutpoints)
    below, above = y < n_cutpoints, y > 0
    upper = np.hstack([-X[below], cutpoints[y[below]]])
    lower = np.hstack([X[above], -cutpoints[y[above] - 1]])
    return np.concatenate([upper, lower])
