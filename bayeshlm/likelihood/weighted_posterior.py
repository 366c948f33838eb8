"""The log density of a pseudo-posterior of weighted normal outcomes over its unconstrained values.

They are those of `bayeshlm.likelihood.unconstrained_density`: fixed effects in the coordinates of their priors, signed
tau, log odds of the partial correlations, log sigma.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.likelihood.group_effects import groups_last
from bayeshlm.likelihood.prior_data import PriorData, prior_data
from bayeshlm.likelihood.unconstrained_density import covariance_factor, with_priors
from bayeshlm.likelihood.weighted_kernel import weighted_log_density
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]


class WeightedData(NamedTuple):
    """All that the density depends on, in the order of the arguments of `weighted_posterior`.

    Attributes
    ----------
    priors : PriorData
    gamma_origin, gamma_to_scaled, u_to_scaled, ZtZ, ZtX, Zty, XtX, Xty, totals, group_weights : arrays
        As `bayeshlm.likelihood.weighted_kernel.weighted_log_density` takes them.
    """

    priors: PriorData
    gamma_origin: Array
    gamma_to_scaled: Array
    u_to_scaled: Array
    ZtZ: Array
    ZtX: Array
    Zty: Array
    XtX: Array
    Xty: Array
    totals: Array
    group_weights: Array


def weighted_data(design: Design, priors: Priors) -> WeightedData:
    """Collect what the density of a weighted design depends on."""
    products, weights = design.cross_products, design.weights
    assert weights is not None  # else the density is that of `unconstrained_density`
    return WeightedData(
        prior_data(design, priors),
        priors.at_means(products.ols),
        np.linalg.inv(priors.basis @ products.x_transform),
        np.linalg.inv(products.z_transform),
        *weighted_sums(products, weights.group),
    )


def weighted_sums(products: CrossProducts, group_weights: Array, groups: slice = slice(None)) -> tuple[Array, ...]:
    """ZtZ to `group_weights` of `WeightedData`, of some groups."""
    w = group_weights[groups]
    totals = [w @ products.yty[groups], w @ products.counts[groups]]
    return (
        *groups_last(groups, products.ZtZ, products.ZtX, products.Zty),
        np.einsum("j,jab->ab", w, products.XtX[groups]),
        w @ products.Xty[groups],
        np.array(totals),
        np.ascontiguousarray(w),
    )


@numba.njit(error_model="numpy", nogil=True, forceinline=True)
def weighted_posterior(
    x: Array,
    gradient: Array,
    priors: PriorData,
    gamma_origin: Array,
    gamma_to_scaled: Array,
    u_to_scaled: Array,
    ZtZ: Array,
    ZtX: Array,
    Zty: Array,
    XtX: Array,
    Xty: Array,
    totals: Array,
    group_weights: Array,
) -> float:
    """Log density at ``x (p + q + m + 1,)``, the transforms' Jacobian included; `gradient` is filled.

    The other arguments are those of `WeightedData`.
    """
    p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
    gamma, tau, log_odds, sigma = x[:p], x[p : p + q], x[p + q : p + q + m], np.exp(x[p + q + m])
    factor = covariance_factor(tau, log_odds, priors.corr_prior)
    scaling = (gamma_origin, gamma_to_scaled, u_to_scaled)
    log_density, d_gamma, d_chol, d_sigma = weighted_log_density(
        gamma, factor[0], sigma, *scaling, ZtZ, ZtX, Zty, XtX, Xty, totals, group_weights
    )
    of_data = (log_density, d_gamma, d_chol, np.full(1, d_sigma))
    density: float = with_priors(x, gradient, of_data, factor, priors, False)
    return density
