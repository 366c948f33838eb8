"""Cholesky factor of ``M = I + a Lambda' Z'Z Lambda`` in blocks, the solutions by it, and its selected inverse.

``C C' = M``. Unit j's diagonal block of C is kept with the reciprocals of its diagonal. Columns are formed one after
the other from those that have a block in row j (left-looking). The dense tail F holds C[r, c] as ``F[c, r]``.
The inverse is formed where C has blocks, from the last column to the first (Takahashi, Fagan & Chin 1973;
Erisman & Tinney 1975, Communications of the ACM 18, 177-179).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.elimination import Blocks, Pattern
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED
from bayeshlm.likelihood.lapack import dense_cholesky

type Array = NDArray[np.float64]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def scaled_block(
    q: int, a: float, L: Array, left: int, S: Array, e: int, right: int, A: Array, out: Array, at: int
) -> None:
    """Write ``a L_left' S_e L_right`` to ``out[at]``."""
    for r in range(q):
        for c in range(q):
            total = 0.0
            for t in range(q):
                total += S[e, r, t] * L[right, t, c]
            A[r, c] = a * total
    for r in range(q):
        for c in range(q):
            total = 0.0
            for t in range(q):
                total += L[left, t, r] * A[t, c]
            out[at, r, c] = total


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def factorize(
    q: int, a: float, L: Array, pattern: Pattern, blocks: Blocks, own: Array, below: Array, F: Array
) -> float:
    """Fill own (U, q, q), below (E, q, q) and F (n, n; zeros) with C; return ``log|M|``, nan where it fails."""
    grouping, start, row, column = pattern.grouping, pattern.start, pattern.row, pattern.column
    n_sparse = len(start) - 1
    A, where = np.empty((q, q)), np.empty(len(grouping), np.int64)
    log_det, product = 0.0, 1.0
    for j in range(n_sparse):
        # Column j of M.
        k = grouping[j]
        scaled_block(q, a, L, k, blocks.own, j, k, A, own, j)
        for r in range(q):
            own[j, r, r] += 1.0
        for e in range(start[j], start[j + 1]):
            scaled_block(q, a, L, grouping[row[e]], blocks.below, e, k, A, below, e)
            where[row[e]] = e
        # What the columns before take away.
        for f in range(pattern.incoming_start[j], pattern.incoming_start[j + 1]):
            e = pattern.incoming[f]
            for r in range(q):
                for c in range(r + 1):
                    for t in range(q):
                        own[j, r, c] -= below[e, r, t] * below[e, c, t]
            for g in range(e + 1, start[column[e] + 1]):
                h = where[row[g]]
                for r in range(q):
                    for c in range(q):
                        for t in range(q):
                            below[h, r, c] -= below[g, r, t] * below[e, c, t]
        # Its factor.
        for r in range(q):
            for c in range(r + 1):
                total = own[j, r, c]
                for t in range(c):
                    total -= own[j, r, t] * own[j, c, t]
                if r == c:
                    product *= total
                    own[j, r, r] = 1.0 / np.sqrt(total)
                else:
                    own[j, r, c] = total * own[j, c, c]
        if product > 1e150:
            log_det += np.log(product)
            product = 1.0
        for e in range(start[j], start[j + 1]):
            for r in range(q):
                for c in range(q):
                    total = below[e, r, c]
                    for t in range(c):
                        total -= below[e, r, t] * own[j, c, t]
                    below[e, r, c] = total * own[j, c, c]
    log_det += np.log(product)
    if len(F) > 0:
        log_det += _dense_part(q, a, L, pattern, blocks, below, F)
    return float(log_det)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _dense_part(q: int, a: float, L: Array, pattern: Pattern, blocks: Blocks, below: Array, F: Array) -> float:
    """Fill F with the factor of the tail; return what it adds to ``log|M|``."""
    grouping, size, start, row, column = pattern.grouping, pattern.size, pattern.start, pattern.row, pattern.column
    place = pattern.place
    n_sparse = len(start) - 1
    A, B = np.empty((q, q)), np.empty((1, q, q))
    for n in range(len(pattern.tail_row)):
        i, j = pattern.tail_row[n], pattern.tail_column[n]
        scaled_block(q, a, L, grouping[i], blocks.tail, n, grouping[j], A, B, 0)
        for c in range(size[j]):
            for r in range(size[i]):
                F[place[j - n_sparse] + c, place[i - n_sparse] + r] = B[0, r, c]
    for j in range(n_sparse, len(grouping)):
        first = place[j - n_sparse]
        scaled_block(q, a, L, grouping[j], blocks.own, j, grouping[j], A, B, 0)
        for c in range(size[j]):
            B[0, c, c] += 1.0
            for r in range(c, size[j]):
                F[first + c, first + r] = B[0, r, c]
        for f in range(pattern.incoming_start[j], pattern.incoming_start[j + 1]):
            e = pattern.incoming[f]
            for c in range(size[j]):
                for r in range(c, size[j]):
                    for t in range(q):
                        F[first + c, first + r] -= below[e, r, t] * below[e, c, t]
            for g in range(e + 1, start[column[e] + 1]):
                other = place[row[g] - n_sparse]
                for c in range(size[j]):
                    for r in range(size[row[g]]):
                        for t in range(q):
                            F[first + c, other + r] -= below[g, r, t] * below[e, c, t]
    if not dense_cholesky(F):
        return np.nan
    log_det = 0.0
    for c in range(len(F)):
        log_det += 2.0 * np.log(F[c, c])
    return log_det


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def forward(q: int, pattern: Pattern, own: Array, below: Array, F: Array, x: Array) -> None:
    """Replace x (U, q) by ``C^-1 x``."""
    start, row, size, place = pattern.start, pattern.row, pattern.size, pattern.place
    n_sparse = len(start) - 1
    for j in range(n_sparse):
        for r in range(q):
            total = x[j, r]
            for t in range(r):
                total -= own[j, r, t] * x[j, t]
            x[j, r] = total * own[j, r, r]
        for e in range(start[j], start[j + 1]):
            for r in range(q):
                for t in range(q):
                    x[row[e], r] -= below[e, r, t] * x[j, t]
    n = len(F)
    v = np.empty(n)
    _tail_values(n_sparse, size, place, x, v, True)
    for c in range(n):
        v[c] /= F[c, c]
        for r in range(c + 1, n):
            v[r] -= F[c, r] * v[c]
    _tail_values(n_sparse, size, place, x, v, False)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def backward(q: int, pattern: Pattern, own: Array, below: Array, F: Array, x: Array) -> None:
    """Replace x (U, q) by ``C'^-1 x``."""
    start, row, size, place = pattern.start, pattern.row, pattern.size, pattern.place
    n_sparse, n = len(start) - 1, len(F)
    v = np.empty(n)
    _tail_values(n_sparse, size, place, x, v, True)
    for c in range(n - 1, -1, -1):
        total = v[c]
        for r in range(c + 1, n):
            total -= F[c, r] * v[r]
        v[c] = total / F[c, c]
    _tail_values(n_sparse, size, place, x, v, False)
    for j in range(n_sparse - 1, -1, -1):
        for e in range(start[j], start[j + 1]):
            for r in range(q):
                for t in range(q):
                    x[j, t] -= below[e, r, t] * x[row[e], r]
        for r in range(q - 1, -1, -1):
            total = x[j, r]
            for t in range(r + 1, q):
                total -= own[j, t, r] * x[j, t]
            x[j, r] = total * own[j, r, r]


