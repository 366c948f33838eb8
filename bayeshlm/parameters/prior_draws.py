"""Draws from the prior of every parameter, without a sampler: the priors are of families that numpy draws from."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.coefficient_means import unit_coefficients
from bayeshlm.parameters.draws import labelled_posterior
from bayeshlm.parameters.prior_families import LKJ, Prior
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]

MOST_TRIES = 1000


def prior_draws(design: Design, priors: Priors, draws: int, rng: np.random.Generator) -> xr.Dataset:
    """Draw independently from the joint prior, as the graphs of the model state it.

    Fixed effects are drawn in the coordinates ``C gamma`` that their priors are stated for, then mapped back by
    ``C^-1``; each block of random effects that may covary has a correlation matrix of its own; and
    ``u_j ~ N(0, G)``, ``beta_j`` as `UnitEquations` has them.

    Parameters
    ----------
    design : Design
        p fixed effects, q random effects.
    priors : Priors
    draws : int
    rng : Generator

    Returns
    -------
    xarray.Dataset
        ``gamma``, ``tau``, ``corr`` (when effects covary), auxiliary parameters such as ``sigma``, and ``u`` and
        ``beta`` of every grouping; dims (chain, draw, ...), one chain.
    """
    at_means = np.array([prior.random(rng, (draws,)) for prior in priors.gamma]).reshape(-1, draws).T
    gamma = np.linalg.solve(priors.basis, at_means.T).T
    tau = np.stack([prior.random(rng, (draws,)) for prior in priors.tau], axis=-1)
    auxiliary = drawn_auxiliary(design, priors, draws, rng)
    factor = correlation_factors(design, priors.corr, draws, rng)
    roots, effects, start = tau[:, :, None] * factor, [], 0
    for term in design.predictor.random:
        own = slice(start, start + len(term.columns))
        start = own.stop
        noise = rng.standard_normal((draws, len(term.labels), len(term.columns)))
        effects.append(noise @ np.swapaxes(roots[:, own, own], 1, 2))
    beta = [unit_coefficients(design, k, gamma, effects)[None] for k in range(len(effects))]
    corr = (factor @ np.swapaxes(factor, 1, 2))[None] if priors.corr is not None else None
    return labelled_posterior(design, gamma[None], tau[None], auxiliary[None], corr, [u[None] for u in effects], beta)


def drawn_auxiliary(design: Design, priors: Priors, draws: int, rng: np.random.Generator) -> Array:
    """Auxiliary parameters, (draws, a); of cutpoints those draws of which each is above the one before.

    The prior of increasing numbers is that of independent ones given that they increase. Where that takes too many
    draws they are put in order, which is that distribution if their priors are the same.
    """
    values = _independent(priors, draws, rng)
    if not any(one.support == "increasing" for one in design.outcome.family.auxiliary):
        return values
    for _ in range(MOST_TRIES):
        wrong = (np.diff(values, axis=1) <= 0).any(axis=1)
        if not wrong.any():
            return values
        values[wrong] = _independent(priors, int(wrong.sum()), rng)
    return np.sort(values, axis=1)


def _independent(priors: Priors, draws: int, rng: np.random.Generator) -> Array:
    columns = [prior.random(rng, (draws,)) for prior in priors.auxiliary]
    return np.stack(columns, axis=-1) if columns else np.empty((draws, 0))


def correlation_factors(design: Design, corr: Prior | None, draws: int, rng: np.random.Generator) -> Array:
    """Cholesky factors of correlation matrices of the q random effects, (draws, q, q): zero between blocks."""
    factors = np.tile(np.eye(len(design.random)), (draws, 1, 1))
    for block in design.blocks:
        if isinstance(corr, LKJ) and len(block) > 1:
            shape = (draws, len(block), len(block))
            factors[(slice(None), *np.ix_(block, block))] = corr.random_factor(rng, shape)
    return factors
