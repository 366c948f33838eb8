"""The log density of a target at many points, by the machine code that NUTS calls, in threads."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.sampling.target import Target

type Array = NDArray[np.float64]

TOGETHER = 50
"""Points that a thread takes at a time."""


class Density(Protocol):
    """What importance sampling asks of a log density of x, (n, D)."""

    @property
    def size(self) -> int:
        """Number of coordinates D."""

    def folded(self, x: Array) -> Array:
        """Of each point the one image that stands for all."""

    def images(self, x: Array) -> Iterable[Array]:
        """Points and all others that are the same models."""

    def log_densities(self, x: Array) -> Array:
        """Log densities, ``-inf`` where not finite."""

    def with_gradients(self, x: Array) -> tuple[Array, Array]:
        """Log densities and their gradients."""


@dataclass(frozen=True, eq=False)
class Points:
    """A target's density, and which points are one model.

    Attributes
    ----------
    target : Target
        Compiled by the fast route.
    """

    target: Target

    @property
    def size(self) -> int:
        """Number of coordinates D."""
        return int(self.target.compiled.n_dim)

    def folded(self, x: Array) -> Array:
        """Of each point (n, D) the image with no negative standard deviation."""
        return x if self.target.reflections is None else self.target.reflections.folded(x)

    def images(self, x: Array) -> Iterable[Array]:
        """Points (n, D) and all others that are the same models, one array after the other."""
        return (x,) if self.target.reflections is None else self.target.reflections.images(x)

    def log_densities(self, x: Array) -> Array:
        """Log densities (n,) of points x (n, D); ``-inf`` where not finite."""
        return self._evaluated(x, *self._values)[0]

    def with_gradients(self, x: Array) -> tuple[Array, Array]:
        """Log densities (n,) of points x (n, D), and their gradients (n, D); ``-inf`` and 0 where not finite."""
        return self._evaluated(x, *self._whole)

    @property
    def _whole(self) -> tuple[Any, Array]:
        """Callback of the density with its gradient, and its data."""
        return self.target.compiled.compiled_logp_func, self.target.compiled.user_data

    @cached_property
    def _values(self) -> tuple[Any, Array]:
        """Callback of the density alone, and its data."""
        return self._whole if self.target.values is None else self.target.values()

    def _evaluated(self, x: Array, callback: Any, data: Array) -> tuple[Array, Array]:
        """Values, and gradients where the callback does not leave them out."""
        values, gradients = np.empty(len(x)), np.zeros(x.shape)

        def evaluate(rows: slice) -> None:
            _call(callback, data, x[rows], gradients[rows], values[rows])

        if len(x) <= TOGETHER:
            evaluate(slice(None))
        else:
            in_threads(evaluate, [slice(start, start + TOGETHER) for start in range(0, len(x), TOGETHER)])
        bad = ~np.isfinite(values) | ~np.isfinite(gradients).all(axis=1)
        values[bad], gradients[bad] = -np.inf, 0.0
        return values, gradients

    def milliseconds(self) -> float:
        """How long one evaluation takes: the faster of two, called without the loop, which may not be compiled yet."""
        compiled, seconds = self.target.compiled, []
        arrays = (np.zeros(self.size), np.empty(self.size), np.empty(1), compiled.user_data)
        pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in arrays]
        for _ in range(2):
            start = time.perf_counter()
            compiled.compiled_logp_func.ctypes(self.size, *pointers)
            seconds.append(time.perf_counter() - start)
        return 1e3 * min(seconds)


def _loop(density: Any, buffer: Array, points: Array, gradients: Array, values: Array) -> None:
    """Call a C callback (`bayeshlm.sampling.target.DENSITY`) for every point; ``-inf`` where it has no value."""
    for s in range(len(points)):
        value = values[s : s + 1]
        status = density(np.uint64(points.shape[1]), points[s].ctypes, gradients[s].ctypes, value.ctypes, buffer.ctypes)
        if status != 0:
            values[s] = -np.inf


_call = cached(numba.njit(nogil=True, error_model="numpy")(_loop))