@numba.njit(**INLINED)
def _tail_values(n_sparse: int, size: Array, place: Array, x: Array, v: Array, taken: bool) -> None:
    """Take the tail's numbers out of x, or put them back."""
    for j in range(n_sparse, len(size)):
        for r in range(size[j]):
            if taken:
                v[place[j - n_sparse] + r] = x[j, r]
            else:
                x[j, r] = v[place[j - n_sparse] + r]


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def selected_inverse(
    q: int, pattern: Pattern, own: Array, below: Array, F: Array, Q_own: Array, Q_below: Array
) -> None:
    """Fill Q_own (U, q, q) and Q_below (E, q, q) with the blocks of ``Q = M^-1``; F is the tail's inverse already."""
    start, row, size, place = pattern.start, pattern.row, pattern.size, pattern.place
    n_sparse = len(start) - 1
    longest = 0
    for j in range(n_sparse):
        longest = max(longest, start[j + 1] - start[j])
    K, root, B = np.empty((longest, q, q)), np.empty((q, q)), np.empty((q, q))
    for j in range(n_sparse, len(size)):
        first = place[j - n_sparse]
        for r in range(q):
            for c in range(q):
                Q_own[j, r, c] = 1.0 if r == c else 0.0
        for c in range(size[j]):
            for r in range(c, size[j]):
                Q_own[j, r, c] = Q_own[j, c, r] = F[first + c, first + r]
    for j in range(n_sparse - 1, -1, -1):
        begin = start[j]
        # root = C_jj^-1 and, of every block, K = C_ij C_jj^-1.
        for c in range(q):
            for r in range(q):
                total = 1.0 if r == c else 0.0
                for t in range(c, r):
                    total -= own[j, r, t] * root[t, c]
                root[r, c] = total * own[j, r, r] if r >= c else 0.0
        for e in range(begin, start[j + 1]):
            for r in range(q):
                for c in range(q):
                    total = 0.0
                    for t in range(c, q):
                        total += below[e, r, t] * root[t, c]
                    K[e - begin, r, c] = total
            for r in range(q):
                for c in range(q):
                    total = 0.0
                    for t in range(q):
                        total += Q_own[row[e], r, t] * K[e - begin, t, c]
                    Q_below[e, r, c] = -total
        # Q_ij = -sum_k Q_ik K_kj; B is Q of rows g and e.
        for e in range(begin, start[j + 1]):
            i = row[e]
            h = start[i] if i < n_sparse else 0
            for g in range(e + 1, start[j + 1]):
                if i < n_sparse:
                    while row[h] < row[g]:
                        h += 1
                    for r in range(q):
                        for c in range(q):
                            B[r, c] = Q_below[h, r, c]
                else:
                    for r in range(q):
                        for c in range(q):
                            inside = r < size[row[g]] and c < size[i]
                            B[r, c] = F[place[i - n_sparse] + c, place[row[g] - n_sparse] + r] if inside else 0.0
                for r in range(q):
                    for c in range(q):
                        for t in range(q):
                            Q_below[g, r, c] -= B[r, t] * K[e - begin, t, c]
                            Q_below[e, r, c] -= B[t, r] * K[g - begin, t, c]
        for r in range(q):
            for c in range(r + 1):
                total = 0.0
                for t in range(r, q):
                    total += root[t, r] * root[t, c]
                for e in range(begin, start[j + 1]):
                    for t in range(q):
                        total -= K[e - begin, t, r] * Q_below[e, t, c]
                Q_own[j, r, c] = Q_own[j, c, r] = total
