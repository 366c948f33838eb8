"""Importance weights with their largest ones smoothed, and how far these can be trusted.

The largest weights are set to quantiles of the generalized Pareto distribution that fits them, whose shape k says
whether their variance is finite (Vehtari, Simpson, Gelman, Yao & Gabry 2024, J. Machine Learning Research 25(72)). Its
fit is that of Zhang & Stephens (2009, Technometrics 51, 316-325), k drawn a little towards 0.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

MIN_TAIL = 5
"""Weights without which there is no tail to fit."""
MANY = 225
"""Effective draws above which the tail is the square root's, below a fifth of all."""
PRIOR_SHAPE, PRIOR_WEIGHT = 0.5, 10
"""What k is drawn towards, and as much as by how many weights."""
TOGETHER = 2**21
"""Numbers of a matrix of one pass."""


def smoothed_log_weights(log_ratios: Array, efficiency: float = 1.0) -> tuple[Array, Array]:
    """Smooth the largest weights of each row.

    Parameters
    ----------
    log_ratios : array, shape (n, S)
        Logarithms of the raw weights, up to a constant of each row.
    efficiency : float
        Effective share of the draws.

    Returns
    -------
    log_weights : array, shape (n, S)
        The weights of each row sum to 1.
    pareto_k : array, shape (n,)
        ``inf`` where there is no tail to fit, or where it is far from a Pareto distribution; the raw weights then.

    Examples
    --------
    >>> ratios = np.random.default_rng(1).exponential(0.3, (1, 4000))  # 1 / 0.3 moments: k is 0.3
    >>> weights, k = smoothed_log_weights(ratios)
    >>> k.round(1).tolist(), np.exp(weights).sum(axis=1).round(12).tolist()
    ([0.3], [1.0])
    """
    n_rows, n_draws = log_ratios.shape
    log_weights = log_ratios - log_ratios.max(axis=1, keepdims=True)
    pareto_k = np.full(n_rows, np.inf)
    n_tail = tail_length(n_draws, efficiency)
    if MIN_TAIL <= n_tail < n_draws:
        step = max(1, TOGETHER // max(n_draws, n_tail * n_candidates(n_tail)))
        for start in range(0, n_rows, step):
            rows = slice(start, start + step)
            pareto_k[rows] = _smooth(log_weights[rows], n_tail)
    log_weights -= np.log(np.exp(log_weights).sum(axis=1, keepdims=True))
    return log_weights, pareto_k


def tail_length(n_draws: int, efficiency: float = 1.0) -> int:
    """How many weights are the tail: ``3 sqrt(S / efficiency)``, of few draws a fifth.

    Examples
    --------
    >>> tail_length(4000), tail_length(100)
    (189, 20)
    """
    if n_draws * efficiency > MANY:
        return int(3 * (n_draws / efficiency) ** 0.5)
    return n_draws // 5


def _smooth(log_weights: Array, n_tail: int) -> Array:
    """Smooth the tails of rows, which are changed, and give their k."""
    places = np.argpartition(log_weights, (-n_tail - 1, -n_tail), axis=1)[:, -n_tail - 1 :]
    values = np.take_along_axis(log_weights, places, axis=1)
    order = np.argsort(values[:, 1:], axis=1)
    places, tail = np.take_along_axis(places[:, 1:], order, axis=1), np.sort(values[:, 1:], axis=1)
    cutoff, pareto_k = np.exp(values[:, 0]), np.full(len(log_weights), np.inf)
    above = np.exp(tail) - cutoff[:, None]
    fits = tail[:, -1] - tail[:, 0] >= np.finfo(float).tiny
    fits &= above[:, int(n_tail / 4 + 0.5) - 1] > above[:, 0]  # else far from a Pareto distribution
    if not fits.any():
        return pareto_k
    k, scale = _fitted(above[fits])
    pareto_k[fits] = np.where(np.isnan(k), np.inf, k)
    heights = -np.log1p(-np.arange(0.5, n_tail) / n_tail)
    with np.errstate(all="ignore"):  # where k is infinite or the scale below zero the raw weights stay
        slope = np.where(k[:, None] == 0, heights, np.expm1(k[:, None] * heights) / k[:, None])
        smooth = np.minimum(np.log(cutoff[fits, None] + scale[:, None] * slope), tail[fits, -1:])
    good = np.isfinite(pareto_k[fits]) & (scale > 0)
    rows = np.flatnonzero(fits)[good]
    log_weights[rows[:, None], places[rows]] = smooth[good]
    return pareto_k


def _fitted(above: Array) -> tuple[Array, Array]:
    """Shape and scale (n,) of Pareto distributions of sorted numbers above zero, (n, M): Zhang & Stephens (2009)."""
    n_tail = above.shape[1]
    n = n_candidates(n_tail)
    quartile = above[:, int(n_tail / 4 + 0.5) - 1]
    with np.errstate(all="ignore"):  # a fit that is none is NaN
        candidates = (1 - np.sqrt(n / (np.arange(n) + 0.5))) / (3 * quartile[:, None]) + 1 / above[:, -1:]
        shapes = np.log1p(-candidates[:, :, None] * above[:, None, :]).mean(axis=2)
        heights = n_tail * (np.log(-candidates / shapes) - shapes - 1)
        weights = np.exp(heights - heights.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        weights[weights < 10 * np.finfo(float).eps] = 0.0
        b = (candidates * weights).sum(axis=1) / weights.sum(axis=1)
        shape = np.log1p(-b[:, None] * above).mean(axis=1)
        return (n_tail * shape + PRIOR_WEIGHT * PRIOR_SHAPE) / (n_tail + PRIOR_WEIGHT), -shape / b


def n_candidates(n_tail: int) -> int:
    """How many values the fit of a tail tries."""
    return 30 + int(n_tail**0.5)
