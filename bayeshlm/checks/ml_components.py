"""As `bayeshlm.checks.reml_components`, of estimates by the likelihood of rows (`FamilyEstimate`)."""

from __future__ import annotations

import numpy as np

from bayeshlm.checks.component import Component
from bayeshlm.design.design import Design
from bayeshlm.families.links import LINKS
from bayeshlm.quantities.level1_variance import LATENT
from bayeshlm.quantities.population_moments import population_moments
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.family_estimate import FamilyEstimate
from bayeshlm.reml.family_scalars import component_scalars, covariance_derivatives, standard_error

BOUNDS = {"log": (0.0, np.inf), "atanh": (-1.0, 1.0), "identity": (-np.inf, np.inf)}


def family_estimate(estimate: Estimate) -> FamilyEstimate:
    """The estimate by its own type: what is no `RemlEstimate` is one by the likelihood of rows."""
    assert isinstance(estimate, FamilyEstimate)
    return estimate


def ml_components(found: Estimate, design: Design) -> tuple[Component, ...]:
    """Gamma, tau, corr, the auxiliary parameters and, where there is a latent variable, its ICC, in this order.

    The standard errors are those of the delta method, from the information about all parameters.
    """
    e = family_estimate(found)
    rows = [
        Component("gamma", label, float(value), float(error))
        for label, value, error in zip(design.fixed_labels, e.gamma, e.se, strict=True)
    ]
    varies: dict[str, bool] = {}
    for one in component_scalars(e):
        error = standard_error(e, one.gradient) if one.inside else np.nan
        component, effect = one.key
        pair = effect.split(",") if component == "corr" else []
        row = Component(component, effect, one.value, error, *BOUNDS[one.scale], all(varies[name] for name in pair))
        if component == "tau":
            varies[effect] = row.regular
        rows.append(row)
    if design.outcome.has_sigma:
        rows.append(_normal_icc(e, design))
    scale = LINKS[design.outcome.link].scale
    if design.outcome.family_name in LATENT and scale is not None:
        mean_square = population_moments(design).ZtZ
        v, sigma2 = float(np.sum(e.G * mean_square)), scale**2
        gradient = np.sum(covariance_derivatives(e) * mean_square, axis=(1, 2)) * sigma2 / (v + sigma2) ** 2
        rows.append(Component("icc", "", v / (v + sigma2), standard_error(e, gradient) if v > 0 else np.nan, 0.0, 1.0))
    return tuple(rows)


def _normal_icc(e: FamilyEstimate, design: Design) -> Component:
    """The ICC of a normal outcome with sampling weights, or with correlated residuals."""
    mean_square, sigma = population_moments(design).ZtZ, float(e.auxiliary[0])
    dG = covariance_derivatives(e)
    dsigma = next(one.gradient for one in component_scalars(e) if one.key == ("sigma", ""))
    v, sigma2 = float(np.sum(e.G * mean_square)), sigma**2
    slope = np.sum(dG * mean_square, axis=(1, 2)) * sigma2 - v * 2 * sigma * dsigma
    error = standard_error(e, slope / (v + sigma2) ** 2) if v > 0 else np.nan
    return Component("icc", "", v / (v + sigma2), error, 0.0, 1.0)
