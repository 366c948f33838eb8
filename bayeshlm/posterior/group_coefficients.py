"""The level-1 coefficients of each group: posterior, deviation and the group's own least squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.posterior.group_ols import group_ols, has_ols
from bayeshlm.posterior.summary import summarize, with_interval


def group_coefficients(posterior: xr.Dataset, design: Design, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summarize ``beta_j = W_j gamma + u_j`` for every group.

    Parameters
    ----------
    posterior : xarray.Dataset
        With ``gamma``, ``u`` (chain, draw, <group>, random) and ``beta`` (chain, draw, <group>, coefficient).
    design : Design
        Gives group sizes, labels and the cross-products.
    prob, kind : float, {"eti", "hdi"}
        The interval of beta, as in `summarize`.

    Returns
    -------
    pandas.DataFrame
        Indexed by (<group>, ``coefficient``): ``n`` (rows of the group), the columns of `summarize` for beta,
        ``u_mean`` and ``u_sd`` (NaN for a coefficient without random effect) and ``ols``, the group's own estimate
        over the Z columns with the other terms at the posterior mean of gamma (NaN without random effect and
        where Z_j'Z_j is singular). ``attrs["n_groups_with_ols"]`` counts the groups that have one.
    """
    dims = (design.group, "coefficient")
    beta = posterior["beta"].sel(coefficient=design.coefficient_labels)
    table = summarize(beta.transpose("chain", "draw", *dims), prob, kind)
    table.insert(0, "n", np.repeat(design.n_per_group, len(design.coefficients)))

    sample = ("chain", "draw")
    u = posterior["u"].sel(random=design.random_labels).transpose(*sample, design.group, "random")
    gamma = posterior["gamma"].sel(fixed=design.fixed_labels).mean(sample).to_numpy()
    n_draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    u_sd = u.std(sample, ddof=1).to_numpy() if n_draws > 1 else np.full(u.shape[2:], np.nan)
    columns = {"u_mean": u.mean(sample).to_numpy(), "u_sd": u_sd, "ols": group_ols(design, gamma)}
    random = design.random_coefficients
    for name, values in columns.items():
        full = np.full((design.n_groups, len(design.coefficients)), np.nan)
        full[:, random] = values
        table[name] = full.ravel()
    table.attrs["n_groups_with_ols"] = int(has_ols(design.cross_products).sum())
    return with_interval(table, prob, kind)
