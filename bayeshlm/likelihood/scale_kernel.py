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

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED
from bayeshlm.likelihood.scale_mode import Rule, at_b, enter_group, fill_cover, log_integral
from bayeshlm.likelihood.scale_room import N, Parameters, S, ScaleRows, T, fill_parameters, make_scale_room

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def scale_density(
    parameters: Parameters, rows: ScaleRows, first: IntArray, rule: Rule, origin: Array
) -> tuple[float, Array, Array, Array]:
    """Log density of the outcomes and its derivatives with respect to gamma, L, all of its elements, and alpha.

    Parameters
    ----------
    parameters : tuple of arrays
        Gamma, L, of whose rows the signs are of no account, and alpha.
    rows, first : ScaleRows and (J + 1,) array of int
        Where the rows of each group begin, and where the last one's end.
    rule : tuple of arrays
    origin : (J, 1) array
        b from which the modes are looked for.
    """
    (gamma, _, alpha), (nodes, log_weights) = parameters, rule
    q, effect = len(rows.Z), rows.effect[0]
    room, shares, density = make_scale_room(rows), np.empty(len(log_weights)), 0.0
    d_gamma, d_chol, d_alpha = np.zeros(len(gamma)), np.zeros((q + 1, q + 1)), np.zeros(len(alpha))
    Eu, Euu, cover_P = np.empty(q), np.empty((q, q)), np.empty((q, q))
    fill_parameters(parameters, rows, room)
    for j in range(len(first) - 1):
        low, high = first[j], first[j + 1]
        mode, root = enter_group(low, high, origin[j, 0], rows, room)
        if not np.isfinite(root):
            return -np.inf, d_gamma, d_chol, d_alpha
        density += log_integral(mode, root, rule, shares, room)
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
