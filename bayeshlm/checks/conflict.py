"""Test whether a group is an outlier, given the other groups."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.reml.rotation import RotatedProducts

ERROR_RATE = 0.05
"""Share of data sets that follow the model in which some group is called outlying."""


def conflict_probabilities(
    posterior: Draws, rotated: RotatedProducts, groups: IntArray, weights: FloatArray
) -> FloatArray:
    """Probability of a group whose random effects lie further out than these, given the other groups.

    Parameters
    ----------
    posterior : Draws
        S draws of the parameters; of the design, or of fits without some of its rows.
    rotated : RotatedProducts
        Of the design's cross-products.
    groups : array of int, (B,)
        Positions.
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
    products = posterior.design.cross_products
    gamma = (posterior.flat(posterior.gamma) - products.ols) @ np.linalg.inv(products.x_transform).T
    to_scaled = np.linalg.inv(products.z_transform)
    G = to_scaled @ posterior.flat(posterior.G) @ to_scaled.T
    q = G.shape[-1]
    sigma2 = posterior.flat(posterior.scaled_sigma2)
    found = np.full(weights.shape[0], np.nan)
    for b, j in enumerate(groups):
        if rotated.rank[j] == 0:
            continue
        shown = rotated.Qy[j] - gamma @ rotated.QX[j].T
        covariance = rotated.C[j].T @ G @ rotated.C[j] + sigma2[:, None, None] * np.eye(q)
        length = np.einsum("sa,sa->s", shown, np.linalg.solve(covariance, shown[..., None])[..., 0])
        found[b] = weights[b] @ chdtrc(float(rotated.rank[j]), length)
    return found


def weighted_tails(lengths: FloatArray, ranks: IntArray, weights: FloatArray) -> FloatArray:
    """As `conflict_probabilities`, from the squared lengths of groups, (B, S), and their degrees of freedom, (B,).

    With several groupings what the group shows is compared with what all other rows expect of it, given each draw:
    `bayeshlm.likelihood.left_out_densities.LeftOutDensities`.
    """
    tails = np.einsum("bs,bs->b", weights, chdtrc(np.maximum(ranks, 1)[:, None].astype(float), lengths))
    return np.asarray(np.where(ranks > 0, tails, np.nan))
