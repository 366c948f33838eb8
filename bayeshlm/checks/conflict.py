"""Test whether a group is an outlier, given the other groups."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.group_effects import Conditionals
from bayeshlm.reml.rotation import RotatedProducts

ERROR_RATE = 0.05
"""Share of data sets that follow the model in which some group is called outlying."""


def conflict_probabilities(
    given: Conditionals, rotated: RotatedProducts, groups: slice, weights: FloatArray
) -> FloatArray:
    """Probability of a group whose random effects lie further out than these, given the other groups.

    Parameters
    ----------
    given : Conditionals
        S draws of the parameters.
    rotated : RotatedProducts
        Of the cross-products of `given`.
    groups : slice
        B groups.
    weights : array, shape (B, S)
        Weights of the draws without each of the groups; rows of sum 1.

    Returns
    -------
    array, shape (B,)
        NaN for a group whose rows say nothing about the random effects. Under the model small values are as rare as
        they say, however uncertain the parameters are; values near 1 are not reached, because the draws differ about
        where the center is.

    Notes
    -----
    In an orthonormal basis Q of the columns of ``Z_j = Q C'`` the group shows ``Q'(y_j - X_j gamma) ~ N(0, C'G C +
    sigma^2 I)``, whose squared length in that metric is chi-square with as many degrees of freedom as Z_j has rank. Its
    upper tail is averaged over the posterior without the group: the cross-validated p of Marshall & Spiegelhalter
    (2007, Bayesian Analysis 2, 409-444).
    """
    products = given.products
    gamma = (given.gamma - products.ols) @ np.linalg.inv(products.x_transform).T
    scaled = np.linalg.inv(products.z_transform) @ given.chol
    q = scaled.shape[-1]
    sigma2 = given.sigma**2
    found = np.full(weights.shape[0], np.nan)
    for b, j in enumerate(range(groups.start, groups.stop)):
        if rotated.rank[j] == 0:
            continue
        shown = rotated.Qy[j] - gamma @ rotated.QX[j].T
        root = rotated.C[j].T @ scaled
        covariance = root @ root.swapaxes(-1, -2) + sigma2[:, None, None] * np.eye(q)
        length = np.einsum("sa,sa->s", shown, np.linalg.solve(covariance, shown[..., None])[..., 0])
        found[b] = weights[b] @ chdtrc(float(rotated.rank[j]), length)
    return found
