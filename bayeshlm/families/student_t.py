"""StudentT: an outcome as a Normal's, with residuals that may lie far out; nu degrees of freedom, scale sigma.

Lange, Little & Taylor (1989), JASA 84, 881-896.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bayeshlm.families.family import Auxiliary, Family, finite_refusal, mu_itself
from bayeshlm.families.special import HALF_LOG_2PI, digamma_rise, log_rising

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array

LARGEST_ROOT = 1e150
"""The square of a larger number may be beyond a double."""


def log_one_plus_square(s: float) -> float:
    """``log(1 + s^2)``."""
    return math.log1p(s * s) if abs(s) < LARGEST_ROOT else 2.0 * math.log(abs(s))


def over_one_plus_square(s: float) -> float:
    """``s/(1 + s^2)``."""
    return s / (1.0 + s * s) if abs(s) < LARGEST_ROOT else 1.0 / s


def identity_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """The log density at sigma, nu = ``auxiliary``; information minus its second derivative, of rows far out zero."""
    sigma, nu = auxiliary[0], auxiliary[1]
    root = math.sqrt(nu)
    s = (y - eta) / sigma / root
    value = log_rising(0.5 * nu, 0.5) - HALF_LOG_2PI - math.log(sigma) - 0.5 * (nu + 1.0) * log_one_plus_square(s)
    pull = over_one_plus_square(s)
    information = 1.0 - 2.0 * s * pull  # (1 - s^2)/(1 + s^2), times 1/(1 + s^2) below
    information = (information if information > 0.0 else 0.0) * (1.0 - s * pull)
    scale = (nu + 1.0) / (sigma * root)
    return value, scale * pull, scale / (sigma * root) * information


def identity_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivatives in sigma and nu."""
    sigma, nu = auxiliary[0], auxiliary[1]
    s = (y - eta) / sigma / math.sqrt(nu)
    pull = (nu + 1.0) * s * over_one_plus_square(s) - 1.0
    slope[0] += weight * pull / sigma
    slope[1] += weight * 0.5 * (digamma_rise(0.5 * nu, 0.5) - log_one_plus_square(s) + pull / nu)


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np

    sigma, nu = auxiliary[..., 0], auxiliary[..., 1]
    # sigma^2 nu/(nu - 2); infinite of 1 < nu <= 2; there is none below.
    finite = sigma**2 * (1.0 + 2.0 / np.where(nu > 2, nu - 2.0, 1.0))
    return np.where(nu > 2, finite, np.where(nu > 1, np.inf, np.nan))


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import stdtr

    return np.asarray(stdtr(auxiliary[..., 1], (y - mu) / auxiliary[..., 0]))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np

    sigma, nu = auxiliary[..., 0], auxiliary[..., 1]
    shape = np.broadcast_shapes(np.shape(mu), np.shape(nu))
    return np.asarray(mu + sigma * rng.standard_t(np.broadcast_to(nu, shape)))


STUDENT_T = Family(
    name="StudentT",
    location="mu",
    auxiliary=(Auxiliary("sigma", "positive"), Auxiliary("nu", "positive")),
    rows={"identity": identity_row},
    row_slope={"identity": identity_slope},
    has_size=False,
    discrete=False,
    refusal=finite_refusal,
    mean=mu_itself,  # also of nu <= 1, where there is none: a few such draws must not undo an average over all
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
    any_number=True,
)
