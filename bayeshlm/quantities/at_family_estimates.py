"""As `bayeshlm.quantities.at_estimates`, of estimates by the likelihood of rows; apart because these import numba."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.family_reliability import share_told
from bayeshlm.quantities.one_draw import one_draw
from bayeshlm.reml.family_effects import effects_of_groups
from bayeshlm.reml.family_estimate import FamilyEstimate


def family_as_draw(estimate: FamilyEstimate) -> xr.Dataset:
    """Make a posterior of one draw of such estimates, u the modes given the outcomes."""
    e, design = estimate, estimate.problem.design
    return one_draw(design, e.gamma, e.tau, e.corr, e.auxiliary, [effects_of_groups(e).mode])


def family_group_estimates(draw: Draws, estimate: FamilyEstimate) -> pd.DataFrame:
    """Estimates of the groups: beta, u, its SD, its mean.

    Parameters
    ----------
    draw : Draws
        Of `family_as_draw`.
    estimate : FamilyEstimate
    """
    design, effects = draw.design, effects_of_groups(estimate)
    index = pd.MultiIndex.from_product(
        [design.group_labels, design.coefficient_labels], names=[design.group, "coefficient"]
    )
    table = pd.DataFrame({"n": np.repeat(design.n_per_group, len(design.coefficients))}, index)
    table["estimate"] = draw.beta[0, 0].ravel()
    columns = {
        "u": effects.mode,
        "u_sd": effects.curvature_sd,
        "posterior_mean": effects.mean,
        "posterior_sd": effects.sd,
    }
    for name, values in columns.items():
        full = np.full((design.n_groups, len(design.coefficients)), np.nan)
        full[:, design.random_coefficients] = values[:, : len(design.random_coefficients)]
        table[name] = full.ravel()
    return table


def family_reliability_estimates(estimate: FamilyEstimate) -> pd.DataFrame:
    """Reliabilities by coefficient, averaged over groups: see `bayeshlm.quantities.family_reliability`."""
    design, values = estimate.problem.design, share_told(effects_of_groups(estimate).sd ** 2, estimate.tau)
    (term,) = design.predictor.random
    index = pd.Index([column.coefficient for column in term.columns], name="coefficient")
    return pd.DataFrame({"estimate": values.mean(axis=0)}, index)
