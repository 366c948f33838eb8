"""Draws of a pseudo-posterior given the spread that the sampling design has.

A likelihood raised to weights is none, and its posterior has about the covariance ``H^-1`` of as many independent rows
as the weights sum to. The estimate varies over samples with the sandwich ``H^-1 J H^-1``, where J is the covariance of
the score over samples. Draws of the global parameters theta, on scales without bounds, are moved to that spread::

    theta* = m + R_1' R_2'^-1 (theta - m)      R_2'R_2 = H^-1      R_1'R_1 = H^-1 (J + P) H^-1

with m their mean (Williams & Savitsky 2021, International Statistical Review 89, 72-107). H is the information of the
pseudo-posterior at its mode and P the priors' part of it, which no sampling changes: without it J and H, equal under
simple random sampling, would not leave the draws as they are. The random effects are drawn given theta*.

Near zero a tau has no such J: the score does not vanish there, and its spread says nothing of that of an estimate. Of a
tau less than four standard errors from zero, and its correlations, J is taken for what the model expects.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import ModelWarning, SamplingError
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.likelihood.likelihood import LogDensity
from bayeshlm.likelihood.pseudo_scores import density_of_priors, scores_at
from bayeshlm.parameters.draws import Draws, labels_of_dims
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors
from bayeshlm.reml.family_maximum import Objective, information_at, maximize

NEAR_ZERO = 0.25
"""SD of the logarithm of a tau beyond which it lies near zero: about its standard error in shares of itself."""


@dataclass(frozen=True, eq=False)
class Scales:
    """Coordinates t of the unconstrained values x: tau by its logarithm, all shifted and in units of the draws' SDs.

    Attributes
    ----------
    tau : slice
        Places of tau among x.
    center, sd : (D,) arrays
        Means and SDs of the draws, tau's of its logarithm.
    """

    tau: slice
    center: FloatArray
    sd: FloatArray

    @classmethod
    def of(cls, x: FloatArray, tau: slice) -> Scales:
        """Those of draws x (S, D)."""
        plain = cls(tau, np.zeros(x.shape[1]), np.ones(x.shape[1]))
        z = plain.coordinates(x)
        return cls(tau, z.mean(axis=0), z.std(axis=0))

    def coordinates(self, x: FloatArray) -> FloatArray:
        """T of x (S, D)."""
        z = x.copy()
        z[:, self.tau] = np.log(z[:, self.tau])
        return np.asarray((z - self.center) / self.sd)

    def values(self, t: FloatArray) -> FloatArray:
        """X of t (S, D)."""
        x = self.center + self.sd * t
        x[:, self.tau] = np.exp(x[:, self.tau])
        return np.asarray(x)

    def slopes(self, x: FloatArray) -> FloatArray:
        """Derivatives ``dx/dt`` at x, (D,)."""
        slope = np.ones(len(x))
        slope[self.tau] = x[self.tau]
        return np.asarray(slope * self.sd)

    def objective(self, density: LogDensity) -> Objective:
        """A log density of x as one of t, with its gradient."""

        def at(t: FloatArray) -> tuple[float, FloatArray]:
            x = self.values(t[None])[0]
            value, gradient = density(x)
            jacobian = np.zeros(len(t))
            jacobian[self.tau] = self.sd[self.tau]
            value += float(np.log(x[self.tau]).sum())
            if not np.isfinite(value):
                return -np.inf, np.zeros(len(t))
            return value, np.asarray(gradient * self.slopes(x) + jacobian)

        return at


def with_sandwich(posterior: xr.Dataset, design: Design, priors: Priors, n_nodes: int) -> xr.Dataset:
    """Draws of the parameters with the spread of the sandwich.

    Parameters
    ----------
    posterior : xarray.Dataset
        Draws of the pseudo-posterior, gamma, tau, corr and the rest, dims (chain, draw, ...).
    design : Design
        With weights.
    priors : Priors
    n_nodes : int
        Of quadrature, as they were drawn with.

    Raises
    ------
    SamplingError
        The covariance of the score does not determine the spread of some parameter.

    Warns
    -----
    ModelWarning
        A tau lies near zero.
    """
    labels = labels_of_dims(design)
    draws = Draws(posterior.assign_coords({dim: labels[dim] for dim in labels if dim in posterior.dims}), design)
    x = unconstrained_values(draws, priors)
    p, q = len(design.fixed), len(design.random)
    scales = Scales.of(draws.flat(x), slice(p, p + q))
    density = _density(design, priors, n_nodes)
    held = near_zero(design, priors, scales)
    if held.any():
        labels_near = [design.random_labels[k] for k in np.flatnonzero(held[scales.tau])]
        warnings.warn(
            f"tau of {' and '.join(labels_near)} lies near zero, where sampling weights do not tell its spread over"
            " samples: its draws are left as narrow or wide as those of the pseudo-posterior.",
            ModelWarning,
            stacklevel=2,
        )
    change = sandwich_map(design, priors, density, scales, held)
    moved = scales.values(scales.coordinates(draws.flat(x)) @ change.T)
    return density.parameters(moved.reshape(x.shape))  # type: ignore[no-any-return]


def near_zero(design: Design, priors: Priors, scales: Scales) -> NDArray[np.bool_]:
    """Which of the values are of a tau that lies near zero, or of a correlation with such an effect, (D,)."""
    held = np.zeros(len(scales.sd), dtype=bool)
    held[scales.tau] = near = scales.sd[scales.tau] > NEAR_ZERO
    partials = partial_correlations(design, priors)
    for k, pair in enumerate(zip(partials.rows, partials.columns, strict=True)):
        held[scales.tau.stop + k] = near[list(pair)].any()
    return held


def sandwich_map(
    design: Design, priors: Priors, density: LogDensity, scales: Scales, held: NDArray[np.bool_]
) -> FloatArray:
    """``R_1' R_2'^-1`` in the coordinates of `scales`, (D, D), lower triangular.

    Parameters
    ----------
    design, priors, density, scales
    held : (D,) array of bool
        From `near_zero`.

    Raises
    ------
    SamplingError
        As `with_sandwich`.
    """
    weights = design.weights
    assert weights is not None
    found = maximize(scales.objective(density), np.zeros(len(scales.sd)))
    if not found.converged:
        raise SamplingError(
            "the mode of the pseudo-posterior was not found, around which its spread is made that of the sampling"
            " design: a random effect may not vary; leave it out, or give its tau a narrower prior"
        )
    x = scales.values(found.x[None])[0]
    groups, replicates = scores_at(design, priors, density, x)
    slopes = scales.slopes(x)
    meat = weights.score_covariance(groups * slopes, replicates * slopes)
    of_priors = information_at(scales.objective(density_of_priors(design, density)), found.x)
    bread = np.linalg.inv(found.information)
    excess = meat - (found.information - of_priors)
    excess[held], excess[:, held] = 0.0, 0.0
    try:
        target = np.linalg.cholesky(bread + bread @ excess @ bread)
    except np.linalg.LinAlgError as error:
        counted = f"{len(replicates)} replicates" if len(replicates) else f"{weights.psu.max() + 1} sampling units"
        raise SamplingError(
            f"the spread of {len(x)} parameters over samples cannot be estimated from {counted}: leave effects out"
        ) from error
    return np.asarray(target @ np.linalg.inv(np.linalg.cholesky(bread)))


def unconstrained_values(draws: Draws, priors: Priors) -> FloatArray:
    """The values of draws as the densities take them, (chain, draw, D): tau positive."""
    partials = partial_correlations(draws.design, priors)
    log_odds = 2 * np.arctanh(partials.of(draws.corr)) if partials.rows else np.empty((*draws.shape, 0))
    auxiliary = draws.auxiliary
    if any(one.support == "increasing" for one, _ in draws.design.outcome.auxiliary):
        numbers = np.concatenate([auxiliary[..., :1], np.log(np.diff(auxiliary, axis=-1))], axis=-1)
    else:
        numbers = np.log(auxiliary)
    return np.concatenate([priors.at_means(draws.gamma), draws.tau, log_odds, numbers], axis=-1)


def _density(design: Design, priors: Priors, n_nodes: int) -> LogDensity:
    likelihood = likelihood_of(design)
    if isinstance(likelihood, FamilyQuadrature):
        return likelihood.density_with(priors, n_nodes)
    return likelihood.log_density(priors)
