"""What ``log(sigma) = a0 + a1*x`` says in the outcome's units: SDs of level 1, and ratios of SDs."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.columns import level_label
from bayeshlm.design.design import Design
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.level1_spread import row_sds
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.parameters.draws import Draws

MOST_PATTERNS = 12
"""Different rows of predictors up to which each has its SD."""

MOST_ROWS = 2000
"""Rows, evenly over the data, of which the smallest, middle and largest SD are taken where there are more patterns."""

ENDS = {"smallest": 0.0, "median": 0.5, "largest": 1.0}


def level1_sds(posterior: Draws) -> dict[str, xr.DataArray]:
    """Draws of the SDs of level 1 and of their ratios; empty where there is no equation.

    Returns
    -------
    dict of str to xarray.DataArray
        ``level1_sd`` (chain, draw, level1_row) of each combination of the predictors' values, such as ``"female 1"``,
        or, where there are more than `MOST_PATTERNS`, the ``"smallest"``, ``"median"`` and ``"largest"`` over rows;
        ``level1_sd2``, the variances; ``sd_ratio`` (chain, draw, slope), the factor by which the SD changes with one
        unit more of what a coefficient multiplies, absent where all are constants.
    """
    design = posterior.design
    if not design.outcome.residuals.spread:
        return {}
    level1, found = design.kept_rows.modeled, {}
    labels, sds = _sds(posterior, level1, design)
    found["level1_sd"] = posterior.labelled(sds, ("level1_row",), {"level1_row": labels})
    found["level1_sd2"] = found["level1_sd"] ** 2
    slopes = [k for k, column in enumerate(level1.A.T) if np.ptp(column) > 0]
    if slopes and len(slopes) < len(level1.labels):
        halves = 0.5 if posterior.design.spec.log_spread.predicted == "sigma2" else 1.0  # type: ignore[union-attr]
        alpha = posterior.auxiliary[..., : len(level1.labels)]
        ratios = np.exp(halves * alpha[..., slopes])
        found["sd_ratio"] = posterior.labelled(ratios, ("slope",), {"slope": [level1.labels[k] for k in slopes]})
    return found


def _sds(posterior: Draws, level1: Level1Model, design: Design) -> tuple[list[str], FloatArray]:
    """Labels, and SDs (chain, draw, K)."""
    _, first = np.unique(level1.A, axis=0, return_index=True)
    labels = pattern_labels(design, first) if len(first) <= MOST_PATTERNS else None
    if labels is not None:
        return labels, row_sds(level1.sds_of(first), posterior.auxiliary)
    some = level1.sds_of(np.linspace(0, len(level1.A) - 1, min(len(level1.A), MOST_ROWS)).round().astype(np.int64))
    flat = posterior.flat(posterior.auxiliary)
    step, parts = max(2_000_000 // len(some.A), 1), []
    for start in range(0, len(flat), step):
        sds = row_sds(some, flat[start : start + step])
        parts.append(np.quantile(sds, list(ENDS.values()), axis=1).T)
    return list(ENDS), np.concatenate(parts).reshape(*posterior.shape, len(ENDS))


def pattern_labels(design: Design, first: IntArray) -> list[str] | None:
    """What the predictors are in rows of different SDs; None where other values of the columns have the same SD."""
    columns = [column.name for one in design.spec.spread_expressions for column, _ in walk_columns(one)]
    names = list(dict.fromkeys(columns))
    if not names:
        return ["all rows"]
    values = design.frame[names]
    if len(values.drop_duplicates()) != len(first):
        return None
    rows = (row for _, row in values.iloc[first].iterrows())
    return [", ".join(f"{name} {_shown(value)}" for name, value in row.items()) for row in rows]


def _shown(value: object) -> str:
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return level_label(float(value)) if is_number else str(value)  # type: ignore[arg-type]
