"""What a fit predicts: rows of known and of new groups, and data to hold the observed ones against."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import xarray as xr

from bayeshlm.design.grouping import as_frame
from bayeshlm.model import Model

if TYPE_CHECKING:
    from bayeshlm.checks.prediction import Groups
    from bayeshlm.display.predictive_check import ShownPredictiveCheck


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
        """All groups of draws, as ArviZ takes them."""
        return self._idata

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of ``gamma``, ``tau``, ``corr``, ``sigma``, ``u`` and ``beta``, dims (chain, draw, ...).

        Where beta would take more than 256 MiB, u and beta are left out; see `Fit.group_draws`.
        """
        return self._idata["posterior"].to_dataset()

    def predict(
        self,
        new_data: Any = None,
        groups: Groups = "same",
        *,
        group_data: Any = None,
        n_draws: int | None = None,
        seed: int | None = None,
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
        from bayeshlm.design.new_rows import rows_to_predict

        tables = (
            None if table is None else as_frame(table, name)
            for table, name in ((new_data, "new_data"), (group_data, "group_data"))
        )
        rows = rows_to_predict(self.model.design, *tables, ungrouped=groups == "average")
        return predict(self.posterior, self.model.design, rows, groups, n_draws, seed)

    def predictive_check(
        self, n_draws: int | None = None, seed: int | None = None, prob: float = 0.95
    ) -> ShownPredictiveCheck:
        """Compare the data with data that the model would have made, in the same groups and in new ones.

        Parameters
        ----------
        n_draws : int, optional
            Replicated data sets; 500 by default.
        seed : int, optional
        prob : float
            Probability of the interval of the replicates.

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
        from bayeshlm.checks.predictive_check import predictive_check
        from bayeshlm.display.predictive_check import ShownPredictiveCheck

        return ShownPredictiveCheck.of(predictive_check(self.posterior, self.model.design, n_draws, seed, prob))
