"""The log density of a target at many points, by the machine code that NUTS calls, in threads."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.sampling.target import Target

type Array = NDArray[np.float64]

TOGETHER = 50
"""Points that a thread takes at a time."""


@dataclass(frozen=True, eq=False)
class Points:
    """A target's density over the whole space, SDs with a sign folded to positive ones.

    A coordinate x with an edge e < 0, below which the density is the mirror image of that above, is written
    ``x = e + log(1 + exp(y + c))`` with ``x = 0`` at zero: nearly ``x = y`` far from the edge, and the logarithm of the
    distance near it. The logarithm alone would have a long tail on the left, whose part of the posterior importance
    sampling underrates. The others are ``x = y``.

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

    def places(self, y: Array) -> Array:
        """The target's coordinates x of points y, (n, D)."""
        x, (folded, edge, inner) = y.copy(), self._inner(y)
        x[:, folded] = edge + np.logaddexp(0, inner)
        return x

    def log_densities(self, y: Array) -> Array:
        """Log densities (n,) of points y (n, D); ``-inf`` where not finite."""
        return self._evaluated(y, self.target.values_buffer)[0]

    def with_gradients(self, y: Array) -> tuple[Array, Array]:
        """Log densities (n,) of points y (n, D), and their gradients (n, D); ``-inf`` and 0 where not finite."""
        return self._evaluated(y, None)

    def _evaluated(self, y: Array, buffer: Array | None) -> tuple[Array, Array]:
        """Values, and gradients where the buffer does not leave them out."""
        x = self.places(y)
        values, gradients, compiled = np.empty(len(y)), np.empty(y.shape), self.target.compiled
        data = compiled.user_data if buffer is None else buffer

        def evaluate(rows: slice) -> None:
            _call(compiled.compiled_logp_func, data, x[rows], gradients[rows], values[rows])

        if len(y) <= TOGETHER:
            evaluate(slice(None))
        else:
            in_threads(evaluate, [slice(start, start + TOGETHER) for start in range(0, len(y), TOGETHER)])
        folded, _, inner = self._inner(y)
        slope = np.exp(-np.logaddexp(0, -inner))
        values -= np.logaddexp(0, -inner).sum(axis=1)
        gradients[:, folded] = gradients[:, folded] * slope + 1 - slope
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

    def _inner(self, y: Array) -> tuple[NDArray[np.bool_], Array, Array]:
        """Which coordinates are folded, their edges, and ``y + c`` of theirs."""
        edges = np.full(self.size, -np.inf) if self.target.edges is None else self.target.edges
        folded = np.isfinite(edges)
        edge = edges[folded]
        return folded, edge, y[:, folded] - edge + np.log(-np.expm1(edge))


def _loop(density: Any, buffer: Array, points: Array, gradients: Array, values: Array) -> None:
    """Call a C callback (`bayeshlm.sampling.target.DENSITY`) for every point; ``-inf`` where it has no value."""
    for s in range(len(points)):
        value = values[s : s + 1]
        status = density(np.uint64(points.shape[1]), points[s].ctypes, gradients[s].ctypes, value.ctypes, buffer.ctypes)
        if status != 0:
            values[s] = -np.inf


_call = cached(numba.njit(nogil=True, error_model="numpy")(_loop))
