"""The hierarchical graph: group deviations u explicit, as the level equations state them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pymc as pm

from bayeshlm.design import Design
from bayeshlm.graph.variables import (
    correlation_factor,
    gamma_variable,
    graph_coords,
    scalar_variable,
    vector_variable,
)
from bayeshlm.parameters.free_variables import distribution
from bayeshlm.parameters.priors import Priors

type Centering = Literal["noncentered", "centered"]


def hierarchical_graph(design: Design, priors: Priors, centering: Centering = "noncentered") -> pm.Model:
    """Build the PyMC model of ``y = X gamma + Z u + r``, ``u_j ~ N(0, G)``, ``r ~ N(0, sigma^2 I)``.

    Laird & Ware (1982), Biometrics 38, 963-974. Named variables, with dims: ``gamma (fixed)``,
    ``tau (random)``, ``corr (random, random_)`` when at least two effects covary, ``sigma``,
    ``u (<group>, random)``, and the observed ``y (obs_id)``.

    Parameters
    ----------
    design : Design
    priors : Priors
    centering : {"noncentered", "centered"}
        Noncentered: ``u = z diag(tau) chol(corr)'`` with standard normal ``z (<group>, random)``;
        centered: ``u`` itself is a multivariate normal variable.

    Returns
    -------
    pm.Model
        The data stand in it as ``pm.Data``: ``X (obs_id, fixed)``, ``Z (obs_id, random)``,
        ``group_code (obs_id)``, ``y_observed (obs_id)``, and ``offset (obs_id)`` if there is one.
    """
    with pm.Model(coords={**graph_coords(design), "obs_id": np.arange(design.n_obs)}) as model:
        gamma_variable(priors)
        tau = vector_variable("tau", [distribution(prior) for prior in priors.tau], "random")
        corr_factor = correlation_factor(design, priors)
        if corr_factor is None:
            chol = tau[:, None] * np.eye(len(design.random))
        else:
            chol = tau[:, None] * corr_factor
            pm.Deterministic("corr", corr_factor @ corr_factor.T, dims=("random", "random_"))
        sigma = scalar_variable("sigma", priors.sigma)
        dims = (design.group, "random")
        if centering == "noncentered":
            u = pm.Deterministic("u", pm.Normal("z", 0, 1, dims=dims) @ chol.T, dims=dims)
        else:
            u = pm.MvNormal("u", mu=np.zeros(len(design.random)), chol=chol, dims=dims)
        X = pm.Data("X", design.X, dims=("obs_id", "fixed"))
        Z = pm.Data("Z", design.Z, dims=("obs_id", "random"))
        group_code = pm.Data("group_code", design.group_codes, dims="obs_id")
        mu = X @ model["gamma"] + (Z * u[group_code]).sum(axis=1)
        if design.offset.any():
            mu = mu + pm.Data("offset", design.offset, dims="obs_id")
        y_observed = pm.Data("y_observed", design.y, dims="obs_id")
        pm.Normal("y", mu, sigma, observed=y_observed, dims="obs_id")
    return model
