"""Moments of the columns of a design over its rows, or with sampling weights over the population behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray


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
    """What share of the population each row stands for, (N,): its weight times that of its group, of sum 1."""
    assert design.weights is not None
    weights = design.weights.row * design.weights.group[design.group_codes]
    return np.asarray(weights / weights.sum())


def population_moments(design: Design) -> PopulationMoments:
    """The moments of a design."""
    moments = design.moments
    if design.weights is None:
        return PopulationMoments(moments.x_center, moments.z_mean, moments.ZtZ, moments.offset_mean)
    share, Z = row_shares(design), design.Z
    return PopulationMoments(share @ design.X, share @ Z, Z.T @ (share[:, None] * Z), float(share @ design.offset))


def fixed_covariance(design: Design) -> FloatArray:
    """Covariance matrix of the scaled columns of X, (p, p): divisor N - 1, or with weights their sum."""
    products = design.products
    if design.weights is not None:
        centered = (design.X - row_shares(design) @ design.X) @ products.x_transform
        return np.asarray(centered.T @ (row_shares(design)[:, None] * centered))
    mean = design.moments.x_center @ products.x_transform
    XtX = products.XtX.sum(axis=0) if isinstance(products, CrossProducts) else products.XtX
    return np.asarray((XtX - design.n_obs * np.outer(mean, mean)) / (design.n_obs - 1))
