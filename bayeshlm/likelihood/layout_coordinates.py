"""A layout's coordinates in machine code: into unconstrained values, and a gradient out of them."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


@numba.njit(error_model="numpy", nogil=True, forceinline=True)
def from_layout(x: Array, center: Array, scale: Array, factor: Array) -> Array:
    """The unconstrained values of a point; see `bayeshlm.sampling.layout.Layout`."""
    point = center + scale * x
    n_whitened = len(factor)
    for r in range(n_whitened):
        point[r] = center[r]
        for s in range(n_whitened):
            point[r] += factor[r, s] * x[s]
    return point


@numba.njit(error_model="numpy", nogil=True, forceinline=True)
def in_layout(value: float, slope: Array, gradient: Array, scale: Array, factor: Array) -> int:
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
