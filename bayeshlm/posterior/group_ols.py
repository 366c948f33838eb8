"""Least squares within each group, from the cross-products: no pass over the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray

_NOTHING = 1e-20
_SINGULAR = 1e-10


def has_ols(products: CrossProducts) -> NDArray[np.bool_]:
    """Whether ``Z_j'Z_j`` can be inverted: the groups HLM bases its reliabilities and chi-squares on.

    A group is left out when a column of Z is nothing but rounding error in it, or when the smallest eigenvalue of
    Z_j'Z_j, scaled to a unit diagonal, is below 1e-10.

    Returns
    -------
    array (J,) of bool
    """
    squares = np.einsum("jqq->jq", products.ZtZ)
    alive = squares > _NOTHING * products.n[:, None] * squares.sum(axis=0) / products.n.sum()
    scale = np.sqrt(np.where(alive, squares, 1.0))
    smallest = np.linalg.eigvalsh(products.ZtZ / (scale[:, :, None] * scale[:, None, :]))[:, 0]
    return np.asarray(alive.all(axis=1) & (smallest > _SINGULAR))


def inverse_scaled(products: CrossProducts) -> FloatArray:
    """``(Zs_j'Zs_j)^-1`` of the scaled columns, NaN where it does not exist: array (J, q, q)."""
    exists = has_ols(products)
    inverse = np.full(products.ZtZ.shape, np.nan)
    some = products.ZtZ[exists]
    scale = np.sqrt(np.einsum("jqq->jq", some))
    outer = scale[:, :, None] * scale[:, None, :]
    inverse[exists] = np.linalg.inv(some / outer) / outer
    return inverse


def inverse_within(products: CrossProducts) -> FloatArray:
    """``(Z_j'Z_j)^-1`` in the user's columns, NaN where it does not exist: array (J, q, q)."""
    S = products.z_transform
    return np.asarray(S @ inverse_scaled(products) @ S.T)


def group_ols(design: Design, gamma: FloatArray) -> FloatArray:
    """Each group's own estimate of the coefficients that have a random effect.

    Regresses ``y_j - X_j gamma_f`` on ``Z_j``, where gamma_f holds the fixed effects of the coefficients without a
    random effect, and zero elsewhere.

    Parameters
    ----------
    design : Design
        Its cross-products are used.
    gamma : array (p,)
        Fixed effects, such as their posterior means.

    Returns
    -------
    array (J, q)
        NaN for groups whose Z_j'Z_j is singular.
    """
    products = design.cross_products
    random = design.random_coefficients
    of_random = {design.coefficients[c].label for c in random}
    only_fixed = np.array([column.coefficient not in of_random for column in design.fixed], dtype=bool)
    shift = np.where(only_fixed, products.ols - gamma, 0.0)
    moments = products.Zty + products.ZtX @ np.linalg.solve(products.x_transform, shift)
    deviation = np.einsum("jqr,jr->jq", inverse_scaled(products), moments) @ products.z_transform.T
    return np.asarray(design.W[:, random, :] @ products.ols + deviation)
