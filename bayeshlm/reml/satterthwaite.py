"""Satterthwaite's degrees of freedom, as lmerTest takes them: in the parameters (theta, sigma)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.gram import gram_roots
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.estimate import RemlEstimate

NO_CURVATURE = 1e-10
"""Eigenvalue of a matrix scaled to a unit diagonal that counts as zero in `positive_inverse`."""


@dataclass(frozen=True, eq=False, slots=True)
class Satterthwaite:
    """What degrees of freedom of any contrast follow from.

    Attributes
    ----------
    vcov : ndarray, (p, p)
        Covariance matrix of the fixed effects of the scaled columns.
    derivatives : ndarray, (k + 1, p, p)
        Its derivatives in theta and sigma; (k, p, p) where sigma is known, and so below.
    parameter_vcov : ndarray, (k + 1, k + 1)
        Asymptotic covariance matrix of (theta, sigma): twice the inverse Hessian of the deviance.
    x_transform : ndarray, (p, p)
        T of the cross-products: ``L gamma`` is ``L T`` times the effects of the scaled columns.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), lmerTest package, J. Statistical Software 82(13), section 2.2;
    Fai & Cornelius (1996), J. Statistical Computation and Simulation 54, 363-378, for several rows.
    """

    vcov: FloatArray
    derivatives: FloatArray
    parameter_vcov: FloatArray
    x_transform: FloatArray

    def covariance(self, L: FloatArray) -> FloatArray:
        """Covariance matrix of ``L gamma``, (m, m), for L of (m, p)."""
        scaled = L @ self.x_transform
        return np.asarray(scaled @ self.vcov @ scaled.T)

    def df(self, L: FloatArray) -> FloatArray:
        """Degrees of freedom of the t tests of the rows of L, (m,): ``2 v^2 / var(v)`` with ``v = l'V l``."""
        L = L @ self.x_transform
        variance = np.einsum("mp,pr,mr->m", L, self.vcov, L)
        gradient = np.einsum("mp,kpr,mr->mk", L, self.derivatives, L)
        spread = np.einsum("mk,kl,ml->m", gradient, self.parameter_vcov, gradient)
        with np.errstate(divide="ignore"):
            return np.asarray(2 * variance**2 / spread)

    def denominator_df(self, L: FloatArray) -> float:
        """Denominator degrees of freedom of the F test of the independent rows of L, (m, p)."""
        if len(L) == 1:
            return float(self.df(L)[0])
        _, vectors = np.linalg.eigh(self.covariance(L))
        df = self.df(vectors.T @ L)
        if np.ptp(df) < 1e-8:
            return float(df.mean())
        if np.any(df <= 2):
            return 2.0
        expected = float(np.sum(df / (df - 2)))
        return 2 * expected / (expected - len(L))


def satterthwaite(estimate: RemlEstimate) -> Satterthwaite:
    """Derivatives and covariances for Satterthwaite's degrees of freedom.

    At a singular fit the deviance is even in the zero entries of theta, so they count for nothing.
    """
    deviance, solution = estimate.deviance_function, estimate.optimum.solution
    second = deviance.curvature(solution)
    sigma, T = estimate.sigma, deviance.scaled.x_transform
    k = len(estimate.theta)
    hessian = np.empty((k + 1, k + 1))
    hessian[:k, :k] = second.theta
    hessian[:k, k] = hessian[k, :k] = -2 * second.rss_gradient / sigma**3
    hessian[k, k] = 4 * deviance.dof / sigma**2
    inverse = solution.XVX_inv
    by_theta = -(sigma**2) * inverse @ second.XVX @ inverse
    by_sigma = 2 * sigma * inverse[None]
    derivatives = np.concatenate([by_theta, by_sigma])
    if estimate.sigma_known:
        hessian, derivatives = hessian[:k, :k], by_theta
    return Satterthwaite(sigma**2 * inverse, derivatives, 2 * positive_inverse(hessian), T)


def positive_inverse(matrix: FloatArray) -> FloatArray:
    """Inverse of a symmetric matrix on the directions with positive eigenvalues, after scaling to a unit diagonal.

    Second derivatives at the end of a search, and differences of covariance matrices, have fewer digits than
    cross-products: eigenvalues up to `NO_CURVATURE` count as zero.

    Examples
    --------
    >>> positive_inverse(np.diag([4.0, 0.0]))
    array([[0.25, 0.  ],
           [0.  , 0.  ]])
    """
    k = len(matrix)
    whiten = gram_roots(matrix[None], np.array([k]), np.zeros(k), NO_CURVATURE).whiten[0]
    return np.asarray(whiten.T @ whiten)
