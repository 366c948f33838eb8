"""Coefficients of the groups by posterior and by REML: all of them, and the group where they differ most."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.checks.component import Component
from bayeshlm.checks.verdicts import compared
from bayeshlm.design.coefficient_means import coefficient_means, unit_coefficients
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.unit_equations import ELSEWHERE
from bayeshlm.likelihood.coefficient_draws import group_moments
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_coefficients import mean_and_error
from bayeshlm.quantities.group_draws import group_draws
from bayeshlm.quantities.level2_values import random_coefficients
from bayeshlm.quantities.summary import summarize
from bayeshlm.reml.empirical_bayes import coefficient_sds, empirical_bayes
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate


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
    worst : tuple of label, length q
        Its label.
    """

    table: pd.DataFrame
    largest: tuple[Component, ...]
    draws: FloatArray
    positions: tuple[int, ...]
    worst: tuple[Hashable, ...]


def compare_groups(
    posterior: Draws,
    estimate: Estimate,
    tau: tuple[Component, ...],
) -> tuple[GroupComparison, ...]:
    """Compare ``beta_j = W_j gamma + u_j`` of every group, of each grouping.

    Parameters
    ----------
    posterior : Draws
    estimate : Estimate
    tau : tuple of Component, length q
        REML's SDs of the random effects.

    Notes
    -----
    The unit is the conditional SD of beta_j given gamma and the variance components, with one grouping that of u_j, as
    lme4's ``ranef(condVar=TRUE)`` has it, and the posterior SD of beta_j where a tau lies near zero or on it.
    """
    if len(posterior.design.groupings) == 1:
        return (_of_one(posterior, estimate, tau),)
    return tuple(_of_several(posterior, estimate, tau, k) for k in range(len(posterior.design.groupings)))


def table_of_groups(design: Design, groups: Sequence[GroupComparison]) -> pd.DataFrame:
    """Comparisons of all groups, those of several groupings one below the other."""
    if len(groups) == 1:
        return groups[0].table
    tables = [one.table.rename_axis(["unit", "coefficient"]) for one in groups]
    return pd.concat(dict(zip(design.groupings, tables, strict=True)), names=["grouping"])


def _of_one(posterior: Draws, estimate: Estimate, tau: tuple[Component, ...]) -> GroupComparison:
    design = posterior.design
    positions = design.random_coefficients
    labels = [design.coefficient_labels[c] for c in positions]
    tau = tau[: len(positions)]  # the rest is that of no coefficient
    u, u_sd = (values[:, : len(positions)] for values in _effects(estimate))
    estimates = coefficient_means(design, estimate.gamma)[:, positions] + u
    if posterior.has_groups:
        beta = posterior.dataset["beta"].sel(coefficient=labels).transpose("chain", "draw", design.group, "coefficient")
        summary = summarize(beta)
    else:
        summary = mean_and_error(group_moments(posterior), labels)
    regular = np.broadcast_to([component.regular for component in tau], estimates.shape)
    sd = np.where(np.array([component.on_boundary for component in tau]), np.nan, u_sd)
    table = compared(summary, estimates.ravel(), sd.ravel(), regular.ravel(), design.n_groups, estimate.method)
    worst = _worst(table, estimates.shape)
    named = group_draws(posterior, list(design.group_labels[worst]))["beta"]
    named = named.sel(coefficient=labels).transpose(design.group, "coefficient", "chain", "draw")
    draws = np.array([named[q, q].to_numpy().ravel() for q in range(len(labels))])
    return _comparison(table, labels, estimates, sd, draws, worst, design.group_labels)


def _effects(estimate: Estimate) -> tuple[FloatArray, FloatArray]:
    """Means and SDs of u given the outcomes and the estimates, (J, q)."""
    if isinstance(estimate, RemlEstimate):
        (eb,) = empirical_bayes(estimate)
        return eb.u, eb.sd
    from bayeshlm.checks.ml_components import family_estimate  # imports numba
    from bayeshlm.reml.family_effects import effects_of_groups

    found = effects_of_groups(family_estimate(estimate))
    return found.mean, found.sd


def _of_several(posterior: Draws, estimate: Estimate, tau: tuple[Component, ...], grouping: int) -> GroupComparison:
    assert isinstance(estimate, RemlEstimate)
    design = posterior.design
    term, equations = design.predictor.random[grouping], design.equations[grouping]
    positions, own = random_coefficients(design, grouping), design.predictor.effects_of(grouping)
    labels = [equations.coefficients[c] for c in positions]
    u = [effects.u[None] for effects in empirical_bayes(estimate)]
    estimates = unit_coefficients(design, grouping, estimate.gamma[None], u)[0][:, positions]
    dims = {term.grouping: term.labels.to_numpy(), "coefficient": labels}
    beta = posterior.beta_of(grouping)[..., positions]
    summary = summarize(posterior.labelled(beta, tuple(dims), dims))
    enters = [
        [tau[r].regular for r, c in enumerate(equations.random_coefficient) if c != ELSEWHERE and c == position]
        for position in positions
    ]
    regular = np.broadcast_to([all(some) for some in enters], estimates.shape)
    sd = coefficient_sds(design, estimate, grouping)[:, positions]
    sd[:, [component.on_boundary for component in tau[own]]] = np.nan
    table = compared(summary, estimates.ravel(), sd.ravel(), regular.ravel(), len(estimates))
    worst = _worst(table, estimates.shape)
    draws = np.array([beta[:, :, j, q].ravel() for q, j in enumerate(worst)])
    return _comparison(
        table, [f"{term.grouping} {label}" for label in labels], estimates, sd, draws, worst, term.labels
    )


def _worst(table: pd.DataFrame, shape: tuple[int, ...]) -> IntArray:
    """Position of the group with the largest difference, of each coefficient."""
    return np.asarray(np.abs(np.nan_to_num(table["difference"].to_numpy())).reshape(shape).argmax(axis=0))


def _comparison(
    table: pd.DataFrame,
    labels: list[str],
    estimates: FloatArray,
    sd: FloatArray,
    draws: FloatArray,
    worst: IntArray,
    groups: pd.Index,
) -> GroupComparison:
    index = range(len(labels))
    return GroupComparison(
        table=table,
        largest=tuple(Component("beta", labels[q], estimates[worst[q], q], sd[worst[q], q]) for q in index),
        draws=draws,
        positions=tuple(int(worst[q]) for q in index),
        worst=tuple(groups[worst[q]] for q in index),
    )
