"""Maximum likelihood of the model with latent group means of a predictor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.within_between import WithinBetween
from bayeshlm.errors import DataError
from bayeshlm.likelihood.latent_density import LatentDensity
from bayeshlm.likelihood.latent_means import LatentMeans, LatentPoints
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate

STEP = 0.02
"""Of the second differences, in coordinates of about unit size."""

SETTLED = 1e-3
"""Largest last Newton step, in standard errors."""

NONE = 1e-3
"""Average reliability below which the means of x have no variance: the search is on its way to 0."""


@dataclass(frozen=True, eq=False, slots=True)
class LatentEstimate:
    """Estimates by maximum likelihood.

    Attributes
    ----------
    at : LatentPoints
        One point.
    vcov : (p, p) array
        Covariance matrix of gamma, from the information about all parameters.
    log_likelihood : float
        Of the outcome and the predictor.
    reliability : float
        Of the observed means, averaged over groups.
    """

    at: LatentPoints
    vcov: FloatArray
    log_likelihood: float
    reliability: float


def fit_latent_means(design: Design, estimate: Estimate, found: WithinBetween) -> LatentEstimate:
    """Maximize the joint likelihood, from the estimates with observed means.

    Raises
    ------
    OptionError
        As `LatentMeans.of`.
    DataError
        The search did not end at a maximum.
    """
    from scipy.optimize import minimize  # takes as long as a small fit

    means, e = LatentMeans.of(design, found), estimate
    assert isinstance(e, RemlEstimate)  # what has latent means has that estimate
    density = LatentDensity.of(design, means, None, e.gamma, np.sqrt(np.diag(e.vcov)), e.tau, e.corr, e.sigma)

    def negative(t: FloatArray) -> tuple[float, FloatArray]:
        values, gradients = density.with_gradients(t[None])
        return -float(values[0]), -gradients[0]

    t = minimize(negative, np.zeros(density.size), jac=True, method="BFGS", options={"gtol": 1e-3}).x
    for _ in range(3):
        information, gradient = second_differences(density, t), density.with_gradients(t[None])[1][0]
        values, vectors = np.linalg.eigh(information)
        inside = values > 1e-8 * values.max()
        step = vectors[:, inside] @ ((vectors[:, inside].T @ gradient) / values[inside])
        t = t + step
    length = float(np.sqrt(max(step @ information @ step, 0.0)))
    at = density.points(t[None])
    reliability = float(means.reliabilities(at.tau_x, at.sigma_x).mean())
    if not (length < SETTLED and values.min() > -1e-3 * values.max() and reliability > NONE):
        raise DataError(
            f"The likelihood of latent means of {found.name!r} has no maximum that can be found: are there enough "
            "groups, and do their means differ by more than chance? Leave latent out."
        )
    p, scale = len(e.gamma), density.scale
    inverse = (vectors[:, inside] / values[inside]) @ vectors[:, inside].T
    return LatentEstimate(
        at=at,
        vcov=inverse[:p, :p] * np.outer(scale[:p], scale[:p]),
        log_likelihood=float(density.log_densities(t[None])[0]),
        reliability=reliability,
    )


def second_differences(density: LatentDensity, t: FloatArray) -> FloatArray:
    """Minus the second derivatives at t, (D, D)."""
    D, unit = density.size, STEP * np.eye(density.size)
    pairs = [(i, j) for i in range(D) for j in range(i, D)]
    ends = [t + s * unit[i] + r * unit[j] for i, j in pairs for s, r in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
    values = density.log_densities(np.array(ends)).reshape(-1, 4)
    found = np.zeros((D, D))
    for (i, j), (both, first, second, none) in zip(pairs, values, strict=True):
        found[i, j] = found[j, i] = -(both - first - second + none) / (4 * STEP**2)
    return found
