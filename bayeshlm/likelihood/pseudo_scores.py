"""Scores of a pseudo-likelihood: the gradients of its groups, and of the whole under replicate weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from bayeshlm.design.cell_products import cell_products
from bayeshlm.design.design import Design
from bayeshlm.design.design_weights import DesignWeights
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.likelihood import LogDensity
from bayeshlm.likelihood.quadrature_posterior import QuadratureData, quadrature_data
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.weighted_posterior import WeightedData, weighted_data, weighted_products
from bayeshlm.parameters.priors import Priors

type Data = WeightedData | QuadratureData


def replicated(design: Design) -> Iterator[Design]:
    """The design under each of its replicate weights, for which a database is asked once each."""
    weights = design.weights
    assert weights is not None
    if design.summed is not None and design.summed.sampling is not None:
        summed = design.summed
        for which, group in enumerate(weights.replicate_group):
            weighted = design.summed.sampling.replicate(which)
            products = cell_products(design.predictor, summed.sums, summed.columns, weighted)
            yield replace(design, products=products, weights=replace(weights, group=group))
        return
    assert weights.replicate_row is not None
    pairs = zip(weights.replicate_row, weights.replicate_group, strict=True)
    for row, group in pairs:
        yield design.changed(weights=replace(weights, row=row, group=group))


def scores_at(design: Design, priors: Priors, density: LogDensity, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradients of the log pseudo-likelihood at unconstrained values.

    Parameters
    ----------
    design : Design
        With weights.
    priors : Priors
    density : LogDensity
        Of its pseudo-posterior.
    x : (D,) array

    Returns
    -------
    groups : (J, D) array
        Of ``w_j log p(y_j)``.
    replicates : (R, D) array
        Of the sum, under each replicate.
    """
    parts = _groups(design, density.data)
    of_priors = density_of_priors(design, density)(x)[1]
    groups = np.array([_gradient(density, part, x) - of_priors for part in parts])
    whole = [_gradient(density, _data(one, priors, density), x) - of_priors for one in replicated(design)]
    return groups, np.array(whole).reshape(-1, len(x))


def density_of_priors(design: Design, density: LogDensity) -> LogDensity:
    """The log density of a pseudo-posterior with all outcomes taken out."""
    return replace(density, data=_emptied(_groups(design, density.data)[0]))


def _gradient(density: LogDensity, data: Data, x: FloatArray) -> FloatArray:
    return replace(density, data=data)(x)[1]


def _data(design: Design, priors: Priors, like: LogDensity) -> Data:
    if not like.n_nodes:
        return weighted_data(design, priors)
    assert isinstance(like.data, QuadratureData)
    return quadrature_data(design, priors, like.n_nodes, like.data.origin)


def _groups(design: Design, data: Any) -> list[Data]:
    """The data of each group alone."""
    weights = design.weights
    assert isinstance(weights, DesignWeights)
    if isinstance(data, WeightedData):
        own = (weighted_products(design.cross_products, weights.group, slice(j, j + 1)) for j in range(design.n_groups))
        return [data._replace(products=products) for products in own]
    found: list[Data] = []
    for j, (low, high) in enumerate(pairwise(data.first.tolist())):
        rows = Rows(*(np.ascontiguousarray(values[..., low:high]) for values in data.rows))
        weight, origin = data.group_weights[j : j + 1].copy(), data.origin[j : j + 1].copy()
        found.append(data._replace(rows=rows, first=np.array([0, high - low]), origin=origin, group_weights=weight))
    return found


def _emptied(part: Data) -> Data:
    """The data of a group that counts nothing, which leaves the priors."""
    nothing = np.zeros(1)
    if isinstance(part, QuadratureData):
        return part._replace(group_weights=nothing)
    XtX, Xty = np.zeros_like(part.products.XtX), np.zeros_like(part.products.Xty)
    return part._replace(products=part.products._replace(XtX=XtX, Xty=Xty, totals=np.zeros(2), group_weights=nothing))
