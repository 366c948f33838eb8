"""Binomial: the number of successes in a known number of independent trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.families.family import Family
from bayeshlm.families.probability import Parts, cloglog_parts, counted, logit_parts, probit_parts
from bayeshlm.families.special import log_factorial

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def chosen(y: float, size: float, parts: Parts) -> tuple[float, float, float]:
    """`counted`, and in the log probability the number of orders that the successes may have."""
    value, derivative, information = counted(y, size - y, parts)
    orders = log_factorial(size) - log_factorial(y) - log_factorial(size - y)
    return value + orders, derivative, information


def logit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``logit(p) = eta``; information n p (1 - p)."""
    return chosen(y, size, logit_parts(eta))


def probit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``p = Phi(eta)``; information ``n phi^2/(Phi(eta) Phi(-eta))``."""
    return chosen(y, size, probit_parts(eta))


def cloglog_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``p = 1 - exp(-e)``, ``e = exp(eta)``; information ``n e^2/(exp(e) - 1)``."""
    return chosen(y, size, cloglog_parts(eta))


def _refusal(y: float, size: float) -> str:
    if not (size >= 0.0 and size % 1.0 == 0.0):
        return f"has {size:g} trials, which is no whole number of 0 or more"
    if not (y >= 0.0 and y % 1.0 == 0.0):
        return "is no count: a whole number of 0 or more"
    return "" if y <= size else f"is more than its number of trials, {size:g}"


def _mean(mu: Array, size: Array, auxiliary: Array) -> Array:
    return size * mu


def _variance(mu: Array, size: Array, auxiliary: Array) -> Array:
    return size * mu * (1.0 - mu)


def _cumulative(y: Array, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np
    from scipy.special import betainc

    k = np.floor(y)
    inside = (k >= 0) & (k < size)
    # P(Y <= k) = I_{1 - p}(n - k, k + 1), the regularized incomplete beta function, of 0 <= k < n.
    known = betainc(np.where(inside, size - k, 1.0), np.where(inside, k + 1.0, 1.0), 1.0 - mu)
    return np.where(inside, known, np.where(k < 0, 0.0, 1.0))


def _random(rng: np.random.Generator, mu: Array, size: Array, auxiliary: Array) -> Array:
    import numpy as np

    return rng.binomial(np.asarray(size).astype(np.int64), mu).astype(float)


BINOMIAL = Family(
    name="Binomial",
    location="p",
    auxiliary=(),
    rows={"logit": logit_row, "probit": probit_row, "cloglog": cloglog_row},
    row_slope={},
    has_size=True,
    discrete=True,
    refusal=_refusal,
    mean=_mean,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
)
