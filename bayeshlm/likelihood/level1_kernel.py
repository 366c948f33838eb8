"""The marginal log density of outcomes with a level-1 model and its gradient, as machine code over cross-products.

With ``W = sum_m w_m S_m`` the precision of the residuals, ``e_j = y_j - X_j gamma``, ``A_j = Z_j'W Z_j``,
``c_j = Z_j'W e_j``, ``u_j = G (I + A_j G)^-1 c_j`` and ``V_j = (G^-1 + A_j)^-1`` the mean and the covariance matrix of
the effects given the outcomes::

    log p = -1/2 [N log(2 pi) + log|V| + sum_j log|I + A_j G| + e'W e - sum_j c_j'u_j]
    d log p / d w_m = -1/2 [d log|V|/d w_m + sum_j E |e_j - Z_j u|^2_(S_m)]
                    = -1/2 [d log|V|/d w_m + e'S_m e + sum_j (tr Z_j'S_m Z_j (u_j u_j' + V_j) - 2 u_j'Z_j'S_m e_j)]

by Fisher's identity (Louis 1982, J. Royal Statistical Society B 44, 226-233); the gradient in gamma and G is that of
`bayeshlm.likelihood.gaussian_kernel` with A_j in the place of ``a Z_j'Z_j``.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_groups import many_effects, one_effect, sum_of_logs, two_effects
from bayeshlm.likelihood.gaussian_kernel import LOG_2PI
from bayeshlm.likelihood.gaussian_pieces import (
    ANY_ORDER,
    INLINED,
    applied,
    factor_row,
    products_with_factor,
    scaled_parameters,
    squared_det,
    times,
)
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.level1_bank import Level1Bank
from bayeshlm.likelihood.level1_weights import Level1Weights, fill_weights, log_determinant

type Array = NDArray[np.float64]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _moments(G: Array, L: Array, A: Array, c: Array, u: Array, det: Array, E: Array) -> None:
    """Fill ``E_j = u_j u_j' + V_j`` (q, q, B) of a block."""
    q, n_groups = u.shape
    if q == 1:
        for j in range(n_groups):
            E[0, 0, j] = u[0, j] * u[0, j] + G[0, 0] / det[j]
        return
    if q == 2:
        det_G = squared_det(L)
        for j in range(n_groups):
            E[0, 0, j] = u[0, j] * u[0, j] + (G[0, 0] + det_G * A[1, 1, j]) / det[j]
            E[0, 1, j] = u[0, j] * u[1, j] + (G[0, 1] - det_G * A[0, 1, j]) / det[j]
            E[1, 0, j] = E[0, 1, j]
            E[1, 1, j] = u[1, j] * u[1, j] + (G[1, 1] + det_G * A[0, 0, j]) / det[j]
        return
    AL, K, v, back, unused = np.empty((q, q)), np.empty((q, q)), np.empty(q), np.empty((q, q)), np.empty(n_groups)
    for j in range(n_groups):
        products_with_factor(L, A, j, AL)
        unused[j] = 1.0
        for r in range(q):
            factor_row(1.0, L, AL, c, j, r, K, v, unused, 0.0)
        for r in range(q):  # back K' = L
            for s in range(q):
                total = L[r, s]
                for t in range(s):
                    total -= back[r, t] * K[s, t]
                back[r, s] = total / K[s, s]
        for r in range(q):
            for s in range(q):
                E[r, s, j] = u[r, j] * u[s, j]
                for t in range(q):
                    E[r, s, j] += back[r, t] * back[s, t]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _gathered(bank: Level1Bank, block: int, w: Array, g: Array, own: Array, A: Array, c: Array) -> None:
    """Fill ``own = Z'S_m e`` of a block's slots, and A and c of its groups."""
    q, p, _ = bank.ZtX.shape
    low, high = bank.run_slot[bank.block_run[block]], bank.run_slot[bank.block_run[block + 1]]
    for r in range(q):
        to, Zty = own[r], bank.Zty[r][low:high]
        for s in range(len(Zty)):
            to[s] = Zty[s]
        for k in range(p):
            ZtX, effect = bank.ZtX[r, k][low:high], g[k]
            for s in range(len(ZtX)):
                to[s] -= ZtX[s] * effect
    for r in range(q):
        for j in range(c.shape[1]):
            c[r, j] = 0.0
        for t in range(r + 1):
            for j in range(c.shape[1]):
                A[r, t, j] = 0.0
    for run in range(bank.block_run[block], bank.block_run[block + 1]):
        weight, first, end, j = w[bank.run_weight[run]], bank.run_slot[run], bank.run_slot[run + 1], bank.run_group[run]
        for r in range(q):
            to, part = c[r][j:], own[r][first - low : end - low]
            for i in range(len(part)):
                to[i] += weight * part[i]
            for t in range(r + 1):
                to, part = A[r, t][j:], bank.ZtZ[r, t][first:end]
                for i in range(len(part)):
                    to[i] += weight * part[i]
    for r in range(q):
        for t in range(r):
            for j in range(c.shape[1]):
                A[t, r, j] = A[r, t, j]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _spread_back(
    bank: Level1Bank, block: int, w: Array, u: Array, E: Array, own: Array, d_w: Array, shrunk: Array
) -> None:
    """Add what a block says of the weights to `d_w`, and ``sum_j X_j'W Z_j u_j`` to `shrunk`; `own` becomes ``w u``."""
    q, p, _ = bank.ZtX.shape
    low, high = bank.run_slot[bank.block_run[block]], bank.run_slot[bank.block_run[block + 1]]
    for run in range(bank.block_run[block], bank.block_run[block + 1]):
        weight, first, end, j = w[bank.run_weight[run]], bank.run_slot[run], bank.run_slot[run + 1], bank.run_group[run]
        total = 0.0
        for r in range(q):
            effect, part = u[r][j:], own[r][first - low : end - low]
            for i in range(len(part)):
                total += effect[i] * part[i]
                part[i] = weight * effect[i]
            for t in range(r + 1):
                share = 0.5 if t == r else 1.0
                moment, ZtZ, product = E[r, t][j:], bank.ZtZ[r, t][first:end], 0.0
                for i in range(len(ZtZ)):
                    product += moment[i] * ZtZ[i]
                total -= share * product
        d_w[bank.run_weight[run]] += total
    for k in range(p):
        total = 0.0
        for r in range(q):
            ZtX, part = bank.ZtX[r, k][low:high], own[r]
            for s in range(len(ZtX)):
                total += ZtX[s] * part[s]
        shrunk[k] += total


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def level1_log_density(
    gamma: Array,
    chol: Array,
    alpha: Array,
    rho: float,
    scaling: ColumnScaling,
    weights: Level1Weights,
    bank: Level1Bank,
    n_obs: float,
) -> tuple[float, Array, Array, Array, float]:
    """Log density of the outcomes, and its derivatives in gamma, chol, alpha and rho.

    Parameters
    ----------
    gamma, chol, scaling : (p,), (q, q), ColumnScaling
        As `bayeshlm.likelihood.gaussian_kernel.marginal_log_density` takes them.
    alpha, rho : (k,), float
        Of the SDs (of one sigma its logarithm) and of the correlations; rho is 0 without any.
    weights : Level1Weights
    bank : Level1Bank
    n_obs : float
    """
    q, p = len(chol), len(gamma)
    n_weights, n_blocks = len(bank.yty), len(bank.block_run) - 1
    w, slope, d_w = np.empty(n_weights), np.empty(n_weights), np.zeros(n_weights)
    fill_weights(weights, alpha, rho, w, slope)
    log_det_V, d_rho = log_determinant(weights, alpha, rho)
    d_rho *= -0.5
    g, L, G = np.empty(p), np.empty((q, q)), np.empty((q, q))
    scaled_parameters(gamma, chol, scaling, g, L)
    times(L, L.T, G)

    # The groups, a block at a time.
    largest = 0
    for block in range(n_blocks):
        largest = max(largest, bank.run_slot[bank.block_run[block + 1]] - bank.run_slot[bank.block_run[block]])
    size = bank.block_size[0]
    own, A, c = np.empty((q, largest)), np.empty((q, q, size)), np.empty((q, size))
    u, E, det = np.empty((q, size)), np.empty((q, q, size)), np.empty(size)
    sum_P, sum_hh, shrunk = np.zeros((q, q)), np.zeros((q, q)), np.zeros(p)
    log_det, quadratic = 0.0, 0.0
    for block in range(n_blocks):
        _gathered(bank, block, w, g, own, A, c)
        if q == 1:
            quadratic += one_effect(1.0, G, A, c, u, det, sum_P, sum_hh)
        elif q == 2:
            quadratic += two_effects(1.0, squared_det(L), G, A, c, u, det, sum_P, sum_hh)
        else:
            quadratic += many_effects(1.0, L, A, c, u, det, sum_P, sum_hh)
        log_det += sum_of_logs(det)
        _moments(G, L, A, c, u, det, E)
        _spread_back(bank, block, w, u, E, own, d_w, shrunk)

    # Residual sums of squares by weight, and the gradient with respect to gamma.
    d_scaled, d_gamma, rss = np.empty(p), np.empty(p), 0.0
    for k in range(p):
        d_scaled[k] = -shrunk[k]
    for m in range(n_weights):
        own_rss = bank.yty[m]
        for k in range(p):
            fitted = 0.0
            for t in range(p):
                fitted += bank.XtX[m, k, t] * g[t]
            own_rss += g[k] * (fitted - 2.0 * bank.Xty[m, k])
            d_scaled[k] += w[m] * (bank.Xty[m, k] - fitted)
        rss += w[m] * own_rss
        d_w[m] -= 0.5 * own_rss
    applied(scaling.gamma_to_scaled.T, d_scaled, d_gamma)

    # From the weights to alpha and rho, and from G to its factor.
    d_alpha = -weights.log_sd
    for m in range(n_weights):
        d_rho += d_w[m] * slope[m]
        for i in range(len(alpha)):
            d_alpha[i] -= d_w[m] * w[m] * weights.b[m, i]
    d_G, d_L, d_chol = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    for r in range(q):
        for s in range(q):
            d_G[r, s] = sum_hh[r, s] - sum_P[r, s]
    times(d_G, L, d_L)
    times(scaling.u_to_scaled.T, d_L, d_chol)
    log_density = -0.5 * (n_obs * LOG_2PI + log_det_V + log_det + rss - quadratic)
    return log_density, d_gamma, d_chol, d_alpha, d_rho
