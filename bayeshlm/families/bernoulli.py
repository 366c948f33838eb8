"""Bernoulli: an outcome that is 0 or 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bayeshlm.families.family import Family

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def logit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``y eta - log(1 + exp(eta))``."""
    tail = math.exp(-abs(eta))
    small, large = tail / (1.0 + tail), 1.0 / (1.0 + tail)
    p = large if eta > 0.0 else small
    return y * eta - max(eta, 0.0) - math.log1p(tail), y - p, small * large


def _refusal(y: float, size: float) -> str:
    return "" if y in (0.0, 1.0) else "is neither 0 nor 1"


def _mean(mu: Array, size: Array, auxiliary: Array) -> Array:
    return mu


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    return mu * (1.0 - mu)


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np

    return np.where(y < 0, 0.0, np.where(y < 1, 1.0 - mu, 1.0))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    return (rng.random(mu.shape) < mu).astype(float)


BERNOULLI = Family(
    name="Bernoulli",
    location="p",
    auxiliary=(),
    rows={"logit": logit_row},
    row_slope={},
    has_size=False,
    discrete=True,
    refusal=_refusal,
    mean=_mean,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
)
