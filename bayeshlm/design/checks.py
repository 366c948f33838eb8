"""Checks of a design: enough rows and groups, no constant column, no column that others make up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayeshlm.design.columns import shown
from bayeshlm.design.scaling import CHUNK_ROWS, FloatArray, ScaledColumns, column_moments
from bayeshlm.errors import DataError

TOLERANCE = 1e-7
"""A column is made up of others when what they leave of it, as a share of its own length, is below this (R's lm)."""

EPS = np.finfo(np.float64).eps

SMALLEST_SD, LARGEST_SD = 1e-102, 1e102
"""SDs of columns between which the squares of their effects stay within float64."""


def check_groups(group: str, labels: pd.Index, n_obs: int, scatter: str) -> None:
    """Refuse data from which variation between and within groups cannot be told apart.

    Parameters
    ----------
    group : str
        Grouping column.
    labels : Index of J groups
    n_obs : int
        Number of rows N.
    scatter : str
        What the data must tell from a variation of the groups that is one of their intercepts alone, as
        `bayeshlm.design.outcome.Outcome.scatter` calls it; empty where they always can.

    Raises
    ------
    DataError
        One group; or one row in every group where that cannot be told.
    """
    if len(labels) < 2:
        raise DataError(
            f"all {n_obs} rows belong to one group ({group} {shown(labels[0])}): a multilevel model needs two or more"
        )
    if len(labels) == n_obs and scatter:
        raise DataError(
            f"every group of {group!r} has one row, so the variation between groups (tau) and {scatter} cannot be "
            f"told apart: is {group!r} the grouping column, or does it number the rows?"
        )


def check_counts(n_obs: int, n_fixed: int) -> None:
    """Refuse a model with as many fixed effects as rows."""
    if n_obs <= n_fixed:
        raise DataError(
            f"{n_fixed} fixed effects cannot be estimated from {n_obs} complete rows: take terms out of the equations"
        )


def check_columns(columns: FloatArray, names: Sequence[str], intercept: int | None) -> None:
    """Refuse constant and collinear columns.

    Parameters
    ----------
    columns : (N, k) array
    names : sequence of str
        How messages call each column.
    intercept : int or None
        Position of the column of ones.

    Raises
    ------
    DataError
        A column is constant, overflows, or depends linearly on others, which are named.

    Notes
    -----
    Columns are centered (when there is an intercept) and scaled in a first pass; a second reduces them,
    chunk by chunk, to the triangle of their QR decomposition, which tells what the columns before leave
    of each. A share below `TOLERANCE`, or below the rounding of a column far from zero
    (4 eps |mean| / sd), makes it redundant.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 4.0, 5.0])
    >>> check_columns(np.column_stack([np.ones(4), x, 2 * x - 1]), ["the intercept", "x", "z"], 0)
    Traceback (most recent call last):
    bayeshlm.errors.DataError: z is determined by the intercept and x: take one of them out of the equations
    """
    with np.errstate(all="ignore"):
        mean, sd = column_moments(columns)
    check_sizes(mean, sd, names, intercept)
    others = [k for k in range(len(names)) if k != intercept]
    scaled = ScaledColumns.of(columns, (mean, sd), intercept, others if intercept is not None else ())
    check_triangle(_triangle(scaled), mean, scaled.scale, names, intercept)


def check_sizes(mean: FloatArray, sd: FloatArray, names: Sequence[str], intercept: int | None) -> None:
    """Refuse constant columns, and those beyond computing, by their means and SDs, (k,).

    Raises
    ------
    DataError
        As `check_columns`.
    """
    for k in (k for k in range(len(names)) if k != intercept):
        if not (np.isfinite(mean[k]) and np.isfinite(sd[k])):
            raise DataError(f"the column of {names[k]} overflows: rescale the data it is made of")
        if sd[k] <= 4 * EPS * abs(mean[k]):
            raise DataError(
                f"{names[k]} is constant ({mean[k]:g} in every row), so its effect cannot be told from an "
                "intercept: take it out of the equations"
            )
        if not SMALLEST_SD < sd[k] < LARGEST_SD:
            raise DataError(f"the values of {names[k]} have an SD of {sd[k]:g}, beyond computing: rescale the data")


def check_triangle(
    triangle: FloatArray, mean: FloatArray, scale: FloatArray, names: Sequence[str], intercept: int | None
) -> None:
    """Refuse columns that others make up.

    Parameters
    ----------
    triangle : (k, k) array
        R with ``R'R`` the Gram matrix of the columns, over their `scale`, and centered where there is an intercept.
    mean, scale : (k,) arrays
    names, intercept
        As in `check_columns`.

    Raises
    ------
    DataError
        As `check_columns`.
    """
    rounding = 4 * EPS * np.abs(mean) / scale
    kept = [] if intercept is None else [intercept]
    for k in (k for k in range(len(names)) if k != intercept):
        weights = np.linalg.lstsq(triangle[:, kept], triangle[:, k], rcond=None)[0]
        rest = triangle[:, k] - triangle[:, kept] @ weights
        if np.linalg.norm(rest) > max(TOLERANCE, rounding[k]) * np.linalg.norm(triangle[:, k]):
            kept.append(k)
            continue
        involved = [i for i, weight in zip(kept, weights, strict=True) if abs(weight) > 1e-6 and i != intercept]
        if intercept is not None:
            # what of column k's mean the columns leave: the share of the intercept
            parts = weights[[kept.index(i) for i in involved]] * (mean / scale)[involved]
            total = mean[k] / scale[k]
            if abs(total - parts.sum()) > 1e-6 * (1 + abs(total) + np.abs(parts).sum()):
                involved.insert(0, intercept)
        listed = _listed([names[i] for i in involved])
        raise DataError(f"{names[k]} is determined by {listed}: take one of them out of the equations")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _triangle(scaled: ScaledColumns) -> FloatArray:
    """R of the QR decomposition of the scaled columns, (k, k), folding in one chunk of rows after another."""
    n_rows, n_columns = scaled.source.shape
    triangle = np.zeros((n_columns, n_columns))
    for start in range(0, n_rows, CHUNK_ROWS):
        chunk = scaled.rows(slice(start, start + CHUNK_ROWS)).T
        triangle = np.linalg.qr(np.vstack([triangle, chunk]), mode="r")
    return triangle
