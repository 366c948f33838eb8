"""Ordinal: ordered categories, ``P(y <= k) = F(c_k - eta)`` with cutpoints c_1 < c_2 < ... and no intercept in eta.

McCullagh (1980), Regression models for ordinal data, JRSS B 42, 109-142. The outcome is the position of a category,
from 0. The information of a row is minus the second derivative: the density of either link is log-concave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.families.family import Auxiliary, Family
from bayeshlm.families.interval import (
    Interval,
    logit_above,
    logit_below,
    logit_between,
    probit_above,
    probit_below,
    probit_between,
)
from bayeshlm.families.links import LINKS

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def logit_category(y: float, eta: float, cutpoint: Array) -> Interval:
    """The interval of c - eta that is the category y."""
    k = int(y)
    if k == 0:
        return logit_below(cutpoint[0] - eta)
    if k == len(cutpoint):
        return logit_above(cutpoint[k - 1] - eta)
    return logit_between(cutpoint[k - 1] - eta, cutpoint[k] - eta, cutpoint[k] - cutpoint[k - 1])


def probit_category(y: float, eta: float, cutpoint: Array) -> Interval:
    """The interval of c - eta that is the category y."""
    k = int(y)
    if k == 0:
        return probit_below(cutpoint[0] - eta)
    if k == len(cutpoint):
        return probit_above(cutpoint[k - 1] - eta)
    return probit_between(cutpoint[k - 1] - eta, cutpoint[k] - eta, cutpoint[k] - cutpoint[k - 1])


def logit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """Of the category at position y, with the cutpoints ``auxiliary``."""
    log_p, _, _, derivative, curvature = logit_category(y, eta, auxiliary)
    return log_p, derivative, curvature


def probit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """Of the category at position y, with the cutpoints ``auxiliary``."""
    log_p, _, _, derivative, curvature = probit_category(y, eta, auxiliary)
    return log_p, derivative, curvature


def add_slope(y: float, interval: Interval, weight: float, slope: Array) -> None:
    """The derivatives in the cutpoints at the ends of the category."""
    k = int(y)
    if k < len(slope):
        slope[k] += weight * interval[1]
    if k > 0:
        slope[k - 1] -= weight * interval[2]


def logit_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivatives in the cutpoints."""
    add_slope(y, logit_category(y, eta, auxiliary), weight, slope)


def probit_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    """Adds the derivatives in the cutpoints."""
    add_slope(y, probit_category(y, eta, auxiliary), weight, slope)


def _refusal(y: float, size: float) -> str:
    return "" if y >= 0.0 and y % 1.0 == 0.0 else "is no position of a category"


def _probabilities(mu: Array, auxiliary: Array, link: str) -> Array:
    import numpy as np

    ends = auxiliary - np.asarray(mu)[..., None]
    inverse = LINKS[link].inverse
    below, above = inverse(ends), inverse(-ends)
    one = np.ones((*ends.shape[:-1], 1))
    # A difference is taken between the smaller of F and of 1 - F, so that no category far out is 0 by rounding.
    left = np.diff(np.concatenate([0.0 * one, below, one], axis=-1), axis=-1)
    right = -np.diff(np.concatenate([one, above, 0.0 * one], axis=-1), axis=-1)
    upper_half = np.concatenate([0.0 * one, below], axis=-1) > 0.5
    return np.where(upper_half, right, left)


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np

    k = np.floor(y)
    position = np.arange(mu.shape[-1])
    return np.asarray((mu * (position <= k[..., None])).sum(axis=-1))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np

    cumulative = np.cumsum(mu, axis=-1)[..., :-1]
    return np.asarray((rng.random(mu.shape[:-1])[..., None] >= cumulative).sum(axis=-1).astype(float))


ORDINAL = Family(
    name="Ordinal",
    location="eta",
    auxiliary=(Auxiliary("cutpoint", "increasing"),),
    rows={"logit": logit_row, "probit": probit_row},
    row_slope={"logit": logit_slope, "probit": probit_slope},
    has_size=False,
    discrete=True,
    refusal=_refusal,
    mean=None,
    variance=None,
    cumulative=_cumulative,
    random=_random,
    probabilities=_probabilities,
)
