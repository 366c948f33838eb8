"""Sensitivity of the posterior to the priors by power scaling, without a refit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import SAMPLE, Draws
from bayeshlm.parameters.log_prior import by_key
from bayeshlm.parameters.prior_moments import prior_moments
from bayeshlm.parameters.priors import Priors
from bayeshlm.reml.enough_rows import undetermined_components

THRESHOLD = 0.05
"""Sensitivity that counts (Kallioinen et al. 2024)."""

MAX_RATIO = 0.9
"""Posterior SD over prior SD from which on the data have not narrowed the prior: a contraction of the variance below a
fifth (Betancourt 2018, Calibrating model-based inferences and decisions, section 3.2)."""

KNOWN_RATIO = 0.5
"""The same below which the data have told something, whether or not the likelihood's sensitivity counts."""

MIN_SHIFT = 0.25
"""Prior SDs between posterior and prior mean below which the data have not moved the prior."""

MAX_PLACE = 2.0
"""Place of the posterior mean in its prior predictive distribution, in SDs, from which on prior and data disagree."""

FINE = "the data decide"
NEITHER = "neither says much"
WEAK = "the data say little; the prior decides"
BOTH = "the data are weak; the prior counts too"
CONFLICT = "prior and data disagree"
EITHER = "the data are weak, or disagree with the prior"


