"""The density of a row given the other rows of its group as machine code: rows outside, draws inside."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED
from bayeshlm.likelihood.vector_math import log

type Array = NDArray[np.float64]

TINY = 2.220446049250313e-16
"""Share of a row's precision that its group leaves, at least."""


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def row_densities(
    y: Array,
    X: Array,
    Z: Array,
    codes: NDArray[np.int64],
    gamma: Array,
    precision: Array,
    mean: Array,
    root: Array,
    out: Array,
) -> None:
    """Fill out (n, S) as `bayeshlm.likelihood.gaussian_rows.row_log_densities` says.

    Parameters
    ----------
    y, X, Z : arrays, (n,), (n, p), (n, q)
        Rows; y less its offset.
    codes : array of int, (n,)
        Their groups, in the block.
    gamma, precision : arrays, (p, S), (S,)
        Fixed effects, and ``1/sigma^2``.
    mean, root : arrays, (q, B, S), (q, q, B, S)
    """
    n_draws, q = len(precision), len(mean)
    residual, free, log_precision = np.empty(n_draws), np.empty(n_draws), np.empty(n_draws)
    along = np.empty(n_draws)
    for s in range(n_draws):
        log_precision[s] = log(precision[s] / (2.0 * np.pi))
    for i in range(len(y)):
        j, found = codes[i], out[i]
        # y_i - x_i'gamma - z_i'm_j, and 1 - z_i'C_j z_i / sigma^2.
        for s in range(n_draws):
            residual[s], free[s] = y[i], 0.0
        for k in range(len(gamma)):
            effect, x = gamma[k], X[i, k]
            for s in range(n_draws):
                residual[s] -= x * effect[s]
        for r in range(q):
            center, z = mean[r, j], Z[i, r]
            for s in range(n_draws):
                residual[s] -= z * center[s]
        for t in range(q):
            for s in range(n_draws):
                along[s] = 0.0
            for r in range(q):
                column, z = root[r, t, j], Z[i, r]
                for s in range(n_draws):
                    along[s] += z * column[s]
            for s in range(n_draws):
                free[s] += along[s] * along[s]
        for s in range(n_draws):
            left = max(1.0 - free[s] * precision[s], TINY)
            found[s] = 0.5 * (log(left) + log_precision[s] - residual[s] * residual[s] * precision[s] / left)
