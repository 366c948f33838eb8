"""Profile-likelihood intervals of outcomes that are not normal; `bayeshlm.reml.profile` has those of normal ones."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, ndtri

from bayeshlm.arguments import check_prob
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.errors import OptionError
from bayeshlm.parameters.schema import covarying
from bayeshlm.reml.family_estimate import FamilyEstimate, fit_family
from bayeshlm.reml.family_held import Held, held_auxiliary, held_corr, held_gamma, held_tau, profile_nodes
from bayeshlm.reml.family_scalars import component_scalars, scalar_keys, wald_family
from bayeshlm.reml.intervals import Intervals, ParameterKey
from bayeshlm.reml.profile import IntervalMethod
from bayeshlm.reml.profile_bounds import Rise, correlation_bounds, outward, scale_bounds

ENDLESS = 12.0
"""Change of the logarithm of an auxiliary parameter at which its bound counts as 0 or infinite."""


def family_intervals(
    estimate: FamilyEstimate, method: IntervalMethod, prob: float = 0.95, *, fixed: bool = True
) -> Intervals:
    """Intervals by either method.

    Raises
    ------
    OptionError
        For another method, or when `prob` is outside of (0, 1).
    """
    if method == "profile":
        refuse_weights(
            estimate.problem.design,
            "A profile-likelihood interval",
            "the rise of a pseudo-likelihood has no chi-square distribution",
            'take intervals("wald")',
        )
        return profile_family(estimate, prob, fixed=fixed)
    if method != "wald":
        raise OptionError(f'Intervals are "wald" or "profile", not {method!r}.')
    return wald_family(estimate, prob, fixed=fixed)


def profile_family(estimate: FamilyEstimate, prob: float = 0.95, *, fixed: bool = True) -> Intervals:
    """Profile-likelihood intervals of gamma, tau, corr and the auxiliary parameters.

    Parameters
    ----------
    estimate : FamilyEstimate
    prob : float
        Confidence.
    fixed : bool
        Whether to include gamma.

    Returns
    -------
    Intervals
        Where the profile does not reach the quantile, tau's lower bound is 0, a correlation's -1 or 1, and that of an
        auxiliary parameter 0 or infinite.

    Notes
    -----
    As `bayeshlm.reml.profile.profile_intervals`: the signed root of the rise of the smallest deviance is set to the
    normal quantiles. Gamma's is always ML, as REML deviances with different fixed parts do not compare.
    """
    check_prob(prob)
    cutoff = float(ndtri(0.5 + prob / 2))
    bounds, notes, keys = [], [], scalar_keys(estimate)
    if fixed:
        of_gamma = estimate if estimate.method == "ML" else fit_family(estimate.problem.design)
        for k, (center, se) in enumerate(zip(of_gamma.gamma, of_gamma.se, strict=True)):
            bounds.append(_both_ways(of_gamma, held_gamma(of_gamma, k), float(center), float(se), cutoff))
    found = component_scalars(estimate)
    for found_bounds, key, note in _component_bounds(estimate, cutoff):
        bounds.append(found_bounds)
        if note:
            notes.append(f"{parameter_label(*key)}: {note}")
    values = np.array([one.value for one in found])
    lower, upper = np.array(bounds).T
    return Intervals(
        keys=tuple(keys if fixed else keys[len(estimate.gamma) :]),
        estimate=np.concatenate([estimate.gamma, values]) if fixed else values,
        lower=lower,
        upper=upper,
        prob=prob,
        notes=tuple(notes),
    )


def _component_bounds(estimate: FamilyEstimate, cutoff: float) -> list[tuple[tuple[float, float], ParameterKey, str]]:
    rows: list[tuple[tuple[float, float], ParameterKey, str]] = []
    wald = wald_family(estimate, 0.68, fixed=False)
    widths = dict(zip(wald.keys, cutoff * (wald.upper - wald.lower) / 2, strict=True))
    unit = 1 / np.sqrt(np.square(estimate.problem.rows.Z).mean(axis=1).max())
    for k, (label, tau) in enumerate(zip(estimate.random_labels, estimate.tau, strict=True)):
        key = ("tau", label)
        step = float(widths[key]) if widths[key] > 0 else np.inf
        rise = _rise(estimate, held_tau(estimate, k), float(tau), cutoff)
        own = float(np.linalg.norm(estimate.problem.effect_map[k])) * unit
        found, note = scale_bounds(rise, "tau", min(step, float(tau) + 0.3 * own))
        rows.append((found, key, note))
    for a, b in covarying(estimate.problem.design):
        key, corr = ("corr", f"{estimate.random_labels[a]},{estimate.random_labels[b]}"), float(estimate.corr[a, b])
        if np.isfinite(corr):
            found, note = correlation_bounds(_rise(estimate, held_corr(estimate), corr, cutoff), estimate.tau[[a, b]])
        else:
            found, note = (np.nan, np.nan), "not defined where an effect does not vary"
        rows.append((found, key, note))
    for k, (key, value) in enumerate(
        zip(estimate.problem.design.outcome.auxiliary_effects, map(float, estimate.auxiliary), strict=True)
    ):
        held, half = held_auxiliary(estimate, k), float(widths[key]) / cutoff
        scale = estimate.problem.auxiliary.scales[k]
        if scale == "identity":
            rows.append((_both_ways(estimate, held, value, half, cutoff), key, ""))
        elif scale == "atanh":
            rows.append((_between(estimate, held, value, cutoff), key, ""))
        else:
            rows.append((_on_log_scale(estimate, held, value, half / value * cutoff, cutoff), key, ""))
    return rows


def _smallest(estimate: FamilyEstimate) -> float:
    """The deviance at the estimate with the nodes of the profile, so that their error is in both."""
    return -2 * estimate.problem.evaluate(estimate.maximum.x, profile_nodes(estimate))[0]


def _rise(estimate: FamilyEstimate, held: Held, center: float, cutoff: float) -> Rise:
    return Rise(held.smallest, _smallest(estimate), center, cutoff)


def _both_ways(estimate: FamilyEstimate, held: Held, center: float, se: float, cutoff: float) -> tuple[float, float]:
    rise = _rise(estimate, held, center, cutoff)
    return outward(rise, -se * cutoff, -np.inf), outward(rise, se * cutoff, np.inf)


def _between(estimate: FamilyEstimate, held: Held, value: float, cutoff: float) -> tuple[float, float]:
    """Bounds of a correlation, sought along its log odds between its own bounds."""
    lowest = estimate.problem.auxiliary.lowest
    width = 1 - lowest

    def at(odds: float) -> float:
        return float(lowest + width * expit(odds))

    center = float(logit((value - lowest) / width))
    rise = Rise(lambda odds: held.smallest(at(odds)), _smallest(estimate), center, cutoff)
    found = []
    for side in (-1.0, 1.0):
        near, far = center, center + side
        while rise(far) < 0 and abs(far - center) < ENDLESS:
            near, far = far, far + 2 * (far - near)
        end = lowest if side < 0 else 1.0
        found.append(end if rise(far) < 0 else at(rise.root(near, far)))
    return found[0], found[1]


def _on_log_scale(
    estimate: FamilyEstimate, held: Held, value: float, step: float, cutoff: float
) -> tuple[float, float]:
    """Bounds of a positive parameter, sought along its logarithm; `step` is about how far away they are there."""
    center, step = float(np.log(value)), min(step, 2.0)
    rise = Rise(lambda log: held.smallest(float(np.exp(log))), _smallest(estimate), center, cutoff)
    found = []
    for side, endless in ((-1.0, 0.0), (1.0, np.inf)):
        near, far = center, center + side * step
        while rise(far) < 0 and abs(far - center) < ENDLESS:
            near, far = far, far + 2 * (far - near)
        found.append(endless if rise(far) < 0 else float(np.exp(rise.root(near, far))))
    return found[0], found[1]
