"""PyMC variables with the priors of a model, one family a variable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.parameters.free_variables import Distribution, distribution, gamma_name, parameter_arrays, parts
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.priors import Priors

type Extras = Callable[[list[int]], dict[str, Any]]
"""Further arguments of the variable for the elements at some positions: a transform, initial values."""


def vector_variable(
    name: str, distributions: Sequence[Distribution], dim: str, extras: Extras = lambda positions: {}
) -> pt.TensorVariable:
    """Register one vector whose elements have these distributions.

    PyMC's variables have one family each: elements of several families are registered a family
    (``gamma_Normal``, ``gamma_StudentT``) and put together in a Deterministic. Parameters stand in the
    model as ``pm.Data`` (``gamma_sigma``), so that they are no part of the compiled code.
    """
    made = parts(name, distributions)
    if name in made:
        return _variable(name, distributions, dims=dim, **extras(made[name]))
    vector = pt.zeros(len(distributions))
    for part, positions in made.items():
        chosen = [distributions[k] for k in positions]
        variable = _variable(part, chosen, shape=len(positions), **extras(positions))
        vector = pt.set_subtensor(vector[positions], variable)
    return pm.Deterministic(name, vector, dims=dim)


def scalar_variable(name: str, prior: Prior, **extras: Any) -> pt.TensorVariable:
    """Register one scalar with its prior."""
    kind, parameters = distribution(prior)
    data = {key: pm.Data(f"{name}_{key}", np.array([value]))[0] for key, value in parameters.items()}
    return getattr(pm, kind)(name, **data, **extras)


def _variable(name: str, distributions: Sequence[Distribution], **arguments: Any) -> pt.TensorVariable:
    kind = distributions[0][0]
    data = {key: pm.Data(f"{name}_{key}", values) for key, values in parameter_arrays(distributions).items()}
    return getattr(pm, kind)(name, **data, **arguments)


def gamma_variable(priors: Priors, extras: Extras = lambda positions: {}) -> pt.TensorVariable:
    """Register ``gamma (fixed)``; it is sampled in the coordinates that its priors are stated for.

    Returns
    -------
    TensorVariable
        The vector that is sampled: gamma itself, or ``gamma_at_means``.
    """
    distributions = [distribution(prior) for prior in priors.gamma]
    sampled = vector_variable(gamma_name(priors), distributions, "fixed", extras)
    if gamma_name(priors) != "gamma":
        from_means = pm.Data("gamma_from_means", np.linalg.inv(priors.basis))
        pm.Deterministic("gamma", (from_means * sampled).sum(axis=1), dims="fixed")
    return sampled


def correlation_factor(design: Design, priors: Priors) -> pt.TensorVariable | None:
    """Register the correlations; return R of ``R R' = corr``, shape (q, q), or None when no effects covary.

    Each block of effects that may covary has its own LKJ(eta) correlation matrix, made of canonical partial
    correlations (`bayeshlm.parameters.partial_correlations`). It is the prior of ``pm.LKJCorr``, whose graph takes
    ten times as long to compile.
    """
    partials = partial_correlations(design, priors)
    if not partials.rows:
        return None
    shape = pm.Data("corr_shape", partials.shapes)
    unit = pm.Beta("corr_beta", shape, shape, shape=len(partials.rows))
    # Element by element: matrix operations would take many seconds to compile.
    q = len(design.random)
    elements: list[list[pt.TensorVariable]] = [[pt.constant(float(r == s)) for s in range(q)] for r in range(q)]
    for k, (row, column) in enumerate(zip(partials.rows, partials.columns, strict=True)):
        partial, left = 2 * unit[k] - 1, elements[row][row]
        elements[row][column] = partial * left
        elements[row][row] = left * pt.sqrt(1 - partial**2)
    return pt.stack([pt.stack(row) for row in elements])


def graph_coords(design: Design) -> dict[str, Sequence[Any] | NDArray[Any]]:
    """Coordinates of the graph's dims: group ids, labels of the effects, and between which categories cutpoints are."""
    coords: dict[str, Sequence[Any] | NDArray[Any]] = {
        "fixed": design.fixed_labels,
        "random": design.random_labels,
        "random_": design.random_labels,
    }
    if design.outcome.residuals.spread:
        coords["spread"] = list(design.outcome.residuals.spread)
    if design.outcome.categories:
        coords["threshold"] = [f"{below}|{above}" for below, above in pairwise(design.outcome.categories)]
    for layout, term in zip(layout_of_groupings(design.groupings), design.predictor.random, strict=True):
        coords[term.grouping] = term.labels.to_numpy()
        coords[layout.random] = [column.label for column in term.columns]
    return coords
