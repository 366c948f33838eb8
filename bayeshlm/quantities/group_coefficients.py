"""The level-1 coefficients of each group: posterior, deviation and the group's own least squares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.design.gram import has_ols
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.without_spread_effect import without_spread_effect
from bayeshlm.likelihood.coefficient_draws import group_moments, reduced_draws, regenerated
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_ols import group_ols
from bayeshlm.quantities.summary import COLUMNS, interval, summarize, with_interval
from bayeshlm.quantities.unit_ols import design_of_units

MADE_AGAIN = (
    "mean and sd from the groups' conditional normal distributions given each draw of the parameters (law of total"
    " variance), lower and upper from draws of u made again from the seed; ess_bulk, ess_tail and r_hat not computed"
)
"""What is said of the table when the draws of u and beta were not kept."""


def group_coefficients(
    posterior: Draws, prob: float = 0.95, kind: str = "eti", grouping: str | None = None
) -> pd.DataFrame:
    """Summarize ``beta_j = W_j gamma + u_j`` for every group; with several groupings see `coefficients_of_units`.

    Parameters
    ----------
    posterior : Draws
        With u and beta, or with their moments.
    prob, kind : float, {"eti", "hdi"}
        The interval of beta, as in `summarize`.
    grouping : str, optional
        Whose groups, where there are several groupings.

    Returns
    -------
    pandas.DataFrame
        Indexed by (<group>, ``coefficient``): ``n`` (rows of the group), the columns of `summarize` for beta,
        ``u_mean`` and ``u_sd`` (NaN for a coefficient without random effect) and ``ols``, the group's own estimate
        over the Z columns with the other terms at the posterior mean of gamma (NaN without random effect and
        where Z_j'Z_j is singular; no such column where the outcome is not normal). ``attrs["n_groups_with_ols"]``
        counts the groups that have one. Of moments ``attrs["note"]`` says where the columns come from.
    """
    design, position = posterior.design, posterior.design.position_of(grouping)
    if len(design.groupings) > 1:
        return coefficients_of_units(posterior, position, prob, kind)
    source = _from_draws if posterior.has_groups else _from_moments
    table, u_mean, u_sd = source(posterior, prob, kind)
    table.insert(0, "n", np.repeat(design.n_per_group, len(design.coefficients)))
    gamma = posterior.gamma.mean(axis=(0, 1))
    columns = {"u_mean": u_mean, "u_sd": u_sd}
    if design.outcome.is_normal:
        plain = without_spread_effect(design)
        columns["ols"] = group_ols(plain, gamma)
        table.attrs["n_groups_with_ols"] = int(has_ols(plain.cross_products).sum())
    random = design.random_coefficients
    for name, values in columns.items():
        full = np.full((design.n_groups, len(design.coefficients)), np.nan)
        full[:, random] = values[:, : len(random)]
        table[name] = full.ravel()
    if not posterior.has_groups:
        table.attrs["note"] = MADE_AGAIN
    return with_interval(table, prob, kind)


def coefficients_of_units(posterior: Draws, grouping: int, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summarize the coefficients of the units of one of several groupings; see `UnitEquations`.

    Parameters
    ----------
    posterior : Draws
        With u and beta.
    grouping : int
        Its position.
    prob, kind : float, {"eti", "hdi"}
        The interval of beta, as in `summarize`.

    Returns
    -------
    pandas.DataFrame
        As `group_coefficients` has it, without ``ols``; ``u_mean`` and ``u_sd`` are those of the unit's own effect, NaN
        for a coefficient without one.
    """
    design = posterior.design
    term, equations = design.predictor.random[grouping], design.equations[grouping]
    beta, u = posterior.beta_of(grouping), posterior.u_of(grouping)
    labels = {term.grouping: term.labels.to_numpy(), "coefficient": list(equations.coefficients)}
    table = summarize(posterior.labelled(beta, tuple(labels), labels), prob, kind)
    table.insert(0, "n", np.repeat(rows_of_units(design, grouping), len(equations.coefficients)))
    own = equations.random_coefficient[design.predictor.effects_of(grouping)]
    for name, values in (("u_mean", u.mean(axis=(0, 1))), ("u_sd", u.std(axis=(0, 1), ddof=1))):
        full = np.full(beta.shape[2:], np.nan)
        full[:, own] = values
        table[name] = full.ravel()
    return with_interval(table, prob, kind)


def one_coefficient(
    posterior: Draws,
    coefficient: str,
    prob: float = 0.95,
    kind: str = "eti",
    grouping: str | None = None,
    ols: bool = True,
    positions: IntArray | None = None,
) -> pd.DataFrame:
    """Mean, interval and own least squares of one random coefficient in groups, without diagnostics.

    Parameters
    ----------
    posterior, prob, kind, grouping
        As in `group_coefficients`, whose columns of these names it has.
    coefficient : str
        Label of a coefficient with a random effect.
    ols : bool
        Whether the groups' own least squares are asked for.
    positions : array of int, optional
        Of the groups; all by default.

    Returns
    -------
    pandas.DataFrame
        Indexed by group: ``n``, ``mean``, ``lower``, ``upper``, and ``ols`` where it is asked for; of several groupings
        see `bayeshlm.quantities.unit_ols`.

    Raises
    ------
    OptionError
        The groups have no least squares of their own.
    """
    design = posterior.design
    check_interval(prob, kind)
    k = design.position_of(grouping)
    term, position = design.predictor.random[k], design.equations[k].coefficients.index(coefficient)
    some = np.arange(len(term.labels)) if positions is None else positions
    mean = coefficient_means(posterior, coefficient, k)[some]
    if posterior.has_groups or positions is not None:
        beta = (
            posterior.beta_of(k)[:, :, some]
            if posterior.has_groups
            else regenerated(posterior, some)["beta"].to_numpy()
        )
        bounds = interval(np.moveaxis(beta[..., position], 2, 0), prob, kind)
    else:

        def of_block(beta: FloatArray) -> FloatArray:
            return interval(np.ascontiguousarray(beta[:, position].T)[:, None], prob, kind)

        bounds = np.concatenate(reduced_draws(posterior, of_block))
    columns = {"n": rows_of_units(design, k)[some], "mean": mean, "lower": bounds[:, 0], "upper": bounds[:, 1]}
    if ols:
        design.outcome.require_normal("Least squares within groups")
        own = group_ols(without_spread_effect(design_of_units(posterior, k)), posterior.gamma.mean(axis=(0, 1)))
        columns["ols"] = own[some, [effect.coefficient for effect in term.columns].index(coefficient)]
    return with_interval(pd.DataFrame(columns, index=term.labels[some].rename(term.grouping)), prob, kind)


def coefficient_means(posterior: Draws, coefficient: str, grouping: int = 0) -> FloatArray:
    """Posterior mean of one coefficient in every group of a grouping, (J,)."""
    if not posterior.has_groups:
        return np.asarray(group_moments(posterior)["beta_mean"].sel(coefficient=coefficient).to_numpy())
    position = posterior.design.equations[grouping].coefficients.index(coefficient)
    return np.asarray(posterior.beta_of(grouping)[..., position].mean(axis=(0, 1)))


def mean_and_error(moments: xr.Dataset, coefficients: Sequence[str]) -> pd.DataFrame:
    """``mean``, ``sd`` and ``mcse_mean`` of beta, indexed as `summarize` has it."""
    parts = moments[["beta_mean", "beta_sd", "beta_mcse"]].sel(coefficient=list(coefficients))
    index = pd.MultiIndex.from_product([parts["beta_mean"].get_index(dim) for dim in parts["beta_mean"].dims])
    columns = {"mean": "beta_mean", "sd": "beta_sd", "mcse_mean": "beta_mcse"}
    return pd.DataFrame({name: parts[source].to_numpy().ravel() for name, source in columns.items()}, index)


def _from_draws(posterior: Draws, prob: float, kind: str) -> tuple[pd.DataFrame, FloatArray, FloatArray]:
    """Summary of beta, and mean and SD of u, (J, q)."""
    design, u = posterior.design, posterior.u
    labels = {design.group: design.group_labels.to_numpy(), "coefficient": design.coefficient_labels}
    table = summarize(posterior.labelled(posterior.beta, tuple(labels), labels), prob, kind)
    u_sd = u.std(axis=(0, 1), ddof=1) if posterior.n_draws > 1 else np.full(u.shape[2:], np.nan)
    return table, u.mean(axis=(0, 1)), u_sd


def _from_moments(posterior: Draws, prob: float, kind: str) -> tuple[pd.DataFrame, FloatArray, FloatArray]:
    """As `_from_draws`, the intervals from draws that are made again, a few groups at a time."""
    check_interval(prob, kind)
    design, moments = posterior.design, group_moments(posterior)

    def bounds(beta: FloatArray) -> FloatArray:
        n_groups = beta.shape[2]
        flat = np.ascontiguousarray(beta.transpose(2, 1, 0)).reshape(n_groups * beta.shape[1], 1, -1)
        return interval(flat, prob, kind)

    table = mean_and_error(moments, design.coefficient_labels)
    table[["lower", "upper"]] = np.concatenate(reduced_draws(posterior, bounds))
    u = moments.sel(random=design.random_labels)
    return table.reindex(columns=list(COLUMNS)), u["u_mean"].to_numpy(), u["u_sd"].to_numpy()
