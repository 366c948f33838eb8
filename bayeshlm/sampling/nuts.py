"""Runs NUTS on a PyMC model, through nutpie or PyMC's own sampler."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import dataclass
from typing import Any

import nutpie
import pymc as pm
import xarray as xr

from bayeshlm.errors import SamplingError
from bayeshlm.sampling.compile import UNCONSTRAINED, CannotCompile, compile_density
from bayeshlm.sampling.expand import expand_draws
from bayeshlm.sampling.layout import Layout
from bayeshlm.sampling.options import SamplingOptions
from bayeshlm.sampling.progress import sampling_bar, somebody_watches, stage

logger = logging.getLogger(__name__)

COMPILING = "Preparing the model; the first fit of a kind of model is compiled, which takes about a minute"


@dataclass(frozen=True)
class RawDraws:
    """What a sampler returned, before conversion.

    Attributes
    ----------
    posterior, sample_stats : xarray.Dataset
        Draws of the graph's variables and the sampler's statistics, dims (chain, draw, ...).
    compile_seconds, sample_seconds : float
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    compile_seconds: float
    sample_seconds: float


def run_nuts(model: pm.Model, layout: Layout, options: SamplingOptions) -> RawDraws:
    """Sample a model with the No-U-Turn sampler (Hoffman & Gelman 2014).

    Parameters
    ----------
    model : pm.Model
    layout : Layout
        Coordinates for nutpie to work in; PyMC's sampler finds its own.
    options : SamplingOptions

    Raises
    ------
    SamplingError
        If no chain finds a starting point with finite density, or the sampler fails.
    """
    show = somebody_watches() if options.progress is None else options.progress
    with warnings.catch_warnings():
        # PyTensor looks for a BLAS at run time that its numba backend does not need.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        try:
            if options.sampler == "pymc":
                return _run_pymc(model, options, show)
            return _run_nutpie(model, layout, options, show)
        except (RuntimeError, FloatingPointError, pm.SamplingError) as error:
            raise SamplingError(
                f"The sampler stopped: {_first_line(error)} Look at model.priors and at the scale of the"
                " columns; a prior that excludes the data is the usual reason."
            ) from error


def _run_nutpie(model: pm.Model, layout: Layout, options: SamplingOptions, show: bool) -> RawDraws:
    start = time.perf_counter()
    with stage(COMPILING, show):
        try:
            compiled = compile_density(model, layout)
        except CannotCompile as error:
            logger.warning("The fast compiler cannot serve these versions (%s); nutpie's own, slower one does.", error)
            compiled = nutpie.compile_pymc_model(model)
    compiled_at = time.perf_counter()
    tree = _sample(compiled, options, show)
    posterior = tree["posterior"].to_dataset()
    if UNCONSTRAINED in posterior:
        points = posterior[UNCONSTRAINED].transpose("chain", "draw", ...).to_numpy()
        posterior = expand_draws(model, layout.initial_point, layout.values(points))
    return RawDraws(
        posterior, tree["sample_stats"].to_dataset(), compiled_at - start, time.perf_counter() - compiled_at
    )


def _sample(compiled: Any, options: SamplingOptions, show: bool) -> xr.DataTree:
    total = options.chains * (options.draws + options.tune)
    with sampling_bar(total, show) as callback:
        tree: xr.DataTree = nutpie.sample(
            compiled,
            draws=options.draws,
            tune=options.tune,
            chains=options.chains,
            cores=options.cores,
            seed=options.seed,
            target_accept=options.target_accept,
            save_warmup=False,
            progress_bar=False,
            progress_callback=callback,
        )
    return tree


def _run_pymc(model: pm.Model, options: SamplingOptions, show: bool) -> RawDraws:
    start = time.perf_counter()
    with model:
        tree = pm.sample(
            draws=options.draws,
            tune=options.tune,
            chains=options.chains,
            cores=options.cores,
            random_seed=options.seed,
            nuts={"target_accept": options.target_accept},
            nuts_sampler="pymc",
            progressbar=show,
            quiet=not show,
            compute_convergence_checks=False,
        )
    seconds = time.perf_counter() - start
    sampling = float(tree.posterior.attrs.get("sampling_time", seconds))
    posterior, stats = (tree[group].to_dataset() for group in ("posterior", "sample_stats"))
    return RawDraws(posterior, stats, seconds - sampling, sampling)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".") + "."
