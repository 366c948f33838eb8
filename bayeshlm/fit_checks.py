"""What a fit is asked after the posterior: does it fit, what does it predict, which model is better, who drives it."""

from __future__ import annotations

from functools import cached_property

import xarray as xr

from bayeshlm.model import Model


class FitChecks:
    """The checks of a `Fit`; each method hands the draws to a function of `bayeshlm.checks`.

    Parameters
    ----------
    model : Model
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    def __init__(self, model: Model, idata: xr.DataTree) -> None:
        self._model = model
        self._idata = idata

    @property
    def model(self) -> Model:
        """The model that was fitted."""
        return self._model

    @property
    def idata(self) -> xr.DataTree:
        """All groups of draws, as ArviZ takes them."""
        return self._idata

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of ``gamma``, ``tau``, ``corr``, ``sigma``, ``u`` and ``beta``, dims (chain, draw, ...).

        Where beta would take more than 256 MiB, u and beta are left out; see `Fit.group_draws`.
        """
        return self._idata["posterior"].to_dataset()
