"""The marginal density in nutpie's form: no compiler to wait for but once, and PyMC need not be imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import xarray as xr
from numba.extending import intrinsic
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood.disk_cache import cached_callback
from bayeshlm.likelihood.unconstrained_density import VERSION, density_data, marginal_posterior
from bayeshlm.parameters.partial_correlations import partial_correlations
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
    header = np.array([float(VERSION)])
    buffer = pack([header, layout.center, layout.scale, layout.factor, *density_data(design, priors)])
    compiled = compiled_model(_density(), buffer, layout.starting_point, layout.size)
    return Target(compiled, lambda points: marginal_draws(layout.values(points), design, priors))


def marginal_draws(values: Array, design: Design, priors: Priors) -> xr.Dataset:
    """Draws of gamma, tau, corr and sigma from the density's unconstrained values (chain, draw, D)."""
    p, q = len(design.fixed), len(design.random)
    gamma, tau, log_odds, log_sigma = np.split(values, [p, p + q, values.shape[-1] - 1], axis=-1)
    sample = ("chain", "draw")
    draws = {
        "gamma": ((*sample, "fixed"), gamma @ np.linalg.inv(priors.basis).T),
        "tau": ((*sample, "random"), np.abs(tau)),
        "sigma": (sample, np.exp(log_sigma[..., 0])),
    }
    partials = partial_correlations(design, priors)
    if partials.rows:
        R = np.where(tau < 0, -1.0, 1.0)[..., None] * partials.factors(np.tanh(log_odds / 2))
        draws["corr"] = ((*sample, "random", "random_"), R @ R.swapaxes(-1, -2))
    return xr.Dataset(draws)


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
