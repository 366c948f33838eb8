"""Point estimates as a posterior of one draw, so that derived quantities have one formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayeshlm.design.coefficient_means import unit_coefficients
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import labelled_posterior


def one_draw(
    design: Design,
    gamma: npt.ArrayLike,
    tau: npt.ArrayLike,
    corr: npt.ArrayLike,
    auxiliary: npt.ArrayLike,
    u: Sequence[npt.ArrayLike],
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
    auxiliary : array_like, (a,) or ()
        Level-1 SD, or the parameters that another distribution of the outcome has beside its predictor.
    u : sequence of array_like, (J, q)
        Random effects of the groups of each grouping.

    Returns
    -------
    xarray.Dataset
        ``gamma``, ``tau``, ``corr`` (absent for one random effect), ``sigma`` or the like, ``u`` and ``beta`` of each
        grouping.
    """

    def one(values: npt.ArrayLike) -> FloatArray:
        return np.asarray(values, dtype=float)[None, None]

    gamma, effects = np.asarray(gamma, dtype=float), [one(values) for values in u]
    at = gamma[None], [values[0] for values in effects]
    beta = [unit_coefficients(design, k, *at)[None] for k in range(len(effects))]
    correlations = one(np.nan_to_num(np.asarray(corr, dtype=float), nan=0.0)) if len(design.random) > 1 else None
    return labelled_posterior(design, one(gamma), one(tau), one(auxiliary), correlations, effects, beta)
