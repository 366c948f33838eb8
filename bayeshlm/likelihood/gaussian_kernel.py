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

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import (
    ANY_ORDER,
    INLINED,
    applied,
    det_of_two,
    factor_row,
    products_with_factor,
    residual_products,
    scaled_parameters,
    squared_det,
    times,
)

type Array = NDArray[np.float64]

LOG_2PI = float(np.log(2 * np.pi))


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _sum_of_logs(values: Array) -> float:
    """Sum of the logarithms of values of at least 1, a logarithm for many values at a time."""
    total, product = 0.0, 1.0
    for value in values:
        product *= value
        if product > 1e150:
            total += np.log(product)
            product = 1.0
    return float(total + np.log(product))


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _one_effect(
    a: float, L: Array, G: Array, ZtZ: Array, c: Array, Gh: Array, sum_P: Array, sum_hh: Array
) -> tuple[float, float]:
    """Fill `Gh` and the two sums for q = 1; return ``sum_j log|I + a Z_j'Z_j G|`` and ``sum_j c_j'G h_j``."""
    g, z, c0, Gh0 = G[0, 0], ZtZ[0, 0], c[0], Gh[0]
    det = np.empty(len(z))
    P, hh, quadratic = 0.0, 0.0, 0.0
    # A group at a time, as vectors: determinant, h_j, and what they add to the sums.
    for j in range(len(z)):
        det[j] = 1.0 + a * z[j] * g
        inverse = 1.0 / det[j]
        h = c0[j] * inverse
        Gh0[j] = g * h
        P += z[j] * inverse
        hh += h * h
        quadratic += c0[j] * Gh0[j]
    sum_P[0, 0], sum_hh[0, 0] = P, hh
    return _sum_of_logs(det), quadratic


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _two_effects(
    a: float, L: Array, G: Array, ZtZ: Array, c: Array, Gh: Array, sum_P: Array, sum_hh: Array
) -> tuple[float, float]:
    """As `_one_effect` for q = 2, by the inverse of a 2 x 2 matrix, without a cancellation in its determinant."""
    det_G = squared_det(L)
    z0, z1, z2 = ZtZ[0, 0], ZtZ[0, 1], ZtZ[1, 1]
    c0, c1, Gh0, Gh1 = c[0], c[1], Gh[0], Gh[1]
    g0, g1, g2 = G[0, 0], G[0, 1], G[1, 1]
    n_groups = len(z0)
    det = np.empty(n_groups)
    P0, P1, P2, h00, h01, h11, quadratic = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    # A group at a time, as vectors.
    for j in range(n_groups):
        # Determinant and P_j.
        det_Z = det_of_two(a, z0, z1, z2, g0, g1, g2, det_G, j, det)
        inverse = 1.0 / det[j]
        P0 += (z0[j] + a * g2 * det_Z) * inverse
        P1 += (z1[j] - a * g1 * det_Z) * inverse
        P2 += (z2[j] + a * g0 * det_Z) * inverse
        # h_j by the inverse of the 2 x 2 matrix, and what it adds to the sums.
        h0 = ((1.0 + a * (z1[j] * g1 + z2[j] * g2)) * c0[j] - a * (z0[j] * g1 + z1[j] * g2) * c1[j]) * inverse
        h1 = ((1.0 + a * (z0[j] * g0 + z1[j] * g1)) * c1[j] - a * (z1[j] * g0 + z2[j] * g1) * c0[j]) * inverse
        Gh0[j] = g0 * h0 + g1 * h1
        Gh1[j] = g1 * h0 + g2 * h1
        h00 += h0 * h0
        h01 += h0 * h1
        h11 += h1 * h1
        quadratic += c0[j] * Gh0[j] + c1[j] * Gh1[j]
    sum_P[0, 0], sum_P[0, 1], sum_P[1, 0], sum_P[1, 1] = P0, P1, P1, P2
    sum_hh[0, 0], sum_hh[0, 1], sum_hh[1, 0], sum_hh[1, 1] = h00, h01, h01, h11
    return _sum_of_logs(det), quadratic


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _many_effects(
    a: float, L: Array, G: Array, ZtZ: Array, c: Array, Gh: Array, sum_P: Array, sum_hh: Array
) -> tuple[float, float]:
    """As `_one_effect` for any q, through the Cholesky factor of ``I + a L' Z_j'Z_j L``."""
    q, n_groups = c.shape
    ZL, K, v = np.empty((q, q)), np.empty((q, q)), np.empty(q)
    half = np.empty((q, q))  # K^-1 (Z L)'
    det = np.empty(n_groups)
    quadratic = 0.0
    for j in range(n_groups):
        # Row by row: K, v, and half, by forward substitution.
        products_with_factor(L, ZtZ, j, ZL)
        det[j] = 1.0
        for r in range(q):
            quadratic = factor_row(a, L, ZL, c, j, r, K, v, det, quadratic)
            for s in range(q):
                total = ZL[s, r]
                for t in range(r):
                    total -= K[r, t] * half[t, s]
                half[r, s] = total / K[r, r]
        # h_j = c_j - a half'v, kept in Gh until it has been added to the sum.
        for r in range(q):
            h = c[r, j]
            for t in range(q):
                h -= a * half[t, r] * v[t]
            Gh[r, j] = h
        # h_j h_j' and P_j = Z_j'Z_j - a half'half, added to their sums.
        for r in range(q):
            for s in range(q):
                sum_hh[r, s] += Gh[r, j] * Gh[s, j]
                total = ZtZ[r, s, j]
                for t in range(q):
                    total -= a * half[t, r] * half[t, s]
                sum_P[r, s] += total
        # G h_j = L K'^-1 v, by back substitution.
        for r in range(q - 1, -1, -1):
            for t in range(r + 1, q):
                v[r] -= K[t, r] * v[t]
            v[r] /= K[r, r]
        for r in range(q):
            total = 0.0
            for t in range(q):
                total += L[r, t] * v[t]
            Gh[r, j] = total
    return _sum_of_logs(det), quadratic


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def marginal_log_density(
    gamma: Array,
    chol: Array,
    sigma: float,
    origin: Array,
    to_scaled: Array,
    u_to_scaled: Array,
    ZtZ: Array,
    ZtX: Array,
    Zty: Array,
    XtX: Array,
    Xty: Array,
    totals: Array,
) -> tuple[float, Array, Array, float]:
    """Log density of the outcomes and its gradient.

    Parameters
    ----------
    gamma, chol, sigma : (p,), (q, q), float
        Fixed effects in any linear coordinates, L of ``G = L L'``, level-1 standard deviation.
    origin, to_scaled, u_to_scaled : (p,), (p, p), (q, q)
        ``to_scaled (gamma - origin)`` and ``u_to_scaled L`` are those of the columns that the cross-products were
        formed of.
    ZtZ, ZtX, Zty : (q, q, J), (q, p, J), (q, J)
        Cross-products of each group.
    XtX, Xty, totals : (p, p), (p,), (2,)
        Cross-products over all rows; ``y'y`` and the number of rows N.

    Returns
    -------
    log_density : float
    d_gamma, d_chol, d_sigma : (p,), (q, q), float
    """
    q, p, n_groups = ZtX.shape
    a = 1.0 / (sigma * sigma)
    g, L, G = np.empty(p), np.empty((q, q)), np.empty((q, q))
    scaled_parameters(gamma, chol, (origin, to_scaled, u_to_scaled), g, L)
    times(L, L.T, G)
    c, Gh = np.empty((q, n_groups)), np.empty((q, n_groups))
    residual_products(ZtX, Zty, g, c)

    # The groups: G h_j of each, the rest summed up.
    sum_P, sum_hh = np.zeros((q, q)), np.zeros((q, q))
    if q == 1:
        log_det, quadratic = _one_effect(a, L, G, ZtZ, c, Gh, sum_P, sum_hh)
    elif q == 2:
        log_det, quadratic = _two_effects(a, L, G, ZtZ, c, Gh, sum_P, sum_hh)
    else:
        log_det, quadratic = _many_effects(a, L, G, ZtZ, c, Gh, sum_P, sum_hh)

    # The residual sum of squares, and the gradient with respect to gamma.
    fitted, d_scaled, d_gamma = np.empty(p), np.empty(p), np.empty(p)
    applied(XtX, g, fitted)
    rss, n_obs = totals[0], totals[1]
    for k in range(p):
        rss += g[k] * (fitted[k] - 2.0 * Xty[k])
        shrunk = 0.0
        for r in range(q):
            for j in range(n_groups):
                shrunk += ZtX[r, k, j] * Gh[r, j]
        d_scaled[k] = a * (Xty[k] - fitted[k] - a * shrunk)

    applied(to_scaled.T, d_scaled, d_gamma)

    # The gradients with respect to G, its factor and a.
    trace_P, trace_hh = 0.0, 0.0
    d_G, d_L, d_chol = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    for r in range(q):
        for s in range(q):
            trace_P += G[r, s] * sum_P[r, s]
            trace_hh += G[r, s] * sum_hh[r, s]
            d_G[r, s] = a * a * sum_hh[r, s] - a * sum_P[r, s]
    times(d_G, L, d_L)
    times(u_to_scaled.T, d_L, d_chol)
    log_density = -0.5 * (n_obs * (LOG_2PI - np.log(a)) + log_det + a * (rss - a * quadratic))
    d_a = 0.5 * (n_obs / a - trace_P - rss + a * (quadratic + trace_hh))
    return log_density, d_gamma, d_chol, -2.0 * d_a * a / sigma
