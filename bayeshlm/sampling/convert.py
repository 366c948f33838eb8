"""The one conversion from a sampler's output to the labelled DataTree of the results' contract."""

from __future__ import annotations

import json
from importlib.metadata import version

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.graph.priors import Priors
from bayeshlm.sampling.nuts import RawDraws
from bayeshlm.sampling.options import SamplingOptions
from bayeshlm.sampling.recover import group_blocks

type Array = NDArray[np.float64]

PACKAGES = ("bayeshlm", "pymc", "nutpie", "pytensor", "arviz", "numpy", "xarray")


def to_datatree(raw: RawDraws, design: Design, priors: Priors, options: SamplingOptions) -> xr.DataTree:
    """Assemble the DataTree of a fit.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` (gamma, tau, corr, sigma, u, beta), ``sample_stats``,
        ``log_likelihood`` (``y_<group>``, marginal, per group), ``log_prior`` and ``observed_data``.
    """
    log_likelihood, u = groups_of(raw.posterior, design, options.seed)
    posterior = posterior_dataset(raw.posterior, u, design)
    stats = raw.sample_stats
    keep = [name for name in stats.data_vars if stats[name].dims == ("chain", "draw") and stats[name].dtype != object]
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": stats[keep],
            "log_likelihood": log_likelihood_dataset(log_likelihood, posterior, design),
            "log_prior": log_prior_dataset(posterior, design, priors),
            "observed_data": xr.Dataset({"y": ("obs_id", design.y)}, {"obs_id": np.arange(design.n_obs)}),
        }
    )
    tree.attrs = {
        "equations": design.spec.text,
        "priors": json.dumps(priors.texts()),
        "versions": json.dumps({name: version(name) for name in PACKAGES}),
        "seed": options.seed,
        "sampler": options.sampler,
        "parameterization": options.parameterization,
        "chains": options.chains,
        "draws": options.draws,
        "tune": options.tune,
        "target_accept": options.target_accept,
        "compile_seconds": raw.compile_seconds,
        "sample_seconds": raw.sample_seconds,
    }
    tree["posterior"].attrs |= tree.attrs
    return tree


def groups_of(draws: xr.Dataset, design: Design, seed: int) -> tuple[Array, Array]:
    """Marginal log likelihood (chain, draw, J) of the groups, and u (chain, draw, J, q).

    u is taken from the draws when it was sampled, and else drawn from its conditional normal.
    """
    gamma, tau, sigma = (draws[name].transpose("chain", "draw", ...).to_numpy() for name in ("gamma", "tau", "sigma"))
    shape, q = sigma.shape, tau.shape[-1]
    chol = (tau[..., :, None] * corr_factor(draws, q)).reshape(-1, q, q)
    log_likelihood, u = np.empty((sigma.size, design.n_groups)), np.empty((sigma.size, design.n_groups, q))
    for block in group_blocks(design.cross_products, gamma.reshape(sigma.size, -1), chol, sigma.ravel()):
        log_likelihood[:, block.groups] = block.log_likelihood
        if "u" not in draws:
            u[:, block.groups] = block.draw(seed)
    if "u" in draws:
        u = draws["u"].transpose("chain", "draw", ...).to_numpy()
    return log_likelihood.reshape(*shape, -1), u.reshape(*shape, -1, q)


def posterior_dataset(draws: xr.Dataset, u: Array, design: Design) -> xr.Dataset:
    """Keep the contract's variables, label them from the design, add u and ``beta = W gamma + u``."""
    group = design.group
    dims = {"gamma": ("fixed",), "tau": ("random",), "corr": ("random", "random_"), "sigma": ()}
    variables = {
        name: (("chain", "draw", *own), draws[name].transpose("chain", "draw", ...).to_numpy())
        for name, own in dims.items()
        if name in draws
    }
    beta = np.einsum("jck,sdk->sdjc", design.W, variables["gamma"][1], optimize=True)
    beta[..., design.random_coefficients] += u
    variables["u"] = (("chain", "draw", group, "random"), u)
    variables["beta"] = (("chain", "draw", group, "coefficient"), beta)
    coords = {
        "fixed": design.fixed_labels,
        "random": design.random_labels,
        "random_": design.random_labels,
        "coefficient": design.coefficient_labels,
        group: design.group_labels.to_numpy(),
        "chain": np.arange(draws.sizes["chain"]),
        "draw": np.arange(draws.sizes["draw"]),
    }
    used = {name for own, _ in variables.values() for name in own}
    return xr.Dataset(variables, {name: values for name, values in coords.items() if name in used})


def log_likelihood_dataset(values: Array, posterior: xr.Dataset, design: Design) -> xr.Dataset:
    """Marginal log likelihood of each group at each draw, ``y_<group> (chain, draw, <group>)``."""
    dims = ("chain", "draw", design.group)
    return xr.Dataset({f"y_{design.group}": (dims, values)}, {name: posterior[name] for name in dims})


def log_prior_dataset(posterior: xr.Dataset, design: Design, priors: Priors) -> xr.Dataset:
    """Log prior density of each parameter at each draw; of an intercept, where its prior holds."""
    gamma = priors.at_means(posterior["gamma"].to_numpy())
    tau = posterior["tau"].to_numpy()
    sigma = posterior["sigma"]
    parts = [prior.log_density(gamma[..., k]) for k, prior in enumerate(priors.gamma)]
    log_prior = xr.Dataset(
        {
            "gamma": posterior["gamma"].copy(data=np.stack(parts, axis=-1)),
            "tau": posterior["tau"].copy(
                data=np.stack([prior.log_density(tau[..., k]) for k, prior in enumerate(priors.tau)], axis=-1)
            ),
            "sigma": sigma.copy(data=priors.sigma.log_density(sigma.to_numpy())),
        }
    )
    if priors.corr is not None:
        corr = posterior["corr"].to_numpy()
        blocks = [np.ix_(block, block) for block in design.blocks if len(block) > 1]
        total = sum(priors.corr.log_density(corr[(..., *block)]) for block in blocks)
        log_prior["corr"] = (("chain", "draw"), total)
    return log_prior


def corr_factor(draws: xr.Dataset, q: int) -> Array:
    """A matrix R with ``R R' = corr`` at each draw, shape (chain, draw, q, q); the identity without corr."""
    if "corr" not in draws:
        return np.eye(q)
    values, vectors = np.linalg.eigh(draws["corr"].transpose("chain", "draw", ...).to_numpy())
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0))[..., None, :])
