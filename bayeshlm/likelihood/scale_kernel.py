"""The density of normal outcomes whose level-1 SD varies between groups, and its gradient.

Row i of group j has ``e_i = y_i - x_i'gamma`` and ``r_i ~ N(0, s_i^2 exp(2 e v_j))`` with ``log s_i = A_i alpha``, and
``(u_j, v_j) = L z``, z standard normal, v the last. With ``v = tau b`` and ``t = e tau``, z given b is ``c b + B eps``,
``(c, s)`` being the last row of L over tau, ``B = [P; -c']``, ``P = I - c c'/(1 + s)`` (a Householder reflection), eps
standard normal. Given b a group is normal, so that eps is integrated out exactly: with ``K = Z'S Z``, ``a = Z'S e``,
``S = diag(1/s_i^2)``, ``F = L_u P``, ``m = L_u c``, ``w = F'(a - b K m)``, ``l = exp(-2 t b)``, ``M = I + l F'K F``::

    h(b) = -1/2 [b^2 + log(2 pi)] - n t b - 1/2 log|M| - 1/2 l [|e - Z m b|_S^2 - l w'M^-1 w]

and the integral of ``exp h`` over b, the only one that is left, is that of adaptive Gauss-Hermite quadrature. The
gradient is that of the integrand under the shares of the nodes (Fisher's identity).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]

LOG_2PI = float(np.log(2 * np.pi))

MOST_STEPS = 100
"""Newton's steps to a mode, and halvings of them, at most."""

SMALL_STEP, FLAT = 1e-7, 1e-5
"""Step, in SDs of b, after which the mode is found; up to which h is too flat to tell whether it rises."""

LONGEST = 2.0
"""Longest step, in SDs of b's prior."""

APART = 1e-4
"""Distance of the slopes whose difference is the curvature, in SDs of b's prior."""


class ScaleRows(NamedTuple):
    """Rows sorted by group.

    Attributes
    ----------
    y : (N,) array
        Outcomes less their offset.
    X, Z, A : (p, N), (q, N), (k, N) arrays
        Columns of the fixed effects, in the coordinates of gamma that the density takes, of the random effects of the
        predictor, and of the logarithm of the SD.
    effect : (1,) array
        e, what v counts for in the logarithm of the SD.
    """

    y: Array
    X: Array
    Z: Array
    A: Array
    effect: Array


class ScaleRoom(NamedTuple):
    """Memory for one group, and for all rows.

    Attributes
    ----------
    e, weight : (N,) arrays
        Residuals and ``1/s_i^2``.
    numbers : (8,) array
        Of the factor tau, t and s; of a group n, ``sum log s_i``, ``e'S e``, ``m'a`` and ``m'K m``.
    c, m, a, Fa, FKm, w, mu, d : (q,) arrays
        As in the module's text; `mu` the mean of eps given b and the outcomes, `d` is ``a - K u``.
    P, F, K, H, M, C, inverse, cover : (q, q) arrays
        H is ``F'K F``; C and `inverse` the factor and the inverse of M; `cover` ``M^-1 F'``.
    """

    e: Array
    weight: Array
    numbers: Array
    c: Array
    m: Array
    a: Array
    Fa: Array
    FKm: Array
    w: Array
    mu: Array
    d: Array
    P: Array
    F: Array
    K: Array
    H: Array
    M: Array
    C: Array
    inverse: Array
    cover: Array


TAU, T, S, N, LOG_SD, SQUARES, MA, MKM = range(8)


@numba.njit(**INLINED)
def make_scale_room(n_rows: int, q: int) -> ScaleRoom:
    """Memory for the rows and groups of q effects of the predictor."""
    return ScaleRoom(
        np.empty(n_rows),
        np.empty(n_rows),
        np.empty(8),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.empty((q, q)),
        np.empty((q, q)),
        np.empty((q, q)),
        np.empty((q, q)),
        np.empty((q, q)),
        np.empty((q, q)),
        np.empty((q, q)),
        np.empty((q, q)),
    )


