"""From a PyMC graph to a C function that nutpie calls without Python, in seconds or from the disk's cache.

nutpie's own compiler builds its wrappers anew in every process. Here the function that PyTensor compiled
(and keeps in its disk cache) is wrapped in a small callback with a key of its own, so that numba's cache
holds that too. All ``pm.Data`` travel in one buffer, which makes the machine code the same for any data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import pymc as pm
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

from bayeshlm.sampling.layout import Layout

type Array = NDArray[np.float64]

UNCONSTRAINED = "unconstrained"

_DOUBLE = numba.types.CPointer(numba.types.double)
_DENSITY = numba.types.int64(numba.types.uint64, _DOUBLE, _DOUBLE, _DOUBLE, _DOUBLE)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLE, _DOUBLE, _DOUBLE)

# The buffer: [its length, then for each array its offset and shape, then the layout's and the arrays' values].
_DENSITY_SOURCE = """
def density_callback(dim, x_, gradient_, log_density_, buffer_):
    x, gradient, log_density = carray(x_, ({n},)), carray(gradient_, ({n},)), carray(log_density_, (1,))
    buffer = carray(buffer_, (int(carray(buffer_, (1,))[0]),))
    center, scale = buffer[{center}:{center} + {n}], buffer[{scale}:{scale} + {n}]
    factor = buffer[{factor}:{factor} + {b} * {b}].reshape(({b}, {b}))
    try:
        point = center + scale * x
        for row in range({b}):
            total = center[{first} + row]
            for column in range({b}):
                total += factor[row, column] * x[{first} + column]
            point[{first} + row] = total
        value, slope = jit_fn(point{arrays})
        log_density[0] = value.item()
        gradient[:] = scale * slope
        for column in range({b}):
            total = 0.0
            for row in range({b}):
                total += factor[row, column] * slope[{first} + row]
            gradient[{first} + column] = total
    except Exception:  # a parameter out of its support, far from anywhere: as a density that is not finite
        return 4
    if not np.all(np.isfinite(gradient)):
        return 3
    if not np.isfinite(log_density[0]):
        return 4
    return 0
"""

_EXPAND_SOURCE = """
def expand_callback(dim, expanded, x_, out_, buffer_):
    x, out = carray(x_, (dim,)), carray(out_, (dim,))
    out[:] = x
    return 0
"""


class CannotCompile(Exception):
    """The fast route does not serve the model or the installed versions; nutpie's compiler does."""


@dataclass(frozen=True, eq=False)
class _Packed:
    """Arrays in one float64 buffer, and the source that takes each out again."""

    buffer: Array
    expressions: tuple[str, ...]
    places: dict[str, int]


def compile_density(model: pm.Model, layout: Layout) -> CompiledPyMCModel:
    """Compile the log density of a model and its gradient into nutpie's form.

    Parameters
    ----------
    model : pm.Model
        All data as ``pm.Data`` of floats or whole numbers.
    layout : Layout
        The affine map from what is sampled to the model's unconstrained values, and the starting points.

    Returns
    -------
    CompiledPyMCModel
        Its draws are one variable ``unconstrained``: points of the layout's coordinates.

    Raises
    ------
    CannotCompile
        If the graph, PyTensor or nutpie is not of the form that this route knows.
    """
    function = model.logp_dlogp_function(ravel_inputs=True, mode="NUMBA", initial_point=layout.initial_point)
    try:
        compiled = function._pytensor_function
        jit_fn, shared = compiled.vm.jit_fn, compiled.get_shared()
        key = CACHED_SRC_FUNCTIONS.get(jit_fn.py_func)
        packed = _pack([np.asarray(variable.get_value()) for variable in shared], layout)
        density = _density_callback(jit_fn, key, packed, layout)
        return CompiledPyMCModel(
            compiled_logp_func=density,
            compiled_expand_func=_expand_callback(),
            initial_point_func=layout.starting_point,
            shared_data={},
            shared_var_keys={},
            user_data=packed.buffer,
            n_expanded=layout.size,
            shape_info=([UNCONSTRAINED], [slice(0, layout.size)], [(layout.size,)]),
            logp_func=None,
            expand_func=None,
            dims={UNCONSTRAINED: ("position",)},
            reparameterized_names=[],
            _n_dim=layout.size,
            _shapes={UNCONSTRAINED: (layout.size,)},
            _coords={"position": np.arange(layout.size)},
        )
    except (AttributeError, TypeError, ValueError, numba.core.errors.NumbaError) as error:
        raise CannotCompile(str(error)) from error


def _pack(arrays: list[NDArray[Any]], layout: Layout) -> _Packed:
    """Lay the layout's vectors and the model's arrays out in one buffer of doubles."""
    parts = {"center": layout.center, "scale": layout.scale, "factor": layout.factor.ravel()}
    header = 1 + sum(1 + array.ndim for array in arrays)
    size = header + sum(part.size for part in parts.values()) + sum(array.size for array in arrays)
    buffer = np.zeros(size)
    buffer[0] = size
    places, offset = {}, header
    for name, part in parts.items():
        places[name] = offset
        buffer[offset : offset + part.size] = part
        offset += part.size
    expressions, entry = [], 1
    for array in arrays:
        if array.ndim == 0 or array.dtype not in (np.float64, np.int64):
            raise CannotCompile(f"data of {array.ndim} dimensions and type {array.dtype}")
        buffer[entry] = offset
        buffer[entry + 1 : entry + 1 + array.ndim] = array.shape
        buffer[offset : offset + array.size] = np.ascontiguousarray(array).ravel().view(np.float64)
        lengths = [f"int(buffer[{entry + 1 + axis}])" for axis in range(array.ndim)]
        piece = f"buffer[int(buffer[{entry}]):int(buffer[{entry}]) + {' * '.join(lengths)}]"
        if array.dtype == np.int64:
            piece += ".view(np.int64)"
        expressions.append(f"{piece}.reshape(({', '.join(lengths)},))")
        entry += 1 + array.ndim
        offset += array.size
    return _Packed(buffer, tuple(expressions), places)


def _density_callback(jit_fn: Any, key: str | None, packed: _Packed, layout: Layout) -> Any:
    source = _DENSITY_SOURCE.format(
        n=layout.size,
        b=len(layout.factor),
        first=layout.first,
        arrays="".join(f", {expression}" for expression in packed.expressions),
        **packed.places,
    )
    return _callback("density_callback", source, _DENSITY, {"jit_fn": jit_fn}, key)


def _expand_callback() -> Any:
    return _callback("expand_callback", _EXPAND_SOURCE, _EXPAND, {}, "")


def _callback(name: str, source: str, signature: Any, names: dict[str, Any], key: str | None) -> Any:
    """Compile a C callback from source; cached on disk when there is a key for what it calls."""
    names = {"__name__": __name__, "np": np, "carray": numba.carray, **names}
    cache_key = None if key is None else hashlib.sha256(f"{key}{source}".encode()).hexdigest()
    function: Callable[..., int] = compile_numba_function_src(source, name, names, cache_key=cache_key)
    return numba.cfunc(signature, cache=cache_key is not None)(function)
