"""`Fit`: the posterior of a model, every result that is read off it, and what the model is asked after it."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from bayeshlm.checks.effect_moments import mean_effects
from bayeshlm.checks.prediction import Choice, predict, words_of
from bayeshlm.checks.predictive_modes import node_of
from bayeshlm.design.fitted_in_database import fitted_in_database
from bayeshlm.design.new_rows import rows_to_predict
from bayeshlm.display.fit_report import fit_report
from bayeshlm.display.fit_tables import FitReport, fit_html, fit_text
from bayeshlm.errors import OptionError
from bayeshlm.faces.fit_checks import FitChecks
from bayeshlm.faces.storage import add_groups, write_fit
from bayeshlm.source.database_table import DatabaseTable
from bayeshlm.text_file import check_file, write_text

if TYPE_CHECKING:
    from bayeshlm.display.plots.fit_plots import FitPlots


class Fit(FitChecks):
    """The posterior of a `Model`, made by `Model.fit` or read by `load`.

    Every table has the columns mean, sd, lower, upper, ess_bulk, ess_tail, r_hat and mcse_mean where they apply
    (`variance_components` and `icc` the median too), and says in ``attrs`` which interval it shows (``ci_kind``,
    ``ci_prob``), how many rows were used and dropped (``n_obs``, ``rows_dropped``) and whether the sampler converged.

    Parameters
    ----------
    model : Model
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    @cached_property
    def plot(self) -> FitPlots:
        """The figures of the fit: ``fit.plot.caterpillar("b0")``."""
        from bayeshlm.display.plots.fit_plots import FitPlots

        return FitPlots(self._fitted.draws, self.model.priors, self.idata)

    def predict(
        self,
        new_data: Any = None,
        groups: Choice = "same",
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
            Rows with the predictors and the grouping column, coded as the fitted rows were; ``cwc(x)`` and ``mean(x)``
            take the fit's mean of a group that it knows, of any other that of its rows here. By default the rows that
            were fitted, unless these stay in a database.
        groups : {"same", "new", "average"} or mapping of str to these
            ``"same"``: a group that was fitted keeps its deviations u, any other draws its own from N(0, G). ``"new"``:
            every group draws. ``"average"``: u = 0; the grouping column may be missing, unless group means need it. Of
            several groupings: ``{"school": "same", "child": "new"}``, new children; unnamed ones are "same".
        group_data : pandas.DataFrame, optional
            A level-2 file, one row a group of `new_data`.
        n_draws : int, optional
            Draws used, evenly spaced over the chains; all by default.
        seed : int, optional
            The same seed gives the same predictions.
        store : bool
            Keep them in `idata`, too: ``y`` of the rows that were fitted in ``posterior_predictive``, for ArviZ's
            plots, or with ``groups="new"`` in ``posterior_predictive_new_groups``; all else in ``predictions``.

        Returns
        -------
        xarray.Dataset
            ``mu`` and ``y`` (chain, draw, obs_id); ``attrs["n_new_groups"]`` counts the groups whose u was drawn from
            N(0, G), the coordinate ``is_new`` says of which rows.

        Raises
        ------
        DataError, OptionError
        """
        design = self.model.design
        words = words_of(design, groups)
        ungrouped = [name for name, word in zip(design.groupings, words, strict=True) if word == "average"]
        rows = rows_to_predict(design, new_data, group_data, ungrouped=ungrouped)
        predicted = predict(self._fitted.draws, rows, groups, n_draws, seed)
        if store:
            node = node_of(design, words) if new_data is None else None
            add_groups(self.idata, {node: predicted[["y"]]} if node else {"predictions": predicted})
        return predicted

    def residual_table(self) -> Any:
        """Fitted values and level-1 residuals of rows that stay in a database: a table of Ibis.

        The model's two queries are run again; the rows are computed when they are asked for.

        Returns
        -------
        ibis.Table
            The complete rows of the model's table with two more columns: ``fitted``, the posterior mean of the expected
            outcome of the row, and ``residual``, the outcome less that.

        Raises
        ------
        OptionError
            The rows are in memory.
        DataError
            As the model's; or the table has columns of these names.
        """
        data = self.model._data
        if data is None or not isinstance(data.table, DatabaseTable):
            raise OptionError("residual_table is of rows in a database; of rows in memory write fit.residuals().table")
        return fitted_in_database(
            self.model._spec,
            data.table,
            self.model.design.groupings,
            data.group_data,
            *mean_effects(self._fitted.draws),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole fit to one netCDF file, such as ``"fit.nc"``, which `bayeshlm.load` restores.

        Parameters
        ----------
        path : str or path
            What stands there is left as it is where the file cannot be written (FileError).
        """
        write_fit(self._fitted, path)

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "",
        question: str = "",
        source: str = "",
        data: str | os.PathLike[str] = "",
        progress: bool | None = None,
    ) -> None:
        """Write everything as one HTML page that needs no network: for readers, reviewers and the archive.

        Parameters
        ----------
        path : str or path
            The file, such as ``"report.html"``; what stands there is left where it cannot be written (FileError).
        title, question, source : str
            Heading, the question of the study, and where the model comes from, in your words.
        data : str or path
            The data file, or the name of a shipped data set, for the code that repeats the analysis.
        progress : bool, optional
            Show a bar of the sections; by default where somebody is watching.
        """
        from bayeshlm.display.report.page import report_html
        from bayeshlm.display.report.subject import Subject

        check_file(Path(path), "report()", "report.html")
        subject = Subject(self._fitted, title, question, source, os.fspath(data))
        write_text(report_html(subject, progress), path)

    @cached_property
    def _overview(self) -> FitReport:
        return fit_report(self._fitted, self.convergence)

    def __repr__(self) -> str:
        return fit_text(self._overview)

    def _repr_html_(self) -> str:
        return fit_html(self._overview)