@numba.njit(fastmath=IN_ORDER, **INLINED)
def fill_rows(gamma: Array, alpha: Array, rows: ScaleRows, room: ScaleRoom) -> None:
    """Residuals and weights of all rows; of the latter the logarithm of s_i is kept until `sum_group`."""
    for i in range(len(rows.y)):
        room.e[i], room.weight[i] = rows.y[i], 0.0
    for k in range(len(gamma)):
        for i in range(len(rows.y)):
            room.e[i] -= gamma[k] * rows.X[k, i]
    for k in range(len(alpha)):
        for i in range(len(rows.y)):
            room.weight[i] += alpha[k] * rows.A[k, i]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def fill_factor(chol: Array, effect: float, room: ScaleRoom) -> None:
    """What is the same for all groups: tau, t, c, s, P, F and m, of lower triangular L (q + 1, q + 1)."""
    q, total = len(room.c), 0.0
    for r in range(q + 1):
        total += chol[q, r] * chol[q, r]
    tau = np.sqrt(total)
    if chol[q, q] < 0.0:
        tau = -tau
    room.numbers[TAU], room.numbers[T] = tau, effect * tau
    room.numbers[S] = chol[q, q] / tau if tau != 0.0 else 1.0
    for r in range(q):
        room.c[r] = chol[q, r] / tau if tau != 0.0 else 0.0
    for r in range(q):
        for s in range(q):
            room.P[r, s] = (1.0 if r == s else 0.0) - room.c[r] * room.c[s] / (1.0 + room.numbers[S])
    for r in range(q):
        room.m[r] = 0.0
        for t in range(r + 1):
            room.m[r] += chol[r, t] * room.c[t]
        for s in range(q):
            room.F[r, s] = 0.0
            for t in range(r + 1):
                room.F[r, s] += chol[r, t] * room.P[t, s]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def sum_group(low: int, high: int, rows: ScaleRows, room: ScaleRoom) -> None:
    """The sums over the rows of a group: n, ``sum log s_i``, ``e'S e``, a and K; weights are made of logarithms."""
    q = len(room.a)
    room.numbers[N], room.numbers[LOG_SD], room.numbers[SQUARES] = float(high - low), 0.0, 0.0
    room.a[:] = 0.0
    room.K[:] = 0.0
    for i in range(low, high):
        room.numbers[LOG_SD] += room.weight[i]
        room.weight[i] = np.exp(-2.0 * room.weight[i])
        room.numbers[SQUARES] += room.weight[i] * room.e[i] * room.e[i]
        for r in range(q):
            room.a[r] += room.weight[i] * rows.Z[r, i] * room.e[i]
            for s in range(r + 1):
                room.K[r, s] += room.weight[i] * rows.Z[r, i] * rows.Z[s, i]
    for r in range(q):
        for s in range(r):
            room.K[s, r] = room.K[r, s]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def project_group(room: ScaleRoom) -> None:
    """What h takes of the sums of a group: F'a, F'K m, m'a, m'K m and H."""
    q = len(room.a)
    room.numbers[MA], room.numbers[MKM] = 0.0, 0.0
    for r in range(q):
        room.numbers[MA] += room.m[r] * room.a[r]
        room.d[r] = 0.0
        for s in range(q):
            room.d[r] += room.K[r, s] * room.m[s]
        room.numbers[MKM] += room.m[r] * room.d[r]
        for s in range(q):
            room.M[r, s] = 0.0
            for t in range(q):
                room.M[r, s] += room.K[r, t] * room.F[t, s]
    for r in range(q):
        room.Fa[r], room.FKm[r] = 0.0, 0.0
        for s in range(q):
            room.Fa[r] += room.F[s, r] * room.a[s]
            room.FKm[r] += room.F[s, r] * room.d[s]
            room.H[r, s] = 0.0
            for t in range(q):
                room.H[r, s] += room.F[t, r] * room.M[t, s]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def invert(room: ScaleRoom) -> float:
    """Fill C and the inverse of M; return ``log|M|``."""
    q, log_det = len(room.a), 0.0
    M, C, inverse = room.M, room.C, room.inverse
    for r in range(q):
        for s in range(r + 1):
            total = M[r, s]
            for t in range(s):
                total -= C[r, t] * C[s, t]
            C[r, s] = np.sqrt(total) if r == s else total / C[s, s]
        log_det += 2.0 * np.log(C[r, r])
    for k in range(q):
        for r in range(q):
            total = 1.0 if r == k else 0.0
            for t in range(r):
                total -= C[r, t] * inverse[t, k]
            inverse[r, k] = total / C[r, r]
        for r in range(q - 1, -1, -1):
            total = inverse[r, k]
            for t in range(r + 1, q):
                total -= C[t, r] * inverse[t, k]
            inverse[r, k] = total / C[r, r]
    return log_det


