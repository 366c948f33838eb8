"""Bernoulli: an outcome that is 0 or 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.families.family import Family, mu_itself
from bayeshlm.families.probability import cloglog_parts, counted, logit_parts, probit_parts

if TYPE_CHECKING:
    import numpy as np

    from bayeshlm.families.family import Array


def logit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``log p`` or ``log(1 - p)`` of ``logit(p) = eta``; information p (1 - p)."""
    return counted(y, 1.0 - y, logit_parts(eta))


def probit_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``log Phi(eta)`` or ``log Phi(-eta)``; information ``phi^2/(Phi(eta) Phi(-eta))``."""
    return counted(y, 1.0 - y, probit_parts(eta))


def cloglog_row(y: float, size: float, eta: float, auxiliary: Array) -> tuple[float, float, float]:
    """``log(1 - exp(-e))`` or ``-e`` of ``e = exp(eta)``; information ``e^2/(exp(e) - 1)``."""
    return counted(y, 1.0 - y, cloglog_parts(eta))


def _refusal(y: float, size: float) -> str:
    return "" if y in (0.0, 1.0) else "is neither 0 nor 1"


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
    rows={"logit": logit_row, "probit": probit_row, "cloglog": cloglog_row},
    row_slope={},
    has_size=False,
    discrete=True,
    refusal=_refusal,
    mean=mu_itself,
    variance=_variance,
    cumulative=_cumulative,
    random=_random,
)
