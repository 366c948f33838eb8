"""The profiled REML and ML deviance of a two-level model over cross-products, with two derivatives.

With ``V_j = I + Z_j Lambda Lambda' Z_j'`` (the covariance of y_j over sigma^2) everything below follows from
``Z'V^-1 Z``, ``Z'V^-1 X`` and ``Z'V^-1 e`` of each group; the rows are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.reml.criterion import Criterion, Curvature, Method, fixed_factor
from bayeshlm.reml.curvature import TwoLevelSolution, curvature
from bayeshlm.reml.moments import effect_scale
from bayeshlm.reml.relative_factor import FactorPattern
from bayeshlm.reml.rotation import RotatedProducts, rotate


@dataclass(frozen=True, eq=False)
class Deviance(Criterion[TwoLevelSolution]):
    """The criterion of a two-level model.

    Parameters
    ----------
    products : CrossProducts
        Products of the scaled columns.
    pattern : FactorPattern
        Free entries of Lambda.
    method : "REML" or "ML"
        Criterion.
    """

    products: CrossProducts
    pattern: FactorPattern
    method: Method = "REML"

    @property
    def scaled(self) -> CrossProducts:
        """The cross-products."""
        return self.products

    @cached_property
    def n_obs(self) -> int:
        """N, the number of rows."""
        return int(self.products.n.sum())

    @property
    def effect_groups(self) -> IntArray:
        """Over how many groups each random effect varies, (q,)."""
        return np.full(self.pattern.size, len(self.products.n))

    @property
    def effect_scale(self) -> FloatArray:
        """SD, relative to sigma, at which each random effect begins to matter, (q,)."""
        return effect_scale(self.products)

    @cached_property
    def rotated(self) -> RotatedProducts:
        """Cross-products in the groups' own bases."""
        return rotate(self.products)

    def solve(self, theta: FloatArray) -> TwoLevelSolution:
        """Generalized least squares at theta, (k,)."""
        r = self.rotated
        q, p = r.QX.shape[1:]
        Lambda = self.pattern.factor(theta)
        B = r.C.transpose(0, 2, 1) @ Lambda
        N = np.eye(q) + B @ B.transpose(0, 2, 1)
        N_inv = np.linalg.inv(N)
        N_QX = N_inv @ r.QX
        XVX = r.XX + r.QX.reshape(-1, p).T @ N_QX.reshape(-1, p)
        XVy = r.Xy + N_QX.reshape(-1, p).T @ r.Qy.reshape(-1)
        lower, lower_inv = fixed_factor(XVX)
        half = lower_inv @ XVy
        gamma = lower_inv.T @ half
        Qe = r.Qy - r.QX @ gamma
        N_Qe = np.einsum("jab,jb->ja", N_inv, Qe)
        within = r.yy - 2 * float(r.Xy @ gamma) + float(gamma @ r.XX @ gamma)
        return TwoLevelSolution(
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

    def slope(self, solution: TwoLevelSolution) -> FloatArray:
        """Derivative with respect to the matrix ``G / sigma^2``, (q, q), zero between blocks."""
        q = solution.ZVX.shape[1]
        total = solution.ZVZ.sum(0) - solution.ZVe.T @ solution.ZVe / self.sigma2(solution)
        if self.method == "REML":
            flat = (solution.ZVX @ solution.XVX_inv).transpose(1, 0, 2).reshape(q, -1)
            total = total - flat @ solution.ZVX.transpose(1, 0, 2).reshape(q, -1).T
        return np.asarray((total + total.T) / 2 * self.pattern.mask())

    def curvature(self, solution: TwoLevelSolution, held: Criterion[TwoLevelSolution] | None = None) -> Curvature:
        """Second derivatives at a solution of this criterion, or of one that holds an effect."""
        return curvature(self if held is None else held, solution)
