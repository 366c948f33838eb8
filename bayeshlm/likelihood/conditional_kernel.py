"""The groups' effects given data and parameters as machine code: draws outside, groups inside, no rows.

With ``a = 1/sigma^2``, ``e_j = y_j - X_j gamma`` and ``c_j = Z_j'e_j``, ``u_j | y ~ N(a V_j c_j, V_j)`` with
``V_j = (G^-1 + a Z_j'Z_j)^-1``. For two effects, without a cancellation in the variances or the determinant::

    V = (G + a |G| adj(Z'Z)) / d      d = |I + a Z'Z G| = 1 + a tr(Z'Z G) + a^2 |Z'Z| |G|      |V| = |G| / d

and for more through the Cholesky factor of ``I + a L' Z_j'Z_j L``. The groups are the last axis of every array.
Sums keep their order, so that a group's numbers depend neither on the machine's threads nor on other groups.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import (
    IN_ORDER,
    INLINED,
    PIECE,
    applied,
    det_of_two,
    factor_row,
    kernel_of_effects,
    products_with_factor,
    residual_products,
    scaled_parameters,
    squared_det,
    times,
)
from bayeshlm.likelihood.kernel_products import ColumnScaling, EffectProducts
from bayeshlm.likelihood.vector_math import log

type Array = NDArray[np.float64]


class EffectRoom(NamedTuple):
    """Memory for B groups at one draw.

    Attributes
    ----------
    g : (p,) array
        Fixed effects of the scaled columns.
    b, c : (q, B) arrays
        As `bayeshlm.likelihood.gaussian_pieces.residual_products` fills them.
    det, shrunk : (B,) arrays
        ``d_j`` and ``a c_j'V_j c_j``.
    """

    g: Array
    b: Array
    c: Array
    det: Array
    shrunk: Array


@numba.njit(**PIECE)
def make_effect_room(n_fixed: int, products: EffectProducts) -> EffectRoom:
    """Memory for the groups of some products."""
    shape = products.Zty.shape
    return EffectRoom(np.empty(n_fixed), np.empty(shape), np.empty(shape), np.empty(shape[1]), np.empty(shape[1]))


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _one_effect(
    a: float, L: Array, S: Array, ZtZ: Array, c: Array, mean: Array, root: Array, det: Array, shrunk: Array
) -> None:
    """Fill mean and root in the user's columns, ``d_j`` and ``a c_j'V_j c_j`` for q = 1."""
    g, scale = L[0, 0] * L[0, 0], S[0, 0]
    for j in range(c.shape[1]):
        det[j] = 1.0 + a * ZtZ[0, 0, j] * g
        variance = g / det[j]
        center = a * variance * c[0, j]
        shrunk[j] = c[0, j] * center
        mean[0, j] = scale * center
        root[0, 0, j] = scale * np.sqrt(variance)


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _two_effects(
    a: float, L: Array, S: Array, ZtZ: Array, c: Array, mean: Array, root: Array, det: Array, shrunk: Array
) -> None:
    """As `_one_effect` for q = 2."""
    g0 = L[0, 0] * L[0, 0] + L[0, 1] * L[0, 1]
    g1 = L[0, 0] * L[1, 0] + L[0, 1] * L[1, 1]
    g2 = L[1, 0] * L[1, 0] + L[1, 1] * L[1, 1]
    det_G = squared_det(L)
    s00, s01, s10, s11 = S[0, 0], S[0, 1], S[1, 0], S[1, 1]
    z0, z1, z2 = ZtZ[0, 0], ZtZ[0, 1], ZtZ[1, 1]
    for j in range(c.shape[1]):
        # V_j and its mean, in the scaled columns.
        det_of_two(a, z0, z1, z2, g0, g1, g2, det_G, j, det)
        v0 = (g0 + a * det_G * z2[j]) / det[j]
        v1 = (g1 - a * det_G * z1[j]) / det[j]
        v2 = (g2 + a * det_G * z0[j]) / det[j]
        m0 = a * (v0 * c[0, j] + v1 * c[1, j])
        m1 = a * (v1 * c[0, j] + v2 * c[1, j])
        # Its Cholesky factor, |V_j| = |G| / d taken from the determinants.
        r00 = np.sqrt(v0)
        r10 = v1 / r00 if v0 > 0.0 else 0.0
        r11 = np.sqrt(det_G / (det[j] * v0)) if v0 > 0.0 else np.sqrt(v2)
        # Both in the user's columns.
        shrunk[j] = c[0, j] * m0 + c[1, j] * m1
        mean[0, j] = s00 * m0 + s01 * m1
        mean[1, j] = s10 * m0 + s11 * m1
        root[0, 0, j] = s00 * r00 + s01 * r10
        root[0, 1, j] = s01 * r11
        root[1, 0, j] = s10 * r00 + s11 * r10
        root[1, 1, j] = s11 * r11


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _many_effects(
    a: float, L: Array, S: Array, ZtZ: Array, c: Array, mean: Array, root: Array, det: Array, shrunk: Array
) -> None:
    """As `_one_effect` for any q: with ``K K' = M_j`` the root is ``S L K^-T``, the mean ``a root K^-1 L'c_j``."""
    q, n_groups = c.shape
    ZL, K, v = np.empty((q, q)), np.empty((q, q)), np.empty(q)
    SL, back = np.empty((q, q)), np.empty((q, q))
    times(S, L, SL)
    for j in range(n_groups):
        products_with_factor(L, ZtZ, j, ZL)
        det[j], length = 1.0, 0.0
        for r in range(q):
            length = factor_row(a, L, ZL, c, j, r, K, v, det, length)
        shrunk[j] = a * length
        # back K' = S L, by back substitution, and the mean.
        for r in range(q):
            mean[r, j] = 0.0
            for s in range(q):
                total = SL[r, s]
                for t in range(s):
                    total -= back[r, t] * K[s, t]
                back[r, s] = total / K[s, s]
                root[r, s, j] = back[r, s]
                mean[r, j] += a * back[r, s] * v[s]


@cache
def one_draw(n_effects: int) -> Any:
    """A numba function for so many random effects.

    It fills the room, mean and root at one draw of the parameters.
    """

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def at_draw(
        gamma: Array,
        chol: Array,
        sigma: float,
        scaling: ColumnScaling,
        S: Array,
        products: EffectProducts,
        room: EffectRoom,
        mean: Array,
        root: Array,
    ) -> None:
        ZtZ, ZtX, Zty, W, to_parts = products
        g, b, c, det, shrunk = room
        q = len(c)
        a = 1.0 / (sigma * sigma)
        L, parts = np.empty((q, q)), np.empty(len(to_parts))
        scaled_parameters(gamma, chol, scaling, g, L)
        applied(to_parts, g, parts)
        residual_products(ZtZ, ZtX, Zty, W, parts, b, c)
        if n_effects == 1:
            _one_effect(a, L, S, ZtZ, c, mean, root, det, shrunk)
        elif n_effects == 2:
            _two_effects(a, L, S, ZtZ, c, mean, root, det, shrunk)
        else:
            _many_effects(a, L, S, ZtZ, c, mean, root, det, shrunk)

    return at_draw


@kernel_of_effects
def conditional_normals(n_effects: int) -> Any:
    """A numba function for so many random effects, the same for all beyond 2.

    It fills mean (S, q, B), root (S, q, q, B) and, unless it is of length 0, log_likelihood (S, B). Where
    mean and root are of length 1 they are those of the last draw: room for the log likelihood alone. Its arguments:

    gamma, chol, sigma : arrays, (S, p), (S, q, q), (S,)
        Draws in the user's columns; ``chol chol' = G``.
    scaling : ColumnScaling
    S : array, (q, q)
        ``u = S u_s`` are the user's effects of those of the columns that the cross-products were formed of.
    products : EffectProducts
    totals : tuple of arrays, (p, p, B), (p, B), (B,), (B,)
        XtX, Xty, yty of each group, and its number of rows; XtX and Xty of no group (B = 0) where ``X_j g = Z_j b_j``.
    """
    at_draw = one_draw(n_effects)

    @cached
    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def normals(
        gamma: Array,
        chol: Array,
        sigma: Array,
        scaling: ColumnScaling,
        S: Array,
        products: EffectProducts,
        totals: tuple[Array, Array, Array, Array],
        mean: Array,
        root: Array,
        log_likelihood: Array,
    ) -> None:
        XtX, Xty, yty, n = totals
        Zty = products.Zty
        (q, n_groups), p = Zty.shape, gamma.shape[1]
        room, rss = make_effect_room(p, products), np.empty(n_groups)
        g, b, c, det, shrunk = room
        for s in range(len(sigma)):
            to = s if len(mean) > 1 else 0
            at_draw(gamma[s], chol[s], sigma[s], scaling, S, products, room, mean[to], root[to])
            if len(log_likelihood) > 0:
                # Residual sums of squares |y_j - X_j gamma|^2, y'y - b'(Z'y + c) or y'y - g'(2 X'y - X'X g).
                for j in range(n_groups):
                    rss[j] = yty[j]
                if XtX.shape[2] == 0:
                    for r in range(q):
                        for j in range(n_groups):
                            rss[j] -= b[r, j] * (Zty[r, j] + c[r, j])
                else:
                    for k in range(p):
                        for t in range(k):
                            for j in range(n_groups):
                                rss[j] += 2.0 * g[k] * g[t] * XtX[k, t, j]
                        for j in range(n_groups):
                            rss[j] += g[k] * (g[k] * XtX[k, k, j] - 2.0 * Xty[k, j])
                a = 1.0 / (sigma[s] * sigma[s])
                log_scale = np.log(2.0 * np.pi / a)
                for j in range(n_groups):
                    log_likelihood[s, j] = -0.5 * (n[j] * log_scale + log(det[j]) + a * (rss[j] - shrunk[j]))

    return normals


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def fixed_part(gamma: Array, W: Array, coefficient: NDArray[np.int64], out: Array) -> None:
    """Fill out (S, C, B) with ``W_j gamma`` of gamma (S, p); row k of W (p, B) belongs to one coefficient."""
    for s in range(len(gamma)):
        for r in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[s, r, j] = 0.0
        for k in range(len(W)):
            for j in range(out.shape[2]):
                out[s, coefficient[k], j] += gamma[s, k] * W[k, j]
