"""Pieces of machine code of the density of a unit's rows given all other rows; see `left_out_kernel`."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.elimination import Pattern
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED
from bayeshlm.likelihood.left_out_units import LeftOutUnits

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]

LEAST = 1e-14
"""Smallest share of its precision that the rest leaves to an effect, against rounding."""


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def residual(
    q: int,
    units: LeftOutUnits,
    i: int,
    begin: int,
    n_shared: int,
    gamma: Array,
    chols: Array,
    b: Array,
    v: Array,
) -> float:
    """``y_i - x_i'gamma - v_T'mu`` of a row; v is filled for all its units."""
    e = units.y[i]
    for k in range(len(gamma)):
        e -= units.X[i, k] * gamma[k]
    for k in range(len(v)):
        for r in range(q):
            v[k, r] = 0.0
            for w in range(q):
                v[k, r] += chols[k, w, r] * units.Z[i, k, w]
        if units.local[i, k] < n_shared:
            j = units.touched[begin + units.local[i, k]]
            for r in range(q):
                e -= v[k, r] * b[j, r]
    return float(e)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def integrated(
    q: int,
    pattern: Pattern,
    own: Array,
    below: Array,
    z: Array,
    b: Array,
    units: LeftOutUnits,
    n: int,
    begin: int,
    n_shared: int,
    zt: Array,
    at: IntArray,
    d: Array,
    B: Array,
) -> float:
    """What the column of a unit inside adds to the log density; d and B lose what it takes from the shared units."""
    j = units.touched[n]
    # Rows of the column and shared units both ascend; at[l] is the block in the row of shared unit l.
    e, stop = pattern.start[j], pattern.start[j + 1]
    for m in range(n_shared):
        place = units.touched[begin + m]
        while e < stop and pattern.row[e] < place:
            e += 1
        at[m] = e if e < stop and pattern.row[e] == place else -1
    found = 0.0
    for r in range(q):
        found += np.log(own[j, r, r])  # the reciprocal of C's
        zt[r] = z[j, r]
        for m in range(n_shared):
            if at[m] >= 0:
                for w in range(q):
                    zt[r] -= below[at[m], w, r] * b[units.touched[begin + m], w]
        found += 0.5 * zt[r] * zt[r]
    for m in range(n_shared):
        if at[m] >= 0:
            for w in range(q):
                for r in range(q):
                    d[m * q + w] -= below[at[m], w, r] * zt[r]
            for o in range(n_shared):
                if at[o] >= 0:
                    for w in range(q):
                        for x in range(q):
                            for r in range(q):
                                B[m * q + w, o * q + x] -= below[at[m], w, r] * below[at[o], x, r]
    return float(found)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def inverse_of(
    q: int,
    pattern: Pattern,
    F: Array,
    Q_own: Array,
    Q_below: Array,
    touched: IntArray,
    begin: int,
    n_shared: int,
    Q: Array,
) -> None:
    """Fill the lower triangle of Q of the shared units."""
    n_sparse, place, size = len(pattern.start) - 1, pattern.place, pattern.size
    for m in range(n_shared):
        j = touched[begin + m]
        for r in range(q):
            for c in range(q):
                Q[m * q + r, m * q + c] = Q_own[j, r, c]
        e = pattern.start[j] if j < n_sparse else 0
        for o in range(m + 1, n_shared):
            i = touched[begin + o]
            if j < n_sparse:
                while pattern.row[e] < i:
                    e += 1
            for r in range(q):
                for c in range(q):
                    if j < n_sparse:
                        Q[o * q + r, m * q + c] = Q_below[e, r, c]
                    elif r < size[i] and c < size[j]:
                        Q[o * q + r, m * q + c] = F[place[j - n_sparse] + c, place[i - n_sparse] + r]
                    else:
                        Q[o * q + r, m * q + c] = 0.0


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def cholesky(t: int, S: Array) -> float:
    """Replace the lower triangle of S (t, t) by its factor; return ``log|S|``."""
    log_det = 0.0
    for x in range(t):
        for y in range(x + 1):
            total = S[x, y]
            for w in range(y):
                total -= S[x, w] * S[y, w]
            if x == y:
                total = max(total, LEAST)
                log_det += np.log(total)
                S[x, x] = np.sqrt(total)
            else:
                S[x, y] = total / S[y, y]
    return float(log_det)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def inner_product(t: int, R: Array, B: Array, H: Array) -> None:
    """Fill the lower triangle of ``H = I - R'B R``; B is replaced by ``B R``."""
    for x in range(t):
        for y in range(t):
            total = 0.0
            for w in range(y, t):
                total += B[x, w] * R[w, y]
            B[x, y] = total
    for x in range(t):
        for y in range(x + 1):
            total = 1.0 if x == y else 0.0
            for w in range(x, t):
                total -= R[w, x] * B[w, y]
            H[x, y] = total


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def solve_transposed(t: int, R: Array, H: Array, f: Array) -> None:
    """Replace f by ``R K'^-1 f``."""
    for x in range(t - 1, -1, -1):
        total = f[x]
        for y in range(x + 1, t):
            total -= H[y, x] * f[y]
        f[x] = total / H[x, x]
    for x in range(t - 1, -1, -1):
        total = 0.0
        for y in range(x + 1):
            total += R[x, y] * f[y]
        f[x] = total


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def squared_length(
    q: int, t: int, a: float, R: Array, H: Array, D: Array, E: Array, n_inner: int, shown: Array, W: Array
) -> float:
    """``a s'W^-1 s`` with ``W = I + a D R H^-1 R'D' + a sum E E'``; s, D and W are written over."""
    for r in range(q):
        for x in range(t):  # D = D R
            total = 0.0
            for y in range(x, t):
                total += D[r, y] * R[y, x]
            D[r, x] = total
        for x in range(t):  # D = D K'^-1
            for y in range(x):
                D[r, x] -= H[x, y] * D[r, y]
            D[r, x] /= H[x, x]
    for r in range(q):
        for c in range(r + 1):
            total = 0.0
            for x in range(t):
                total += D[r, x] * D[c, x]
            for n in range(n_inner):
                for w in range(q):
                    total += E[n, r, w] * E[n, c, w]
            W[r, c] = a * total + (1.0 if r == c else 0.0)
    cholesky(q, W)
    length = 0.0
    for r in range(q):
        for c in range(r):
            shown[r] -= W[r, c] * shown[c]
        shown[r] /= W[r, r]
        length += shown[r] * shown[r]
    return float(a * length)
