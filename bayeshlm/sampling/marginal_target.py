"""The marginal density in nutpie's form: no compiler to wait for but once, and PyMC need not be imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.disk_cache import VERSION, cached_callback
from bayeshlm.likelihood.elimination import Blocks, Pattern
from bayeshlm.likelihood.joint_posterior import joint_posterior
from bayeshlm.likelihood.prior_data import PriorData
from bayeshlm.likelihood.unconstrained_density import marginal_posterior
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.buffer import ENTRY, pack
from bayeshlm.sampling.layout import Layout
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
    header = np.array([float(VERSION)])
    buffer = pack([header, layout.center, layout.scale, layout.factor, *_arrays(density.data)])
    compiled = compiled_model(_callback(density.function), buffer, layout.starting_point, layout.size)
    edges = np.full(layout.size, -np.inf)
    tau = slice(len(design.fixed), len(design.fixed) + len(design.random))
    edges[tau] = -layout.center[tau] / layout.scale[tau]
    return Target(compiled, lambda points: density.parameters(layout.values(points)), edges)


def _arrays(data: Sequence[Any]) -> Iterator[NDArray[Any]]:
    """The arrays of a density's data, those of its tuples in their place."""
    for part in data:
        if isinstance(part, tuple):
            yield from _arrays(part)
        else:
            yield part


@cache
def _callback(function: Any) -> Any:
    """The callback, once a process: numba never gives machine code back, not that of a callback made a second time."""
    made = _joint_callback if function is joint_posterior else _marginal_callback
    return cached_callback(DENSITY, made(float(VERSION)))


def _marginal_callback(version: float) -> Callable[..., int]:
    """The C callback of one grouping; `version` is in numba's cache key because the function closes over it."""

    def marginal_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if _vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = _vector(buffer_, 2), _matrix(buffer_, 3), np.empty(dim)
        log_density[0] = marginal_posterior(
            _from_layout(x, _vector(buffer_, 1), scale, factor),
            slope,
            _prior_data(buffer_, 4),
            _vector(buffer_, 9),
            _matrix(buffer_, 10),
            _matrix(buffer_, 11),
            _cube(buffer_, 12),
            _cube(buffer_, 13),
            _matrix(buffer_, 14),
            _matrix(buffer_, 15),
            _vector(buffer_, 16),
            _vector(buffer_, 17),
        )
        return _in_layout(log_density[0], slope, gradient, scale, factor)

    return marginal_callback


def _joint_callback(version: float) -> Callable[..., int]:
    """The C callback of several groupings; as `_marginal_callback`."""

    def joint_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if _vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = _vector(buffer_, 2), _matrix(buffer_, 3), np.empty(dim)
        pattern = Pattern(
            _whole_vector(buffer_, 16),
            _whole_vector(buffer_, 17),
            _whole_vector(buffer_, 18),
            _whole_vector(buffer_, 19),
            _whole_vector(buffer_, 20),
            _whole_vector(buffer_, 21),
            _whole_vector(buffer_, 22),
            _whole_vector(buffer_, 23),
            _whole_vector(buffer_, 24),
            _whole_vector(buffer_, 25),
        )
        own, below, tail = _cube(buffer_, 26), _cube(buffer_, 27), _cube(buffer_, 28)
        blocks = Blocks(own, below, tail, _cube(buffer_, 29), _matrix(buffer_, 30))
        log_density[0] = joint_posterior(
            _from_layout(x, _vector(buffer_, 1), scale, factor),
            slope,
            _prior_data(buffer_, 4),
            _vector(buffer_, 9),
            _matrix(buffer_, 10),
            _cube(buffer_, 11),
            _matrix(buffer_, 12),
            _vector(buffer_, 13),
            _vector(buffer_, 14),
            _whole_matrix(buffer_, 15),
            pattern,
            blocks,
        )
        return _in_layout(log_density[0], slope, gradient, scale, factor)

    return joint_callback


@numba.njit(error_model="numpy", nogil=True, forceinline=True)
def _from_layout(x: Array, center: Array, scale: Array, factor: Array) -> Array:
    """The unconstrained values of a point; see `bayeshlm.sampling.layout.Layout`."""
    point = center + scale * x
    n_whitened = len(factor)
    for r in range(n_whitened):
        point[r] = center[r]
        for s in range(n_whitened):
            point[r] += factor[r, s] * x[s]
    return point


@numba.njit(error_model="numpy", nogil=True, forceinline=True)
def _in_layout(value: float, slope: Array, gradient: Array, scale: Array, factor: Array) -> int:
    """Fill the gradient at a point from the one at its values; the callback's status."""
    n_whitened, finite = len(factor), True
    for s in range(len(slope)):
        gradient[s] = scale[s] * slope[s]
        if s < n_whitened:
            gradient[s] = 0.0
            for r in range(n_whitened):
                gradient[s] += factor[r, s] * slope[r]
        finite = finite and np.isfinite(gradient[s])
    if not finite:
        return 3
    return 0 if np.isfinite(value) else 4


@intrinsic
def _from(typing: Any, buffer: Any, offset: Any) -> Any:
    """The pointer `offset` doubles further; views through it compile in a third of the time that reshape takes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return buffer(buffer, numba.types.int64), generate


@numba.njit(nogil=True, forceinline=True)
def _vector(buffer_, k):  # type: ignore[no-untyped-def]
    """The vector at position k."""
    entry = 1 + ENTRY * k
    return numba.carray(_from(buffer_, int(buffer_[entry])), int(buffer_[entry + 1]))


@numba.njit(nogil=True, forceinline=True)
def _matrix(buffer_, k):  # type: ignore[no-untyped-def]
    """The matrix at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)


@numba.njit(nogil=True, forceinline=True)
def _cube(buffer_, k):  # type: ignore[no-untyped-def]
    """The array of three axes at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]), int(buffer_[entry + 3]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)


@intrinsic
def _whole(typing: Any, buffer: Any) -> Any:
    """The pointer to the same bits as whole numbers."""
    pointer = numba.types.CPointer(numba.types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(pointer))

    return pointer(buffer), generate


@numba.njit(nogil=True, forceinline=True)
def _whole_vector(buffer_, k):  # type: ignore[no-untyped-def]
    """The vector of whole numbers at position k."""
    entry = 1 + ENTRY * k
    return numba.carray(_whole(_from(buffer_, int(buffer_[entry]))), int(buffer_[entry + 1]))


@numba.njit(nogil=True, forceinline=True)
def _whole_matrix(buffer_, k):  # type: ignore[no-untyped-def]
    """The matrix of whole numbers at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]))
    return numba.carray(_whole(_from(buffer_, int(buffer_[entry]))), shape)


@numba.njit(nogil=True, forceinline=True)
def _prior_data(buffer_, k):  # type: ignore[no-untyped-def]
    """The five arrays of the priors, from position k on."""
    return PriorData(
        _matrix(buffer_, k),
        _matrix(buffer_, k + 1),
        _matrix(buffer_, k + 2),
        _matrix(buffer_, k + 3),
        _vector(buffer_, k + 4),
    )
