"""The density of a row given the other rows of its group, the group's random effects integrated out.

``p(y_ij | y_j without i, theta)`` is the question "a new row of a known group". Given u_j it would be a plain normal
density, but a small group's u_j follows its rows so closely that importance weights from it break down; the integrated
density does not depend on u_j (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829; Vehtari, Mononen, Tolvanen,
Sivula & Winther 2016, J. Machine Learning Research 17(103)).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.group_effects import Conditionals, GroupBlock


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
    and ``[V_j^-1]_ii = (1 - z_i'C_j z_i / sigma^2) / sigma^2``: nothing of the size of a group is inverted. Of rows
    whose SD is known it stands in the place of sigma.
    """
    from bayeshlm.likelihood.row_kernel import row_densities

    mean, root = (np.ascontiguousarray(np.moveaxis(values, 0, -1)) for values in (block.mean, block.root))
    unit = design.kept_rows.unit_of(rows)
    found = np.empty((len(rows), len(given.sigma)))
    row_densities(
        (design.y[rows] - design.offset[rows]) / unit,
        np.ascontiguousarray(design.X[rows] / unit[:, None]),
        np.ascontiguousarray(design.Z[rows] / unit[:, None]),
        design.group_codes[rows] - block.groups.start,
        np.ascontiguousarray(given.gamma.T),
        1 / given.sigma**2,
        mean,
        root,
        found,
    )
    return found - np.log(unit)[:, None]


def draws_together(block: GroupBlock) -> GroupBlock:
    """The same block with the draws of a group beside each other in memory, where rows are picked from it faster."""
    mean, root = (
        np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0) for values in (block.mean, block.root)
    )
    return replace(block, mean=mean, root=root)
