"""Least squares within each group, from the cross-products: no pass over the rows."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.design import Design
from bayeshlm.design.gram import inverse_scaled
from bayeshlm.design.scaling import FloatArray


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
    return np.asarray(coefficient_means(design, products.ols)[:, random] + deviation)
