"""PyMC variables with the priors of a model, one family a variable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.graph.families import Exponential, Family, HalfCauchy, HalfNormal, HalfStudentT
from bayeshlm.graph.priors import Priors

type Distribution = tuple[str, dict[str, float]]
"""Name of a PyMC distribution and its parameters."""

type Extras = Callable[[list[int]], dict[str, Any]]
"""Further arguments of the variable for the elements at some positions: a transform, initial values."""


def distribution(prior: Family) -> Distribution:
    """The PyMC distribution of the same name as a prior."""
    return type(prior).__name__, prior.parameters


def signed_distribution(prior: Family) -> Distribution:
    """The distribution, symmetric about zero, of whose absolute value `prior` is the distribution."""
    match prior:
        case HalfStudentT(nu, sigma):
            return "StudentT", {"nu": nu, "mu": 0.0, "sigma": sigma}
        case HalfNormal(sigma):
            return "Normal", {"mu": 0.0, "sigma": sigma}
        case HalfCauchy(beta):
            return "Cauchy", {"alpha": 0.0, "beta": beta}
        case Exponential(lam):
            return "Laplace", {"mu": 0.0, "b": 1 / lam}
    raise TypeError(f"{prior} is no prior of a standard deviation")


def vector_variable(
    name: str, distributions: Sequence[Distribution], dim: str, extras: Extras = lambda positions: {}
) -> pt.TensorVariable:
    """Register one vector whose elements have these distributions.

    PyMC's variables have one family each: elements of several families are registered a family
    (``gamma_Normal``, ``gamma_StudentT``) and put together in a Deterministic. Parameters stand in the
    model as ``pm.Data`` (``gamma_sigma``), so that they are no part of the compiled code.
    """
    kinds = sorted({kind for kind, _ in distributions})
    if len(kinds) == 1:
        everything = list(range(len(distributions)))
        return _variable(name, distributions, dims=dim, **extras(everything))
    vector = pt.zeros(len(distributions))
    for kind in kinds:
        positions = [k for k, (other, _) in enumerate(distributions) if other == kind]
        chosen = [distributions[k] for k in positions]
        part = _variable(f"{name}_{kind}", chosen, shape=len(positions), **extras(positions))
        vector = pt.set_subtensor(vector[positions], part)
    return pm.Deterministic(name, vector, dims=dim)


def scalar_variable(name: str, prior: Family, **extras: Any) -> pt.TensorVariable:
    """Register one scalar with its prior."""
    kind, parameters = distribution(prior)
    data = {key: pm.Data(f"{name}_{key}", np.array([value]))[0] for key, value in parameters.items()}
    return getattr(pm, kind)(name, **data, **extras)


def _variable(name: str, distributions: Sequence[Distribution], **arguments: Any) -> pt.TensorVariable:
    (kind, first), *_ = distributions
    data = {
        key: pm.Data(f"{name}_{key}", np.array([parameters[key] for _, parameters in distributions])) for key in first
    }
    return getattr(pm, kind)(name, **data, **arguments)


def gamma_variable(priors: Priors, extras: Extras = lambda positions: {}) -> pt.TensorVariable:
    """Register ``gamma (fixed)``; it is sampled in the coordinates that its priors are stated for.

    Returns
    -------
    TensorVariable
        The vector that is sampled: gamma itself, or ``gamma_at_means``.
    """
    distributions = [distribution(prior) for prior in priors.gamma]
    if (priors.basis == np.eye(len(distributions))).all():
        return vector_variable("gamma", distributions, "fixed", extras)
    at_means = vector_variable("gamma_at_means", distributions, "fixed", extras)
    from_means = pm.Data("gamma_from_means", np.linalg.inv(priors.basis))
    pm.Deterministic("gamma", (from_means * at_means).sum(axis=1), dims="fixed")
    return at_means


def correlation_factor(design: Design, priors: Priors) -> pt.TensorVariable | None:
    """Register the correlations; return R of ``R R' = corr``, shape (q, q), or None when no effects covary.

    Each block of effects that may covary has its own LKJ(eta) correlation matrix. Its Cholesky factor is
    built from canonical partial correlations, which are independent under the LKJ prior: in column j
    (from 0) of a block of m effects, ``2 Beta(a_j, a_j) - 1`` with ``a_j = eta + (m - 2 - j)/2``
    (Lewandowski, Kurowicka & Joe 2009, section 2.4). It is the prior of ``pm.LKJCorr``, whose graph takes
    ten times as long to compile.
    """
    if priors.corr is None:
        return None
    eta = priors.corr.parameters["eta"]
    places: list[tuple[int, int]] = []
    shapes = []
    for block in design.blocks:
        for row in range(1, len(block)):
            for column in range(row):
                places.append((block[row], block[column]))
                shapes.append(eta + (len(block) - 2 - column) / 2)
    shape = pm.Data("corr_shape", np.array(shapes))
    unit = pm.Beta("corr_beta", shape, shape, shape=len(shapes))
    partial = {place: 2 * unit[k] - 1 for k, place in enumerate(places)}
    # L_ij = partial_ij prod_{k<j} sqrt(1 - partial_ik^2) and L_ii = prod_{k<i} sqrt(1 - partial_ik^2), element by
    # element: matrix operations would take many seconds to compile.
    q = len(design.random)
    elements: list[list[pt.TensorVariable]] = [[pt.constant(0.0)] * q for _ in range(q)]
    for row in range(q):
        left: pt.TensorVariable = pt.constant(1.0)
        for column in range(row):
            if (row, column) in partial:
                elements[row][column] = partial[row, column] * left
                left = left * pt.sqrt(1 - partial[row, column] ** 2)
        elements[row][row] = left
    return pt.stack([pt.stack(row) for row in elements])


def graph_coords(design: Design) -> dict[str, Sequence[Any] | NDArray[Any]]:
    """Coordinates of the graph's dims: group ids, labels of the effects."""
    return {
        design.group: design.group_labels.to_numpy(),
        "fixed": design.fixed_labels,
        "random": design.random_labels,
        "random_": design.random_labels,
    }
