"""Rubin's rules and mixed draws: one answer from several imputed data sets or plausible values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import stdtrit

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.posterior.icc import icc
from bayeshlm.posterior.summary import check_interval, interval, with_interval
from bayeshlm.sampling import budget
from bayeshlm.sampling.convergence import Convergence, monitored_parameters
from bayeshlm.sampling.diagnostics import diagnose

FEW = 20
"""Below so many data sets the mixed draws understate what is missing (Zhou & Reiter 2010)."""


def rubin(means: FloatArray, variances: FloatArray, complete_df: FloatArray) -> dict[str, FloatArray]:
    """Rubin's rules for E estimates from m data sets.

    With the means' average and variance B, and the average variance W::

        T = W + (1 + 1/m) B      r = (1 + 1/m) B / W      lambda = (1 + 1/m) B / T

    The fraction of missing information is ``(r + 2 / (v + 3)) / (r + 1)`` with ``v = (m - 1) / lambda^2`` (Rubin 1987,
    Multiple Imputation for Nonresponse in Surveys, eq. 3.1.10). The degrees of freedom of intervals are Barnard &
    Rubin's (1999, Biometrika 86, 948-955), which stay below those of complete data.

    Parameters
    ----------
    means, variances : arrays (m, E)
        Posterior means and variances, m >= 2.
    complete_df : array (E,)
        Degrees of freedom that complete data would have.

    Returns
    -------
    dict
        ``within``, ``between``, ``total``, ``df``, ``fmi``, arrays (E,); NaN for an estimate that does not vary.

    Examples
    --------
    >>> found = rubin(np.array([[1.0], [2.0], [3.0]]), np.ones((3, 1)), np.array([np.inf]))
    >>> [round(float(found[name][0]), 4) for name in ("within", "between", "total", "df", "fmi")]
    [1.0, 1.0, 2.3333, 6.125, 0.6654]
    """
    m = len(means)
    within, between = variances.mean(axis=0), means.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (1 + 1 / m) * between / total
        rising = (m - 1) / share**2
        observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
        observed = np.where(np.isinf(complete_df), np.inf, observed)
        df = 1 / (1 / rising + 1 / observed)
        ratio = (1 + 1 / m) * between / within
        fmi = np.where(between > 0, (ratio + 2 / (rising + 3)) / (ratio + 1), np.where(total > 0, 0.0, np.nan))
    return {"within": within, "between": between, "total": total, "df": df, "fmi": fmi}


def pool(
    posteriors: Sequence[xr.Dataset], designs: Sequence[Design], prob: float = 0.95, kind: str = "eti"
) -> pd.DataFrame:
    """Pool the parameters and the ICC of m fits.

    Parameters
    ----------
    posteriors : sequence of xarray.Dataset
        One a data set.
    designs : sequence of Design
    prob, kind : float, {"eti", "hdi"}
        The interval of the mixed draws; Rubin's has the same probability.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``parameter``. From the mixed draws, which are draws from the posterior averaged over the missing
        values (Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 18.2; Zhou & Reiter 2010, The American
        Statistician 64, 159-163): ``mean``, ``sd``, ``lower``, ``upper``; by Rubin's rules ``within`` and ``between``
        variance, ``total``, ``df``, ``fmi`` (fraction of missing information), ``rubin_lower``, ``rubin_upper``;
        ``mcse_mean``, the Monte Carlo error of the mean.
    """
    check_interval(prob, kind)
    names, draws = _parameters(posteriors, designs)
    m, n_parameters = draws.shape[:2]
    finite = np.isfinite(draws).all(axis=(0, 2, 3))
    table = pd.DataFrame(np.nan, pd.Index(names, name="parameter"), ["mean", "sd", "lower", "upper"])
    mixed = np.moveaxis(draws, 0, 1).reshape(n_parameters, -1, draws.shape[-1])
    table["mean"], table["sd"] = mixed.mean(axis=(1, 2)), mixed.std(axis=(1, 2), ddof=1)
    table.loc[finite, ["lower", "upper"]] = interval(mixed[finite], prob, kind)
    found = rubin(draws.mean(axis=(2, 3)), draws.var(axis=(2, 3), ddof=1), complete_df(names, designs[0]))
    for name, values in found.items():
        table[name] = values
    half = stdtrit(np.minimum(table["df"], 1e9), (1 + prob) / 2) * np.sqrt(table["total"])
    table["rubin_lower"], table["rubin_upper"] = table["mean"] - half, table["mean"] + half
    errors = np.stack([diagnose(np.where(np.isfinite(one), one, 0.0))[3] for one in draws])
    table["mcse_mean"] = np.sqrt((errors**2).sum(axis=0)) / m
    table.attrs["n_datasets"] = m
    return with_interval(table, prob, kind)


def complete_df(names: Sequence[str], design: Design) -> FloatArray:
    """Degrees of freedom that complete data have for each parameter, (E,).

    Of a fixed effect in a line with a random effect: groups less the fixed effects of the line; of other fixed effects
    and of sigma: rows less all fixed effects; of tau, corr and the ICC: groups less one.

    Parameters
    ----------
    names : sequence of str
        As `monitored_parameters` names them.
    design : Design
    """
    random = {column.coefficient for column in design.random}
    lines = [column.coefficient for column in design.fixed]
    rows = float(design.n_obs - len(lines))
    df = {
        column.label: design.n_groups - lines.count(column.coefficient) if column.coefficient in random else rows
        for column in design.fixed
    } | {"sigma": rows}
    return np.maximum([df.get(name, design.n_groups - 1.0) for name in names], 1.0)


def stacked(posteriors: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Posteriors of several data sets with a dim ``dataset`` in front.

    u and beta are left out where they would take more than the budget (`bayeshlm.sampling.budget`) or were not kept.
    """
    first = next(iter(posteriors.values()))
    keep = [name for name in ("gamma", "tau", "corr", "sigma") if name in first]
    if "beta" in first and budget.within_budget(len(posteriors) * first["beta"].size):
        keep += ["u", "beta"]
    parts = [posterior[keep] for posterior in posteriors.values()]
    together = xr.concat(parts, dim="dataset", join="exact", combine_attrs="drop_conflicts")
    return together.assign_coords(dataset=np.array(list(posteriors)))


