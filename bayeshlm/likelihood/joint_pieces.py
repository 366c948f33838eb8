"""Pieces of machine code that the density of several groupings and their effects share: sums of small products."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.block_cholesky import factorize, forward
from bayeshlm.likelihood.elimination import Blocks, Pattern
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED, applied, times
from bayeshlm.likelihood.kernel_products import ColumnScaling

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


class JointRoom(NamedTuple):
    """Memory for one value of the parameters; U units of K groupings, q effects, E blocks, a tail of n numbers.

    Attributes
    ----------
    L : (K, q, q) array
        L_k in the columns that the products were formed of.
    own, below, F : (U, q, q), (E, q, q), (n, n) arrays
        The factor C, as `bayeshlm.likelihood.block_cholesky.factorize` fills it.
    c, z : (U, q) arrays
        ``Z'(y - X gamma)`` and ``C^-1 a Lambda'c``.
    """

    L: Array
    own: Array
    below: Array
    F: Array
    c: Array
    z: Array


@numba.njit(**INLINED)
def make_joint_room(q: int, n_groupings: int, pattern: Pattern) -> JointRoom:
    """Memory for q effects of each grouping."""
    n_units, n_dense = len(pattern.grouping), pattern.place[len(pattern.place) - 1]
    return JointRoom(
        np.empty((n_groupings, q, q)),
        np.empty((n_units, q, q)),
        np.empty((len(pattern.row), q, q)),
        np.empty((n_dense, n_dense)),
        np.empty((n_units, q)),
        np.empty((n_units, q)),
    )


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _residual_products(q: int, blocks: Blocks, g: Array, c: Array) -> None:
    """Fill ``c_j = Z_j'(y - X g)``, (U, q)."""
    n_units, p = len(blocks.ZtX), blocks.ZtX.shape[2]
    for j in range(n_units):
        for r in range(q):
            total = blocks.Zty[j, r]
            for k in range(p):
                total -= blocks.ZtX[j, r, k] * g[k]
            c[j, r] = total


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _weighted(q: int, a: float, L: Array, grouping: IntArray, c: Array, out: Array) -> None:
    """Fill ``a L_k' c_j``, (U, q)."""
    for j in range(len(c)):
        for r in range(q):
            total = 0.0
            for t in range(q):
                total += L[grouping[j], t, r] * c[j, t]
            out[j, r] = a * total


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def swept(
    q: int,
    a: float,
    gamma: Array,
    chols: Array,
    scaling: ColumnScaling,
    pattern: Pattern,
    blocks: Blocks,
    g: Array,
    room: JointRoom,
) -> float:
    """Fill the room, and gamma of the columns that the products were formed of, at one draw; return ``log|M|``."""
    L, own, below, F, c, z = room
    applied(scaling.gamma_to_scaled, gamma - scaling.gamma_origin, g)
    for k in range(len(chols)):
        times(scaling.u_to_scaled[k], chols[k], L[k])
    for r in range(len(F)):
        for t in range(len(F)):
            F[r, t] = 0.0
    log_det = factorize(q, a, L, pattern, blocks, own, below, F)
    _residual_products(q, blocks, g, c)
    _weighted(q, a, L, pattern.grouping, c, z)
    forward(q, pattern, own, below, F, z)
    return float(log_det)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _take_product(q: int, S: Array, e: int, u: Array, j: int, out: Array, i: int) -> None:
    """Subtract ``S_e u_j`` from ``out_i``."""
    for r in range(q):
        for t in range(q):
            out[i, r] -= S[e, r, t] * u[j, t]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _take_transposed(q: int, S: Array, e: int, u: Array, j: int, out: Array, i: int) -> None:
    """Subtract ``S_e' u_j`` from ``out_i``."""
    for r in range(q):
        for t in range(q):
            out[i, r] -= S[e, t, r] * u[j, t]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _linked(q: int, S: Array, e: int, L: Array, row: int, column: int, Q: Array, at: int, d_L: Array, A: Array) -> None:
    """Subtract ``S_e L_column Q_at'`` from d_L of the row's grouping and ``S_e' L_row Q_at`` from the column's."""
    for r in range(q):
        for c in range(q):
            total = 0.0
            for t in range(q):
                total += S[e, r, t] * L[column, t, c]
            A[r, c] = total
    for r in range(q):
        for c in range(q):
            for t in range(q):
                d_L[row, r, c] -= A[r, t] * Q[at, c, t]
    for r in range(q):
        for c in range(q):
            total = 0.0
            for t in range(q):
                total += S[e, t, r] * L[row, t, c]
            A[r, c] = total
    for r in range(q):
        for c in range(q):
            for t in range(q):
                d_L[column, r, c] -= A[r, t] * Q[at, t, c]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def uncertainty(
    q: int, L: Array, pattern: Pattern, blocks: Blocks, F: Array, Q_own: Array, Q_below: Array, d_L: Array
) -> None:
    """Subtract ``sum_j (Z'Z Lambda Q)_jj`` of each grouping from d_L (K, q, q)."""
    grouping, place, size = pattern.grouping, pattern.place, pattern.size
    n_sparse = len(pattern.start) - 1
    A, B = np.empty((q, q)), np.zeros((1, q, q))
    for j in range(len(grouping)):
        k = grouping[j]
        for r in range(q):
            for c in range(q):
                total = 0.0
                for t in range(q):
                    total += blocks.own[j, r, t] * L[k, t, c]
                A[r, c] = total
        for r in range(q):
            for c in range(q):
                for t in range(q):
                    d_L[k, r, c] -= A[r, t] * Q_own[j, t, c]
    for e in range(len(pattern.row)):
        row, column = grouping[pattern.row[e]], grouping[pattern.column[e]]
        _linked(q, blocks.below, e, L, row, column, Q_below, e, d_L, A)
    for n in range(len(pattern.tail_row)):
        i, j = pattern.tail_row[n], pattern.tail_column[n]
        for r in range(q):
            for c in range(q):
                inside = r < size[i] and c < size[j]
                B[0, r, c] = F[place[j - n_sparse] + c, place[i - n_sparse] + r] if inside else 0.0
        _linked(q, blocks.tail, n, L, grouping[i], grouping[j], B, 0, d_L, A)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def unexplained(q: int, pattern: Pattern, blocks: Blocks, u: Array, c: Array) -> None:
    """Replace ``c = Z'(y - X gamma)`` by ``Z'(y - X gamma - Z u)``."""
    for j in range(len(c)):
        _take_product(q, blocks.own, j, u, j, c, j)
    for e in range(len(pattern.row)):
        i, j = pattern.row[e], pattern.column[e]
        _take_product(q, blocks.below, e, u, j, c, i)
        _take_transposed(q, blocks.below, e, u, i, c, j)
    for n in range(len(pattern.tail_row)):
        i, j = pattern.tail_row[n], pattern.tail_column[n]
        _take_product(q, blocks.tail, n, u, j, c, i)
        _take_transposed(q, blocks.tail, n, u, i, c, j)
