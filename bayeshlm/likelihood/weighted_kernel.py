"""The log pseudo-likelihood of weighted normal outcomes and its gradient as machine code, any number of effects.

With weights w_ij of the rows in the cross-products (``Z_j'W_j Z_j`` for ``Z_j'Z_j`` and so on), w_j of the groups,
``n*_j = sum_i w_ij``, ``a = 1/sigma^2``, ``u_j = L b_j``, ``M_j = I + a L'Z_j'W_j Z_j L`` and
``b_j = a M_j^-1 L'c_j``::

    sum_j w_j log int prod_i p(y_ij | u)^w_ij N(u; 0, G) du
        = -1/2 sum_j w_j [n*_j log(2 pi / a) + log|M_j| + a e_j'W_j e_j - a c_j'L b_j]
    d / d gamma = a sum_j w_j [X_j'W_j e_j - X_j'W_j Z_j L b_j]
    d / d L     = a sum_j w_j [c_j b_j' - Z_j'W_j Z_j L E_j]                      E_j = b_j b_j' + M_j^-1
    d / d a     = 1/2 sum_j w_j [n*_j/a - e_j'W_j e_j + 2 c_j'L b_j - tr(L'Z_j'W_j Z_j L E_j)]

(Rabe-Hesketh & Skrondal 2006, J. Royal Statistical Society A 169, 805-827; derivatives by Fisher's identity.) The
groups are the last axis of every array.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import (
    IN_ORDER,
    INLINED,
    applied,
    factor_row,
    products_with_factor,
    residual_products,
    scaled_parameters,
    times,
)
from bayeshlm.likelihood.kernel_products import ColumnScaling, WeightedProducts

type Array = NDArray[np.float64]

LOG_2PI = float(np.log(2 * np.pi))


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _effects_given(K: Array, v: Array, a: float, b: Array, moments: Array) -> None:
    """Fill ``b = a K'^-1 v`` and ``b b' + (K K')^-1`` of one group."""
    q = len(v)
    inverse = np.zeros((q, q))
    for s in range(q):  # columns of K^-1
        for r in range(s, q):
            total = 1.0 if r == s else 0.0
            for t in range(s, r):
                total -= K[r, t] * inverse[t, s]
            inverse[r, s] = total / K[r, r]
    for r in range(q):
        b[r] = 0.0
        for s in range(r, q):
            b[r] += a * inverse[s, r] * v[s]
    for r in range(q):
        for s in range(q):
            moments[r, s] = b[r] * b[s]
            for t in range(max(r, s), q):
                moments[r, s] += inverse[t, r] * inverse[t, s]


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def weighted_log_density(
    gamma: Array, chol: Array, sigma: float, scaling: ColumnScaling, products: WeightedProducts
) -> tuple[float, Array, Array, float]:
    """Log pseudo-likelihood, and its derivatives with respect to gamma, chol and sigma.

    Parameters
    ----------
    gamma, chol, sigma : (p,), (q, q) and float
        Fixed effects in the coordinates of their priors, any L with ``G = L L'``, level-1 SD.
    scaling, products : ColumnScaling, WeightedProducts
    """
    ZtZ, ZtX, Zty, XtX, Xty, totals, group_weights = products
    q, p, n_groups = ZtX.shape
    a = 1.0 / (sigma * sigma)
    g, L, c = np.empty(p), np.empty((q, q)), np.empty((q, n_groups))
    scaled_parameters(gamma, chol, scaling, g, L)
    residual_products(ZtZ, ZtX, Zty, np.empty((0, n_groups)), g, c, c)  # every product with X is read
    K, ZL, v, b = np.empty((q, q)), np.empty((q, q)), np.empty(q), np.empty(q)
    moments, det = np.empty((q, q)), np.empty(n_groups)
    log_det, quadratic, fitted_square = 0.0, 0.0, 0.0
    d_L, shrunk = np.zeros((q, q)), np.zeros(p)
    for j in range(n_groups):
        w = group_weights[j]
        products_with_factor(L, ZtZ, j, ZL)
        det[j], length = 1.0, 0.0
        for r in range(q):
            length = factor_row(a, L, ZL, c, j, r, K, v, det, length)
        _effects_given(K, v, a, b, moments)
        log_det += w * np.log(det[j])
        quadratic += w * a * length  # c'L b
        for r in range(q):
            for s in range(q):
                total = c[r, j] * b[s]
                for t in range(q):
                    total -= ZL[r, t] * moments[t, s]
                    fitted_square += w * L[t, s] * ZL[t, r] * moments[r, s]
                d_L[r, s] += w * a * total
        for r in range(q):
            u = 0.0
            for s in range(q):
                u += L[r, s] * b[s]
            for k in range(p):
                shrunk[k] += w * ZtX[r, k, j] * u
    fitted, d_scaled, d_gamma, d_chol = np.empty(p), np.empty(p), np.empty(p), np.empty((q, q))
    applied(XtX, g, fitted)
    rss, n_obs = totals[0], totals[1]
    for k in range(p):
        rss += g[k] * (fitted[k] - 2.0 * Xty[k])
        d_scaled[k] = a * (Xty[k] - fitted[k] - shrunk[k])
    applied(scaling.gamma_to_scaled.T, d_scaled, d_gamma)
    times(scaling.u_to_scaled.T, d_L, d_chol)
    log_density = -0.5 * (n_obs * (LOG_2PI - np.log(a)) + log_det + a * (rss - quadratic))
    d_a = 0.5 * (n_obs / a - rss + 2.0 * quadratic - fitted_square)
    return log_density, d_gamma, d_chol, -2.0 * d_a * a / sigma
