"""``W_j gamma``: what the fixed effects say of each group's coefficients, and single rows of W."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.unit_equations import ELSEWHERE


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


def unit_coefficients(design: Design, grouping: int, gamma: FloatArray, u: Sequence[FloatArray]) -> FloatArray:
    """Coefficients of the units of a grouping at S draws, (S, J, C); see `UnitEquations`.

    Parameters
    ----------
    design : Design
    grouping : int
        Its position.
    gamma : (S, p) array
    u : sequence of (S, J_k, q_k) arrays
        Of each grouping.
    """
    equations = design.equations[grouping]
    beta = np.zeros((len(gamma), len(equations.W), len(equations.coefficients)))
    for k, coefficient in enumerate(equations.coefficient_of):
        if coefficient != ELSEWHERE:
            beta[:, :, coefficient] += gamma[:, k, None] * equations.W[:, k]
    columns = (effects[:, :, r] for effects in u for r in range(effects.shape[2]))
    for r, (effect, coefficient) in enumerate(zip(columns, equations.random_coefficient, strict=True)):
        if coefficient != ELSEWHERE:
            beta[:, :, coefficient] += equations.V[:, r] * effect[:, equations.units[:, r]]
    return beta


def rows_of_coefficients(design: Design, values: FloatArray, grouping: int | None = None) -> FloatArray:
    """Rows of W, (C, p), in a unit whose terms have the values (p,): each in the row of its coefficient.

    Parameters
    ----------
    design : Design
    values : (p,) array
    grouping : int, optional
        Its position; of the only one where none is given.
    """
    equations = design.equations[design.only if grouping is None else grouping]
    there = np.flatnonzero(equations.coefficient_of != ELSEWHERE)
    rows = np.zeros((len(equations.coefficients), len(values)))
    rows[equations.coefficient_of[there], there] = values[there]
    return rows
