"""`FitChecks`: a `Fit` set beside its data, its rows and groups one at a time, priors, REML and a null model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import xarray as xr

from bayeshlm.checks.cross_check import cross_check
from bayeshlm.checks.importance_check import importance_check
from bayeshlm.checks.influence import influence
from bayeshlm.checks.level1_residuals import level1_residuals
from bayeshlm.checks.level2_residuals import grouping_of_level, level2_residuals
from bayeshlm.checks.loo import Exact, Unit, leave_one_out
from bayeshlm.checks.predictive_check import predictive_check
from bayeshlm.checks.prior_posteriors import Alternatives, prior_sensitivity
from bayeshlm.checks.quantile_residuals import quantile_residuals
from bayeshlm.design import Design
from bayeshlm.display.fit_tables import Shown
from bayeshlm.display.residuals import ShownLevelOne, ShownLevelTwo, ShownQuantiles
from bayeshlm.display.shown_cross_check import ShownCrossCheck
from bayeshlm.display.shown_influence import ShownInfluence
from bayeshlm.display.shown_loo import ShownLoo
from bayeshlm.display.shown_predictive_check import ShownPredictiveCheck
from bayeshlm.display.shown_prior_sensitivity import ShownSensitivity
from bayeshlm.errors import OptionError
from bayeshlm.faces.estimate_quantities import EstimateQuantities
from bayeshlm.faces.fit_explanations import FitExplanations
from bayeshlm.faces.storage import add_groups
from bayeshlm.quantities.r2 import r2
from bayeshlm.reml.classical import classical_estimate

if TYPE_CHECKING:
    pass


class FitChecks(FitExplanations):
    """The checks of a fit; made as `Fit`."""

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
            at. With several groupings ``new[child]`` has new groups of one, with those nested inside. Of rows in a
            database replicates are sums over all, and extremes, quantiles and shape those of a random sample.
        """
        check = predictive_check(self._fitted.draws, n_draws, seed, prob)
        if store:
            kept = [name for name in check.idata.children if name != "observed_data"]
            add_groups(self.idata, {name: check.idata[name].to_dataset() for name in kept})
        return ShownPredictiveCheck.of(check)

    def loo(self, unit: Unit = "row", exact: Exact = "auto") -> ShownLoo:
        """How well the model predicts data it has not seen: leave-one-out cross-validation.

        Parameters
        ----------
        unit : {"row", "group"} or str
            "row": a new row of a known group (a new student of a school in the data), given its other rows. "group":
            all rows of a new group, of which only the predictors are known: there it shows what level 2 explains. With
            several groupings the name of one is given in place of "group".
        exact : {"auto", True, False}
            Whether the model is fitted anew, in a second or so, without each unit whose Pareto k is too large; "auto":
            where there are at most 10.

        Returns
        -------
        Loo
            ``elpd``, ``se``, ``p_loo``, ``looic``, ``mcse``, ``table``, ``pointwise`` (with ``pareto_k``), ``bad``
            (units that the weights fail for). `bayeshlm.compare` has several models beside each other; see
            `bayeshlm.checks.loo.leave_one_out` for what is computed. Of rows in a database a random sample is left
            out: then ``table`` has its ``subsampling_se``, too.
        """
        return ShownLoo.of(leave_one_out(self._fitted, unit, exact))

    def influence(self, exact: bool = False, grouping: str | None = None) -> ShownInfluence:
        """What each group does to gamma, tau and sigma: the posterior and the REML estimates without it.

        Of an outcome that is not normal ML by quadrature takes REML's place, and no group is called outlying.

        Parameters
        ----------
        exact : bool
            Sample the posterior anew without each group that the importance weights fail for, a second or so each, and
            fit REML without each group also where they are more than 500, or 100 of several groupings, and ML where
            they are more than 25.
        grouping : str, optional
            Whose groups, where there are several groupings.

        Returns
        -------
        Influence
            ``table`` (a row a group, the most influential first), ``posterior``, ``reml``, ``outlying``, ``bad``: see
            `bayeshlm.checks.influence.Influence`, and `bayeshlm.reml.reml_influence` for the sources.
        """
        return ShownInfluence.of(influence(self._fitted, exact, grouping))

    @overload
    def residuals(
        self, level: Literal[1] = 1, prob: float = ..., kind: str = ..., min_df: int = ..., *, grouping: None = None
    ) -> ShownLevelOne | ShownQuantiles: ...

    @overload
    def residuals(
        self, level: int = ..., prob: float = ..., kind: str = ..., min_df: int = ..., *, grouping: str | None = ...
    ) -> ShownLevelTwo: ...

    def residuals(
        self,
        level: int | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        min_df: int = 10,
        *,
        grouping: str | None = None,
    ) -> ShownLevelOne | ShownQuantiles | ShownLevelTwo:
        """Residuals of the rows (level 1) or of the groups (level 2 and up), with the tests that belong to them.

        Parameters
        ----------
        level : int
            1, the default: ``r = y - X gamma - Z u`` of every row, standardized, with tests of normality and HLM's test
            of equal level-1 variance. 2: empirical Bayes and least-squares residuals u of every group, and its
            Mahalanobis distance with a posterior predictive p-value. 3 and up: of the groups of the levels above. Of
            outcomes that are not normal level 1 alone, by randomized quantiles.
        prob, kind
            As in `fixed_effects`.
        min_df : int
            Degrees of freedom that a group needs for the test of equal variance.
        grouping : str, optional
            In place of a level the grouping, where a level has several.

        Returns
        -------
        LevelOneResiduals, QuantileResiduals or LevelTwoResiduals
            ``table``, ``data`` (xarray) and ``hlm_file()``, the columns of the HLM program's residual file; level 1:
            ``normality``, ``variance``; above: ``distances``. Formulas: `bayeshlm.checks.level1_residuals`,
            `bayeshlm.checks.quantile_residuals`, which has ``mean_square`` in place of a variance and no ``data``. Of
            rows in a database level 1 is of a random sample.
        """
        named = grouping_of_level(self.model.design, level, grouping)
        if named is None and not self.model.design.outcome.is_normal:
            return ShownQuantiles.of(quantile_residuals(self._fitted.draws))
        if named is None:
            return ShownLevelOne.of(level1_residuals(self._fitted.draws, prob, kind, min_df))
        return ShownLevelTwo.of(level2_residuals(self._fitted.draws, prob, kind, named))

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

    def cross_check(self, *, importance: bool = False) -> ShownCrossCheck:
        """Posterior beside REML: differences in standard errors, a verdict, and the reasons where they differ.

        Of an outcome that is not normal ML by quadrature takes REML's place.

        Parameters
        ----------
        importance : bool
            Sample the posterior anew by importance sampling, and set that beside NUTS's draws, too.

        Returns
        -------
        CrossCheck
            ``table`` (gamma, tau, corr, sigma, ICC, and the groups summed up), ``groups`` (every group's
            coefficients), ``agrees``, ``verdict``, ``reasons``; see `bayeshlm.checks.verdicts` and `.causes`.
            ``importance`` is a `bayeshlm.checks.importance_check.ImportanceCheck` where it was asked for.

        Raises
        ------
        DataError
            If there is no estimate, as when nothing is left for the level-1 variance or outcomes are separated.
        OptionError
            The outcome is not normal and the model has several groupings or more than two random effects; or the fit's
            draws are importance sampling's already.
        """
        found = self._cross_check
        return ShownCrossCheck.of(found.with_importance(importance_check(self._fitted))) if importance else found

    @cached_property
    def _cross_check(self) -> ShownCrossCheck:
        draws, estimate = self._fitted.draws, classical_estimate(self.model.design)
        return ShownCrossCheck.of(cross_check(draws, self.model.priors, estimate, self.convergence))

    def r2(
        self, null: FitChecks | EstimateQuantities[Any] | None = None, prob: float = 0.95, kind: str = "eti"
    ) -> Shown:
        """Variance explained in each draw: marginal and conditional R2, shares by level, reduction from a null model.

        Parameters
        ----------
        null : Fit, RemlFit or MlFit, optional
            Fit of a smaller model to the same rows, from whose variances the reduction is taken.
        prob, kind
            As in `Fit.fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` and ``table``; see `bayeshlm.quantities.r2.r2` for the definitions.

        Raises
        ------
        OptionError
            `null` is no fit, or one to other rows.
        """
        other = None if null is None else draws_and_design(null)
        return self._shown(r2(self._fitted.draws, other, prob, kind))


def draws_and_design(fit: FitChecks | EstimateQuantities[Any]) -> tuple[xr.Dataset, Design]:
    """The draws of a fit, of REML's or ML's the one draw of its estimates, and its design.

    Raises
    ------
    OptionError
        It is no fit.
    """
    if isinstance(fit, FitChecks):
        return fit.posterior, fit.model.design
    if isinstance(fit, EstimateQuantities):
        return fit.as_draw, fit.design
    raise OptionError(f"a fit of model.fit(), model.reml() or model.ml() is needed here, not a {type(fit).__name__}.")
