"""Means and standard deviations of the priors, in closed form."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from bayeshlm.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.parameters.prior_families import (
    Exponential,
    Family,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    StudentT,
)
from bayeshlm.parameters.priors import Priors


def prior_moments(priors: Priors, design: Design) -> pd.DataFrame:
    """Prior mean and SD of every parameter that `bayeshlm.quantities.convergence.monitored_parameters` names.

    Parameters
    ----------
    priors, design
        The model's.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``parameter``, in no certain order: ``mean``, ``sd``; NaN where the prior has none, such as a
        Cauchy's.

    Notes
    -----
    Fixed effects are ``C^-1`` times the independent coordinates that their priors are stated for. A correlation in a
    block of m effects is ``2 Beta(a, a) - 1`` with ``a = eta + m/2 - 1`` under LKJ(eta) (Lewandowski, Kurowicka & Joe
    2009, section 3.1), of variance ``1 / (2 a + 1)``.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> model = hlm.open_model("hsb-slopes-as-outcomes-full")
    >>> prior_moments(model.priors, model.design).loc["corr[u0,u1]"].round(3).tolist()
    [0.0, 0.447]
    """
    back = np.linalg.inv(priors.basis)
    mean, variance = np.array([_moments(prior) for prior in priors.gamma]).T
    found = dict(zip(priors.fixed, zip(back @ mean, np.sqrt(back**2 @ variance), strict=True), strict=True))
    scales = {parameter_label("tau", label): prior for label, prior in zip(priors.random, priors.tau, strict=True)}
    for name, prior in {**scales, "sigma": priors.sigma}.items():
        center, square = _moments(prior)
        found[name] = (center, float(np.sqrt(square)))
    for block in design.blocks if priors.corr is not None else ():
        a = priors.corr.parameters["eta"] + len(block) / 2 - 1 if priors.corr is not None else np.nan
        for i, j in combinations(sorted(block), 2):
            found[parameter_label("corr", f"{priors.random[i]},{priors.random[j]}")] = (0.0, (2 * a + 1) ** -0.5)
    return pd.DataFrame.from_dict(found, orient="index", columns=["mean", "sd"]).rename_axis("parameter")


def _moments(prior: Family) -> tuple[float, float]:
    """Mean and variance of one prior."""
    match prior:
        case Normal(mu, sigma):
            return mu, sigma**2
        case StudentT(nu, mu, sigma):
            return (mu if nu > 1 else np.nan), (sigma**2 * nu / (nu - 2) if nu > 2 else np.nan)
        case HalfNormal(sigma):
            return sigma * np.sqrt(2 / np.pi), sigma**2 * (1 - 2 / np.pi)
        case HalfStudentT(nu, sigma):
            if nu <= 2:
                return np.nan, np.nan
            mean = 2 * sigma * np.sqrt(nu / np.pi) * np.exp(gammaln((nu + 1) / 2) - gammaln(nu / 2)) / (nu - 1)
            return mean, sigma**2 * nu / (nu - 2) - mean**2
        case HalfCauchy():
            return np.nan, np.nan
        case Exponential(lam):
            return 1 / lam, lam**-2
    raise TypeError(f"{prior} is no prior of one number")
