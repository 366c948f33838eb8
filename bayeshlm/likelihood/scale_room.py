"""The rows whose level-1 SD varies between groups, the memory that they are worked on in, and what h takes of them.

In the notation of `bayeshlm.likelihood.scale_kernel`.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED, PIECE

type Array = NDArray[np.float64]

type Parameters = tuple[Array, Array, Array]
"""gamma (p,), lower triangular L of ``G = L L'``, (q + 1, q + 1), v the last effect, and alpha (k,)."""


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
def make_scale_room(rows: ScaleRows) -> ScaleRoom:
    """Memory for some rows and their groups."""
    q, of_rows = len(rows.Z), np.empty((2, len(rows.y)))
    v, M = np.empty((8, q)), np.empty((8, q, q))
    vectors = (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
    matrices = (M[0], M[1], M[2], M[3], M[4], M[5], M[6], M[7])
    return ScaleRoom(of_rows[0], of_rows[1], np.empty(8), *vectors, *matrices)


@numba.njit(**PIECE)
def fill_parameters(parameters: Parameters, rows: ScaleRows, room: ScaleRoom) -> None:
    """What the parameters make of all rows, and what is the same for all groups."""
    gamma, chol, alpha = parameters
    _fill_rows(gamma, alpha, rows, room)
    _fill_factor(chol, rows.effect[0], room)


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _fill_rows(gamma: Array, alpha: Array, rows: ScaleRows, room: ScaleRoom) -> None:
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
def _fill_factor(chol: Array, effect: float, room: ScaleRoom) -> None:
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
