"""The hierarchical graph: group deviations u explicit, as the level equations state them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pymc as pm

from bayeshlm.design import Design
from bayeshlm.graph.outcome import auxiliary_variables, observed_variable
from bayeshlm.graph.variables import correlation_factor, gamma_variable, graph_coords, vector_variable
from bayeshlm.parameters.free_variables import distribution
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.parameters.priors import Priors

type Centering = Literal["noncentered", "centered"]


def hierarchical_graph(design: Design, priors: Priors, centering: Centering = "noncentered") -> pm.Model:
    """Build the PyMC model of ``y = X gamma + Z u + r``, ``u_j ~ N(0, G)``, ``r ~ N(0, sigma^2 I)``.

    Laird & Ware (1982), Biometrics 38, 963-974. Of an outcome that is not normal ``X gamma + Z u`` is the predictor of
    its distribution, and that distribution's parameters stand in the place of sigma (`bayeshlm.graph.outcome`).

    Named variables, with dims: ``gamma (fixed)``, ``tau (random)``, ``corr (random, random_)`` when at least two
    effects covary, ``sigma``, ``u (<group>, random)``, and the observed ``y (obs_id)``. With several groupings Z u is
    a sum over them, and each has its ``u_<group> (<group>, random_<group>)``, independent of the others.

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
        ``group_code (obs_id)``, ``y_observed (obs_id)``, ``offset (obs_id)`` and the number of trials ``size (obs_id)``
        if there are any, ``sd (obs_id)`` in the place of sigma where it is known, ``A (obs_id, spread)`` where its
        logarithm has an equation (whose deviation between groups is the last of u, and its column of Z zero);
        correlated residuals are a potential ``y``; of several groupings ``Z_<group>``
        and ``group_code_<group>``.
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
        auxiliary = auxiliary_variables(design.outcome, priors)
        X = pm.Data("X", design.X, dims=("obs_id", "fixed"))
        eta = X @ model["gamma"]
        start, rows, deviation = 0, design.kept_rows, None
        for layout, Z_k, codes in zip(layout_of_groupings(design.groupings), rows.Z, rows.codes, strict=True):
            own = slice(start, start + Z_k.shape[1])
            start, end = own.stop, layout.u.removeprefix("u")
            root = chol if len(rows.Z) == 1 else chol[own, own]
            dims = layout.dims[layout.u]
            if centering == "noncentered":
                u = pm.Deterministic(layout.u, pm.Normal(layout.z, 0, 1, dims=dims) @ root.T, dims=dims)
            else:
                u = pm.MvNormal(layout.u, mu=np.zeros(Z_k.shape[1]), chol=root, dims=dims)
            Z = pm.Data(f"Z{end}", Z_k, dims=("obs_id", layout.random))
            group_code = pm.Data(f"group_code{end}", codes, dims="obs_id")
            eta = eta + (Z * u[group_code]).sum(axis=1)
            deviation = u[group_code, -1] if design.outcome.residuals.spread_effect else None
        if design.offset.any():
            eta = eta + pm.Data("offset", design.offset, dims="obs_id")
        observed_variable(design, eta, auxiliary, deviation)
    return model
