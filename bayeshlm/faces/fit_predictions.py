"""What a fit predicts: rows of known and of new groups, and data to hold the observed ones against."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import xarray as xr

from bayeshlm.faces.model import Model
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.named_parameters import parameters
from bayeshlm.source.pandas_table import as_frame

if TYPE_CHECKING:
    from bayeshlm.checks.prediction import Groups
    from bayeshlm.display.shown_predictive_check import ShownPredictiveCheck


class FitPredictions:
    """The draws of a `Fit`, and its predictions.

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
        return self._idata

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of ``gamma``, ``tau``, ``corr``, ``sigma``, ``u`` and ``beta``, dims (chain, draw, ...).

        Where beta would take more than 256 MiB, u and beta are left out; see `Fit.group_draws`.
        """
        return parameters(self._idata["posterior"].to_dataset())

    def predict(
        self,
        new_data: Any = None,
        groups: Groups = "same",
        *,
        group_data: Any = None,
        n_draws: int | None = None,
        seed: int | None = None,
        store: bool = False,
    ) -> xr.Dataset:
        """Predict rows: draws of their mean ``mu`` and of their outcome ``y``.

        Parameters
        ----------
        new_data : pandas.DataFrame, optional
            Rows with the predictors and the grouping column, coded as the fitted rows were: means, SDs, levels and
            knots are those of the fit; ``cwc(x)`` and ``mean(x)`` take the fit's mean of a group that it knows, and
            of any other the mean of its rows here. By default the rows that were fitted.
        groups : {"same", "new", "average"}
            Where the groups' deviations u come from. ``"same"``: a group that was fitted keeps its own, any other
            draws one from N(0, G). ``"new"``: every group draws one, as groups do that nobody has seen yet.
            ``"average"``: u = 0, the average group; the grouping column may be missing, unless it is needed for
            group means.
        group_data : pandas.DataFrame, optional
            A level-2 file, one row a group of `new_data`.
        n_draws : int, optional
            Draws used, evenly spaced over the chains; all by default.
        seed : int, optional
            The same seed gives the same predictions.
        store : bool
            Keep the predictions in `idata`, too. Of the rows that were fitted ``y`` goes to the group
            ``posterior_predictive``, which makes ``az.plot_ppc_dist(fit.idata)`` work, or with ``groups="new"`` to
            ``posterior_predictive_new_groups``; whatever else is predicted goes to ``predictions``.

        Returns
        -------
        xarray.Dataset
            ``mu`` and ``y`` (chain, draw, obs_id); ``attrs["n_new_groups"]`` counts the groups whose u was drawn from
            N(0, G), the coordinate ``is_new`` says of which rows.

        Raises
        ------
        DataError
            A column or a value is missing, a category was not in the fitted data, a level-2 column varies.
        OptionError
            An option is out of range, or the draws take more memory than they may.
        """
        from bayeshlm.checks.prediction import predict
        from bayeshlm.checks.predictive_check import MODES
        from bayeshlm.design.new_rows import rows_to_predict

        tables = (
            None if table is None else as_frame(table, name)
            for table, name in ((new_data, "new_data"), (group_data, "group_data"))
        )
        rows = rows_to_predict(self.model.design, *tables, ungrouped=groups == "average")
        predicted = predict(Draws(self.posterior, self.model.design), rows, groups, n_draws, seed)
        if store:
            replicates = new_data is None and groups in MODES
            self._store({MODES[groups]: predicted[["y"]]} if replicates else {"predictions": predicted})
        return predicted

    def _store(self, groups: Mapping[str, xr.Dataset]) -> None:
        """Add groups to `idata`; one of the same name is replaced, all others are left as they are."""
        for name, group in groups.items():
            self._idata[name] = xr.DataTree(group)

    def predictive_check(
        self, n_draws: int | None = None, seed: int | None = None, prob: float = 0.95, *, store: bool = False
    ) -> ShownPredictiveCheck:
        """Compare the data with data that the model would have made, in the same groups and in new ones.

        Parameters
        ----------
        n_draws : int, optional
            Replicated data sets; 500 by default.
        seed : int, optional
        prob : float
            Probability of the interval of the replicates.
        store : bool
            Keep the replicated outcomes in `idata`, too: its groups ``posterior_predictive`` and
            ``posterior_predictive_new_groups``.

        Returns
        -------
        PredictiveCheck
            ``table``: of every statistic the observed value, its replicates and the predictive p-value; ``draws``;
            ``idata``, which ArviZ's predictive plots take.

        Raises
        ------
        OptionError
            An option is out of range, or the draws take more memory than they may.

        See Also
        --------
        bayeshlm.checks.predictive_statistics.predictive_statistics : what is looked at.

        Notes
        -----
        The p-values are conservative where a parameter follows the statistic, as tau does ``between_variance``: the
        data were fitted too. There p is large in data that the model made, and a large p is no proof of fit; see
        `bayeshlm.checks.predictive_check.predictive_check`.
        """
        from bayeshlm.checks.predictive_check import MODES, predictive_check
        from bayeshlm.display.shown_predictive_check import ShownPredictiveCheck

        check = predictive_check(Draws(self.posterior, self.model.design), n_draws, seed, prob)
        if store:
            self._store({name: check.idata[name].to_dataset() for name in MODES.values()})
        return ShownPredictiveCheck.of(check)
