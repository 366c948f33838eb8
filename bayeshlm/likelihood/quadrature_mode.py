"""The modes of the random effects of groups given their outcomes: where the nodes of the quadrature are placed.

With ``u = L b``, b standard normal, the mode is that of ``h(b) = sum_i w_i log p(y_i | eta_i + z_i'L b) - b'b/2``.
Newton's method with the information of the rows, which is never negative, so that every step climbs; a step that does
not is halved. Expected information may be half of the curvature or less, so that steps end as high on the other side
of the mode: where one went down again, the next is cut to where the slopes of the two ends say that the mode is. It
begins where the caller says, near the mode at other parameters, and from b = 0 where the density vanishes there. Where
that ends nowhere the caller is told, since nodes elsewhere would give a density that is wrong and not smooth. The
groups of a block take their steps together.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np

from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED

TOLERANCE = 1e-10
"""Squared length, in standard deviations of b, that the last step has at most: twice what it adds to h."""

MAX_EVALUATIONS = 300

SLACK = 1e-12
"""Relative rounding error of h, which is no descent."""


@cache
def row_loop(row: Any) -> Any:
    """A numba function that writes a row's three numbers over its predictor, its outcome and its size, for n rows.

    Parameters
    ----------
    row : numba function
        A `bayeshlm.families.family.Row`, compiled.
    """

    @numba.njit(**INLINED)
    def loop(n, at, y, size, auxiliary):  # type: ignore[no-untyped-def]
        for i in range(n):
            at[i], y[i], size[i] = row(y[i], size[i], at[i], auxiliary)

    return loop


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _collect(g, low, high, place, rows, room):  # type: ignore[no-untyped-def]
    """Fill M and slope from the rows of a group, which begin at `place` in the room; return h at its trial."""
    total, n = 0.0, high - low
    for i in range(n):
        weight = rows.weight[low + i]
        total += weight * room.at[place + i]
        room.y[place + i] *= weight
        room.size[place + i] *= weight
    for r in range(len(room.slope)):
        total -= 0.5 * room.trial[g, r] * room.trial[g, r]
        slope = 0.0
        for i in range(n):
            slope += rows.Z[r, low + i] * room.y[place + i]
        room.slope[r] = slope
        for s in range(r + 1):
            information = 0.0
            for i in range(n):
                information += rows.Z[r, low + i] * rows.Z[s, low + i] * room.size[place + i]
            room.M[r, s] = information
            room.M[s, r] = information
    return total


@numba.njit(**INLINED)
def _newton_step(g, chol, room):  # type: ignore[no-untyped-def]
    """Fill a group's C and step ``(C C')^-1 h'`` at its mode; return the step's squared length."""
    q, C, step, length = len(room.slope), room.root[g], room.step[g], 0.0
    for r in range(q):
        for s in range(r + 1):
            total = 1.0 if r == s else 0.0
            for t in range(r, q):
                for v in range(s, q):
                    total += chol[t, r] * room.M[t, v] * chol[v, s]
            for t in range(s):
                total -= C[r, t] * C[s, t]
            C[r, s] = np.sqrt(total) if r == s else total / C[s, s]
        forward = -room.mode[g, r]
        for t in range(r, q):
            forward += chol[t, r] * room.slope[t]
        for t in range(r):
            forward -= C[r, t] * step[t]
        step[r] = forward / C[r, r]
        length += step[r] * step[r]
    for r in range(q - 1, -1, -1):
        for t in range(r + 1, q):
            step[r] -= C[t, r] * step[t]
        step[r] /= C[r, r]
    return length


@numba.njit(**INLINED)
def _next_share(g, chol, room):  # type: ignore[no-untyped-def]
    """The whole step; where h falls at the trial half as steeply as it rose, the secant's share of it."""
    q, end = len(room.slope), 0.0
    for r in range(q):
        slope = -room.trial[g, r]
        for t in range(r, q):
            slope += chol[t, r] * room.slope[t]
        end += room.step[g, r] * slope
    if end > -0.5 * room.rise[g]:
        return 1.0
    return room.share[g] * room.rise[g] / (room.rise[g] - end)


@numba.njit(**INLINED)
def remember(start, stop, origin, room):  # type: ignore[no-untyped-def]
    """Look for the next modes of the groups from `start` to `stop` from those that the room has, if they are finite."""
    for g in range(stop - start):
        for r in range(len(room.slope)):
            mode = room.mode[g, r]
            origin[start + g, r] = mode if np.isfinite(mode) else 0.0


@cache
def mode_finder(row: Any) -> Any:
    """A numba function that finds the modes of a block of groups for the outcomes of one family.

    Parameters
    ----------
    row : numba function
        A `bayeshlm.families.family.Row`, compiled.

    Returns
    -------
    numba function
        Of ``(chol, auxiliary, rows, eta, first, start, stop, origin, room)``: fills ``room.mode`` and ``room.root`` of
        the groups from `start` to `stop`, the fixed part of whose rows' predictors is in `eta`, from the b in ``origin
        (J, q)``. False if one was not found.
    """
    loop = row_loop(row)

    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def find_modes(chol, auxiliary, rows, eta, first, start, stop, origin, room):  # type: ignore[no-untyped-def]
        q, n_active = len(room.slope), stop - start
        for g in range(n_active):
            room.active[g], room.value[g], room.share[g] = g, -np.inf, 1.0
            for r in range(q):
                room.trial[g, r] = origin[start + g, r]
        for _ in range(MAX_EVALUATIONS):
            place = 0
            for c in range(n_active):
                g = room.active[c]
                low, n = first[start + g], first[start + g + 1] - first[start + g]
                for i in range(n):
                    room.at[place + i] = eta[low + i]
                    room.y[place + i] = rows.y[low + i]
                    room.size[place + i] = rows.size[low + i]
                for r in range(q):
                    u = 0.0
                    for s in range(r + 1):
                        u += chol[r, s] * room.trial[g, s]
                    for i in range(n):
                        room.at[place + i] += u * rows.Z[r, low + i]
                place += n
            loop(place, room.at, room.y, room.size, auxiliary)
            place, n_left = 0, 0
            for c in range(n_active):
                g = room.active[c]
                low, high = first[start + g], first[start + g + 1]
                value = _collect(g, low, high, place, rows, room)
                place += high - low
                begun = room.value[g] > -np.inf
                if not (begun or np.isfinite(value)) and np.any(room.trial[g] != 0.0):
                    for r in range(q):
                        room.trial[g, r] = 0.0
                    room.active[n_left] = g
                    n_left += 1
                    continue
                if not begun or value >= room.value[g] - SLACK * (1.0 + abs(room.value[g])):
                    room.value[g], room.share[g] = value, _next_share(g, chol, room) if begun else 1.0
                    for r in range(q):
                        room.mode[g, r] = room.trial[g, r]
                    room.rise[g] = length = _newton_step(g, chol, room)
                    if not (np.isfinite(value) and np.isfinite(length)):
                        return False
                    if length < TOLERANCE:
                        for r in range(q):
                            room.mode[g, r] += room.step[g, r]
                        continue
                else:
                    room.share[g] *= 0.5
                for r in range(q):
                    room.trial[g, r] = room.mode[g, r] + room.share[g] * room.step[g, r]
                room.active[n_left] = g
                n_left += 1
            n_active = n_left
            if n_active == 0:
                return True
        return False

    return find_modes
