"""Shift of posterior means by each prior, computed by taking the prior away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.checks.component import Component
from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.pareto_smoothing import smoothed_log_weights
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import by_key, log_prior
from bayeshlm.parameters.prior_families import LKJ, Prior
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.schema import block_size
from bayeshlm.reml.estimates import Estimate

MAX_K = 0.7
"""Largest Pareto k at which reweighted draws count (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25(72))."""

MOST_POINTS = 200_001


@dataclass(frozen=True, eq=False, slots=True)
class PriorPulls:
    """What priors do to R rows.

    Attributes
    ----------
    keys : tuple of str, length K
        Names of the priors, as `Priors.by_key` has them.
    shift : array (R, K)
        Posterior mean minus the mean with the prior of the column made flat, in the row's own units; NaN where it
        cannot be computed.
    pareto_k : array (K,)
        Diagnostic of the reweighting.
    own : array (K,)
        Largest shift of the prior's own parameters in standard errors, from REML's likelihood; NaN where REML has
        none.
    """

    keys: tuple[str, ...]
    shift: FloatArray
    pareto_k: FloatArray
    own: FloatArray


def prior_pulls(
    posterior: Draws,
    priors: Priors,
    estimate: Estimate,
    rows: Sequence[Component],
    draws: FloatArray,
) -> PriorPulls:
    """Shift of every row by every prior.

    Parameters
    ----------
    posterior : Draws
    priors : Priors
    estimate : Estimate
    rows : sequence of Component, length R
        What the draws are of; every gamma is among them, in the design's order.
    draws : array (R, S)
        Draws of the rows, the chains one after another.

    Notes
    -----
    Under a flat prior of theta_k the draws have the weights ``1 / p(theta_k)``, smoothed by a Pareto fit of their
    tail. A prior that leaves the data's values out of reach shows in a Pareto k above `MAX_K`. Then the shift of a
    row comes from the other side: REML's likelihood of theta_k, taken as normal, times the prior, by quadrature,
    ``E[theta_k | N(estimate, se^2) p] - E[theta_k | N(estimate, se^2)]``, both on the support of theta_k; other
    fixed effects follow by their covariance with it.
    """
    design = posterior.design
    densities = by_key(log_prior(posterior, priors))
    keys = tuple(densities["prior"].to_numpy().tolist())
    shift = np.empty((len(rows), len(keys)))
    pareto_k, own = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
    mean = draws.mean(axis=1)
    for k, key in enumerate(keys):
        weights, pareto_k[k] = _flat_weights(densities[k].to_numpy().ravel())
        from_likelihood, own[k] = _shift_of_likelihood(key, design, priors, estimate, rows, draws)
        shift[:, k] = mean - draws @ weights if pareto_k[k] <= MAX_K else from_likelihood
    return PriorPulls(keys, shift, pareto_k, own)


def _flat_weights(log_prior: FloatArray) -> tuple[FloatArray, float]:
    """Smoothed weights ``1 / prior`` of draws, summing to one, and their Pareto k."""
    n_draws = len(log_prior)
    if np.ptp(log_prior) < 1e-9:
        return np.full(n_draws, 1 / n_draws), 0.0
    log_weights, pareto_k = smoothed_log_weights(-log_prior[None])
    return np.exp(log_weights[0]), float(pareto_k[0])


def _shift_of_likelihood(
    key: str,
    design: Design,
    priors: Priors,
    estimate: Estimate,
    rows: Sequence[Component],
    draws: FloatArray,
) -> tuple[FloatArray, float]:
    """Shifts (R,) by one prior of REML's normal likelihood, NaN where it has none, and that of its own parameter."""
    shift = np.full(len(rows), np.nan)
    family = priors.by_key()[key]
    if key in priors.fixed:
        k = priors.fixed.index(key)
        along = priors.basis[k]
        covariance = estimate.vcov @ along
        variance = float(along @ covariance)
        positions = [r for r, row in enumerate(rows) if row.component == "gamma"]
        center, se = float(along @ estimate.gamma), float(np.sqrt(variance))
        moved = shifted_mean(family, center, se, (-np.inf, np.inf), along @ draws[positions]) - center
        shift[positions] = covariance / variance * moved
        return shift, moved / se
    own = np.nan
    for r, row in enumerate(rows):
        keys = (row.component, f"tau_{row.effect}", parameter_label(*row.key))
        if row.regular and row.component not in ("gamma", "icc", "share", "beta") and key in keys:
            bounds = (row.lowest, row.highest)
            density = _pair(family, row, design) if isinstance(family, LKJ) else family
            with_prior = shifted_mean(density, row.estimate, row.se, bounds, draws[r])
            shift[r] = with_prior - shifted_mean(None, row.estimate, row.se, bounds, draws[r])
            own = max(own, shift[r] / row.se, key=lambda value: abs(np.nan_to_num(value)))
    return shift, own


@dataclass(frozen=True, slots=True)
class _Pair:
    """Density of one correlation: ``(1 - r^2)^power`` up to a constant."""

    power: float

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density at `x`, elementwise."""
        return np.asarray(self.power * np.log1p(-x * x))


def _pair(family: LKJ, row: Component, design: Design) -> _Pair:
    """What LKJ(eta) says of one pair of effects."""
    return _Pair(family.pair_shape(block_size(design, row.effect)) - 1)


def shifted_mean(
    prior: Prior | _Pair | None, center: float, se: float, bounds: tuple[float, float], draws: FloatArray
) -> float:
    """Mean of ``N(x; center, se^2) p(x)`` within bounds, by quadrature over the likelihood and the draws.

    Parameters
    ----------
    prior : density or None
        Flat when None.
    center, se : float
        Normal likelihood.
    bounds : (float, float)
        Support of x.
    draws : array (S,)
        Where the posterior is.

    Examples
    --------
    >>> from bayeshlm.parameters.prior_families import Normal
    >>> round(shifted_mean(Normal(0, 1), 2.0, 1.0, (-np.inf, np.inf), np.array([0.5, 1.5])), 6)
    1.0
    """
    spread = 8 * float(draws.std())
    lowest = max(bounds[0], min(center - 8 * se, float(draws.min()) - spread))
    highest = min(bounds[1], max(center + 8 * se, float(draws.max()) + spread))
    step = min(se, max(float(draws.std()), 1e-6 * se)) / 20
    n_points = int(np.clip((highest - lowest) / step, 2_001, MOST_POINTS))
    x = lowest + (np.arange(n_points) + 0.5) * (highest - lowest) / n_points
    log_density = -0.5 * ((x - center) / se) ** 2
    if prior is not None:
        log_density = log_density + prior.log_density(x)
    weights = np.exp(log_density - log_density.max())
    return float(weights @ x / weights.sum())