def mixed(posterior: xr.Dataset) -> xr.Dataset:
    """The chains of all data sets as chains of one posterior, as ArviZ takes it.

    R-hat of these chains is rightly above one: they are draws from different posteriors.
    """
    variables = {}
    for name, values in posterior.data_vars.items():
        ordered = values.transpose("dataset", "chain", "draw", ...)
        variables[name] = (("chain", *ordered.dims[2:]), ordered.to_numpy().reshape(-1, *ordered.shape[2:]))
    coords = {name: values for name, values in posterior.coords.items() if name not in ("dataset", "chain")}
    chains = np.arange(posterior.sizes["dataset"] * posterior.sizes["chain"])
    return xr.Dataset(variables, coords).assign_coords(chain=chains)


def convergence_table(verdicts: Mapping[str, Convergence]) -> pd.DataFrame:
    """The verdicts on the data sets' chains, each by itself, indexed by ``dataset``."""
    fields = ("converged", "min_ess_bulk", "min_ess_tail", "max_r_hat", "divergences")
    rows = [[getattr(verdict, name) for name in fields] for verdict in verdicts.values()]
    table = pd.DataFrame(rows, pd.Index(list(verdicts), name="dataset"), list(fields))
    table["reasons"] = [" ".join(verdict.reasons) for verdict in verdicts.values()]
    return table


def check_same_structure(designs: Mapping[str, Design]) -> None:
    """Refuse data sets that do not have the same effects and groups.

    Raises
    ------
    DataError
        Names the first data set that differs, and in what.
    """
    (first_name, first), *others = designs.items()
    for name, design in others:
        for what in ("fixed_labels", "random_labels", "coefficient_labels"):
            if getattr(design, what) != getattr(first, what):
                own, of_first = (", ".join(getattr(d, what)) for d in (design, first))
                raise DataError(
                    f"Data set {name} has other {what.replace('_', ' of ').replace(' of labels', ' effects')} than"
                    f" {first_name}: {own} and not {of_first}. A category may be missing in one of them."
                )
        if not design.group_labels.equals(first.group_labels):
            odd = design.group_labels.symmetric_difference(first.group_labels).tolist()
            raise DataError(
                f"Data set {name} does not have the same groups of {first.group!r} as {first_name}: {odd[0]!r} is in"
                " one of the two only. Imputed data sets hold the same groups."
            )


def _parameters(posteriors: Sequence[xr.Dataset], designs: Sequence[Design]) -> tuple[list[str], FloatArray]:
    """Names, and draws (m, E, chain, draw), of the monitored parameters and the ICC."""
    names: list[str] = []
    found = []
    for posterior, design in zip(posteriors, designs, strict=True):
        names, draws = monitored_parameters(posterior)
        share = icc(posterior, design).draws["icc"].transpose("chain", "draw").to_numpy()
        found.append(np.concatenate([draws, share[None]]))
    return [*names, "icc"], np.stack(found)
