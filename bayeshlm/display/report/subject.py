"""What a report is about: a fit, and what its author says of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayeshlm.checks.cross_check import CrossCheck, cross_check
from bayeshlm.checks.influence import Influence, influence
from bayeshlm.checks.level1_residuals import LevelOneResiduals, level1_residuals
from bayeshlm.checks.level2_residuals import LevelTwoResiduals, level2_residuals
from bayeshlm.checks.loo import Loo, leave_one_out
from bayeshlm.checks.power_scaling import PriorSensitivity
from bayeshlm.checks.predictive_check import PredictiveCheck, predictive_check
from bayeshlm.checks.prior_posteriors import prior_sensitivity
from bayeshlm.checks.quantile_residuals import QuantileResiduals, quantile_residuals
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.display.fit_report import fit_report
from bayeshlm.display.fit_tables import FitReport
from bayeshlm.fitted import FittedModel
from bayeshlm.quantities.convergence import Convergence, assess_convergence
from bayeshlm.quantities.group_coefficients import group_coefficients
from bayeshlm.quantities.heterogeneity import heterogeneity
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.plausible_ranges import has_response, plausible_ranges
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.r2 import r2
from bayeshlm.quantities.reliability import reliability
from bayeshlm.reml.classical import classical_estimate

if TYPE_CHECKING:
    from bayeshlm.display.plots.fit_plots import FitPlots
    from bayeshlm.display.plots.model_plots import ModelPlots
    from bayeshlm.reml.estimate import RemlEstimate
    from bayeshlm.reml.family_estimate import FamilyEstimate


@dataclass(frozen=True, eq=False)
class Subject:
    """A fit and what its author says of it.

    Attributes
    ----------
    fitted : FittedModel
    title : str
        Heading; made from the outcome when empty.
    question : str
        The question of the study, in the author's words; left out when empty.
    source : str
        Where the model comes from.
    data : str
        The data file, or the name of a shipped data set, for the code that repeats the analysis.
    grouping : str, optional
        Whose groups its results of groups are about, where there are several groupings.

    Notes
    -----
    Results are attributes that are computed once, for the section and for its figures.
    """

    fitted: FittedModel
    title: str = ""
    question: str = ""
    source: str = ""
    data: str = ""
    grouping: str | None = None

    @cached_property
    def of_groupings(self) -> tuple[Subject, ...]:
        """A subject for each grouping, from the inside out: itself where there is one."""
        names = self.design.groupings
        return (self,) if len(names) == 1 else tuple(replace(self, grouping=name) for name in names)

    @property
    def groups(self) -> RandomTerm:
        """The grouping of its results of groups."""
        return self.design.predictor.random[self.design.position_of(self.grouping)]

    @property
    def groups_heading(self) -> str:
        """What the groups of its grouping are called."""
        return "Groups" if self.grouping is None else f"Groups of {self.grouping}"

    def with_result(self, name: str) -> tuple[Subject, ...]:
        """The subjects of groupings that have computed a result."""
        return tuple(of for of in self.of_groupings if name in vars(of))

    @property
    def design(self) -> Design:
        """Numbers of the model."""
        return self.fitted.design

    @property
    def heading(self) -> str:
        """The title, or one made from the outcome."""
        return self.title or self.overview.title

    @cached_property
    def convergence(self) -> Convergence:
        """The sampler's verdict."""
        return assess_convergence(self.fitted.draws, self.fitted.sample_stats)

    @cached_property
    def overview(self) -> FitReport:
        """What the fit prints: its tables and verdict."""
        return fit_report(self.fitted, self.convergence)

    @cached_property
    def icc(self) -> Quantity:
        """Intraclass correlation."""
        return icc(self.fitted.draws)

    @cached_property
    def heterogeneity(self) -> Quantity:
        """I^2 and H^2, where the level-1 SDs are known."""
        return heterogeneity(self.fitted.draws)

    @property
    def plausible_ranges(self) -> Quantity:
        """Plausible ranges."""
        return plausible_ranges(self.fitted.draws, grouping=self.grouping)

    @cached_property
    def response_ranges(self) -> Quantity | None:
        """The same of what is expected of the outcome, where that is another thing."""
        if not has_response(self.design.outcome, self.groups.columns):
            return None
        return plausible_ranges(self.fitted.draws, grouping=self.grouping, response=True)

    @property
    def reliability(self) -> Quantity:
        """Reliabilities."""
        return reliability(self.fitted.draws, grouping=self.grouping)

    @cached_property
    def r2(self) -> Quantity:
        """Variance explained."""
        return r2(self.fitted.draws)

    @cached_property
    def group_coefficients(self) -> pd.DataFrame:
        """Coefficients of the groups."""
        return group_coefficients(self.fitted.draws, grouping=self.grouping)

    @cached_property
    def plot(self) -> FitPlots:
        """Figures of the fit."""
        from bayeshlm.display.plots.fit_plots import FitPlots

        return FitPlots(self.fitted.draws, self.fitted.priors, self.fitted.idata)

    @cached_property
    def model_plot(self) -> ModelPlots:
        """Figures of the data."""
        from bayeshlm.display.plots.model_plots import ModelPlots

        return ModelPlots(self.design)

    @cached_property
    def cross_check(self) -> CrossCheck:
        """Posterior beside REML or ML."""
        return cross_check(self.fitted.draws, self.fitted.priors, self.estimate, self.convergence)

    @cached_property
    def estimate(self) -> RemlEstimate | FamilyEstimate:
        """REML's or ML's estimate."""
        return classical_estimate(self.design)

    @cached_property
    def predictive_check(self) -> PredictiveCheck:
        """Predictive checks, with the seed of the fit."""
        return predictive_check(self.fitted.draws, seed=self.fitted.options.seed)

    @cached_property
    def loo_groups(self) -> Loo:
        """Leave-one-out over groups, without refits."""
        unit: Any = self.grouping or "group"
        return leave_one_out(self.fitted, unit, exact=False)

    @cached_property
    def loo_rows(self) -> Loo:
        """Leave-one-out over rows, without refits."""
        return leave_one_out(self.fitted, "row", exact=False)

    @cached_property
    def level1_residuals(self) -> LevelOneResiduals | QuantileResiduals:
        """Residuals of the rows, by quantiles where the outcome is not normal."""
        of = level1_residuals if self.design.outcome.is_normal else quantile_residuals
        return of(self.fitted.draws)

    @cached_property
    def level2_residuals(self) -> LevelTwoResiduals:
        """Residuals of the groups."""
        return level2_residuals(self.fitted.draws, grouping=self.grouping)

    @cached_property
    def influence(self) -> Influence:
        """Influence of the groups, without refits of the posterior."""
        return influence(self.fitted, grouping=self.grouping)

    @cached_property
    def prior_sensitivity(self) -> PriorSensitivity:
        """Power scaling of the priors."""
        return prior_sensitivity(self.fitted)
