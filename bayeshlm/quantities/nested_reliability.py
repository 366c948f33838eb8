"""Reliability of the estimates of units of nested groupings, and the weights that empirical Bayes gives them.

``lambda_qj = tau_q^2 / (tau_q^2 + v_qqj)``, with ``v_j = A_j^-1`` the error covariance of the estimate from the unit's
own rows, `NestedInformation`. Of the innermost grouping it is ``sigma^2 (Z_j'Z_j)^-1``; of the next one, with random
intercepts, ``tau_beta / (tau_beta + [sum_j (tau_pi + v_jk)^-1]^-1)``, as HLM3 prints it (Raudenbush & Bryk 2002,
chapter 8). Effects of outer groupings count as known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.averaged_reliability import averaged_reliability
from bayeshlm.quantities.group_draws import check_budget
from bayeshlm.quantities.nested_information import NestedInformation
from bayeshlm.quantities.quantity import Quantity


def nested_reliability(posterior: Draws, grouping: int, prob: float = 0.95, kind: str = "eti") -> Quantity:
    """As `bayeshlm.quantities.reliability.reliability`, of a grouping by its position."""
    information = NestedInformation.of(posterior, grouping)
    design, exists = posterior.design, information.exists
    term = design.predictor.random[grouping]
    average = np.full((posterior.n_draws, len(term.columns)), np.nan)
    by_group = np.zeros((len(exists), len(term.columns)))
    for part, values in _reliabilities(information, np.flatnonzero(exists)):
        average[part] = values.mean(axis=1) if exists.any() else np.nan
        by_group[exists] += values.sum(axis=0) / posterior.n_draws
    by_group[~exists] = np.nan
    note = (
        f"of {term.grouping}, averaged over the {exists.sum()} of {len(exists)} groups whose own estimates exist;"
        " groupings within integrated out"
    )
    found = averaged_reliability(posterior, term, average, by_group, prob, kind, note)
    found.table.attrs["n_groups_with_ols"] = int(exists.sum())
    return found


def nested_group_reliability(posterior: Draws, grouping: int, positions: IntArray) -> xr.DataArray:
    """As `bayeshlm.quantities.reliability.group_reliability`, of a grouping and its units by their positions."""
    information = NestedInformation.of(posterior, grouping)
    term = posterior.design.predictor.random[grouping]
    labels = [column.coefficient for column in term.columns]
    check_budget(posterior.n_draws * len(positions) * len(labels))
    values = np.full((posterior.n_draws, len(positions), len(labels)), np.nan)
    there = information.exists[positions]
    for part, found in _reliabilities(information, positions[there]):
        values[part, there] = found
    coords = {term.grouping: term.labels[positions], "coefficient": labels}
    return posterior.labelled(values, tuple(coords), coords, "reliability")


def nested_eb_weights(posterior: Draws, grouping: int, positions: IntArray) -> xr.DataArray:
    """As `bayeshlm.quantities.reliability.eb_weights`, of a grouping and its units by their positions."""
    information, design = NestedInformation.of(posterior, grouping), posterior.design
    term, own = design.predictor.random[grouping], design.predictor.effects_of(grouping)
    S = information.transform
    inverse, q = np.linalg.inv(S), len(S)
    G = inverse @ posterior.flat(posterior.G)[:, own, own] @ inverse.T
    there = information.exists[positions]
    total = np.zeros((there.sum(), q, q))
    for part, A in information.chunks():
        GA = G[part, None] @ A[:, positions[there]]
        total += np.linalg.solve((GA + np.eye(q)).swapaxes(-1, -2), GA.swapaxes(-1, -2)).sum(axis=0)
    weights = np.full((len(positions), q, q), np.nan)
    weights[there] = S @ (total / posterior.n_draws).swapaxes(-1, -2) @ inverse
    labels = [column.label for column in term.columns]
    coords = {term.grouping: term.labels[positions], "random": labels, "random_": labels}
    return xr.DataArray(weights, dims=tuple(coords), coords=coords, name="weights")


def _reliabilities(information: NestedInformation, units: IntArray) -> Iterator[tuple[slice, FloatArray]]:
    """Reliabilities (s, J, q) of some units that have estimates, of some draws after others."""
    posterior, S = information.posterior, information.transform
    own = posterior.design.predictor.effects_of(information.grouping)
    tau2 = posterior.flat(posterior.tau)[:, own] ** 2
    for part, A in information.chunks():
        spread = np.einsum("ab,sjbc,ac->sja", S, np.linalg.inv(A[:, units]), S)
        yield part, tau2[part, None] / (tau2[part, None] + spread)
