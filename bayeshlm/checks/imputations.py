"""Pooling of several imputed data sets or plausible values by Rubin's rules on draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit, logit, stdtrit

from bayeshlm.arguments import check_interval
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import SAMPLE, Draws
from bayeshlm.parameters.schema import DIMS, Schema, Support
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.summary import interval, with_interval

NATURAL, LOG, FISHER_Z, LOGIT = "natural", "log", "Fisher z", "logit"
"""Scales on which a parameter's posterior is nearer to a normal one, as Rubin's rules take it to be."""

SCALES: dict[Support, str] = {"real": NATURAL, "positive": LOG, "correlation": FISHER_Z}
"""The scale on which the parameters of each support are pooled."""

TO_SCALE: dict[str, Callable[[FloatArray], FloatArray]] = {
    NATURAL: np.asarray,
    LOG: np.log,
    FISHER_Z: np.arctanh,
    LOGIT: logit,
}
FROM_SCALE: dict[str, Callable[[FloatArray], FloatArray]] = {
    NATURAL: np.asarray,
    LOG: lambda x: np.exp(np.clip(x, -700, 700)),  # two data sets leave a Cauchy's tails
    FISHER_Z: np.tanh,
    LOGIT: expit,
}


def rubin(means: FloatArray, variances: FloatArray, complete_df: FloatArray) -> dict[str, FloatArray]:
    """Rubin's rules for E estimates from m data sets.

    With the means' average and variance B, and the average variance W::

        T = W + (1 + 1/m) B      r = (1 + 1/m) B / W      lambda = (1 + 1/m) B / T

    The degrees of freedom v are Barnard & Rubin's (1999, Biometrika 86, 948-955), which stay below those of complete
    data. The fraction of missing information is ``(r + 2 / (v + 3)) / (r + 1)`` (Rubin 1987, Multiple Imputation for
    Nonresponse in Surveys, eq. 3.1.10) with the same v, as mice and mitml have it: where nothing is missing it is not
    quite zero, ``2 / (v + 3)``, because complete data of few degrees of freedom do not know the variance either.

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
        fmi = np.where(total > 0, (ratio + 2 / (df + 3)) / (ratio + 1), np.nan)
    return {"within": within, "between": between, "total": total, "df": df, "fmi": fmi}


