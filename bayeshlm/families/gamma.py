"""Gamma: a positive outcome whose standard deviation is a share of its mean, ``mu/sqrt(shape)``.

The log is its only link: under the identity a predictor with normal effects would have negative means.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bayeshlm.families.family import Auxiliary, Family, finite_refusal, mu_itself
from bayeshlm.families.special import HALF_LOG_2PI, LARGEST_EXPONENT, digamma_remainder, stirling_remainder

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def grown_by(x: float) -> float:
    """``exp(x) - 1``, infinite where no double is as large."""
    return math.expm1(x) if x < LARGEST_EXPONENT else math.inf


def log_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """The log density at the shape a = ``auxiliary[0]``; information a.

    With ``d = log(y/mu)`` and ``a log a - a - log Gamma(a)`` in one piece, since its terms are large where a is::

        a (d + 1 - exp(d)) - log y + [a log a - a - log Gamma(a)]
    """
    a = auxiliary[0]
    log_a, log_y = math.log(a), math.log(y)
    excess = grown_by(log_y - eta)
    constant = 0.5 * log_a - HALF_LOG_2PI - stirling_remainder(a, log_a)
    return a * (log_y - eta - excess) - log_y + constant, a * excess, a


def log_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivative in the shape."""
    d = math.log(y) - eta
    slope[0] += weight * (d - grown_by(d) - digamma_remainder(auxiliary[0]))


def _refusal(y: float, size: float) -> str:
    return finite_refusal(y, size) or ("" if y > 0.0 else "is not greater than 0")


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    return mu**2 / auxiliary[..., 0]


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import gammainc

    shape, doubles = auxiliary[..., 0], np.finfo(float)
    return np.asarray(gammainc(shape, shape * (np.maximum(y, 0.0) / np.clip(mu, doubles.tiny, doubles.max))))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    shape = auxiliary[..., 0]
    return rng.gamma(shape, mu / shape)


GAMMA = Family(
    name="Gamma",
    location="mu",
    auxiliary=(Auxiliary("shape", "positive"),),
    rows={"log": log_row},
    row_slope={"log": log_slope},
    has_size=False,
    discrete=False,
    refusal=_refusal,
    mean=mu_itself,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
)
