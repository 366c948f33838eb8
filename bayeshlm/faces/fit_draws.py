"""`FitDraws`: the draws of a `Fit`, the verdict on them, and what every table says of both."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from bayeshlm.display.fit_tables import Shown
from bayeshlm.display.frame_tables import shown_ends
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.fitted import FittedModel
from bayeshlm.quantities.convergence import Convergence, assess_convergence
from bayeshlm.quantities.group_level1_sds import group_level1_sds
from bayeshlm.quantities.quantity import Quantity

if TYPE_CHECKING:
    from bayeshlm.faces.model import Model
    from bayeshlm.likelihood.quadrature_nodes import NodesCertificate


class FitDraws:
    """The draws of a `Fit`.

    Parameters
    ----------
    model : Model
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    def __init__(self, model: Model, idata: xr.DataTree) -> None:
        self._model = model
        self._fitted = FittedModel(model.design, model.priors, idata)

    @property
    def model(self) -> Model:
        """The model that was fitted."""
        return self._model

    @property
    def idata(self) -> xr.DataTree:
        """All groups of draws, as ArviZ and PyMC take them.

        The group ``posterior`` has, beside the parameters, the free variables of every graph of the model, so that
        PyMC's functions go on from the draws whichever way these were sampled::

            with model.graph("noncentered"):
                pm.sample_posterior_predictive(fit.idata)

        They are ``gamma_at_means``, ``tau_signed`` (equal to tau), ``corr_beta`` and ``z``. ``corr`` is a coordinate,
        because of the ones on its diagonal, of which ArviZ finds no R-hat; ``corr_pairs`` has each correlation once.

        Where beta would take more than 256 MiB, u and z are not among them. PyMC then draws u anew from N(0, G), which
        it says in its list of what it samples: it predicts new groups. `predict` predicts those of the data.

        The tree is yours to extend, as with ArviZ and PyMC; what is in it when the fit is saved is saved. The package
        itself adds to it only where you say ``store=True``, and never changes draws that are there.
        """
        return self._fitted.idata

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of ``gamma``, ``tau``, ``corr``, ``sigma``, ``u`` and ``beta``, dims (chain, draw, ...).

        Where beta would take more than 256 MiB, u and beta are left out; see `Fit.group_draws`.
        """
        return self._fitted.draws.dataset

    @cached_property
    def convergence(self) -> Convergence:
        """The verdict on the sampler's convergence, with its reasons."""
        return assess_convergence(self._fitted.draws, self._fitted.sample_stats)

    @property
    def nodes(self) -> NodesCertificate | None:
        """How many nodes of quadrature integrated the random effects out, and what twice as many make of the draws.

        None where the integrals are exact or the random effects were sampled.
        """
        return self._fitted.nodes

    def group_level1_sds(self, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
        """SD of the level-1 residuals of every group, where it varies: ``log(sigma) = a0 + v0``.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        pandas.DataFrame
            Indexed by group: ``n``, mean, sd, interval and diagnostics of the root mean square of the SDs of its rows,
            and mean and SD of its deviation v (``v_mean``, ``v_sd``).

        Raises
        ------
        OptionError
            The level-1 SD does not vary between groups.
        """
        table = group_level1_sds(self._fitted.draws, prob, kind)
        title = f"Level-1 SDs of the groups ({self.model.design.group})"
        return ShownFrame.of(self._stamped(table), partial(shown_ends, title=title))

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
