"""Nodes and weights of Gauss-Hermite quadrature in one and two dimensions."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

LANES = 8
"""Numbers that the machine works on at a time: nodes are added, with no weight, up to a multiple of it."""

NO_WEIGHT = -1e300


@cache
def hermite_rule(n_nodes: int, q: int) -> tuple[Array, Array]:
    """Nodes and log weights of a rule in q dimensions.

    Parameters
    ----------
    n_nodes : int
        K, in each dimension.
    q : int

    Returns
    -------
    nodes : (q, K^q or a few more)
        Zeros of the Hermite polynomial times ``sqrt(2)``: places in standard deviations.
    log_weights : (K^q or a few more,)
        ``log w_k + x_k'x_k / 2``, so that ``int f(x) dx`` is ``sum_k exp(log_weights_k) f(x_k)``.

    Examples
    --------
    >>> nodes, log_weights = hermite_rule(10, 1)
    >>> density = np.exp(-nodes[0] ** 2 / 2) / np.sqrt(2 * np.pi)
    >>> round(float(np.exp(log_weights) @ (density * nodes[0] ** 4)), 12)
    3.0
    """
    x, w = np.polynomial.hermite.hermgauss(n_nodes)
    one = np.log(w) + x * x + 0.5 * np.log(2)
    places = np.stack(np.meshgrid(*[np.sqrt(2) * x] * q, indexing="ij")).reshape(q, -1)
    logs = np.sum(np.meshgrid(*[one] * q, indexing="ij"), axis=0).ravel()
    size = -(-len(logs) // LANES) * LANES
    nodes, log_weights = np.zeros((q, size)), np.full(size, NO_WEIGHT)
    nodes[:, : len(logs)], log_weights[: len(logs)] = places, logs
    return nodes, log_weights
