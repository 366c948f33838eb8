"""What a block of groups adds to the density and its gradient, as machine code: products, effects, their sums.

A block is small enough for all that is written of it to stay in the processor's nearest cache, so that the
cross-products are read from memory once, whatever the number of groups. In the notation of
`bayeshlm.likelihood.gaussian_kernel`; the groups are the last axis of every array.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import (
    ANY_ORDER,
    INLINED,
    det_of_two,
    factor_row,
    products_with_factor,
)

type Array = NDArray[np.float64]

TOGETHER = 256
"""Groups of a block, at most."""

FACTORS = 16
"""Determinants whose product has one logarithm."""


def block_size(n_groups: int) -> int:
    """Groups of each block, a multiple of 4, so that blocks are about equal.

    Examples
    --------
    >>> block_size(257), block_size(160)
    (132, 160)
    """
    n_blocks = -(-n_groups // TOGETHER)
    size = -(-n_groups // n_blocks)
    return size + -size % 4


def in_blocks(values: Array) -> Array:
    """Per-group arrays (J, ...) as blocks (n, ..., B), the last one filled up with zeros, which add nothing.

    Examples
    --------
    >>> in_blocks(np.ones((257, 2))).shape, in_blocks(np.ones((160, 2, 6))).shape
    ((2, 2, 132), (1, 2, 6, 160))
    """
    n_groups, size = len(values), block_size(len(values))
    n_blocks = -(-n_groups // size)
    blocks = np.zeros((n_blocks * size, *values.shape[1:]))
    blocks[:n_groups] = values
    return np.ascontiguousarray(np.moveaxis(blocks.reshape(n_blocks, size, *values.shape[1:]), 1, -1))


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def shrunken(ZtZ: Array, ZtX: Array, W: Array, Gh: Array, spare: Array, shrunk: Array) -> None:
    """Add ``sum_j X_j'Z_j G h_j`` of a block to `shrunk`, by the parts that `residual_products` takes.

    Parameters
    ----------
    ZtZ, ZtX, W : (q, q, B), (q, d, B), (L - 1, B)
    Gh, spare : (q, B)
        The latter is written to.
    shrunk : (q L + d,)
    """
    q, d, n_groups = ZtX.shape
    n_levels = (len(shrunk) - d) // q
    if n_levels > 0:
        for r in range(q):
            for j in range(n_groups):
                spare[r, j] = 0.0
            for s in range(q):
                for j in range(n_groups):
                    spare[r, j] += ZtZ[min(r, s), max(r, s), j] * Gh[s, j]
            total = 0.0
            for j in range(n_groups):
                total += spare[r, j]
            shrunk[r * n_levels] += total
            for m in range(1, n_levels):
                total = 0.0
                for j in range(n_groups):
                    total += W[m - 1, j] * spare[r, j]
                shrunk[r * n_levels + m] += total
    for k in range(d):
        total = 0.0
        for r in range(q):
            for j in range(n_groups):
                total += ZtX[r, k, j] * Gh[r, j]
        shrunk[q * n_levels + k] += total


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def sum_of_logs(values: Array) -> float:
    """Sum of the logarithms of values of at least 1, a logarithm for many values at a time."""
    total, n = 0.0, len(values)
    whole = n // FACTORS * FACTORS
    for j in range(0, whole, FACTORS):
        product = 1.0
        for k in range(FACTORS):
            product *= values[j + k]
        total += np.log(product)
    product = 1.0
    for j in range(whole, n):
        product *= values[j]
    total += np.log(product)
    if not np.isfinite(total):  # a product beyond the largest number
        total = 0.0
        for j in range(n):
            total += np.log(values[j])
    return float(total)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def one_effect(a: float, G: Array, ZtZ: Array, c: Array, Gh: Array, det: Array, sum_P: Array, sum_hh: Array) -> float:
    """Fill `Gh` and `det`, add to the two sums for q = 1; return ``sum_j c_j'G h_j``."""
    g, z, c0, Gh0 = G[0, 0], ZtZ[0, 0], c[0], Gh[0]
    P, hh, quadratic = 0.0, 0.0, 0.0
    # A group at a time, as vectors: determinant, h_j, and what they add to the sums.
    for j in range(len(det)):
        det[j] = 1.0 + a * z[j] * g
        inverse = 1.0 / det[j]
        h = c0[j] * inverse
        Gh0[j] = g * h
        P += z[j] * inverse
        hh += h * h
        quadratic += c0[j] * Gh0[j]
    sum_P[0, 0] += P
    sum_hh[0, 0] += hh
    return quadratic


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def two_effects(
    a: float, det_G: float, G: Array, ZtZ: Array, c: Array, Gh: Array, det: Array, sum_P: Array, sum_hh: Array
) -> float:
    """As `one_effect` for q = 2, by the inverse of a 2 x 2 matrix, without a cancellation in its determinant."""
    z0, z1, z2 = ZtZ[0, 0], ZtZ[0, 1], ZtZ[1, 1]
    c0, c1, Gh0, Gh1 = c[0], c[1], Gh[0], Gh[1]
    g0, g1, g2 = G[0, 0], G[0, 1], G[1, 1]
    P0, P1, P2, h00, h01, h11, quadratic = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    # A group at a time, as vectors.
    for j in range(len(det)):
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
    sum_P[0, 0] += P0
    sum_P[0, 1] += P1
    sum_P[1, 0] += P1
    sum_P[1, 1] += P2
    sum_hh[0, 0] += h00
    sum_hh[0, 1] += h01
    sum_hh[1, 0] += h01
    sum_hh[1, 1] += h11
    return quadratic


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def two_effects_without_gradient(a: float, det_G: float, G: Array, ZtZ: Array, c: Array, det: Array) -> float:
    """Fill `det`, return ``sum_j c_j'G h_j = sum_j c_j'(G + a |G| adj(Z_j'Z_j)) c_j / d_j`` for q = 2, nothing else."""
    z0, z1, z2, c0, c1 = ZtZ[0, 0], ZtZ[0, 1], ZtZ[1, 1], c[0], c[1]
    g0, g1, g2, quadratic = G[0, 0], G[0, 1], G[1, 1], 0.0
    for j in range(len(det)):
        det_of_two(a, z0, z1, z2, g0, g1, g2, det_G, j, det)
        v0, v1, v2 = g0 + a * det_G * z2[j], g1 - a * det_G * z1[j], g2 + a * det_G * z0[j]
        quadratic += (c0[j] * (v0 * c0[j] + 2.0 * v1 * c1[j]) + v2 * c1[j] * c1[j]) / det[j]
    return quadratic


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def many_effects(a: float, L: Array, ZtZ: Array, c: Array, Gh: Array, det: Array, sum_P: Array, sum_hh: Array) -> float:
    """As `one_effect` for any q, through the Cholesky factor of ``I + a L' Z_j'Z_j L``."""
    q = len(L)
    ZL, K, v = np.empty((q, q)), np.empty((q, q)), np.empty(q)
    half = np.empty((q, q))  # K^-1 (Z L)'
    quadratic = 0.0
    for j in range(len(det)):
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
    return quadratic
