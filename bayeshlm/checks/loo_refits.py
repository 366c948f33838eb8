"""The posterior without a group or a row, sampled anew: the exact answer where importance weights give none.

The model stays the same model. The columns keep the constants that the whole data gave them (grand means, group means,
scales), and the priors are those of the whole data, although their defaults are made of the data's scales: what is left
out is rows, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.checks.psis import refitted, relative_efficiency
from bayeshlm.design.design import Design
from bayeshlm.fitted import FittedModel
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.likelihood.likelihood import Unit, grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.convergence import Convergence, assess_convergence


@dataclass(frozen=True, eq=False, slots=True)
class Refit:
    """Draws without some rows, and whether the sampler converged.

    Attributes
    ----------
    posterior : xarray.Dataset
        gamma, tau, corr and sigma; and, where random effects cannot be integrated out, u of all groups of the data.
    convergence : Convergence
    """

    posterior: xr.Dataset
    convergence: Convergence


def refit_without(fitted: FittedModel, left_out: NDArray[np.bool_]) -> Refit:
    """Sample the posterior without some rows, with the options of the fit and a seed of their own.

    Parameters
    ----------
    fitted : FittedModel
    left_out : (N,) array of bool
        Or of cells, see `rows_left_out`.

    Raises
    ------
    SamplingError
        If the sampler fails.
    """
    first = int(np.flatnonzero(left_out)[0])
    seed = int(np.random.SeedSequence([fitted.options.seed, first]).generate_state(1)[0])
    refit = fitted.refit(rows=~left_out, seed=seed)
    return Refit(
        _with_all_groups(refit.draws, fitted.design, seed), assess_convergence(refit.draws, refit.sample_stats)
    )


def _with_all_groups(draws: Draws, design: Design, seed: int) -> xr.Dataset:
    """Draws of the parameters, and, where u was sampled, of u of all groups of a design: new ones of those left out."""
    if not draws.has_groups:
        return draws.dataset
    rng, variables = np.random.default_rng([seed, design.n_obs]), {}
    of_terms = zip(draws.layouts, draws.design.predictor.random, design.predictor.random, strict=True)
    for k, (chol, (layout, kept, term)) in enumerate(zip(covariance_factors(draws), of_terms, strict=True)):
        noise = rng.standard_normal((draws.n_draws, len(term.labels), len(term.columns)))
        u = np.einsum("sqr,sjr->sjq", chol, noise)
        u[:, term.labels.get_indexer(kept.labels)] = draws.flat(draws.u_of(k))
        labels = {layout.grouping: term.labels.to_numpy(), layout.random: [column.label for column in term.columns]}
        variables[layout.u] = draws.labelled(u, tuple(labels), labels)
    parameters = draws.dataset.drop_dims([layout.grouping for layout in draws.layouts])
    return parameters.assign(variables)


def rows_left_out(fitted: FittedModel, unit: Unit, position: int) -> NDArray[np.bool_]:
    """Which rows are left out with the unit at a position, (N,); which cells, where the rows stay in a database."""
    grouping = grouping_of(fitted.design, unit)
    codes = np.arange(fitted.design.n_obs) if grouping is None else fitted.design.cells.codes[grouping]
    return np.asarray(codes == position)


def exact_unit(fitted: FittedModel, unit: Unit, position: int) -> tuple[tuple[float, float, float], Refit]:
    """``elpd``, ``p_loo`` and ``mcse`` of the unit at a position, from a fit without it, and that fit."""
    refit = refit_without(fitted, rows_left_out(fitted, unit, position))
    return _refitted(fitted.draws, refit, unit, position), refit


def _refitted(posterior: Draws, refit: Refit, unit: Unit, position: int) -> tuple[float, float, float]:
    likelihood, units = likelihood_of(posterior.design), np.array([position])
    rest = Draws(refit.posterior, posterior.design)
    (within,) = likelihood.pointwise(posterior, unit, units)
    (without,) = likelihood.pointwise(rest, unit, units)
    return refitted(without, within, relative_efficiency(rest))