@dataclass(frozen=True, eq=False)
class PriorSensitivity:
    """What the posterior owes to the priors.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by ``parameter``: ``prior`` and ``likelihood`` sensitivity, ``sd_ratio`` (posterior SD over prior SD),
        ``place`` (of the posterior mean in its prior predictive distribution, in SDs), NaN where the prior has no
        moments; ``strongest`` (the prior whose scaling moves the parameter most; empty where the data decide) and
        ``diagnosis`` in words.
    by_prior : xarray.DataArray
        Sensitivity of every ``parameter`` to each ``prior`` alone.
    refits : pandas.DataFrame or None
        Posteriors under other priors, as `bayeshlm.checks.prior_posteriors.compare_posteriors` makes it.
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
    posterior: Draws,
    densities: xr.Dataset,
    log_likelihood: xr.DataArray,
    moments: pd.DataFrame | None = None,
    threshold: float = THRESHOLD,
) -> PriorSensitivity:
    """Sensitivity of every parameter to raising prior or likelihood to a power near one.

    Parameters
    ----------
    posterior : Draws
    densities : xarray.Dataset
        Log prior densities, as `bayeshlm.parameters.log_prior.log_prior` makes them. The distribution of u is no
        prior here: it is integrated out and belongs to the likelihood.
    log_likelihood : xarray.DataArray
        Marginal log likelihood of all data, (chain, draw).
    moments : pandas.DataFrame, optional
        Prior means and SDs, as `bayeshlm.parameters.prior_moments.prior_moments` makes them.
    threshold : float
        Sensitivity that counts.

    Notes
    -----
    The distance between the posterior's distribution function and the one reweighted by ``p^(alpha - 1)``, alpha = .99
    and 1.01, per unit of log2 alpha, by arviz-stats' ``psense`` (Kallioinen, Paananen, Burkner & Vehtari 2024,
    Statistics and Computing 34, 57). Their reading: the prior moves the parameter alone, then the data are weak; both
    do, then prior and data may be in conflict; the prior does not, then it does not matter. Two cases that this leaves
    open are told apart by the prior's mean and SD:

    - nothing moves a parameter that the data do not know, so long as its prior is wide. The data have told something
      where the likelihood counts, unless the posterior has the prior's SD and mean (`MAX_RATIO`, `MIN_SHIFT`), and
      where the posterior is much narrower than the prior (`KNOWN_RATIO`);
    - prior and data disagree where the posterior mean lies farther out than the prior lets expect. In data that follow
      the prior it has the variance ``prior SD^2 - posterior SD^2`` around the prior mean (law of total variance; for
      normal means Box's prior predictive check, Evans & Moshonov 2006, Bayesian Analysis 1, 893-914). ``place`` is its
      distance in such SDs; below `MAX_PLACE` the data are weak and no more.
    """
    names, parameters = posterior.schema.labels, posterior.parameters().to_dataset(name="value")
    parts = by_key(densities)
    keys: list[str] = parts["prior"].to_numpy().tolist()
    prior = _sensitivity(parameters, parts.sum("prior"), "log_prior")
    likelihood = _sensitivity(parameters, log_likelihood, "log_likelihood")
    alone = np.stack([_sensitivity(parameters, part, "log_prior") for part in parts], axis=1)
    ratio, shift = _beside_prior(names, posterior.scalars(), moments)
    place = _place(ratio, shift)
    numbers = zip(prior, likelihood, ratio, shift, place, strict=True)
    diagnosis = [_diagnosis(*row, threshold) for row in numbers]
    strongest = ["" if said == FINE else keys[k] for k, said in zip(alone.argmax(axis=1), diagnosis, strict=True)]
    table = pd.DataFrame(
        {
            "prior": prior,
            "likelihood": likelihood,
            "sd_ratio": ratio,
            "place": place,
            "strongest": strongest,
            "diagnosis": diagnosis,
        },
        pd.Index(names, name="parameter"),
    )
    table.attrs["threshold"] = threshold
    by_prior = xr.DataArray(
        alone, dims=("parameter", "prior"), coords={"parameter": names, "prior": keys}, name="sensitivity"
    )
    note = f"sensitivity to power scaling; {threshold:g} and more counts; SD ratio: posterior SD over prior SD"
    return PriorSensitivity(table, by_prior, notes=(note,))


def power_scaling_of_fit(idata: xr.DataTree, design: Design, priors: Priors) -> PriorSensitivity:
    """Sensitivity of the parameters of a fit, whose log likelihoods are computed where they were too many to keep.

    Parameters
    ----------
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    design, priors
        The model's.
    """
    posterior = Draws(idata["posterior"].to_dataset(), design)
    if "log_likelihood" in idata.children and len(design.groupings) == 1:
        log_likelihood = idata["log_likelihood"].to_dataset()[f"y_{design.group}"].sum(design.group)
    else:
        log_likelihood = total_log_likelihood(posterior)
    found = power_scaling(posterior, idata["log_prior"].to_dataset(), log_likelihood, prior_moments(priors, design))
    reason = undetermined_components(design)
    return replace(found, notes=(*found.notes, reason)) if reason else found


def total_log_likelihood(posterior: Draws) -> xr.DataArray:
    """Marginal log likelihood of all data at each draw, (chain, draw)."""
    return posterior.labelled(likelihood_of(posterior.design).totals(posterior), name="log_likelihood")


def _diagnosis(prior: float, likelihood: float, ratio: float, shift: float, place: float, threshold: float) -> str:
    """What the numbers of one parameter mean, as `power_scaling` says."""
    as_prior = ratio >= MAX_RATIO and shift < MIN_SHIFT  # not known, NaN: False
    told = ratio < KNOWN_RATIO or (likelihood >= threshold and not as_prior)
    if not prior >= threshold:
        return FINE if told else NEITHER
    if not told:
        return WEAK
    if np.isnan(place):
        return EITHER
    return CONFLICT if place >= MAX_PLACE else BOTH


def _beside_prior(names: list[str], draws: FloatArray, moments: pd.DataFrame | None) -> tuple[FloatArray, FloatArray]:
    """Posterior SD over prior SD, and the distance of the means in prior SDs, (E,); NaN without prior moments."""
    unknown = pd.DataFrame(np.nan, pd.Index(names), ["mean", "sd"])
    mean, sd = (unknown if moments is None else moments.reindex(names))[["mean", "sd"]].to_numpy().T
    return draws.std(axis=(1, 2), ddof=1) / sd, np.abs(draws.mean(axis=(1, 2)) - mean) / sd


def _place(ratio: FloatArray, shift: FloatArray) -> FloatArray:
    """Place of posterior means in their prior predictive distributions, from what `_beside_prior` returns.

    Where the posterior is no narrower than the prior, which no normal likelihood does, the distance itself.
    """
    return np.asarray(shift / np.sqrt(np.where(ratio < 1, 1 - ratio**2, 1.0)))


def _sensitivity(parameters: xr.Dataset, log_density: xr.DataArray, group: str) -> FloatArray:
    """Sensitivity of each parameter to scaling one density, by arviz-stats; zero for a density that is constant."""
    from arviz_stats import psense

    if np.ptp(log_density.to_numpy()) < 1e-12:
        return np.zeros(parameters.sizes["parameter"])
    density = xr.Dataset({"density": log_density.transpose(*SAMPLE).variable})
    tree = xr.DataTree.from_dict({"posterior": parameters, group: density})
    found = psense(tree, group=group.removeprefix("log_"))
    return np.asarray(found["value"].sel(parameter=parameters["parameter"]), dtype=float)
