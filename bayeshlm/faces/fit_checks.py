"""What a fit is asked after the posterior: how well it predicts, who drives it, what is left, what the priors do."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from bayeshlm.errors import OptionError
from bayeshlm.faces.fit_predictions import FitPredictions
from bayeshlm.parameters.draws import Draws

if TYPE_CHECKING:
    from bayeshlm.checks.loo import Exact, Unit
    from bayeshlm.display.plots.fit_plots import FitPlots
    from bayeshlm.display.residuals import ShownLevelOne, ShownLevelTwo
    from bayeshlm.display.shown_influence import ShownInfluence
    from bayeshlm.display.shown_loo import ShownLoo
    from bayeshlm.display.shown_prior_sensitivity import ShownSensitivity
    from bayeshlm.faces.prior_refits import Alternatives


class FitChecks(FitPredictions):
    """The checks of a `Fit`; each method hands the draws to a function of `bayeshlm.checks`."""

    @cached_property
    def plot(self) -> FitPlots:
        """The figures of the fit: ``fit.plot.caterpillar("b0")``."""
        from bayeshlm.display.plots.fit_plots import FitPlots

        return FitPlots(self.model.design, self.model.priors, self.idata)

    def loo(self, unit: Unit = "row", exact: Exact = "auto") -> ShownLoo:
        """How well the model predicts data it has not seen: leave-one-out cross-validation.

        Parameters
        ----------
        unit : {"row", "group"}
            The question. "row": a new row of a group that is in the data (a new student of a known school), given the
            other rows of that group. "group": all rows of a new group (the students of another school), nothing of
            which is known but its predictors. Whether a level-2 predictor helps shows in the second.
        exact : {"auto", True, False}
            Whether the model is fitted anew without each unit whose Pareto k is too large; "auto": where there are at
            most 10, each of which takes a second or so.

        Returns
        -------
        Loo
            ``elpd``, ``se``, ``p_loo``, ``looic``, ``mcse``, ``table``, ``pointwise`` (with ``pareto_k``), ``bad``
            (units that the importance weights fail for).

        Raises
        ------
        OptionError, SamplingError

        See Also
        --------
        bayeshlm.compare : several models beside each other.

        Notes
        -----
        The random effects are integrated out in both, so that small groups do not break the importance weights, and
        `p_loo` counts the parameters gamma, tau, corr and sigma only (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika
        84, 802-829). Constants of the design, such as the means that `cwc` and `cgm` subtract, and the priors stay
        those of all rows.
        """
        from bayeshlm.checks.loo import leave_one_out
        from bayeshlm.display.shown_loo import ShownLoo

        return ShownLoo.of(leave_one_out(Draws(self.posterior, self.model.design), self.model.priors, unit, exact))

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
            ``table`` (a row a group, the most influential first: its largest change in posterior SDs, Cook's distances,
            MDFFITS, COVTRACE, COVRATIO, leverage), ``posterior`` and ``reml`` (every parameter without every group),
            ``outlying`` (groups that the others do not let expect), ``bad`` (groups that the weights fail for).

        Raises
        ------
        OptionError, SamplingError

        See Also
        --------
        bayeshlm.checks.influence.Influence : every column.
        bayeshlm.reml.reml_influence : the measures of Demidenko & Stukel (2005) and Loy & Hofmann (2014).

        Notes
        -----
        The posterior without group j has the weights ``1 / p(y_j | theta)``, u_j integrated out, whose tail is smoothed
        (`loo`, ``unit="group"``). Influence and outlying are two things: a group may fit well and still decide a slope.
        """
        from bayeshlm.checks.influence import influence
        from bayeshlm.display.shown_influence import ShownInfluence

        return ShownInfluence.of(influence(Draws(self.posterior, self.model.design), self.model.priors, exact))

    @overload
    def residuals(
        self, level: Literal[1] = 1, prob: float = 0.95, kind: str = "eti", min_df: int = 10
    ) -> ShownLevelOne: ...

    @overload
    def residuals(
        self, level: Literal[2], prob: float = 0.95, kind: str = "eti", min_df: int = 10
    ) -> ShownLevelTwo: ...

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
        prob : float
            Probability of the intervals.
        kind : {"eti", "hdi"}
            Equal-tailed or highest-density interval.
        min_df : int
            Degrees of freedom that a group needs for the test of equal variance.

        Returns
        -------
        LevelOneResiduals or LevelTwoResiduals
            ``table``, ``data`` (xarray) and ``hlm_file()``, the columns of the HLM program's residual file; level 1:
            ``normality``, ``variance``; level 2: ``distances``.

        Raises
        ------
        OptionError
            An argument is not what it may be.

        See Also
        --------
        bayeshlm.checks.level1_residuals.level1_residuals, bayeshlm.checks.level1_variance.level1_variance,
        bayeshlm.checks.level2_residuals.level2_residuals, bayeshlm.checks.mahalanobis.distances : formulas and sources.
        """
        from bayeshlm.checks.level1_residuals import level1_residuals
        from bayeshlm.checks.level2_residuals import level2_residuals
        from bayeshlm.display.residuals import ShownLevelOne, ShownLevelTwo

        if level == 1:
            return ShownLevelOne.of(level1_residuals(Draws(self.posterior, self.model.design), prob, kind, min_df))
        if level == 2:
            return ShownLevelTwo.of(level2_residuals(Draws(self.posterior, self.model.design), prob, kind))
        raise OptionError(f"level is 1 (rows) or 2 (groups), not {level!r}.")

    def prior_sensitivity(
        self,
        refit: Alternatives | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        progress: bool | None = None,
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
            ``table`` (sensitivity to prior and likelihood, a diagnosis a parameter), ``by_prior`` (sensitivity to each
            prior alone) and ``refits`` (posteriors side by side, None unless asked for).

        Raises
        ------
        OptionError, PriorError
            `refit` is not what it may be, or names a prior that the model does not have.

        See Also
        --------
        bayeshlm.checks.power_scaling.power_scaling : the measure and its source.
        """
        from bayeshlm.display.shown_prior_sensitivity import ShownSensitivity
        from bayeshlm.faces.prior_refits import prior_sensitivity

        return ShownSensitivity.of(prior_sensitivity(self.model, self.idata, refit, prob, kind, progress))