def pool(posteriors: Sequence[Draws], prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Pool the parameters and the ICC of m fits; with several groupings the shares and ICCs of all.

    Parameters
    ----------
    posteriors : sequence of Draws
        One a data set, of designs with the same effects.
    prob, kind : float, {"eti", "hdi"}
        The intervals.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``parameter``. The answer: ``mean``, the average of the posterior means; ``sd``, the root of Rubin's
        total variance; ``lower``, ``upper``, the interval of `pooled_draws`, valid for few data sets. By Rubin's rules
        ``within`` and ``between`` variance, ``total``, in the parameter's units; ``df``, ``fmi`` (fraction of missing
        information), ``rubin_lower``, ``rubin_upper``, on the scale of `SCALES`, the ICC's on the logit. Of the mixed
        draws, as they are in `mixed`, ``mixed_sd``, ``mixed_lower``, ``mixed_upper``: too narrow for few data sets,
        because what is between m data sets counts as if there were no others (Zhou & Reiter 2010, The American
        Statistician 64, 159-163).
        ``mcse_mean``, the Monte Carlo error of the mean.
    """
    check_interval(prob, kind)
    design, schema = posteriors[0].design, posteriors[0].schema
    shares = [_shares(one) for one in posteriors]
    names, of_shares = [*schema.labels, *shares[0]], [np.stack(list(of.values())) for of in shares]
    draws = np.stack([np.concatenate([one.scalars(), of]) for one, of in zip(posteriors, of_shares, strict=True)])
    m, n_parameters = draws.shape[:2]
    finite = np.isfinite(draws).all(axis=(0, 2, 3))
    means, variances = draws.mean(axis=(2, 3)), draws.var(axis=(2, 3), ddof=1)
    df = complete_df(names, design)
    found = rubin(means, variances, df)
    table = pd.DataFrame({"mean": means.mean(axis=0), "sd": np.sqrt(found["total"])}, pd.Index(names, name="parameter"))
    bounds, t_bounds = np.full((2, n_parameters, 2), np.nan)
    for e, scale in enumerate([*(SCALES[one.support] for one in schema.parameters), *[LOGIT] * len(shares[0])]):
        if not finite[e]:
            continue
        with np.errstate(divide="ignore"):
            scaled = TO_SCALE[scale](draws[:, e])
        if not np.isfinite(scaled).all():  # a draw on the very boundary
            scale, scaled = NATURAL, draws[:, e]
        pooled = FROM_SCALE[scale](pooled_draws(scaled))
        bounds[e] = interval(pooled.reshape(1, -1, pooled.shape[-1]), prob, kind)[0]
        center, spread = scaled.mean(axis=(1, 2))[:, None], scaled.var(axis=(1, 2), ddof=1)[:, None]
        own = rubin(center, spread, df[e : e + 1])
        found["df"][e], found["fmi"][e] = own["df"][0], own["fmi"][0]
        half = stdtrit(min(own["df"][0], 1e9), (1 + prob) / 2) * np.sqrt(own["total"][0])
        t_bounds[e] = FROM_SCALE[scale](center.mean() + np.array([-half, half]))
    table["lower"], table["upper"] = bounds.T
    for name, values in found.items():
        table[name] = values
    table["rubin_lower"], table["rubin_upper"] = t_bounds.T
    together = np.moveaxis(draws, 0, 1).reshape(n_parameters, -1, draws.shape[-1])
    table["mixed_sd"] = together.std(axis=(1, 2), ddof=1)
    table.loc[finite, ["mixed_lower", "mixed_upper"]] = interval(together[finite], prob, kind)
    errors = np.stack([diagnose(np.where(np.isfinite(one), one, 0.0))[3] for one in draws])
    table["mcse_mean"] = np.sqrt((errors**2).sum(axis=0)) / m
    table.attrs["n_datasets"] = m
    return with_interval(table, prob, kind)


def pooled_draws(draws: FloatArray) -> FloatArray:
    """Draws of a parameter given all m data sets, valid for few of them.

    Rubin's rules (1987, section 3.3) have the parameter given m data sets as ``Q + e``: Q the posterior of complete
    data, moved to the average of the m means, and e the error of that average, ``sqrt((1 + 1/m) B) t(m - 1)``, because
    B is known from m means only. Rubin approximates the sum by one t; here it is taken as it is, the posterior's shape
    and the degrees of freedom of complete data with it. For equal data sets it is their posterior, for many the mixture
    of their posteriors.

    Parameters
    ----------
    draws : array, shape (m, chain, draw)
        Of one parameter, on a scale on which its means are about normal.

    Returns
    -------
    array, shape (m, chain, draw)
    """
    m = len(draws)
    means = draws.mean(axis=(1, 2))
    error = np.sqrt((1 + 1 / m) * means.var(ddof=1))
    places = (np.random.default_rng(0).permutation(draws.size) + 0.5) / draws.size  # a t's quantiles, in any order
    return np.asarray(draws - means[:, None, None] + means.mean() + error * stdtrit(m - 1, places).reshape(draws.shape))


def complete_df(names: Sequence[str], design: Design) -> FloatArray:
    """Degrees of freedom that complete data have for each parameter, (E,).

    Of a fixed effect in a line with a random effect: groups less the fixed effects of the line; of other fixed effects
    and of sigma: rows less all fixed effects; of tau, corr and the ICC: groups less one. With more levels a fixed
    effect in a line without random effect has those of the next line below that has one, with all fixed effects that
    stand above it; where a line has effects of several groupings, or an ICC is of two that cross, the one with the
    fewest groups counts.

    Parameters
    ----------
    names : sequence of str
        Labels of `bayeshlm.parameters.schema.Schema`, and ``icc``.
    design : Design
    """
    units = {column.label: len(term.labels) for term in design.predictor.random for column in term.columns}
    lines: dict[str, int] = {}
    for column in design.random:
        lines[column.coefficient] = min(units[column.label], lines.get(column.coefficient, units[column.label]))
    df = {"sigma": float(design.n_obs - len(design.fixed))}
    for fixed in design.fixed:
        line = next((line for line in reversed(fixed.path[:-1]) if line in lines), None)
        above = sum(line in other.path[:-1] for other in design.fixed)
        df[fixed.label] = df["sigma"] if line is None else float(lines[line] - above)
    for one in Schema.of(design).parameters:
        if one.component in ("tau", "corr"):
            df[one.label] = units[design.random_labels[one.position[0]]] - 1.0
    for term in design.predictor.random:
        df |= dict.fromkeys(("icc", f"share[{term.grouping}]", f"icc[{term.grouping}]"), len(term.labels) - 1.0)
    for inner, outer in combinations(design.groupings, 2):
        df[f"icc[{inner},{outer}]"] = min(df[f"icc[{inner}]"], df[f"icc[{outer}]"])
    return np.maximum([df[name] for name in names], 1.0)


def stacked(posteriors: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Posteriors of several data sets with a dim ``dataset`` in front.

    u and beta are left out where they would take more than the budget (`bayeshlm.likelihood.budget`) or were not kept.
    """
    first = next(iter(posteriors.values()))
    keep = [name for name in DIMS if name in first]
    of_groups = [str(name) for name in first if name not in DIMS]
    if budget.within_budget(sum(len(posteriors) * first[name].size for name in of_groups if name.startswith("beta"))):
        keep += of_groups
    parts = [posterior[keep] for posterior in posteriors.values()]
    together = xr.concat(parts, dim="dataset", join="exact", combine_attrs="drop_conflicts")
    return together.assign_coords(dataset=np.array(list(posteriors)))


