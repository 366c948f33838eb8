"""SDs of rows and residuals of a `Level1Model` at values of its parameters ``phi = (alpha or sigma, rho)``."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.scaling import FloatArray, IntArray


def row_sds(level1: Level1Model, phi: FloatArray, deviation: FloatArray | None = None) -> FloatArray:
    """SD of the level-1 residual of each row.

    Parameters
    ----------
    level1 : Level1Model
    phi : (..., a) array
        Auxiliary parameters as `Draws.auxiliary` has them: alpha or sigma, and rho behind them.
    deviation : (..., N) array, optional
        v of the group of each row, where the level-1 SD varies between groups; 0 by default, a group in the middle.

    Returns
    -------
    array, shape (..., N)
        In the outcome's units.

    Examples
    --------
    >>> A = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> level1 = Level1Model(A, ("a0", "a1"), "", np.array([-1, -1]), np.zeros(2), 0.0)
    >>> row_sds(level1, np.array([0.0, np.log(2.0)]))
    array([1., 2.])
    """
    k = level1.A.shape[1]
    if not k:
        return np.repeat(phi[..., :1], len(level1.A), axis=-1)
    log_sd = phi[..., :k] @ level1.A.T
    return np.asarray(np.exp(log_sd if deviation is None else log_sd + level1.effect * deviation))


def residual_draws(
    level1: Level1Model,
    codes: IntArray,
    phi: FloatArray,
    rng: np.random.Generator,
    deviation: FloatArray | None = None,
) -> FloatArray:
    """Level-1 residuals drawn given the parameters, correlated within groups as the model says.

    Parameters
    ----------
    level1 : Level1Model
        Of rows of the data or of new rows; rows of different groups are independent.
    codes : (N,) array of int
        Group of each row; what counts is only which rows share one.
    phi : (S, a) array
        As in `row_sds`.
    rng : Generator
    deviation : (S, N) array, optional
        As in `row_sds`.

    Returns
    -------
    array, shape (S, N)
        In the outcome's units.

    Notes
    -----
    Of z independent standard normal, ``r = D e``. AR(1): ``e_i = rho^d e_i' + sqrt(1 - rho^2d) z_i``, i' the row before
    and d the time since. Compound symmetry: ``e = sqrt(1 - rho) (z - mean z) + sqrt(1 + (n_j - 1) rho) mean z`` over
    the rows of a group.
    """
    e = rng.standard_normal((len(phi), len(level1.A)))
    rho = phi[:, -1:]
    if level1.correlation == "ar1":
        for rows in rows_in_time(level1.previous):
            power = rho ** level1.gap[rows]
            e[:, rows] = power * e[:, level1.previous[rows]] + np.sqrt(1 - power**2) * e[:, rows]
    if level1.correlation == "cs":
        _, of_row, n = np.unique(codes, return_inverse=True, return_counts=True)
        order = np.argsort(of_row, kind="stable")
        mean = np.add.reduceat(e[:, order], np.cumsum(n) - n, axis=1) / n
        together = np.sqrt(1 + (n - 1) * rho) * mean
        e = np.sqrt(1 - rho) * (e - mean[:, of_row]) + together[:, of_row]
    return row_sds(level1, phi, deviation) * e


def rows_in_time(previous: IntArray) -> list[IntArray]:
    """Rows that have one before them, as steps in time: those of a step follow rows of earlier ones only.

    Examples
    --------
    >>> rows_in_time(np.array([-1, 0, 1, -1, 3]))
    [array([1, 4]), array([2])]
    """
    steps: list[IntArray] = []
    done = previous < 0
    left = np.flatnonzero(~done)
    while len(left):
        ready = done[previous[left]]
        steps.append(left[ready])
        done[left[ready]] = True
        left = left[~ready]
    return steps