@numba.njit(fastmath=IN_ORDER, **INLINED)
def at_b(b: float, room: ScaleRoom) -> tuple[float, float]:
    """``h(b)`` of a group and its slope; minus infinity where a number overflows. Fills w, mu and M's inverse."""
    q, t = len(room.a), room.numbers[T]
    scale = np.exp(-2.0 * t * b)
    for r in range(q):
        for s in range(q):
            room.M[r, s] = scale * room.H[r, s] + (1.0 if r == s else 0.0)
        room.w[r] = room.Fa[r] - b * room.FKm[r]
    log_det = invert(room)
    squares = room.numbers[SQUARES] - 2.0 * b * room.numbers[MA] + b * b * room.numbers[MKM]
    explained, moved, bent, trace = 0.0, 0.0, 0.0, 0.0
    for r in range(q):
        room.mu[r] = 0.0
        for s in range(q):
            room.mu[r] += scale * room.inverse[r, s] * room.w[s]
        explained += room.w[r] * room.mu[r]
        moved += room.FKm[r] * room.mu[r]
        trace += room.inverse[r, r]
    for r in range(q):
        for s in range(q):
            bent += room.mu[r] * room.H[r, s] * room.mu[s]
    value = -0.5 * (b * b + LOG_2PI) - room.numbers[N] * t * b - 0.5 * log_det - 0.5 * scale * (squares - explained)
    slope = -b - room.numbers[N] * t + t * (q - trace)
    slope += scale * (t * (squares - 2.0 * explained + bent) + room.numbers[MA] - b * room.numbers[MKM] - moved)
    if not np.isfinite(value):
        return -np.inf, 0.0
    return value, slope


@numba.njit(fastmath=IN_ORDER, **INLINED)
def find_mode(start: float, room: ScaleRoom) -> tuple[float, float]:
    """Mode of h, and ``sqrt(-h'')`` there; nan where none was found."""
    here, held, step, curvature, values, slopes = start, -np.inf, 0.0, 0.0, np.empty(3), np.empty(3)
    for _ in range(MOST_STEPS):
        for k in range(3):
            values[k], slopes[k] = at_b(here + step + (k - 1) * APART, room)
        if values[1] < held and abs(step) * np.sqrt(curvature) > FLAT:  # beyond the mode
            step *= 0.5
            continue
        here, held = here + step, values[1]
        curvature = (slopes[0] - slopes[2]) / (2.0 * APART)
        if not np.isfinite(held) or not np.isfinite(curvature):
            break
        if curvature > 0.0:
            step = min(max(slopes[1] / curvature, -LONGEST), LONGEST)
            if abs(step) * np.sqrt(curvature) < SMALL_STEP:
                return here, np.sqrt(curvature)
        else:
            step, curvature = np.sign(slopes[1]) * 0.5, 1.0
    return np.nan, np.nan


@numba.njit(fastmath=IN_ORDER, **INLINED)
def log_shares(mode: float, root: float, nodes: Array, log_weights: Array, shares: Array, room: ScaleRoom) -> float:
    """Fill the shares of the nodes in the integral of a group; return the logarithm of that, without constants."""
    top, total = -np.inf, 0.0
    for k in range(len(log_weights)):
        shares[k] = -np.inf
        if log_weights[k] > -1e200:  # others stand there to fill vectors
            shares[k] = log_weights[k] + at_b(mode + nodes[0, k] / root, room)[0]
        top = max(top, shares[k])
    for k in range(len(log_weights)):
        shares[k] = np.exp(shares[k] - top)
        total += shares[k]
    for k in range(len(log_weights)):
        shares[k] /= total
    return float(top + np.log(total) - np.log(root))


@numba.njit(fastmath=IN_ORDER, **INLINED)
def constant_of(room: ScaleRoom) -> float:
    """What the log density of a group has beside the integral."""
    return float(-0.5 * room.numbers[N] * LOG_2PI - room.numbers[LOG_SD])


@numba.njit(fastmath=IN_ORDER, **INLINED)
def fill_cover(b: float, room: ScaleRoom) -> float:
    """After `at_b`: ``u = E[u | b]`` in w, ``d = a - K u``, ``cover = M^-1 F'``; return ``E |e - Z u|_S^2``."""
    q, squares = len(room.a), room.numbers[SQUARES]
    for r in range(q):
        room.w[r] = room.m[r] * b
        for s in range(q):
            room.w[r] += room.F[r, s] * room.mu[s]
            room.cover[r, s] = 0.0
            for t in range(q):
                room.cover[r, s] += room.inverse[r, t] * room.F[s, t]
    for r in range(q):
        room.d[r] = room.a[r]
        for s in range(q):
            room.d[r] -= room.K[r, s] * room.w[s]
            squares += room.H[r, s] * room.inverse[r, s]
        squares -= room.w[r] * (room.a[r] + room.d[r])
    return float(squares)


