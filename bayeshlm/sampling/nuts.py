"""Runs NUTS on a model, through nutpie or PyMC's own sampler, or importance sampling in its place."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import xarray as xr

from bayeshlm.design import Design
from bayeshlm.errors import SamplingError
from bayeshlm.graph.build import build_graph
from bayeshlm.graph.parameterization import Parameterization, check_marginal
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.disk_cache import forgiving_caches
from bayeshlm.likelihood.lapack import one_blas_thread
from bayeshlm.likelihood.quadrature_posterior import n_parameters
from bayeshlm.parameters.priors import Priors
from bayeshlm.progress import sampling_bar, somebody_watches, stage
from bayeshlm.sampling.certificate import Certificate
from bayeshlm.sampling.family_target import family_target
from bayeshlm.sampling.importance import BUSY_MS, BUSY_WORK, importance_draws
from bayeshlm.sampling.layout import level1_start, mode_layout, plain_layout, reml_layout
from bayeshlm.sampling.marginal_target import marginal_target
from bayeshlm.sampling.nutpie_extension import sample_points
from bayeshlm.sampling.options import SamplingOptions
from bayeshlm.sampling.points import Points
from bayeshlm.sampling.sandwich import with_sandwich
from bayeshlm.sampling.target import CannotCompile, Target

logger = logging.getLogger(__name__)

PREPARING = "Preparing the model"
COMPILING = {
    "marginal": "Compiling the sampler, about ten seconds; later fits have it from the disk",
    "hierarchical": "Compiling this kind of model, a minute or two; later fits have it from the disk",
}


@dataclass(frozen=True)
class RawDraws:
    """What a sampler returned, before conversion.

    Attributes
    ----------
    posterior, sample_stats : xarray.Dataset
        Draws of the graph's variables and the sampler's statistics, dims (chain, draw, ...).
    compile_seconds, sample_seconds : float
    n_nodes : int
        Of quadrature, by which the random effects were integrated out; 0 where that is exact, or not done.
    pseudo_posterior : xarray.Dataset or None
        With sampling weights the draws as they were sampled; those in `posterior` have the spread of the design.
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    compile_seconds: float
    sample_seconds: float
    n_nodes: int = 0
    pseudo_posterior: xr.Dataset | None = None


def run_nuts(design: Design, priors: Priors, options: SamplingOptions, busy_ms: float | None = None) -> RawDraws:
    """Sample a model with the No-U-Turn sampler (Hoffman & Gelman 2014), or by importance sampling where that holds.

    Importance sampling is tried if it is asked for, or if nothing is and one gradient takes more than
    `busy_ms`; without its certificate NUTS runs all the same. The attributes of
    ``sample_stats`` have the certificate.

    nutpie gets the marginal density as machine code that serves every model, and a hierarchical graph compiled;
    PyMC's own sampler gets the graph.

    Parameters
    ----------
    design : Design
    priors : Priors
    options : SamplingOptions
    busy_ms : float, optional
        Milliseconds a gradient; `BUSY_MS` by default.

    Raises
    ------
    SamplingError
        If no chain finds a starting point with finite density, or the sampler fails.
    OptionError, DataError
        With sampling weights explicit effects are asked for, or there are fewer sampling units than parameters.
    """
    busy_ms = BUSY_MS if busy_ms is None else busy_ms
    if design.weights is not None:
        check_marginal(options.parameterization)
        design.weights.require_units(n_parameters(design, priors))
    run = _run_pymc if options.sampler == "pymc" else partial(_run_nutpie, busy_ms=busy_ms)
    raw = _run(run, design, priors, options)
    if design.weights is None:
        return raw
    moved = with_sandwich(raw.posterior, design, priors, raw.n_nodes)
    return replace(raw, posterior=moved, pseudo_posterior=raw.posterior)


def run_importance(
    design: Design, priors: Priors, options: SamplingOptions
) -> tuple[xr.Dataset | None, Certificate | None]:
    """Draw by importance sampling alone: the draws of the graph's variables, None without a certificate, and that.

    Parameters
    ----------
    design : Design
    priors : Priors
    options : SamplingOptions
        With ``sampler="importance"``.

    Raises
    ------
    SamplingError
        As in `run_nuts`.
    """

    def run(
        design: Design, priors: Priors, options: SamplingOptions, show: bool
    ) -> tuple[xr.Dataset | None, Certificate | None]:
        target = _target(design, priors, options)
        draws, certificate = _importance(target, options, show, BUSY_MS)
        if draws is not None and design.weights is not None:
            draws = with_sandwich(draws, design, priors, target.n_nodes)
        return draws, certificate

    return _run(run, design, priors, options)


