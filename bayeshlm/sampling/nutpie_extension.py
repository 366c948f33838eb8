"""NUTS by the extension module of nutpie alone: its package would import ArviZ, matplotlib and scipy.stats first."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.sampling.options import SamplingOptions

type Array = NDArray[np.float64]

NAME = "nutpie._lib"
NEEDED = (
    "ExpandFunc",
    "LogpFunc",
    "ProgressType",
    "PyMcModel",
    "PyNutsSettings",
    "PySampler",
    "PyStorage",
    "PyVariable",
)
REPORT_MS = 100
"""Milliseconds between two calls of a callback of progress."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PointModel:
    """A C density over points, which the extension samples.

    Attributes
    ----------
    compiled_logp_func, compiled_expand_func : C callbacks
        The density (`bayeshlm.sampling.target.DENSITY`), and what copies a point to the draws.
    user_data : array
        Their last argument.
    initial_point_func : callable
        From a seed to a point, shape (D,).
    n_dim : int
        D.
    """

    compiled_logp_func: Any
    compiled_expand_func: Any
    user_data: Array
    initial_point_func: Callable[[int], Array]
    n_dim: int


@cache
def extension() -> Any:
    """The module ``nutpie._lib``, loaded without its package, or else with it; a later ``import nutpie`` finds it.

    Raises
    ------
    ImportError
        nutpie is not installed, or has no module of this name with these classes.
    """
    lib = None if NAME in sys.modules else _without_package()
    if lib is None:
        lib = importlib.import_module(NAME)
    missing = [name for name in NEEDED if not hasattr(lib, name)]
    if missing:
        raise ImportError(f"{NAME} has no {', '.join(missing)}")
    return lib


def _without_package() -> Any:
    """The extension, found in the folder of its package, whose code does not run; None where that cannot be."""
    try:
        package = find_spec("nutpie")
        folders = None if package is None else package.submodule_search_locations
        found = None if folders is None else PathFinder.find_spec(NAME, list(folders))
        if found is None or found.loader is None:
            return None
        module = module_from_spec(found)
        sys.modules[NAME] = module
        found.loader.exec_module(module)
    except (ImportError, ValueError) as error:  # ValueError: a module nutpie that somebody put there has no spec
        sys.modules.pop(NAME, None)
        logger.info("%s goes with its package only: %s", NAME, error)
        return None
    return module


def sample_points(
    model: PointModel, options: SamplingOptions, callback: Callable[[list[Any]], None] | None = None
) -> tuple[Array, xr.Dataset]:
    """Draw points by NUTS.

    Parameters
    ----------
    model : PointModel
    options : SamplingOptions
    callback : callable, optional
        Gets the progress of all chains now and then, from a thread of its own.

    Returns
    -------
    points : array, shape (chain, draw, D)
        After tuning.
    stats : xarray.Dataset
        Statistics of the sampler, each (chain, draw).

    Raises
    ------
    RuntimeError
        No starting point has a finite density, or the sampler fails.
    """
    lib = extension()
    settings = lib.PyNutsSettings.Diag(options.seed)
    settings.update(
        {
            "num_tune": options.tune,
            "num_draws": options.draws,
            "num_chains": options.chains,
            "target_accept": options.target_accept,
        }
    )
    sampler = lib.PySampler.from_pymc(
        settings,
        options.cores,
        _model(lib, model),
        lib.ProgressType.none(),
        callback,
        REPORT_MS,
        lib.PyStorage.arrow(),
    )
    try:
        sampler.wait(None)
    except BaseException:
        sampler.abort()
        raise
    points, stats = sampler.take_results().get_arrow_trace()
    drawn = [_kept(batch, stat) for batch, stat in zip(points, stats, strict=True)]
    coords = {"chain": np.arange(options.chains), "draw": np.arange(options.draws)}
    kept = [name for name in drawn[0] if name not in ("point", *coords)]
    dataset = xr.Dataset({name: (tuple(coords), np.stack([chain[name] for chain in drawn])) for name in kept}, coords)
    dataset.attrs = {
        "inference_library": "nutpie",
        "inference_library_version": version("nutpie"),
        "inference_library_settings": json.dumps(settings.as_dict()),
    }
    return np.stack([chain["point"].reshape(-1, model.n_dim) for chain in drawn]), dataset


def _model(lib: Any, model: PointModel) -> Any:
    """The extension's form of a model: one variable ``point``."""
    size, address = model.n_dim, model.user_data.ctypes.data
    sizes = {"position": size}
    return lib.PyMcModel(
        lib.LogpFunc(model.compiled_logp_func.address, address, model),
        lib.ExpandFunc(size, size, model.compiled_expand_func.address, address, model),
        lib.PyVariable.new_variables(["point"], ["float64"], [(size,)], sizes, {"point": ("position",)}),
        size,
        sizes,
        {"position": np.arange(size)},
        model.initial_point_func,
        None,
    )


def _kept(points: Any, stats: Any) -> dict[str, NDArray[Any]]:
    """Columns of one chain after tuning: its points, flat, and the statistics that are one number a draw."""
    import pyarrow

    found = {name: pyarrow.array(stats.column(name)) for name in stats.column_names}
    tuning = int(found["tuning"].to_numpy(zero_copy_only=False).sum())
    kept = {"point": pyarrow.array(points.column("point")).slice(tuning).flatten().to_numpy()}
    for name, column in found.items():
        if pyarrow.types.is_primitive(column.type):
            zero = column.type.to_pandas_dtype()(0).item()
            missing = np.nan if pyarrow.types.is_floating(column.type) else zero
            kept[name] = column.slice(tuning).fill_null(missing).to_numpy(zero_copy_only=False)
    return kept
