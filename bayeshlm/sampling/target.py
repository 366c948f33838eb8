"""What nutpie samples: a compiled density over points, and the way from points to the model's variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached_callback
from bayeshlm.sampling.nutpie_extension import PointModel, extension

if TYPE_CHECKING:
    from bayeshlm.sampling.reflections import Reflections

type Array = NDArray[np.float64]

_DOUBLE = numba.types.CPointer(numba.types.double)
DENSITY = numba.types.int64(numba.types.uint64, _DOUBLE, _DOUBLE, _DOUBLE, _DOUBLE)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLE, _DOUBLE, _DOUBLE)


class CannotCompile(Exception):
    """The fast route does not serve the model or the installed versions; nutpie's compiler does."""


@dataclass(frozen=True, eq=False)
class Target:
    """A density to sample.

    Attributes
    ----------
    compiled : PointModel or nutpie model
        The latter if there is no `expand`: its draws are the model's variables.
    expand : callable, optional
        From points (chain, draw, D) to the Dataset of gamma, tau, corr, sigma and u, as far as they are sampled.
    reflections : Reflections, optional
        Which points are the same model, where standard deviations have a sign.
    values : callable, optional
        Of nothing: a callback and its last argument for where the value alone is wanted, which take less time.
    is_marginal : bool
        The points are of the parameters alone, the random effects integrated out.
    n_nodes : int
        By so many nodes of quadrature each; 0 where that is exact.
    work : int
        Rows times nodes of quadrature; units, or ten times them where their matrices are factored; 0 where unknown.
    """

    compiled: Any
    expand: Callable[[Array], xr.Dataset] | None = None
    reflections: Reflections | None = None
    values: Callable[[], tuple[Any, Array]] | None = None
    is_marginal: bool = False
    n_nodes: int = 0
    work: int = 0


def compiled_model(density: Any, buffer: Array, starting_point: Callable[[int], Array], size: int) -> PointModel:
    """What nutpie's extension samples: a C density over D = `size` numbers.

    Parameters
    ----------
    density : numba.cfunc
        ``(dim, x, gradient, log_density, buffer) -> status``: 0 fine, 3 or 4 where the gradient or the density is
        not finite.
    buffer : array
        What the density gets as its last argument.
    starting_point : callable
        From a seed to a point, shape (D,).
    size : int

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    """
    try:
        extension()
    except ImportError as error:
        raise CannotCompile(str(error)) from error
    return PointModel(density, _expand(), buffer, starting_point, size)


@cache
def _expand() -> Any:
    """Nutpie's expand callback, once a process."""
    return cached_callback(_EXPAND, _copy_point)


def _copy_point(dim, expanded, x_, out_, buffer_):  # type: ignore[no-untyped-def]
    """Nutpie's expand callback: the draws are the points."""
    for k in range(dim):  # a slice assignment would take a second more to compile
        out_[k] = x_[k]
    return 0
