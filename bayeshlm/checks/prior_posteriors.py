"""Posteriors of one model under several priors, side by side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayeshlm.checks.power_scaling import PriorSensitivity
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import summarize, with_interval

AS_FITTED = "as fitted"
"""Name of the priors that the fit has."""


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
