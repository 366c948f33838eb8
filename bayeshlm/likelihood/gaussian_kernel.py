"""The marginal log density of the outcomes and its gradient as machine code; the rows are never touched.

With ``a = 1/sigma^2``, ``e_j = y_j - X_j gamma``, ``c_j = Z_j'e_j``, ``h_j = (I + a Z_j'Z_j G)^-1 c_j`` and
``P_j = (I + a Z_j'Z_j G)^-1 Z_j'Z_j``::

    log p = -1/2 [N log(2 pi / a) + sum_j log|I + a Z_j'Z_j G| + a rss - a^2 sum_j c_j'G h_j]
    d log p / d gamma = a (X'y - X'X gamma) - a^2 sum_j X_j'Z_j G h_j
    d log p / d G = -1/2 [a sum_j P_j - a^2 sum_j h_j h_j']
    d log p / d a = 1/2 N/a - 1/2 [tr(G sum_j P_j) + rss - a sum_j c_j'G h_j - a tr(G sum_j h_j h_j')]

(Lindstrom & Bates 1988, JASA 83, 1014-1022, with the u integrated out.) The groups are the last axis of
every array, so that one and two random effects run as vector loops in closed form; three and more take a
Cholesky factorization a group.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_groups import (
    many_effects,
    one_effect,
    shrunken,
    sum_of_logs,
    two_effects,
    two_effects_without_gradient,
)
from bayeshlm.likelihood.gaussian_pieces import (
    ANY_ORDER,
    INLINED,
    applied,
    kernel_of_effects,
    residual_products,
    scaled_parameters,
    squared_det,
    times,
)
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts

type Array = NDArray[np.float64]

LOG_2PI = float(np.log(2 * np.pi))


@kernel_of_effects
def marginal_log_density(n_effects: int, with_gradient: bool = True) -> Any:
    """A numba function of the log density of the outcomes and its gradient.

    Parameters
    ----------
    n_effects : int
        q; the same for all beyond 2. What other numbers take is not compiled.
    with_gradient : bool
        Without it the derivatives are not those of the density, which takes less time.

    Returns
    -------
    numba function
        Of ``(gamma, chol, sigma, scaling, products)``: fixed effects in any linear coordinates (p,), L of ``G = L L'``
        (q, q), level-1 standard deviation, `ColumnScaling` and `GroupProducts`. Returns the log density, d_gamma (p,),
        d_chol (q, q) and d_sigma.
    """

    @cached
    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def density(
        gamma: Array, chol: Array, sigma: float, scaling: ColumnScaling, products: GroupProducts
    ) -> tuple[float, Array, Array, float]:
        ZtZ, ZtX, Zty, W, to_parts, XtX, Xty, totals = products
        q, p, size = len(chol), len(gamma), Zty.shape[2]
        a = 1.0 / (sigma * sigma)
        g, L, G = np.empty(p), np.empty((q, q)), np.empty((q, q))
        scaled_parameters(gamma, chol, scaling, g, L)
        times(L, L.T, G)
        parts, of_parts = np.empty(len(to_parts)), np.zeros(len(to_parts))
        applied(to_parts, g, parts)

        # The groups, a block at a time: G h_j of each, the rest summed up.
        b, c, Gh = np.empty((q, size)), np.empty((q, size)), np.empty((q, size))
        det, sum_P, sum_hh = np.empty(size), np.zeros((q, q)), np.zeros((q, q))
        log_det, quadratic = 0.0, 0.0
        for block in range(len(Zty)):
            Z, X, w = ZtZ[block], ZtX[block], W[block]
            residual_products(Z, X, Zty[block], w, parts, b, c)
            if n_effects == 1:
                quadratic += one_effect(a, G, Z, c, Gh, det, sum_P, sum_hh)
            elif n_effects == 2:
                if with_gradient:
                    quadratic += two_effects(a, squared_det(L), G, Z, c, Gh, det, sum_P, sum_hh)
                else:
                    quadratic += two_effects_without_gradient(a, squared_det(L), G, Z, c, det)
            else:
                quadratic += many_effects(a, L, Z, c, Gh, det, sum_P, sum_hh)
            log_det += sum_of_logs(det)
            if with_gradient:
                shrunken(Z, X, w, Gh, b, of_parts)

        # The residual sum of squares, and the gradient with respect to gamma.
        fitted, d_scaled, d_gamma = np.empty(p), np.empty(p), np.empty(p)
        applied(XtX, g, fitted)
        applied(to_parts.T, of_parts, d_scaled)
        rss, n_obs = totals[0], totals[1]
        for k in range(p):
            rss += g[k] * (fitted[k] - 2.0 * Xty[k])
            d_scaled[k] = a * (Xty[k] - fitted[k] - a * d_scaled[k])
        applied(scaling.gamma_to_scaled.T, d_scaled, d_gamma)

        # The gradients with respect to G, its factor and a.
        trace_P, trace_hh = 0.0, 0.0
        d_G, d_L, d_chol = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
        for r in range(q):
            for s in range(q):
                trace_P += G[r, s] * sum_P[r, s]
                trace_hh += G[r, s] * sum_hh[r, s]
                d_G[r, s] = a * a * sum_hh[r, s] - a * sum_P[r, s]
        times(d_G, L, d_L)
        times(scaling.u_to_scaled.T, d_L, d_chol)
        log_density = -0.5 * (n_obs * (LOG_2PI - np.log(a)) + log_det + a * (rss - a * quadratic))
        d_a = 0.5 * (n_obs / a - trace_P - rss + a * (quadratic + trace_hh))
        return log_density, d_gamma, d_chol, -2.0 * d_a * a / sigma

    return density
