"""Mahalanobis distances of the groups' effects and their posterior reference distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from bayeshlm.checks.effect_moments import thinned
from bayeshlm.checks.order_statistics import positions
from bayeshlm.design.gram import gram_roots, mean_squares
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.blocks import over_blocks
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import interval

MOST_MATRICES = 4_000_000
"""Groups times draws whose distances are computed; beyond, the draws are thinned."""


@dataclass(frozen=True, eq=False, slots=True)
class Distances:
    """Distances of J groups at S draws, reduced.

    Attributes
    ----------
    mean, lower, upper : ndarray, (J,)
        Posterior mean and interval of ``d_j``.
    plug_in : ndarray, (J,)
        At the posterior means of gamma, G and sigma^2, as HLM has it.
    df : ndarray of int, (J,)
        Rank of Z_j: the number of random effects, less those that the group's rows do not tell apart.
    p : ndarray, (J,)
        ``P(d_rep >= d_j)``, averaged over the draws; NaN for a group with rank zero.
    p_chi2 : ndarray, (J,)
        The same of `plug_in`, by chi-square alone.
    n_draws : int
        Draws used.
    """

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    plug_in: FloatArray
    df: IntArray
    p: FloatArray
    p_chi2: FloatArray
    n_draws: int


def distances(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> Distances:
    """Mahalanobis distances of the groups' empirical Bayes residuals.

    Given the parameters the conditional mean m_j of u_j varies over data sets with covariance ``G - V_j``, and::

        d_j = m_j' (G - V_j)^+ m_j = b_j' (G + sigma^2 (Z_j'Z_j)^-1)^-1 b_j ~ chi-square with rank(Z_j) df

    where b_j is the group's own least-squares deviation. Computed as ``a' (R'G R + sigma^2 I)^-1 a`` with
    ``R R' = Z_j'Z_j`` and ``R a = Z_j'(y_j - X_j gamma)``, which holds for singular G and Z_j too. A replicated group
    (a new u from G, new errors) has a distance that is chi-square at every draw, so that its posterior predictive
    p-value needs no simulation: the mean over draws of ``P(chi2 >= d_j)`` (Gelman, Meng & Stern 1996, Statistica Sinica
    6, 733-807; Marshall & Spiegelhalter 2007, Bayesian Analysis 2, 409-444). The group took part in the estimation:
    where there are few groups the p-values are somewhat too large.

    Parameters
    ----------
    posterior : Draws
    prob, kind
        Interval of the distances.
    """
    design = posterior.design
    products = design.cross_products
    n_groups = design.n_groups
    inverse_s = np.linalg.inv(products.z_transform)
    gamma, G, sigma2 = _parameters(posterior)
    draws = thinned(len(sigma2), n_groups, MOST_MATRICES)
    plug = [values.mean(axis=0)[None] for values in (gamma, G, sigma2)]
    gamma_s = np.linalg.solve(products.x_transform, (gamma[draws] - products.ols).T)
    G_s = inverse_s @ G[draws] @ inverse_s.T
    plug_gamma = np.linalg.solve(products.x_transform, (plug[0] - products.ols).T)
    plug_G = inverse_s @ plug[1] @ inverse_s.T
    df = np.empty(n_groups, dtype=np.int64)
    results = np.full((6, n_groups), np.nan)
    overall = mean_squares(products.ZtZ, products.n)

    def fill(groups: slice) -> None:
        roots = gram_roots(products.ZtZ[groups], products.n[groups], overall)
        root, whiten, df[groups] = roots.root, roots.whiten, roots.rank
        right, ZtX = products.Zty[groups], products.ZtX[groups]
        d = _distances(root, whiten, right, ZtX, gamma_s, G_s, sigma2[draws])
        at_means = _distances(root, whiten, right, ZtX, plug_gamma, plug_G, plug[2])[:, 0]
        some = df[groups] > 0
        found = results[:, groups]
        found[0] = d.mean(axis=1)
        found[1:3] = interval(d[:, None], prob, kind).T
        found[3] = at_means
        found[4, some] = chdtrc(df[groups][some, None], d[some]).mean(axis=1)
        found[5, some] = chdtrc(df[groups][some], at_means[some])

    over_blocks(fill, n_groups, "Distances of groups")
    mean, lower, upper, plug_in, p, p_chi2 = results
    return Distances(mean, lower, upper, plug_in, df, p, p_chi2, len(draws))


def expected_order(plug_in: FloatArray, df: int) -> FloatArray:
    """Chi-square quantiles that ordered distances are plotted against, HLM's CHIPCT, (J,).

    The quantile at ``(i - 1/2) / J`` for the i-th smallest, which stands for the expected order statistic.

    Examples
    --------
    >>> expected_order(np.array([3.0, 0.1]), 2).round(3).tolist()
    [2.773, 0.575]
    """
    return np.asarray(chdtri(df, 1 - positions(plug_in)))


def at_full_rank(plug_in: FloatArray, df: IntArray, p_chi2: FloatArray, q: int) -> FloatArray:
    """Distances on the scale of chi-square with q degrees of freedom, (J,).

    A group whose rows do not tell all q random effects apart has the distance with the same upper tail; one that says
    nothing of them has none.

    Parameters
    ----------
    plug_in, df, p_chi2
        As in `Distances`.
    q : int
        Random effects.

    Examples
    --------
    >>> at_full_rank(np.array([3.0, 3.841, 0.0]), np.array([2, 1, 0]), np.array([0.22, 0.05, np.nan]), 2).round(2)
    array([3.  , 5.99,  nan])
    """
    found = np.where(df == q, plug_in, np.nan)
    fewer = (df > 0) & (df < q)
    found[fewer] = chdtri(q, np.maximum(p_chi2[fewer], np.finfo(np.float64).tiny))
    return found


def holm(p: FloatArray) -> FloatArray:
    """Holm's adjusted p-values: at most a share alpha of clean data sets has any below alpha; NaN stay.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p[order]), 1.0)
    return adjusted


def _parameters(posterior: Draws) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draws of gamma (S, p), G (S, q, q) and sigma^2 (S,)."""
    gamma = posterior.gamma
    G = posterior.G
    sigma = posterior.scaled_sigma.ravel()
    return gamma.reshape(len(sigma), -1), G.reshape(len(sigma), *G.shape[2:]), sigma**2


def _distances(
    root: FloatArray,
    whiten: FloatArray,
    Zty: FloatArray,
    ZtX: FloatArray,
    gamma: FloatArray,
    G: FloatArray,
    sigma2: FloatArray,
) -> FloatArray:
    """Distances (B, S), a group at a time."""
    q = root.shape[-1]
    found = np.empty((len(root), len(sigma2)))
    eye = np.eye(q)
    for j, R in enumerate(root):
        a = whiten[j] @ (Zty[j][:, None] - ZtX[j] @ gamma)
        if q == 1:
            found[j] = a[0] ** 2 / (R[0, 0] ** 2 * G[:, 0, 0] + sigma2)
            continue
        inner = R.T @ G @ R + sigma2[:, None, None] * eye
        found[j] = np.einsum("as,sa->s", a, np.linalg.solve(inner, a.T[..., None])[..., 0])
    return found
