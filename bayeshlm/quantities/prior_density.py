"""Prior densities of the variance components and of the intraclass correlation, to draw beside their posteriors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import betaln

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.prior_draws import correlation_factors
from bayeshlm.parameters.prior_families import LKJ
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.schema import block_size
from bayeshlm.quantities.icc import between_variance

N_DRAWS = 10_000
"""Prior draws of the between-group variance that the density of the ICC is averaged over."""

HALF_STRETCH = 0.01
"""Half of the stretch of ICCs that the density is averaged over where there are several groupings."""


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
    if component != "corr":
        key = f"tau_{effect}" if component == "tau" else parameter_label(component, effect)
        return np.exp(priors.by_key()[key].log_density(x))
    assert isinstance(priors.corr, LKJ)
    a = priors.corr.pair_shape(block_size(design, effect))
    with np.errstate(divide="ignore"):
        log_density = (a - 1) * np.log1p(-(x**2)) - (2 * a - 1) * np.log(2) - betaln(a, a)
    return np.asarray(np.exp(log_density))


def icc_prior(
    priors: Priors, design: Design, x: FloatArray, at: Mapping[str, float] | None = None, grouping: int = 0
) -> FloatArray:
    """Prior density of the intraclass correlation.

    Parameters
    ----------
    priors, design
        The model's.
    x : (n,) array
        Strictly between 0 and 1.
    at : mapping, optional
        As in `bayeshlm.quantities.icc.icc`.
    grouping : int
        Position of the grouping of whose units two rows are correlated.

    Returns
    -------
    (n,) array
        To a Monte Carlo error of about 1 or 2 percent.

    Notes
    -----
    With v the between-group variance, a function of tau and corr, ``ICC = v/(v + sigma^2)`` has, given v, the density
    ``p_sigma(s) s/(2 x (1 - x))`` at ``s = sqrt(v (1 - x)/x)``; it is averaged over prior draws of v. A density of
    draws of the ICC itself would fail at 0 and 1, where it may have poles. With several groupings v is the variance
    that two rows of a unit have in common and w that of the other groupings: ``ICC = v/(v + w + sigma^2)`` has, given v
    and w, a density that has a pole where ``s^2 = v (1 - x)/x - w`` is 0; its mean over a short stretch around x is
    that of p_sigma between the values of s at the ends of the stretch.
    """
    G = _prior_covariance(priors, design)
    v = between_variance(G, design, at)
    if len(design.groupings) == 1:
        s = np.sqrt(v[:, None] * ((1 - x) / x))
        return np.asarray((np.exp(priors.sigma.log_density(s)) * s).mean(axis=0) / (2 * x * (1 - x)))
    together = np.zeros(len(design.random), dtype=bool)
    for k in (grouping, *containing(design, grouping)):
        together[design.predictor.effects_of(k)] = True
    shared = between_variance(G * np.outer(together, together), design, at)
    half = np.minimum(HALF_STRETCH, np.minimum(x, 1 - x) / 4)
    low, high = (
        np.sqrt(np.maximum(shared[:, None] * ((1 - end) / end) - (v - shared)[:, None], 0.0))
        for end in (x + half, x - half)
    )
    density = np.exp(priors.sigma.log_density((low + high) / 2)) * (high - low)
    return np.asarray(density.mean(axis=0) / (2 * half))


def _prior_covariance(priors: Priors, design: Design) -> FloatArray:
    rng = np.random.default_rng(0)
    tau = np.column_stack([prior.random(rng, (N_DRAWS,)) for prior in priors.tau])
    L = tau[:, :, None] * correlation_factors(design, priors.corr, N_DRAWS, rng)
    return np.asarray(L @ L.swapaxes(1, 2))
