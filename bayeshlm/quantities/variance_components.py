"""Variances, covariances and correlations of the random effects, and the level-1 variance."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from bayeshlm.parameters.draws import SAMPLE, Draws, auxiliary_variables, labels_of_dims
from bayeshlm.parameters.schema import AUXILIARY, DIMS
from bayeshlm.quantities.design_effect import with_deft
from bayeshlm.quantities.level1_sds import level1_sds
from bayeshlm.quantities.summary import with_interval, with_median

_LEVEL1 = ("level1_sd", "level1_sd2", "sd_ratio")
"""What is made of the equation of the level-1 SD."""


def variance_draws(posterior: Draws) -> xr.Dataset:
    """Draws of every variance component.

    Returns
    -------
    xarray.Dataset
        ``tau``, ``tau2`` (chain, draw, random); ``cov``, ``corr`` (chain, draw, pair), one pair such as
        ``"u0,u1"`` for any two effects of one independent block, absent when there is none; the auxiliary
        parameters of the outcome's distribution, such as ``sigma``, with ``sigma2`` (chain, draw), or
        ``cutpoint (chain, draw, threshold)``; with an equation of the level-1 SD ``alpha (chain, draw, spread)`` and
        what `bayeshlm.quantities.level1_sds.level1_sds` makes of it.
    """
    random, labels = {"random": posterior.design.random_labels}, labels_of_dims(posterior.design)
    tau = posterior.labelled(posterior.tau, ("random",), random)
    draws = xr.Dataset({"tau": tau, "tau2": tau**2})
    for name, values in auxiliary_variables(posterior.design, posterior.auxiliary).items():
        draws[name] = posterior.labelled(values, DIMS[name], {dim: labels[dim] for dim in DIMS[name]})
    if "sigma" in draws:
        draws["sigma2"] = draws["sigma"] ** 2
    draws = draws.assign(level1_sds(posterior))
    pairs = posterior.schema.of_component("corr")
    if pairs:
        first, second = (list(positions) for positions in zip(*(one.position for one in pairs), strict=True))
        effects = {"pair": [one.effect for one in pairs]}
        draws["cov"] = posterior.labelled(posterior.G[..., first, second], ("pair",), effects)
        draws["corr"] = posterior.labelled(posterior.corr[..., first, second], ("pair",), effects)
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
        ``("corr", "u0,u1")``, ``("sigma", "")``, ``("sigma2", "")``, and of other distributions ``("phi", "")``,
        ``("cutpoint", "1|2")``; with an equation of the level-1 SD ``("alpha", "a1")``, ``("sd_ratio", "a1")``,
        ``("level1_sd", "female 1")`` and ``("level1_sd2", "female 1")``; of correlated residuals ``("rho", "")``.
        Columns of `summarize` and ``median``, which is nearer to the truth than the mean where there are few groups.
        tau and sigma are SDs, tau2 and sigma2 variances.
        With sampling weights ``deft``.
    """
    draws = variance_draws(posterior)
    names = [name for name in ("tau", "tau2", "cov", "corr", "sigma", "sigma2", *AUXILIARY, *_LEVEL1) if name in draws]
    names = list(dict.fromkeys(names))
    parts = [with_median(draws[name], prob, kind) for name in names]
    index = [
        (name, str(effect) if len(draws[name].dims) > len(SAMPLE) else "")
        for name, part in zip(names, parts, strict=True)
        for effect in part.index
    ]
    table = pd.concat(parts)
    table.index = pd.MultiIndex.from_tuples(index, names=["component", "effect"])
    with_deft(table, posterior, lambda draws: variance_components(draws, prob, kind))
    return with_interval(table, prob, kind)
