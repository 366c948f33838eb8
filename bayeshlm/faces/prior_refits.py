"""Fits of a model under other priors, with the options of the fit that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import xarray as xr

from bayeshlm.checks.power_scaling import PriorSensitivity, power_scaling_of_fit
from bayeshlm.checks.prior_posteriors import AS_FITTED, compare_posteriors, with_refits
from bayeshlm.errors import OptionError, PriorError
from bayeshlm.faces.model import Model
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_changes import replace_priors, scale_priors
from bayeshlm.parameters.prior_families import Family
from bayeshlm.parameters.priors import Priors

if TYPE_CHECKING:
    from bayeshlm.faces.fit import Fit

type Alternatives = Literal[True] | Mapping[str, Mapping[str, Family | str]]

WIDER, NARROWER = "all twice as wide", "all half as wide"


def prior_sensitivity(
    model: Model, idata: xr.DataTree, refit: Alternatives | None, prob: float, kind: str, progress: bool | None
) -> PriorSensitivity:
    """Power scaling of a fit, and refits of its model where they are asked for; see `Fit.prior_sensitivity`."""
    sensitivity = power_scaling_of_fit(idata, model.design, model.priors)
    if not refit and not isinstance(refit, Mapping):
        return sensitivity
    options = fit_options(idata.attrs)
    fits: dict[str, Fit] = {
        name: Model.from_design(model.design, priors).fit(**options, progress=progress)
        for name, priors in alternatives(model, refit).items()
    }
    posteriors = {AS_FITTED: idata["posterior"].to_dataset()} | {name: fit.posterior for name, fit in fits.items()}
    draws = {name: Draws(posterior, model.design) for name, posterior in posteriors.items()}
    table = compare_posteriors(draws, prob, kind)
    reasons = {name: fit.convergence.reasons[0] for name, fit in fits.items() if not fit.convergence.converged}
    return with_refits(sensitivity, table, reasons)


def alternatives(model: Model, refit: Alternatives) -> dict[str, Priors]:
    """The priors that are tried, by name.

    Raises
    ------
    OptionError
        `refit` is neither True nor a mapping of mappings.
    PriorError
        A prior is wrong; the message names the alternative.
    """
    if refit is True:
        return {WIDER: scale_priors(model.priors, 2.0), NARROWER: scale_priors(model.priors, 0.5)}
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
            found[str(name)] = replace_priors(model.priors, model.design, given)
        except PriorError as error:
            raise PriorError(f"refit {name!r}: {error}") from error
    return found


def fit_options(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """The options of `Model.fit` that a fit was made with, from the attributes of its idata."""
    counts = {name: int(attrs[name]) for name in ("draws", "tune", "chains", "seed")}
    words = {name: str(attrs[name]) for name in ("sampler", "parameterization")}
    return {**counts, **words, "target_accept": float(attrs["target_accept"])}
