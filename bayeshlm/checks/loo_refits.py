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
from bayeshlm.fitted import FittedModel
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.likelihood import Unit, grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.convergence import Convergence, assess_convergence


@dataclass(frozen=True, eq=False, slots=True)
class Refit:
    """Draws without some rows, and whether the sampler converged.

    Attributes
    ----------
    posterior : xarray.Dataset
        gamma, tau, corr and sigma.
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

    Raises
    ------
    SamplingError
        If the sampler fails.
    """
    first = int(np.flatnonzero(left_out)[0])
    seed = int(np.random.SeedSequence([fitted.options.seed, first]).generate_state(1)[0])
    refit = fitted.refit(rows=~left_out, seed=seed)
    return Refit(refit.draws.dataset, assess_convergence(refit.draws, refit.sample_stats))


def rows_left_out(fitted: FittedModel, unit: Unit, position: int) -> NDArray[np.bool_]:
    """Which rows are left out with the unit at a position, (N,)."""
    grouping = grouping_of(fitted.design, unit)
    codes = np.arange(fitted.design.n_obs) if grouping is None else fitted.design.kept_rows.codes[grouping]
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
