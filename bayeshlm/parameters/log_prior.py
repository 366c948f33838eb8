"""Log densities of the priors at draws of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import SAMPLE, Draws, auxiliary_variables, labels_of_dims
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.schema import AUXILIARY, DIMS, Component, Parameter

COMPONENTS: tuple[Component, ...] = ("gamma", "tau", "corr", *AUXILIARY)
"""In the order of the keys of `Priors.by_key`."""


def log_prior(draws: Draws, priors: Priors) -> xr.Dataset:
    """Log prior density of each parameter at each draw.

    Parameters
    ----------
    draws : Draws
    priors : Priors

    Returns
    -------
    xarray.Dataset
        ``gamma`` (chain, draw, fixed), of each fixed effect in the coordinate ``C gamma`` that its prior is stated for;
        ``tau`` (chain, draw, random); of each auxiliary parameter, such as ``sigma`` (chain, draw); ``corr`` (chain,
        draw), the sum over the blocks of effects that may covary, where there are any.
    """
    design = draws.design
    gamma, tau = _each(priors.gamma, priors.at_means(draws.gamma)), _each(priors.tau, draws.tau)
    found = {
        "gamma": draws.labelled(gamma, ("fixed",), {"fixed": design.fixed_labels}),
        "tau": draws.labelled(tau, ("random",), {"random": design.random_labels}),
    }
    auxiliary = _each(priors.auxiliary, draws.auxiliary) if priors.auxiliary else draws.auxiliary
    for name, values in auxiliary_variables(design, auxiliary).items():
        dims = DIMS[name]
        found[name] = draws.labelled(values, dims, {dim: labels_of_dims(design)[dim] for dim in dims})
    if priors.corr is not None:
        blocks = [np.ix_(block, block) for block in design.blocks if len(block) > 1]
        densities = [priors.corr.log_density(draws.corr[(..., *block)]) for block in blocks]
        found["corr"] = draws.labelled(np.sum(densities, axis=0))
    return xr.Dataset(found)


def by_key(densities: xr.Dataset) -> xr.DataArray:
    """The densities that `log_prior` makes by the keys of the priors, (prior, chain, draw).

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> from bayeshlm.parameters.prior_draws import prior_draws
    >>> model = hlm.open_model("hsb-slopes-as-outcomes-full")
    >>> some = prior_draws(model.design, model.priors, 5, np.random.default_rng(1))
    >>> found = by_key(log_prior(Draws(some, model.design), model.priors))
    >>> found["prior"].to_numpy().tolist() == list(model.priors.by_key())
    True
    """
    keys: list[str] = []
    parts: list[FloatArray] = []
    for component in COMPONENTS:
        if component in densities:
            values = densities[component].transpose(*SAMPLE, ...)
            effects = values[values.dims[-1]].to_numpy().tolist() if values.ndim > len(SAMPLE) else [""]
            keys += [Parameter(component, effect, ()).prior_key for effect in effects]
            parts.extend(np.moveaxis(values.to_numpy().reshape(*values.shape[:2], len(effects)), -1, 0))
    return xr.DataArray(np.stack(parts), dims=("prior", *SAMPLE), coords={"prior": keys}, name="log_prior")


def _each(priors: Sequence[Prior], values: FloatArray) -> FloatArray:
    """Log densities of the elements of a vector, (..., K), under a prior each."""
    found = np.empty(values.shape)
    for k, prior in enumerate(priors):
        found[..., k] = prior.log_density(values[..., k])
    return found
