"""Outcomes drawn from their distribution, and what is expected of them, from the linear predictor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.level1_spread import residual_draws
from bayeshlm.design.new_rows import NewRows
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.scaling import FloatArray


def outcomes(
    outcome: Outcome,
    rows: NewRows,
    eta: FloatArray,
    u: Sequence[FloatArray],
    auxiliary: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Outcomes (S, N) of rows at predictors eta (S, N), which may be overwritten.

    Parameters
    ----------
    outcome : Outcome
        Whose distribution is drawn from.
    rows : NewRows
    eta : (S, N) array
    u : sequence of (q, S, J) arrays
        Effects of the groups of each grouping, of which that of the level-1 SD, if there is any, is the last.
    auxiliary : (S, a) array
        Parameters of the distribution beside the predictor.
    rng : Generator
    """
    if rows.level1 is not None:
        codes = rows.groups[0].codes
        deviation = u[0][-1][:, codes] if outcome.residuals.spread_effect else None
        eta += residual_draws(rows.level1, codes, auxiliary, rng, deviation)
        return eta
    if isinstance(rows.known, KnownCovariance):
        for row in eta:
            row += rows.known.colored(rng.standard_normal(eta.shape[1:]))
        return eta
    if rows.known is not None:
        for row in eta:
            row += rows.known * rng.standard_normal(eta.shape[1])
        return eta
    if outcome.is_normal:
        for row, sigma in zip(eta, auxiliary[:, 0], strict=True):
            row += sigma * rng.standard_normal(eta.shape[1])
        return eta
    family = outcome.family
    for s, given in enumerate(auxiliary):
        mu = family.mu(eta[s], given, outcome.link)
        eta[s] = family.random(rng, mu, rows.size, given)
    return eta


def expected(outcome: Outcome, eta: FloatArray, auxiliary: FloatArray, size: FloatArray) -> FloatArray:
    """What is expected at predictors eta (S, N): the mean (S, N), or the probabilities of ordered categories (S, N, K).

    Given u it is the mean of a row of that group; averaged over draws of u from N(0, G) it is that of rows of new
    groups, which under a link that is not linear is not the mean at u = 0.
    """
    family, found = outcome.family, []
    for s, given in enumerate(auxiliary):
        mu = family.mu(eta[s], given, outcome.link)
        found.append(mu if family.mean is None else family.mean(mu, size, given))
    return np.array(found)
