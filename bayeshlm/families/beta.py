"""Beta: a share between 0 and 1 with mean mu and precision phi, variance ``mu (1 - mu)/(1 + phi)``.

Ferrari & Cribari-Neto (2004), Journal of Applied Statistics 31, 799-815.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bayeshlm.families.family import Auxiliary, Family, mu_itself
from bayeshlm.families.probability import Parts, cloglog_parts, logit_parts, probit_parts, times
from bayeshlm.families.special import HALF_LOG_2PI, digamma, stirling_remainder, trigamma

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def share(y: float, phi: float, parts: Parts) -> tuple[float, float, float]:
    """The row of a mean of these parts.

    The density of ``a = phi mu``, ``b = phi (1 - mu)`` is, with the remainder S of Stirling's series::

        a log(y/mu) + b log((1 - y)/(1 - mu)) + log(phi mu (1 - mu))/2 - log(2 pi)/2 + S(phi) - S(a) - S(b)
        - log(y (1 - y))

    in which nothing large cancels: the first two terms are those of y - mu where that is small. Derivatives take the
    poles of digamma(a) and digamma(b) at zero out of them.
    """
    log_mu, log_rest, rise, fall = parts
    log_phi, log_y, log_other = math.log(phi), math.log(y), math.log1p(-y)
    mu, rest = math.exp(log_mu), math.exp(log_rest)
    a, b, apart = phi * mu, phi * rest, y - mu
    close = abs(apart) < 0.5 * min(mu, rest)
    from_mu = math.log1p(apart / mu) if close else log_y - log_mu
    from_rest = math.log1p(-apart / rest) if close else log_other - log_rest
    remainders = stirling_remainder(a, log_phi + log_mu) + stirling_remainder(b, log_phi + log_rest)
    value = times(a, from_mu) + times(b, from_rest) - log_y - log_other
    value += 0.5 * (log_phi + log_mu + log_rest) - HALF_LOG_2PI + stirling_remainder(phi, log_phi) - remainders
    per_eta = times(a, rise)
    derivative = per_eta * (log_y - log_other + digamma(1.0 + b) - digamma(1.0 + a)) + rise - fall
    information = per_eta * per_eta * (trigamma(1.0 + a) + trigamma(1.0 + b)) + rise * rise + fall * fall
    return value, derivative, information


def share_slope(y: float, phi: float, parts: Parts) -> float:
    """The derivative in phi."""
    mu, rest = math.exp(parts[0]), math.exp(parts[1])
    at_means = mu * (math.log(y) - digamma(1.0 + phi * mu)) + rest * (math.log1p(-y) - digamma(1.0 + phi * rest))
    return digamma(1.0 + phi) + 1.0 / phi + at_means


def logit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """`share` of ``logit(mu) = eta`` at phi = ``auxiliary[0]``."""
    return share(y, auxiliary[0], logit_parts(eta))


def probit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """`share` of ``mu = Phi(eta)`` at phi = ``auxiliary[0]``."""
    return share(y, auxiliary[0], probit_parts(eta))


def cloglog_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """`share` of ``mu = 1 - exp(-exp(eta))`` at phi = ``auxiliary[0]``."""
    return share(y, auxiliary[0], cloglog_parts(eta))


def logit_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivative in phi."""
    slope[0] += weight * share_slope(y, auxiliary[0], logit_parts(eta))


def probit_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivative in phi."""
    slope[0] += weight * share_slope(y, auxiliary[0], probit_parts(eta))


def cloglog_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivative in phi."""
    slope[0] += weight * share_slope(y, auxiliary[0], cloglog_parts(eta))


def _refusal(y: float, size: float) -> str:
    return "" if 0.0 < y < 1.0 else "is not between 0 and 1, both excluded"


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    return mu * (1.0 - mu) / (1.0 + auxiliary[..., 0])


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import betainc

    return np.asarray(betainc(*_shapes(mu, auxiliary), np.clip(y, 0.0, 1.0)))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    return rng.beta(*_shapes(mu, auxiliary))


def _shapes(mu: Array, auxiliary: Array) -> tuple[Array, Array]:
    """A and b; of a mean that is 0 or 1 by rounding, where all outcomes are, the smallest double instead of 0."""
    import numpy as np

    phi, least = auxiliary[..., 0], np.finfo(float).tiny
    return np.maximum(phi * mu, least), np.maximum(phi * (1.0 - mu), least)


BETA = Family(
    name="Beta",
    location="mu",
    auxiliary=(Auxiliary("phi", "positive"),),
    rows={"logit": logit_row, "probit": probit_row, "cloglog": cloglog_row},
    row_slope={"logit": logit_slope, "probit": probit_slope, "cloglog": cloglog_slope},
    has_size=False,
    discrete=False,
    refusal=_refusal,
    mean=mu_itself,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
)
