"""``W_j gamma``: what the fixed effects say of each group's coefficients, and single rows of W."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray


def coefficient_means(design: Design, gamma: FloatArray) -> FloatArray:
    """Fixed part ``W_j gamma`` of the coefficients of every group.

    Parameters
    ----------
    design : Design
        J groups, C coefficients, p fixed effects.
    gamma : (..., p) array

    Returns
    -------
    (..., J, C) array

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> [column.coefficient for column in design.fixed]
    ['b0', 'b0', 'b0', 'b1', 'b1', 'b1']
    >>> sector, meanses = design.W[0, 1:3]
    >>> means = coefficient_means(design, np.array([12.0, 1.0, 5.0, 2.0, -1.0, 1.0]))
    >>> bool(np.allclose(means[0], [12 + sector + 5 * meanses, 2 - sector + meanses]))
    True
    """
    means = np.zeros((*gamma.shape[:-1], design.n_groups, len(design.coefficients)))
    for k, coefficient in enumerate(design.coefficient_of):
        means[..., coefficient] += gamma[..., k, None] * design.W[:, k]
    return means


def rows_of_coefficients(design: Design, values: FloatArray) -> FloatArray:
    """Rows of W, (C, p), in a group whose level-2 terms have the values (p,): each in the row of its coefficient."""
    rows = np.zeros((len(design.coefficients), len(values)))
    rows[design.coefficient_of, np.arange(len(values))] = values
    return rows
