"""Posterior draws of every parameter beside its classical estimate and interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from bayeshlm.checks.reml_components import components, draws_of_components
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.intervals import Intervals, wald_intervals


@dataclass(frozen=True, eq=False, slots=True)
class DrawsBesideEstimate:
    """One quantity by both methods.

    Attributes
    ----------
    component, effect : str
        ``("gamma", "g00")``, ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``, ``("icc", "")``.
    draws : (S,) array
        Of the posterior.
    estimate, lower, upper : float
        The estimate; NaN where there is none, as for an interval on the boundary.
    """

    component: str
    effect: str
    draws: FloatArray
    estimate: float
    lower: float
    upper: float


def draws_beside_estimate(posterior: Draws, estimate: Estimate, prob: float = 0.95) -> tuple[DrawsBesideEstimate, ...]:
    """Posterior draws and the Wald interval of REML or ML of gamma, tau, corr, sigma and the ICC.

    Parameters
    ----------
    posterior : Draws
    estimate : Estimate
        REML or ML fit of the design.
    prob : float
        Confidence.

    Raises
    ------
    OptionError
        `prob` is outside of (0, 1).

    Notes
    -----
    The intervals are those of `bayeshlm.reml.intervals.wald_intervals` or `bayeshlm.reml.family_scalars.wald_family`;
    the ICC's is normal on the logit scale, with the standard error of `components`.
    """
    design = posterior.design
    found = _wald(estimate, prob)
    bounds = {
        key: (float(lower), float(upper))
        for key, lower, upper in zip(found.keys, found.lower, found.upper, strict=True)
    }
    rows = components(estimate, design)
    _, draws = draws_of_components(posterior)
    made = []
    for row, values in zip(rows, draws, strict=True):
        lower, upper = bounds.get(row.key, (np.nan, np.nan))
        if row.component in ("icc", "share") and row.se > 0 and not row.on_boundary:
            half = float(ndtri(0.5 + prob / 2)) * row.se / (row.estimate * (1 - row.estimate))
            lower, upper = (float(expit(logit(row.estimate) + sign * half)) for sign in (-1, 1))
        made.append(DrawsBesideEstimate(row.component, row.effect, values, row.estimate, lower, upper))
    return tuple(made)


def _wald(estimate: Estimate, prob: float) -> Intervals:
    if isinstance(estimate, RemlEstimate):
        return wald_intervals(estimate, prob)
    from bayeshlm.checks.ml_components import family_estimate  # imports numba
    from bayeshlm.reml.family_scalars import wald_family

    return wald_family(family_estimate(estimate), prob)
