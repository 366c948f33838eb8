"""The precision of correlated level-1 residuals as a sum of fixed matrices: weights, log determinant, derivatives.

With ``s_i = exp(A_i alpha)`` the SD of row i, p the row before it, d the time since, and n_j the rows of a group::

    no correlation      V^-1 = sum_i 1/s_i^2 (i, i)
    AR(1)               V^-1 = sum_first 1/s_i^2 (i, i)
                             + sum_others 1/(1 - rho^2d) [(i, i)/s_i^2 - 2 rho^d (i, p)/(s_i s_p) + rho^2d (p, p)/s_p^2]
    compound symmetry   V^-1 = 1/(1 - rho) [sum_i (i, i)/s_i^2 - rho/(1 + (n_j - 1) rho) sum_i,k (i, k)/(s_i s_k)]

where ``(i, k)`` is the matrix with 1/2 in the places i, k and k, i (1 in i, i). Every weight is a function of rho and d
or n_j times ``exp(-b'alpha)``, b the sum of two rows of A, so that rows of one pattern share their cross-products.
One sigma is the column of ones, ``alpha = log sigma``.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.scaling import IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.gaussian_pieces import INLINED

type Array = NDArray[np.float64]

ALONE, OWN, BEFORE_AND_OWN, BEFORE, EACH, PAIR = range(6)
"""What a weight is beside ``exp(-b'alpha)``: 1; of AR(1) the three of a pair; of compound symmetry the two."""


MOST_PAIRS = 10_000_000
"""Pairs of patterns in groups, at most: to find those that are alike takes some 200 bytes a pair."""


class Level1Weights(NamedTuple):
    """What weights and log determinant are made of.

    Attributes
    ----------
    kind, lag : (M,) arrays
        Kind of each weight; d, or n_j.
    b : (M, k) array
        With one sigma k = 1.
    log_sd : (k,) array
        Sum of the rows of A, ``sum_i log s_i = log_sd'alpha``.
    det_lag, det_count : (T,) arrays
        ``log|R|``: of AR(1) ``log(1 - rho^2d)`` times how often; of compound symmetry that of groups of n_j rows.
    correlation : (1,) array
        0 none, 1 AR(1), 2 compound symmetry.
    """

    kind: IntArray
    lag: Array
    b: Array
    log_sd: Array
    det_lag: Array
    det_count: Array
    correlation: IntArray


class Terms(NamedTuple):
    """The summands of the precision, before those of one pattern are put together.

    Attributes
    ----------
    first, second, weight : arrays of int
        Rows i, k and the number of the weight. Rows past the last are sums over rows.
    sums : (N,) array of int
        Which of these sums each row is in; empty where there are none.
    """

    first: IntArray
    second: IntArray
    weight: IntArray
    sums: IntArray


def columns_of(level1: Level1Model) -> Array:
    """A, or the column of ones of one sigma, (N, k)."""
    return level1.A if level1.A.shape[1] else np.ones((len(level1.A), 1))


def weights_and_terms(level1: Level1Model, codes: IntArray) -> tuple[Level1Weights, Terms]:
    """Find the distinct weights of a level-1 model, and which pairs of rows have which.

    Raises
    ------
    OptionError
        Compound symmetry has too many pairs of SDs.
    """
    A, rows = columns_of(level1), np.arange(len(level1.A))
    det, sums = (np.empty(0), np.empty(0)), np.empty(0, dtype=np.int64)
    if level1.correlation == "ar1":
        own = np.flatnonzero(level1.previous >= 0)
        before, gap = level1.previous[own], level1.gap[own]
        first = np.flatnonzero(level1.previous < 0)
        i, k = np.concatenate([first, own, own, before]), np.concatenate([first, own, before, before])
        kind = np.repeat([ALONE, OWN, BEFORE_AND_OWN, BEFORE], [len(first), *[len(own)] * 3])
        lag = np.concatenate([np.zeros(len(first)), gap, gap, gap])
        det = _counted(gap)
    elif level1.correlation == "cs":
        sums, of_sum, first, second = _pairs_of_sums(A, codes)
        i, k = np.concatenate([rows, len(rows) + first]), np.concatenate([rows, len(rows) + second])
        kind = np.repeat([EACH, PAIR], [len(rows), len(first)])
        n = np.bincount(codes).astype(np.float64)
        lag = np.concatenate([np.zeros(len(rows)), n[codes[of_sum[first]]]])
        A, det = np.concatenate([A, A[of_sum]]), _counted(n)
    else:
        i = k = rows
        kind, lag = np.full(len(rows), ALONE), np.zeros(len(rows))
    table = np.column_stack([kind, lag, A[i] + A[k]])
    distinct, weight = np.unique(table, axis=0, return_inverse=True)
    made = Level1Weights(
        kind=distinct[:, 0].astype(np.int64),
        lag=distinct[:, 1].copy(),
        b=np.ascontiguousarray(distinct[:, 2:]),
        log_sd=A[: len(rows)].sum(axis=0),
        det_lag=det[0],
        det_count=det[1],
        correlation=np.array([{"": 0, "ar1": 1, "cs": 2}[level1.correlation]]),
    )
    return made, Terms(i, k, weight.reshape(-1), sums)


def _counted(values: Array) -> tuple[Array, Array]:
    distinct, count = np.unique(values, return_counts=True)
    return distinct, count.astype(np.float64)


def _pairs_of_sums(A: Array, codes: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Sums over rows of one pattern in a group: that of each row, a row of each, all ordered pairs of a group."""
    _, pattern = np.unique(A, axis=0, return_inverse=True)
    key = codes * (pattern.max() + 1) + pattern.reshape(-1)
    _, of_sum, sums = np.unique(key, return_index=True, return_inverse=True)
    n = np.bincount(codes[of_sum])
    if (pairs := int((n**2).sum())) > MOST_PAIRS:
        raise OptionError(
            f"the SDs of rows have so many values that compound symmetry has {pairs:,} pairs of them in the groups,"
            " which do not fit into memory: let the SDs depend on categories, or write a random intercept, not cs."
        )
    starts, others = np.cumsum(n) - n, n[codes[of_sum]]
    first = np.repeat(np.arange(len(of_sum)), others)
    within = np.arange(len(first)) - np.repeat(np.cumsum(others) - others, others)
    return sums.reshape(-1), of_sum, first, starts[codes[of_sum[first]]] + within


@numba.njit(**INLINED)
def fill_weights(weights: Level1Weights, alpha: Array, rho: float, w: Array, slope: Array) -> None:
    """Fill the weights (M,) and their derivatives in rho (M,); those in alpha are ``-w b``."""
    kind, lag, b = weights.kind, weights.lag, weights.b
    for m in range(len(kind)):
        scale = 0.0
        for c in range(len(alpha)):
            scale -= b[m, c] * alpha[c]
        scale = np.exp(scale)
        w[m], slope[m] = scale, 0.0
        if kind[m] == EACH:
            w[m] = scale / (1.0 - rho)
            slope[m] = w[m] / (1.0 - rho)
        elif kind[m] == PAIR:
            rest = 1.0 + (lag[m] - 1.0) * rho
            w[m] = -scale * rho / (rest * (1.0 - rho))
            slope[m] = -scale * (1.0 + (lag[m] - 1.0) * rho * rho) / (rest * rest * (1.0 - rho) * (1.0 - rho))
        elif kind[m] != ALONE:
            d = lag[m]
            power, d_power = rho**d, d * rho ** (d - 1.0)
            left = 1.0 - power * power
            if abs(rho) > 0.5:
                left = -np.expm1(2.0 * d * np.log(abs(rho)))
            if kind[m] == OWN:
                w[m], slope[m] = scale / left, scale * 2.0 * power * d_power / (left * left)
            elif kind[m] == BEFORE:
                w[m], slope[m] = scale * power * power / left, scale * 2.0 * power * d_power / (left * left)
            else:
                w[m] = -2.0 * scale * power / left
                slope[m] = -2.0 * scale * d_power * (1.0 + power * power) / (left * left)


@numba.njit(**INLINED)
def log_determinant(weights: Level1Weights, alpha: Array, rho: float) -> tuple[float, float]:
    """``log|V|`` and its derivative in rho; that in alpha is ``2 log_sd``."""
    total, slope = 0.0, 0.0
    for c in range(len(alpha)):
        total += 2.0 * weights.log_sd[c] * alpha[c]
    for t in range(len(weights.det_lag)):
        d, count = weights.det_lag[t], weights.det_count[t]
        if weights.correlation[0] == 1:
            power = rho**d
            left = 1.0 - power * power
            if abs(rho) > 0.5:
                left = -np.expm1(2.0 * d * np.log(abs(rho)))
            total += count * np.log(left)
            slope -= count * 2.0 * power * d * rho ** (d - 1.0) / left
        else:
            rest = 1.0 + (d - 1.0) * rho
            total += count * ((d - 1.0) * np.log1p(-rho) + np.log(rest))
            slope += count * ((d - 1.0) / rest - (d - 1.0) / (1.0 - rho))
    return total, slope
