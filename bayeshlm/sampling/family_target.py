"""Densities that take quadrature in nutpie's form, and those of the same models with their random effects explicit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.family_explicit import FamilyExplicit
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.likelihood.prior_data import starting_values
from bayeshlm.likelihood.quadrature_posterior import QuadratureData
from bayeshlm.likelihood.scale_posterior import ScaleData
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.density_callback import density_callback
from bayeshlm.sampling.layout import mode_layout, start_layout
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import Target, compiled_model

type Array = NDArray[np.float64]


def family_target(design: Design, priors: Priors, explicit: bool = False) -> Target:
    """The density of a model's posterior, over points around its mode or, with explicit effects, around a start.

    Parameters
    ----------
    design : Design
    priors : Priors
    explicit : bool
        Sample the random effects even where quadrature can take them.

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    SamplingError
        If no number of nodes is enough.
    """
    likelihood = FamilyExplicit(design) if explicit else likelihood_of(design)
    density, marginal = likelihood.log_density(priors), isinstance(likelihood, FamilyQuadrature)
    if isinstance(likelihood, FamilyQuadrature):
        layout = mode_layout(density, likelihood.start(priors))
    else:
        layout = start_layout(explicit_start(design, starting_values(design, priors)))
    callback, buffer = density_callback(density.function, density.data, layout)
    return Target(
        compiled_model(callback, buffer, layout.starting_point, layout.size),
        lambda points: density.parameters(layout.values(points)),
        Reflections.of(design, priors, layout) if marginal else None,
        is_marginal=marginal,
        n_nodes=density.n_nodes,
        work=_work(density.data, density.n_nodes),
    )


def _work(data: Any, n_nodes: int) -> int:
    """Rows times nodes; where the level-1 SD varies rows, and three for each node of a group."""
    if isinstance(data, ScaleData):
        return len(data.rows.y) + 3 * (len(data.first) - 1) * n_nodes
    return len(data.rows.y) * data.nodes.shape[1] if isinstance(data, QuadratureData) else 0


def explicit_start(design: Design, start: Array) -> Array:
    """A start of the values with explicit effects, log tau in place of tau and all z at zero."""
    p, q = len(design.fixed), len(design.random)
    n_z = sum(len(term.labels) * len(term.columns) for term in design.predictor.random)
    values = np.concatenate([start, np.zeros(n_z)])
    values[p : p + q] = np.log(values[p : p + q])
    return values
