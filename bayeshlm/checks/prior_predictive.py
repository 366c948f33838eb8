"""Prior predictive draws of the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import checked_count, checked_seed
from bayeshlm.checks.prediction import linear_predictor
from bayeshlm.checks.response import outcomes
from bayeshlm.design.design import Design
from bayeshlm.design.new_rows import fitted_rows
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.group_draws import check_budget


def prior_predictive(design: Design, priors: Priors, draws: int = 500, seed: int | None = None) -> xr.DataTree:
    """Draw parameters from the priors, and outcomes of the design's rows from them.

    Parameters
    ----------
    design : Design
        N rows; of rows that stay in a database a random sample.
    priors : Priors
    draws : int
    seed : int, optional

    Returns
    -------
    xarray.DataTree
        ``prior``: gamma, tau, corr, sigma, u, beta; ``prior_predictive``: ``y`` (chain, draw, obs_id), one chain;
        ``observed_data``. ``attrs["seed"]`` is the seed that was used.

    Raises
    ------
    OptionError
        An option is out of range, or the draws are beyond the memory budget.
    """
    draws, seed, design = checked_count("draws", draws, 1), checked_seed(seed), design.with_sample()
    check_budget(draws * max(design.kept_rows.n_rows, *design.n_unit_coefficients), "ask for fewer `draws`")
    parameters, noise = np.random.default_rng(seed).spawn(2)
    prior = Draws(prior_draws(design, priors, draws, parameters), design)
    rows = fitted_rows(design)
    u = [np.ascontiguousarray(np.moveaxis(prior.u_of(k)[0], 2, 0)) for k in range(len(design.groupings))]
    mu = linear_predictor(rows, prior.gamma[0], u)
    y = outcomes(design.outcome, rows, mu, u, prior.auxiliary[0], noise)
    of_rows = {"obs_id": pd.RangeIndex(rows.n_obs)}
    tree = xr.DataTree.from_dict(
        {
            "prior": prior.dataset,
            "prior_predictive": prior.labelled(y, ("obs_id",), of_rows).to_dataset(name="y"),
            "observed_data": xr.Dataset({"y": ("obs_id", design.y)}, of_rows),
        }
    )
    tree.attrs = {"seed": seed}
    return tree
