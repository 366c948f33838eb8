"""Moments of the columns of a design over its rows, or with sampling weights over the population behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cell_sums import CellColumns, CellSums, together
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.design_rows import no_rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.summed_rows import SummedRows


@dataclass(frozen=True, eq=False, slots=True)
class PopulationMoments:
    """Means and squares of the columns of X, Z and the offset.

    Attributes
    ----------
    x_mean : (p,) array
    z_mean : (q,) array
    ZtZ : (q, q) array
        Mean of ``z z'``.
    offset_mean : float
    """

    x_mean: FloatArray
    z_mean: FloatArray
    ZtZ: FloatArray
    offset_mean: float


def row_shares(design: Design) -> FloatArray:
    """What share of the population each row stands for, (N,): its weight times that of its group, of sum 1.

    Raises
    ------
    DataError
        The rows are not at hand.
    """
    assert design.weights is not None
    if design.weights.row is None:
        raise no_rows()
    weights = design.weights.row * design.weights.group[design.group_codes]
    return np.asarray(weights / weights.sum())


def population_moments(design: Design) -> PopulationMoments:
    """The moments of a design."""
    moments = design.moments
    if design.weights is None:
        return PopulationMoments(moments.x_center, moments.z_mean, moments.ZtZ, moments.offset_mean)
    if design.summed is not None:
        return _of_sums(design.summed, _population_sums(design, design.summed))
    share, Z = row_shares(design), design.Z
    return PopulationMoments(share @ design.X, share @ Z, Z.T @ (share[:, None] * Z), float(share @ design.offset))


def fixed_covariance(design: Design) -> FloatArray:
    """Covariance matrix of the scaled columns of X, (p, p): divisor N - 1, or with weights their sum."""
    products = design.products
    if design.weights is not None and design.summed is not None:
        sums = _population_sums(design, design.summed)
        own = design.summed.columns.X.deviations(sums)[2]
        covariance = own.products(own, sums).sum(axis=0) / sums.count.sum()
        return np.asarray(products.x_transform.T @ covariance @ products.x_transform)
    if design.weights is not None:
        centered = (design.X - row_shares(design) @ design.X) @ products.x_transform
        return np.asarray(centered.T @ (row_shares(design)[:, None] * centered))
    mean = design.moments.x_center @ products.x_transform
    XtX = products.XtX.sum(axis=0) if isinstance(products, CrossProducts) else products.XtX
    return np.asarray((XtX - design.n_obs * np.outer(mean, mean)) / (design.n_obs - 1))


def outcome_sd(design: Design) -> float:
    """SD of the outcome over rows, or with sampling weights over the population."""
    if design.weights is None:
        return design.moments.y_sd
    if design.summed is not None:
        sums = _population_sums(design, design.summed)
        y = CellColumns.of(sums, [design.summed.y_place], np.ones((len(sums.n), 1))).deviations(sums)[2]
        return float(np.sqrt(y.squares(sums)[0] / sums.count.sum()))
    share = row_shares(design)
    return float(np.sqrt(share @ (design.y - share @ design.y) ** 2))


def _population_sums(design: Design, summed: SummedRows) -> CellSums:
    """Sums over rows in a database that count for their weights times those of their groups."""
    assert design.weights is not None
    sums = summed.sums if summed.weighted is None else summed.weighted.sums
    return sums.times(design.weights.group[sums.codes[0]])


def _of_sums(summed: SummedRows, sums: CellSums) -> PopulationMoments:
    X, Z, total = summed.columns.X, together(summed.columns.Z), sums.count.sum()
    (x_mean, *_), (z_mean, *_) = X.deviations(sums), Z.deviations(sums)
    offset = 0.0
    if summed.has_offset:
        offset = summed.offset_center + float((sums.sums[:, summed.y_place] - sums.sums[:, -1]).sum() / total)
    return PopulationMoments(x_mean, z_mean, Z.products(Z, sums).sum(axis=0) / total, offset)
