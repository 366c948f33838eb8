"""Test whether a group is an outlier, given the other groups."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, erfc

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.reml.rotation import RotatedProducts

ERROR_RATE = 0.05
"""Share of data sets that follow the model in which some group is called outlying."""

TOGETHER = 8
"""Groups at a time: their arrays stay in the processor's caches."""


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
    found, sigma2 = np.empty(len(groups)), posterior.flat(posterior.scaled_sigma2)
    for start in range(0, len(groups), TOGETHER):
        part = slice(start, start + TOGETHER)
        lengths = _lengths(gamma, G, sigma2, rotated, groups[part])
        found[part] = weighted_tails(lengths, rotated.rank[groups[part]], weights[part])
    return found


def _lengths(
    gamma: FloatArray, G: FloatArray, sigma2: FloatArray, rotated: RotatedProducts, groups: IntArray
) -> FloatArray:
    """Squared lengths of what groups show, (B, S), by a Cholesky factorization of all covariances at once."""
    (n_draws, q, _), C = G.shape, rotated.C[groups]
    flat = G.reshape(n_draws, q * q).T
    K: list[list[FloatArray]] = []
    v: list[FloatArray] = []
    length = np.zeros((len(groups), n_draws))
    for r in range(q):
        K.append([])
        shown = rotated.Qy[groups, r, None] - rotated.QX[groups, r] @ gamma.T
        for s in range(r + 1):
            total = (C[:, :, r, None] * C[:, None, :, s]).reshape(-1, q * q) @ flat
            for t in range(s):
                total -= K[r][t] * K[s][t]
            if s == r:
                total += sigma2
            K[r].append(np.sqrt(total) if s == r else total / K[s][s])
        for t in range(r):
            shown -= K[r][t] * v[t]
        v.append(shown / K[r][r])
        length += v[r] * v[r]
    return length


def upper_tails(lengths: FloatArray, ranks: IntArray) -> FloatArray:
    """Upper tails of chi-square distributions at lengths (B, S), of degrees of freedom (B,).

    Examples
    --------
    >>> upper_tails(np.array([[3.84], [5.99], [7.81]]), np.array([1, 2, 3])).round(3).ravel().tolist()
    [0.05, 0.05, 0.05]
    """
    found = np.empty(lengths.shape)
    for rank in np.unique(ranks).tolist():
        own = ranks == rank
        half = 0.5 * np.maximum(lengths[own], 0.0)
        found[own] = erfc(np.sqrt(half)) if rank == 1 else np.exp(-half) if rank == 2 else chdtrc(float(rank), 2 * half)
    return found


def weighted_tails(lengths: FloatArray, ranks: IntArray, weights: FloatArray) -> FloatArray:
    """As `conflict_probabilities`, from the squared lengths of groups, (B, S), and their degrees of freedom, (B,).

    With several groupings what the group shows is compared with what all other rows expect of it, given each draw:
    `bayeshlm.likelihood.left_out_densities.LeftOutDensities`.
    """
    tails = np.einsum("bs,bs->b", weights, upper_tails(lengths, np.maximum(ranks, 1)))
    return np.asarray(np.where(ranks > 0, tails, np.nan))
