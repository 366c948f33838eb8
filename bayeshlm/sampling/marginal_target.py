"""The marginal density in nutpie's form: no compiler to wait for but once, and PyMC need not be imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    cube,
    cubes,
    from_layout,
    in_layout,
    matrix,
    prior_data_at,
    vector,
    whole_matrix,
    whole_vector,
)
from bayeshlm.likelihood.disk_cache import VERSION, cached_callback
from bayeshlm.likelihood.elimination import Blocks, Pattern
from bayeshlm.likelihood.joint_posterior import joint_posterior
from bayeshlm.likelihood.level1_posterior import level1_posterior
from bayeshlm.likelihood.weighted_posterior import weighted_posterior
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.layout import Layout
from bayeshlm.sampling.level1_target import level1_callback
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import DENSITY, Target, compiled_model

type Array = NDArray[np.float64]


def marginal_target(design: Design, priors: Priors, layout: Layout) -> Target:
    """The density of a model's marginal graph, over the layout's points.

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    """
    density = likelihood_of(design).log_density(priors)
    buffer = _buffer(layout, density.data)
    compiled = compiled_model(_callback(density.function), buffer, layout.starting_point, layout.size)

    def values() -> tuple[Any, Array]:
        """Callback and buffer for values alone."""
        assert density.values is not None
        function, data = density.values()
        return _callback(function), buffer if data is density.data else _buffer(layout, data)

    return Target(
        compiled,
        lambda points: density.parameters(layout.values(points)),
        Reflections.of(design, priors, layout),
        values if density.values is not None else None,
        is_marginal=True,
        work=_work(design),
    )


def _work(design: Design) -> int:
    """Units, ten times those whose matrices have to be factored: of several groupings, or with effects past two."""
    units = sum(len(term.labels) for term in design.predictor.random)
    return 10 * units if len(design.groupings) > 1 or len(design.random) > 2 else units


def _buffer(layout: Layout, data: Sequence[Any]) -> Array:
    """What the callback reads."""
    return pack([np.array([float(VERSION)]), layout.center, layout.scale, layout.factor, *arrays_of(data)])


@cache
def _callback(function: Any) -> Any:
    """The callback, once a process: numba never gives machine code back, not that of a callback made a second time."""
    made: dict[Any, Callable[[float, Any], Callable[..., int]]] = {
        joint_posterior: _joint_callback,
        weighted_posterior: _weighted_callback,
        level1_posterior: level1_callback,
    }
    return cached_callback(DENSITY, made.get(function, _marginal_callback)(float(VERSION), function))


def _marginal_callback(version: float, posterior: Any) -> Callable[..., int]:
    """The C callback of one grouping; `version` is in numba's cache key because the function closes over it."""

    def marginal_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            vector(buffer_, 9),
            matrix(buffer_, 10),
            matrix(buffer_, 11),
            cubes(buffer_, 12),
            cubes(buffer_, 13),
            cube(buffer_, 14),
            cube(buffer_, 15),
            matrix(buffer_, 16),
            matrix(buffer_, 17),
            vector(buffer_, 18),
            vector(buffer_, 19),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return marginal_callback


def _weighted_callback(version: float, posterior: Any) -> Callable[..., int]:
    """The C callback of one grouping with sampling weights; as `_marginal_callback`."""

    def weighted_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            vector(buffer_, 9),
            matrix(buffer_, 10),
            matrix(buffer_, 11),
            cube(buffer_, 12),
            cube(buffer_, 13),
            matrix(buffer_, 14),
            matrix(buffer_, 15),
            vector(buffer_, 16),
            vector(buffer_, 17),
            vector(buffer_, 18),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return weighted_callback


def _joint_callback(version: float, posterior: Any) -> Callable[..., int]:
    """The C callback of several groupings; as `_marginal_callback`."""

    def joint_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        pattern = Pattern(
            whole_vector(buffer_, 16),
            whole_vector(buffer_, 17),
            whole_vector(buffer_, 18),
            whole_vector(buffer_, 19),
            whole_vector(buffer_, 20),
            whole_vector(buffer_, 21),
            whole_vector(buffer_, 22),
            whole_vector(buffer_, 23),
            whole_vector(buffer_, 24),
            whole_vector(buffer_, 25),
        )
        own, below, tail = cube(buffer_, 26), cube(buffer_, 27), cube(buffer_, 28)
        blocks = Blocks(own, below, tail, cube(buffer_, 29), matrix(buffer_, 30))
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            vector(buffer_, 9),
            matrix(buffer_, 10),
            cube(buffer_, 11),
            matrix(buffer_, 12),
            vector(buffer_, 13),
            vector(buffer_, 14),
            whole_matrix(buffer_, 15),
            pattern,
            blocks,
            vector(buffer_, 31),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return joint_callback
