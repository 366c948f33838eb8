"""Microseconds of one gradient of the marginal density, called in a loop of machine code, without Python."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

SECONDS = 0.5  # spent on each measurement
REPEATS = 5  # of which the fastest counts


def gradient_microseconds(model: Any) -> dict[str, float]:
    """Time the marginal gradient of a `bayeshlm.Model`.

    Returns
    -------
    dict
        ``callback_us``: the C function that nutpie calls, priors and transforms included; ``kernel_us``: the
        marginal likelihood alone.
    """
    return {"callback_us": callback_microseconds(model), "kernel_us": _kernel(model)}


def callback_microseconds(model: Any) -> float:
    """Time the C function that nutpie calls, of a model with any number of groupings."""
    from bayeshlm.sampling.layout import reml_layout
    from bayeshlm.sampling.marginal_target import marginal_target

    layout = reml_layout(model.design, model.priors)
    compiled = marginal_target(model.design, model.priors, layout).compiled
    return compiled_microseconds(compiled, layout.starting_point(1))


@numba.njit
def _callback_loop(call, point, gradient, value, data, times):
    total = 0.0
    for _ in range(times):
        point[0] += 1e-9
        call(len(point), point.ctypes, gradient.ctypes, value.ctypes, data.ctypes)
        total += value[0]
    return total


def compiled_microseconds(compiled: Any, point: np.ndarray) -> float:
    """Time a C function that nutpie calls, at a point."""
    gradient, value = np.empty_like(point), np.empty(1)
    call = compiled.compiled_logp_func.ctypes
    arrays = (point, gradient, value, compiled.user_data)
    pointers = [array.ctypes.data_as(kind) for array, kind in zip(arrays, call.argtypes[1:], strict=True)]
    status = call(len(point), *pointers)
    if status != 0:
        raise RuntimeError(f"the density has status {status} at the starting point")
    return _fastest(lambda times: _callback_loop(call, point, gradient, value, compiled.user_data, times))


@numba.njit
def _kernel_loop(kernel, times, gamma, chol, sigma, *products):
    total = 0.0
    for _ in range(times):
        gamma[0] += 1e-9
        value, d_gamma, d_chol, d_sigma = kernel(gamma, chol, sigma, *products)
        total += value + d_gamma[0] + d_chol[0, 0] + d_sigma
    return total


def _kernel(model: Any) -> float:
    from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
    from bayeshlm.likelihood.unconstrained_density import density_data

    data = density_data(model.design, model.priors)
    gamma = data.scaling.gamma_origin.copy()  # the least squares fit
    chol = 0.2 * np.eye(len(model.design.random))
    kernel = marginal_log_density(len(chol))
    return _fastest(lambda times: _kernel_loop(kernel, times, gamma, chol, 1.0, data.scaling, data.products))


def _fastest(run: Callable[[int], float]) -> float:
    """Microseconds a time of `run`, the fastest of some repetitions; the first calls compile and calibrate."""
    run(1)
    times, elapsed = 1, 0.0
    while elapsed < SECONDS / 10:
        times *= 4
        start = time.perf_counter()
        run(times)
        elapsed = time.perf_counter() - start
    times = max(1, int(times * SECONDS / REPEATS / elapsed))
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run(times)
        seconds.append(time.perf_counter() - start)
    return min(seconds) / times * 1e6
