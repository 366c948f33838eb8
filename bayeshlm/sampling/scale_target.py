"""The density where the level-1 SD varies between groups, in nutpie's form."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np

from bayeshlm.design import Design
from bayeshlm.likelihood.buffer import pack
from bayeshlm.likelihood.callback_arrays import (
    arrays_of,
    from_layout,
    in_layout,
    matrix,
    prior_data_at,
    vector,
    whole_vector,
)
from bayeshlm.likelihood.disk_cache import VERSION, cached_callback
from bayeshlm.likelihood.location_scale import LocationScale
from bayeshlm.likelihood.prior_data import Level1Priors
from bayeshlm.likelihood.scale_kernel import ScaleRows
from bayeshlm.likelihood.scale_posterior import scale_posterior
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.layout import mode_layout
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import DENSITY, Target, compiled_model


def scale_target(design: Design, priors: Priors) -> Target:
    """The density of a model whose level-1 SD varies between groups, over points around its mode.

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    SamplingError
        If no number of nodes is enough.
    """
    likelihood = LocationScale(design)
    density = likelihood.log_density(priors)
    layout = mode_layout(density, likelihood.start(priors))
    header = np.array([float(VERSION)])
    buffer = pack([header, layout.center, layout.scale, layout.factor, *arrays_of(density.data)])
    return Target(
        compiled_model(_callback(), buffer, layout.starting_point, layout.size),
        lambda points: density.parameters(layout.values(points)),
        Reflections.of(design, priors, layout),
        is_marginal=True,
        n_nodes=density.n_nodes,
        work=design.n_obs + 3 * design.n_groups * density.n_nodes,
    )


@cache
def _callback() -> Any:
    """The callback, once a process."""
    return cached_callback(DENSITY, _scale_callback(float(VERSION), scale_posterior))


def _scale_callback(version: float, posterior: Any) -> Callable[..., int]:
    """The C callback; `version` is in numba's cache key because the function closes over it."""

    def scale_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            Level1Priors(matrix(buffer_, 9), vector(buffer_, 10), vector(buffer_, 11), vector(buffer_, 12)),
            ScaleRows(
                vector(buffer_, 13),
                matrix(buffer_, 14),
                matrix(buffer_, 15),
                matrix(buffer_, 16),
                vector(buffer_, 17),
            ),
            whole_vector(buffer_, 18),
            matrix(buffer_, 19),
            vector(buffer_, 20),
            matrix(buffer_, 21),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return scale_callback
