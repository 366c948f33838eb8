"""The probability that a variable falls into an interval, exact far out in both tails: the rows of ordered categories.

Each function gives, of an interval (lower, upper): log of the probability p; the densities at the upper and at the
lower end as shares of p, f(upper)/p and f(lower)/p; their difference ``f(lower)/p - f(upper)/p``, which is the
derivative of log p when both ends move down; and minus the second derivative of the same.
"""

from __future__ import annotations

import math

from bayeshlm.families.probability import MILLS_AT_ZERO, ROOT_HALF, logit_parts, probit_parts
from bayeshlm.families.special import HALF_LOG_2PI, log_one_minus_exp, logistic, scaled_erfc, softplus

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
    return log_p, share, 0.0, -share, max(share * (share + upper), 0.0)


def probit_above(lower: float) -> Interval:
    """The interval to infinity."""
    _, log_p, _, share = probit_parts(lower)
    return log_p, 0.0, share, share, max(share * (share - lower), 0.0)


def probit_between(lower: float, upper: float, width: float) -> Interval:
    """``Phi(upper) - Phi(lower)``, on the side of zero where the distribution function is small."""
    middle = lower + 0.5 * width
    if middle > 0.0:
        log_p, at_lower, at_upper, difference = _left_interval(-upper, -lower, width)
        difference = -difference
    else:
        log_p, at_upper, at_lower, difference = _left_interval(lower, upper, width)
    curvature = difference * (difference - middle) + 0.5 * width * (at_lower + at_upper)
    return log_p, at_upper, at_lower, difference, max(curvature, 0.0)


def _left_interval(lower: float, upper: float, width: float) -> tuple[float, float, float, float]:
    """An interval whose middle is not above zero: log p, the two shares, and their difference."""
    middle = lower + 0.5 * width
    if width <= 0.0:
        return -math.inf, math.inf, math.inf, middle
    if width * max(-middle, 1.0) < NARROW:
        return _narrow_interval(middle, 0.5 * width)
    if upper <= 0.0:
        # p = Phi(upper) (1 - exp(-fall) M(lower)/M(upper)), where fall is the fall of the log density.
        mills = scaled_erfc(-upper * ROOT_HALF)
        fall = -width * middle
        part = math.exp(-fall) * scaled_erfc(-lower * ROOT_HALF) / mills
        at_upper = MILLS_AT_ZERO / (mills * (1.0 - part))
        log_p = -0.5 * upper * upper + math.log(0.5 * mills) + math.log1p(-part)
        return log_p, at_upper, at_upper * math.exp(-fall), at_upper * math.expm1(-fall)
    p = 0.5 * (math.erf(upper * ROOT_HALF) + math.erf(-lower * ROOT_HALF))
    outside = 0.5 * (math.erfc(upper * ROOT_HALF) + math.erfc(-lower * ROOT_HALF))
    log_p = math.log1p(-outside) if outside < 0.5 else math.log(p)
    at_upper = math.exp(-0.5 * upper * upper - HALF_LOG_2PI) / p
    return log_p, at_upper, at_upper * math.exp(width * middle), at_upper * math.expm1(width * middle)


def _narrow_interval(middle: float, half: float) -> tuple[float, float, float, float]:
    """Taylor's series of the density about the middle: ``p = 2 half phi(middle) (1 + series)``."""
    m, h = middle * middle, half * half
    series = h / 6.0 * (m - 1.0) + h * h / 120.0 * (m * m - 6.0 * m + 3.0)
    density = math.exp(-0.5 * h) / (2.0 * half * (1.0 + series))
    log_p = math.log(2.0 * half) - 0.5 * m - HALF_LOG_2PI + math.log1p(series)
    tilt = half * middle
    return log_p, density * math.exp(-tilt), density * math.exp(tilt), 2.0 * density * math.sinh(tilt)
