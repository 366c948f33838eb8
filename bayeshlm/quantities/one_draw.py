"""Point estimates as a posterior of one draw, so that derived quantities have one formula."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import labelled_posterior


def one_draw(
    design: Design,
    gamma: npt.ArrayLike,
    tau: npt.ArrayLike,
    corr: npt.ArrayLike,
    sigma: float,
    u: npt.ArrayLike,
) -> xr.Dataset:
    """Make a posterior of one chain and one draw.

    Parameters
    ----------
    design : Design
        Names the dims.
    gamma, tau : array_like, (p,), (q,)
        Fixed effects, SDs of the random effects.
    corr : array_like, (q, q)
        Their correlations. NaN, beside an SD of zero, becomes 0: the covariance is 0 either way.
    sigma : float
        Level-1 SD.
    u : array_like, (J, q)
        Random effects of the groups.

    Returns
    -------
    xarray.Dataset
        ``gamma``, ``tau``, ``corr`` (absent for one random effect), ``sigma``, ``u`` and ``beta``.
    """

    def one(values: npt.ArrayLike) -> FloatArray:
        return np.asarray(values, dtype=float)[None, None]

    gamma, u = np.asarray(gamma, dtype=float), np.asarray(u, dtype=float)
    beta = coefficient_means(design, gamma)
    beta[:, design.random_coefficients] += u
    correlations = one(np.nan_to_num(np.asarray(corr, dtype=float), nan=0.0)) if len(design.random) > 1 else None
    return labelled_posterior(design, one(gamma), one(tau), one(sigma), correlations, one(u), one(beta))
