"""From a PyMC graph to a C function that nutpie calls without Python, in seconds or from the disk's cache.

nutpie's own compiler builds its wrappers anew in every process. Here the function that PyTensor compiled
(and keeps in its disk cache) is wrapped in a small callback with a key of its own, so that numba's cache
holds that too. All ``pm.Data`` travel in one buffer, which makes the machine code the same for any data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pymc as pm
from numpy.typing import NDArray
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

from bayeshlm.likelihood.buffer import form_of, pack, reader
from bayeshlm.likelihood.disk_cache import cached_callback
from bayeshlm.sampling.expand import expand_draws
from bayeshlm.sampling.target import DENSITY, CannotCompile, Target, compiled_model

type Array = NDArray[np.float64]

SPREAD = 0.5  # SD of the starting points around the model's initial point, in unconstrained units

_SOURCE = """
def graph_callback(dim, x_, gradient_, log_density_, buffer_):
    x, gradient, log_density = carray(x_, ({n},)), carray(gradient_, ({n},)), carray(log_density_, (1,))
    arguments = (x, *read(buffer_))
    try:
        value, slope = jit_fn(*arguments)
        log_density[0] = value.item()
        gradient[:] = slope
    except Exception:  # a parameter out of its support, far from anywhere: as a density that is not finite
        return 4
    if not np.all(np.isfinite(gradient)):
        return 3
    if not np.isfinite(log_density[0]):
        return 4
    return 0
"""


def graph_target(model: pm.Model) -> Target:
    """The log density of a model over its unconstrained values, with its gradient.

    Parameters
    ----------
    model : pm.Model
        All data as ``pm.Data`` of floats or whole numbers.

    Raises
    ------
    CannotCompile
        If the graph, PyTensor or nutpie is not of the form that this route knows.
    """
    initial_point = model.initial_point()
    center = np.concatenate([np.ravel(value) for value in initial_point.values()]).astype(float)
    function = model.logp_dlogp_function(ravel_inputs=True, mode="NUMBA", initial_point=initial_point)

    def starting_point(seed: int) -> Array:
        return center + SPREAD * np.random.default_rng(seed).normal(size=len(center))

    try:
        compiled = function._pytensor_function
        jit_fn = compiled.vm.jit_fn
        arrays = tuple(np.asarray(variable.get_value()) for variable in compiled.get_shared())
        density = _callback(jit_fn, CACHED_SRC_FUNCTIONS.get(jit_fn.py_func), arrays, len(center))
        buffer = pack(arrays)
    except (AttributeError, TypeError, ValueError, numba.core.errors.NumbaError) as error:
        raise CannotCompile(str(error)) from error
    return Target(
        compiled_model(density, buffer, starting_point, len(center)),
        lambda points: expand_draws(model, initial_point, points),
    )


def _callback(jit_fn: Any, key: str | None, arrays: tuple[NDArray[Any], ...], size: int) -> Any:
    """Compile the C callback around a function of PyTensor's; cached on disk when there is a key for that one."""
    form, source = form_of(arrays), _SOURCE.format(n=size)
    names = {"__name__": __name__, "np": np, "carray": numba.carray, "jit_fn": jit_fn, "read": reader(form)}
    cache_key = None if key is None else hashlib.sha256(f"{key}{source}{form}".encode()).hexdigest()
    function: Callable[..., int] = compile_numba_function_src(source, "graph_callback", names, cache_key=cache_key)
    return numba.cfunc(DENSITY)(function) if cache_key is None else cached_callback(DENSITY, function)
