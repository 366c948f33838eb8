"""The marginal graph: the group deviations u integrated out exactly, a handful of parameters left."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.graph.level1 import level1_density
from bayeshlm.graph.marginal_op import MarginalLogDensity
from bayeshlm.graph.outcome import auxiliary_variables
from bayeshlm.graph.variables import (
    correlation_factor,
    gamma_variable,
    graph_coords,
    scalar_variable,
    vector_variable,
)
from bayeshlm.graph.weighted import log_pseudo_likelihood
from bayeshlm.likelihood.unconstrained_density import density_data
from bayeshlm.likelihood.weighted_posterior import WeightedData, weighted_data
from bayeshlm.parameters.free_variables import signed_distribution
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.start import residual_sd_start, tau_start


def marginal_graph(design: Design, priors: Priors) -> pm.Model:
    """Build the PyMC model of the marginal density ``y_j ~ N(X_j gamma, Z_j G Z_j' + sigma^2 I)``.

    It is the model of `hierarchical_graph` with u integrated out: gamma, tau, corr and sigma have the
    same names, dims and priors. The likelihood is the potential ``y``, one operation over the groups'
    cross-products, whatever the number of rows. Where the level-1 SDs are known there is no sigma.

    ``tau_signed`` ranges over the whole line with the symmetric distribution whose absolute value has
    tau's prior; the signs are folded into corr, whose LKJ prior they leave alone. The density is smooth
    through zero, where a logarithm of tau would have an endless tail.

    With sampling weights the potential is the log pseudo-likelihood, written as a formula. With an equation of the
    level-1 SD ``alpha (spread)`` stands in the place of sigma, and correlated residuals have ``rho``.

    Parameters
    ----------
    design : Design
    priors : Priors

    Returns
    -------
    pm.Model
        All data and parameters of priors stand in it as ``pm.Data``, so that the compiled code serves
        every model with as many effects.
    """
    if design.outcome.residuals.modeled:
        return _level1_graph(design, priors)
    data = weighted_data(design, priors) if design.weights is not None else density_data(design, priors)
    residual_sd = residual_sd_start(design)
    with pm.Model(coords=graph_coords(design)) as model:
        sampled = gamma_variable(priors, lambda positions: {"initval": data.scaling.gamma_origin[positions]})
        chol = _covariance_factor(design, priors, tau_start(design))
        known = design.outcome.residuals.known
        sigma = pt.constant(1.0) if known else scalar_variable("sigma", priors.sigma, initval=residual_sd)
        if isinstance(data, WeightedData):
            log_density = log_pseudo_likelihood(sampled, chol, sigma, data)
        else:
            arrays = data.scaling._asdict() | data.products._asdict()
            log_density, *_ = MarginalLogDensity(len(design.random))(
                sampled, chol, sigma, *(pm.Data(name, values) for name, values in arrays.items())
            )
        pm.Potential("y", log_density - design.sum_of_log_sd if known else log_density)
    return model


def _level1_graph(design: Design, priors: Priors) -> pm.Model:
    """That of a design whose level-1 SDs have an equation, or whose residuals are correlated."""
    origin = priors.at_means(design.products.ols)
    with pm.Model(coords=graph_coords(design)) as model:
        sampled = gamma_variable(priors, lambda positions: {"initval": origin[positions]})
        chol = _covariance_factor(design, priors, tau_start(design))
        auxiliary = auxiliary_variables(design.outcome, priors)
        pm.Potential("y", level1_density(design, priors, sampled, chol, auxiliary))
    return model


def _covariance_factor(design: Design, priors: Priors, start: NDArray[np.float64]) -> pt.TensorVariable:
    """Register tau and corr; return L of ``G = L L'``."""
    tau_signed = vector_variable(
        "tau_signed",
        [signed_distribution(prior) for prior in priors.tau],
        "random",
        lambda positions: {"initval": start[positions]},
    )
    pm.Deterministic("tau", pt.abs(tau_signed), dims="random")
    corr_factor = correlation_factor(design, priors)
    if corr_factor is None:
        return tau_signed[:, None] * np.eye(len(design.random))
    folded = pt.where(tau_signed < 0, -1.0, 1.0)[:, None] * corr_factor
    pm.Deterministic("corr", folded @ folded.T, dims=("random", "random_"))
    return tau_signed[:, None] * corr_factor
