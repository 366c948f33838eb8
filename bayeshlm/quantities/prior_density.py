"""Prior densities of the variance components and of the intraclass correlation, to draw beside their posteriors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import betaln

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.prior_families import Exponential, Family, HalfCauchy, HalfNormal, HalfStudentT
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.icc import between_variance

N_DRAWS = 10_000
"""Prior draws of the between-group variance that the density of the ICC is averaged over."""


def component_prior(priors: Priors, design: Design, component: str, effect: str, x: FloatArray) -> FloatArray:
    """Prior density of one variance component.

    Parameters
    ----------
    priors, design
        The model's.
    component, effect : str
        ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``.
    x : (n,) array
        Inside of what the component may be.

    Returns
    -------
    (n,) array

    Notes
    -----
    Under LKJ(eta) for a block of m effects each correlation has the density of ``2 Beta(a, a) - 1`` with
    ``a = eta + m/2 - 1`` (Lewandowski, Kurowicka & Joe 2009, section 3.1).

    Examples
    --------
    >>> import numpy as np, bayeshlm as hlm
    >>> model = hlm.open_model("hsb-slopes-as-outcomes-full")
    >>> component_prior(model.priors, model.design, "corr", "u0,u1", np.array([0.0, 0.5]))
    array([0.75  , 0.5625])
    """
    if component == "sigma":
        return np.exp(priors.sigma.log_density(x))
    if component == "tau":
        return np.exp(priors.tau[priors.random.index(effect)].log_density(x))
    assert priors.corr is not None
    a = priors.corr.parameters["eta"] + _block_of(design, effect) / 2 - 1
    with np.errstate(divide="ignore"):
        log_density = (a - 1) * np.log1p(-(x**2)) - (2 * a - 1) * np.log(2) - betaln(a, a)
    return np.asarray(np.exp(log_density))


def icc_prior(priors: Priors, design: Design, x: FloatArray, at: Mapping[str, float] | None = None) -> FloatArray:
    """Prior density of the intraclass correlation.

    Parameters
    ----------
    priors, design
        The model's.
    x : (n,) array
        Strictly between 0 and 1.
    at : mapping, optional
        As in `bayeshlm.quantities.icc.icc`.

    Returns
    -------
    (n,) array
        To a Monte Carlo error of about 1 or 2 percent.

    Notes
    -----
    With v the between-group variance, a function of tau and corr, ``ICC = v/(v + sigma^2)`` has, given v, the density
    ``p_sigma(s) s/(2 x (1 - x))`` at ``s = sqrt(v (1 - x)/x)``; it is averaged over prior draws of v. A density of
    draws of the ICC itself would fail at 0 and 1, where it may have poles.
    """
    v = _prior_between_variance(priors, design, at)
    s = np.sqrt(v[:, None] * ((1 - x) / x))
    return np.asarray((np.exp(priors.sigma.log_density(s)) * s).mean(axis=0) / (2 * x * (1 - x)))


def _prior_between_variance(priors: Priors, design: Design, at: Mapping[str, float] | None) -> FloatArray:
    rng = np.random.default_rng(0)
    tau = np.column_stack([_draw_scale(prior, rng) for prior in priors.tau])
    corr = np.broadcast_to(np.eye(tau.shape[1]), (N_DRAWS, tau.shape[1], tau.shape[1])).copy()
    if priors.corr is not None:
        for block in design.blocks:
            corr[np.ix_(range(N_DRAWS), block, block)] = _draw_lkj(priors.corr.parameters["eta"], len(block), rng)
    return between_variance(tau[:, :, None] * corr * tau[:, None, :], design, at)


def _draw_scale(prior: Family, rng: np.random.Generator) -> FloatArray:
    match prior:
        case HalfNormal(sigma):
            return np.abs(sigma * rng.standard_normal(N_DRAWS))
        case HalfStudentT(nu, sigma):
            return np.abs(sigma * rng.standard_t(nu, N_DRAWS))
        case HalfCauchy(beta):
            return np.abs(beta * rng.standard_cauchy(N_DRAWS))
        case Exponential(lam):
            return rng.exponential(1 / lam, N_DRAWS)
    raise TypeError(f"{prior} is no prior of a standard deviation")


def _draw_lkj(eta: float, size: int, rng: np.random.Generator) -> FloatArray:
    """Correlation matrices from canonical partial correlations (Lewandowski, Kurowicka & Joe 2009, section 2.4)."""
    factor = np.zeros((N_DRAWS, size, size))
    for row in range(size):
        left = np.ones(N_DRAWS)
        for column in range(row):
            a = eta + (size - 2 - column) / 2
            partial = 2 * rng.beta(a, a, N_DRAWS) - 1
            factor[:, row, column] = partial * left
            left = left * np.sqrt(1 - partial**2)
        factor[:, row, row] = left
    return factor @ factor.swapaxes(1, 2)


def _block_of(design: Design, pair: str) -> int:
    """Number of effects in the block that a pair of effects belongs to."""
    labels = design.random_labels
    for block in design.blocks:
        names = {labels[k] for k in block}
        if any(f"{a},{b}" == pair for a in names for b in names):
            return len(block)
    raise KeyError(pair)
