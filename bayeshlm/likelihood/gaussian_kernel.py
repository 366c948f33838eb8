"""The marginal likelihood and its gradient, over groups, as one numba loop; the rows are never touched.

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

import hashlib
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached

type Array = NDArray[np.float64]

# Everything is inlined into the function that is called from outside. Otherwise the process that compiles would run
# other copies of the inner functions than later ones that load the code from numba's cache: other last digits.
OPTIONS: dict[str, Any] = {
    "fastmath": {"reassoc", "contract", "nsz"},
    "error_model": "numpy",
    "nogil": True,
    "forceinline": True,
}
LOG_2PI = float(np.log(2 * np.pi))

# numba's and PyTensor's caches do not see the source: this number does, and goes into their keys.
VERSION = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)


@numba.njit(**OPTIONS)
def _sum_of_logs(values: Array) -> float:
    """Sum of the logarithms of values of at least 1, a logarithm for many values at a time."""
    total, product = 0.0, 1.0
    for value in values:
        product *= value
        if product > 1e150:
            total += np.log(product)
            product = 1.0
    return float(total + np.log(product))


@numba.njit(**OPTIONS)
def _one_effect(
    a: float, chol: Array, G: Array, ZtZ: Array, c: Array, Gh: Array, sum_P: Array, sum_hh: Array
) -> tuple[float, float]:
    """Fill `Gh` and the two sums for q = 1; return ``sum_j log|I + a Z_j'Z_j G|`` and ``sum_j c_j'G h_j``."""
    g, z, c0, Gh0 = G[0, 0], ZtZ[0, 0], c[0], Gh[0]
    det = np.empty(len(z))
    P, hh, quadratic = 0.0, 0.0, 0.0
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


@numba.njit(**OPTIONS)
def _two_effects(
    a: float, chol: Array, G: Array, ZtZ: Array, c: Array, Gh: Array, sum_P: Array, sum_hh: Array
) -> tuple[float, float]:
    """As `_one_effect` for q = 2, by the inverse of a 2 x 2 matrix, without a cancellation in its determinant."""
    det_chol = chol[0, 0] * chol[1, 1] - chol[0, 1] * chol[1, 0]
    det_G = det_chol * det_chol
    z0, z1, z2 = ZtZ[0, 0], ZtZ[0, 1], ZtZ[1, 1]
    c0, c1, Gh0, Gh1 = c[0], c[1], Gh[0], Gh[1]
    g0, g1, g2 = G[0, 0], G[0, 1], G[1, 1]
    n_groups = len(z0)
    det = np.empty(n_groups)
    P0, P1, P2, h00, h01, h11, quadratic = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(n_groups):
        det_Z = max(z0[j] * z2[j] - z1[j] * z1[j], 0.0)
        det[j] = 1.0 + a * (z0[j] * g0 + 2.0 * z1[j] * g1 + z2[j] * g2) + a * a * det_Z * det_G
        inverse = 1.0 / det[j]
        P0 += (z0[j] + a * g2 * det_Z) * inverse
        P1 += (z1[j] - a * g1 * det_Z) * inverse
        P2 += (z2[j] + a * g0 * det_Z) * inverse
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


@numba.njit(**OPTIONS)
def _many_effects(
    a: float, chol: Array, G: Array, ZtZ: Array, c: Array, Gh: Array, sum_P: Array, sum_hh: Array
) -> tuple[float, float]:
    """As `_one_effect` for any q, through the Cholesky factor of ``I + a L' Z_j'Z_j L``."""
    q, n_groups = c.shape
    ZL, root, v = np.empty((q, q)), np.empty((q, q)), np.empty(q)
    half = np.empty((q, q))  # root^-1 (Z L)'
    det = np.empty(n_groups)
    quadratic = 0.0
    for j in range(n_groups):
        for r in range(q):
            for s in range(q):
                total = 0.0
                for t in range(q):
                    total += ZtZ[r, t, j] * chol[t, s]
                ZL[r, s] = total
        det[j] = 1.0
        for r in range(q):
            for s in range(r + 1):
                total = 1.0 if r == s else 0.0
                for t in range(q):
                    total += a * chol[t, r] * ZL[t, s]
                for t in range(s):
                    total -= root[r, t] * root[s, t]
                if r == s:
                    root[r, r] = np.sqrt(total)
                    det[j] *= total
                else:
                    root[r, s] = total / root[s, s]
            total = 0.0
            for t in range(q):
                total += chol[t, r] * c[t, j]
            for t in range(r):
                total -= root[r, t] * v[t]
            v[r] = total / root[r, r]
            quadratic += v[r] * v[r]
            for s in range(q):
                total = ZL[s, r]
                for t in range(r):
                    total -= root[r, t] * half[t, s]
                half[r, s] = total / root[r, r]
        for r in range(q):
            h = c[r, j]
            for t in range(q):
                h -= a * half[t, r] * v[t]
            Gh[r, j] = h
        for r in range(q):
            for s in range(q):
                sum_hh[r, s] += Gh[r, j] * Gh[s, j]
                total = ZtZ[r, s, j]
                for t in range(q):
                    total -= a * half[t, r] * half[t, s]
                sum_P[r, s] += total
        for r in range(q - 1, -1, -1):
            for t in range(r + 1, q):
                v[r] -= root[t, r] * v[t]
            v[r] /= root[r, r]
        for r in range(q):
            total = 0.0
            for t in range(q):
                total += chol[r, t] * v[t]
            Gh[r, j] = total
    return _sum_of_logs(det), quadratic


@numba.njit(**OPTIONS)
def _times(left: Array, right: Array, out: Array) -> None:
    """Write the product of two small matrices to `out`; numba's own ``@`` takes seconds to compile."""
    for r in range(left.shape[0]):
        for s in range(right.shape[1]):
            out[r, s] = 0.0
            for t in range(left.shape[1]):
                out[r, s] += left[r, t] * right[t, s]


