"""Posterior draws of the model with latent group means of a predictor, by importance sampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.within_between import WithinBetween
from bayeshlm.errors import SamplingError
from bayeshlm.likelihood.latent_density import LatentDensity
from bayeshlm.likelihood.latent_means import LatentMeans, LatentPoints
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.certificate import Certificate
from bayeshlm.sampling.importance import importance_draws

N_DRAWS = 4_000


@dataclass(frozen=True, eq=False, slots=True)
class LatentDraws:
    """Draws of the parameters.

    Attributes
    ----------
    at : LatentPoints
    certificate : Certificate
    reliability : (S,) array
        Of the observed means, averaged over groups.
    """

    at: LatentPoints
    certificate: Certificate
    reliability: FloatArray


def draw_latent_means(
    posterior: Draws, priors: Priors, found: WithinBetween, n_draws: int = N_DRAWS, seed: int = 0
) -> LatentDraws:
    """Draw, from where the posterior with observed means lies.

    Parameters
    ----------
    posterior : Draws
        Of the model with observed means.
    priors : Priors
        Its; see `LatentDensity`.
    found : WithinBetween
    n_draws, seed : int

    Raises
    ------
    OptionError
        As `LatentMeans.of`.
    SamplingError
        Importance sampling has no certificate.
    """
    means = LatentMeans.of(posterior.design, found)
    gamma, tau, corr = posterior.flat(posterior.gamma), posterior.tau, posterior.corr
    density = LatentDensity.of(
        posterior.design,
        means,
        priors,
        gamma.mean(axis=0),
        gamma.std(axis=0),
        np.exp(np.log(np.maximum(tau, 1e-300)).mean(axis=(0, 1))),
        corr.mean(axis=(0, 1)),
        float(posterior.sigma.mean()),
    )
    t, certificate = importance_draws(density, n_draws, seed, 0.0)
    if not certificate.holds:
        raise SamplingError(
            f"The posterior with latent means of {found.name!r} cannot be drawn by importance sampling (Pareto k "
            f"{certificate.pareto_k[-1]:.2f}): too little is known of the means, or of its variances. Look at "
            "model.ml().contextual(latent=True), or leave latent out."
        )
    at = density.points(t)
    return LatentDraws(at, certificate, means.reliabilities(at.tau_x, at.sigma_x).mean(axis=1))
