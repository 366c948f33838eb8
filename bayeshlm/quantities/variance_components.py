"""Variances, covariances and correlations of the random effects, and the level-1 variance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import with_interval, with_median


def covariance_matrices(posterior: Draws) -> FloatArray:
    """Covariance matrix of the random effects in each draw, ``G = diag(tau) corr diag(tau)``.

    Parameters
    ----------
    posterior : Draws

    Returns
    -------
    array (chains, draws, q, q)
    """
    design = posterior.design
    labels = design.random_labels
    tau = posterior.dataset["tau"].sel(random=labels).transpose("chain", "draw", "random").to_numpy()
    if "corr" not in posterior.dataset:
        return np.asarray(tau[..., None] ** 2 * np.eye(len(labels)))
    corr = posterior.dataset["corr"].sel(random=labels, random_=labels)
    values = corr.transpose("chain", "draw", "random", "random_").to_numpy()
    return np.asarray(tau[..., :, None] * values * tau[..., None, :])


def variance_draws(posterior: Draws) -> xr.Dataset:
    """Draws of every variance component.

    Returns
    -------
    xarray.Dataset
        ``tau``, ``tau2`` (chain, draw, random); ``cov``, ``corr`` (chain, draw, pair), one pair such as
        ``"u0,u1"`` for any two effects of one independent block, absent when there is none; ``sigma``,
        ``sigma2`` (chain, draw).
    """
    design = posterior.design
    labels = design.random_labels
    tau = posterior.dataset["tau"].sel(random=labels)
    sigma = posterior.dataset["sigma"]
    draws = xr.Dataset({"tau": tau, "tau2": tau**2, "sigma": sigma, "sigma2": sigma**2})
    pairs = [pair for block in design.blocks for pair in combinations(sorted(block), 2)]
    if pairs:
        first, second = (list(positions) for positions in zip(*pairs, strict=True))
        dims = ("chain", "draw", "pair")
        corr = posterior.dataset["corr"].sel(random=labels, random_=labels)
        values = corr.transpose("chain", "draw", "random", "random_").to_numpy()[..., first, second]
        G = posterior.G
        draws["cov"] = (dims, G[..., first, second])
        draws["corr"] = (dims, values)
        draws = draws.assign_coords(pair=[f"{labels[i]},{labels[j]}" for i, j in pairs])
    return draws


def variance_components(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summarize the variance components, each computed draw by draw.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    pandas.DataFrame
        Indexed by (``component``, ``effect``): ``("tau", "u0")``, ``("tau2", "u0")``, ``("cov", "u0,u1")``,
        ``("corr", "u0,u1")``, ``("sigma", "")``, ``("sigma2", "")``; columns of `summarize` and ``median``, which is
        nearer to the truth than the mean where there are few groups. tau and sigma are SDs, tau2 and sigma2 variances.
    """
    draws = variance_draws(posterior)
    names = [name for name in ("tau", "tau2", "cov", "corr", "sigma", "sigma2") if name in draws]
    parts = [with_median(draws[name], prob, kind) for name in names]
    index = [
        (name, "" if name.startswith("sigma") else str(effect))
        for name, part in zip(names, parts, strict=True)
        for effect in part.index
    ]
    table = pd.concat(parts)
    table.index = pd.MultiIndex.from_tuples(index, names=["component", "effect"])
    return with_interval(table, prob, kind)
