"""The coefficients of the groups: posterior means beside REML's empirical Bayes estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.checks.reml_components import Component
from bayeshlm.checks.verdicts import compared
from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_coefficients import mean_and_error
from bayeshlm.quantities.group_draws import group_draws
from bayeshlm.quantities.summary import summarize
from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.estimate import RemlEstimate


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
    posterior : xarray.Dataset
        With ``beta`` (chain, draw, <group>, coefficient).
    design, estimate
        The model's, and its REML fit.
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
    eb = empirical_bayes(estimate)
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
