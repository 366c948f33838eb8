"""Influence of each group on the REML estimates."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.reml import reml_influence
from bayeshlm.reml.estimate import RemlEstimate

MEASURES = ("cooks_distance", "mdffits", "covtrace", "covratio")
LEVERAGES = ("leverage_fixed", "leverage_random")


def reml_dataset(design: Design, estimate: RemlEstimate, with_fits: bool) -> xr.Dataset:
    """The dataset of `Influence.reml`; without fits what is exact is NaN."""
    one_step = reml_influence.one_step(estimate)
    unknown = reml_influence.Deleted.unknown(design.n_groups, len(estimate.gamma), len(estimate.tau))
    exact = reml_influence.exact(design, estimate) if with_fits else unknown
    leverage = reml_influence.leverage(estimate)
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
    dims, taus = ("estimate", design.group), [parameter_label("tau", label) for label in design.random_labels]
    return xr.Dataset(
        {
            "value": ((*dims, "parameter"), value),
            "change": ((*dims, "parameter"), (value - full) / unit),
            "rvc": ((*dims, "component"), rvc),
            **{name: (dims, np.stack([getattr(some, name) for some in measured])) for name in MEASURES},
            "leverage_fixed": (design.group, leverage.fixed),
            "leverage_random": (design.group, leverage.random),
        },
        {
            "estimate": ["one_step", "exact"],
            design.group: design.group_labels.to_numpy(),
            "parameter": [*design.fixed_labels, *taus, "sigma"],
            "component": [*taus, "sigma"],
        },
    )


def no_reml(design: Design) -> xr.Dataset:
    """A dataset as `reml_dataset` makes it, of NaN."""
    blank = np.full((2, design.n_groups), np.nan)
    dims = ("estimate", design.group)
    variables = dict.fromkeys(MEASURES, (dims, blank)) | dict.fromkeys(LEVERAGES, (design.group, blank[0]))
    coords = {"estimate": ["one_step", "exact"], design.group: design.group_labels.to_numpy()}
    return xr.Dataset(variables, coords)