@numba.njit(error_model="numpy", nogil=True, forceinline=True, fastmath=IN_ORDER)
def scale_density(
    gamma: Array,
    chol: Array,
    alpha: Array,
    rows: ScaleRows,
    first: IntArray,
    nodes: Array,
    log_weights: Array,
    origin: Array,
) -> tuple[float, Array, Array, Array]:
    """Log density of the outcomes and its derivatives with respect to gamma, L, all of its elements, and alpha.

    Parameters
    ----------
    gamma, alpha : (p,), (k,) arrays
    chol : (q + 1, q + 1) array
        Lower triangular L of ``G = L L'``, v the last effect; signs of its rows are of no account.
    rows, first : ScaleRows and (J + 1,) array of int
        Where the rows of each group begin, and where the last one's end.
    nodes, log_weights : arrays
        From `bayeshlm.likelihood.quadrature_rule.hermite_rule`, of one dimension.
    origin : (J, 1) array
        b from which the modes are looked for.
    """
    q, effect = len(rows.Z), rows.effect[0]
    room, shares, density = make_scale_room(len(rows.y), q), np.empty(len(log_weights)), 0.0
    d_gamma, d_chol, d_alpha = np.zeros(len(gamma)), np.zeros((q + 1, q + 1)), np.zeros(len(alpha))
    Eu, Euu, cover_P = np.empty(q), np.empty((q, q)), np.empty((q, q))
    fill_rows(gamma, alpha, rows, room)
    fill_factor(chol, effect, room)
    for j in range(len(first) - 1):
        low, high = first[j], first[j + 1]
        sum_group(low, high, rows, room)
        project_group(room)
        mode, root = find_mode(origin[j, 0], room)
        if not np.isfinite(root):
            return -np.inf, d_gamma, d_chol, d_alpha
        density += log_shares(mode, root, nodes, log_weights, shares, room) + constant_of(room)
        El = 0.0
        Eu[:] = 0.0
        Euu[:] = 0.0
        for k in range(len(shares)):
            if shares[k] == 0.0:
                continue
            b = mode + nodes[0, k] / root
            at_b(b, room)
            squares = fill_cover(b, room)
            scale = np.exp(-2.0 * room.numbers[T] * b)
            weight = shares[k] * scale
            El += weight
            for r in range(q):
                Eu[r] += weight * room.w[r]
                for s in range(q):
                    spread = 0.0  # of F M^-1 F', and of M^-1 P'
                    for t in range(q):
                        spread += room.F[r, t] * room.cover[t, s]
                    Euu[r, s] += weight * (room.w[r] * room.w[s] + spread)
                    cover_P[r, s] = 0.0
                    for t in range(q):
                        cover_P[r, s] += room.cover[t, r] * room.P[s, t]
            own, crossed = shares[k] * effect * (scale * squares - room.numbers[N]), 0.0
            z_last = room.numbers[S] * b
            for s in range(q):
                z = room.c[s] * b
                for t in range(q):
                    z += room.P[s, t] * room.mu[t]
                    d_chol[q, s] -= 2.0 * weight * effect * cover_P[t, s] * room.d[t]
                    crossed += room.c[s] * room.cover[s, t] * room.d[t]
                d_chol[q, s] += own * z
                z_last -= room.c[s] * room.mu[s]
                for r in range(q):
                    total = room.d[r] * z
                    for t in range(q):
                        total -= room.K[r, t] * cover_P[t, s]
                    d_chol[r, s] += weight * total
            d_chol[q, q] += own * z_last + 2.0 * weight * effect * crossed
            for r in range(q):
                total = room.d[r] * z_last
                for s in range(q):
                    for t in range(q):
                        total += room.K[r, s] * room.cover[t, s] * room.c[t]
                d_chol[r, q] += weight * total
        for i in range(low, high):
            mean, square = 0.0, 0.0
            for r in range(q):
                mean += rows.Z[r, i] * Eu[r]
                for s in range(q):
                    square += rows.Z[r, i] * Euu[r, s] * rows.Z[s, i]
            slope = room.weight[i] * (room.e[i] * El - mean)
            # In the place of the residual and of the weight stand what the gradient has of the row.
            square = room.weight[i] * (room.e[i] * (room.e[i] * El - 2.0 * mean) + square) - 1.0
            room.e[i], room.weight[i] = slope, square
    for k in range(len(gamma)):
        for i in range(len(rows.y)):
            d_gamma[k] += room.e[i] * rows.X[k, i]
    for k in range(len(alpha)):
        for i in range(len(rows.y)):
            d_alpha[k] += room.weight[i] * rows.A[k, i]
    return density, d_gamma, d_chol, d_alpha
