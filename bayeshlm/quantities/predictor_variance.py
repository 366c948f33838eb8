"""Variances of the parts of the linear predictor over rows, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.population_moments import fixed_covariance, population_moments
from bayeshlm.quantities.slope_values import values_of_slopes


def fixed_variance(gamma: FloatArray, design: Design) -> FloatArray:
    """Variance of X gamma over rows, or the population that they stand for, in each draw (..., p)."""
    scaled = np.linalg.solve(design.products.x_transform, gamma[..., None])[..., 0]
    return np.asarray(np.einsum("...k,kl,...l->...", scaled, fixed_covariance(design), scaled))


def random_variances(posterior: Draws, at: Mapping[str, float] | None = None) -> list[FloatArray]:
    """Variance of the random part of each grouping, (chain, draw), averaged over rows or at values of the slopes.

    ``trace(G_k Z_k'Z_k / N)`` (Johnson 2014, Methods in Ecology and Evolution 5(9)), or ``z'G_k z`` given `at`, as in
    `values_of_slopes`.
    """
    design, found = posterior.design, []
    moment = design.moments.ZtZ
    if at is not None:
        z = values_of_slopes(design, at)
        moment = np.outer(z, z)
    for k in range(len(design.groupings)):
        own = design.predictor.effects_of(k)
        found.append(np.asarray(np.einsum("...qr,qr->...", posterior.G[..., own, own], moment[own, own])))
    return found


def mean_predictor(posterior: Draws) -> FloatArray:
    """``offset + X gamma`` averaged over rows, in each draw, (chain, draw)."""
    moments = population_moments(posterior.design)
    return np.asarray(moments.offset_mean + posterior.gamma @ moments.x_mean)
