"""The profiled REML and ML deviance of a model with any number of groupings, over a sparse factor.

With ``M = I + Lambda'Z'Z Lambda``, ``log|V| = log|M|``, ``V^-1 = I - Z Lambda M^-1 Lambda'Z'``; only the factor of M
and the diagonal blocks of its inverse are needed, whatever the structure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.reml.criterion import Criterion, Curvature, Method, Solution, fixed_factor
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.relative_factor import FactorPattern, lower_factor

if TYPE_CHECKING:
    from bayeshlm.likelihood.joint_factor import Factor

NEARLY_SINGULAR = 3e-3
"""Smallest singular value of Lambda, in units at which effects begin to matter, that is divided by."""

AROUND = 1e-5
"""Variances, in those units squared, at which a singular Lambda is looked at instead, and extrapolated to zero."""

STEP = 1e-4
"""Relative step of central differences of gradients: the truncation error is its square."""

NEWTON_STEP = 1e-6
"""Relative step of differences to one side: Newton's steps then shrink a millionfold, if not quadratically."""


@dataclass(frozen=True, eq=False)
class GroupingSolution(Solution):
    """Generalized least squares with several groupings: ZVX is (n, p) and ZVe (n,).

    Attributes
    ----------
    products : GroupingProducts
    factor : Factor
        Of M.
    """

    products: GroupingProducts
    factor: Factor

    @property
    def ee(self) -> FloatArray:
        """Sum over groups of ``Z'V^-1 e e'V^-1 Z``, (q, q)."""
        return self.products.gram(self.ZVe[:, None], self.ZVe[:, None])


