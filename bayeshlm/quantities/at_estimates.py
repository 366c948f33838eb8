"""The derived quantities at REML's or ML's estimates: the posterior's own formulas on one draw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import chdtrc

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities import (
    group_coefficients,
    heterogeneity,
    icc,
    plausible_ranges,
    r2,
    reliability,
    variance_components,
)
from bayeshlm.quantities.one_draw import one_draw
from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.estimate import RemlEstimate


def estimates_as_draw(design: Design, estimate: RemlEstimate) -> xr.Dataset:
    """Make a posterior of one draw, u the empirical Bayes estimates."""
    e = estimate
    return one_draw(design, e.gamma, e.tau, e.corr, e.sigma, [effects.u for effects in empirical_bayes(e)])


def variance_estimates(draw: Draws) -> pd.DataFrame:
    """Estimates of tau, tau2, cov, corr, sigma or the like, sigma2, by (component, effect); corr NaN beside tau 0."""
    table = _estimates(variance_components.variance_components(draw))
    tau = table["estimate"].loc["tau"]
    for component, effect in table.index:
        if component == "corr" and (tau[effect.split(",")] == 0).any():
            table.loc[(component, effect), "estimate"] = np.nan
    if len(draw.design.groupings) > 1:
        of = {column.label: term.grouping for term in draw.design.predictor.random for column in term.columns}
        table.insert(0, "grouping", [of.get(effect.split(",")[0], "") for _, effect in table.index])
    return table


def group_estimates(draw: Draws, estimate: RemlEstimate) -> pd.DataFrame:
    """Empirical Bayes estimates of the only grouping: n, estimate of beta, u, its conditional SD, the own OLS."""
    design = draw.design
    summary = group_coefficients.group_coefficients(draw)
    columns = {"n": "n", "mean": "estimate", "u_mean": "u", "u_sd": "u_sd", "ols": "ols"}
    table = summary[list(columns)].rename(columns=columns)
    sd = np.full((design.n_groups, len(design.coefficients)), np.nan)
    sd[:, design.random_coefficients] = empirical_bayes(estimate)[0].sd
    table["u_sd"] = sd.ravel()
    table.attrs = {"n_groups_with_ols": summary.attrs["n_groups_with_ols"]}
    return table


def unit_estimates(draw: Draws, estimate: RemlEstimate, grouping: int) -> pd.DataFrame:
    """Empirical Bayes estimates of one of several groupings, by (unit, coefficient): n, estimate of beta, u, its SD.

    Parameters
    ----------
    draw : Draws
        Of `estimates_as_draw`.
    estimate : RemlEstimate
    grouping : int
        Its position.
    """
    design, effects = draw.design, empirical_bayes(estimate)[grouping]
    term, labels = design.predictor.random[grouping], design.equations[grouping].coefficients
    at = [labels.index(column.coefficient) for column in term.columns]
    beta = draw.beta_of(grouping)[0, 0]
    table = {"n": np.repeat(rows_of_units(design, grouping), len(labels)), "estimate": beta.ravel()}
    for name, values in (("u", effects.u), ("u_sd", effects.sd)):
        full = np.full(beta.shape, np.nan)
        full[:, at] = values
        table[name] = full.ravel()
    index = pd.MultiIndex.from_product([term.labels, labels], names=[term.grouping, "coefficient"])
    return pd.DataFrame(table, index=index)


def icc_estimates(draw: Draws, at: Mapping[str, float] | None) -> pd.Series:
    """ICC, unadjusted ICC and design effect."""
    found = icc.icc(draw, at)
    series = found.table["mean"].rename("estimate")
    series.attrs = {"notes": found.notes}
    return series


def heterogeneity_estimates(draw: Draws) -> pd.Series:
    """I^2, H^2, and Cochran's Q with its degrees of freedom and p."""
    found, design = heterogeneity.heterogeneity(draw), draw.design
    q, df = float(np.sum(design.products.yty)), design.n_obs - len(design.fixed)
    test = pd.Series({"q": q, "q_df": float(df), "q_p": float(chdtrc(df, q))})
    series: pd.Series = pd.concat([found.table["mean"], test])
    series.attrs = {"notes": found.notes}
    series.name = "estimate"
    return series


def range_estimates(
    draw: Draws, prob: float, at: Mapping[str, float] | None, z: float | None, grouping: str | None = None
) -> pd.DataFrame:
    """Plausible ranges by coefficient: lower, upper."""
    found = plausible_ranges.plausible_ranges(draw, prob, at, z, grouping=grouping)
    table = found.table["plug_in"].unstack("end")[["lower", "upper"]]  # noqa: PD010 - two ends to two columns
    table = table.loc[found.draws["coefficient"].to_numpy()]
    table.columns.name = None
    table.attrs = {"ci_prob": prob, "notes": found.notes}
    return table


def reliability_estimates(draw: Draws, grouping: str | None = None) -> pd.DataFrame:
    """Reliabilities by coefficient."""
    found = reliability.reliability(draw, grouping=grouping)
    table = _estimates(found.table)
    table.attrs = {"n_groups_with_ols": found.table.attrs["n_groups_with_ols"], "notes": found.notes}
    return table


def r2_estimates(draw: Draws, null: tuple[xr.Dataset, Design] | None = None) -> pd.Series:
    """Variance explained: its shares, and the reduction from a null model's estimates."""
    found = r2.r2(draw, null)
    series = found.table["mean"].rename("estimate")
    series.attrs = {"notes": found.notes}
    return series


def _estimates(summary: pd.DataFrame) -> pd.DataFrame:
    table = summary[["mean"]].rename(columns={"mean": "estimate"})
    table.attrs = {}
    return table
