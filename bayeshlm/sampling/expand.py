"""From points of the unconstrained space to the named variables of a graph, all draws at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pymc.pytensorf import join_nonshared_inputs
from pytensor.graph.replace import vectorize_graph

from bayeshlm.parameters.schema import DIMS

KEPT = (*DIMS, "u")


def expand_draws(
    model: pm.Model, initial_point: dict[str, NDArray[np.float64]], values: NDArray[np.float64]
) -> xr.Dataset:
    """Evaluate the parameters and u, as far as the model has them, at many points.

    Parameters
    ----------
    model : pm.Model
    initial_point : dict of str to array
        Any point, for the order and the shapes of the model's value variables.
    values : array, shape (chain, draw, D)
        The model's unconstrained values, raveled in that order.

    Returns
    -------
    xarray.Dataset
        Dims (chain, draw), then those of the variable.
    """
    names: Sequence[str] = [name for name in KEPT if name in model.named_vars]
    outputs = model.replace_rvs_by_values([model[name] for name in names])
    joined, point = join_nonshared_inputs(
        point=initial_point, inputs=model.value_vars, outputs=outputs, make_inputs_shared=False
    )
    points = pt.dmatrix("points")
    # Few calls on large arrays: compiling to machine code would take longer than it saves.
    function = pytensor.function([points], vectorize_graph(joined, replace={point: points}), mode="FAST_COMPILE")
    n_chains, n_draws, n_values = values.shape
    found = function(values.reshape(-1, n_values))
    return xr.Dataset(
        {
            name: (
                ("chain", "draw", *model.named_vars_to_dims.get(name, ())),
                np.asarray(value).reshape(n_chains, n_draws, *np.shape(value)[1:]),
            )
            for name, value in zip(names, found, strict=True)
        }
    )