def _run[Result](
    run: Callable[[Design, Priors, SamplingOptions, bool], Result],
    design: Design,
    priors: Priors,
    options: SamplingOptions,
) -> Result:
    """What a sampler returns, its failures being said in the package's own words."""
    show = somebody_watches() if options.progress is None else options.progress
    with warnings.catch_warnings():
        # PyTensor looks for a BLAS at run time that its numba backend does not need.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        try:
            with forgiving_caches(), one_blas_thread() if len(design.groupings) > 1 else nullcontext():
                return run(design, priors, options, show)
        except (RuntimeError, FloatingPointError) as error:  # pm.SamplingError is a RuntimeError
            raise SamplingError(
                f"The sampler stopped: {_first_line(error)} Look at model.priors and at the scale of the"
                " columns; a prior that excludes the data is the usual reason."
            ) from error


def _run_nutpie(design: Design, priors: Priors, options: SamplingOptions, show: bool, busy_ms: float) -> RawDraws:
    start = time.perf_counter()
    kind = "marginal" if options.parameterization == "marginal" else "hierarchical"
    with stage(PREPARING, show, COMPILING[kind]):
        target = _target(design, priors, options)
    compiled_at = time.perf_counter()
    draws, certificate = (None, None) if options.sampler == "nutpie" else _importance(target, options, show, busy_ms)
    if draws is not None:
        posterior, stats = draws, xr.Dataset()
    else:
        posterior, stats = _sample(target, options, show)
    if certificate is not None:
        stats.attrs |= certificate.to_attrs()
    return RawDraws(posterior, stats, compiled_at - start, time.perf_counter() - compiled_at, target.n_nodes)


def _importance(
    target: Target, options: SamplingOptions, show: bool, busy_ms: float
) -> tuple[xr.Dataset | None, Certificate | None]:
    """Draws by importance sampling where it was tried and is certified; its certificate where it was tried."""
    unasked = options.sampler == "auto"
    if unasked and (target.expand is None or not target.is_marginal):
        return None, None
    if not target.is_marginal:
        raise SamplingError(
            'sampler="importance" draws parameters whose random effects are integrated out, and here these are sampled'
            ' with them: fit with sampler="nutpie".'
        )
    if target.expand is None:
        raise SamplingError(
            'sampler="importance" needs the fast compiler, which these versions of nutpie and PyTensor do not go with:'
            ' fit with sampler="nutpie".'
        )
    density = Points(target)
    density_ms = density.milliseconds()
    if unasked and density_ms <= busy_ms and target.work <= BUSY_WORK:
        return None, None
    n_draws = options.chains * options.draws
    with stage("Importance sampling", show):
        draws, certificate = importance_draws(density, n_draws, options.seed, density_ms)
    if not certificate.holds:
        return None, certificate
    return target.expand(draws.reshape(options.chains, options.draws, -1)), certificate


def _target(design: Design, priors: Priors, options: SamplingOptions) -> Target:
    """The density that nutpie samples, by the fast route or else by nutpie's own compiler."""
    try:
        if not design.outcome.is_normal and options.parameterization != "centered":
            return family_target(design, priors, explicit=options.parameterization == "noncentered")
        if design.outcome.residuals.spread_effect and options.parameterization == "marginal":
            return family_target(design, priors)
        level1 = design.outcome.residuals.modeled
        if options.parameterization == "marginal" and (level1 or design.weights is not None):
            start = level1_start(design, priors) if level1 else plain_layout(design, priors).center
            density = likelihood_of(design).log_density(priors)
            return marginal_target(design, priors, mode_layout(density, start))
        if options.parameterization == "marginal":
            return marginal_target(design, priors, reml_layout(design, priors))
        from bayeshlm.sampling.compile import graph_target

        return graph_target(build_graph(design, priors, options.parameterization))
    except (CannotCompile, ImportError) as error:  # the modules of PyTensor and nutpie that it takes may move
        logger.warning("The fast compiler cannot serve these versions (%s); nutpie's own, slower one does.", error)
        import nutpie

        graph: Parameterization = options.parameterization if design.outcome.is_jointly_normal else "noncentered"
        return Target(nutpie.compile_pymc_model(build_graph(design, priors, graph)))


def _sample(target: Target, options: SamplingOptions, show: bool) -> tuple[xr.Dataset, xr.Dataset]:
    """Draws of the graph's variables by nutpie, and its statistics."""
    total = options.chains * (options.draws + options.tune)
    with sampling_bar(total, show) as callback:
        if target.expand is None:
            return _sample_by_package(target.compiled, options, callback)
        points, stats = sample_points(target.compiled, options, callback)
    return target.expand(points), stats


def _sample_by_package(
    compiled: Any, options: SamplingOptions, callback: Callable[[list[Any]], None] | None
) -> tuple[xr.Dataset, xr.Dataset]:
    """Draws and statistics where nutpie compiled the graph."""
    import nutpie

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
    return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()


def _run_pymc(design: Design, priors: Priors, options: SamplingOptions, show: bool) -> RawDraws:
    import pymc as pm

    start = time.perf_counter()
    with build_graph(design, priors, options.parameterization):
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
