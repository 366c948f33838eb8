"""Effects of groups and densities of groups and rows with a level-1 model, as machine code over the rows.

With P the precision of a group's residuals (`bayeshlm.likelihood.level1_weights`), ``e = y - X gamma`` and
``A = Z'P Z``: ``u | y ~ N(C Z'P e, C)``, ``C = (G^-1 + A)^-1``; ``log p(y_j)`` is that of a normal distribution; and a
row given all others of its group is normal with precision ``P_ii - (P Z C Z'P)_ii`` and residual ``(P (e - Z E[u]))_i``
over that precision (Sundararajan & Keerthi 2001, Neural Computation 13, 1103-1118). Sums keep their order, so that a
group's numbers do not depend on which others there are.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.scaling import IntArray
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_kernel import LOG_2PI
from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED, factor_row, products_with_factor

type Array = NDArray[np.float64]

TINY = 2.220446049250313e-16
"""Share of a row's precision that its group leaves, at least."""


class GroupRows(NamedTuple):
    """The N rows of some groups, group after group.

    Attributes
    ----------
    y, X, Z : (N,), (N, p), (N, q) arrays
        In the user's columns, y less its offset.
    A : (N, k) array
        Columns of the logarithm of the SD; of one sigma none.
    before, after : (N,) arrays of int
        Position of the row before and after in time; -1 where there is none.
    gap : (N,) array
        Time since the row before.
    first : (B + 1,) array of int
        First row of each group, and N.
    correlation : (1,) array of int
        As `bayeshlm.likelihood.level1_weights.Level1Weights` has it.
    """

    y: Array
    X: Array
    Z: Array
    A: Array
    before: IntArray
    after: IntArray
    gap: Array
    first: IntArray
    correlation: IntArray


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _scaled_rows(rows: GroupRows, gamma: Array, phi: Array, residual: Array, sd: Array, power: Array) -> float:
    """Fill residuals and SDs of the rows and their correlation with the row before; return rho."""
    k = rows.A.shape[1]
    rho = phi[-1] if rows.correlation[0] > 0 else 0.0
    for i in range(len(rows.y)):
        log_sd, e = 0.0, rows.y[i]
        for c in range(k):
            log_sd += rows.A[i, c] * phi[c]
        for c in range(len(gamma)):
            e -= rows.X[i, c] * gamma[c]
        sd[i] = np.exp(log_sd) if k > 0 else phi[0]
        residual[i] = e
        power[i] = rho ** rows.gap[i] if rows.before[i] >= 0 else 0.0
    return float(rho)


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _precision_times(
    rows: GroupRows, low: int, high: int, rho: float, power: Array, sd: Array, values: Array, out: Array
) -> None:
    """Fill ``P v`` of the rows of a group."""
    if rows.correlation[0] == 2:
        total = 0.0
        for i in range(low, high):
            total += values[i] / sd[i]
        share = rho / (1.0 + (high - low - 1.0) * rho)
        for i in range(low, high):
            out[i] = (values[i] / sd[i] - share * total) / ((1.0 - rho) * sd[i])
        return
    for i in range(low, high):
        b, a = rows.before[i], rows.after[i]
        found = values[i] / sd[i]
        if b >= 0:
            found = (found - power[i] * values[b] / sd[b]) / (1.0 - power[i] * power[i])
        if a >= 0:
            r = power[a]
            found += (r * r * values[i] / sd[i] - r * values[a] / sd[a]) / (1.0 - r * r)
        out[i] = found / sd[i]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _diagonal(rows: GroupRows, i: int, size: int, rho: float, power: Array, sd: Array) -> float:
    """``P_ii`` of a row of a group with so many."""
    found = 1.0
    if rows.correlation[0] == 2:
        found = (1.0 - rho / (1.0 + (size - 1.0) * rho)) / (1.0 - rho)
    else:
        if rows.before[i] >= 0:
            found = 1.0 / (1.0 - power[i] * power[i])
        if rows.after[i] >= 0:
            r = power[rows.after[i]]
            found += r * r / (1.0 - r * r)
    return float(found / (sd[i] * sd[i]))


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _log_det(rows: GroupRows, low: int, high: int, rho: float, power: Array, sd: Array) -> float:
    """``log|V|`` of the residuals of a group."""
    total, size = 0.0, high - low
    for i in range(low, high):
        total += 2.0 * np.log(sd[i]) + np.log1p(-power[i] * power[i])
    if rows.correlation[0] == 2:
        total += (size - 1.0) * np.log1p(-rho) + np.log(1.0 + (size - 1.0) * rho)
    return total


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def level1_conditionals(
    gamma: Array,
    chol: Array,
    phi: Array,
    rows: GroupRows,
    mean: Array,
    root: Array,
    log_likelihood: Array,
    wanted: IntArray,
    row_densities: Array,
) -> None:
    """Fill mean (S, q, B) and root (S, q, q, B), and unless they are of length 0 the densities.

    Where mean and root are of length 1 they are those of the last draw.

    Parameters
    ----------
    gamma, chol, phi : arrays, (S, p), (S, q, q), (S, a)
        In the user's columns.
    rows : GroupRows
    log_likelihood : array, (S, B)
    wanted : array of int, (n,)
        Rows whose densities given the others of their group are asked for.
    row_densities : array, (n, S)
    """
    q, n_rows, n_groups = rows.Z.shape[1], len(rows.y), len(rows.first) - 1
    e, sd, power, part = np.empty(n_rows), np.empty(n_rows), np.empty(n_rows), np.empty(n_rows)
    Pe, PZ, along = np.empty(n_rows), np.empty((q, n_rows)), np.empty(q)
    A, c, det = np.empty((q, q, n_groups)), np.empty((q, n_groups)), np.empty(n_groups)
    AL, K, v, back = np.empty((q, q)), np.empty((q, q)), np.empty(q), np.empty((q, q))
    group = np.empty(n_rows, dtype=np.int64)
    for j in range(n_groups):
        for i in range(rows.first[j], rows.first[j + 1]):
            group[i] = j
    for s in range(len(gamma)):
        to = s if len(mean) > 1 else 0
        L = chol[s]
        rho = _scaled_rows(rows, gamma[s], phi[s], e, sd, power)
        for j in range(n_groups):
            low, high = rows.first[j], rows.first[j + 1]
            _precision_times(rows, low, high, rho, power, sd, e, Pe)
            for r in range(q):
                for i in range(low, high):
                    part[i] = rows.Z[i, r]
                _precision_times(rows, low, high, rho, power, sd, part, PZ[r])
                total = 0.0
                for i in range(low, high):
                    total += rows.Z[i, r] * Pe[i]
                c[r, j] = total
            for r in range(q):
                for t in range(q):
                    total = 0.0
                    for i in range(low, high):
                        total += rows.Z[i, t] * PZ[r, i]
                    A[r, t, j] = total
            products_with_factor(L, A, j, AL)
            det[j], length = 1.0, 0.0
            for r in range(q):
                length = factor_row(1.0, L, AL, c, j, r, K, v, det, length)
            for r in range(q):  # root K' = L, and the mean
                mean[to, r, j] = 0.0
                for t in range(q):
                    total = L[r, t]
                    for m in range(t):
                        total -= back[r, m] * K[t, m]
                    back[r, t] = total / K[t, t]
                    root[to, r, t, j] = back[r, t]
                    mean[to, r, j] += back[r, t] * v[t]
            if len(log_likelihood) > 0:
                total = -length
                for i in range(low, high):
                    total += e[i] * Pe[i]
                total += _log_det(rows, low, high, rho, power, sd) + np.log(det[j])
                log_likelihood[s, j] = -0.5 * ((high - low) * LOG_2PI + total)
        for n in range(len(row_densities)):
            i = wanted[n]
            j = group[i]
            own = _diagonal(rows, i, rows.first[j + 1] - rows.first[j], rho, power, sd)
            residual, shared = Pe[i], 0.0
            for r in range(q):
                residual -= PZ[r, i] * mean[to, r, j]
            for t in range(q):
                along[t] = 0.0
                for r in range(q):
                    along[t] += root[to, r, t, j] * PZ[r, i]
                shared += along[t] * along[t]
            left = max(own - shared, TINY * own)
            row_densities[n, s] = 0.5 * (np.log(left) - LOG_2PI - residual * residual / left)
