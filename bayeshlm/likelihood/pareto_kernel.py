"""Weights of draws without each of many units, smoothed, and leave-one-out densities, as machine code.

What `bayeshlm.likelihood.pareto_smoothing` does to a matrix is done here to one unit after another, in arrays that stay
in the processor's cache. The tail is found by halving an interval of log weights until few more than the tail are
above it; of the rest no order is needed.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import INLINED
from bayeshlm.likelihood.vector_math import exp, log1p

type Array = NDArray[np.float64]

HALVINGS = 60
ANY_ORDER = {"reassoc", "contract"}  # sums in any order; signed zeros, infinities and nan as they are


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _above(values: Array, least: int, most: int, tail: Array, places: NDArray[np.int64]) -> int:
    """Fill `tail` and `places` with at least `least` of the largest values, in ascending order; return how many."""
    low, high = values[0], values[0]
    for s in range(len(values)):
        low, high = min(low, values[s]), max(high, values[s])
    count = len(values)
    for _ in range(HALVINGS):
        if count <= most:
            break
        middle = low + 0.5 * (high - low)
        found = 0
        for s in range(len(values)):
            found += 1 if values[s] > middle else 0
        if found >= least:
            low, count = middle, found
        else:
            high = middle
    n = 0
    for s in range(len(values)):
        if values[s] > low or count == len(values):
            tail[n], places[n] = values[s], s
            n += 1
    # Shell's sort, gaps of Ciura (2001).
    for gap in (1750, 701, 301, 132, 57, 23, 10, 4, 1):
        for i in range(gap, n):
            value, place, j = tail[i], places[i], i
            while j >= gap and tail[j - gap] > value:
                tail[j], places[j] = tail[j - gap], places[j - gap]
                j -= gap
            tail[j], places[j] = value, place
    return n


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _mean_log1p(above: Array, n: int, factor: float) -> float:
    """Mean of ``log(1 - factor above)`` over the first n."""
    total = 0.0
    for s in range(n):
        total += log1p(-factor * above[s])
    return total / n


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _pareto_fit(
    above: Array, n: int, prior_shape: float, prior_weight: float, candidates: Array, heights: Array
) -> tuple[float, float]:
    """Shape and scale as `bayeshlm.likelihood.pareto_smoothing` fits them to n sorted numbers above zero."""
    m, quartile, largest = len(candidates), above[int(n / 4 + 0.5) - 1], above[n - 1]
    top = -np.inf
    for i in range(m):
        candidates[i] = (1.0 - np.sqrt(m / (i + 0.5))) / (3.0 * quartile) + 1.0 / largest
        shape = _mean_log1p(above, n, candidates[i])
        heights[i] = n * (np.log(-candidates[i] / shape) - shape - 1.0)
        top = max(top, heights[i])
    total = 0.0
    for i in range(m):
        heights[i] = np.exp(heights[i] - top)
        total += heights[i]
    b, kept = 0.0, 0.0
    for i in range(m):
        weight = heights[i] / total
        if weight >= 10.0 * 2.220446049250313e-16:
            b += candidates[i] * weight
            kept += weight
    b /= kept
    shape = _mean_log1p(above, n, b)
    return (n * shape + prior_weight * prior_shape) / (n + prior_weight), -shape / b


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def smoothed_rows(
    log_density: Array, n_tail: int, n_candidates: int, prior: tuple[float, float], weights: Array, pareto_k: Array
) -> None:
    """Fill weights (n, S), rows of sum 1, and pareto_k (n,) of the draws without each unit.

    Parameters
    ----------
    log_density : array, (n, S)
        Rows that vary, finite.
    n_tail, n_candidates : int
        Weights that are smoothed, 0 for none, and candidates that their fit tries.
    prior : tuple of float
        What k is drawn towards, and as much as by how many weights.
    """
    n_draws = log_density.shape[1]
    raw, tail, places = np.empty(n_draws), np.empty(n_draws), np.empty(n_draws, dtype=np.int64)
    above, candidates, heights = np.empty(n_tail), np.empty(n_candidates), np.empty(n_candidates)
    for unit in range(len(log_density)):
        density, w = log_density[unit], weights[unit]
        least = density[0]
        for s in range(n_draws):
            least = min(least, density[s])
        for s in range(n_draws):
            raw[s] = least - density[s]
        pareto_k[unit] = np.inf
        if n_tail > 0:
            n = _above(raw, n_tail + 1, 2 * n_tail, tail, places)
            first = n - n_tail
            cutoff = np.exp(tail[first - 1])
            for t in range(n_tail):
                above[t] = np.exp(tail[first + t]) - cutoff
            spread = tail[n - 1] - tail[first]
            if spread >= 2.2250738585072014e-308 and above[int(n_tail / 4 + 0.5) - 1] > above[0]:
                k, scale = _pareto_fit(above, n_tail, prior[0], prior[1], candidates, heights)
                if np.isfinite(k):
                    pareto_k[unit] = k
                    if scale > 0.0:
                        largest = tail[n - 1]
                        for t in range(n_tail):
                            height = -np.log1p(-(t + 0.5) / n_tail)
                            slope = height if k == 0.0 else np.expm1(k * height) / k
                            raw[places[first + t]] = min(np.log(cutoff + scale * slope), largest)
        total = 0.0
        for s in range(n_draws):
            w[s] = exp(raw[s])
            total += w[s]
        for s in range(n_draws):
            w[s] /= total


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def densities_left_out(
    log_density: Array, weights: Array, efficiency: float, elpd: Array, p_loo: Array, mcse: Array, moved: Array
) -> None:
    """Fill elpd, p_loo and mcse (n,) of units with weights (n, S), and add what each draw adds to `moved` (S,)."""
    n_draws = log_density.shape[1]
    p = np.empty(n_draws)
    for unit in range(len(log_density)):
        density, w, largest = log_density[unit], weights[unit], log_density[unit, 0]
        for s in range(n_draws):
            largest = max(largest, density[s])
        total, mean, squares = 0.0, 0.0, 0.0
        for s in range(n_draws):
            p[s] = exp(density[s] - largest)
            total += p[s]
        for s in range(n_draws):
            mean += w[s] * p[s]
        for s in range(n_draws):
            away = w[s] * (p[s] / mean - 1.0)
            squares += away * away
            moved[s] += away
        elpd[unit] = np.log(mean) + largest
        p_loo[unit] = np.log(total / n_draws) - np.log(mean)
        mcse[unit] = np.sqrt(squares / efficiency)
