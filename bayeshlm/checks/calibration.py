"""Calibration of probabilities: how often happens what is predicted with probability p."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayeshlm.checks.prediction import group_effects, linear_predictor, thinned
from bayeshlm.checks.predictive_modes import Mode
from bayeshlm.checks.response import expected
from bayeshlm.design.new_rows import fitted_rows
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.without_weights import NOT_AT_RANDOM, refuse_weights
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws

DRAWS = 200
"""Draws over which a row's probability is averaged."""

SIMULATIONS = 200


def has_probabilities(outcome: Outcome) -> bool:
    """Whether an outcome is an event, a number of them, or ordered categories."""
    return outcome.family_name in ("Bernoulli", "Binomial") or bool(outcome.categories)


def require_probabilities(outcome: Outcome) -> None:
    """Refuse outcomes of which no event has a probability of its own.

    Raises
    ------
    OptionError
    """
    if not has_probabilities(outcome):
        raise OptionError(
            f"calibration compares predicted probabilities with shares, and {outcome.name!r} is {outcome.family_name}:"
            " it is for outcomes that are yes or no, successes of trials, or ratings"
        )


def predicted_events(posterior: Draws, mode: Mode, seed: int) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Events of every row: name, predicted probability (N,), and successes (N,) of the row's trials.

    The event of a 0/1 outcome is 1, of trials a success, of ratings a rating above each category but the highest.
    """
    design = posterior.design
    refuse_weights(design, "A calibration of probabilities", NOT_AT_RANDOM)
    outcome, rows = design.outcome, fitted_rows(design)
    kept = thinned(posterior.shape, min(DRAWS, posterior.n_draws))
    some = posterior.at(kept)
    u = group_effects(posterior, rows, kept, mode.words, np.random.default_rng(seed))
    mean = expected(outcome, linear_predictor(rows, some.flat(some.gamma), u), some.flat(some.auxiliary), rows.size)
    if not outcome.categories:
        yield outcome.name, mean.mean(axis=0) / rows.size, design.y
        return
    above = 1.0 - np.cumsum(mean.mean(axis=0), axis=1)
    for k, category in enumerate(outcome.categories[:-1]):
        yield f"above {category}", above[:, k], (design.y > k).astype(float)


def calibration(p: FloatArray, successes: FloatArray, trials: FloatArray, prob: float, seed: int) -> pd.DataFrame:
    """The share of successes as a function of the predicted probability that never falls, and its consistency band.

    Parameters
    ----------
    p, successes, trials : (N,) arrays
    prob : float
        Probability of the band at each p.
    seed : int

    Returns
    -------
    pandas.DataFrame
        A row for each different p, ascending: ``predicted``; ``observed``, the isotonic regression of the shares on p;
        ``lower`` and ``upper``, between which it lies if each row has the probability that was predicted.

    Notes
    -----
    The pool-adjacent-violators algorithm needs no bins (Dimitriadis, Gneiting & Jordan 2021, PNAS 118,
    e2016191118). The band is of data simulated from p, which ignores how uncertain p is.

    Examples
    --------
    >>> p = np.array([0.2, 0.2, 0.5, 0.9])
    >>> calibration(p, np.array([1.0, 0.0, 0.0, 1.0]), np.ones(4), 0.9, 1)["observed"].round(3).tolist()
    [0.333, 0.333, 1.0]
    """
    from scipy.optimize import isotonic_regression

    predicted, place = np.unique(p, return_inverse=True)
    weight = np.bincount(place, trials)
    rng = np.random.default_rng(seed)

    def pooled(y: FloatArray) -> FloatArray:
        return np.asarray(isotonic_regression(np.bincount(place, y) / weight, weights=weight).x)

    counts = trials.astype(np.int64)
    simulated = [pooled(rng.binomial(counts, p).astype(float)) for _ in range(SIMULATIONS)]
    lower, upper = np.quantile(simulated, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    return pd.DataFrame({"predicted": predicted, "observed": pooled(successes), "lower": lower, "upper": upper})
