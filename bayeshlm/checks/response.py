"""Outcomes drawn from their distribution, and what is expected of them, from the linear predictor."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.level1_spread import residual_draws
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.scaling import FloatArray, IntArray


def outcomes(
    outcome: Outcome,
    eta: FloatArray,
    auxiliary: FloatArray,
    size: FloatArray,
    rng: np.random.Generator,
    sd: FloatArray | KnownCovariance | None = None,
    level1: Level1Model | None = None,
    codes: IntArray | None = None,
    deviation: FloatArray | None = None,
) -> FloatArray:
    """Outcomes (S, N) at predictors eta (S, N), which may be overwritten.

    Parameters
    ----------
    outcome : Outcome
        Whose distribution is drawn from.
    eta : (S, N) array
    auxiliary : (S, a) array
        Parameters of the distribution beside the predictor.
    size : (N,) array
        Numbers of trials.
    rng : Generator
    sd : (N,) array or KnownCovariance, optional
        Known SDs or covariances of normal outcomes, in the place of the auxiliary parameter.
    level1, codes : Level1Model and (N,) array of int, optional
        What the SDs and correlations of the residuals depend on, and the group of each row.
    deviation : (S, N) array, optional
        Of the level-1 SD of the group of each row.
    """
    if level1 is not None and codes is not None:
        eta += residual_draws(level1, codes, auxiliary, rng, deviation)
        return eta
    if isinstance(sd, KnownCovariance):
        for row in eta:
            row += sd.colored(rng.standard_normal(eta.shape[1:]))
        return eta
    if sd is not None:
        for row in eta:
            row += sd * rng.standard_normal(eta.shape[1])
        return eta
    if outcome.is_normal:
        for row, sigma in zip(eta, auxiliary[:, 0], strict=True):
            row += sigma * rng.standard_normal(eta.shape[1])
        return eta
    family = outcome.family
    for s, given in enumerate(auxiliary):
        mu = family.mu(eta[s], given, outcome.link)
        eta[s] = family.random(rng, mu, size, given)
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
