"""The profiled REML and ML deviance of a two-level model over cross-products, with two derivatives.

With ``V_j = I + Z_j Lambda Lambda' Z_j'`` (the covariance of y_j over sigma^2) everything below follows from
``Z'V^-1 Z``, ``Z'V^-1 X`` and ``Z'V^-1 e`` of each group; the rows are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.reml.relative_factor import FactorPattern
from bayeshlm.reml.rotation import RotatedProducts, rotate

type Method = Literal["REML", "ML"]


@dataclass(frozen=True, eq=False, slots=True)
class Solution:
    """What generalized least squares gives at one Lambda, in the columns of the cross-products.

    Attributes
    ----------
    Lambda : ndarray, (q, q)
        Relative factor.
    N_inv : ndarray, (J, q, q)
        ``Q'V^-1 Q`` in the groups' own bases (`RotatedProducts`).
    ZVZ, ZVX, ZVe : ndarray, (J, q, q), (J, q, p), (J, q)
        ``Z'V^-1 Z``, ``Z'V^-1 X``, ``Z'V^-1 (y - X gamma)`` of each group.
    XVX_inv : ndarray, (p, p)
        Inverse of the sum of ``X'V^-1 X``; times sigma^2 the covariance matrix of gamma.
    gamma : ndarray, (p,)
        Generalized least-squares estimate.
    rss : float
        ``(y - X gamma)' V^-1 (y - X gamma)``; what of it lies outside of the groups' Z is not taken for less than the
        rounding of the sums that it is the difference of.
    log_det_V, log_det_XVX : float
        Log-determinants.
    """

    Lambda: FloatArray
    N_inv: FloatArray
    ZVZ: FloatArray
    ZVX: FloatArray
    ZVe: FloatArray
    XVX_inv: FloatArray
    gamma: FloatArray
    rss: float
    log_det_V: float
    log_det_XVX: float


@dataclass(frozen=True, eq=False)
class Deviance:
    """Minus twice the log-likelihood, gamma and sigma profiled out, as a function of theta.

    Parameters
    ----------
    products : CrossProducts
        Products of the scaled columns.
    pattern : FactorPattern
        Free entries of Lambda.
    method : "REML" or "ML"
        Criterion.

    Notes
    -----
    ML: ``log|V| + N (1 + log(2 pi rss / N))``; REML: ``log|V| + log|X'V^-1 X| + (N - p)(1 + log(2 pi rss / (N - p)))``
    with X in the user's columns (Bates et al. 2015, eqs. 34 and 39).
    """

    products: CrossProducts
    pattern: FactorPattern
    method: Method = "REML"

    @cached_property
    def n_obs(self) -> int:
        """N, the number of rows."""
        return int(self.products.n.sum())

    @cached_property
    def dof(self) -> int:
        """Divisor of the residual variance: N - p (REML) or N (ML)."""
        return self.n_obs - (self.products.XtX.shape[1] if self.method == "REML" else 0)

    @cached_property
    def log_det_T(self) -> float:
        """Log-determinant of the transform of the columns of X."""
        return float(np.linalg.slogdet(self.products.x_transform)[1])

    @cached_property
    def rotated(self) -> RotatedProducts:
        """Cross-products in the groups' own bases."""
        return rotate(self.products)

    def solve(self, theta: FloatArray) -> Solution:
        """Generalized least squares at theta, (k,).

        Raises
        ------
        DataError
            When the columns of X are collinear.
        """
        r = self.rotated
        q, p = r.QX.shape[1:]
        Lambda = self.pattern.factor(theta)
        B = r.C.transpose(0, 2, 1) @ Lambda
        N = np.eye(q) + B @ B.transpose(0, 2, 1)
        N_inv = np.linalg.inv(N)
        N_QX = N_inv @ r.QX
        XVX = r.XX + r.QX.reshape(-1, p).T @ N_QX.reshape(-1, p)
        XVy = r.Xy + N_QX.reshape(-1, p).T @ r.Qy.reshape(-1)
        try:
            lower = np.linalg.cholesky((XVX + XVX.T) / 2)
        except np.linalg.LinAlgError:
            raise DataError("The columns of the fixed effects are collinear: drop or combine predictors.") from None
        lower_inv = np.linalg.inv(lower)
        half = lower_inv @ XVy
        gamma = lower_inv.T @ half
        Qe = r.Qy - r.QX @ gamma
        N_Qe = np.einsum("jab,jb->ja", N_inv, Qe)
        within = r.yy - 2 * float(r.Xy @ gamma) + float(gamma @ r.XX @ gamma)
        return Solution(
            Lambda=Lambda,
            N_inv=N_inv,
            ZVZ=r.C @ N_inv @ r.C.transpose(0, 2, 1),
            ZVX=r.C @ N_QX,
            ZVe=np.einsum("jab,jb->ja", r.C, N_Qe),
            XVX_inv=lower_inv.T @ lower_inv,
            gamma=gamma,
            rss=max(within, r.rounding) + float(np.sum(Qe * N_Qe)),
            log_det_V=float(np.linalg.slogdet(N)[1].sum()),
            log_det_XVX=2 * float(np.log(np.diag(lower)).sum()),
        )

    def value(self, solution: Solution) -> float:
        """Criterion in the user's columns; infinite where nothing is left of the residuals."""
        if not solution.rss > 0:
            return float("inf")
        total = solution.log_det_V + self.dof * (1 + float(np.log(2 * np.pi * solution.rss / self.dof)))
        if self.method == "REML":
            total += solution.log_det_XVX - 2 * self.log_det_T
        return total

    def sigma2(self, solution: Solution) -> float:
        """Residual variance that minimizes the deviance at the solution's Lambda."""
        return solution.rss / self.dof

    def slope(self, solution: Solution) -> FloatArray:
        """Derivative with respect to the matrix ``G / sigma^2``, (q, q), zero between blocks.

        ``sum_j Z'PZ - Z'V^-1 e e'V^-1 Z / sigma^2`` with ``P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1`` (REML) or ``V^-1``
        (ML). A minimum has a positive semidefinite slope that vanishes on the range of G.
        """
        q = solution.ZVX.shape[1]
        total = solution.ZVZ.sum(0) - solution.ZVe.T @ solution.ZVe / self.sigma2(solution)
        if self.method == "REML":
            flat = (solution.ZVX @ solution.XVX_inv).transpose(1, 0, 2).reshape(q, -1)
            total = total - flat @ solution.ZVX.transpose(1, 0, 2).reshape(q, -1).T
        return np.asarray((total + total.T) / 2 * self.pattern.mask())

    def gradient(self, solution: Solution) -> FloatArray:
        """Derivative of the profiled deviance with respect to theta, (k,): ``2 slope Lambda``."""
        return self.pattern.theta(2 * self.slope(solution) @ solution.Lambda)
