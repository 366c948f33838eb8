"""The hierarchical graph: group deviations u explicit, as the level equations state them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayeshlm.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.graph.families import Family
from bayeshlm.graph.priors import Priors

type Parameterization = Literal["noncentered", "centered"]


def hierarchical_graph(design: Design, priors: Priors, parameterization: Parameterization = "noncentered") -> pm.Model:
    """Build the PyMC model of ``y = X gamma + Z u + r``, ``u_j ~ N(0, G)``, ``r ~ N(0, sigma^2 I)``.

    Laird & Ware (1982), Biometrics 38, 963-974. Named variables, with dims: ``gamma (fixed)``,
    ``tau (random)``, ``corr (random, random_)`` when at least two effects covary, ``sigma``,
    ``u (<group>, random)``, and the observed ``y (obs_id)``.

    Parameters
    ----------
    design : Design
    priors : Priors
    parameterization : {"noncentered", "centered"}
        Noncentered: ``u = z diag(tau) chol(corr)'`` with standard normal ``z (<group>, random)``;
        centered: ``u`` itself is a multivariate normal variable.

    Returns
    -------
    pm.Model
        The data stand in it as ``pm.Data``: ``X (obs_id, fixed)``, ``Z (obs_id, random)``,
        ``group_code (obs_id)``, ``y_observed (obs_id)``, and ``offset (obs_id)`` if there is one.
    """
    if parameterization not in get_args(Parameterization.__value__):
        raise OptionError(f'parameterization must be "noncentered" or "centered", not {parameterization!r}.')
    with pm.Model(coords=graph_coords(design)) as model:
        gamma = gamma_variable(priors)
        chol = covariance_factor(design, priors)
        sigma = scalar_variable("sigma", priors.sigma)
        dims = (design.group, "random")
        if parameterization == "noncentered":
            z = pm.Normal("z", 0, 1, dims=dims)
            u = pm.Deterministic("u", z @ chol.T, dims=dims)
        else:
            u = pm.MvNormal("u", mu=np.zeros(len(design.random)), chol=chol, dims=dims)
        X = pm.Data("X", design.X, dims=("obs_id", "fixed"))
        Z = pm.Data("Z", design.Z, dims=("obs_id", "random"))
        group_code = pm.Data("group_code", design.group_codes, dims="obs_id")
        mu = X @ gamma + (Z * u[group_code]).sum(axis=1)
        if design.offset.any():
            mu = mu + pm.Data("offset", design.offset, dims="obs_id")
        y_observed = pm.Data("y_observed", design.y, dims="obs_id")
        pm.Normal("y", mu, sigma, observed=y_observed, dims="obs_id")
    return model


def graph_coords(design: Design) -> dict[str, Any]:
    """Coordinates of the graph's dims: group ids, labels of the effects, row numbers."""
    return {
        design.group: design.group_labels.to_numpy(),
        "fixed": list(design.fixed_labels),
        "random": list(design.random_labels),
        "random_": list(design.random_labels),
        "obs_id": np.arange(design.n_obs),
    }


def gamma_variable(priors: Priors) -> pt.TensorVariable:
    """Register ``gamma (fixed)``; its intercept is sampled at the column means when its prior is there."""
    if priors.intercept is None:
        return vector_variable("gamma", priors.gamma, "fixed")
    at_means = vector_variable("gamma_at_means", priors.gamma, "fixed")
    shift = pt.dot(at_means, np.asarray(priors.means))
    return pm.Deterministic("gamma", pt.inc_subtensor(at_means[priors.intercept], -shift), dims="fixed")


def covariance_factor(design: Design, priors: Priors) -> pt.TensorVariable:
    """Register ``tau (random)`` and ``corr (random, random_)``; return L of ``G = L L'``, shape (q, q).

    Each block of effects that may covary has its own LKJ correlation matrix; a single effect has none.
    """
    tau = vector_variable("tau", priors.tau, "random")
    if priors.corr is None:
        return pt.diag(tau)
    q = len(design.random)
    corr_chol = pt.eye(q)
    for number, block in enumerate(block for block in design.blocks if len(block) > 1):
        name = "corr_chol" if len(block) == q else f"corr_chol_{number}"
        factor = pm.LKJCorr(name, n=len(block), **priors.corr.parameters)
        corr_chol = pt.set_subtensor(corr_chol[np.ix_(block, block)], factor)
    pm.Deterministic("corr", corr_chol @ corr_chol.T, dims=("random", "random_"))
    return tau[:, None] * corr_chol


def vector_variable(name: str, priors: Sequence[Family], dim: str) -> pt.TensorVariable:
    """Register one vector with the priors of its elements.

    PyMC's variables have one family each: elements of several families are registered a family
    (``gamma_Normal``, ``gamma_StudentT``) and put together in a Deterministic.
    """
    kinds = sorted({type(prior) for prior in priors}, key=lambda kind: kind.__name__)
    if len(kinds) == 1:
        return _variable(name, priors, dims=dim)
    vector = pt.zeros(len(priors))
    for kind in kinds:
        positions = [k for k, prior in enumerate(priors) if type(prior) is kind]
        part = _variable(f"{name}_{kind.__name__}", [priors[k] for k in positions], shape=len(positions))
        vector = pt.set_subtensor(vector[positions], part)
    return pm.Deterministic(name, vector, dims=dim)


def scalar_variable(name: str, prior: Family) -> pt.TensorVariable:
    """Register one scalar with its prior."""
    parameters = {key: np.asarray(value) for key, value in prior.parameters.items()}  # a float is cut to float32
    return getattr(pm, type(prior).__name__)(name, **parameters)


def _variable(name: str, priors: Sequence[Family], **shape: Any) -> pt.TensorVariable:
    stacked = {key: np.array([prior.parameters[key] for prior in priors]) for key in priors[0].parameters}
    return getattr(pm, type(priors[0]).__name__)(name, **stacked, **shape)
