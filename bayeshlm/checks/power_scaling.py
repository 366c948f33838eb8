"""How much the posterior hangs on the priors: power scaling, without a refit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.sampling.convergence import monitored_parameters
from bayeshlm.sampling.recover import Conditionals, in_threads

THRESHOLD = 0.05
"""Sensitivity that counts (Kallioinen et al. 2024)."""

FINE = "the data decide"
CONFLICT = "prior and data disagree"
WEAK = "the data say little; the prior decides"


@dataclass(frozen=True, eq=False)
class PriorSensitivity:
    """What the posterior owes to the priors.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by ``parameter``: ``prior`` and ``likelihood`` sensitivity, ``strongest`` (the prior whose scaling moves
        the parameter most; empty where the prior's sensitivity does not count) and ``diagnosis`` in words.
    by_prior : xarray.DataArray
        Sensitivity of every ``parameter`` to each ``prior`` alone.
    refits : pandas.DataFrame or None
        Posteriors under other priors, as `bayeshlm.checks.prior_refits.compare_posteriors` makes it.
    notes : tuple of str
    """

    table: pd.DataFrame
    by_prior: xr.DataArray
    refits: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    @property
    def flagged(self) -> list[str]:
        """Parameters whose diagnosis is not that the data decide."""
        return [str(name) for name in self.table.index[self.table["diagnosis"] != FINE]]


def power_scaling(
    posterior: xr.Dataset, log_prior: xr.Dataset, log_likelihood: xr.DataArray, threshold: float = THRESHOLD
) -> PriorSensitivity:
    """Sensitivity of every parameter to raising prior or likelihood to a power near one.

    Parameters
    ----------
    posterior : xarray.Dataset
        With ``gamma``, ``tau``, ``sigma`` and, for correlated effects, ``corr``.
    log_prior : xarray.Dataset
        Log prior densities, as `bayeshlm.sampling.convert.log_prior_dataset` makes them. The distribution of u is no
        prior here: it is integrated out and belongs to the likelihood.
    log_likelihood : xarray.DataArray
        Marginal log likelihood of all data, (chain, draw).
    threshold : float
        Sensitivity that counts.

    Notes
    -----
    The distance between the posterior's distribution function and the one reweighted by ``p^(alpha - 1)``, alpha = .99
    and 1.01, per unit of log2 alpha, by arviz-stats' ``psense`` (Kallioinen, Paananen, Burkner & Vehtari 2024,
    Statistics and Computing 34, 57). A parameter that both move is drawn to two places; one that the prior alone moves
    is one that the data say little about.
    """
    names, draws = monitored_parameters(posterior)
    dims = ("chain", "draw")
    parameters = xr.Dataset({"value": (("parameter", *dims), draws)}, {"parameter": names}).transpose(*dims, ...)
    parts = _by_prior(log_prior)
    whole = sum(parts.values())
    prior = _sensitivity(parameters, np.asarray(whole), "log_prior")
    likelihood = _sensitivity(parameters, log_likelihood.transpose(*dims).to_numpy(), "log_likelihood")
    alone = np.stack([_sensitivity(parameters, part, "log_prior") for part in parts.values()], axis=1)
    keys = list(parts)
    strongest = [keys[k] if moved >= threshold else "" for k, moved in zip(alone.argmax(axis=1), prior, strict=True)]
    diagnosis = [_diagnosis(*pair, threshold) for pair in zip(prior, likelihood, strict=True)]
    table = pd.DataFrame(
        {"prior": prior, "likelihood": likelihood, "strongest": strongest, "diagnosis": diagnosis},
        pd.Index(names, name="parameter"),
    )
    table.attrs["threshold"] = threshold
    by_prior = xr.DataArray(
        alone, dims=("parameter", "prior"), coords={"parameter": names, "prior": keys}, name="sensitivity"
    )
    note = f"sensitivity to power scaling; {threshold:g} and more counts"
    return PriorSensitivity(table, by_prior, notes=(note,))


def power_scaling_of_fit(idata: xr.DataTree, design: Design) -> PriorSensitivity:
    """Sensitivity of the parameters of a fit, whose log likelihoods are computed where they were too many to keep.

    Parameters
    ----------
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    design : Design
    """
    posterior = idata["posterior"].to_dataset()
    if "log_likelihood" in idata.children:
        log_likelihood = idata["log_likelihood"].to_dataset()[f"y_{design.group}"].sum(design.group)
    else:
        log_likelihood = total_log_likelihood(posterior, design)
    return power_scaling(posterior, idata["log_prior"].to_dataset(), log_likelihood)


def total_log_likelihood(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """Marginal log likelihood of all groups at each draw, (chain, draw), a block of groups at a time."""
    given = Conditionals.of(posterior, design)
    parts = in_threads(lambda start: given.block(start).log_likelihood.sum(axis=1), given.starts, "Likelihoods")
    dims = ("chain", "draw")
    values = np.sum(parts, axis=0).reshape([posterior.sizes[dim] for dim in dims])
    return xr.DataArray(values, dims=dims, coords={dim: posterior[dim] for dim in dims}, name="log_likelihood")


def _diagnosis(prior: float, likelihood: float, threshold: float) -> str:
    if not prior >= threshold:
        return FINE
    return CONFLICT if likelihood >= threshold else WEAK


def _by_prior(log_prior: xr.Dataset) -> dict[str, FloatArray]:
    """Log density of each prior by its key, (chain, draw)."""
    found: dict[str, FloatArray] = {}
    for name, prefix in (("gamma", ""), ("tau", "tau_")):
        values = log_prior[name].transpose("chain", "draw", ...)
        labels = values[values.dims[-1]].to_numpy()
        found |= {f"{prefix}{label}": values.to_numpy()[..., k] for k, label in enumerate(labels)}
    for name in ("corr", "sigma"):
        if name in log_prior:
            found[name] = log_prior[name].transpose("chain", "draw").to_numpy()
    return found


def _sensitivity(parameters: xr.Dataset, log_density: FloatArray, group: str) -> FloatArray:
    """Sensitivity of each parameter to scaling one density, by arviz-stats; zero for a density that is constant."""
    from arviz_stats import psense

    if np.ptp(log_density) < 1e-12:
        return np.zeros(parameters.sizes["parameter"])
    density = xr.Dataset({"density": (("chain", "draw"), log_density)})
    tree = xr.DataTree.from_dict({"posterior": parameters, group: density})
    found = psense(tree, group=group.removeprefix("log_"))
    return np.asarray(found["value"].sel(parameter=parameters["parameter"]), dtype=float)
