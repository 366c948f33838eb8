"""The density of an outcome that is not normal in nutpie's form: by quadrature, or with its random effects explicit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.buffer import pack
from bayeshlm.likelihood.callback_arrays import (
    arrays_of,
    from_layout,
    in_layout,
    matrix,
    prior_data_at,
    vector,
    whole_matrix,
    whole_vector,
)
from bayeshlm.likelihood.disk_cache import VERSION, cached_callback
from bayeshlm.likelihood.explicit_kernel import Places
from bayeshlm.likelihood.explicit_posterior import ExplicitData, explicit_posterior
from bayeshlm.likelihood.family_explicit import FamilyExplicit
from bayeshlm.likelihood.prior_data import starting_values
from bayeshlm.likelihood.quadrature_posterior import is_increasing, quadrature_posterior
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.layout import mode_layout, start_layout
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import DENSITY, Target, compiled_model

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
    header = np.array([float(VERSION)])
    buffer = pack([header, layout.center, layout.scale, layout.factor, *arrays_of(density.data)])
    callback = _callback(explicit, design.outcome.family_name, design.outcome.link, is_increasing(design))
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


@cache
def _callback(explicit: bool, family: str, link: str, increasing: bool) -> Any:
    """The callback, once a process."""
    make, posterior = (
        (_explicit_callback, explicit_posterior) if explicit else (_quadrature_callback, quadrature_posterior)
    )
    return cached_callback(DENSITY, make(float(VERSION), posterior(family, link, increasing)))


def _quadrature_callback(version: float, posterior: Any) -> Callable[..., int]:
    """The C callback; `version` is in numba's cache key because the function closes over it."""

    def quadrature_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            Rows(
                vector(buffer_, 9),
                vector(buffer_, 10),
                vector(buffer_, 11),
                vector(buffer_, 12),
                matrix(buffer_, 13),
                matrix(buffer_, 14),
            ),
            whole_vector(buffer_, 15),
            matrix(buffer_, 16),
            vector(buffer_, 17),
            matrix(buffer_, 18),
            vector(buffer_, 19),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return quadrature_callback


def _explicit_callback(version: float, posterior: Any) -> Callable[..., int]:
    """As `_quadrature_callback`."""

    def explicit_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            Rows(
                vector(buffer_, 9),
                vector(buffer_, 10),
                vector(buffer_, 11),
                vector(buffer_, 12),
                matrix(buffer_, 13),
                matrix(buffer_, 14),
            ),
            Places(
                whole_matrix(buffer_, 15),
                whole_vector(buffer_, 16),
                whole_vector(buffer_, 17),
                whole_vector(buffer_, 18),
                whole_vector(buffer_, 19),
            ),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return explicit_callback
