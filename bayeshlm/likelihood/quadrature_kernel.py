"""The log density of outcomes in groups, the random effects integrated out by adaptive quadrature, and its gradient.

With ``u_j = L b_j``, b_j standard normal, h of `bayeshlm.likelihood.quadrature_mode`, m_j its mode, ``C_j C_j' =
-h''(m_j)`` and the nodes x_k of a Gauss-Hermite rule of weights w_k at ``b_k = m_j + C_j'^-1 x_k``::

    log p(y_j) = log sum_k w_k exp(x_k'x_k/2 + h(b_k)) - log|C_j| - q/2 log 2 pi

(Pinheiro & Bates 1995, J. Computational and Graphical Statistics 4, 12-35). With one node it is Laplace's
approximation; its error falls exponentially in their number. With pi_k the summands divided by their sum, the gradient
is that of the exact density under the same nodes, by Fisher's identity::

    d log p(y_j) / d theta = sum_k pi_k d log p(y_j | b_k, theta) / d theta
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED
from bayeshlm.likelihood.quadrature_mode import mode_finder
from bayeshlm.likelihood.quadrature_room import block_end, make_room

LOG_2PI = float(np.log(2 * np.pi))


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def fixed_predictor(gamma, rows):  # type: ignore[no-untyped-def]
    """``offset + X gamma`` of the rows, (N,)."""
    eta = rows.offset.copy()
    for k in range(len(gamma)):
        for i in range(len(eta)):
            eta[i] += gamma[k] * rows.X[k, i]
    return eta


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def place_nodes(g, nodes, log_weights, room):  # type: ignore[no-untyped-def]
    """Fill b of a group with ``mode + C'^-1 x`` of the nodes x, and its log terms without its rows."""
    q, n_nodes = nodes.shape
    log_det = 0.5 * q * LOG_2PI
    for r in range(q):
        log_det += np.log(room.root[g, r, r])
    for k in range(n_nodes):
        total = log_weights[k] - log_det
        for r in range(q - 1, -1, -1):
            place = nodes[r, k]
            for s in range(r + 1, q):
                place -= room.root[g, s, r] * (room.b[g, s, k] - room.mode[g, s])
            b = room.mode[g, r] + place / room.root[g, r, r]
            room.b[g, r, k] = b
            total -= 0.5 * b * b
        room.log_terms[g, k] = total


@cache
def node_pass(row: Any) -> Any:
    """A numba function that takes the rows of a block of groups through its nodes.

    Returns
    -------
    numba function
        Of ``(chol, auxiliary, rows, eta, first, start, stop, room)``: with K nodes of each group in ``room.b``, adds
        the log probabilities of its rows to ``room.log_terms``, and leaves in ``room.y`` their derivatives in the
        predictor, row after row and node after node, and in ``room.at`` the log probabilities of a row of the data.
    """

    @numba.njit(**INLINED)
    def loop(n, at, slope, y, size, weight, auxiliary):  # type: ignore[no-untyped-def]
        for k in range(n):
            value, rise, _ = row(y, size, at[k], auxiliary)
            at[k] = value
            slope[k] = weight * rise if value > -np.inf else 0.0

    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def at_nodes(chol, auxiliary, rows, eta, first, start, stop, room):  # type: ignore[no-untyped-def]
        q, n_nodes = room.u.shape
        place = 0
        for g in range(stop - start):
            for r in range(q):
                for k in range(n_nodes):
                    u = 0.0
                    for s in range(r + 1):
                        u += chol[r, s] * room.b[g, s, k]
                    room.u[r, k] = u
            for i in range(first[start + g], first[start + g + 1]):
                at, slope = room.at[place : place + n_nodes], room.y[place : place + n_nodes]
                for k in range(n_nodes):
                    at[k] = eta[i]
                for r in range(q):
                    z = rows.Z[r, i]
                    for k in range(n_nodes):
                        at[k] += z * room.u[r, k]
                loop(n_nodes, at, slope, rows.y[i], rows.size[i], rows.weight[i], auxiliary)
                for k in range(n_nodes):
                    room.log_terms[g, k] += rows.weight[i] * at[k]
                place += n_nodes

    return at_nodes


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def normalized(g, room):  # type: ignore[no-untyped-def]
    """Replace a group's log terms by the shares pi of their exponentials in the sum; return the sum's logarithm."""
    terms = room.log_terms[g]
    top = terms[0]
    for k in range(len(terms)):
        top = max(top, terms[k])
    total = 0.0
    for k in range(len(terms)):
        terms[k] = np.exp(terms[k] - top)
        total += terms[k]
    for k in range(len(terms)):
        terms[k] /= total
    return top + np.log(total)


