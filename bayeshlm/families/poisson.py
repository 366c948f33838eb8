"""Poisson: a count whose variance is its mean.

The log is its only link: under the identity a predictor with normal effects, which range over the whole line, would
have negative means, and no distribution there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.families.family import Family, mu_itself
from bayeshlm.families.special import grown, log_factorial

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array

MOST_COUNTED = 1e15
"""Counts of larger means are normal but for a skewness of 3e-8; NumPy draws none of 1e19."""


def log_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``y eta - mu - log y!`` of ``mu = exp(eta)``; information mu."""
    mu = grown(eta)
    return y * eta - mu - log_factorial(y), y - mu, mu


def count_refusal(y: float, size: float) -> str:
    """Why an outcome is no count."""
    return "" if y >= 0.0 and y % 1.0 == 0.0 else "is no count: a whole number of 0 or more"


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import gammaincc

    # P(Y <= k) = Q(k + 1, mu), the regularized incomplete gamma function.
    k = np.floor(y)
    return np.where(k < 0, 0.0, gammaincc(np.maximum(k, 0.0) + 1.0, mu))


def random_counts(rng: np.random.Generator, mu: Array) -> Array:
    """Poisson counts of any means, which a prior of a logarithm makes as large as doubles are."""
    import numpy as np

    within = mu < MOST_COUNTED
    counts = rng.poisson(np.where(within, mu, 0.0)).astype(float)
    if within.all():
        return counts
    with np.errstate(invalid="ignore"):
        normal = np.rint(mu + np.sqrt(mu) * rng.standard_normal(mu.shape))
    return np.where(within, counts, np.where(np.isfinite(mu), normal, mu))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    return random_counts(rng, mu)


POISSON = Family(
    name="Poisson",
    location="mu",
    auxiliary=(),
    rows={"log": log_row},
    row_slope={},
    has_size=False,
    discrete=True,
    refusal=count_refusal,
    mean=mu_itself,
    variance=mu_itself,
    cumulative=_cumulative,
    random=_random,
)
