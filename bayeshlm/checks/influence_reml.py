"""Influence of each group on the REML estimates, or of outcomes that are not normal on those of ML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.subset import without_rows
from bayeshlm.errors import DataError
from bayeshlm.parameters.schema import Schema
from bayeshlm.progress import steps
from bayeshlm.reml import grouping_influence, reml_influence
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate

if TYPE_CHECKING:
    from bayeshlm.reml.family_estimate import FamilyEstimate

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
    n_sigma = 0 if estimate.sigma_known else 1
    sigma = np.full(n_sigma, estimate.sigma)
    both = tuple((some, some.sigma[:, None][:, :n_sigma]) for some in (one_step, exact))
    return _dataset(design, estimate, sigma, both, term, leverage)


def ml_dataset(design: Design, estimate: FamilyEstimate, with_fits: bool) -> xr.Dataset:
    """The same of an outcome that is not normal, from fits without each group; there are no one-step estimates.

    A group without which the likelihood has no maximum has NaN.
    """
    from bayeshlm.reml.family_estimate import fit_family  # imports numba

    (term,), p, q = design.predictor.random, len(estimate.gamma), len(estimate.tau)
    J, auxiliary = len(term.labels), np.full((len(term.labels), len(estimate.auxiliary)), np.nan)
    exact, unknown = (reml_influence.Deleted.unknown(J, p, q) for _ in range(2))
    leverage = reml_influence.Leverage(np.full(J, np.nan), np.full(J, np.nan))
    named = [f"{term.grouping} {label}" for label in term.labels]
    for j in steps(list(range(J)) if with_fits else [], named.__getitem__, "Maximum likelihood without"):
        try:
            rest = fit_family(without_rows(design, design.group_codes == j), estimate.method)
        except DataError:
            continue
        if rest.converged:
            exact.gamma[j], exact.vcov[j], exact.tau[j] = rest.gamma, rest.vcov, rest.tau
            auxiliary[j] = rest.auxiliary
    both = ((unknown, np.full_like(auxiliary, np.nan)), (exact, auxiliary))
    return _dataset(design, estimate, estimate.auxiliary, both, term, leverage)


def _dataset(
    design: Design,
    estimate: Estimate,
    auxiliary: FloatArray,
    deleted: tuple[tuple[reml_influence.Deleted, FloatArray], ...],
    term: RandomTerm,
    leverage: reml_influence.Leverage,
) -> xr.Dataset:
    """From the estimates and their auxiliary parameters, (a,), and both without each group, (J, a)."""
    value = np.stack([np.column_stack([some.gamma, some.tau, others]) for some, others in deleted])
    full = np.concatenate([estimate.gamma, estimate.tau, auxiliary])
    unit = np.array([*estimate.se, *np.ones(len(full) - len(estimate.gamma))])
    labels = [one.label for one in Schema.of(design).parameters if one.component != "corr"]
    n_variances = len(estimate.tau) + design.outcome.has_sigma
    of_variances = slice(len(estimate.gamma), len(estimate.gamma) + n_variances)
    variances = full[of_variances] ** 2
    rvc = np.full((*value.shape[:2], len(variances)), np.nan)
    rvc[..., variances > 0] = (value[..., of_variances] ** 2)[..., variances > 0] / variances[variances > 0] - 1
    measured = [reml_influence.measures(estimate, some) for some, _ in deleted]
    dims = ("estimate", term.grouping)
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
            "parameter": labels,
            "component": labels[of_variances],
        },
    )


def no_reml(term: RandomTerm) -> xr.Dataset:
    """A dataset as `reml_dataset` makes it, of NaN."""
    blank = np.full((2, len(term.labels)), np.nan)
    dims = ("estimate", term.grouping)
    variables = dict.fromkeys(MEASURES, (dims, blank)) | dict.fromkeys(LEVERAGES, (term.grouping, blank[0]))
    coords = {"estimate": ["one_step", "exact"], term.grouping: term.labels.to_numpy()}
    return xr.Dataset(variables, coords)
