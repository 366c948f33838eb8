"""The level-1 SD of every group, where it varies between groups beyond its equation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayeshlm.design.level1_spread import row_sds
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.blocks import BLOCK, rows_of_groups
from bayeshlm.likelihood.coefficient_draws import regenerated
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import summarize, with_interval


def group_level1_sds(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summarize the SD of the level-1 residuals of every group.

    It is ``sqrt(mean_i sd_i^2)`` over the rows of the group, ``sd_i = exp(A_i alpha + v_j)``.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    pandas.DataFrame
        Indexed by group: ``n`` (its rows), the columns of `summarize`, and ``v_mean`` and ``v_sd`` of its deviation v.

    Raises
    ------
    OptionError
        The level-1 SD does not vary between groups.
    """
    design = posterior.design
    if not design.outcome.residuals.spread_effect:
        raise OptionError(
            "the level-1 SD of this model does not vary between groups beyond its equation: variance_components() has"
            " it, and a model with `log(sigma) = a0 + v0` one a group"
        )
    level1 = design.kept_rows.modeled
    phi, rows_of = posterior.flat(posterior.auxiliary), rows_of_groups(design)
    tables, moments = [], []
    for start in range(0, design.n_groups, BLOCK):
        positions = np.arange(start, min(start + BLOCK, design.n_groups))
        v = posterior.flat(_deviations(posterior, positions))
        sds = np.empty(v.shape)
        for j in range(len(positions)):
            group = slice(start + j, start + j + 1)
            square = row_sds(level1.sds_of(rows_of(group)), phi) ** 2
            sds[:, j] = np.sqrt(square.mean(axis=1)) * np.exp(level1.effect * v[:, j])
        labels = design.group_labels[positions].to_numpy()
        tables.append(summarize(posterior.labelled(sds, (design.group,), {design.group: labels}), prob, kind))
        moments.append(np.column_stack([v.mean(axis=0), v.std(axis=0, ddof=1 if len(v) > 1 else 0)]))
    table = pd.concat(tables)
    table.insert(0, "n", design.n_per_group)
    table[["v_mean", "v_sd"]] = np.concatenate(moments)
    return with_interval(table, prob, kind)


def _deviations(posterior: Draws, positions: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    """Draws of v of some groups, (chain, draw, B): kept ones, or the same made again."""
    if posterior.has_groups:
        return np.asarray(posterior.u[:, :, positions, -1])
    return np.asarray(replace(posterior, dataset=regenerated(posterior, positions)).u[..., -1])
