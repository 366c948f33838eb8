"""The marginal density in nutpie's form: no compiler to wait for but once, and PyMC need not be imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic

from bayeshlm.design import Design
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.disk_cache import VERSION, cached_callback
from bayeshlm.likelihood.unconstrained_density import marginal_posterior
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.buffer import ENTRY, pack
from bayeshlm.sampling.layout import Layout
from bayeshlm.sampling.target import DENSITY, Target, compiled_model


def marginal_target(design: Design, priors: Priors, layout: Layout) -> Target:
    """The density of a model's marginal graph, over the layout's points.

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    """
    density = likelihood_of(design).log_density(priors)
    header = np.array([float(VERSION)])
    buffer = pack([header, layout.center, layout.scale, layout.factor, *density.data])
    compiled = compiled_model(_density(), buffer, layout.starting_point, layout.size)
    edges = np.full(layout.size, -np.inf)
    tau = slice(len(design.fixed), len(design.fixed) + len(design.random))
    edges[tau] = -layout.center[tau] / layout.scale[tau]
    return Target(compiled, lambda points: density.parameters(layout.values(points)), edges)


@cache
def _density() -> Any:
    """The callback, once a process: numba never gives machine code back, not that of a callback made a second time."""
    return cached_callback(DENSITY, _density_callback(float(VERSION)))


def _density_callback(version: float) -> Callable[..., int]:
    """The C callback; `version` is in numba's cache key because the function closes over it."""

    def marginal_callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if _vector(buffer_, 0)[0] != version:
            return 1
        center, scale, factor = _vector(buffer_, 1), _vector(buffer_, 2), _matrix(buffer_, 3)
        point, slope = center + scale * x, np.empty(dim)
        n_whitened = len(factor)
        for r in range(n_whitened):
            point[r] = center[r]
            for s in range(n_whitened):
                point[r] += factor[r, s] * x[s]
        value = marginal_posterior(
            point,
            slope,
            _matrix(buffer_, 4),
            _matrix(buffer_, 5),
            _matrix(buffer_, 6),
            _matrix(buffer_, 7),
            _vector(buffer_, 8),
            _matrix(buffer_, 9),
            _matrix(buffer_, 10),
            _cube(buffer_, 11),
            _cube(buffer_, 12),
            _matrix(buffer_, 13),
            _matrix(buffer_, 14),
            _vector(buffer_, 15),
            _vector(buffer_, 16),
            _vector(buffer_, 17),
        )
        log_density[0] = value
        finite = True
        for s in range(dim):
            gradient[s] = scale[s] * slope[s]
            if s < n_whitened:
                gradient[s] = 0.0
                for r in range(n_whitened):
                    gradient[s] += factor[r, s] * slope[r]
            finite = finite and np.isfinite(gradient[s])
        if not finite:
            return 3
        return 0 if np.isfinite(value) else 4

    return marginal_callback


@intrinsic
def _from(typing: Any, buffer: Any, offset: Any) -> Any:
    """The pointer `offset` doubles further; views through it compile in a third of the time that reshape takes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return buffer(buffer, numba.types.int64), generate


@numba.njit(nogil=True, forceinline=True)
def _vector(buffer_, k):  # type: ignore[no-untyped-def]
    entry = 1 + ENTRY * k
    return numba.carray(_from(buffer_, int(buffer_[entry])), int(buffer_[entry + 1]))


@numba.njit(nogil=True, forceinline=True)
def _matrix(buffer_, k):  # type: ignore[no-untyped-def]
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)


@numba.njit(nogil=True, forceinline=True)
def _cube(buffer_, k):  # type: ignore[no-untyped-def]
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]), int(buffer_[entry + 3]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)