def mixed(posterior: xr.Dataset) -> xr.Dataset:
    """The chains of all data sets as chains of one posterior, as ArviZ takes it.

    R-hat of these chains is rightly above one: they are draws from different posteriors.
    """
    variables = {}
    for name, values in posterior.data_vars.items():
        ordered = values.transpose("dataset", *SAMPLE, ...)
        variables[name] = (("chain", *ordered.dims[2:]), ordered.to_numpy().reshape(-1, *ordered.shape[2:]))
    coords = {name: values for name, values in posterior.coords.items() if name not in ("dataset", "chain")}
    chains = np.arange(posterior.sizes["dataset"] * posterior.sizes["chain"])
    return xr.Dataset(variables, coords).assign_coords(chain=chains)


def convergence_table(verdicts: Mapping[str, Convergence]) -> pd.DataFrame:
    """The verdicts on the data sets' chains, each by itself, indexed by ``dataset``."""
    fields = ("converged", "min_ess_bulk", "min_ess_tail", "max_r_hat", "divergences")
    rows = [[getattr(verdict, name) for name in fields] for verdict in verdicts.values()]
    table = pd.DataFrame(rows, pd.Index(list(verdicts), name="dataset"), list(fields))
    certified = (verdict.certificate if verdict.by_importance else None for verdict in verdicts.values())
    table["pareto_k"] = [np.nan if one is None else max(one.pareto_k[-2:]) for one in certified]
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
        for own_term, term in zip(design.predictor.random, first.predictor.random, strict=True):
            if not own_term.labels.equals(term.labels):
                odd = own_term.labels.symmetric_difference(term.labels).tolist()
                raise DataError(
                    f"Data set {name} does not have the same groups of {term.grouping!r} as {first_name}: {odd[0]!r} is"
                    " in one of the two only. Imputed data sets hold the same groups."
                )


def _shares(posterior: Draws) -> dict[str, FloatArray]:
    """Draws (chain, draw) of the ICC; with several groupings of the shares and ICCs."""
    draws = icc(posterior).draws
    names = ["icc"] if "icc" in draws else map(str, draws)
    return {name: draws[name].transpose(*SAMPLE).to_numpy() for name in names}
