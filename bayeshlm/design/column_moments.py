"""Moments of the design's columns over rows and within groups: all that the default path needs of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.effects_at_means import at_means, far_mean
from bayeshlm.design.predictor import FixedColumn, RandomColumn, intercept_position
from bayeshlm.design.scaling import FloatArray, column_moments
from bayeshlm.design.unit_equations import UnitEquations


@dataclass(frozen=True, slots=True, eq=False)
class ColumnMoments:
    """Moments of y, X and Z, computed once when a design is built.

    Attributes
    ----------
    n_obs : int
        Number of rows N.
    y_mean, y_sd : float
    y_range : (float, float)
        Smallest and largest.
    y_two_values : bool
        The outcome has no other values than these.
    y_zeros : float
        Share of zeros of an outcome of whole numbers from 0 on; 0 of others.
    y_skewness : float
        Of an outcome whose smallest value is 0, as of counts; 0 of others.
    offset_mean : float
    x_mean : (p,) array
    x_center : (p,) array
        The means again, summed so that they hold for means of 1e9 (`column_moments`).
    x_scaled : (p,) array, (p, p) array, (p,) array, or None
        Without an intercept: root mean squares of the columns of X; cross-products and sums of the columns over these.
    at_means : (p, p) array
        Matrix C of the coordinates ``C gamma`` in which an effect that a far column interacts with is the effect at
        that column's mean; the identity where nothing is far.
    x_sd_at_means : (p,) array
        SDs of the columns of ``X C^-1``.
    z_mean, z_sd, z_square, z_min, z_max : (q,) arrays
    ZtZ : (q, q) array
        ``Z'Z / N``.
    x_group_mean, z_group_mean : tuples of (J, p) and of (J, q) arrays
        Of each grouping.

    Notes
    -----
    SDs divide by N - 1. A column lies far from zero when ``|mean| > 3 sd`` over rows.
    """

    n_obs: int
    y_mean: float
    y_sd: float
    y_range: tuple[float, float]
    y_two_values: bool
    y_zeros: float
    y_skewness: float
    offset_mean: float
    x_mean: FloatArray
    x_center: FloatArray
    x_scaled: tuple[FloatArray, FloatArray, FloatArray] | None
    at_means: FloatArray
    x_sd_at_means: FloatArray
    z_mean: FloatArray
    z_sd: FloatArray
    z_square: FloatArray
    z_min: FloatArray
    z_max: FloatArray
    ZtZ: FloatArray
    x_group_mean: tuple[FloatArray, ...]
    z_group_mean: tuple[FloatArray, ...]


@np.errstate(over="ignore", invalid="ignore")
def moments_of(
    rows: DesignRows,
    equations: Sequence[UnitEquations],
    fixed: Sequence[FixedColumn],
    random: Sequence[RandomColumn],
) -> ColumnMoments:
    """Compute the moments of a design.

    Parameters
    ----------
    rows : DesignRows
    equations : sequence of UnitEquations
        Of each grouping.
    fixed, random : sequences of FixedColumn and RandomColumn
        Labels of the columns of X and of Z, those of all groupings.
    """
    X, Z = rows.X, rows.all_Z
    low, high = float(rows.y.min()), float(rows.y.max())
    C = at_means(
        equations,
        fixed,
        random,
        lambda k: _far_mean(X[:, k]),
        lambda r: _far_mean(Z[:, r]),
        lambda of, numbers: _far_mean(numbers[rows.codes[of]]),
    )
    moved = bool((np.eye(len(fixed)) != C).any())
    deviations = rows.y - rows.y.mean()
    groups = [(codes, len(one.W)) for codes, one in zip(rows.codes, equations, strict=True)]
    return ColumnMoments(
        n_obs=len(rows.y),
        y_mean=float(rows.y.mean()),
        y_sd=float(rows.y.std(ddof=1)),
        y_range=(low, high),
        y_two_values=bool(np.isin(rows.y, (low, high)).all()),
        y_zeros=float((rows.y == 0).mean()) if low == 0 and bool((rows.y == np.round(rows.y)).all()) else 0.0,
        y_skewness=float((deviations**3).mean() / rows.y.std() ** 3) if low == 0 < high else 0.0,
        offset_mean=float(rows.offset.mean()),
        x_mean=X.mean(axis=0),
        x_center=column_moments(X)[0],
        x_scaled=_scaled(X) if intercept_position(fixed) is None else None,
        at_means=C,
        x_sd_at_means=_sds(np.asarray(X @ np.linalg.inv(C)) if moved else X),
        z_mean=Z.mean(axis=0),
        z_sd=_sds(Z),
        z_square=(Z**2).mean(axis=0),
        z_min=Z.min(axis=0),
        z_max=Z.max(axis=0),
        ZtZ=Z.T @ Z / len(rows.y),
        x_group_mean=tuple(GroupMeans.learn(X, codes, n).means for codes, n in groups),
        z_group_mean=tuple(GroupMeans.learn(Z, codes, n).means for codes, n in groups),
    )


def _scaled(X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    scale = np.sqrt((X**2).mean(axis=0))
    columns = X / scale
    return scale, columns.T @ columns, columns.sum(axis=0)


def _far_mean(values: FloatArray) -> float:
    return far_mean(float(values.mean()), float(values.std(ddof=1)))


def _sds(columns: FloatArray) -> FloatArray:
    """SDs of columns, each in two passes."""
    return np.array([column.std(ddof=1) for column in columns.T])
