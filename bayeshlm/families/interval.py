"""The probability that a variable falls into an interval, exact far out in both tails: the rows of ordered categories.

Each function gives, of an interval (lower, upper): log of the probability p; the densities at the upper and at the
lower end as shares of p, f(upper)/p and f(lower)/p; their difference ``f(lower)/p - f(upper)/p``, which is the
derivative of log p when both ends move down; and minus the second derivative of the same.
"""

from __future__ import annotations

import math

from bayeshlm.families.probability import MILLS_AT_ZERO, logit_parts, probit_parts
from bayeshlm.families.special import (
    HALF_LOG_2PI,
    ROOT_HALF,
    hazard_excess,
    log_one_minus_exp,
    logistic,
    scaled_erfc,
    softplus,
)

type Interval = tuple[float, float, float, float, float]

NARROW = 0.02
"""Widths, times the distance from zero where that is more than 1, below which a series of four terms is exact."""


def logit_below(upper: float) -> Interval:
    """The interval from minus infinity, of the logistic distribution."""
    log_p, _, share, other = logit_parts(upper)
    return log_p, share, 0.0, -share, share * other


def logit_above(lower: float) -> Interval:
    """The interval to infinity."""
    _, log_p, other, share = logit_parts(lower)
    return log_p, 0.0, share, share, share * other


def logit_between(lower: float, upper: float, width: float) -> Interval:
    """``F(upper) - F(lower) = F(upper) F(-lower) (1 - exp(-width))``, with the width as exact as the caller has it."""
    log_p = log_one_minus_exp(width) - softplus(-upper) - softplus(lower)
    below, above = logistic(lower), logistic(-upper)
    common = math.exp(-width) / -math.expm1(-width) if width > 0.0 else math.inf
    curvature = below * logistic(-lower) + above * logistic(upper)
    return log_p, above + common, below + common, below - above, curvature


def probit_below(upper: float) -> Interval:
    """The interval from minus infinity, of the standard normal distribution."""
    log_p, _, share, _ = probit_parts(upper)
    return log_p, share, 0.0, -share, share * _above_end(share, upper)


def probit_above(lower: float) -> Interval:
    """The interval to infinity."""
    _, log_p, _, share = probit_parts(lower)
    return log_p, 0.0, share, share, share * _above_end(share, -lower)


def _above_end(share: float, end: float) -> float:
    """``f(end)/F(end) + end``, in which the two have almost all of their digits in common far below zero."""
    return hazard_excess(-end, share) if end < 0.0 else share + end


def probit_between(lower: float, upper: float, width: float) -> Interval:
    """``Phi(upper) - Phi(lower)``, on the side of zero where the distribution function is small."""
    if lower + 0.5 * width > 0.0:
        log_p, at_lower, at_upper, difference, curvature = _left_interval(-upper, -lower, width)
        return log_p, at_upper, at_lower, -difference, curvature
    log_p, at_upper, at_lower, difference, curvature = _left_interval(lower, upper, width)
    return log_p, at_upper, at_lower, difference, curvature


def _left_interval(lower: float, upper: float, width: float) -> Interval:
    """An interval whose middle is not above zero."""
    middle = lower + 0.5 * width
    if width <= 0.0:
        return -math.inf, math.inf, math.inf, middle, 1.0
    if width * max(-middle, 1.0) < NARROW:
        return _narrow_interval(middle, 0.5 * width)
    if upper <= 0.0:
        # p = Phi(upper) (1 - part), with part = exp(-fall) h(upper)/h(lower) of the fall of the log density.
        mills, lower_mills = scaled_erfc(-upper * ROOT_HALF), scaled_erfc(-lower * ROOT_HALF)
        fall = -width * middle
        kept = math.exp(-fall)
        part = kept * lower_mills / mills
        hazard, lower_hazard = MILLS_AT_ZERO / mills, MILLS_AT_ZERO / lower_mills
        at_upper = hazard / (1.0 - part)
        log_p = -0.5 * upper * upper + math.log(0.5 * mills) + math.log1p(-part)
        difference = at_upper * math.expm1(-fall)
        # The upper end above the truncated mean: a sum of no terms that are large far out.
        excess = hazard_excess(-upper, hazard) - part * (width + hazard_excess(-lower, lower_hazard))
        above_mean = excess / (1.0 - part)
        return log_p, at_upper, at_upper * kept, difference, at_upper * kept * width - difference * above_mean
    p = 0.5 * (math.erf(upper * ROOT_HALF) + math.erf(-lower * ROOT_HALF))
    outside = 0.5 * (math.erfc(upper * ROOT_HALF) + math.erfc(-lower * ROOT_HALF))
    log_p = math.log1p(-outside) if outside < 0.5 else math.log(p)
    at_upper = math.exp(-0.5 * upper * upper - HALF_LOG_2PI) / p
    at_lower, difference = at_upper * math.exp(width * middle), at_upper * math.expm1(width * middle)
    return log_p, at_upper, at_lower, difference, at_upper * upper - at_lower * lower + difference * difference


def _narrow_interval(middle: float, half: float) -> Interval:
    """Taylor's series of the density about the middle: ``p = 2 half phi(middle) (1 + series)``.

    The curvature is one minus the variance, which is that of ``exp(-tilt x/half)`` to first order.
    """
    m, h = middle * middle, half * half
    series = h / 6.0 * (m - 1.0) + h * h / 120.0 * (m * m - 6.0 * m + 3.0)
    density = math.exp(-0.5 * h) / (2.0 * half * (1.0 + series))
    log_p = math.log(2.0 * half) - 0.5 * m - HALF_LOG_2PI + math.log1p(series)
    tilt = half * middle
    curvature = 1.0 - h / 3.0 + h * (2.0 / 45.0 * h + tilt * tilt / 15.0)
    return log_p, density * math.exp(-tilt), density * math.exp(tilt), 2.0 * density * math.sinh(tilt), curvature
