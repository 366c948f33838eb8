"""What a fit is asked after the posterior: does it fit, what does it predict, which model is better, who drives it."""

from __future__ import annotations

from functools import cached_property

import pandas as pd
import xarray as xr

from bayeshlm.design import Design
from bayeshlm.display.quantity import Shown
from bayeshlm.errors import OptionError
from bayeshlm.model import Model
from bayeshlm.posterior.quantity import Quantity
from bayeshlm.reml_quantities import RemlQuantities
from bayeshlm.sampling.convergence import Convergence, assess_convergence


def draws_and_design(fit: FitChecks | RemlQuantities) -> tuple[xr.Dataset, Design]:
    """The draws of a fit, of REML's the one draw of its estimates, and its design.

    Raises
    ------
    OptionError
        It is no fit.
    """
    if isinstance(fit, FitChecks):
        return fit.posterior, fit.model.design
    if isinstance(fit, RemlQuantities):
        return fit.as_draw, fit.design
    raise OptionError(f"a fit of model.fit() or model.reml() is needed here, not a {type(fit).__name__}.")


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

    @cached_property
    def convergence(self) -> Convergence:
        """The verdict on the sampler's convergence, with its reasons."""
        return assess_convergence(self.posterior, self._idata["sample_stats"].to_dataset())

    def _stamped(self, table: pd.DataFrame) -> pd.DataFrame:
        design = self.model.design
        table.attrs |= {
            "n_obs": design.n_obs,
            "rows_dropped": design.rows_dropped,
            "converged": self.convergence.converged,
        }
        return table

    def _shown(self, quantity: Quantity) -> Shown:
        self._stamped(quantity.table)
        return Shown.of(quantity)

    def r2(self, null: FitChecks | RemlQuantities | None = None, prob: float = 0.95, kind: str = "eti") -> Shown:
        """Variance explained in each draw: marginal and conditional R2, shares by level, reduction from a null model.

        Parameters
        ----------
        null : Fit or RemlFit, optional
            Fit of a smaller model to the same rows, from whose variances the reduction is taken.
        prob, kind
            As in `Fit.fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` and ``table``; see `bayeshlm.posterior.r2.r2` for the definitions.

        Raises
        ------
        OptionError
            `null` is no fit, or one to other rows.
        """
        from bayeshlm.posterior.r2 import r2

        other = None if null is None else draws_and_design(null)
        return self._shown(r2(self.posterior, self.model.design, other, prob, kind))
