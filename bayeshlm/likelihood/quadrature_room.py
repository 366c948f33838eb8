"""The rows that quadrature works on, and the memory that a block of groups is worked on in.

Groups are taken some at a time, so that the rows of small groups fill the machine's vectors together and everything
about them stays in its cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import INLINED

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]

BLOCK_ROWS = 256
"""Rows of a block, unless a single group has more."""


class Rows(NamedTuple):
    """Rows sorted by group, the data of the row-wise kernels.

    Attributes
    ----------
    y, size, offset, weight : (N,) arrays
        Outcome, its number of trials, the known part of the predictor, and how many rows of the data a row stands for,
        or the sum of their sampling weights.
    X, Z : (p, N), (q, N) arrays
        Columns of the fixed effects, in the coordinates of gamma that the density takes, and of the random effects.
    """

    y: Array
    size: Array
    offset: Array
    weight: Array
    X: Array
    Z: Array


class Room(NamedTuple):
    """Memory for a block of at most n rows and n groups, q effects and K nodes.

    Attributes
    ----------
    at, y : (n K,) arrays
        Predictors and outcomes of rows, or of rows at nodes; then, in their place, log probabilities and slopes.
    size : (n,) array
        Numbers of trials; then, in their place, information.
    mode, trial, step : (n, q) arrays
        Of each group; `trial` and `step` while the mode is looked for.
    root : (n, q, q) array
        C of ``C C' = -h''``.
    value, rise, share : (n,) arrays
        h at `mode`, its slope along the whole step, and the share of the step that is tried.
    active : (n,) array of int
        Groups whose mode is looked for.
    M, slope : (q, q), (q,) arrays
        ``sum_i info_i z_i z_i'`` and ``sum_i slope_i z_i``.
    b, u : (n, q, K), (q, K) arrays
        Nodes of each group; ``L b`` of one.
    log_terms : (n, K) array
        Logarithms of what is summed over the nodes.
    """

    at: Array
    y: Array
    size: Array
    mode: Array
    trial: Array
    step: Array
    root: Array
    value: Array
    rise: Array
    share: Array
    active: IntArray
    M: Array
    slope: Array
    b: Array
    u: Array
    log_terms: Array


@numba.njit(**INLINED)
def block_end(first: IntArray, start: int) -> int:
    """The group behind the block of groups that begins with group `start`."""
    stop = start + 1
    while stop < len(first) - 1 and first[stop + 1] - first[start] <= BLOCK_ROWS:
        stop += 1
    return stop


@numba.njit(**INLINED)
def make_room(first: IntArray, q: int, n_nodes: int) -> Room:
    """Room for the largest block of groups that begin at the rows `first (J + 1,)`."""
    n = 1
    for j in range(len(first) - 1):
        n = max(n, first[j + 1] - first[j])
    n = max(n, min(BLOCK_ROWS, first[-1]))
    m = min(n, len(first) - 1)
    return Room(
        np.empty(n * n_nodes),
        np.empty(n * n_nodes),
        np.empty(n),
        np.empty((m, q)),
        np.empty((m, q)),
        np.empty((m, q)),
        np.empty((m, q, q)),
        np.empty(m),
        np.empty(m),
        np.empty(m),
        np.empty(m, dtype=np.int64),
        np.empty((q, q)),
        np.empty(q),
        np.empty((m, q, n_nodes)),
        np.empty((q, n_nodes)),
        np.empty((m, n_nodes)),
    )
