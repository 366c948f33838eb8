"""Pareto-smoothed importance sampling: from draws given all data to the posterior without a unit of them.

The posterior without a unit has the weights ``1 / p(y_unit | rest, theta)`` on the draws given all data. Their upper
tail is smoothed (`bayeshlm.likelihood.pareto_smoothing`), and the shape k of its distribution says how far they can be
trusted (Vehtari, Simpson, Gelman, Yao & Gabry 2024, J. Machine Learning Research 25(72)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.pareto_smoothing import (
    MIN_TAIL,
    PRIOR_SHAPE,
    PRIOR_WEIGHT,
    n_candidates,
    smoothed_log_weights,
    tail_length,
)
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.diagnostics import diagnose

MODERATE = 600.0
"""Logarithm of how many times the smallest density of a unit the largest may be for both to be summed as they are."""

MIN_DRAWS = 100
"""Draws, of all chains, below which no tail can be smoothed."""


@dataclass(frozen=True, eq=False, slots=True)
class Pointwise:
    """Leave-one-out densities of n units.

    Attributes
    ----------
    elpd : array, (n,)
        ``log p(y_unit | all other data)``.
    p_loo : array, (n,)
        Log density with the unit's own data among those given, less `elpd`.
    pareto_k : array, (n,)
        Shape of the tail of the importance weights; ``-inf`` where all weights are equal.
    mcse : array, (n,)
        Monte Carlo error of `elpd`; means something where k is below `threshold`.
    moved : array, (S,)
        What each draw adds to the sum of `elpd`, to first order.
    """

    elpd: FloatArray
    p_loo: FloatArray
    pareto_k: FloatArray
    mcse: FloatArray
    moved: FloatArray

    @classmethod
    def empty(cls, n: int, n_draws: int) -> Pointwise:
        """Room for n units, to be filled by `put`."""
        elpd, p_loo, pareto_k, mcse = np.empty((4, n))
        return cls(elpd, p_loo, pareto_k, mcse, np.zeros(n_draws))

    def put(self, units: slice | IntArray, part: Pointwise) -> None:
        """Fill in some units, but for `moved`, which is a sum over all."""
        self.elpd[units], self.p_loo[units] = part.elpd, part.p_loo
        self.pareto_k[units], self.mcse[units] = part.pareto_k, part.mcse


def threshold(n_draws: int) -> float:
    """Largest Pareto k with which so many draws give a usable answer: ``min(1 - 1/log10(S), 0.7)``.

    Vehtari et al. (2024), section 3.2.4.

    Examples
    --------
    >>> round(threshold(1000), 3), threshold(4000)
    (0.667, 0.7)
    """
    return min(1 - 1 / float(np.log10(n_draws)), 0.7)


def relative_efficiency(posterior: Draws) -> float:
    """Mean effective share of the draws, over gamma, tau, sigma and the correlations; 1 where it is not known.

    At most 1: that a sampler's means are better than those of independent draws says nothing of weights.
    """
    bulk = diagnose(posterior.scalars())[0]
    known = bulk[np.isfinite(bulk)]
    return min(float(known.mean()) / posterior.n_draws, 1.0) if known.size else 1.0


def check_draws(n_draws: int) -> None:
    """Refuse draws too few for a tail to be smoothed.

    Raises
    ------
    OptionError
    """
    if n_draws < MIN_DRAWS:
        raise OptionError(
            f"{n_draws} draws are too few to leave units out by importance weights: fit with at least {MIN_DRAWS}"
            " draws over all chains."
        )


def smoothed_weights(log_density: FloatArray, efficiency: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Smoothed weights of the draws without each unit.

    Parameters
    ----------
    log_density : array, shape (n, S)
        ``log p(y_unit | rest, theta)`` of n units at S draws.
    efficiency : float
        From `relative_efficiency`.

    Returns
    -------
    weights : array, shape (n, S)
        Each row sums to 1.
    pareto_k : array, shape (n,)

    Examples
    --------
    >>> weights, k = smoothed_weights(np.random.default_rng(1).normal(0, 0.1, (2, 1000)))
    >>> weights.sum(axis=1).round(12).tolist(), (k < 0.5).tolist()
    ([1.0, 1.0], [True, True])
    """
    weights, pareto_k = np.empty(log_density.shape), np.empty(len(log_density))
    quick = _moderate(log_density)
    if quick.all():
        _smooth(log_density, efficiency, weights, pareto_k)
        return weights, pareto_k
    parts = np.empty((quick.sum(), log_density.shape[1])), np.empty(quick.sum())
    _smooth(np.ascontiguousarray(log_density[quick]), efficiency, *parts)
    weights[quick], pareto_k[quick] = parts
    weights[~quick], pareto_k[~quick] = _weights_of_any(log_density[~quick], efficiency)
    return weights, pareto_k


