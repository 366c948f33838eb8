"""The log density of the marginal graph over its unconstrained values, and its gradient, as one numba function.

It is what PyMC computes from `bayeshlm.graph.marginal` (a test holds the two together), with PyMC's transforms:
the unconstrained values are the fixed effects in the coordinates of their priors, signed tau, the log odds of
``(1 + partial correlation)/2``, and log sigma, unless it is known. Families and counts are data, so that one piece of
machine code serves every model and the first fit of a new kind of model has nothing to wait for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_groups import TOGETHER, in_blocks
from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
from bayeshlm.likelihood.gaussian_pieces import INLINED, kernel_of_effects
from bayeshlm.likelihood.group_structure import GroupStructure
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts, scaling_of
from bayeshlm.likelihood.prior_data import NORMAL, STUDENT_T, PriorData, prior_data
from bayeshlm.parameters.draws import SAMPLE
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]


class DensityData(NamedTuple):
    """All that the density depends on, in the order of the arguments of what `marginal_posterior` makes.

    Attributes
    ----------
    priors, scaling, products : PriorData, ColumnScaling, GroupProducts
    """

    priors: PriorData
    scaling: ColumnScaling
    products: GroupProducts


def density_data(design: Design, priors: Priors) -> DensityData:
    """Collect what the density of a model depends on; the structure of a single block is no gain."""
    products, few = design.cross_products, design.n_groups <= TOGETHER
    structure = GroupStructure.none(design.n_groups, len(design.fixed)) if few else GroupStructure.of(design)
    of_groups = GroupProducts(
        ZtZ=in_blocks(products.ZtZ),
        ZtX=in_blocks(products.ZtX[:, :, structure.direct]),
        Zty=in_blocks(products.Zty),
        W=in_blocks(structure.W.T),
        to_parts=structure.to_parts,
        XtX=products.XtX.sum(axis=0),
        Xty=products.Xty.sum(axis=0),
        totals=np.array([products.yty.sum(), design.n_obs]),
    )
    return DensityData(prior_data(design, priors), scaling_of(products, priors), of_groups)


def marginal_draws(values: Array, design: Design, priors: Priors) -> xr.Dataset:
    """Draws of gamma, tau, corr and sigma from the density's unconstrained values (chain, draw, D)."""
    draws = effect_draws(values, design, priors)
    if design.outcome.auxiliary_effects:
        draws["sigma"] = (SAMPLE, np.exp(values[..., -1]))
    return xr.Dataset(draws)


def effect_draws(values: Array, design: Design, priors: Priors) -> dict[str, tuple[tuple[str, ...], Array]]:
    """Draws of gamma, tau and corr with their dims, from unconstrained values of which they are the first."""
    p, q, partials = len(design.fixed), len(design.random), partial_correlations(design, priors)
    ends = [p, p + q, p + q + len(partials.rows)]
    gamma, tau, log_odds, _ = np.split(values, ends, axis=-1)
    draws: dict[str, tuple[tuple[str, ...], Array]] = {
        "gamma": ((*SAMPLE, "fixed"), gamma @ np.linalg.inv(priors.basis).T),
        "tau": ((*SAMPLE, "random"), np.abs(tau)),
    }
    if partials.rows:
        R = np.where(tau < 0, -1.0, 1.0)[..., None] * partials.factors(np.tanh(log_odds / 2))
        draws["corr"] = ((*SAMPLE, "random", "random_"), R @ R.swapaxes(-1, -2))
    return draws


@numba.njit(**INLINED)
def log_prior(x: float, prior: Array) -> tuple[float, float]:
    """Log of a symmetric density over that at its center, and its derivative."""
    kind, nu, mu, scale = prior[0], prior[1], prior[2], prior[3]
    z = (x - mu) / scale
    if kind == NORMAL:
        return -0.5 * z * z, -z / scale
    if kind == STUDENT_T:
        return -0.5 * (nu + 1.0) * np.log1p(z * z / nu), -(nu + 1.0) * z / (nu + z * z) / scale
    return -abs(z), -np.sign(z) / scale


@numba.njit(**INLINED)
def covariance_factor(tau: Array, log_odds: Array, corr_prior: Array) -> tuple[Array, Array, Array, Array]:
    """``chol = diag(tau) R``; R; and of each partial correlation R_rr before it and ``sqrt(1 - partial^2)``."""
    q, m = len(tau), len(log_odds)
    R, left, spread = np.zeros((q, q)), np.empty(m), np.empty(m)
    for r in range(q):
        R[r, r] = 1.0
    for k in range(m):
        r, s = int(corr_prior[1, k]), int(corr_prior[2, k])
        left[k] = R[r, r]
        tail = np.exp(-0.5 * abs(log_odds[k]))
        spread[k] = 2.0 * tail / (1.0 + tail * tail)
        R[r, s] = np.tanh(0.5 * log_odds[k]) * left[k]
        R[r, r] = left[k] * spread[k]
    chol = np.empty((q, q))
    for r in range(q):
        for s in range(q):
            chol[r, s] = tau[r] * R[r, s]
    return chol, R, left, spread


