"""Two samplers of one posterior: importance sampling beside the draws of a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from bayeshlm.checks.verdicts import AGREES, DIFFERS
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.fitted import FittedModel, ImportanceDraws
from bayeshlm.quantities.diagnostics import diagnose

NO_CERTIFICATE = "no certificate"


@dataclass(frozen=True, eq=False, repr=False)
class ImportanceCheck:
    """Agreement of a fit's draws with importance sampling of the same posterior.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by (``component``, ``effect``) of every parameter: ``mean`` and ``sd`` of the fit's draws;
        ``importance_mean`` and ``importance_sd``; ``mean_difference`` and ``sd_difference``, the fit's minus the
        other's in Monte Carlo errors of the difference; ``verdict`` ("agrees", "differs", "no certificate").
    importance : ImportanceDraws
        ``draws`` and ``certificate`` of importance sampling; where that does not hold its columns are NaN.
    agrees : bool
        Whether it holds and every row agrees.
    verdict : str
        One sentence.
    """

    table: pd.DataFrame
    importance: ImportanceDraws
    agrees: bool
    verdict: str


def importance_check(fitted: FittedModel) -> ImportanceCheck:
    """Draw the posterior of a fit anew by importance sampling, and compare means and SDs.

    Parameters
    ----------
    fitted : FittedModel
        Sampled by NUTS.

    Raises
    ------
    OptionError
        The fit's draws are importance sampling's.
    SamplingError
        The sampler fails.

    Notes
    -----
    The Monte Carlo error of an SD is that of the mean squared deviation over twice the SD. A row agrees when both
    differences are within what chance allows the largest of all, two errors after Bonferroni.
    """
    if fitted.certificate is not None and fitted.certificate.holds:
        raise OptionError(
            "the draws of this fit are importance sampling's already: to have NUTS beside it, fit with "
            'sampler="nutpie" and ask for cross_check(importance=True)'
        )
    found = fitted.by_importance()
    draws, pareto_k = found.draws, found.certificate.pareto_k
    parameters = fitted.schema.parameters
    mean, sd, *errors = _moments(fitted.draws.scalars())
    keys = [(one.component, one.effect) for one in parameters]
    table = pd.DataFrame({"mean": mean, "sd": sd}, pd.MultiIndex.from_tuples(keys, names=["component", "effect"]))
    others = [np.full(len(mean), np.nan)] * 4 if draws is None else _moments(draws.scalars())
    table["importance_mean"], table["importance_sd"] = others[0], others[1]
    for name, one, other, error, their_error in zip(
        ("mean_difference", "sd_difference"), (mean, sd), others[:2], errors, others[2:], strict=True
    ):
        table[name] = (one - other) / np.hypot(error, their_error)
    if draws is None:
        table["verdict"] = NO_CERTIFICATE
        return ImportanceCheck(table, found, False, _without(found))
    allowed = -float(ndtri(ndtr(-2.0) / (2 * len(table))))
    size = table[["mean_difference", "sd_difference"]].abs().max(axis=1, skipna=False)
    table["verdict"] = np.where(size <= allowed, AGREES, DIFFERS)
    differing = int((table["verdict"] == DIFFERS).sum())
    certified = f"Pareto k {pareto_k[-1]:.2f}"
    sentence = (
        f"NUTS and importance sampling ({certified}) agree: means and SDs of all {len(table)} parameters are within"
        f" {allowed:.1f} Monte Carlo errors."
        if not differing
        else f"NUTS and importance sampling ({certified}) differ in {differing} of {len(table)} parameters by more than"
        f" {allowed:.1f} Monte Carlo errors: one of them has not found the whole posterior; take more draws of both."
    )
    return ImportanceCheck(table, found, not differing, sentence)


def _moments(draws: FloatArray) -> list[FloatArray]:
    """Mean, SD and the Monte Carlo errors of both, (R,) each, of draws (R, chain, draw)."""
    mean, sd = draws.mean(axis=(1, 2)), draws.std(axis=(1, 2), ddof=1)
    squares = (draws - mean[:, None, None]) ** 2
    return [mean, sd, diagnose(draws)[3], diagnose(squares)[3] / (2 * sd)]


def _without(found: ImportanceDraws) -> str:
    k = ", ".join(f"{value:.2f}" for value in found.certificate.pareto_k[-2:])
    moved = found.certificate.shift[-1]
    return (
        f"Importance sampling has no certificate here (Pareto k {k}, means moved by {moved:.2f} SDs): it says nothing"
        " about the draws."
    )
