"""Reliability of the groups' own estimates, and the weights that empirical Bayes gives them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import xarray as xr

from bayeshlm.design.gram import has_ols, inverse_within
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.averaged_reliability import averaged_reliability
from bayeshlm.quantities.family_reliability import family_group_reliability, family_reliability
from bayeshlm.quantities.group_draws import check_budget, group_positions
from bayeshlm.quantities.nested_reliability import nested_eb_weights, nested_group_reliability, nested_reliability
from bayeshlm.quantities.quantity import Quantity


def reliability(posterior: Draws, prob: float = 0.95, kind: str = "eti", grouping: str | None = None) -> Quantity:
    """Reliability of the groups' least squares estimates, averaged over groups, in each draw.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.
    grouping : str, optional
        Whose groups, where there are several nested groupings.

    Returns
    -------
    Quantity
        Draws ``reliability`` (chain, draw, coefficient), the mean over the groups whose Z_j'Z_j can be inverted
        (NaN when there are none), and ``by_group`` (<group>, coefficient), each group's posterior mean. The table
        is indexed by ``coefficient``; ``attrs["n_groups_with_ols"]``, of normal outcomes, counts the groups that
        enter.

    Notes
    -----
    ``lambda_qj = tau_q^2 / (tau_q^2 + v_qqj)`` with ``v_j = sigma^2 (Z_j'Z_j)^-1`` (Raudenbush & Bryk 2002,
    chapter 3); `group_reliability` gives the draws of single groups. With several groupings v_j is that of
    `bayeshlm.quantities.nested_reliability`. Of outcomes that are not normal, whose groups have no such estimates, and
    where level-1 SDs have an equation or residuals are correlated, it is the reliability of the posterior means of u:
    `bayeshlm.quantities.family_reliability`, over all groups.

    Raises
    ------
    OptionError
        The groupings cross, or there are several and none is named; or random effects cannot be integrated out.
    """
    design, position = posterior.design, posterior.design.position_of(grouping)
    if not design.outcome.has_closed_forms:
        return family_reliability(posterior, prob, kind)
    if len(design.groupings) > 1:
        return nested_reliability(posterior, position, prob, kind)
    n_groups = design.n_groups
    tau, sigma = posterior.tau, posterior.scaled_sigma
    total = np.zeros(tau.shape)
    by_group = np.full((n_groups, tau.shape[-1]), np.nan)
    exists = has_ols(design.cross_products)
    spread = np.einsum("jqq->jq", inverse_within(design.cross_products))
    for part in _parts(np.flatnonzero(exists), tau.size):
        values = _lambda(tau, sigma, spread[part])
        total += values.sum(axis=-1)
        by_group[part] = values.mean(axis=(0, 1)).T
    average = total / exists.sum() if exists.any() else np.full(tau.shape, np.nan)
    note = f"averaged over the {exists.sum()} of {n_groups} groups whose own estimates exist"
    (term,) = design.predictor.random
    found = averaged_reliability(posterior, term, average, by_group, prob, kind, note)
    found.table.attrs["n_groups_with_ols"] = int(exists.sum())
    return found


def group_reliability(
    posterior: Draws, groups: Sequence[Hashable] | None = None, grouping: str | None = None
) -> xr.DataArray:
    """Draws of the reliability of single groups.

    Parameters
    ----------
    posterior, design
        As in `reliability`.
    groups : sequence of group labels, optional
        All groups by default.
    grouping : str, optional
        As in `reliability`.

    Returns
    -------
    xarray.DataArray
        (chain, draw, <group>, coefficient); NaN for groups whose Z_j'Z_j is singular.

    Raises
    ------
    OptionError
        A group is unknown, or the draws would take more than the budget.
    """
    design, position = posterior.design, posterior.design.position_of(grouping)
    positions = group_positions(design, groups, position)
    if not design.outcome.has_closed_forms:
        return family_group_reliability(posterior, positions)
    if len(design.groupings) > 1:
        return nested_group_reliability(posterior, position, positions)
    tau, sigma = posterior.tau, posterior.scaled_sigma
    check_budget(tau.size * len(positions))
    spread = np.einsum("jqq->jq", inverse_within(design.cross_products))[positions]
    coords = {
        design.group: design.group_labels[positions],
        "coefficient": [column.coefficient for column in design.random],
    }
    values = np.moveaxis(_lambda(tau, sigma, spread), -1, 2)
    return posterior.labelled(values, (design.group, "coefficient"), coords, "reliability")


def eb_weights(posterior: Draws, groups: Sequence[Hashable] | None = None, grouping: str | None = None) -> xr.DataArray:
    """Posterior mean of the empirical Bayes weights ``G (G + V_j)^-1`` of the groups' own estimates.

    Parameters
    ----------
    posterior : Draws
    groups : sequence of group labels, optional
        All groups by default.
    grouping : str, optional
        As in `reliability`.

    Returns
    -------
    xarray.DataArray
        (<group>, random, random_): row q of a group's matrix holds the weights of its least squares deviations in
        the estimate of u_q. NaN for groups whose Z_j'Z_j is singular. Averaged over draws, never formed at averaged
        parameters.

    Notes
    -----
    Computed as ``A (A + sigma^2 I)^-1`` with ``A = G Z_j'Z_j``, the same matrix (Raudenbush & Bryk 2002, chapter 3).
    """
    design, position = posterior.design, posterior.design.position_of(grouping)
    positions = group_positions(design, groups, position)
    if len(design.groupings) > 1:
        return nested_eb_weights(posterior, position, positions)
    products = design.cross_products
    S = products.z_transform
    inverse = np.linalg.inv(S)
    G = inverse @ posterior.G @ inverse.T
    q = G.shape[-1]
    G = G.reshape(-1, 1, q, q)
    sigma2 = posterior.scaled_sigma2.reshape(-1, 1, 1, 1)
    weights = np.full((len(positions), q, q), np.nan)
    exists = has_ols(products)[positions]
    for part in _parts(np.flatnonzero(exists), G.size):
        A = G @ products.ZtZ[positions[part]]
        solved = np.linalg.solve(np.swapaxes(A + sigma2 * np.eye(q), -1, -2), np.swapaxes(A, -1, -2))
        weights[part] = S @ np.swapaxes(solved.mean(axis=0), -1, -2) @ inverse
    labels = design.random_labels
    coords = {design.group: design.group_labels[positions], "random": labels, "random_": labels}
    return xr.DataArray(weights, dims=(design.group, "random", "random_"), coords=coords, name="weights")


def _lambda(tau: FloatArray, sigma: FloatArray, spread: FloatArray) -> FloatArray:
    """Reliabilities (chains, draws, q, J) of tau (chains, draws, q), sigma (chains, draws), diagonals (J, q)."""
    tau2 = tau[..., None] ** 2
    total = sigma[:, :, None, None] ** 2 * np.ascontiguousarray(spread.T)
    total += tau2
    return np.asarray(np.divide(tau2, total, out=total))


def _parts(positions: IntArray, per_group: int) -> Iterator[IntArray]:
    """Pieces of the positions so that a piece's draws stay below an eighth of the budget."""
    size = max(budget.BUDGET_BYTES // 8 // (8 * per_group), 1)
    for start in range(0, len(positions), size):
        yield positions[start : start + size]
