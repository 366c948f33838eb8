"""`Fit`: the posterior of a model, every result that is read off it, and what the model is asked after it."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import xarray as xr

from bayeshlm.checks.cross_check import cross_check
from bayeshlm.checks.influence import influence
from bayeshlm.checks.level1_residuals import level1_residuals
from bayeshlm.checks.level2_residuals import level2_residuals
from bayeshlm.checks.loo import Exact, Unit, leave_one_out
from bayeshlm.checks.prediction import Groups, predict
from bayeshlm.checks.predictive_check import MODES, predictive_check
from bayeshlm.checks.prior_posteriors import Alternatives, prior_sensitivity
from bayeshlm.design.new_rows import rows_to_predict
from bayeshlm.display.fit_report import fit_report
from bayeshlm.display.fit_tables import FitReport, fit_html, fit_text
from bayeshlm.display.residuals import ShownLevelOne, ShownLevelTwo
from bayeshlm.display.shown_cross_check import ShownCrossCheck
from bayeshlm.display.shown_influence import ShownInfluence
from bayeshlm.display.shown_loo import ShownLoo
from bayeshlm.display.shown_predictive_check import ShownPredictiveCheck
from bayeshlm.display.shown_prior_sensitivity import ShownSensitivity
from bayeshlm.errors import OptionError
from bayeshlm.faces.fit_quantities import FitQuantities
from bayeshlm.faces.storage import add_groups, write_fit
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.text_file import check_file, write_text

if TYPE_CHECKING:
    from bayeshlm.display.plots.fit_plots import FitPlots


class Fit(FitQuantities):
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

        return FitPlots(self.model.design, self.model.priors, self.idata)

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
            Rows with the predictors and the grouping column, coded as the fitted rows were; ``cwc(x)`` and ``mean(x)``
            take the fit's mean of a group that it knows, of any other that of its rows here. By default the rows that
            were fitted.
        groups : {"same", "new", "average"}
            ``"same"``: a group that was fitted keeps its deviations u, any other draws its own from N(0, G). ``"new"``:
            every group draws. ``"average"``: u = 0; the grouping column may be missing, unless group means need it.
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
        rows = rows_to_predict(self.model.design, new_data, group_data, ungrouped=groups == "average")
        predicted = predict(self._fitted.draws, rows, groups, n_draws, seed)
        if store:
            replicates = new_data is None and groups in MODES
            add_groups(self.idata, {MODES[groups]: predicted[["y"]]} if replicates else {"predictions": predicted})
        return predicted

    def predictive_check(
        self, n_draws: int | None = None, seed: int | None = None, prob: float = 0.95, *, store: bool = False
    ) -> ShownPredictiveCheck:
        """Compare the data with data that the model would have made, in the same groups and in new ones.

        Parameters
        ----------
        n_draws : int, optional
            Replicated data sets; 500 by default.
        seed, store
            As in `predict`.
        prob : float
            Probability of the interval of the replicates.

        Returns
        -------
        PredictiveCheck
            ``table`` (a statistic's value, replicates and p-value), ``draws``, ``idata`` for ArviZ's plots. A large p
            is no proof of fit: see `bayeshlm.checks.predictive_check`, and `.predictive_statistics` for what is looked
            at.
        """
        check = predictive_check(self._fitted.draws, n_draws, seed, prob)
        if store:
            add_groups(self.idata, {name: check.idata[name].to_dataset() for name in MODES.values()})
        return ShownPredictiveCheck.of(check)

    def loo(self, unit: Unit = "row", exact: Exact = "auto") -> ShownLoo:
        """How well the model predicts data it has not seen: leave-one-out cross-validation.

        Parameters
        ----------
        unit : {"row", "group"}
            "row": a new row of a known group (a new student of a school in the data), given its other rows. "group":
            all rows of a new group, of which only the predictors are known: there it shows what level 2 explains.
        exact : {"auto", True, False}
            Whether the model is fitted anew, in a second or so, without each unit whose Pareto k is too large; "auto":
            where there are at most 10.

        Returns
        -------
        Loo
            ``elpd``, ``se``, ``p_loo``, ``looic``, ``mcse``, ``table``, ``pointwise`` (with ``pareto_k``), ``bad``
            (units that the weights fail for). `bayeshlm.compare` has several models beside each other; see
            `bayeshlm.checks.loo.leave_one_out` for what is computed.
        """
        return ShownLoo.of(leave_one_out(self._fitted, unit, exact))

    def influence(self, exact: bool = False) -> ShownInfluence:
        """What each group does to gamma, tau and sigma: the posterior and the REML estimates without it.

        Parameters
        ----------
        exact : bool
            Sample the posterior anew without each group that the importance weights fail for, a second or so each, and
            fit REML without each group also where they are more than 500.

        Returns
        -------
        Influence
            ``table`` (a row a group, the most influential first), ``posterior``, ``reml``, ``outlying``, ``bad``: see
            `bayeshlm.checks.influence.Influence`, and `bayeshlm.reml.reml_influence` for the sources.
        """
        return ShownInfluence.of(influence(self._fitted, exact))

    @overload
    def residuals(
        self, level: Literal[1] = 1, prob: float = ..., kind: str = ..., min_df: int = ...
    ) -> ShownLevelOne: ...

    @overload
    def residuals(self, level: Literal[2], prob: float = ..., kind: str = ..., min_df: int = ...) -> ShownLevelTwo: ...

    def residuals(
        self, level: Literal[1, 2] = 1, prob: float = 0.95, kind: str = "eti", min_df: int = 10
    ) -> ShownLevelOne | ShownLevelTwo:
        """Residuals of the rows (level 1) or of the groups (level 2), with the tests that belong to them.

        Parameters
        ----------
        level : {1, 2}
            1: ``r = y - X gamma - Z u`` of every row, standardized, with tests of normality and HLM's test of equal
            level-1 variance. 2: empirical Bayes and least-squares residuals u of every group, and its Mahalanobis
            distance with a posterior predictive p-value.
        prob, kind
            As in `fixed_effects`.
        min_df : int
            Degrees of freedom that a group needs for the test of equal variance.

        Returns
        -------
        LevelOneResiduals or LevelTwoResiduals
            ``table``, ``data`` (xarray) and ``hlm_file()``, the columns of the HLM program's residual file; level 1:
            ``normality``, ``variance``; level 2: ``distances``. Formulas: `bayeshlm.checks.level1_residuals`.
        """
        if level == 1:
            return ShownLevelOne.of(level1_residuals(self._fitted.draws, prob, kind, min_df))
        if level == 2:
            return ShownLevelTwo.of(level2_residuals(self._fitted.draws, prob, kind))
        raise OptionError(f"level is 1 (rows) or 2 (groups), not {level!r}.")

    def prior_sensitivity(
        self, refit: Alternatives | None = None, prob: float = 0.95, kind: str = "eti", progress: bool | None = None
    ) -> ShownSensitivity:
        """How much the posterior depends on the priors: by power scaling, and by refits on request.

        Parameters
        ----------
        refit : True or mapping, optional
            True refits with all priors twice and half as wide. Or priors by a name of your choice:
            ``{"wide": {"tau_u0": "HalfNormal(50)"}}``; those not named stay as they are.
        prob, kind
            Interval of the refits' table.
        progress : bool, optional
            As in `Model.fit`.

        Returns
        -------
        PriorSensitivity
            ``table`` (sensitivity to prior and likelihood, a diagnosis a parameter), ``by_prior`` and ``refits``;
            see `bayeshlm.checks.power_scaling` for the measure and its source.
        """
        return ShownSensitivity.of(prior_sensitivity(self._fitted, refit, prob, kind, progress))

    def cross_check(self) -> ShownCrossCheck:
        """Posterior beside REML: differences in standard errors, a verdict, and the reasons where they differ.

        Returns
        -------
        CrossCheck
            ``table`` (gamma, tau, corr, sigma, ICC, and the groups summed up), ``groups`` (every group's
            coefficients), ``agrees``, ``verdict``, ``reasons``; see `bayeshlm.checks.verdicts` and `.causes`.

        Raises
        ------
        DataError
            If REML has no estimate, as when nothing is left for the level-1 variance.
        """
        return self._cross_check

    @cached_property
    def _cross_check(self) -> ShownCrossCheck:
        draws, reml = self._fitted.draws, fit_reml(self.model.design)
        return ShownCrossCheck.of(cross_check(draws, self.model.priors, reml, self.convergence, draws.moments))

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
