"""Level-1 residuals of outcomes that are not normal: normal under the model whatever the distribution is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtr, chdtrc, ndtri

from bayeshlm.checks.prediction import predict, thinned
from bayeshlm.checks.residual_shape import Normality, normality
from bayeshlm.design.design import Design
from bayeshlm.design.new_rows import rows_to_predict
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.without_weights import NOT_AT_RANDOM, refuse_weights
from bayeshlm.parameters.draws import SAMPLE, Draws

N_DRAWS = 200

LEAST = 1e-300
"""Smallest probability that is told from 0 before its normal quantile is taken."""


@dataclass(frozen=True, eq=False)
class QuantileResiduals:
    """Randomized quantile residuals of the rows.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a level-1 unit, indexed as the data are: the groups' columns, ``y``, ``fitted``, what is expected given u,
        and ``standardized``, the residual at one draw of the posterior, which is standard normal under the model. Of
        ordered categories ``y`` and ``fitted`` are positions from 1.
    normality : Normality
        Skewness and kurtosis of the residuals, over the draws.
    mean_square : float
        Posterior mean of the residuals' mean square: 1 under the model, above where outcomes vary more than it says.
    p_mean_square : float
        Its posterior predictive p-value, two-sided.
    groupings : tuple of str
        The grouping columns, from the inside out.
    n_draws : int
        Draws that the tests use.
    notes : tuple of str
    """

    table: pd.DataFrame
    normality: Normality
    mean_square: float
    p_mean_square: float
    groupings: tuple[str, ...]
    n_draws: int
    notes: tuple[str, ...]


def quantile_residuals(posterior: Draws, n_draws: int = N_DRAWS, seed: int = 0) -> QuantileResiduals:
    """Residuals ``Phi^-1(a)`` of every row, a the place of its outcome in its distribution.

    Parameters
    ----------
    posterior : Draws
    n_draws : int
        Draws that the tests use, evenly spaced; all that there are, if there are fewer.
    seed : int
        Of the places of outcomes that have a probability of their own.

    Notes
    -----
    a is ``P(Y <= y)``; where the outcome y itself has a probability it is drawn between ``P(Y < y)`` and ``P(Y <= y)``
    (Dunn & Smyth 1996, Journal of Computational and Graphical Statistics 5, 236-244). At one draw of the parameters and
    of u from the posterior these are independent standard normals under the model, as they are at the truth: a realized
    discrepancy (Gelman, Meng & Stern 1996, Statistica Sinica 6, 733-807). The tests' p-values are averaged over draws;
    u drawn for small groups follows the model, which hides faults in groups of one or two rows.
    """
    design, outcome = posterior.design, posterior.design.outcome
    refuse_weights(design, "A quantile residual with its tests", NOT_AT_RANDOM)
    rows = rows_to_predict(design)
    n_draws = min(n_draws, posterior.n_draws)
    some = posterior.at(thinned(posterior.shape, n_draws))
    predicted = predict(posterior, rows, "same", n_draws, seed)
    eta = some.flat(predicted["eta"].to_numpy())
    auxiliary, rng = some.flat(some.auxiliary), np.random.default_rng(seed)
    sums, squares, first = np.zeros((4, len(eta))), np.empty(len(eta)), np.empty(0)
    for s in range(len(eta)):
        z = ndtri(_places(design, eta[s], auxiliary[s], rows.size, rng))
        sums[:, s] = [(z**power).sum() for power in range(1, 5)]
        squares[s] = (z**2).mean()
        first = z if s == 0 else first
    mean = predicted["mu" if "mu" in predicted else "probability"].mean(SAMPLE).to_numpy()
    if mean.ndim == 2:
        mean = mean @ np.arange(1.0, mean.shape[1] + 1)
    table = pd.DataFrame(
        {"y": design.y + (1 if outcome.categories else 0), "fitted": mean, "standardized": first}, design.frame.index
    )
    for place, (term, codes) in enumerate(zip(design.predictor.random, design.kept_rows.codes, strict=True)):
        table.insert(place, term.grouping, np.asarray(term.labels[codes]))
    lower, upper = (tail(design.n_obs, design.n_obs * squares) for tail in (chdtr, chdtrc))
    return QuantileResiduals(
        table=table,
        normality=normality(sums, design.n_obs),
        mean_square=float(squares.mean()),
        p_mean_square=float(np.mean(np.minimum(1.0, 2 * np.minimum(lower, upper)))),
        groupings=design.groupings,
        n_draws=len(eta),
        notes=("standardized: the normal quantile of the outcome's place in its distribution, at one draw",),
    )


def _places(
    design: Design, eta: FloatArray, auxiliary: FloatArray, size: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Where the outcomes lie in their distributions, between 0 and 1, (N,)."""
    family, y = design.outcome.family, design.y
    mu = family.mu(eta, auxiliary, design.outcome.link)
    upper = family.cumulative(y, mu, size, auxiliary)
    lower = family.cumulative(y - 1.0, mu, size, auxiliary) if family.discrete else upper
    place = lower + rng.random(len(y)) * (upper - lower)
    return np.asarray(np.clip(place, LEAST, 1 - np.finfo(float).eps / 2))
