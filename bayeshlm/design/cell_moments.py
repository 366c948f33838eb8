"""Moments of a design's columns from the sums of its cells: what `moments_of` makes of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cell_products import DesignColumns
from bayeshlm.design.cell_sums import CellColumns, CellCombination, CellSums, by_unit, together
from bayeshlm.design.column_moments import ColumnMoments
from bayeshlm.design.effects_at_means import at_means, far_mean
from bayeshlm.design.predictor import FixedColumn, RandomColumn, intercept_position
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.unit_equations import UnitEquations


@dataclass(frozen=True, slots=True)
class OutcomeMoments:
    """Moments of the outcome and the offset over rows, as `ColumnMoments` has them."""

    mean: float
    sd: float
    range: tuple[float, float]
    two_values: bool
    zeros: float
    skewness: float
    offset_mean: float


def cell_moments(
    outcome: OutcomeMoments,
    cells: CellSums,
    columns: DesignColumns,
    equations: Sequence[UnitEquations],
    fixed: Sequence[FixedColumn],
    random: Sequence[RandomColumn],
) -> ColumnMoments:
    """Compute the moments of a design.

    Parameters
    ----------
    outcome : OutcomeMoments
    cells : CellSums
    columns : DesignColumns
    equations : sequence of UnitEquations
        Of each grouping.
    fixed, random : sequences of FixedColumn and RandomColumn
        Labels of the columns of X and of Z, those of all groupings.
    """
    X, Z, N = columns.X, together(columns.Z), cells.n_obs
    x_mean, x_sd, _ = X.deviations(cells)
    z_mean, z_sd, _ = Z.deviations(cells)
    z_min, z_max = Z.extremes(cells)

    def far_above(of: int, numbers: FloatArray) -> float:
        values = numbers[cells.codes[of]]
        mean = values[0] + float(cells.n @ (values - values[0])) / N
        return far_mean(mean, float(np.sqrt(cells.n @ (values - mean) ** 2 / (N - 1))))

    C = at_means(
        equations,
        fixed,
        random,
        lambda k: far_mean(float(x_mean[k]), float(x_sd[k])),
        lambda r: far_mean(float(z_mean[r]), float(z_sd[r])),
        far_above,
    )
    x_sd_at_means = x_sd
    if not np.array_equal(C, np.eye(len(fixed))):
        x_sd_at_means = np.array([CellCombination.of(X, own, cells).sd(cells) for own in np.linalg.inv(C).T])
    sizes = [(codes, len(one.W)) for codes, one in zip(cells.codes, equations, strict=True)]
    ZtZ = Z.products(Z, cells).sum(axis=0) / N
    return ColumnMoments(
        n_obs=N,
        y_mean=outcome.mean,
        y_sd=outcome.sd,
        y_range=outcome.range,
        y_two_values=outcome.two_values,
        y_zeros=outcome.zeros,
        y_skewness=outcome.skewness,
        offset_mean=outcome.offset_mean,
        x_mean=x_mean,
        x_center=x_mean,
        x_scaled=_scaled(X, cells) if intercept_position(fixed) is None else None,
        at_means=C,
        x_sd_at_means=x_sd_at_means,
        z_mean=z_mean,
        z_sd=z_sd,
        z_square=np.diag(ZtZ).copy(),
        z_min=z_min,
        z_max=z_max,
        ZtZ=ZtZ,
        x_group_mean=tuple(_means_of_units(X, cells, *size) for size in sizes),
        z_group_mean=tuple(_means_of_units(Z, cells, *size) for size in sizes),
    )


def _scaled(X: CellColumns, cells: CellSums) -> tuple[FloatArray, FloatArray, FloatArray]:
    scale = np.sqrt(X.squares(cells) / cells.n_obs)
    columns = X.scaled(scale)
    return scale, columns.products(columns, cells).sum(axis=0), columns.totals(cells).sum(axis=0)


def _means_of_units(columns: CellColumns, cells: CellSums, codes: IntArray, n_units: int) -> FloatArray:
    """Means of columns in the units of a grouping, (J, K), summed about those of all rows."""
    mean, _, deviations = columns.deviations(cells)
    n = np.bincount(codes, weights=cells.n, minlength=n_units)
    return np.asarray(mean + by_unit(deviations.totals(cells), codes, n_units) / n[:, None])
