"""Parametric bootstrap of a likelihood ratio: new outcomes are drawn as cross-products, whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.gram import x_and_z_roots
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.reml.deviance import Deviance
from bayeshlm.reml.estimate import RemlEstimate, two_level
from bayeshlm.reml.moments import Moments
from bayeshlm.reml.nesting import Nesting
from bayeshlm.reml.optimize import descend

SETTLED = 1e-4
"""Relative change of theta that ends a search; the deviance is then good to its square."""


@dataclass(frozen=True, eq=False, slots=True)
class OutcomeSampler:
    """Draws the cross-products of an outcome ``y = Z u + r`` of the smaller model with the larger one's columns.

    The likelihood ratio does not depend on gamma of the smaller model, so that its fixed part is left out.

    Attributes
    ----------
    products : CrossProducts
        The larger model's.
    root : ndarray, (J, q + p, q + p)
        Root of each group's Gram matrix of [Z, X], of the scaled columns.
    rank : ndarray of int, (J,)
        Its rank.
    u_root : ndarray, (q, q_smaller)
        Root of the covariance matrix of the random effects in the larger model's scaled columns.
    sigma : float
        Level-1 SD.
    """

    products: CrossProducts
    root: FloatArray
    rank: IntArray
    u_root: FloatArray
    sigma: float

    @classmethod
    def of(cls, smaller: RemlEstimate, larger: Deviance, nested: Nesting) -> OutcomeSampler:
        """Sampler of outcomes of the smaller model's fit."""
        c = larger.products
        roots = x_and_z_roots(c)
        u_root = smaller.sigma * nested.Z_map @ smaller.optimum.solution.Lambda
        return cls(c, roots.root, roots.rank, u_root, smaller.sigma)

    def draw(self, rng: np.random.Generator) -> CrossProducts:
        """The larger model's cross-products with a new outcome.

        ``[Z, X]'r`` is normal with the Gram matrix times sigma^2, and what of r'r lies outside of the span of a group's
        columns is chi-square.
        """
        c, (n_groups, q, _) = self.products, self.products.ZtX.shape
        u = rng.normal(size=(n_groups, self.u_root.shape[1])) @ self.u_root.T
        xi = rng.normal(size=self.root.shape[:2])
        xi[np.arange(xi.shape[1]) < xi.shape[1] - self.rank[:, None]] = 0.0  # directions come last
        noise = self.sigma * np.einsum("jab,jb->ja", self.root, xi)
        outside = 2 * rng.standard_gamma((c.n - self.rank) / 2)
        Zr, Xr = noise[:, :q], noise[:, q:]
        Zu = np.einsum("jab,jb->ja", c.ZtZ, u)
        return replace(
            c,
            Zty=Zu + Zr,
            Xty=np.einsum("jap,ja->jp", c.ZtX, u) + Xr,
            yty=np.sum(u * (Zu + 2 * Zr), axis=1) + self.sigma**2 * (np.sum(xi**2, axis=1) + outside),
            ols=np.zeros_like(c.ols),
        )


def bootstrap_statistics(
    smaller: RemlEstimate, larger: RemlEstimate, nested: Nesting, n_boot: int, seed: int | None
) -> FloatArray:
    """Likelihood ratios under the smaller model's fit, (n_boot,).

    Parameters
    ----------
    smaller, larger : RemlEstimate
        Fits by the same criterion.
    nested : Nesting
        How their columns map.
    n_boot : int
        Number of new outcomes.
    seed : int or None
        Seed of the random numbers.
    """
    rng = np.random.default_rng(seed)
    sampler = OutcomeSampler.of(smaller, two_level(larger, "The bootstrap of a likelihood ratio")[0], nested)
    starts = _start(smaller), _start(larger)
    shift = nested.reml_shift if smaller.method == "REML" else 0.0
    statistics = np.empty(n_boot)
    for b in range(n_boot):
        products = sampler.draw(rng)
        inner = replace(
            two_level(smaller, "The bootstrap of a likelihood ratio")[0].products,
            Zty=products.Zty @ nested.Z_map,
            Xty=products.Xty @ nested.X_map,
            yty=products.yty,
            ols=np.zeros(nested.X_map.shape[1]),
        )
        values = [
            descend(Deviance(drawn, fit.deviance_function.pattern, fit.method), start, SETTLED).value
            for drawn, fit, start in zip((inner, products), (smaller, larger), starts, strict=True)
        ]
        statistics[b] = max(values[0] - shift - values[1], 0.0)
    return statistics


def _start(estimate: RemlEstimate) -> Moments:
    """A start near the estimate, inside."""
    pattern = estimate.deviance_function.pattern
    scale = estimate.deviance_function.effect_scale[list(pattern.rows)]
    theta = estimate.optimum.theta
    return Moments(np.where(pattern.is_diagonal, np.maximum(theta, 0.5 * scale), theta), scale)
