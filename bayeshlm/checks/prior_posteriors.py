"""What the posterior owes to the priors: power scaling, and refits under other priors side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from bayeshlm.checks.power_scaling import PriorSensitivity, power_scaling_of_fit
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.errors import OptionError, PriorError
from bayeshlm.fitted import FittedModel
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_changes import replace_priors, scale_priors
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.convergence import assess_convergence
from bayeshlm.quantities.summary import summarize, with_interval

type Alternatives = Literal[True] | Mapping[str, Mapping[str, Prior | str]]

AS_FITTED = "as fitted"
"""Name of the priors that the fit has."""

WIDER, NARROWER = "all twice as wide", "all half as wide"
"""Names of the priors that are tried where none are named."""


def prior_sensitivity(
    fitted: FittedModel,
    refit: Alternatives | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    progress: bool | None = None,
) -> PriorSensitivity:
    """Power scaling of a fit, and refits under other priors where they are asked for.

    Parameters
    ----------
    fitted : FittedModel
    refit : True or mapping, optional
        As `alternatives` takes them.
    prob, kind
        Interval of the refits' table.
    progress : bool, optional
        Show a bar of each refit.
    """
    refuse_weights(
        fitted.design,
        "A sensitivity to the priors",
        "the draws have the spread of the sampling design, which no prior scales",
        "fit model.update(priors=...)",
    )
    sensitivity = power_scaling_of_fit(fitted.idata, fitted.design, fitted.priors)
    if not refit and not isinstance(refit, Mapping):
        return sensitivity
    tried = alternatives(fitted, refit)
    fits = {name: fitted.refit(priors=priors, progress=progress) for name, priors in tried.items()}
    posteriors = {name: fit.draws for name, fit in {AS_FITTED: fitted, **fits}.items()}
    verdicts = {name: assess_convergence(fit.draws, fit.sample_stats) for name, fit in fits.items()}
    reasons = {name: verdict.reasons[0] for name, verdict in verdicts.items() if not verdict.converged}
    return with_refits(sensitivity, compare_posteriors(posteriors, prob, kind), reasons)


def alternatives(fitted: FittedModel, refit: Alternatives) -> dict[str, Priors]:
    """The priors that are tried, by name.

    Raises
    ------
    OptionError
        `refit` is neither True nor a mapping of mappings.
    PriorError
        A prior is wrong; the message names the alternative.
    """
    if refit is True:
        return {WIDER: scale_priors(fitted.priors, 2.0), NARROWER: scale_priors(fitted.priors, 0.5)}
    nested = isinstance(refit, Mapping) and all(isinstance(given, Mapping) for given in refit.values())
    if not nested or not refit:
        raise OptionError(
            'refit is True or holds priors by a name of your choice, such as {"wide": {"tau_u0": "HalfNormal(50)"}},'
            f" not {refit!r}."
        )
    if AS_FITTED in refit:
        raise OptionError(f"refit: {AS_FITTED!r} names the fit's own priors; call the alternative otherwise.")
    found = {}
    for name, given in refit.items():
        try:
            found[str(name)] = replace_priors(fitted.priors, fitted.design, given)
        except PriorError as error:
            raise PriorError(f"refit {name!r}: {error}") from error
    return found


def compare_posteriors(posteriors: Mapping[str, Draws], prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summaries of the same parameters under different priors.

    Parameters
    ----------
    posteriors : mapping
        Posterior by the name of its priors; the first is the one that the others are compared with.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    pandas.DataFrame
        Indexed by (``parameter``, ``priors``): ``mean``, ``sd``, ``lower``, ``upper``; ``shift``, the mean less the
        first one's in the first one's SDs, with its Monte Carlo error ``shift_mcse``; ``sd_ratio``, the SD over the
        first one's.
    """
    tables = [summarize(draws.parameters(), prob, kind) for draws in posteriors.values()]
    first = tables[0]
    parts = []
    for table in tables:
        part = table[["mean", "sd", "lower", "upper"]].copy()
        sd = first["sd"].where(first["sd"] > 0)
        part["shift"] = (table["mean"] - first["mean"]) / sd
        error = np.sqrt(table["mcse_mean"] ** 2 + first["mcse_mean"] ** 2) / sd
        part["shift_mcse"] = 0.0 if table is first else error
        part["sd_ratio"] = table["sd"] / sd
        parts.append(part)
    stacked = pd.concat(parts, keys=list(posteriors), names=["priors", "parameter"])
    index = [(name, key) for name in first.index for key in posteriors]
    side_by_side = stacked.swaplevel().loc[index]
    side_by_side.index.names = ["parameter", "priors"]
    return with_interval(side_by_side, prob, kind)


def with_refits(sensitivity: PriorSensitivity, refits: pd.DataFrame, reasons: Mapping[str, str]) -> PriorSensitivity:
    """Add refits to the power scaling.

    Parameters
    ----------
    sensitivity, refits
        As `power_scaling` and `compare_posteriors` make them.
    reasons : mapping
        Of refits that did not converge: their priors' name, and why.
    """
    notes = ["shift: in SDs of the posterior as fitted"]
    notes += [f"the refit {name!r} did not converge: {reason}" for name, reason in reasons.items()]
    return PriorSensitivity(sensitivity.table, sensitivity.by_prior, refits, (*sensitivity.notes, *notes))
