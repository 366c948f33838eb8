"""What every C callback does first and last: arrays out of its buffer, and a layout's coordinates in and out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic
from numpy.typing import NDArray

from bayeshlm.likelihood.buffer import ENTRY
from bayeshlm.likelihood.prior_data import PriorData

type Array = NDArray[np.float64]


def arrays_of(data: Sequence[Any]) -> Iterator[NDArray[Any]]:
    """The arrays of a density's data, those of its tuples in their place."""
    for part in data:
        if isinstance(part, tuple):
            yield from arrays_of(part)
        else:
            yield part


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


@intrinsic
def _from(typing: Any, buffer: Any, offset: Any) -> Any:
    """The pointer `offset` doubles further; views through it compile in a third of the time that reshape takes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return buffer(buffer, numba.types.int64), generate


@numba.njit(nogil=True, forceinline=True)
def vector(buffer_, k):  # type: ignore[no-untyped-def]
    """The vector at position k."""
    entry = 1 + ENTRY * k
    return numba.carray(_from(buffer_, int(buffer_[entry])), int(buffer_[entry + 1]))


@numba.njit(nogil=True, forceinline=True)
def matrix(buffer_, k):  # type: ignore[no-untyped-def]
    """The matrix at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)


@numba.njit(nogil=True, forceinline=True)
def cube(buffer_, k):  # type: ignore[no-untyped-def]
    """The array of three axes at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]), int(buffer_[entry + 3]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)


@numba.njit(nogil=True, forceinline=True)
def cubes(buffer_, k):  # type: ignore[no-untyped-def]
    """The array of four axes at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]), int(buffer_[entry + 3]), int(buffer_[entry + 4]))
    return numba.carray(_from(buffer_, int(buffer_[entry])), shape)


@intrinsic
def _whole(typing: Any, buffer: Any) -> Any:
    """The pointer to the same bits as whole numbers."""
    pointer = numba.types.CPointer(numba.types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(pointer))

    return pointer(buffer), generate


@numba.njit(nogil=True, forceinline=True)
def whole_vector(buffer_, k):  # type: ignore[no-untyped-def]
    """The vector of whole numbers at position k."""
    entry = 1 + ENTRY * k
    return numba.carray(_whole(_from(buffer_, int(buffer_[entry]))), int(buffer_[entry + 1]))


@numba.njit(nogil=True, forceinline=True)
def whole_matrix(buffer_, k):  # type: ignore[no-untyped-def]
    """The matrix of whole numbers at position k."""
    entry = 1 + ENTRY * k
    shape = (int(buffer_[entry + 1]), int(buffer_[entry + 2]))
    return numba.carray(_whole(_from(buffer_, int(buffer_[entry]))), shape)


@numba.njit(nogil=True, forceinline=True)
def prior_data_at(buffer_, k):  # type: ignore[no-untyped-def]
    """The five arrays of the priors, from position k on."""
    return PriorData(
        matrix(buffer_, k),
        matrix(buffer_, k + 1),
        matrix(buffer_, k + 2),
        matrix(buffer_, k + 3),
        vector(buffer_, k + 4),
    )
