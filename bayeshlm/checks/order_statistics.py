"""Expected quantiles of ordered values, with the band of their chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, chdtri, ndtri

from bayeshlm.design.scaling import FloatArray, IntArray

BAND_POINTS = 200
"""At most so many points of a band are computed."""


@dataclass(frozen=True, eq=False, slots=True)
class QuantilePlot:
    """Values beside the quantiles that stand for their ranks.

    Attributes
    ----------
    expected : (n,) array
        Quantile of each value, in the order of the values; NaN where the value is.
    at, lower, upper : (m,) arrays
        Expected quantiles in ascending order, and between which bounds the ordered value there lies with probability
        `prob` in a sample of independent values, each point by itself.
    prob : float
    """

    expected: FloatArray
    at: FloatArray
    lower: FloatArray
    upper: FloatArray
    prob: float


def positions(values: FloatArray) -> FloatArray:
    """Plotting positions ``(i - 1/2) / n`` of the i-th smallest of n values, in the order given; NaN stays.

    Examples
    --------
    >>> positions(np.array([3.0, np.nan, 0.1])).tolist()
    [0.75, nan, 0.25]
    """
    known = np.flatnonzero(np.isfinite(values))
    found = np.full(len(values), np.nan)
    found[known[np.argsort(values[known], kind="stable")]] = (np.arange(len(known)) + 0.5) / max(len(known), 1)
    return found


def normal_quantiles(values: FloatArray, prob: float = 0.95) -> QuantilePlot:
    """Values against the quantiles of the standard normal distribution.

    Parameters
    ----------
    values : (n,) array
    prob : float
        Probability of the band.

    Notes
    -----
    The i-th smallest of n independent values of a continuous distribution F lies at ``F^-1(B)`` with ``B ~ Beta(i, n +
    1 - i)`` (David & Nagaraja 2003, Order Statistics, 3rd ed., section 2.1).

    Examples
    --------
    >>> normal_quantiles(np.array([2.0, -1.0])).expected.round(3).tolist()
    [0.674, -0.674]
    """
    return _quantile_plot(values, prob, lambda p: np.asarray(ndtri(p)))


def chi2_quantiles(values: FloatArray, df: int, prob: float = 0.95) -> QuantilePlot:
    """Values against the quantiles of chi-square with so many degrees of freedom; see `normal_quantiles`."""
    return _quantile_plot(values, prob, lambda p: np.asarray(chdtri(df, 1 - p)))


def binned_means(x: FloatArray, y: FloatArray, n_bins: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means of y in bins of x that hold about as many points each; equal x are never torn apart.

    Parameters
    ----------
    x, y : (n,) arrays
        Points with a NaN are left out.
    n_bins : int
        At most so many.

    Returns
    -------
    x, y, se : (m,) arrays
        Means of x and of y, and standard errors of the latter, NaN in a bin with a single point.

    Examples
    --------
    >>> [part.round(3).tolist() for part in binned_means(np.arange(4.0), np.array([1.0, 3.0, 5.0, 5.0]), 2)]
    [[0.5, 2.5], [2.0, 5.0], [1.0, 0.0]]
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not len(x):
        return x, x, x
    edges = np.unique(np.sort(x)[np.arange(n_bins) * len(x) // n_bins])
    code = np.searchsorted(edges, x, side="right") - 1
    n = np.bincount(code, minlength=len(edges))
    mean_x, mean_y = (np.bincount(code, weights=values) / n for values in (x, y))
    squares = np.bincount(code, weights=(y - mean_y[code]) ** 2)
    se = np.sqrt(np.divide(squares, (n - 1) * n, out=np.full(len(n), np.nan), where=n > 1))
    return mean_x, mean_y, se


def _quantile_plot(values: FloatArray, prob: float, quantile: Callable[[FloatArray], FloatArray]) -> QuantilePlot:
    n = int(np.isfinite(values).sum())
    rank = _ranks(n).astype(np.float64)
    bounds = [
        quantile(np.asarray(betaincinv(rank, n + 1 - rank, tail), dtype=np.float64))
        for tail in ((1 - prob) / 2, (1 + prob) / 2)
    ]
    return QuantilePlot(quantile(positions(values)), quantile((rank - 0.5) / max(n, 1)), bounds[0], bounds[1], prob)


def _ranks(n: int) -> IntArray:
    """Ranks from 1 to n; of many those at both ends, and some between."""
    if n <= BAND_POINTS:
        return np.arange(1, n + 1)
    half = np.unique(np.geomspace(1, n // 2, BAND_POINTS // 2).round().astype(np.int64))
    return np.concatenate([half, (n + 1 - half)[::-1]])