@numba.njit(**OPTIONS)
def _applied(matrix: Array, vector: Array) -> Array:
    """The product of a small matrix and a vector."""
    out = np.zeros(len(matrix))
    for r in range(len(matrix)):
        for s in range(len(vector)):
            out[r] += matrix[r, s] * vector[s]
    return out


@cached
@numba.njit(**OPTIONS)
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
    scaled_gamma = _applied(to_scaled, gamma - origin)
    L, G = np.empty((q, q)), np.empty((q, q))
    _times(u_to_scaled, chol, L)
    _times(L, L.T, G)

    c = np.empty((q, n_groups))
    Gh = np.empty((q, n_groups))
    for r in range(q):
        for j in range(n_groups):
            c[r, j] = Zty[r, j]
        for k in range(p):
            for j in range(n_groups):
                c[r, j] -= ZtX[r, k, j] * scaled_gamma[k]

    sum_P, sum_hh = np.zeros((q, q)), np.zeros((q, q))
    if q == 1:
        log_det, quadratic = _one_effect(a, L, G, ZtZ, c, Gh, sum_P, sum_hh)
    elif q == 2:
        log_det, quadratic = _two_effects(a, L, G, ZtZ, c, Gh, sum_P, sum_hh)
    else:
        log_det, quadratic = _many_effects(a, L, G, ZtZ, c, Gh, sum_P, sum_hh)

    fitted = _applied(XtX, scaled_gamma)
    rss, n_obs = totals[0], totals[1]
    d_scaled = np.empty(p)
    for k in range(p):
        rss += scaled_gamma[k] * (fitted[k] - 2.0 * Xty[k])
        shrunk = 0.0
        for r in range(q):
            for j in range(n_groups):
                shrunk += ZtX[r, k, j] * Gh[r, j]
        d_scaled[k] = a * (Xty[k] - fitted[k] - a * shrunk)

    trace_P, trace_hh = 0.0, 0.0
    d_G, d_L, d_chol = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    for r in range(q):
        for s in range(q):
            trace_P += G[r, s] * sum_P[r, s]
            trace_hh += G[r, s] * sum_hh[r, s]
            d_G[r, s] = a * a * sum_hh[r, s] - a * sum_P[r, s]
    _times(d_G, L, d_L)
    _times(u_to_scaled.T, d_L, d_chol)
    log_density = -0.5 * (n_obs * (LOG_2PI - np.log(a)) + log_det + a * (rss - a * quadratic))
    d_a = 0.5 * (n_obs / a - trace_P - rss + a * (quadratic + trace_hh))
    return log_density, _applied(to_scaled.T, d_scaled), d_chol, -2.0 * d_a * a / sigma