@numba.njit(**INLINED)
def constrained(x: Array, increasing: bool) -> Array:
    """Auxiliary parameters from their logarithms; increasing ones from the first and the logarithms of distances."""
    values = np.exp(x)
    if increasing and len(x) > 0:
        values[0] = x[0]
        for k in range(1, len(x)):
            values[k] += values[k - 1]
    return values


@numba.njit(**INLINED)
def with_priors(
    x: Array,
    gradient: Array,
    likelihood: tuple[float, Array, Array, Array],
    factor: tuple[Array, Array, Array, Array],
    priors: PriorData,
    increasing: bool,
) -> float:
    """Log density of the posterior at x, and its gradient, from the likelihood's and the priors'.

    Parameters
    ----------
    x, gradient : arrays, shape (D,)
        ``p + q + m + a`` values, and perhaps others behind them, which are left alone.
    likelihood : tuple
        Log density of the outcomes and its derivatives with respect to gamma, chol and the auxiliary parameters.
    factor : tuple
        From `covariance_factor`.
    increasing : bool
        The auxiliary parameters are cutpoints, whose priors are Normal; else they are positive.
    """
    gamma_prior, tau_prior, auxiliary_prior, corr_prior, constant = priors
    p, q, m, a = gamma_prior.shape[1], tau_prior.shape[1], corr_prior.shape[1], auxiliary_prior.shape[1]
    gamma, tau, log_odds = x[:p], x[p : p + q], x[p + q : p + q + m]
    log_density, d_gamma, d_chol, d_auxiliary = likelihood
    _, R, left, spread = factor
    log_density += constant[0]
    for k in range(p):
        value, slope = log_prior(gamma[k], gamma_prior[:, k])
        log_density += value
        gradient[k] = d_gamma[k] + slope
    for r in range(q):
        value, slope = log_prior(tau[r], tau_prior[:, r])
        log_density += value
        for s in range(q):
            slope += d_chol[r, s] * R[r, s]
        gradient[p + r] = slope
    for k in range(m - 1, -1, -1):
        shape, r, s = corr_prior[0, k], int(corr_prior[1, k]), int(corr_prior[2, k])
        partial = np.tanh(0.5 * log_odds[k])
        log_density += 2.0 * shape * (np.log(spread[k]) - np.log(2.0))
        d_corr, d_rest = tau[r] * d_chol[r, s], tau[r] * d_chol[r, r]  # d_chol[r, r] becomes that of left[k]
        gradient[p + q + k] = 0.5 * left[k] * spread[k] * (d_corr * spread[k] - d_rest * partial) - shape * partial
        d_chol[r, r] = d_chol[r, s] * partial + d_chol[r, r] * spread[k]
    start = p + q + m
    auxiliary, d_above = constrained(x[start : start + a], increasing), 0.0
    for k in range(a - 1, -1, -1):
        value, slope = log_prior(auxiliary[k], auxiliary_prior[:, k])
        log_density += value
        slope += d_auxiliary[k]
        if increasing:  # every later cutpoint moves along
            d_above += slope
            slope = d_above
        if increasing and k == 0:
            gradient[start] = slope
        else:
            gradient[start + k] = slope * np.exp(x[start + k]) + 1.0
            log_density += x[start + k]
    return float(log_density)


def posterior_of(log_density_of_data: Any) -> Any:
    """A numba function of the posterior's log density, from that of normal outcomes.

    Parameters
    ----------
    log_density_of_data : numba function
        Of ``(gamma, chol, sigma, scaling, products)``: log density of the outcomes, and its derivatives with respect to
        gamma, chol and sigma.

    Returns
    -------
    numba function
        Of ``x (p + q + m + a,)``, an array for the gradient, which is filled, priors, scaling and products: the log
        density, the transforms' Jacobian included. There is one auxiliary parameter, log sigma, or none where sigma is
        known: 1 for the rows as they are counted.
    """

    @numba.njit(**INLINED)
    def posterior(x: Array, gradient: Array, priors: PriorData, scaling: ColumnScaling, products: Any) -> float:
        p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
        a = priors.auxiliary_prior.shape[1]
        sigma = np.exp(x[p + q + m]) if a > 0 else 1.0
        factor = covariance_factor(x[p : p + q], x[p + q : p + q + m], priors.corr_prior)
        log_density, d_gamma, d_chol, d_sigma = log_density_of_data(x[:p], factor[0], sigma, scaling, products)
        of_data = (log_density, d_gamma, d_chol, np.full(a, d_sigma))
        density: float = with_priors(x, gradient, of_data, factor, priors, False)
        return density

    return cached(posterior)


@kernel_of_effects
def marginal_posterior(n_effects: int, with_gradient: bool = True) -> Any:
    """`posterior_of` models with one grouping and so many random effects; its last argument is `GroupProducts`."""
    return posterior_of(marginal_log_density(n_effects, with_gradient))
