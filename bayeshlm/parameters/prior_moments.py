"""Means and standard deviations of the priors, in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from bayeshlm.design import Design
from bayeshlm.parameters.prior_families import (
    LKJ,
    Exponential,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    Prior,
    StudentT,
    Uniform,
)
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.schema import Schema, block_size


def prior_moments(priors: Priors, design: Design) -> pd.DataFrame:
    """Prior mean and SD of every parameter of `bayeshlm.parameters.schema.Schema`.

    Parameters
    ----------
    priors, design
        The model's.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``parameter``: ``mean``, ``sd``; NaN where the prior has none, such as a
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
    mean, variance = np.array([_moments(prior) for prior in priors.gamma]).reshape(-1, 2).T
    gamma, gamma_sd = back @ mean, np.sqrt(back**2 @ variance)
    schema, found = Schema.of(design), {}
    for one in schema.parameters:
        if one.component == "gamma":
            found[one.label] = float(gamma[one.position]), float(gamma_sd[one.position])
        elif isinstance(priors.corr, LKJ) and one.component == "corr":
            found[one.label] = 0.0, (2 * priors.corr.pair_shape(block_size(design, one.effect)) + 1) ** -0.5
        else:
            center, square = _moments(priors.by_key()[one.prior_key])
            found[one.label] = center, float(np.sqrt(square))
    return pd.DataFrame.from_dict(found, orient="index", columns=["mean", "sd"]).rename_axis("parameter")


def _moments(prior: Prior) -> tuple[float, float]:
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
        case Uniform(lower, upper):
            return (lower + upper) / 2, (upper - lower) ** 2 / 12
    raise TypeError(f"{prior} is no prior of one number")
