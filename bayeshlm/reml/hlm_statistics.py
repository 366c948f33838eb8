"""What the HLM program prints beside the estimates: chi-square tests, reliabilities, robust standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from bayeshlm.design.design import Design
from bayeshlm.design.gram import inverse_within
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.reml.empirical_bayes import fitted_values
from bayeshlm.reml.estimate import RemlEstimate, two_level


@dataclass(frozen=True, eq=False, slots=True)
class ComponentTests:
    """Chi-square tests that a random effect does not vary; arrays are (q,).

    Attributes
    ----------
    labels : tuple of str
        Random effects.
    chi2, df, p : ndarray
        Statistic, degrees of freedom (NaN where none are left), p.
    n_groups_used : int
        Groups whose own rows determine all of their coefficients; the others do not enter.
    """

    labels: tuple[str, ...]
    chi2: FloatArray
    df: FloatArray
    p: FloatArray
    n_groups_used: int


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """How well the groups' own estimates tell the groups apart.

    Attributes
    ----------
    labels : tuple of str
        Random effects.
    by_group : ndarray, (J, q)
        ``tau_q^2 / (tau_q^2 + v_qqj)``; NaN where a group's own rows do not determine its coefficients.
    mean : ndarray, (q,)
        Averages over the other groups, as HLM prints them.
    n_groups_used : int
        Their number.
    """

    labels: tuple[str, ...]
    by_group: FloatArray
    mean: FloatArray
    n_groups_used: int


def chi_square_tests(design: Design, estimate: RemlEstimate) -> ComponentTests:
    """HLM's chi-square test of every variance component.

    ``sum_j (b_qj - W_qj gamma_q)^2 / v_qqj`` with the group's own least-squares estimate b and its error variance v.
    The degrees of freedom are the groups used minus the fixed effects in the coefficient's level-2 equation.

    Raises
    ------
    OptionError
        The model has several groupings.

    References
    ----------
    Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., eq. 3.103.
    """
    if len(design.groupings) > 1:
        raise OptionError(
            "HLM's chi-square test is defined for models with one grouping, where groups are estimated from their own "
            "rows alone: compare() tests a variance of this model by the likelihood ratio"
        )
    deviance, solution = two_level(estimate, "HLM's chi-square test")
    products = deviance.products
    inverse = inverse_within(products)
    used = ~np.isnan(inverse[:, 0, 0])
    S_inv = np.linalg.inv(products.z_transform)
    Zte = (products.Zty - products.ZtX @ solution.gamma)[used] @ S_inv
    u = np.einsum("jab,jb->ja", inverse[used], Zte)
    variance = estimate.sigma**2 * np.einsum("jaa->ja", inverse[used])
    chi2 = np.sum(u**2 / variance, axis=0)
    fixed = [sum(f.coefficient == r.coefficient for f in design.fixed) for r in design.random]
    df = np.array([float(used.sum()) - count for count in fixed])
    df = np.where(df > 0, df, np.nan)
    chi2 = np.where(used.any(), chi2, np.nan)
    return ComponentTests(estimate.random_labels, chi2, df, np.asarray(chdtrc(df, chi2)), int(used.sum()))


def reliability(estimate: RemlEstimate) -> Reliability:
    """Reliability of the groups' own least-squares coefficients.

    References
    ----------
    Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., eqs. 3.28 and 3.58.
    """
    deviance, _ = two_level(estimate, "The reliability")
    error = estimate.sigma**2 * np.einsum("jaa->ja", inverse_within(deviance.products))
    by_group = estimate.tau**2 / (estimate.tau**2 + error)
    used = ~np.isnan(by_group[:, 0])
    mean = by_group[used].mean(0) if used.any() else np.full(len(estimate.tau), np.nan)
    return Reliability(estimate.random_labels, by_group, mean, int(used.sum()))


def robust_vcov(design: Design, estimate: RemlEstimate) -> FloatArray:
    """Cluster-robust (sandwich) covariance matrix of gamma, (p, p), without small-sample factor (CR0), as HLM prints.

    ``A^-1 (sum_j X_j'V_j^-1 e_j e_j'V_j^-1 X_j) A^-1`` with ``A = sum_j X_j'V_j^-1 X_j`` (Liang & Zeger 1986,
    Biometrika 73, 13-22). The clusters j are the groups of the `outermost` grouping.
    """
    s = estimate.optimum.solution
    half = estimate.deviance_function.scaled.x_transform @ s.XVX_inv @ cluster_scores(design, estimate).T
    return np.asarray(half @ half.T)


def outermost(design: Design) -> int:
    """Position of the grouping in whose groups those of all others are nested.

    Raises
    ------
    OptionError
        When there is none: the groupings cross.
    """
    if len(design.predictor.random) == 1:
        return 0
    codes = design.cells.codes
    for k, own in enumerate(codes):
        cells = [np.unique(np.column_stack([other, own]), axis=0) for other in codes]
        if all(len(cell) == len(np.unique(other)) for cell, other in zip(cells, codes, strict=True)):
            return k
    names = " and ".join(repr(term.grouping) for term in design.predictor.random)
    raise OptionError(
        f"Cluster-robust standard errors need independent clusters, and the groups of {names} cross: use those of the "
        "model."
    )


def cluster_scores(design: Design, estimate: RemlEstimate) -> FloatArray:
    """``X_j'V_j^-1 (y_j - X_j gamma)`` of every cluster, V over sigma^2, in the scaled columns, (J, p)."""
    k = outermost(design)
    if len(design.predictor.random) == 1:
        return group_scores(estimate)
    rows, n_clusters = design.kept_rows, len(design.predictor.random[k].labels)
    left = (rows.y - fitted_values(design, estimate)) / rows.unit**2  # V^-1 e = e - Z u, of rows as they are counted
    weighted = rows.X @ estimate.deviance_function.scaled.x_transform * left[:, None]
    return np.column_stack([np.bincount(rows.codes[k], column, n_clusters) for column in weighted.T])


def group_scores(estimate: RemlEstimate) -> FloatArray:
    """``X_j'V_j^-1 (y_j - X_j gamma)`` of every group, V over sigma^2, in the columns of the cross-products, (J, p).

    They sum to zero at the estimate.
    """
    deviance, s = two_level(estimate, "A cluster-robust standard error")
    products = deviance.products
    Xte = products.Xty - products.XtX @ s.gamma
    inner = s.ZVe @ s.Lambda @ s.Lambda.T  # V^-1 e = e - Z Lambda Lambda' Z'V^-1 e
    return np.asarray(Xte - np.einsum("jap,ja->jp", products.ZtX, inner))
