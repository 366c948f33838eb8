"""Runs NUTS on a PyMC model, through nutpie or PyMC's own sampler."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import nutpie
import pymc as pm
import xarray as xr

from bayeshlm.errors import SamplingError
from bayeshlm.sampling.options import SamplingOptions
from bayeshlm.sampling.progress import sampling_bar, somebody_watches, stage

COMPILING = "Compiling the model; the first fit of a model takes a minute or two"


@dataclass(frozen=True)
class RawDraws:
    """What a sampler returned, before conversion.

    Attributes
    ----------
    posterior, sample_stats : xarray.Dataset
        Draws of all variables of the graph and the sampler's statistics, dims (chain, draw, ...).
    compile_seconds, sample_seconds : float
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    compile_seconds: float
    sample_seconds: float


def run_nuts(model: pm.Model, options: SamplingOptions) -> RawDraws:
    """Sample a model with the No-U-Turn sampler (Hoffman & Gelman 2014).

    Raises
    ------
    SamplingError
        If no chain finds a starting point with finite density, or the sampler fails.
    """
    show = somebody_watches() if options.progress is None else options.progress
    runner = _run_nutpie if options.sampler == "nutpie" else _run_pymc
    with warnings.catch_warnings():
        # PyTensor looks for a BLAS at run time that its numba backend does not need.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        try:
            return runner(model, options, show)
        except (RuntimeError, FloatingPointError, pm.SamplingError) as error:
            raise SamplingError(
                f"The sampler stopped: {_first_line(error)} Look at model.priors and at the scale of the"
                " columns; a prior that excludes the data is the usual reason."
            ) from error


def _run_nutpie(model: pm.Model, options: SamplingOptions, show: bool) -> RawDraws:
    start = time.perf_counter()
    with stage(COMPILING, show):
        compiled = nutpie.compile_pymc_model(model)
    compiled_at = time.perf_counter()
    total = options.chains * (options.draws + options.tune)
    with sampling_bar(total, show) as callback:
        tree = nutpie.sample(
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
    return _raw(tree, compiled_at - start, time.perf_counter() - compiled_at)


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
    return _raw(tree, seconds - sampling, sampling)


def _raw(tree: xr.DataTree, compile_seconds: float, sample_seconds: float) -> RawDraws:
    return RawDraws(
        posterior=tree["posterior"].to_dataset(),
        sample_stats=tree["sample_stats"].to_dataset(),
        compile_seconds=compile_seconds,
        sample_seconds=sample_seconds,
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".") + "."
