"""Influence of each group on the REML estimates."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.reml import grouping_influence, reml_influence
from bayeshlm.reml.estimate import RemlEstimate

MEASURES = ("cooks_distance", "mdffits", "covtrace", "covratio")
LEVERAGES = ("leverage_fixed", "leverage_random")


def reml_dataset(design: Design, estimate: RemlEstimate, with_fits: bool, grouping: int = 0) -> xr.Dataset:
    """The dataset of `Influence.reml`; without fits what is exact is NaN."""
    term = design.predictor.random[grouping]
    exact = reml_influence.Deleted.unknown(len(term.labels), len(estimate.gamma), len(estimate.tau))
    if len(design.groupings) == 1:
        one_step, leverage = reml_influence.one_step(estimate), reml_influence.leverage(estimate)
        exact = reml_influence.exact(design, estimate) if with_fits else exact
    else:
        one_step = grouping_influence.one_step(design, estimate, grouping)
        leverage = grouping_influence.leverage(design, estimate, grouping)
        exact = grouping_influence.exact(design, estimate, grouping) if with_fits else exact
    both = (one_step, exact)
    value = np.stack([np.column_stack([some.gamma, some.tau, some.sigma]) for some in both])
    full = np.array([*estimate.gamma, *estimate.tau, estimate.sigma])
    unit = np.array([*estimate.se, *np.ones(len(estimate.tau) + 1)])
    variances = full[len(estimate.gamma) :] ** 2
    rvc = np.full((*value.shape[:2], len(variances)), np.nan)
    rvc[..., variances > 0] = (value[..., len(estimate.gamma) :] ** 2)[..., variances > 0] / variances[
        variances > 0
    ] - 1
    measured = [reml_influence.measures(estimate, some) for some in both]
    dims, taus = ("estimate", term.grouping), [parameter_label("tau", label) for label in design.random_labels]
    return xr.Dataset(
        {
            "value": ((*dims, "parameter"), value),
            "change": ((*dims, "parameter"), (value - full) / unit),
            "rvc": ((*dims, "component"), rvc),
            **{name: (dims, np.stack([getattr(some, name) for some in measured])) for name in MEASURES},
            "leverage_fixed": (term.grouping, leverage.fixed),
            "leverage_random": (term.grouping, leverage.random),
        },
        {
            "estimate": ["one_step", "exact"],
            term.grouping: term.labels.to_numpy(),
            "parameter": [*design.fixed_labels, *taus, "sigma"],
            "component": [*taus, "sigma"],
        },
    )


def no_reml(term: RandomTerm) -> xr.Dataset:
    """A dataset as `reml_dataset` makes it, of NaN."""
    blank = np.full((2, len(term.labels)), np.nan)
    dims = ("estimate", term.grouping)
    variables = dict.fromkeys(MEASURES, (dims, blank)) | dict.fromkeys(LEVERAGES, (term.grouping, blank[0]))
    coords = {"estimate": ["one_step", "exact"], term.grouping: term.labels.to_numpy()}
    return xr.Dataset(variables, coords)
