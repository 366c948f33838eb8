"""Adaptive importance sampling: independent draws of a posterior of few parameters, with a certificate.

Points come from a multivariate t with 5 degrees of freedom around the mode, some from a wider one. The location and the
scale of the proposal are refitted to the points, weighted by density over proposal, and the next round begins (Cappe,
Douc, Guillin, Marin & Robert 2008, Statistics and Computing 18, 447-459). A generalized Pareto distribution of the
largest weights says by its shape k how far they can be trusted (Vehtari, Simpson, Gelman, Yao & Gabry 2024, J. Machine
Learning Research 25(72)). The weights themselves are left as they are: below k = 0.5, where alone they are used, their
variance is finite, and smoothed ones lean away from the tails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.pareto_smoothing import smoothed_log_weights
from bayeshlm.sampling.certificate import Certificate
from bayeshlm.sampling.points import Density

type Array = NDArray[np.float64]

NU = 5.0
WIDE, WIDTH = 0.2, 2.0
"""Share of the points that are drawn from a t of twice the scale (a defensive mixture: Hesterberg 1995, Technometrics
37, 185-194), without which the tails of the posterior are underrated."""

MAX_ROUNDS = 6
MIN_POINTS = 1000
"""Points of a round, at least: the tail of fewer says too little about k."""

PILOT = 4
"""A first round of a fourth as many points moves the proposal from the mode to the mass, and has no say in k."""

BUSY_MS = 3.0
"""Milliseconds a gradient from which importance sampling is tried where no sampler is asked for."""

BUSY_WORK = 15_000
"""So it is from this `Target.work`, about a tenth of a millisecond a gradient, of which NUTS takes some 40,000 and
importance sampling a fourth or less: counted, because a time so short depends on what else the machine does."""


@dataclass(frozen=True, eq=False)
class Round:
    """Points of one round.

    Attributes
    ----------
    y : array, (n, D)
        In the order in which they were drawn, independently of each other.
    weights : array, (n,)
        Of sum 1.
    pareto_k : float
    """

    y: Array
    weights: Array
    pareto_k: float

    @property
    def ess(self) -> float:
        """Effective number of points, ``1/sum w^2``."""
        return float(1 / (self.weights**2).sum())


def importance_draws(points: Density, n_draws: int, seed: int, density_ms: float) -> tuple[Array, Certificate]:
    """Draw from a target, with a certificate, without which the draws are not to be used.

    Parameters
    ----------
    points : Density
    n_draws : int
        S; a round has as many points, and at least 1000.
    seed : int
    density_ms : float
        As `bayeshlm.sampling.points.Points.milliseconds` measured it.

    Returns
    -------
    draws : array, (S, D)
        As `resampled` draws them from the last two rounds, no standard deviation negative.
    certificate : Certificate
    """
    rng = np.random.default_rng(seed)
    n_points = max(n_draws, MIN_POINTS)
    location, scale = mode_and_covariance(points)
    location, scale = refitted(draw_round(points, location, scale, n_points // PILOT, rng), scale)
    rounds: list[Round] = []
    shifts: list[float] = []
    while True:
        found = draw_round(points, location, scale, n_points, rng)
        moved, covariance = refitted(found, scale)
        shifts.append(float(np.max(abs(moved - location) / np.sqrt(np.diag(covariance)))))
        rounds.append(found)
        location, scale = moved, covariance
        certificate = Certificate(
            pareto_k=tuple(r.pareto_k for r in rounds),
            ess_weights=tuple(r.ess for r in rounds),
            shift=tuple(shifts),
            n_points=n_points,
            density_ms=density_ms,
        )
        if certificate.holds or len(rounds) == MAX_ROUNDS:
            return resampled(rounds[-2:], n_draws, rng), certificate


def draw_round(points: Density, location: Array, scale: Array, n_points: int, rng: np.random.Generator) -> Round:
    """Draw points from the proposal, and weight them, the proposal's densities at all images of a point added up."""
    size, root = len(location), np.linalg.cholesky(scale)
    width = np.where(rng.random(n_points) < WIDE, WIDTH, 1.0)
    z = rng.normal(size=(n_points, size)) * (width * np.sqrt(NU / rng.chisquare(NU, n_points)))[:, None]
    y = points.folded(location + z @ root.T)
    log_proposal = np.full(n_points, -np.inf)
    for image in points.images(y):
        distance = (np.linalg.solve(root, (image - location).T) ** 2).sum(axis=0)
        log_proposal = np.logaddexp(log_proposal, proposal_log_density(distance, size))
    return Round(y, *weights_and_k(points.log_densities(y) - log_proposal))


