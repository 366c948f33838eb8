"""Random effects and densities of groups whose level-1 SD varies, at many draws of the parameters.

As `bayeshlm.likelihood.quadrature_effects`, but for one integral a group: given v, which is ``tau b``, u is normal.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED
from bayeshlm.likelihood.scale_mode import Rule, at_b, enter_group, fill_cover, find_mode, log_integral
from bayeshlm.likelihood.scale_room import (
    LOG_SD,
    SQUARES,
    TAU,
    N,
    Parameters,
    ScaleRoom,
    ScaleRows,
    fill_parameters,
    make_scale_room,
    project_group,
)

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _root_of(second: Array, mean: Array, root: Array) -> None:
    """A lower factor of the covariance matrix with these second moments, also where it is singular."""
    for r in range(len(mean)):
        for s in range(r + 1):
            total = second[r, s] - mean[r] * mean[s]
            for t in range(s):
                total -= root[r, t] * root[s, t]
            root[r, s] = np.sqrt(max(total, 0.0)) if r == s else (total / root[s, s] if root[s, s] > 0.0 else 0.0)
            root[s, r] = root[r, s] if r == s else 0.0


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def scale_moments(
    draws: Parameters,
    rows: ScaleRows,
    first: IntArray,
    rule: Rule,
    log_likelihood: Array,
    mean: Array,
    root: Array,
    modes: Array,
) -> None:
    """Moments of the effects, and densities of the outcomes, of B groups.

    Parameters
    ----------
    draws : tuple of arrays, (S, p), (S, q + 1, q + 1), (S, k)
        `Parameters` at S draws.
    rows, first, rule : ScaleRows, (B + 1,) array of int, Rule
        As `bayeshlm.likelihood.scale_kernel.scale_density` takes them.
    log_likelihood : (S, B) array
        Filled, as are the others.
    mean, root : (S, q + 1, B), (S, q + 1, q + 1, B) arrays
        Means of u and v, and factors of their covariance matrices; nan where a mode was not found.
    modes : (B, 1) array
        Of b at the last draw.
    """
    (gamma, chol, alpha), (nodes, log_weights) = draws, rule
    q, n_groups = len(rows.Z), len(first) - 1
    room, shares = make_scale_room(rows), np.empty(len(log_weights))
    center, second, factor = np.empty(q + 1), np.empty((q + 1, q + 1)), np.zeros((q + 1, q + 1))
    modes[:] = 0.0
    for d in range(len(gamma)):
        fill_parameters((gamma[d], chol[d], alpha[d]), rows, room)
        for j in range(n_groups):
            mode, scale = enter_group(first[j], first[j + 1], modes[j, 0], rows, room)
            if not np.isfinite(scale):
                log_likelihood[d, j] = np.nan
                mean[d, :, j] = np.nan
                root[d, :, :, j] = np.nan
                modes[j, 0] = 0.0
                continue
            modes[j, 0] = mode
            log_likelihood[d, j] = log_integral(mode, scale, rule, shares, room)
            center[:] = 0.0
            second[:] = 0.0
            for k in range(len(shares)):
                if shares[k] == 0.0:
                    continue
                b = mode + nodes[0, k] / scale
                at_b(b, room)
                fill_cover(b, room)
                v = room.numbers[TAU] * b
                for r in range(q):
                    center[r] += shares[k] * room.w[r]
                    second[q, r] += shares[k] * v * room.w[r]
                    for s in range(r + 1):
                        total = room.w[r] * room.w[s]
                        for t in range(q):
                            total += room.F[r, t] * room.cover[t, s]
                        second[r, s] += shares[k] * total
                center[q] += shares[k] * v
                second[q, q] += shares[k] * v * v
            _root_of(second, center, factor)
            for r in range(q + 1):
                mean[d, r, j] = center[r]
                for s in range(q + 1):
                    root[d, r, s, j] = factor[r, s]


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def scale_draws(
    draws: Parameters,
    rows: ScaleRows,
    first: IntArray,
    noise: Array,
    log_weights: Array,
    log_uniform: Array,
    normal: Array,
    u: Array,
) -> Array:
    """Draw v by independence Metropolis, and u given v.

    Parameters
    ----------
    draws, rows, first
        As `scale_moments` takes them.
    noise, log_weights, log_uniform : (S, B, T) arrays
        T t distributed proposals, minus the log of their density, and logarithms of uniform numbers.
    normal : (S, B, q) array
        Standard normal numbers.
    u : (S, q + 1, B) array
        Filled, v the last.

    Returns
    -------
    array, (B,)
        The share of steps that each group's chains took.
    """
    (gamma, chol, alpha), q, n_groups, n_steps = draws, len(rows.Z), len(first) - 1, noise.shape[2]
    room, taken, origin = make_scale_room(rows), np.zeros(n_groups), np.zeros(n_groups)
    for d in range(len(gamma)):
        fill_parameters((gamma[d], chol[d], alpha[d]), rows, room)
        for j in range(n_groups):
            mode, scale = enter_group(first[j], first[j + 1], origin[j], rows, room)
            origin[j] = mode if np.isfinite(scale) else 0.0
            b, held = mode, -np.inf
            for k in range(n_steps):
                new = mode + noise[d, j, k] / scale
                value = at_b(new, room)[0] + log_weights[d, j, k]
                if k == 0 or log_uniform[d, j, k] < value - held:
                    b, held = new, value
                    taken[j] += 1.0 if k > 0 else 0.0
            at_b(b, room)
            for r in range(q - 1, -1, -1):  # eps = mu + C'^-1 normal
                total = normal[d, j, r]
                for s in range(r + 1, q):
                    total -= room.C[s, r] * room.d[s]
                room.d[r] = total / room.C[r, r]
            u[d, q, j] = room.numbers[TAU] * b
            for r in range(q):
                u[d, r, j] = room.m[r] * b
                for s in range(q):
                    u[d, r, j] += room.F[r, s] * (room.mu[s] + room.d[s])
    share: Array = taken / (len(gamma) * (n_steps - 1))
    return share


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _take_row(i: int, sign: float, log_sd: float, rows: ScaleRows, room: ScaleRoom) -> None:
    """Take a row out of the sums of its group, with sign -1, or put it back."""
    weight = sign * room.weight[i]
    room.numbers[N] += sign
    room.numbers[LOG_SD] += sign * log_sd
    room.numbers[SQUARES] += weight * room.e[i] * room.e[i]
    for r in range(len(room.a)):
        room.a[r] += weight * rows.Z[r, i] * room.e[i]
        for s in range(len(room.a)):
            room.K[r, s] += weight * rows.Z[r, i] * rows.Z[s, i]


@cached
@numba.njit(fastmath=IN_ORDER, **INLINED)
def scale_rows_left_out(
    draws: Parameters,
    rows: ScaleRows,
    first: IntArray,
    rule: Rule,
    densities: Array,
) -> None:
    """Fill ``densities (N, S)``, the log densities of the rows of some groups given the others of each.

    They are ``log p(y_j) - log p(y_j without the row)``, each with nodes of its own; the other arguments are those of
    `scale_moments`.
    """
    (gamma, chol, alpha), n_groups = draws, len(first) - 1
    room, shares, origin = make_scale_room(rows), np.empty(len(rule[1])), np.zeros(n_groups)
    for d in range(len(gamma)):
        fill_parameters((gamma[d], chol[d], alpha[d]), rows, room)
        for j in range(n_groups):
            low, high = first[j], first[j + 1]
            mode, scale = enter_group(low, high, origin[j], rows, room)
            origin[j] = mode if np.isfinite(scale) else 0.0
            whole = log_integral(mode, scale, rule, shares, room)
            for i in range(low, high):
                log_sd = -0.5 * np.log(room.weight[i])
                _take_row(i, -1.0, log_sd, rows, room)
                project_group(room)
                near, root = find_mode(mode, room)
                rest = log_integral(near, root, rule, shares, room)
                densities[i, d] = whole - rest
                _take_row(i, 1.0, log_sd, rows, room)
