"""Cross-check of the posterior with REML: the table, the verdict, and the reasons where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.checks.causes import Cause, RowOfDraws, causes, few_draws, no_estimate
from bayeshlm.checks.prior_pulls import prior_pulls
from bayeshlm.checks.reml_components import Component, components, draws_of_components, held_correlations
from bayeshlm.checks.verdicts import AGREES, DIFFERS, MAX_DIFFERENCE, NO_ESTIMATE, UNDECIDED, compared, verdict
from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.group_coefficients import mean_and_error
from bayeshlm.quantities.group_draws import group_draws
from bayeshlm.quantities.summary import summarize
from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.estimate import RemlEstimate

LARGEST, RMS = "largest", "root mean square"
"""Rows that sum up the groups: the group with the largest difference, and all of them."""


@dataclass(frozen=True, eq=False, repr=False)
class CrossCheck:
    """Agreement of a posterior with REML.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by (``component``, ``effect``): ``("gamma", "g00")``, ``("tau", "u0")``, ``("corr", "u0,u1")``,
        ``("sigma", "")``, ``("icc", "")``, and for the groups ``("beta", "b0, largest")`` and ``("beta", "b0, root
        mean square")``. Columns: posterior ``mean`` and ``sd``; REML's ``estimate`` and ``se``; ``difference``, mean
        minus estimate, and its Monte Carlo error ``difference_mcse``, both in ``unit`` ("REML se" or "posterior sd");
        ``verdict`` ("agrees", "differs", "undecided", "no estimate"); ``causes``, their names joined by commas;
        ``reason``; ``group``, the group of the row.
    groups : pandas.DataFrame
        Indexed by (<group>, ``coefficient``), with the first eight of these columns for every group.
    agrees : bool
        Whether every row with an estimate agrees and the sampler has converged.
    verdict : str
        One sentence.
    reasons : tuple of str
        A sentence for each row that does not agree, and those on convergence.
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    agrees: bool
    verdict: str
    reasons: tuple[str, ...]


def cross_check(
    posterior: Draws,
    priors: Priors,
    estimate: RemlEstimate,
    convergence: Convergence,
    moments: xr.Dataset | None = None,
) -> CrossCheck:
    """Compare a posterior with REML.

    Parameters
    ----------
    posterior : Draws
        Of gamma, tau, corr, sigma and, without `moments`, beta.
    priors : Priors
    estimate : RemlEstimate
        REML fit of the same design.
    convergence : Convergence
        The verdict on the sampler.
    moments : xarray.Dataset, optional
        As `bayeshlm.likelihood.coefficient_draws.group_moments` makes them, where beta was not kept.

    Returns
    -------
    CrossCheck

    Notes
    -----
    The difference is in REML's standard errors: those of `components`, and for the groups conditional SDs. An
    estimate on a boundary or within two standard errors of it has a curvature but no standard error that means
    anything; there the posterior SD is the unit. `bayeshlm.checks.verdicts` states when rows agree,
    `bayeshlm.checks.causes` how a reason is computed.
    """
    design = posterior.design
    rows = components(estimate, design)
    summaries, draws = draws_of_components(posterior)
    table = compared(
        summaries,
        np.array([row.estimate for row in rows]),
        np.array([row.se for row in rows]),
        np.array([row.regular for row in rows]),
    )
    groups = compare_groups(posterior, estimate, tuple(row for row in rows if row.component == "tau"), moments)
    table.index = pd.MultiIndex.from_tuples([row.key for row in rows])
    table = pd.concat([table, _group_rows(groups)]).rename_axis(["component", "effect"])
    worst = [label for position in groups.positions for label in (design.group_labels[position], None)]
    table["group"] = pd.Series([None] * len(rows) + worst, table.index, dtype=object)

    every = (*rows, *groups.largest)
    every_draws = np.concatenate([draws, groups.draws])
    pulls = prior_pulls(posterior, priors, estimate, every, every_draws)
    positions = [*range(len(rows)), *(len(rows) + q for q in range(len(groups.largest)) for _ in (LARGEST, RMS))]
    found = [_row_of_draws(table, t, every[k], every_draws[k]) for t, k in enumerate(positions)]
    variances = [row for row in found if row.row.component in ("tau", "corr", "sigma")]
    held = held_correlations(estimate, rows, table["mean"].to_numpy()[: len(rows)])
    named: list[tuple[Cause, ...]] = []
    for said, row, k in zip(table["verdict"], found, positions, strict=True):
        if said == DIFFERS:
            moves = held.get(row.row.effect, ()) if row.row.component == "tau" else ()
            named.append(causes(row, k, pulls, variances, estimate.reason, convergence.converged, moves))
        else:
            others = {UNDECIDED: few_draws(row.error), NO_ESTIMATE: no_estimate(estimate.reason)}
            named.append((others[said],) if said in others else ())
    table["causes"] = [", ".join(cause.name for cause in some) for some in named]
    table["reason"] = ["; ".join(cause.text for cause in some) for some in named]
    return _judged(table, groups.table, convergence)


@dataclass(frozen=True, eq=False, slots=True)
class GroupComparison:
    """Groups' coefficients that have a random effect, posterior beside REML.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by (<group>, ``coefficient``); columns of `bayeshlm.checks.verdicts.compared`.
    largest : tuple of Component
        Of each coefficient the group with the largest difference.
    draws : array (q, S)
        Its draws, the chains one after another.
    positions : tuple of int, length q
        Its position among the groups.
    """

    table: pd.DataFrame
    largest: tuple[Component, ...]
    draws: FloatArray
    positions: tuple[int, ...]


def compare_groups(
    posterior: Draws,
    estimate: RemlEstimate,
    tau: tuple[Component, ...],
    moments: xr.Dataset | None = None,
) -> GroupComparison:
    """Compare ``beta_j = W_j gamma + u_j`` of every group.

    Parameters
    ----------
    posterior : Draws
    estimate : RemlEstimate
    tau : tuple of Component, length q
        REML's SDs of the random effects.
    moments : xarray.Dataset, optional
        Of the groups' coefficients, where beta was not kept.

    Notes
    -----
    The unit is the conditional SD of u_j given the variance components, as lme4's ``ranef(condVar=TRUE)`` has it,
    and the posterior SD of beta_j where tau lies near zero or on it.
    """
    design = posterior.design
    positions = design.random_coefficients
    labels = [design.coefficient_labels[c] for c in positions]
    (eb,) = empirical_bayes(estimate)
    estimates = coefficient_means(design, estimate.gamma)[:, positions] + eb.u
    if moments is None:
        beta = posterior.dataset["beta"].sel(coefficient=labels).transpose("chain", "draw", design.group, "coefficient")
        summary = summarize(beta)
    else:
        summary = mean_and_error(moments, labels)
    regular = np.broadcast_to([component.regular for component in tau], estimates.shape)
    sd = np.where(np.array([component.on_boundary for component in tau]), np.nan, eb.sd)
    table = compared(summary, estimates.ravel(), sd.ravel(), regular.ravel(), design.n_groups)
    size = np.abs(np.nan_to_num(table["difference"].to_numpy())).reshape(estimates.shape)
    worst = size.argmax(axis=0)
    named = group_draws(posterior, design.group_labels[worst])["beta"]
    named = named.sel(coefficient=labels).transpose(design.group, "coefficient", "chain", "draw")
    index = range(len(labels))
    return GroupComparison(
        table=table,
        largest=tuple(Component("beta", labels[q], estimates[worst[q], q], sd[worst[q], q]) for q in index),
        draws=np.array([named[q, q].to_numpy().ravel() for q in index]),
        positions=tuple(int(worst[q]) for q in index),
    )


def _group_rows(groups: GroupComparison) -> pd.DataFrame:
    """Two rows a coefficient: its largest difference, and the root mean square of all."""
    width = len(groups.largest)
    rows = {}
    for q, component in enumerate(groups.largest):
        part = groups.table.iloc[q::width]
        largest = part.iloc[groups.positions[q]]
        rows["beta", f"{component.effect}, {LARGEST}"] = largest.to_dict()
        size, error = (float(np.sqrt((part[name] ** 2).mean())) for name in ("difference", "difference_mcse"))
        rows["beta", f"{component.effect}, {RMS}"] = {
            **dict.fromkeys(("mean", "sd", "estimate", "se"), np.nan),
            "difference": size,
            "difference_mcse": error,
            "unit": largest["unit"],
            "verdict": verdict(size, error),
        }
    return pd.DataFrame(list(rows.values()), index=pd.MultiIndex.from_tuples(rows))


def _row_of_draws(table: pd.DataFrame, position: int, row: Component, draws: FloatArray) -> RowOfDraws:
    values = table.iloc[position]
    unit = row.se if values["unit"] == "REML se" else float(draws.std(ddof=1))
    difference = (float(draws.mean()) - row.estimate) / unit if unit > 0 else np.nan
    return RowOfDraws(row, draws, difference, float(values["difference_mcse"]), unit)


def _judged(table: pd.DataFrame, groups: pd.DataFrame, convergence: Convergence) -> CrossCheck:
    counts = table["verdict"].value_counts()
    differing, undecided = int(counts.get(DIFFERS, 0)), int(counts.get(UNDECIDED, 0))
    total = len(table) - int(counts.get(NO_ESTIMATE, 0))
    if differing:
        sentence = (
            f"Posterior and REML differ in {differing} of {total} rows by more than {MAX_DIFFERENCE:g} standard errors."
        )
    elif undecided:
        sentence = f"Undecided: {undecided} of {total} rows need more draws; no row differs beyond Monte Carlo error."
    elif not convergence.converged:
        sentence = (
            f"Undecided: all {total} rows agree within {MAX_DIFFERENCE:g} standard errors, but the sampler has"
            " not converged."
        )
    else:
        sentence = f"Posterior and REML agree: all {total} rows are within {MAX_DIFFERENCE:g} standard errors."
    rows = zip(table.index, table["group"], table["verdict"], table["difference"], table["reason"], strict=True)
    reasons = [
        f"{_name(key, group)}, {said}{'' if said == NO_ESTIMATE else f' ({size:+.2f})'}: {reason}."
        for key, group, said, size, reason in rows
        if said != AGREES
    ]
    agrees = not differing and not undecided and convergence.converged
    return CrossCheck(table, groups, agrees, sentence, (*reasons, *convergence.reasons))


def _name(key: tuple[str, str], group: object) -> str:
    name = " ".join(key).strip()
    return name if group is None else f"{name} ({group})"
