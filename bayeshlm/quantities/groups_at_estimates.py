"""Draws of the groups given the outcomes, all parameters held at REML's or ML's estimates."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.likelihood.coefficient_draws import drawn_groups
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.group_draws import check_budget, fewer_draws

N_CHAINS = 4
"""Draws are independent; in four parts they have the diagnostics of other draws."""

KNOWN = (
    "draws of the groups given their outcomes, all parameters at their estimates: what is not known of these is not in"
    " it, which matters where groups are few"
)


def groups_at_estimates(draw: Draws, n_draws: int = 4_000, seed: int = 0) -> Draws:
    """Draws of u and beta from the distribution of u given the outcomes, at the estimates.

    Parameters
    ----------
    draw : Draws
        The estimates, as a posterior of one draw.
    n_draws : int
        At least 4; rounded down to a multiple of 4.
    seed : int

    Returns
    -------
    Draws
        Four chains; the parameters are the same in all draws. Of normal outcomes u is normal with the moments of
        `bayeshlm.reml.empirical_bayes`, of several groupings jointly; of others it has the density that the
        quadrature integrates.

    Raises
    ------
    OptionError
        The draws would be beyond the memory budget.
    """
    design, length = draw.design, max(n_draws // N_CHAINS, 1)
    units = sum(len(one.W) * (len(one.coefficients) + len(design.random)) for one in design.equations)
    check_budget(N_CHAINS * length * units, fewer_draws(units))

    def repeated(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (N_CHAINS, length, *values.shape[2:]))

    corr = repeated(draw.corr) if len(design.random) > 1 else None
    fixed = repeated(draw.gamma), repeated(draw.tau), repeated(draw.auxiliary), corr
    parameters: xr.Dataset = labelled_posterior(design, *fixed)
    _, u, beta = drawn_groups(parameters, design, seed)
    shape = (N_CHAINS, length)
    effects, coefficients = ([one.reshape(*shape, *one.shape[1:]) for one in of] for of in (u, beta))
    return Draws(labelled_posterior(design, *fixed, effects, coefficients), design)
