"""Normal: the family of models whose level-1 line has a residual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bayeshlm.families.family import Auxiliary, Family, finite_refusal, mu_itself
from bayeshlm.families.special import HALF_LOG_2PI

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def identity_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """The log density at sigma = ``auxiliary[0]``."""
    sigma = auxiliary[0]
    z = (y - eta) / sigma
    return -0.5 * z * z - math.log(sigma) - HALF_LOG_2PI, z / sigma, 1.0 / (sigma * sigma)


def identity_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivative in sigma."""
    sigma = auxiliary[0]
    z = (y - eta) / sigma
    slope[0] += weight * (z * z - 1.0) / sigma


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    return auxiliary[..., 0] ** 2


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import ndtr

    return np.asarray(ndtr((y - mu) / auxiliary[..., 0]))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    return rng.normal(mu, auxiliary[..., 0])


NORMAL = Family(
    name="Normal",
    location="mu",
    auxiliary=(Auxiliary("sigma", "positive"),),
    rows={"identity": identity_row},
    row_slope={"identity": identity_slope},
    has_size=False,
    discrete=False,
    refusal=finite_refusal,
    mean=mu_itself,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
    any_number=True,
)
