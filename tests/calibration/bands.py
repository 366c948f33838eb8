"""Simultaneous bands of the empirical distribution of ranks, and what they can see, both computed and not simulated.

The ECDF of n uniform ranks stays between pointwise binomial limits of one level at all ranks at once with a probability
that a recursion over the ranks gives; the level is the one that makes it 95 % (Saeilynoja, Buerkner & Vehtari 2022,
Statistics and Computing 32, 32). The same recursion with other probabilities of the ranks is the power of the test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

type Array = NDArray[np.float64]


def staying_probability(n: int, probabilities: Array, lower: NDArray[np.int64], upper: NDArray[np.int64]) -> float:
    """Probability that cumulative counts of n ranks stay within limits.

    Parameters
    ----------
    n : int
    probabilities : array (K,)
        Of each rank.
    lower, upper : arrays of int (K - 1,)
        Limits, both included, of the counts of the ranks up to each but the last.
    """
    counts, mass, before = np.array([0]), np.array([1.0]), 0.0
    log_factorial = special.gammaln(np.arange(n + 1) + 1.0)
    for probability, low, high in zip(probabilities[:-1], lower, upper, strict=True):
        share = min(probability / (1.0 - before), 1.0) if before < 1.0 else 1.0
        before += probability
        reached = np.arange(low, high + 1)
        added = reached[:, None] - counts
        left = n - counts
        known = np.clip(added, 0, left)
        log_binomial = log_factorial[left] - log_factorial[known] - log_factorial[left - known]
        log_binomial = log_binomial + special.xlogy(known, share) + special.xlogy(left - known, 1.0 - share)
        mass = np.where((added >= 0) & (added <= left), np.exp(log_binomial), 0.0) @ mass
        counts = reached
    return float(mass.sum())


def limits(n: int, size: int, level: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Counts up to each rank but the last whose pointwise two-sided binomial p-value is above a level."""
    z = np.arange(1, size) / size
    lower = stats.binom.ppf(level / 2, n, z).astype(np.int64)
    upper = stats.binom.isf(level / 2, n, z).astype(np.int64)
    lower += stats.binom.cdf(lower, n, z) <= level / 2
    upper -= stats.binom.sf(upper - 1, n, z) <= level / 2
    return lower, upper


@cache
def level_of(n: int, size: int, alpha: float) -> float:
    """The pointwise level at which all counts of uniform ranks stay within their limits with probability 1 - alpha."""
    uniform = np.full(size, 1.0 / size)

    def excess(log_level: float) -> float:
        return 1 - alpha - staying_probability(n, uniform, *limits(n, size, np.exp(log_level)))

    # Limits are whole numbers, so that the probability jumps: the level at the jump, from below.
    return float(np.exp(optimize.bisect(excess, np.log(alpha / size / 10), np.log(alpha), xtol=1e-3)))


def p_value(counts: NDArray[np.int64]) -> float:
    """Of the test that ranks, of which each of `counts` (K,) were found, are uniform: how rarely they stray as far."""
    n, size = int(counts.sum()), len(counts)
    z, found = np.arange(1, size) / size, np.cumsum(counts)[:-1]
    pointwise = 2 * np.minimum(stats.binom.cdf(found, n, z), stats.binom.sf(found - 1, n, z))
    worst = min(float(pointwise.min()), 1.0)
    return max(1.0 - staying_probability(n, np.full(size, 1.0 / size), *limits(n, size, worst)), 0.0)


def power(n: int, probabilities: Array, alpha: float) -> float:
    """Probability that n ranks with these probabilities are found not to be uniform."""
    size = len(probabilities)
    return 1 - staying_probability(n, probabilities, *limits(n, size, level_of(n, size, alpha)))


def rank_probabilities(size: int, shift: float = 0.0, scale: float = 1.0) -> Array:
    """Of the ranks of a standard normal truth among draws of a normal posterior that is off.

    Parameters
    ----------
    size : int
        Ranks, one more than draws.
    shift, scale : float
        How far the draws' mean is off, in SDs of the right posterior, and how large their SD is.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    z, below = (nodes - shift) / scale, np.arange(size)[:, None]
    above = size - 1 - below
    log_binomial = special.gammaln(size) - special.gammaln(below + 1) - special.gammaln(above + 1)
    found = np.exp(log_binomial + below * special.log_ndtr(z) + above * special.log_ndtr(-z)) @ weights
    return np.asarray(found / found.sum())


def smallest(n: int, size: int, alpha: float, seen: float, off: Callable[[float], Array], most: float) -> float:
    """The smallest error that n ranks show with probability `seen`; `off` gives the ranks' probabilities at it."""
    low, high = limits(n, size, level_of(n, size, alpha))

    def missing(error: float) -> float:
        return seen - 1 + staying_probability(n, off(error), low, high)

    return float(optimize.brentq(missing, 0.0, most, xtol=1e-3))
