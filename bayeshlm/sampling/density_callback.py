"""A density over unconstrained values as nutpie's C callback, over points of a layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.buffer import Form, form_of, pack, reader
from bayeshlm.likelihood.disk_cache import VERSION, cached_callback
from bayeshlm.likelihood.layout_coordinates import from_layout, in_layout
from bayeshlm.sampling.layout import Layout
from bayeshlm.sampling.target import DENSITY

type Array = NDArray[np.float64]


class Header(NamedTuple):
    """What the buffer of every callback begins with: `VERSION`, and a layout's arrays."""

    version: Array
    center: Array
    scale: Array
    factor: Array


def density_callback(function: Any, data: tuple[Any, ...], layout: Layout) -> tuple[Any, Array]:
    """The callback of a density, and the buffer that it reads.

    Parameters
    ----------
    function : numba function
        Of the unconstrained values, room for the gradient, and the parts of `data`, to the log density.
    data : tuple of arrays, and of tuples of arrays
    layout : Layout
    """
    header = Header(np.array([float(VERSION)]), layout.center, layout.scale, layout.factor)
    parts = (header, tuple(data))  # numba adds no named tuple to other arguments
    return _compiled(function, form_of(parts)), pack(parts)


@cache
def _compiled(function: Any, form: Form) -> Any:
    """The callback, once a process: numba never gives machine code back, not that of a callback made a second time."""
    return cached_callback(DENSITY, callback_of(float(VERSION), function, reader(form)))


def callback_of(version: float, function: Any, read: Any) -> Callable[..., int]:
    """The callback in Python; `version` is in numba's cache key because the function closes over it."""

    def callback(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        header, data = read(buffer_)
        if header.version[0] != version:
            return 1
        slope = np.empty(dim)
        log_density[0] = function(from_layout(x, header.center, header.scale, header.factor), slope, *data)
        return in_layout(log_density[0], slope, gradient, header.scale, header.factor)

    return callback
