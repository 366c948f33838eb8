"""The parameters of the equations among the variables of a posterior."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.parameters.schema import DIMS


def parameters(posterior: xr.Dataset, groupings: Sequence[str]) -> xr.Dataset:
    """Only the variables that the results are made of, as far as they are there.

    Parameters
    ----------
    posterior : xarray.Dataset
        As `bayeshlm.sampling.convert.for_pymc_and_arviz` makes it: with the free variables of the graphs, and corr
        among its coordinates.
    groupings : sequence of str
        Of the model.

    Examples
    --------
    >>> draws = xr.Dataset({"tau": ("draw", [1.0]), "tau_signed": ("draw", [1.0])}, {"corr": ("draw", [0.5])})
    >>> list(parameters(draws, ["school"]).data_vars)
    ['tau', 'corr']
    """
    of_groups = (name for layout in layout_of_groupings(groupings) for name in layout.dims)
    names = [name for name in (*DIMS, *of_groups) if name in posterior]
    return posterior.reset_coords([name for name in names if name in posterior.coords])[names]
