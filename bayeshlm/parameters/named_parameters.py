"""The parameters of the equations among the variables of a posterior."""

from __future__ import annotations

import xarray as xr

from bayeshlm.parameters.schema import DIMS

PARAMETERS = (*DIMS, "u", "beta")


def parameters(posterior: xr.Dataset) -> xr.Dataset:
    """Only the variables that the results are made of, as far as they are there.

    Parameters
    ----------
    posterior : xarray.Dataset
        As `bayeshlm.sampling.convert.for_pymc_and_arviz` makes it: with the free variables of the graphs, and corr
        among its coordinates.

    Examples
    --------
    >>> draws = xr.Dataset({"tau": ("draw", [1.0]), "tau_signed": ("draw", [1.0])}, {"corr": ("draw", [0.5])})
    >>> list(parameters(draws).data_vars)
    ['tau', 'corr']
    """
    names = [name for name in PARAMETERS if name in posterior]
    return posterior.reset_coords([name for name in names if name in posterior.coords])[names]
