"""The density of a row given the other rows of its group, the group's random effects integrated out.

``p(y_ij | y_j without i, theta)`` is the question "a new row of a known group". Given u_j it would be a plain normal
density, but a small group's u_j follows its rows so closely that importance weights from it break down; the integrated
density does not depend on u_j (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829; Vehtari, Mononen, Tolvanen,
Sivula & Winther 2016, J. Machine Learning Research 17(103)).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayeshlm.checks.psis import Pointwise, leave_out, relative_efficiency
from bayeshlm.design.cross_products import sorting_order
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.group_effects import BLOCK, Conditionals, GroupBlock, in_threads
from bayeshlm.parameters.draws import Draws

CHUNK_NUMBERS = 1 << 19
"""Rows times draws worked on at a time: 4 MiB."""


def row_log_densities(given: Conditionals, design: Design, block: GroupBlock, rows: IntArray) -> FloatArray:
    """``log p(y_ij | y_j without i, theta)`` of rows of a block of groups.

    Parameters
    ----------
    given : Conditionals
        S draws of the parameters.
    design : Design
        Its rows.
    block : GroupBlock
        Conditional normals of the groups, whose rows `rows` are.
    rows : array of int, (n,)

    Returns
    -------
    array, shape (n, S)

    Notes
    -----
    With ``V_j = Z_j G Z_j' + sigma^2 I`` and ``e_j = y_j - X_j gamma`` the density is normal with mean
    ``y_i - [V_j^-1 e_j]_i / [V_j^-1]_ii`` and variance ``1 / [V_j^-1]_ii`` (Sundararajan & Keerthi 2001, Neural
    Computation 13, 1103-1118). With ``u_j | y_j, theta ~ N(m_j, C_j)``, ``[V_j^-1 e_j]_i = (e_i - z_i'm_j) / sigma^2``
    and ``[V_j^-1]_ii = (1 - z_i'C_j z_i / sigma^2) / sigma^2``: nothing of the size of a group is inverted.
    """
    codes = design.group_codes[rows] - block.groups.start
    mean, root = (np.moveaxis(values, 0, -1) for values in (block.mean, block.root))  # (q, B, S), (q, q, B, S)
    residual = (design.y - design.offset)[rows][:, None] - design.X[rows] @ given.gamma.T
    shares = np.zeros_like(residual)
    for r, z in enumerate(design.Z[rows].T):
        residual -= z[:, None] * mean[r, codes]
    for s in range(root.shape[1]):
        along = sum(z[:, None] * root[r, s, codes] for r, z in enumerate(design.Z[rows].T))
        shares += along * along
    precision = 1 / given.sigma**2
    free = np.maximum(1 - shares * precision, np.finfo(np.float64).eps)
    return np.asarray(0.5 * (np.log(free * precision / (2 * np.pi)) - residual * residual * precision / free))


def rows_left_out(posterior: Draws) -> Pointwise:
    """Leave each row out in turn, given the other rows of its group.

    Memory is a few MiB a thread, whatever the number of rows.

    Parameters
    ----------
    posterior : Draws

    Returns
    -------
    Pointwise
        In the order of the rows.
    """
    design = posterior.design
    given, efficiency = Conditionals.of(posterior), relative_efficiency(posterior)
    order = sorting_order(design.group_codes)
    order = np.arange(design.n_obs) if order is None else order
    ends = np.cumsum(design.n_per_group)
    chunk = max(CHUNK_NUMBERS // len(given.sigma), 1)
    found = Pointwise.empty(design.n_obs, len(given.sigma))

    def fill(start: int) -> FloatArray:
        block = _draws_together(given.block(start, likelihood=False))
        first, last = ends[start] - design.n_per_group[start], ends[block.groups.stop - 1]
        moved = np.zeros(len(given.sigma))
        for place in range(int(first), int(last), chunk):
            rows = order[place : min(place + chunk, int(last))]
            part = leave_out(row_log_densities(given, design, block, rows), efficiency)
            found.put(rows, part)
            moved += part.moved
        return moved

    found.moved[:] = sum(in_threads(fill, given.starts, "Leaving rows out"))
    return found


def _draws_together(block: GroupBlock) -> GroupBlock:
    """The same block with the draws of a group beside each other in memory, where rows are picked from it faster."""
    mean, root = (
        np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0) for values in (block.mean, block.root)
    )
    return replace(block, mean=mean, root=root)


def densities_of_row(given: Conditionals, design: Design, row: int) -> FloatArray:
    """``log p(y_ij | y_j without i, theta)`` of one row at each draw, (S,)."""
    block = given.block(int(design.group_codes[row]) // BLOCK * BLOCK, likelihood=False)
    return np.asarray(row_log_densities(given, design, block, np.array([row]))[0])
