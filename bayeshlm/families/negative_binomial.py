"""NegativeBinomial: a count that varies more than a Poisson's, by ``mu + mu^2/phi``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bayeshlm.families.family import Auxiliary, Family, mu_itself
from bayeshlm.families.poisson import count_refusal, random_counts
from bayeshlm.families.special import (
    digamma_rise,
    log1p_of_share,
    log_factorial,
    log_rising,
    logistic,
    softplus,
)

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def log_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """The log probability at phi = ``auxiliary[0]``, to the limit of a large phi, the Poisson's.

    With ``x = eta - log phi`` and ``w = mu/(mu + phi)`` it is ``y log w + phi log(1 - w)`` and the binomial
    coefficient; the derivative is ``y (1 - w) - phi w``, the information ``phi w``.
    """
    phi = auxiliary[0]
    log_phi = math.log(phi)
    x = eta - log_phi
    w, rest = logistic(x), logistic(-x)
    # y log w + y log phi, where both are large when phi is.
    powers = y * (min(eta, log_phi) - log1p_of_share(math.exp(-abs(x))))
    return log_rising(phi, y) - log_factorial(y) + powers - phi * softplus(x), y * rest - phi * w, phi * w


def log_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivative in phi."""
    phi = auxiliary[0]
    x = eta - math.log(phi)
    slope[0] += weight * (digamma_rise(phi, y) - softplus(x) + logistic(x) - y / phi * logistic(-x))


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    return mu + mu**2 / auxiliary[..., 0]


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import betainc

    phi, k = auxiliary[..., 0], np.floor(y)
    # P(Y <= k) = I_{phi/(phi + mu)}(phi, k + 1), the regularized incomplete beta function.
    return np.where(k < 0, 0.0, betainc(phi, np.maximum(k, 0.0) + 1.0, 1.0 / (1.0 + mu / phi)))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    phi = auxiliary[..., 0]
    return random_counts(rng, rng.gamma(phi, mu / phi))


NEGATIVE_BINOMIAL = Family(
    name="NegativeBinomial",
    location="mu",
    auxiliary=(Auxiliary("phi", "positive"),),
    rows={"log": log_row},
    row_slope={"log": log_slope},
    has_size=False,
    discrete=True,
    refusal=count_refusal,
    mean=mu_itself,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
)
