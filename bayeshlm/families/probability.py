"""A probability p under each of its links: what the rows of Bernoulli, Binomial and Beta are made of.

Each function gives, of a predictor eta, ``log p``, ``log(1 - p)``, ``d log p / d eta`` and ``-d log(1 - p) / d eta``,
none of which loses digits in either tail, as ``log(1 - p)`` from p itself would.
"""

from __future__ import annotations

import math

from bayeshlm.families.special import ROOT_HALF, grown, log1p_of_share, log_one_minus_exp, scaled_erfc

MILLS_AT_ZERO = math.sqrt(2.0 / math.pi)

type Parts = tuple[float, float, float, float]


def logit_parts(eta: float) -> Parts:
    """``p = 1/(1 + exp(-eta))``."""
    tail = math.exp(-abs(eta))
    rest, large = log1p_of_share(tail), 1.0 / (1.0 + tail)
    small = tail * large
    above = eta > 0.0
    return min(eta, 0.0) - rest, min(-eta, 0.0) - rest, small if above else large, large if above else small


def probit_parts(eta: float) -> Parts:
    """``p = Phi(eta)``, by ``exp(x^2) erfc(x)``, whose logarithm is never that of a zero."""
    x = abs(eta)
    scaled = scaled_erfc(x * ROOT_HALF)
    exponent = -0.5 * x * x
    kernel = math.exp(exponent)
    log_tail, tail = exponent + math.log(0.5 * scaled), 0.5 * scaled * kernel
    log_body, body_ratio = math.log1p(-tail), 0.5 * MILLS_AT_ZERO * kernel / (1.0 - tail)
    tail_ratio, above = MILLS_AT_ZERO / scaled, eta > 0.0
    log_p, log_rest = log_body if above else log_tail, log_tail if above else log_body
    return log_p, log_rest, body_ratio if above else tail_ratio, tail_ratio if above else body_ratio


def cloglog_parts(eta: float) -> Parts:
    """``p = 1 - exp(-exp(eta))``."""
    e = grown(eta)
    if eta < -20.0:
        return eta - 0.5 * e, -e, 1.0 - 0.5 * e, e
    if e < 700.0:
        return log_one_minus_exp(e), -e, e / math.expm1(e), e
    return -math.exp(-e), -e, e * math.exp(-e) if e < 1000.0 else 0.0, e


def times(count: float, value: float) -> float:
    """The product, 0 of none of an infinity."""
    return count * value if count > 0.0 else 0.0


def counted(successes: float, failures: float, parts: Parts) -> tuple[float, float, float]:
    """Of independent trials: log probability, derivative in eta, and expected information n p'^2/(p (1 - p))."""
    log_p, log_q, rise, fall = parts
    value = times(successes, log_p) + times(failures, log_q)
    return value, times(successes, rise) - times(failures, fall), (successes + failures) * times(rise, fall)
