"""The log density of the posterior with a level-1 model over its unconstrained values, and its gradient.

They are those of `bayeshlm.likelihood.unconstrained_density` but for the last ones: alpha as it is, or log sigma, and
of rho the log odds of its place between the bounds of its prior.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from bayeshlm.design import Design
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import INLINED
from bayeshlm.likelihood.kernel_products import ColumnScaling, scaling_of
from bayeshlm.likelihood.level1_bank import Level1Bank, bank_of
from bayeshlm.likelihood.level1_kernel import level1_log_density
from bayeshlm.likelihood.level1_weights import Level1Weights
from bayeshlm.likelihood.prior_data import Level1Priors, PriorData, level1_priors, prior_data
from bayeshlm.likelihood.unconstrained_density import covariance_factor, effect_draws, log_prior, with_priors
from bayeshlm.parameters.draws import SAMPLE
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]


class Level1Data(NamedTuple):
    """All that the density depends on, in the order of the arguments of `level1_posterior`.

    Attributes
    ----------
    priors, level1 : PriorData, Level1Priors
    scaling, weights, bank, n_obs
        As `bayeshlm.likelihood.level1_kernel.level1_log_density` takes them; n_obs of shape (1,).
    """

    priors: PriorData
    level1: Level1Priors
    scaling: ColumnScaling
    weights: Level1Weights
    bank: Level1Bank
    n_obs: Array


def level1_data(design: Design, priors: Priors) -> Level1Data:
    """Collect what the density of a design with a level-1 model depends on."""
    return Level1Data(
        prior_data(design, priors),
        level1_priors(design, priors),
        scaling_of(design.cross_products, priors),
        *bank_of(design),
        np.array([float(design.n_obs)]),
    )


def level1_draws(values: Array, design: Design, priors: Priors) -> xr.Dataset:
    """Draws of gamma, tau, corr, alpha or sigma, and rho from the density's unconstrained values (chain, draw, D)."""
    draws, outcome = effect_draws(values, design, priors), design.outcome
    if outcome.residuals.correlation:
        lower, upper = level1_priors(design, priors).bounds
        draws["rho"] = (SAMPLE, lower + (upper - lower) * expit(values[..., -1]))
        values = values[..., :-1]
    if outcome.residuals.spread:
        draws["alpha"] = ((*SAMPLE, "spread"), values[..., -len(outcome.residuals.spread) :])
    else:
        draws["sigma"] = (SAMPLE, np.exp(values[..., -1]))
    return xr.Dataset(draws)


@cached
@numba.njit(**INLINED)
def level1_posterior(
    x: Array,
    gradient: Array,
    priors: PriorData,
    level1: Level1Priors,
    scaling: ColumnScaling,
    weights: Level1Weights,
    bank: Level1Bank,
    n_obs: Array,
) -> float:
    """Log density at ``x (p + q + m + a,)``, the transforms' Jacobian included; `gradient` is filled.

    The other arguments are those of `Level1Data`.
    """
    p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
    gamma, tau, log_odds = x[:p], x[p : p + q], x[p + q : p + q + m]
    start, k, correlated = p + q + m, level1.sd_prior.shape[1], len(level1.bounds) > 0
    one_sigma = level1.one_sigma[0] == 1.0
    rho, share, width = 0.0, 0.0, 0.0
    if correlated:
        width = level1.bounds[1] - level1.bounds[0]
        share = 1.0 / (1.0 + np.exp(-x[start + k]))
        rho = level1.bounds[0] + width * share
    factor = covariance_factor(tau, log_odds, priors.corr_prior)
    alpha = x[start : start + k].copy()
    log_density, d_gamma, d_chol, d_alpha, d_rho = level1_log_density(
        gamma, factor[0], alpha, rho, scaling, weights, bank, n_obs[0]
    )
    density: float = with_priors(x, gradient, (log_density, d_gamma, d_chol, np.empty(0)), factor, priors, False)
    density += level1.constant[0]
    for i in range(k):
        at = np.exp(alpha[i]) if one_sigma else alpha[i]
        value, slope = log_prior(at, level1.sd_prior[:, i])
        density += value
        gradient[start + i] = d_alpha[i] + slope
        if one_sigma:
            density += alpha[i]
            gradient[start + i] = d_alpha[i] + slope * at + 1.0
    if correlated:
        odds = x[start + k]
        density -= abs(odds) + 2.0 * np.log1p(np.exp(-abs(odds)))
        gradient[start + k] = d_rho * width * share * (1.0 - share) + 1.0 - 2.0 * share
    return density
