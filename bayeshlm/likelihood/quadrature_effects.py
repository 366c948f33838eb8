"""Random effects and densities of groups at many draws of the parameters, by the nodes of the density.

What is asked of a group is a sum over its nodes: the density of its outcomes, moments of its effects, the density of a
row given the others. Draws of its effects are exact but for how fast a Markov chain forgets its start. The modes at one
draw of the parameters are looked for from those at the draw before.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED
from bayeshlm.likelihood.quadrature_kernel import fixed_predictor, node_pass, normalized, place_nodes
from bayeshlm.likelihood.quadrature_mode import mode_finder, remember
from bayeshlm.likelihood.quadrature_room import block_end, make_room

PROPOSAL_DF = 5.0
"""Degrees of freedom of the proposals, whose tails are heavier than those of b."""

SAME_NODES = 0.1
"""Variance of a row's log probability given its group up to which the group's nodes serve without the row, too."""


@cache
def group_moments(row: Any) -> Any:
    """A numba function that fills densities of groups and moments of their random effects.

    Returns
    -------
    numba function
        Of ``(gamma, chol, auxiliary, rows, first, nodes, log_weights, log_likelihood, mean, root)``, with draws (S, p),
        (S, q, q) and (S, a) of the parameters and B groups: fills ``log_likelihood (S, B)``, the means of u ``(S, q,
        B)`` and factors of their covariance matrices ``(S, q, q, B)``; nan where a mode was not found.
    """
    find_modes, at_nodes = mode_finder(row), node_pass(row)

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def u_moments(g, at, chol, room, mean, root):  # type: ignore[no-untyped-def]
        """Moments of u of a group, from the shares of its nodes."""
        q, n_nodes = room.u.shape
        center, R = room.slope, room.M
        for r in range(q):
            center[r] = 0.0
            for k in range(n_nodes):
                center[r] += room.log_terms[g, k] * room.b[g, r, k]
        for r in range(q):
            for s in range(r + 1):
                total = 0.0
                for k in range(n_nodes):
                    total += room.log_terms[g, k] * (room.b[g, r, k] - center[r]) * (room.b[g, s, k] - center[s])
                for t in range(s):
                    total -= R[r, t] * R[s, t]
                R[r, s] = np.sqrt(max(total, 0.0)) if r == s else (total / R[s, s] if R[s, s] > 0.0 else 0.0)
                R[s, r] = R[r, s] if r == s else 0.0
        for r in range(q):
            mean[r, at] = 0.0
            for s in range(r + 1):
                mean[r, at] += chol[r, s] * center[s]
            for s in range(q):
                root[r, s, at] = 0.0
                for t in range(r + 1):
                    root[r, s, at] += chol[r, t] * R[t, s]

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def moments(  # type: ignore[no-untyped-def]
        gamma, chol, auxiliary, rows, first, nodes, log_weights, log_likelihood, mean, root
    ):
        q, n_nodes = nodes.shape
        room, origin = make_room(first, q, n_nodes), np.zeros((len(first) - 1, q))
        for d in range(len(gamma)):
            eta, start = fixed_predictor(gamma[d], rows), 0
            while start < len(first) - 1:
                stop = block_end(first, start)
                if find_modes(chol[d], auxiliary[d], rows, eta, first, start, stop, origin, room):
                    remember(start, stop, origin, room)
                    for g in range(stop - start):
                        place_nodes(g, nodes, log_weights, room)
                    at_nodes(chol[d], auxiliary[d], rows, eta, first, start, stop, room)
                    for g in range(stop - start):
                        log_likelihood[d, start + g] = normalized(g, room)
                        u_moments(g, start + g, chol[d], room, mean[d], root[d])
                else:
                    log_likelihood[d, start:stop] = np.nan
                    mean[d, :, start:stop] = np.nan
                    root[d, :, :, start:stop] = np.nan
                start = stop

    return cached(moments)


@cache
def standardized_modes(row: Any) -> Any:
    """A numba function of ``(gamma, chol, auxiliary, rows, first)``: the modes of b of all groups, (J, q).

    Zero where none was found.
    """
    find_modes = mode_finder(row)

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def modes(gamma, chol, auxiliary, rows, first):  # type: ignore[no-untyped-def]
        n_groups, q, start = len(first) - 1, len(chol), 0
        room, found, eta = make_room(first, q, 1), np.zeros((n_groups, q)), fixed_predictor(gamma, rows)
        while start < n_groups:
            stop = block_end(first, start)
            if find_modes(chol, auxiliary, rows, eta, first, start, stop, found, room):
                remember(start, stop, found, room)
            start = stop
        return found

    return cached(modes)


@cache
def effect_draws(row: Any) -> Any:
    """A numba function that draws random effects given the outcomes, by independence Metropolis.

    The proposals are t distributed around the mode, all of a group made and judged at once.

    Returns
    -------
    numba function
        Of ``(gamma, chol, auxiliary, rows, first, noise, log_weights, log_uniform, u)``, with t distributed noise ``(S,
        B, q, T)``, ``log_weights (S, B, T)`` minus the log of its density, and logarithms of uniform numbers ``(S, B,
        T)``: fills ``u (S, q, B)`` and returns the share of steps that each group's chains took, (B,).
    """
    find_modes, at_nodes = mode_finder(row), node_pass(row)

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def drawn(gamma, chol, auxiliary, rows, first, noise, log_weights, log_uniform, u):  # type: ignore[no-untyped-def]
        n_groups, q, n_steps = noise.shape[1:]
        room, taken, origin = make_room(first, q, n_steps), np.zeros(n_groups), np.zeros((n_groups, q))
        for d in range(len(gamma)):
            eta, start = fixed_predictor(gamma[d], rows), 0
            while start < n_groups:
                stop = block_end(first, start)
                found = find_modes(chol[d], auxiliary[d], rows, eta, first, start, stop, origin, room)
                remember(start, stop, origin, room)
                for g in range(stop - start):
                    place_nodes(g, noise[d, start + g], log_weights[d, start + g], room)
                at_nodes(chol[d], auxiliary[d], rows, eta, first, start, stop, room)
                for g in range(stop - start):
                    current = 0
                    for k in range(1, n_steps):
                        gain = room.log_terms[g, k] - room.log_terms[g, current]
                        if log_uniform[d, start + g, k] < gain:
                            current = k
                            taken[start + g] += 1.0
                    for r in range(q):
                        u[d, r, start + g] = 0.0 if found else np.nan
                        for s in range(r + 1):
                            u[d, r, start + g] += chol[d, r, s] * room.b[g, s, current]
                start = stop
        return taken / (len(gamma) * (n_steps - 1))

    return cached(drawn)


@cache
def rows_left_out(row: Any) -> Any:
    """A numba function that fills ``log p(y_i | the other rows, theta)`` of the rows of some groups.

    Returns
    -------
    numba function
        Of ``(gamma, chol, auxiliary, rows, first, nodes, log_weights, densities)``: fills ``densities (N, S)``. It is
        minus the log of the mean of ``1 / p(y_i | b)`` over b given all rows of the group where that hardly varies, and
        elsewhere the log density of the group less that without the row, each with nodes of its own.
    """
    find_modes, at_nodes = mode_finder(row), node_pass(row)

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def group_density(  # type: ignore[no-untyped-def]
        chol, auxiliary, rows, eta, first, j, nodes, log_weights, origin, room
    ):
        if not find_modes(chol, auxiliary, rows, eta, first, j, j + 1, origin, room):
            return np.nan
        remember(j, j + 1, origin, room)
        place_nodes(0, nodes, log_weights, room)
        at_nodes(chol, auxiliary, rows, eta, first, j, j + 1, room)
        return normalized(0, room)

    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def left_out(gamma, chol, auxiliary, rows, first, nodes, log_weights, densities):  # type: ignore[no-untyped-def]
        q, n_nodes = nodes.shape
        room, origin = make_room(first, q, n_nodes), np.zeros((len(first) - 1, q))
        for d in range(len(gamma)):
            eta = fixed_predictor(gamma[d], rows)
            for j in range(len(first) - 1):
                low, high = first[j], first[j + 1]
                whole = group_density(chol[d], auxiliary[d], rows, eta, first, j, nodes, log_weights, origin, room)
                for i in range(low, high):
                    mean, square, inverse, smallest = 0.0, 0.0, 0.0, np.inf
                    for k in range(n_nodes):
                        pi, value = room.log_terms[0, k], room.at[(i - low) * n_nodes + k]
                        if pi > 0.0:
                            mean += pi * value
                            square += pi * value * value
                            smallest = min(smallest, value)
                    for k in range(n_nodes):
                        if room.log_terms[0, k] > 0.0:
                            value = room.at[(i - low) * n_nodes + k]
                            inverse += room.log_terms[0, k] * np.exp(smallest - value)
                    near = square - mean * mean < SAME_NODES
                    densities[i, d] = smallest - np.log(inverse) if near else np.inf
                for i in range(low, high):
                    if not densities[i, d] < np.inf:
                        rows.weight[i] -= 1.0
                        densities[i, d] = whole - group_density(
                            chol[d], auxiliary[d], rows, eta, first, j, nodes, log_weights, origin, room
                        )
                        rows.weight[i] += 1.0

    return cached(left_out)
