"""The one conversion from a sampler's output to the labelled DataTree of the results' contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.budget import BUDGET_BYTES, GROUP_DRAWS, ON_REQUEST, within_budget
from bayeshlm.likelihood.coefficient_draws import drawn_groups
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.parameters.draws import SAMPLE, Draws, labels_of_dims
from bayeshlm.parameters.free_variables import constant_data, free_variables
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.prior_changes import basis_text
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.schema import DIMS
from bayeshlm.progress import stage
from bayeshlm.sampling.nuts import RawDraws
from bayeshlm.sampling.options import SamplingOptions

type Array = NDArray[np.float64]

PACKAGES = ("bayeshlm", "pymc", "nutpie", "pytensor", "arviz", "numpy", "xarray")


def to_datatree(raw: RawDraws, design: Design, priors: Priors, options: SamplingOptions) -> xr.DataTree:
    """Assemble the DataTree of a fit.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` (gamma, tau, corr, sigma, u, beta, and the graphs' free variables: see
        `for_pymc_and_arviz`), ``sample_stats``, ``log_likelihood`` (``y_<group>``, marginal, per group),
        ``log_prior``, ``constant_data`` (of the priors) and ``observed_data``; with sampling weights
        ``pseudo_posterior``, the parameters as they were sampled, and no ``log_likelihood``. Where beta would take
        more than the budget (`bayeshlm.likelihood.budget`) there are no u, beta, z and ``log_likelihood``: what
        is asked of the groups is worked out when it is asked for (`bayeshlm.likelihood.coefficient_draws`).
    """
    posterior = posterior_dataset(raw.posterior, design)
    n_draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    groups: dict[str, xr.Dataset] = {}
    units = " and ".join(f"{len(term.labels)} groups ({term.grouping})" for term in design.predictor.random)
    kept = within_budget(n_draws * sum(design.n_unit_coefficients))
    if kept:
        with stage(f"Computing the coefficients of {units}", options.progress):
            log_likelihood, u, beta = drawn_groups(raw.posterior, design, options.seed)
            posterior = with_groups(posterior, u, beta, design)
            if log_likelihood is not None:
                groups["log_likelihood"] = log_likelihood_dataset(log_likelihood, posterior, design)
    observed: dict[str, xr.Dataset] = {}
    if design.rows is not None:
        observed["observed_data"] = xr.Dataset({"y": ("obs_id", design.y)}, {"obs_id": pd.RangeIndex(design.n_obs)})
    stats = raw.sample_stats
    keep = [name for name in stats.data_vars if stats[name].dims == ("chain", "draw") and stats[name].dtype != object]
    tree = xr.DataTree.from_dict(
        {
            "posterior": for_pymc_and_arviz(posterior, design, priors, options.seed),
            **_as_sampled(raw, design),
            "sample_stats": stats[keep],
            **groups,
            "log_prior": log_prior(Draws(posterior, design), priors),
            "constant_data": constant_data(design, priors),
            **observed,
        }
    )
    if raw.n_nodes:
        likelihood = likelihood_of(design)
        assert isinstance(likelihood, FamilyQuadrature)  # no other has nodes
        certificate = likelihood.certificate(Draws(posterior, design), raw.n_nodes)
        tree["sample_stats"].attrs |= certificate.to_attrs()
    tree = _signed(tree, raw, design, priors, options)
    if not kept:
        tree.attrs[GROUP_DRAWS] = ON_REQUEST
    return tree


def _as_sampled(raw: RawDraws, design: Design) -> dict[str, xr.Dataset]:
    """The group ``pseudo_posterior``, where the draws were given the spread of a sampling design."""
    if raw.pseudo_posterior is None:
        return {}
    return {"pseudo_posterior": posterior_dataset(raw.pseudo_posterior, design)}


def check_kept(design: Design, options: SamplingOptions) -> None:
    """Refuse to sample what could not be kept: draws of u and beta of one grouping only are made on request.

    Raises
    ------
    OptionError
    """
    n_draws, n_units = options.chains * options.draws, sum(design.n_unit_coefficients)
    if len(design.groupings) > 1 and not within_budget(n_draws * n_units):
        raise OptionError(
            f"{n_draws:,} draws of the {n_units:,} coefficients of all groupings would take"
            f" {8 * n_draws * n_units / 2**20:.0f} MiB, more than {BUDGET_BYTES / 2**20:.0f}: ask for fewer `draws`"
        )


def parameters_tree(raw: RawDraws, design: Design, priors: Priors, options: SamplingOptions) -> xr.DataTree:
    """Assemble what a refit is asked for: ``posterior`` (gamma, tau, corr, sigma) and ``sample_stats``, as they are.

    Where random effects cannot be integrated out the posterior has u and beta, too.
    """
    posterior = posterior_dataset(raw.posterior, design)
    if not likelihood_of(design).can("marginal"):
        _, u, beta = drawn_groups(raw.posterior, design, options.seed)
        posterior = with_groups(posterior, u, beta, design)
    tree = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": raw.sample_stats})
    return _signed(tree, raw, design, priors, options)


def _signed(tree: xr.DataTree, raw: RawDraws, design: Design, priors: Priors, options: SamplingOptions) -> xr.DataTree:
    """The tree, which says what was sampled and how."""
    tree.attrs = {
        "equations": design.spec.text,
        "priors": json.dumps(priors.texts()),
        "prior_basis": basis_text(priors),
        "versions": json.dumps({name: version(name) for name in PACKAGES}),
        **options.to_attrs(),
        "compile_seconds": raw.compile_seconds,
        "sample_seconds": raw.sample_seconds,
    }
    tree["posterior"].attrs |= tree.attrs
    return tree


def posterior_dataset(draws: xr.Dataset, design: Design) -> xr.Dataset:
    """Keep the contract's parameters and label them from the design."""
    variables = {
        name: (("chain", "draw", *own), draws[name].transpose("chain", "draw", ...).to_numpy())
        for name, own in DIMS.items()
        if name in draws
    }
    coords = labels_of_dims(design) | {
        "chain": np.arange(draws.sizes["chain"]),
        "draw": np.arange(draws.sizes["draw"]),
    }
    used = {name for own, _ in variables.values() for name in own}
    return xr.Dataset(variables, {name: values for name, values in coords.items() if name in used})


def with_groups(posterior: xr.Dataset, u: Sequence[Array], beta: Sequence[Array], design: Design) -> xr.Dataset:
    """Add u (S, J, q) and beta (S, J, C) of every grouping."""
    sample = tuple(posterior.sizes[dim] for dim in SAMPLE)
    for layout, term, one, *both in zip(
        layout_of_groupings(design.groupings), design.predictor.random, design.equations, u, beta, strict=True
    ):
        posterior = posterior.assign_coords(
            {
                layout.grouping: term.labels.to_numpy(),
                layout.random: [column.label for column in term.columns],
                layout.coefficient: list(one.coefficients),
            }
        ).assign(
            {
                name: ((*SAMPLE, *dims), values.reshape(*sample, *values.shape[1:]))
                for (name, dims), values in zip(layout.dims.items(), both, strict=True)
            }
        )
    return posterior


def for_pymc_and_arviz(posterior: xr.Dataset, design: Design, priors: Priors, seed: int) -> xr.Dataset:
    """Add what PyMC looks for, and put aside what ArviZ cannot summarize.

    PyMC needs the free variables of the graph that a user opens (`bayeshlm.parameters.free_variables`). ArviZ computes
    with every data variable, and the ones on the diagonal of corr and the zeros between its blocks have no R-hat and no
    density: corr becomes a coordinate, and ``corr_pairs (corr_pair)`` has each correlation once.
    """
    everything = posterior.merge(free_variables(Draws(posterior, design), priors, seed))
    partials = partial_correlations(design, priors)
    if partials.rows:
        corr = posterior["corr"].transpose("chain", "draw", ...).to_numpy()
        pairs = corr[..., list(partials.rows), list(partials.columns)]
        everything = everything.set_coords("corr").assign(corr_pairs=(("chain", "draw", "corr_pair"), pairs))
    return everything


def log_likelihood_dataset(values: Array, posterior: xr.Dataset, design: Design) -> xr.Dataset:
    """Marginal log likelihood (S, J) of each group at each draw as ``y_<group> (chain, draw, <group>)``."""
    (layout,) = layout_of_groupings([design.group])
    dims = (*SAMPLE, layout.grouping)
    shape = tuple(posterior.sizes[dim] for dim in dims)
    return xr.Dataset({layout.log_likelihood: (dims, values.reshape(shape))}, {name: posterior[name] for name in dims})