@dataclass(frozen=True, eq=False)
class GroupingDeviance(Criterion[GroupingSolution]):
    """The criterion of a model with several groupings.

    Parameters
    ----------
    products : GroupingProducts
        Products of the scaled columns.
    pattern : FactorPattern
        Free entries of Lambda, the effects of all groupings in a row.
    method : "REML" or "ML"
        Criterion.
    """

    products: GroupingProducts
    pattern: FactorPattern
    method: Method = "REML"

    @property
    def scaled(self) -> GroupingProducts:
        """The cross-products."""
        return self.products

    @property
    def n_obs(self) -> int:
        """N, the number of rows."""
        return self.products.n_obs

    @cached_property
    def effect_groups(self) -> IntArray:
        """Over how many groups each random effect varies, (q,)."""
        return np.repeat(self.products.n_groups, self.products.sizes)

    @cached_property
    def effect_scale(self) -> FloatArray:
        """SD, relative to sigma, at which each random effect begins to matter, (q,)."""
        size = np.diag(self.products.own_ZtZ) / self.effect_groups
        return np.asarray(1 / np.sqrt(np.where(size > 0, size, 1.0)))

    def factorize(self, Lambda: FloatArray) -> Factor:
        """Factor of M at a Lambda, (q, q)."""
        from bayeshlm.likelihood.joint_factor import factorize  # numba, which two-level models do without

        c = self.products
        roots = [S @ Lambda[e, e] for S, e in zip(c.joint.z_transforms, c.effects, strict=True)]
        return factorize(c.elimination, roots, 1.0)

    def solve(self, theta: FloatArray) -> GroupingSolution:
        """Generalized least squares at theta, (k,)."""
        c, p = self.products, len(self.products.ols)
        Lambda = self.pattern.factor(theta)
        factor = self.factorize(Lambda)
        right = np.column_stack([c.ZtX, c.Zty])
        half = factor.forward(c.times(Lambda.T, right))
        XVX = c.XtX - half[:, :p].T @ half[:, :p]
        lower, lower_inv = fixed_factor(XVX)
        gamma = lower_inv.T @ (lower_inv @ (c.Xty - half[:, :p].T @ half[:, p]))
        half_e = half[:, p] - half[:, :p] @ gamma
        ee = float(c.yty - 2 * c.Xty @ gamma + gamma @ c.XtX @ gamma)
        rounding = float(np.finfo(np.float64).eps * c.yty)
        inner = c.times(Lambda, factor.backward(np.column_stack([half[:, :p], half_e])))
        right[:, p] -= c.ZtX @ gamma
        ZV = right - c.ZtZ @ inner
        return GroupingSolution(
            Lambda=Lambda,
            ZVX=ZV[:, :p],
            ZVe=ZV[:, p],
            XVX_inv=lower_inv.T @ lower_inv,
            gamma=gamma,
            rss=max(ee - float(half_e @ half_e), rounding),
            log_det_V=factor.log_determinant,
            log_det_XVX=2 * float(np.log(np.diag(lower)).sum()),
            products=c,
            factor=factor,
        )

    def slope(self, solution: GroupingSolution) -> FloatArray:
        """Derivative with respect to the matrix ``G / sigma^2``, (q, q), zero between blocks."""
        total = self.own_ZVZ(solution) - solution.ee / self.sigma2(solution)
        if self.method == "REML":
            total = total - self.products.gram(solution.ZVX @ solution.XVX_inv, solution.ZVX)
        return np.asarray((total + total.T) / 2 * self.pattern.mask())

    def own_ZVZ(self, solution: GroupingSolution) -> FloatArray:
        """Sum over the groups of each grouping of their ``Z'V^-1 Z``, (q, q), zero between groupings.

        ``Lambda'Z'V^-1 Z Lambda = I - M^-1``, which says nothing of the directions that a singular Lambda leaves out:
        there it is extrapolated, as a smooth function of G, from three matrices G around.
        """
        scale = self.effect_scale
        scaled = solution.Lambda / scale[:, None]
        singular = np.zeros(len(scale), bool)
        for e in self.products.effects:
            singular[e] = np.linalg.svd(scaled[e, e], compute_uv=False)[-1] < NEARLY_SINGULAR
        if not singular.any():
            return self._own_ZVZ(solution.Lambda, solution.factor)
        found = []
        for k in (1, 2, 3):
            root = np.diag(np.where(singular, np.sqrt(k * AROUND) * scale, 0.0))
            Lambda = np.where(singular[:, None], lower_factor(np.hstack([solution.Lambda, root])), solution.Lambda)
            found.append(self._own_ZVZ(Lambda, self.factorize(Lambda)))
        return np.asarray(3 * found[0] - 3 * found[1] + found[2])

    def _own_ZVZ(self, Lambda: FloatArray, factor: Factor) -> FloatArray:
        total = np.zeros_like(Lambda)
        for k, (e, J) in enumerate(zip(self.products.effects, self.products.n_groups, strict=True)):
            left = J * np.eye(e.stop - e.start) - factor.inverse_blocks(k).sum(0)
            inverse = np.linalg.inv(Lambda[e, e])
            total[e, e] = inverse.T @ left @ inverse
        return total

    def hessian(self, solution: GroupingSolution) -> FloatArray:
        """Hessian in theta, (k, k), by differences of gradients to one side: half the work of `curvature`."""
        theta, gradient = self.pattern.theta(solution.Lambda), self.gradient(solution)
        sizes = NEWTON_STEP * (np.abs(theta) + self.effect_scale[list(self.pattern.rows)])
        moved = [self.gradient(self.solve(theta + step)) for step in np.diag(sizes)]
        hessian = (np.array(moved) - gradient) / sizes[:, None]
        return np.asarray((hessian + hessian.T) / 2)

    def curvature(self, solution: GroupingSolution, held: Criterion[GroupingSolution] | None = None) -> Curvature:
        """Second derivatives at a solution of this criterion, or of one that holds an effect.

        Those of the deviance are central differences of exact gradients at the solution's sigma.
        """
        deviance: Criterion[GroupingSolution] = self if held is None else held
        pattern, sigma2, theta = self.pattern, deviance.sigma2(solution), self.pattern.theta(solution.Lambda)
        sizes = STEP * (np.abs(theta) + self.effect_scale[list(pattern.rows)])
        hessian = np.empty((pattern.n_free, pattern.n_free))
        for k, size in enumerate(sizes):
            ends = []
            for sign in (1, -1):
                moved = theta.copy()
                moved[k] += sign * size
                s = deviance.solve(moved)
                slope = deviance.slope(s) + s.ee * (1 / deviance.sigma2(s) - 1 / sigma2)
                ends.append(pattern.theta(2 * slope @ s.Lambda))
            hessian[k] = (ends[0] - ends[1]) / (2 * size)
        gradient = -pattern.theta(2 * solution.ee @ solution.Lambda)
        return Curvature((hessian + hessian.T) / 2, gradient, self._XVX_derivatives(solution))

    def _XVX_derivatives(self, solution: GroupingSolution) -> FloatArray:
        """Derivative of ``X'V^-1 X`` in each entry of theta, (k, p, p): ``-X'V^-1 Z dG Z'V^-1 X``."""
        found = []
        for row, column in zip(self.pattern.rows, self.pattern.columns, strict=True):
            E = np.zeros_like(solution.Lambda)
            E[row] = solution.Lambda[:, column]
            found.append(-solution.ZVX.T @ self.products.times(E + E.T, solution.ZVX))
        return np.array(found)