def _moderate(log_density: FloatArray) -> npt.NDArray[np.bool_]:
    """Units whose densities vary over the draws, and not beyond what float64 holds beside each other, (n,)."""
    with np.errstate(invalid="ignore"):
        spread = log_density.max(axis=1) - log_density.min(axis=1)
    return (spread > 0) & (spread < MODERATE)


def _smooth(log_density: FloatArray, efficiency: float, weights: FloatArray, pareto_k: FloatArray) -> None:
    """Fill weights and k of moderate densities."""
    from bayeshlm.likelihood.pareto_kernel import smoothed_rows

    n_tail = tail_length(log_density.shape[1], efficiency)
    if not MIN_TAIL <= n_tail < log_density.shape[1]:
        n_tail = 0
    smoothed_rows(log_density, n_tail, n_candidates(n_tail), (PRIOR_SHAPE, float(PRIOR_WEIGHT)), weights, pareto_k)


def _weights_of_any(log_density: FloatArray, efficiency: float) -> tuple[FloatArray, FloatArray]:
    """Weights and k of densities of any size, as `smoothed_weights` has them."""
    weights = np.full(log_density.shape, 1 / log_density.shape[1])
    pareto_k = np.full(len(log_density), -np.inf)
    varies = log_density.max(axis=1) > log_density.min(axis=1)
    if varies.any():
        with np.errstate(invalid="ignore"):  # a density of zero at a draw: nothing is known without the unit
            log_weights, pareto_k[varies] = smoothed_log_weights(-log_density[varies], efficiency)
        weights[varies] = np.exp(log_weights)
    return weights, pareto_k


def leave_out(log_density: FloatArray, efficiency: float = 1.0) -> Pointwise:
    """Leave-one-out densities by importance weights.

    Parameters
    ----------
    log_density, efficiency
        As in `smoothed_weights`.

    Notes
    -----
    The variance of the weighted mean is ``sum_s w_s^2 (p_s - mean)^2`` over the efficiency; the error of its logarithm
    follows by the delta method (Vehtari et al. 2024, section 3.1). Its summands over all units are `Pointwise.moved`.
    """
    from bayeshlm.likelihood.pareto_kernel import densities_left_out

    log_density = np.ascontiguousarray(log_density)
    weights, pareto_k = smoothed_weights(log_density, efficiency)
    if _moderate(log_density).all():
        found = Pointwise.empty(*log_density.shape)
        found.pareto_k[:] = pareto_k
        densities_left_out(log_density, weights, efficiency, found.elpd, found.p_loo, found.mcse, found.moved)
        return found
    with np.errstate(divide="ignore"):
        terms = np.log(weights) + log_density  # the draws that count may have densities that float64 cannot hold
    largest = terms.max(axis=1, keepdims=True)
    elpd = np.log(np.exp(terms - largest).sum(axis=1)) + largest[:, 0]
    shares = np.exp(terms - elpd[:, None])  # w_s p_s / mean
    mcse = np.sqrt(np.sum((shares - weights) ** 2, axis=1) / efficiency)
    return Pointwise(elpd, _log_mean(log_density) - elpd, pareto_k, mcse, np.nan_to_num(shares - weights).sum(axis=0))


def error_of_sum(moved: FloatArray, chains: int) -> float:
    """Monte Carlo error of the sum of `elpd` over units, which the same draws make and which err together.

    Parameters
    ----------
    moved : array, (S,)
        As `Pointwise` has it, of the units that are summed, the chains one after another.
    chains : int

    Examples
    --------
    >>> moved = np.random.default_rng(1).normal(0, 0.01, 4000)
    >>> round(error_of_sum(moved, 4) / (0.01 * 4000**0.5), 1)
    1.0
    """
    if np.ptp(moved) == 0:
        return 0.0
    n_draws = len(moved)
    error = diagnose(moved.reshape(1, chains, -1))[3][0]
    return float(n_draws * max(error, moved.std() / np.sqrt(n_draws)))


def refitted(log_density: FloatArray, within: FloatArray, efficiency: float) -> tuple[float, float, float]:
    """``elpd``, ``p_loo`` and ``mcse`` of one unit from draws of a fit without it.

    Parameters
    ----------
    log_density, within : arrays, shape (S,)
        Log density of the unit at draws without it, and at draws with it.
    efficiency : float
        Of the draws without it.
    """
    elpd = float(_log_mean(log_density))
    relative = np.exp(log_density - elpd)
    mcse = float(relative.std() / np.sqrt(efficiency * len(relative)))
    return elpd, float(_log_mean(within)) - elpd, mcse


def _log_mean(log_density: FloatArray) -> FloatArray:
    """Logarithm of the mean density over the last axis."""
    largest = log_density.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(log_density - largest).mean(axis=-1)) + largest[..., 0])
