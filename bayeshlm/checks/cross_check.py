"""Cross-check of the posterior with REML, or ML where the outcome is not normal: table, verdict and reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayeshlm.checks.causes import Cause, RowOfDraws, causes, few_draws, no_estimate
from bayeshlm.checks.component import Component
from bayeshlm.checks.importance_check import ImportanceCheck
from bayeshlm.checks.prior_pulls import prior_pulls
from bayeshlm.checks.reml_components import components, draws_of_components, held_correlations
from bayeshlm.checks.unit_comparison import GroupComparison, compare_groups, table_of_groups
from bayeshlm.checks.verdicts import (
    AGREES,
    DIFFERS,
    MAX_DIFFERENCE,
    NO_ESTIMATE,
    POSTERIOR_SD,
    UNDECIDED,
    compared,
    verdict,
)
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimates import Estimate

LARGEST, RMS = "largest", "root mean square"
"""Rows that sum up the groups: the group with the largest difference, and all of them."""


@dataclass(frozen=True, eq=False, repr=False)
class CrossCheck:
    """Agreement of a posterior with REML, or with ML where the outcome is not normal.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by (``component``, ``effect``): ``("gamma", "g00")``, ``("tau", "u0")``, ``("corr", "u0,u1")``,
        ``("sigma", "")``, ``("icc", "")``, and for the groups ``("beta", "b0, largest")`` and ``("beta", "b0, root
        mean square")``. With several groupings ``("share", "school")`` of each, ``("icc", "child")`` where that is
        more than the share, and ``("beta", "school b0, largest")``. Columns: posterior ``mean`` and ``sd``; REML's
        ``estimate`` and ``se``; ``difference``, mean minus estimate, and its Monte Carlo error ``difference_mcse``,
        both in ``unit`` ("REML se", "ML se" or "posterior sd"); ``verdict`` ("agrees", "differs", "undecided", "no
        estimate"); ``causes``, their names joined by commas; ``reason``; ``group``, the group of the row.
    groups : pandas.DataFrame
        Indexed by (<group>, ``coefficient``), with several groupings by (``grouping``, ``unit``, ``coefficient``), with
        the first eight of these columns for every group.
    agrees : bool
        Whether every row with an estimate agrees and the sampler has converged.
    verdict : str
        One sentence.
    reasons : tuple of str
        A sentence for each row that does not agree, and those on convergence.
    importance : ImportanceCheck or None
        The draws beside importance sampling's, where that was asked for; then `agrees` means both.
    method : "REML" or "ML"
        What the posterior is compared with.
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    agrees: bool
    verdict: str
    reasons: tuple[str, ...]
    importance: ImportanceCheck | None = None
    method: Method = "REML"

    def with_importance(self, found: ImportanceCheck) -> CrossCheck:
        """The cross-check with a comparison of two samplers beside it."""
        return replace(self, agrees=self.agrees and found.agrees, importance=found)


def cross_check(
    posterior: Draws,
    priors: Priors,
    estimate: Estimate,
    convergence: Convergence,
) -> CrossCheck:
    """Compare a posterior with REML.

    Parameters
    ----------
    posterior : Draws
        Of gamma, tau, corr, sigma and, unless they were too many to keep, beta.
    priors : Priors
    estimate : Estimate
        REML fit of the same design, or ML's of an outcome that is not normal.
    convergence : Convergence
        The verdict on the sampler.

    Returns
    -------
    CrossCheck

    Notes
    -----
    The difference is in the estimate's standard errors: those of `components`, and for the groups conditional SDs. An
    estimate on a boundary or within two standard errors of it has a curvature but no standard error that means
    anything; there the posterior SD is the unit. `bayeshlm.checks.verdicts` states when rows agree,
    `bayeshlm.checks.causes` how a reason is computed.
    """
    rows = components(estimate, posterior.design)
    summaries, draws = draws_of_components(posterior)
    table = compared(
        summaries,
        np.array([row.estimate for row in rows]),
        np.array([row.se for row in rows]),
        np.array([row.regular for row in rows]),
        method=estimate.method,
    )
    groups = compare_groups(posterior, estimate, tuple(row for row in rows if row.component == "tau"))
    table.index = pd.MultiIndex.from_tuples([row.key for row in rows])
    table = pd.concat([table, *map(_group_rows, groups)]).rename_axis(["component", "effect"])
    worst = [label for one in groups for worst in one.worst for label in (worst, None)]
    table["group"] = pd.Series([None] * len(rows) + worst, table.index, dtype=object)

    largest = [component for one in groups for component in one.largest]
    every = (*rows, *largest)
    every_draws = np.concatenate([draws, *(one.draws for one in groups)])
    pulls = prior_pulls(posterior, priors, estimate, every, every_draws)
    positions = [*range(len(rows)), *(len(rows) + q for q in range(len(largest)) for _ in (LARGEST, RMS))]
    found = [_row_of_draws(table, t, every[k], every_draws[k], estimate.method) for t, k in enumerate(positions)]
    variances = [row for row in found if row.row.component not in ("gamma", "icc", "share", "beta")]
    held = held_correlations(estimate, rows, table["mean"].to_numpy()[: len(rows)])
    named: list[tuple[Cause, ...]] = []
    for said, row, k in zip(table["verdict"], found, positions, strict=True):
        if said == DIFFERS:
            moves = held.get(row.row.effect, ()) if row.row.component == "tau" else ()
            named.append(causes(row, k, pulls, variances, estimate.reason, convergence.converged, moves))
        else:
            others = {UNDECIDED: few_draws(row.error), NO_ESTIMATE: no_estimate(estimate.reason, estimate.method)}
            named.append((others[said],) if said in others else ())
    table["causes"] = [", ".join(cause.name for cause in some) for some in named]
    table["reason"] = ["; ".join(cause.text for cause in some) for some in named]
    return _judged(table, table_of_groups(posterior.design, groups), convergence, estimate.method)


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


def _row_of_draws(table: pd.DataFrame, position: int, row: Component, draws: FloatArray, method: Method) -> RowOfDraws:
    values = table.iloc[position]
    unit = row.se if values["unit"] != POSTERIOR_SD else float(draws.std(ddof=1))
    difference = (float(draws.mean()) - row.estimate) / unit if unit > 0 else np.nan
    return RowOfDraws(row, draws, difference, float(values["difference_mcse"]), unit, method)


def _judged(
    table: pd.DataFrame,
    groups: pd.DataFrame,
    convergence: Convergence,
    method: Method,
) -> CrossCheck:
    counts = table["verdict"].value_counts()
    differing, undecided = int(counts.get(DIFFERS, 0)), int(counts.get(UNDECIDED, 0))
    total = len(table) - int(counts.get(NO_ESTIMATE, 0))
    if differing:
        sentence = (
            f"Posterior and {method} differ in {differing} of {total} rows by more than {MAX_DIFFERENCE:g} standard"
            " errors."
        )
    elif undecided:
        sentence = f"Undecided: {undecided} of {total} rows need more draws; no row differs beyond Monte Carlo error."
    elif not convergence.converged:
        sentence = (
            f"Undecided: all {total} rows agree within {MAX_DIFFERENCE:g} standard errors, but the sampler has"
            " not converged."
        )
    else:
        sentence = f"Posterior and {method} agree: all {total} rows are within {MAX_DIFFERENCE:g} standard errors."
    rows = zip(table.index, table["group"], table["verdict"], table["difference"], table["reason"], strict=True)
    reasons = [
        f"{_name(parameter_label(*key), group)}, {said}{'' if said == NO_ESTIMATE else f' ({size:+.2f})'}: {reason}."
        for key, group, said, size, reason in rows
        if said != AGREES
    ]
    agrees = not differing and not undecided and convergence.converged
    return CrossCheck(table, groups, agrees, sentence, (*reasons, *convergence.reasons), method=method)


def _name(name: str, group: object) -> str:
    return name if group is None else f"{name} ({group})"
