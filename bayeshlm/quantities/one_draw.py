"""Point estimates as a posterior of one draw, so that derived quantities have one formula."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.design import Design


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
    sample = ("chain", "draw")
    gamma, u = np.asarray(gamma, dtype=float), np.asarray(u, dtype=float)
    beta = coefficient_means(design, gamma)
    beta[:, design.random_coefficients] += u
    labels = design.random_labels
    data: dict[str, tuple[tuple[str, ...], npt.NDArray[np.float64]]] = {
        "gamma": ((*sample, "fixed"), gamma[None, None]),
        "tau": ((*sample, "random"), np.asarray(tau, dtype=float)[None, None]),
        "sigma": (sample, np.array([[float(sigma)]])),
        "u": ((*sample, design.group, "random"), u[None, None]),
        "beta": ((*sample, design.group, "coefficient"), beta[None, None]),
    }
    coords = {
        "fixed": design.fixed_labels,
        "random": labels,
        design.group: design.group_labels,
        "coefficient": design.coefficient_labels,
    }
    if len(labels) > 1:
        values = np.nan_to_num(np.asarray(corr, dtype=float), nan=0.0)
        data["corr"] = ((*sample, "random", "random_"), values[None, None])
        coords["random_"] = labels
    return xr.Dataset(data, coords=coords)
