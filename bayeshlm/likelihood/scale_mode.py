"""One group whose level-1 SD varies: h at a deviation, its mode, the shares of the nodes in its integral.

In the notation of `bayeshlm.likelihood.scale_kernel`.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED, PIECE
from bayeshlm.likelihood.scale_room import (
    LOG_SD,
    MA,
    MKM,
    SQUARES,
    N,
    ScaleRoom,
    ScaleRows,
    T,
    project_group,
    sum_group,
)

type Array = NDArray[np.float64]

type Rule = tuple[Array, Array]
"""Nodes and log weights of `bayeshlm.likelihood.quadrature_rule.hermite_rule`, of one dimension."""

LOG_2PI = float(np.log(2 * np.pi))

MOST_STEPS = 100
"""Newton's steps to a mode, and halvings of them, at most."""

SMALL_STEP, FLAT = 1e-7, 1e-5
"""Step, in SDs of b, after which the mode is found; up to which h is too flat to tell whether it rises."""

LONGEST = 2.0
"""Longest step, in SDs of b's prior."""

APART = 1e-4
"""Distance of the slopes whose difference is the curvature, in SDs of b's prior."""


@numba.njit(fastmath=IN_ORDER, **INLINED)
def _invert(room: ScaleRoom) -> float:
    """Fill C and the inverse of M; return ``log|M|``."""
    q, log_det = len(room.a), 0.0
    M, C, inverse = room.M, room.C, room.inverse
    for r in range(q):
        for s in range(r + 1):
            total = M[r, s]
            for t in range(s):
                total -= C[r, t] * C[s, t]
            C[r, s] = np.sqrt(total) if r == s else total / C[s, s]
        log_det += 2.0 * np.log(C[r, r])
    for k in range(q):
        for r in range(q):
            total = 1.0 if r == k else 0.0
            for t in range(r):
                total -= C[r, t] * inverse[t, k]
            inverse[r, k] = total / C[r, r]
        for r in range(q - 1, -1, -1):
            total = inverse[r, k]
            for t in range(r + 1, q):
                total -= C[t, r] * inverse[t, k]
            inverse[r, k] = total / C[r, r]
    return log_det


@numba.njit(fastmath=IN_ORDER, **INLINED)
def at_b(b: float, room: ScaleRoom) -> tuple[float, float]:
    """``h(b)`` of a group and its slope; minus infinity where a number overflows. Fills w, mu and M's inverse."""
    q, t = len(room.a), room.numbers[T]
    scale = np.exp(-2.0 * t * b)
    for r in range(q):
        for s in range(q):
            room.M[r, s] = scale * room.H[r, s] + (1.0 if r == s else 0.0)
        room.w[r] = room.Fa[r] - b * room.FKm[r]
    log_det = _invert(room)
    squares = room.numbers[SQUARES] - 2.0 * b * room.numbers[MA] + b * b * room.numbers[MKM]
    explained, moved, bent, trace = 0.0, 0.0, 0.0, 0.0
    for r in range(q):
        room.mu[r] = 0.0
        for s in range(q):
            room.mu[r] += scale * room.inverse[r, s] * room.w[s]
        explained += room.w[r] * room.mu[r]
        moved += room.FKm[r] * room.mu[r]
        trace += room.inverse[r, r]
    for r in range(q):
        for s in range(q):
            bent += room.mu[r] * room.H[r, s] * room.mu[s]
    value = -0.5 * (b * b + LOG_2PI) - room.numbers[N] * t * b - 0.5 * log_det - 0.5 * scale * (squares - explained)
    slope = -b - room.numbers[N] * t + t * (q - trace)
    slope += scale * (t * (squares - 2.0 * explained + bent) + room.numbers[MA] - b * room.numbers[MKM] - moved)
    if not np.isfinite(value):
        return -np.inf, 0.0
    return value, slope


@numba.njit(fastmath=IN_ORDER, **INLINED)
def find_mode(start: float, room: ScaleRoom) -> tuple[float, float]:
    """Mode of h, and ``sqrt(-h'')`` there; nan where none was found."""
    here, held, step, curvature, values, slopes = start, -np.inf, 0.0, 0.0, np.empty(3), np.empty(3)
    for _ in range(MOST_STEPS):
        for k in range(3):
            values[k], slopes[k] = at_b(here + step + (k - 1) * APART, room)
        if values[1] < held and abs(step) * np.sqrt(curvature) > FLAT:  # beyond the mode
            step *= 0.5
            continue
        here, held = here + step, values[1]
        curvature = (slopes[0] - slopes[2]) / (2.0 * APART)
        if not np.isfinite(held) or not np.isfinite(curvature):
            break
        if curvature > 0.0:
            step = min(max(slopes[1] / curvature, -LONGEST), LONGEST)
            if abs(step) * np.sqrt(curvature) < SMALL_STEP:
                return here, np.sqrt(curvature)
        else:
            step, curvature = np.sign(slopes[1]) * 0.5, 1.0
    return np.nan, np.nan


@numba.njit(**PIECE)
def enter_group(low: int, high: int, start: float, rows: ScaleRows, room: ScaleRoom) -> tuple[float, float]:
    """Take up a group by its rows: `find_mode` from `start`, the room filled with what h takes of it."""
    sum_group(low, high, rows, room)
    project_group(room)
    mode, scale = find_mode(start, room)
    return mode, scale


@numba.njit(fastmath=IN_ORDER, **INLINED)
def log_integral(mode: float, root: float, rule: Rule, shares: Array, room: ScaleRoom) -> float:
    """Fill the shares of the nodes in the integral of a group; return the log density of its outcomes."""
    (nodes, log_weights), top, total = rule, -np.inf, 0.0
    for k in range(len(log_weights)):
        shares[k] = -np.inf
        if log_weights[k] > -1e200:  # others stand there to fill vectors
            shares[k] = log_weights[k] + at_b(mode + nodes[0, k] / root, room)[0]
        top = max(top, shares[k])
    for k in range(len(log_weights)):
        shares[k] = np.exp(shares[k] - top)
        total += shares[k]
    for k in range(len(log_weights)):
        shares[k] /= total
    constant = -0.5 * room.numbers[N] * LOG_2PI - room.numbers[LOG_SD]
    return float(top + np.log(total) - np.log(root) + constant)


@numba.njit(fastmath=IN_ORDER, **INLINED)
def fill_cover(b: float, room: ScaleRoom) -> float:
    """After `at_b`: ``u = E[u | b]`` in w, ``d = a - K u``, ``cover = M^-1 F'``; return ``E |e - Z u|_S^2``."""
    q, squares = len(room.a), room.numbers[SQUARES]
    for r in range(q):
        room.w[r] = room.m[r] * b
        for s in range(q):
            room.w[r] += room.F[r, s] * room.mu[s]
            room.cover[r, s] = 0.0
            for t in range(q):
                room.cover[r, s] += room.inverse[r, t] * room.F[s, t]
    for r in range(q):
        room.d[r] = room.a[r]
        for s in range(q):
            room.d[r] -= room.K[r, s] * room.w[s]
            squares += room.H[r, s] * room.inverse[r, s]
        squares -= room.w[r] * (room.a[r] + room.d[r])
    return float(squares)
