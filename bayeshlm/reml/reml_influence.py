"""What each group does to the REML estimates: estimates without it, leverage, and the measures made of them.

Everything follows from cross-products, of which a group's are taken off: the rows are not touched. The measures are
those of Demidenko & Stukel (2005, Statistics in Medicine 24, 893-909) and of Loy & Hofmann (2014, J. Statistical
Software 56(5)), the authors of HLMdiag.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.reml.estimate import RemlEstimate, fit_products, two_level
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.hlm_statistics import group_scores

NOT_IDENTIFIED = 1e-10
"""Smallest share of its information that a combination of fixed effects may keep when a group is left out."""


@dataclass(frozen=True, eq=False, slots=True)
class Deleted:
    """Estimates without each group, in the user's columns; NaN where there are none.

    Attributes
    ----------
    gamma, vcov : ndarray, (J, p), (J, p, p)
        Fixed effects and their covariance matrix.
    tau, sigma : ndarray, (J, q), (J,)
        SDs.
    """

    gamma: FloatArray
    vcov: FloatArray
    tau: FloatArray
    sigma: FloatArray

    @classmethod
    def unknown(cls, n_groups: int, p: int, q: int) -> Deleted:
        """No estimate for any group yet."""
        return cls(*(np.full(shape, np.nan) for shape in ((n_groups, p), (n_groups, p, p), (n_groups, q), n_groups)))


@dataclass(frozen=True, eq=False, slots=True)
class Measures:
    """Influence of each group on the fixed effects, (J,) each; NaN where there is no estimate without it, or no effect.

    Attributes
    ----------
    cooks_distance : ndarray
        ``d'vcov^-1 d / p`` with d the change of gamma.
    mdffits : ndarray
        The same in the metric of the covariance matrix without the group.
    covtrace : ndarray
        ``|tr(vcov^-1 vcov_(j)) - p|``.
    covratio : ndarray
        ``det(vcov_(j)) / det(vcov)``: above 1 the group makes the fixed effects more precise.
    """

    cooks_distance: FloatArray
    mdffits: FloatArray
    covtrace: FloatArray
    covratio: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Leverage:
    """Traces of the groups' blocks of the hat matrix ``y -> fitted``, (J,) each.

    Attributes
    ----------
    fixed : ndarray
        ``tr(X_j (X'V^-1 X)^-1 X_j'V_j^-1)``; over groups they sum to p.
    random : ndarray
        ``tr(Z_j G Z_j'V_j^-1 (I - H_jj))``, H the matrix of the fixed effects.
    """

    fixed: FloatArray
    random: FloatArray


def without_group(products: CrossProducts, group: int) -> CrossProducts:
    """Cross-products without the group at a position; the scaling of the columns stays."""
    per_group = ("n", "ZtZ", "ZtX", "Zty", "XtX", "Xty", "yty")
    left = {name: np.delete(getattr(products, name), group, axis=0) for name in per_group}
    if products.log_sd is not None:
        left["log_sd"] = np.delete(products.log_sd, group)
    return replace(products, **left)


def one_step(estimate: RemlEstimate) -> Deleted:
    """Fixed effects without each group, the variance components kept: one step of generalized least squares, exact.

    ``gamma_(j) = gamma - (A - A_j)^-1 X_j'V_j^-1 e_j`` with ``A_j = X_j'V_j^-1 X_j`` and A their sum. tau and sigma are
    those of all groups.
    """
    T, s = estimate.deviance_function.scaled.x_transform, estimate.optimum.solution
    scores, A_j = group_scores(estimate), _group_information(estimate)
    n_groups, p = scores.shape
    found = Deleted.unknown(n_groups, p, len(estimate.tau))
    root = np.linalg.cholesky(s.XVX_inv)
    kept = np.eye(p) - root.T @ A_j @ root  # (A - A_j) between roots of A^-1: what is left of the information, 0 to 1
    identified = np.linalg.eigvalsh(kept)[:, 0] > NOT_IDENTIFIED
    inverse = root @ np.linalg.inv(kept[identified]) @ root.T
    found.gamma[identified] = estimate.gamma - np.einsum("jab,jb->ja", inverse, scores[identified]) @ T.T
    found.vcov[identified] = estimate.sigma**2 * T @ inverse @ T.T
    found.tau[identified], found.sigma[identified] = estimate.tau, estimate.sigma
    return found


def exact(design: Design, estimate: RemlEstimate) -> Deleted:
    """Estimates without each group, the variance components estimated anew: a fit a group.

    A group without which the data determine no estimate stays unknown.
    """
    products = two_level(estimate, "Influence")[0].products
    n_groups, _, p = products.ZtX.shape
    found = Deleted.unknown(n_groups, p, len(estimate.tau))
    for group in range(n_groups):
        try:
            rest = fit_products(design, without_group(products, group), estimate.method)
        except DataError:
            continue
        found.gamma[group], found.vcov[group] = rest.gamma, rest.vcov
        found.tau[group], found.sigma[group] = rest.tau, rest.sigma
    return found


def measures(estimate: Estimate, deleted: Deleted) -> Measures:
    """Measures of influence on the fixed effects, from estimates without each group."""
    n_groups, p = deleted.gamma.shape
    found = Measures(*(np.full(n_groups, np.nan) for _ in fields(Measures)))
    if p == 0:
        return found
    known = np.isfinite(deleted.gamma[:, 0])
    change, vcov = (estimate.gamma - deleted.gamma)[known], deleted.vcov[known]
    root_inv = np.linalg.inv(np.linalg.cholesky(estimate.vcov))
    relative = root_inv @ vcov @ root_inv.T  # vcov_(j) in units of vcov
    scaled = change @ root_inv.T
    found.cooks_distance[known] = np.sum(scaled**2, axis=1) / p
    found.mdffits[known] = np.einsum("ja,ja->j", scaled, np.linalg.solve(relative, scaled[..., None])[..., 0]) / p
    found.covtrace[known] = np.abs(np.einsum("jaa->j", relative) - p)
    found.covratio[known] = np.linalg.det(relative)
    return found


def leverage(estimate: RemlEstimate) -> Leverage:
    """Leverage of each group, from the traces of its blocks of the hat matrices."""
    _, s = two_level(estimate, "Leverage")
    GtG = s.Lambda @ s.Lambda.T
    fixed = np.einsum("ab,jba->j", s.XVX_inv, _group_information(estimate))
    random = np.einsum("ab,jba->j", GtG, s.ZVZ - s.ZVX @ s.XVX_inv @ s.ZVX.transpose(0, 2, 1))
    return Leverage(fixed, random)


def _group_information(estimate: RemlEstimate) -> FloatArray:
    """``X_j'V_j^-1 X_j`` of every group, V over sigma^2, in the columns of the cross-products, (J, p, p)."""
    deviance, s = two_level(estimate, "Influence")
    products = deviance.products
    return np.asarray(products.XtX - products.ZtX.transpose(0, 2, 1) @ s.Lambda @ s.Lambda.T @ s.ZVX)
