"""The intraclass correlation of an outcome itself, where the scale of the predictor is another."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.outcome import Outcome
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.predictor_variance import mean_predictor

NODES = 40


def has_observed_icc(outcome: Outcome) -> bool:
    """The outcome has a mean, which is not its predictor."""
    return outcome.family.mean is not None and outcome.link != "identity"


def observed_icc(posterior: Draws, v: FloatArray) -> FloatArray:
    """Share of the outcome's variance that lies between groups, at the mean predictor, in each draw, (chain, draw).

    With eta the mean over rows of ``offset + X gamma``, u from N(0, v), m and s2 the mean and the variance of an
    outcome given its predictor::

        Var_u m(eta + u) / (Var_u m(eta + u) + E_u s2(eta + u))

    (Goldstein, Browne & Rasbash 2002, Understanding Statistics 1(4), simulate what is integrated here, by Gauss-Hermite
    quadrature). Of a number of trials it is that of single trials.

    Parameters
    ----------
    posterior : Draws
    v : (chain, draw) array
        Variance of the predictor between groups.
    """
    outcome = posterior.design.outcome
    nodes, log_weights = hermite_rule(NODES, 1)
    weights = np.exp(log_weights - nodes[0] ** 2 / 2) / np.sqrt(2 * np.pi)
    eta = mean_predictor(posterior)[..., None] + np.sqrt(v)[..., None] * nodes[0]
    auxiliary, one = posterior.auxiliary[..., None, :], np.ones(1)
    family, mu = outcome.family, outcome.family.mu(eta, auxiliary, outcome.link)
    assert family.mean is not None
    assert family.variance is not None
    means = family.mean(mu, one, auxiliary)
    between = ((means - (means @ weights)[..., None]) ** 2) @ weights
    return np.asarray(between / (between + family.variance(mu, one, auxiliary) @ weights))
