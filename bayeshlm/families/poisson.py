"""Poisson: a count whose variance is its mean.

The log is its only link: under the identity a predictor with normal effects, which range over the whole line, would
have negative means, and no distribution there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.families.family import Family
from bayeshlm.families.special import grown, log_factorial

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def log_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``y eta - mu - log y!`` of ``mu = exp(eta)``; information mu."""
    mu = grown(eta)
    return y * eta - mu - log_factorial(y), y - mu, mu


def count_refusal(y: float, size: float) -> str:
    """Why an outcome is no count."""
    return "" if y >= 0.0 and y % 1.0 == 0.0 else "is no count: a whole number of 0 or more"


def _mean(mu: Array, size: Array, auxiliary: Array) -> Array:
    return mu


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import gammaincc

    # P(Y <= k) = Q(k + 1, mu), the regularized incomplete gamma function.
    k = np.floor(y)
    return np.where(k < 0, 0.0, gammaincc(np.maximum(k, 0.0) + 1.0, mu))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    return rng.poisson(mu).astype(float)


POISSON = Family(
    name="Poisson",
    location="mu",
    auxiliary=(),
    rows={"log": log_row},
    row_slope={},
    has_size=False,
    discrete=True,
    refusal=count_refusal,
    mean=_mean,
    variance=_mean,
    cumulative=_cumulative,
    random=_random,
)
