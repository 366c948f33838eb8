"""Profile-likelihood intervals: where the smallest deviance, one parameter held, has risen by a chi-square quantile."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtri

from bayeshlm.arguments import check_prob
from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.errors import OptionError
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.fixed_value import held_component, held_effect
from bayeshlm.reml.intervals import (
    IntervalDf,
    Intervals,
    ParameterKey,
    component_estimates,
    component_keys,
    correlated_pairs,
    parameter_keys,
    wald_components,
    wald_intervals,
)
from bayeshlm.reml.profile_bounds import Rise, correlation_bounds, outward, scale_bounds

type IntervalMethod = Literal["wald", "profile"]


def interval_estimates(
    design: Design,
    estimate: RemlEstimate,
    method: IntervalMethod,
    prob: float = 0.95,
    df: IntervalDf = "satterthwaite",
    criterion: Method = "ML",
    *,
    fixed: bool = True,
) -> Intervals:
    """Intervals by either method; the options as in `wald_intervals` and `profile_intervals`.

    Raises
    ------
    OptionError
        For another method.
    """
    if method == "profile":
        return profile_intervals(design, estimate, prob, criterion, fixed=fixed)
    if method != "wald":
        raise OptionError(f'Intervals are "wald" or "profile", not {method!r}.')
    return wald_intervals(estimate, prob, df) if fixed else wald_components(estimate, prob)


def profile_intervals(
    design: Design, estimate: RemlEstimate, prob: float = 0.95, criterion: Method = "ML", *, fixed: bool = True
) -> Intervals:
    """Profile-likelihood intervals of gamma, tau, corr and sigma.

    Parameters
    ----------
    design : Design
        Numbers of the model.
    estimate : RemlEstimate
        A fit of the design; its estimates stand beside the bounds.
    prob : float
        Confidence.
    criterion : "ML" or "REML"
        Deviance profiled for tau, corr and sigma. Gamma's is always ML, as REML deviances with different fixed parts
        do not compare. lme4's ``confint`` profiles ML throughout.
    fixed : bool
        Whether to include gamma.

    Returns
    -------
    Intervals
        Where the profile does not reach the quantile, tau's lower bound is 0 and a correlation's -1 or 1. A
        correlation whose profile has no minimum, because one of the effects does not vary, has none.

    Raises
    ------
    OptionError
        For another criterion, or when `prob` is outside of (0, 1).

    Notes
    -----
    The signed root ``zeta(v) = sign(v - v0) sqrt(d(v) - d(v0))`` of the smallest deviance d, the parameter held at v
    and all others free, is set to the normal quantiles (Bates et al. 2015, J. Statistical Software 67(1), section 5.1).
    """
    check_prob(prob)
    if criterion not in ("ML", "REML"):
        raise OptionError(f'criterion is "ML" or "REML", not {criterion!r}.')
    cutoff = float(ndtri(0.5 + prob / 2))
    ml = estimate if estimate.method == "ML" else fit_reml(design, "ML")
    center = ml if criterion == "ML" else estimate if estimate.method == "REML" else fit_reml(design, "REML")
    bounds, notes = [], []
    if fixed:
        bounds += [_effect_bounds(ml, k, cutoff) for k in range(len(ml.gamma))]
    for key, found, note in _component_bounds(center, cutoff):
        bounds.append(found)
        if note:
            notes.append(f"{parameter_label(*key)}: {note}")
    values = component_estimates(estimate)
    lower, upper = np.array(bounds).T
    return Intervals(
        keys=parameter_keys(estimate) if fixed else component_keys(estimate),
        estimate=np.concatenate([estimate.gamma, values]) if fixed else values,
        lower=lower,
        upper=upper,
        prob=prob,
        notes=tuple(notes),
    )


def _effect_bounds(ml: RemlEstimate, k: int, cutoff: float) -> tuple[float, float]:
    center, step = float(ml.gamma[k]), float(ml.se[k] * cutoff)
    rise = Rise(lambda value: held_effect(ml, k, value), ml.criterion, center, cutoff)
    return outward(rise, -step, -np.inf), outward(rise, step, np.inf)


def _component_bounds(center: RemlEstimate, cutoff: float) -> list[tuple[ParameterKey, tuple[float, float], str]]:
    """Bounds, and what is to be said about them, of every tau, correlation and sigma."""
    wald = wald_components(center, 0.68)
    held: list[tuple[str, tuple[int, ...]]] = [("tau", (a,)) for a in range(len(center.tau))]
    held += [("corr", pair) for pair in correlated_pairs(center)]
    held += [] if center.sigma_known else [("sigma", ())]
    rows = []
    widths = cutoff * (wald.upper - wald.lower) / 2
    for key, value, width, (kind, first) in zip(wald.keys, wald.estimate, widths, held, strict=True):
        component = held_component(center, kind, first)
        rise = Rise(component.smallest, center.criterion, float(value), cutoff)
        if kind == "corr":
            rows.append((key, *correlation_bounds(rise, center.tau[list(first)])))
        else:
            step = value + component.first_step  # near the boundary the Wald interval can be endless
            step = min(float(width), step) if width > 0 else step
            rows.append((key, *scale_bounds(rise, kind, step)))
    return rows
