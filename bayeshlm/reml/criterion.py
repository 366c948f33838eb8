"""What a criterion is: minus twice a profiled log-likelihood over theta, whatever groupings the model has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError
from bayeshlm.reml.relative_factor import FactorPattern

type Method = Literal["REML", "ML"]


class ScaledProducts(Protocol):
    """Cross-products of columns that were scaled.

    Effects of the scaled columns map back by ``gamma = ols + x_transform gamma_s`` and ``u = z_transform u_s``.
    """

    @property
    def ols(self) -> FloatArray:
        """Least squares of y on X, (p,)."""

    @property
    def yty(self) -> FloatArray:
        """Sums of squares of the residuals of that fit, (J,) or ()."""

    @property
    def x_transform(self) -> FloatArray:
        """T, (p, p)."""

    @property
    def z_transform(self) -> FloatArray:
        """S, (q, q), zero between the effects of different groupings."""

    @property
    def log_sd(self) -> FloatArray | float | None:
        """Logarithms of the known level-1 SDs, summed, (J,) or (); None where sigma is estimated."""


@dataclass(frozen=True, eq=False)
class Solution(ABC):
    """What generalized least squares gives at one Lambda, in the columns of the cross-products.

    ``V = I + Z Lambda Lambda' Z'`` is the covariance matrix of y over sigma^2.

    Attributes
    ----------
    Lambda : ndarray, (q, q)
        Relative factor of all random effects, zero between those of different groupings.
    ZVX, ZVe : ndarray, (..., p) and (...)
        ``Z'V^-1 X`` and ``Z'V^-1 (y - X gamma)``, a row an effect of a group.
    XVX_inv : ndarray, (p, p)
        Inverse of ``X'V^-1 X``; times sigma^2 the covariance matrix of gamma.
    gamma : ndarray, (p,)
        Generalized least-squares estimate.
    rss : float
        ``(y - X gamma)' V^-1 (y - X gamma)``.
    log_det_V, log_det_XVX : float
        Log-determinants.
    """

    Lambda: FloatArray
    ZVX: FloatArray
    ZVe: FloatArray
    XVX_inv: FloatArray
    gamma: FloatArray
    rss: float
    log_det_V: float
    log_det_XVX: float

    @property
    @abstractmethod
    def ee(self) -> FloatArray:
        """Sum over groups of ``Z'V^-1 e e'V^-1 Z``, (q, q)."""


@dataclass(frozen=True, eq=False, slots=True)
class Curvature:
    """Second derivatives at one theta.

    Attributes
    ----------
    theta : ndarray, (k, k)
        Hessian of the deviance in theta at the given sigma, gamma profiled out.
    rss_gradient : ndarray, (k,)
        Derivative of the residual sum of squares in theta.
    XVX : ndarray, (k, p, p)
        Derivative of ``X'V^-1 X`` in each entry of theta.
    """

    theta: FloatArray
    rss_gradient: FloatArray
    XVX: FloatArray

    def profiled[S: Solution](self, deviance: Criterion[S], solution: S) -> FloatArray:
        """Hessian of the deviance with sigma, unless it is known, profiled out as well, (k, k)."""
        if deviance.sigma_known:
            return self.theta
        sigma2 = deviance.sigma2(solution)
        return self.theta - np.outer(self.rss_gradient, self.rss_gradient) / (deviance.dof * sigma2**2)


class Criterion[S: Solution](ABC):
    """Minus twice the log-likelihood, gamma and sigma profiled out, as a function of theta.

    Attributes
    ----------
    pattern : FactorPattern
        Free entries of Lambda.
    method : "REML" or "ML"
        Criterion.

    Notes
    -----
    ML: ``log|V| + N (1 + log(2 pi rss / N))``; REML: ``log|V| + log|X'V^-1 X| + (N - p)(1 + log(2 pi rss / (N - p)))``
    with X in the user's columns (Bates et al. 2015, eqs. 34 and 39). Where the level-1 SDs s_i are known, rows count
    for one over their squares and sigma is 1: ``rss + log|V| + 2 sum_i log s_i + N log(2 pi)`` and the like.
    """

    pattern: FactorPattern
    method: Method

    @property
    @abstractmethod
    def scaled(self) -> ScaledProducts:
        """The cross-products, as far as every model has them."""

    @property
    @abstractmethod
    def n_obs(self) -> int:
        """N, the number of rows."""

    @property
    @abstractmethod
    def effect_groups(self) -> IntArray:
        """Over how many groups each random effect varies, (q,)."""

    @property
    @abstractmethod
    def effect_scale(self) -> FloatArray:
        """SD, relative to sigma, at which each random effect begins to matter, (q,)."""

    @abstractmethod
    def solve(self, theta: FloatArray) -> S:
        """Generalized least squares at theta, (k,).

        Raises
        ------
        DataError
            When the columns of X are collinear.
        """

    @abstractmethod
    def slope(self, solution: S) -> FloatArray:
        """Derivative with respect to the matrix ``G / sigma^2``, (q, q), zero between blocks.

        ``sum_j Z'PZ - Z'V^-1 e e'V^-1 Z / sigma^2`` with ``P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1`` (REML) or ``V^-1``
        (ML). A minimum has a positive semidefinite slope that vanishes on the range of G.
        """

    @abstractmethod
    def curvature(self, solution: S, held: Criterion[S] | None = None) -> Curvature:
        """Second derivatives at a solution of this criterion, or of one that holds an effect and has its slope."""

    def hessian(self, solution: S) -> FloatArray:
        """Hessian in theta, (k, k), as exact as Newton's steps need it."""
        return self.curvature(solution).profiled(self, solution)

    @property
    def sigma_known(self) -> bool:
        """The level-1 SDs are known: sigma is 1 for the rows as they are counted, and not estimated."""
        return self.scaled.log_sd is not None

    @cached_property
    def dof(self) -> int:
        """Divisor of the residual variance: N - p (REML) or N (ML)."""
        return self.n_obs - (len(self.scaled.ols) if self.method == "REML" else 0)

    @cached_property
    def log_det_T(self) -> float:
        """Log-determinant of the transform of the columns of X."""
        return float(np.linalg.slogdet(self.scaled.x_transform)[1])

    def value(self, solution: S) -> float:
        """Criterion in the user's columns; infinite where nothing is left of the residuals."""
        if self.scaled.log_sd is not None:
            total = solution.log_det_V + solution.rss + 2 * float(np.sum(self.scaled.log_sd))
            total += self.dof * float(np.log(2 * np.pi))
        elif solution.rss > 0:
            total = solution.log_det_V + self.dof * (1 + float(np.log(2 * np.pi * solution.rss / self.dof)))
        else:
            return float("inf")
        if self.method == "REML":
            total += solution.log_det_XVX - 2 * self.log_det_T
        return total

    def sigma2(self, solution: S) -> float:
        """Residual variance that minimizes the deviance at the solution's Lambda; 1 where it is known."""
        return 1.0 if self.sigma_known else solution.rss / self.dof

    def gradient(self, solution: S) -> FloatArray:
        """Derivative of the profiled deviance with respect to theta, (k,): ``2 slope Lambda``."""
        return self.pattern.theta(2 * self.slope(solution) @ solution.Lambda)


def fixed_factor(XVX: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cholesky factor of ``X'V^-1 X`` and its inverse, two (p, p) arrays.

    Raises
    ------
    DataError
        When the columns of X are collinear.
    """
    try:
        lower = np.linalg.cholesky((XVX + XVX.T) / 2)
    except np.linalg.LinAlgError:
        raise DataError("The columns of the fixed effects are collinear: drop or combine predictors.") from None
    return lower, np.linalg.inv(lower)
