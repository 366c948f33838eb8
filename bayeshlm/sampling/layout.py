"""The coordinates that NUTS works in: the marginal density's values, shifted, scaled and whitened around REML.

An affine map leaves the posterior as it is; it only spares the sampler from finding place, scales and
correlations by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from bayeshlm.design import Design
from bayeshlm.errors import HLMError
from bayeshlm.likelihood.likelihood import LogDensity
from bayeshlm.likelihood.normal_approximation import around_mode
from bayeshlm.likelihood.prior_data import level1_priors
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.start import residual_sd_start, tau_start
from bayeshlm.reml.estimate import RemlEstimate, near_reml

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """The map ``value = center + scale x``, and ``center + factor x`` for the fixed effects, which come first.

    Attributes
    ----------
    center, scale : array, shape (D,)
    factor : array, shape (p, p)
        Factor of the covariance of the fixed effects; 0 x 0 when they are not whitened.
    spread : array, shape (D,)
        Standard deviations, in x, of the starting points.
    """

    center: Array
    scale: Array
    factor: Array
    spread: Array

    @property
    def size(self) -> int:
        """Number of unconstrained values D."""
        return len(self.center)

    def starting_point(self, seed: int) -> Array:
        """A random place to start a chain, dispersed as far as the posterior roughly is."""
        return np.random.default_rng(seed).normal(size=self.size) * self.spread

    def values(self, x: Array) -> Array:
        """The unconstrained values of points ``x (..., D)``."""
        values = self.center + self.scale * x
        p = len(self.factor)
        values[..., :p] = self.center[:p] + x[..., :p] @ self.factor.T
        return values

    def points(self, values: Array) -> Array:
        """The points of unconstrained values (n, D)."""
        shifted: Array = values - self.center
        x: Array = shifted / self.scale
        p = len(self.factor)
        x[:, :p] = np.linalg.solve(self.factor, shifted[:, :p].T).T
        return x


def plain_layout(design: Design, priors: Priors) -> Layout:
    """The unconstrained values themselves, starting within half a unit of the least-squares fit."""
    log_odds = np.zeros(len(partial_correlations(design, priors).rows))
    gamma = priors.at_means(design.products.ols)
    log_sigma = [] if design.outcome.residuals.known else [np.log(residual_sd_start(design))]
    center = np.concatenate([gamma, tau_start(design), log_odds, log_sigma])
    ones = np.ones(len(center))
    return Layout(center, ones, np.empty((0, 0)), 0.5 * ones)


def reml_layout(design: Design, priors: Priors) -> Layout:
    """Coordinates around the REML estimate: gamma whitened, the rest to their scales.

    Where REML has no answer the plain layout serves.
    """
    plain = plain_layout(design, priors)
    try:
        estimate = near_reml(design)
    except HLMError:
        return plain
    p, q = len(design.fixed), len(design.random)
    center, scale, spread = plain.center.copy(), plain.scale.copy(), plain.spread.copy()
    center[:p], spread[:p] = priors.at_means(estimate.gamma), 1.0
    factor = np.linalg.cholesky(priors.basis @ estimate.vcov @ priors.basis.T)
    tau = slice(p, p + q)
    center[tau], scale[tau] = _tau_center_and_scale(estimate, plain.center[tau])
    if not design.outcome.residuals.known:
        center[-1], scale[-1], spread[-1] = np.log(estimate.sigma), 1 / np.sqrt(2 * design.n_obs), 1.0
    return Layout(center, scale, factor, spread)


def _tau_center_and_scale(estimate: RemlEstimate, usual: Array) -> tuple[Array, Array]:
    """Start tau at its estimate, or at a tenth of its usual start where that is zero, with a relative scale."""
    center = np.maximum(estimate.tau, 0.1 * usual)
    return center, 0.3 * center


def mode_layout(density: LogDensity, start: Array) -> Layout:
    """Coordinates around the mode of a density, all whitened by its curvature there."""
    mode, root = around_mode(density, start)
    ones = np.ones(len(mode))
    return Layout(mode, ones, root, ones)


def level1_start(design: Design, priors: Priors) -> Array:
    """Values near the mode of a density with a level-1 model: least squares, or where there is one ML's estimate."""
    from bayeshlm.reml.family_estimate import fit_family

    level1, n_partials = design.kept_rows.modeled, len(partial_correlations(design, priors).rows)
    A, k = level1.A, level1.A.shape[1]
    log_sd = np.log(residual_sd_start(design))
    gamma, tau, rho = design.products.ols, tau_start(design), 0.0
    sd = np.linalg.lstsq(A, np.full(len(A), log_sd), rcond=None)[0] if k else np.array([log_sd])
    try:
        estimate = fit_family(design)
    except HLMError:
        estimate = None
    if estimate is not None:
        gamma, tau = estimate.gamma, np.maximum(estimate.tau, 0.1 * tau)
        sd = estimate.auxiliary[:k] if k else np.log(estimate.auxiliary[:1])
        rho = float(estimate.auxiliary[-1])
    bounds = level1_priors(design, priors).bounds
    odds = [logit(np.clip((rho - bounds[0]) / (bounds[1] - bounds[0]), 0.02, 0.98))] if len(bounds) else []
    return np.concatenate([priors.at_means(gamma), tau, np.zeros(n_partials), sd, odds])


def start_layout(start: Array) -> Layout:
    """The unconstrained values themselves, starting within half a unit of some."""
    ones = np.ones(len(start))
    return Layout(start, ones, np.empty((0, 0)), 0.5 * ones)
