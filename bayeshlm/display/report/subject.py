"""What a report is about: a fit, and what its author says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

import pandas as pd
import xarray as xr

from bayeshlm.checks.cross_check import CrossCheck
from bayeshlm.design.design import Design
from bayeshlm.display.fit_tables import FitReport
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.quantity import Quantity

if TYPE_CHECKING:
    from bayeshlm.checks.influence import Influence
    from bayeshlm.checks.level1_residuals import LevelOneResiduals
    from bayeshlm.checks.level2_residuals import LevelTwoResiduals
    from bayeshlm.checks.loo import Exact, Loo, Unit
    from bayeshlm.checks.power_scaling import PriorSensitivity
    from bayeshlm.checks.predictive_check import PredictiveCheck
    from bayeshlm.display.plots.fit_plots import FitPlots
    from bayeshlm.display.plots.model_plots import ModelPlots


class ReportedModel(Protocol):
    """What a report reads of a `Model`."""

    @property
    def design(self) -> Design:
        """Numbers of the model."""
        ...

    @property
    def priors(self) -> Priors:
        """The priors."""
        ...

    @property
    def plot(self) -> ModelPlots:
        """Figures of the data."""
        ...


class ReportedFit(Protocol):
    """What a report reads of a `Fit`; a section that needs more adds it here."""

    @property
    def model(self) -> ReportedModel:
        """The model."""
        ...

    @property
    def idata(self) -> xr.DataTree:
        """All draws."""
        ...

    @property
    def convergence(self) -> Convergence:
        """The sampler's verdict."""
        ...

    def icc(self) -> Quantity:
        """Intraclass correlation."""
        ...

    def plausible_ranges(self) -> Quantity:
        """Plausible ranges."""
        ...

    def reliability(self) -> Quantity:
        """Reliabilities."""
        ...

    def r2(self) -> Quantity:
        """Variance explained."""
        ...

    def group_coefficients(self) -> pd.DataFrame:
        """Coefficients of the groups."""
        ...

    def cross_check(self) -> CrossCheck:
        """Posterior beside REML."""
        ...

    @property
    def plot(self) -> FitPlots:
        """Figures."""
        ...

    def predictive_check(self, n_draws: int | None = None, seed: int | None = None) -> PredictiveCheck:
        """Replicated data beside those observed."""
        ...

    def loo(self, unit: Unit, exact: Exact) -> Loo:
        """Leave-one-out cross-validation."""
        ...

    @overload
    def residuals(self, level: Literal[1]) -> LevelOneResiduals: ...

    @overload
    def residuals(self, level: Literal[2]) -> LevelTwoResiduals: ...

    def influence(self) -> Influence:
        """What each group does to the results."""
        ...

    def prior_sensitivity(self) -> PriorSensitivity:
        """What the posterior owes to the priors."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """A fit and what its author says of it.

    Attributes
    ----------
    fit : Fit
    overview : FitReport
        What the fit prints: its tables and verdict.
    title : str
        Heading; made from the outcome when empty.
    question : str
        The question of the study, in the author's words; left out when empty.
    source : str
        Where the model comes from.
    data : str
        The data file, or the name of a shipped data set, for the code that repeats the analysis.

    Notes
    -----
    The checks are attributes that are computed once, for the section and for its figures.
    """

    fit: ReportedFit
    overview: FitReport
    title: str = ""
    question: str = ""
    source: str = ""
    data: str = ""

    @property
    def design(self) -> Design:
        """Numbers of the model."""
        return self.fit.model.design

    @property
    def heading(self) -> str:
        """The title, or one made from the outcome."""
        return self.title or self.overview.title

    @cached_property
    def attrs(self) -> Mapping[str, Any]:
        """How the posterior was sampled: seed, chains, draws and so on."""
        return {str(name): value for name, value in self.fit.idata.attrs.items()}

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Versions of the packages that sampled."""
        found: dict[str, str] = json.loads(self.attrs["versions"])
        return found

    @cached_property
    def predictive_check(self) -> PredictiveCheck:
        """Predictive checks, with the seed of the fit."""
        return self.fit.predictive_check(seed=int(self.attrs["seed"]))

    @cached_property
    def loo_groups(self) -> Loo:
        """Leave-one-out over groups, without refits."""
        return self.fit.loo("group", exact=False)

    @cached_property
    def loo_rows(self) -> Loo:
        """Leave-one-out over rows, without refits."""
        return self.fit.loo("row", exact=False)

    @cached_property
    def level1_residuals(self) -> LevelOneResiduals:
        """Residuals of the rows."""
        return self.fit.residuals(1)

    @cached_property
    def level2_residuals(self) -> LevelTwoResiduals:
        """Residuals of the groups."""
        return self.fit.residuals(2)

    @cached_property
    def influence(self) -> Influence:
        """Influence of the groups, without refits of the posterior."""
        return self.fit.influence()

    @cached_property
    def prior_sensitivity(self) -> PriorSensitivity:
        """Power scaling of the priors."""
        return self.fit.prior_sensitivity()