def proposal_log_density(distance: Array, size: int) -> Array:
    """Of the mixture of two t in `size` dimensions at squared distances of its scale, but for a constant."""
    power = 0.5 * (NU + size)
    density: Array = np.logaddexp(
        np.log(1 - WIDE) - power * np.log1p(distance / NU),
        np.log(WIDE) - size * np.log(WIDTH) - power * np.log1p(distance / (NU * WIDTH**2)),
    )
    return density


def weights_and_k(log_ratios: Array) -> tuple[Array, float]:
    """Weights (n,) of sum 1, and Pareto k of the largest; infinite k where too few points have a density."""
    relative = np.maximum(log_ratios - log_ratios.max(), -700.0)  # exp of less is zero
    if (relative > -700.0).sum() < len(relative) / 4:  # the tail is the largest fifth, at most
        return np.full(len(relative), 1 / len(relative)), np.inf
    _, k = smoothed_log_weights(relative[None])
    weights = np.exp(relative)
    return weights / weights.sum(), float(k[0])


def refitted(found: Round, scale: Array) -> tuple[Array, Array]:
    """Weighted mean and covariance of a round; few effective points leave the covariance near the old one."""
    mean = found.weights @ found.y
    residuals = found.y - mean
    covariance = residuals.T @ (residuals * found.weights[:, None])
    prior = 4.0 * len(mean)
    return mean, (found.ess * covariance + prior * scale) / (found.ess + prior)


def resampled(rounds: list[Round], n_draws: int, rng: np.random.Generator) -> Array:
    """Draw points with equal weights, by systematic resampling, copies of a point beside each other.

    A point of weight w is drawn m times, m one of the whole numbers beside S w with mean S w (Kitagawa 1996,
    J. Computational and Graphical Statistics 5, 1-25). A mean of the draws has the variance
    ``sum_i m_i^2 (f_i - mean)^2 / S^2``, that of the weights and that of the resampling together; and because the
    points are independent and their copies are neighbors, it is what the autocovariances of the sequence add up to.
    Effective sample sizes and Monte Carlo errors of chains are thereby right for these draws.

    Parameters
    ----------
    rounds : list of Round
        Together one pool, each round with a share in proportion to its ESS.
    n_draws : int
    rng : numpy.random.Generator
    """
    weights = np.concatenate([found.weights * found.ess for found in rounds])
    ends = np.cumsum(weights)
    places = (np.arange(n_draws) + rng.random()) / n_draws * ends[-1]
    y: Array = np.concatenate([found.y for found in rounds])
    drawn: Array = y[np.minimum(np.searchsorted(ends, places), len(y) - 1)]
    return drawn


def mode_and_covariance(points: Density) -> tuple[Array, Array]:
    """Mode of the density, and the inverse of its curvature there; where that is none, the search's guess of it."""
    from scipy.optimize import minimize

    def negative(y: Array) -> tuple[float, Array]:
        values, gradients = points.with_gradients(y[None])
        return -float(values[0]), -gradients[0]

    with np.errstate(all="ignore"):  # steps too far have no density, and the search takes shorter ones
        found = minimize(negative, np.zeros(points.size), jac=True, method="BFGS", options={"gtol": 0.01})
    mode: Array = found.x
    guess: Array = np.asarray(found.hess_inv)
    covariance = guess
    for _ in range(2):  # steps of a tenth of the SDs, which the first pass finds
        steps = 0.1 * np.diag(np.sqrt(np.diag(covariance)))
        _, gradients = points.with_gradients(np.concatenate([mode + steps, mode - steps]))
        curvature = (gradients[points.size :] - gradients[: points.size]) / (2 * np.diag(steps)[:, None])
        curvature = (curvature + curvature.T) / 2
        if not np.all(np.linalg.eigvalsh(curvature) > 0):
            return mode, guess
        covariance = np.linalg.inv(curvature)
    return mode, covariance