@cache
def quadrature_density(row: Any, slope: Any) -> Any:
    """The log density of a family's outcomes and its gradient, as a numba function.

    Parameters
    ----------
    row, slope : numba function
        A `bayeshlm.families.family.Row` and its `RowSlope`, compiled.

    Returns
    -------
    numba function
        Of ``(gamma, chol, auxiliary, rows, first, nodes, log_weights, origin, group_weights)``, where gamma (p,), L
        ``chol (q, q)`` and the auxiliary parameters (a,) are the parameters, `rows` the `Rows`, those of group j from
        ``first[j]`` to ``first[j + 1]``, the nodes are from `bayeshlm.likelihood.quadrature_rule.hermite_rule`,
        ``origin (J, q)`` is where modes are looked for first, and ``group_weights (J,)`` is what the log density of
        each group is multiplied by. Returns the log density and its derivatives in gamma, chol and the auxiliary
        parameters. The density is nan where a mode was not found.
    """
    find_modes, at_nodes = mode_finder(row), node_pass(row)

    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def group_gradient(g, w, low, high, place, rows, room, residual, d_chol):  # type: ignore[no-untyped-def]
        """Fill w times the residuals of a group's rows, add to the derivative in chol; `room` has pi for log terms."""
        q, n_nodes = room.u.shape
        pi = room.log_terms[g]
        for r in range(q):
            for k in range(n_nodes):
                room.u[r, k] = 0.0
        for i in range(low, high):
            total = 0.0
            for k in range(n_nodes):
                total += pi[k] * room.y[place + k]
            residual[i] = w * total
            for r in range(q):
                z = rows.Z[r, i]
                for k in range(n_nodes):
                    room.u[r, k] += z * room.y[place + k]
            place += n_nodes
        for r in range(q):
            for s in range(r + 1):
                total = 0.0
                for k in range(n_nodes):
                    total += pi[k] * room.b[g, s, k] * room.u[r, k] if pi[k] > 0.0 else 0.0
                d_chol[r, s] += w * total

    @numba.njit(**INLINED)
    def auxiliary_gradient(  # type: ignore[no-untyped-def]
        g, w, low, high, chol, auxiliary, rows, eta, room, d_auxiliary
    ):
        """Add to the derivative in the auxiliary parameters, for a group of weight w."""
        q, n_nodes = room.u.shape
        for k in range(n_nodes):
            pi = w * room.log_terms[g, k]
            if pi > 0.0:
                for i in range(low, high):
                    predictor = eta[i]
                    for r in range(q):
                        for s in range(r + 1):
                            predictor += rows.Z[r, i] * chol[r, s] * room.b[g, s, k]
                    slope(rows.y[i], rows.size[i], predictor, auxiliary, rows.weight[i] * pi, d_auxiliary)

    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def density(  # type: ignore[no-untyped-def]
        gamma, chol, auxiliary, rows, first, nodes, log_weights, origin, group_weights
    ):
        (q, n_nodes), p, n_groups = nodes.shape, len(gamma), len(first) - 1
        room = make_room(first, q, n_nodes)
        eta, residual = fixed_predictor(gamma, rows), np.empty(len(rows.y))
        log_density, d_gamma, d_chol, d_auxiliary = 0.0, np.empty(p), np.zeros((q, q)), np.zeros(len(auxiliary))
        start = 0
        while start < n_groups:
            stop = block_end(first, start)
            if not find_modes(chol, auxiliary, rows, eta, first, start, stop, origin, room):
                log_density = np.nan
                break
            for g in range(stop - start):
                place_nodes(g, nodes, log_weights, room)
            at_nodes(chol, auxiliary, rows, eta, first, start, stop, room)
            for g in range(stop - start):
                low, high, w = first[start + g], first[start + g + 1], group_weights[start + g]
                log_density += w * normalized(g, room)
                group_gradient(g, w, low, high, (low - first[start]) * n_nodes, rows, room, residual, d_chol)
                if len(auxiliary) > 0:
                    auxiliary_gradient(g, w, low, high, chol, auxiliary, rows, eta, room, d_auxiliary)
            start = stop
        for k in range(p):
            total = 0.0
            for i in range(len(residual)):
                total += rows.X[k, i] * residual[i]
            d_gamma[k] = total
        return log_density, d_gamma, d_chol, d_auxiliary

    return cached(density)
