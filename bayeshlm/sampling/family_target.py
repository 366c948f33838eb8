"""The density of an outcome that is not normal in nutpie's form: by quadrature, or with its random effects explicit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.explicit_posterior import ExplicitData
from bayeshlm.likelihood.family_explicit import FamilyExplicit
from bayeshlm.likelihood.prior_data import starting_values
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
    density, start = likelihood.log_density(priors), starting_values(design, priors)
    data: Any = density.data
    explicit = isinstance(data, ExplicitData)
    layout = start_layout(explicit_start(design, start)) if explicit else mode_layout(density, start)
    callback, buffer = density_callback(density.function, density.data, layout)
    compiled = compiled_model(callback, buffer, layout.starting_point, layout.size)
    return Target(
        compiled,
        lambda points: density.parameters(layout.values(points)),
        None if explicit else Reflections.of(design, priors, layout),
        is_marginal=not explicit,
        n_nodes=density.n_nodes,
        work=0 if isinstance(data, ExplicitData) else len(data.rows.y) * data.nodes.shape[1],
    )


def explicit_start(design: Design, start: Array) -> Array:
    """A start of the values with explicit effects, log tau in place of tau and all z at zero."""
    p, q = len(design.fixed), len(design.random)
    n_z = sum(len(term.labels) * len(term.columns) for term in design.predictor.random)
    values = np.concatenate([start, np.zeros(n_z)])
    values[p : p + q] = np.log(values[p : p + q])
    return values
