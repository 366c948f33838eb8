"""The density of a unit's rows given all other rows, with several groupings.

With the effects ``u = Lambda b``, M and its factor C as in `bayeshlm.likelihood.block_cholesky`, ``a = 1/sigma^2``, A
the rows left out, I the units that have all their rows in A, T the others that A touches, and v the columns
``Lambda' Z'`` of A::

    b_T | y ~ N(mu, Q),  e = y_A - X_A gamma - v_T'mu
    log p(y_A | b_T) = const + d'(b_T - mu) - 1/2 (b_T - mu)'B (b_T - mu)
    B = a v_T v_T' - C_TI C_TI',  z = (C^-1 a Lambda'Z'(y - X gamma))_I - C_TI'mu,  d = a v_T e - C_TI z
    const = -1/2 [n_A log(2 pi/a) + log|M_II| + a e'e - z'z]
    log p(y_A | y_-A) = const + 1/2 log|I - Q B| - 1/2 d'(I - Q B)^-1 Q d

because ``b_T`` given the other rows has the precision ``Q^-1 - B``, with which the normal integral over b_T is closed.
With ``Q = R R'`` the matrix is ``H = I - R'B R``. Nothing is divided by L: SDs of zero and correlations of one are
points like others. Q is known where the factor has blocks: units that one row touches have some, and so have those that
one eliminated unit touches. Rounding grows with ``(tau/sigma)^4``: 1e-10 of a log density at 10, 1e-6 at 100.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.block_cholesky import backward, selected_inverse
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.elimination import Blocks, Pattern
from bayeshlm.likelihood.gaussian_kernel import LOG_2PI
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED
from bayeshlm.likelihood.joint_pieces import make_joint_room, swept
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.lapack import dense_inverse
from bayeshlm.likelihood.left_out_pieces import (
    cholesky,
    inner_product,
    integrated,
    inverse_of,
    residual,
    solve_transposed,
    squared_length,
)
from bayeshlm.likelihood.left_out_units import LeftOutUnits

type Array = NDArray[np.float64]


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def left_out_densities(
    first: int,
    last: int,
    gamma: Array,
    chols: Array,
    sigma: Array,
    scaling: ColumnScaling,
    pattern: Pattern,
    blocks: Blocks,
    units: LeftOutUnits,
    grouping: int,
    basis: Array,
    densities: Array,
    lengths: Array,
    log_free: Array,
) -> None:
    """Fill, at the draws `first` to ``last - 1``, those of the last three that are not of length 0.

    Parameters
    ----------
    gamma, chols, sigma : (S, p), (S, K, q, q), (S,) arrays
        In the user's columns.
    scaling : ColumnScaling
    units : LeftOutUnits
    grouping : int
        Whose units are left out, for `lengths`.
    basis : (n, q, q) array
        Of each unit, K that makes the columns of ``Z_A K`` of this grouping orthonormal, or zero beyond their rank.
    densities : (n, S) array
        ``log p(y_A | y_-A, theta)``.
    lengths : (n, S) array
        ``s'W^-1 s`` of ``s = (Z_A K)'(y_A - E[y_A | y_-A, theta])`` and its covariance matrix W.
    log_free : (n, S) array
        ``log|H|``.
    """
    (n_units, q, p), K, n_left = blocks.ZtX.shape, chols.shape[1], len(units.n_shared)
    room = make_joint_room(q, K, pattern)
    _, own, below, F, _, z = room
    g, b = np.empty(p), np.empty((n_units, q))
    Q_own, Q_below = np.empty((n_units, q, q)), np.empty((len(pattern.row), q, q))
    most, inner = 1, 1
    for A in range(n_left):
        n_touched = units.touched_start[A + 1] - units.touched_start[A]
        most, inner = max(most, units.n_shared[A]), max(inner, n_touched - units.n_shared[A])
    B, R, H = np.empty((most * q, most * q)), np.empty((most * q, most * q)), np.empty((most * q, most * q))
    d, f, D = np.empty(most * q), np.empty(most * q), np.empty((q, most * q))
    E, W, shown, zk = np.empty((inner, q, q)), np.empty((q, q)), np.empty(q), np.empty(q)
    v, zt, at = np.empty((K, q)), np.empty(q), np.empty(most, np.int64)
    want_lengths = len(lengths) > 0
    for s in range(first, last):
        a = 1.0 / (sigma[s] * sigma[s])
        swept(q, a, gamma[s], chols[s], scaling, pattern, blocks, g, room)
        for j in range(n_units):
            for r in range(q):
                b[j, r] = z[j, r]
        backward(q, pattern, own, below, F, b)
        if len(F) > 0:
            dense_inverse(F)
        selected_inverse(q, pattern, own, below, F, Q_own, Q_below)
        for A in range(n_left):
            begin, n_shared = units.touched_start[A], units.n_shared[A]
            t = n_shared * q
            for x in range(t):
                d[x] = 0.0
                for y in range(t):
                    B[x, y] = 0.0
            # The rows.
            squares = 0.0
            for i in range(units.row_start[A], units.row_start[A + 1]):
                e = residual(q, units, i, begin, n_shared, gamma[s], chols[s], b, v)
                squares += e * e
                for k in range(K):
                    x = units.local[i, k] * q
                    if x < t:
                        for r in range(q):
                            d[x + r] += a * v[k, r] * e
                        for m in range(K):
                            y = units.local[i, m] * q
                            if y < t:
                                for r in range(q):
                                    for w in range(q):
                                        B[x + r, y + w] += a * v[k, r] * v[m, w]
            n_rows = units.row_start[A + 1] - units.row_start[A]
            density = -0.5 * (n_rows * (LOG_2PI - np.log(a)) + a * squares)
            # The units inside are integrated out.
            for n in range(begin + n_shared, units.touched_start[A + 1]):
                density += integrated(q, pattern, own, below, z, b, units, n, begin, n_shared, zt, at, d, B)
            # The shared ones given the other rows.
            inverse_of(q, pattern, F, Q_own, Q_below, units.touched, begin, n_shared, R)
            cholesky(t, R)
            inner_product(t, R, B, H)
            log_H = cholesky(t, H)
            for x in range(t):  # f = K^-1 R'd, K of H = K K'
                total = 0.0
                for y in range(x, t):
                    total += R[y, x] * d[y]
                for y in range(x):
                    total -= H[x, y] * f[y]
                f[x] = total / H[x, x]
                density -= 0.5 * f[x] * f[x]
            if len(densities) > 0:
                densities[A, s] = density + 0.5 * log_H
            if len(log_free) > 0:
                log_free[A, s] = log_H
            if want_lengths:
                solve_transposed(t, R, H, f)
                for r in range(q):
                    shown[r] = 0.0
                    for x in range(t):
                        D[r, x] = 0.0
                    for n in range(units.touched_start[A + 1] - begin - n_shared):
                        for w in range(q):
                            E[n, r, w] = 0.0
                for i in range(units.row_start[A], units.row_start[A + 1]):
                    e = residual(q, units, i, begin, n_shared, gamma[s], chols[s], b, v)
                    for r in range(q):
                        zk[r] = 0.0
                        for w in range(q):
                            zk[r] += units.Z[i, grouping, w] * basis[A, w, r]
                    for k in range(K):
                        x = units.local[i, k] * q
                        for w in range(q):
                            if x < t:
                                e += v[k, w] * f[x + w]
                            for r in range(q):
                                if x < t:
                                    D[r, x + w] += zk[r] * v[k, w]
                                else:
                                    E[units.local[i, k] - n_shared, r, w] += zk[r] * v[k, w]
                    for r in range(q):
                        shown[r] += zk[r] * e
                n_inner = units.touched_start[A + 1] - begin - n_shared
                lengths[A, s] = squared_length(q, t, a, R, H, D, E, n_inner, shown, W)
