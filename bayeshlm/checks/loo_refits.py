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
from bayeshlm.design.subset import without_rows
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.likelihood import Unit
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors
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


def refit_without(posterior: Draws, priors: Priors, left_out: NDArray[np.bool_]) -> Refit:
    """Sample the posterior without some rows, with the options of the fit.

    Parameters
    ----------
    posterior : xarray.Dataset
        The fit's, whose ``attrs`` say how it was sampled. The marginal graph is used in any case: its posterior is that
        of the others.
    design, priors
        The fit's.
    left_out : (N,) array of bool

    Raises
    ------
    SamplingError
        If the sampler fails.
    """
    design = posterior.design
    from bayeshlm.sampling.convert import posterior_dataset
    from bayeshlm.sampling.nuts import run_nuts
    from bayeshlm.sampling.options import sampling_options

    attrs, rest = posterior.dataset.attrs, without_rows(design, left_out)
    first = int(np.flatnonzero(left_out)[0])
    options = sampling_options(
        draws=int(attrs["draws"]),
        tune=int(attrs["tune"]),
        chains=int(attrs["chains"]),
        seed=int(np.random.SeedSequence([int(attrs["seed"]), first]).generate_state(1)[0]),
        sampler=attrs["sampler"],
        target_accept=float(attrs["target_accept"]),
        progress=False,
    )
    raw = run_nuts(rest, priors, options)
    draws = posterior_dataset(raw.posterior, rest)
    return Refit(draws, assess_convergence(Draws(draws, rest), raw.sample_stats))


def exact_group(posterior: Draws, priors: Priors, group: int) -> tuple[tuple[float, float, float], Refit]:
    """``elpd``, ``p_loo`` and ``mcse`` of the group at a position, from a fit without it, and that fit."""
    design = posterior.design
    refit = refit_without(posterior, priors, design.group_codes == group)
    return _refitted(posterior, refit, "group", group), refit


def exact_row(posterior: Draws, priors: Priors, row: int) -> tuple[tuple[float, float, float], Refit]:
    """As `exact_group` for one row given the other rows of its group."""
    design = posterior.design
    refit = refit_without(posterior, priors, np.arange(design.n_obs) == row)
    return _refitted(posterior, refit, "row", row), refit


def _refitted(posterior: Draws, refit: Refit, unit: Unit, position: int) -> tuple[float, float, float]:
    likelihood, units = likelihood_of(posterior.design), np.array([position])
    rest = Draws(refit.posterior, posterior.design)
    (within,) = likelihood.pointwise(posterior, unit, units)
    (without,) = likelihood.pointwise(rest, unit, units)
    return refitted(without, within, relative_efficiency(rest))
