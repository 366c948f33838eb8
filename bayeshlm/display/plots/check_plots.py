"""Figures of the checks of a fit: prediction, residuals, leaving out, influence, priors."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from bayeshlm.checks.influence import Influence
from bayeshlm.checks.level1_residuals import LevelOneResiduals
from bayeshlm.checks.level2_residuals import LevelTwoResiduals
from bayeshlm.checks.loo import Loo, Unit
from bayeshlm.checks.power_scaling import PriorSensitivity
from bayeshlm.checks.predictive_check import PredictiveCheck
from bayeshlm.design.design import Design
from bayeshlm.display.plots.axes import ManyAxes
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.influence_figure import influence_figure
from bayeshlm.display.plots.level1_residuals_figure import level1_residuals_figure
from bayeshlm.display.plots.level2_residuals_figure import level2_residuals_figure
from bayeshlm.display.plots.loo_figure import loo_figure
from bayeshlm.display.plots.predictive_check_figure import Show, predictive_check_figure
from bayeshlm.display.plots.prior_sensitivity_figure import prior_sensitivity_figure
from bayeshlm.errors import OptionError
from bayeshlm.parameters.priors import Priors


class CheckPlots:
    """Figures of checks; each takes the check that was made already, or makes it without refits.

    Parameters
    ----------
    design : Design
    priors : Priors
    idata : xarray.DataTree
    """

    def __init__(self, design: Design, priors: Priors, idata: xr.DataTree) -> None:
        self._fit = DrawnFit(design, priors, idata)

    def predictive_check(
        self,
        check: PredictiveCheck | None = None,
        show: Show = "statistics",
        seed: int | None = None,
        ax: ManyAxes | Axes | None = None,
    ) -> list[Axes]:
        """Draw what was observed beside what the model would have made: in the same groups, and in new ones.

        Parameters
        ----------
        check : PredictiveCheck, optional
            ``fit.predictive_check()``.
        show : {"statistics", "outcome", "means"}
            Every statistic in SDs of its replicates; densities of the outcome; distribution functions of the group
            means.
        seed : int, optional
            Of the replicates, where no check is given.
        ax
            See the class; two Axes.
        """
        return predictive_check_figure(self._fit, check, show, seed, ax)

    def residuals(
        self,
        level: Literal[1, 2] = 1,
        x: str | pd.Series | None = None,
        residuals: LevelOneResiduals | LevelTwoResiduals | None = None,
        ax: ManyAxes | Axes | None = None,
    ) -> list[Axes]:
        """Draw the residuals of the rows (level 1) or of the groups (level 2).

        Parameters
        ----------
        level : {1, 2}
            1: standardized residuals against what is fitted, and against normal quantiles. Where groups are small,
            residuals rise with what is fitted under the model too, because u is shrunk: means in bins are drawn against
            `x` only. 2: empirical Bayes residuals of each random effect against normal quantiles, and the Mahalanobis
            distances against those of chi-square; groups out of what the model expects, after adjustment for their
            number, are named.
        x : str or pandas.Series, optional
            What residuals are drawn against instead, with their means in bins: level 1, a level-1 variable; level 2, a
            level-2 variable, or numbers indexed by group, which need not be in the model.
        residuals : LevelOneResiduals or LevelTwoResiduals, optional
            ``fit.residuals(level)``; `level` follows from it.
        ax
            See the class; two Axes, at level 2 one a random effect and, without `x`, one more.
        """
        if level not in (1, 2):
            raise OptionError(f"level is 1 (rows) or 2 (groups), not {level!r}.")
        if isinstance(residuals, LevelTwoResiduals) or (residuals is None and level == 2):
            return level2_residuals_figure(self._fit, residuals, x, ax)
        if isinstance(x, pd.Series):
            raise OptionError(
                "x must name a level-1 variable of the model; a series of numbers by group is for level=2"
            )
        return level1_residuals_figure(self._fit, residuals, x, ax)

    def loo(self, loo: Loo | None = None, unit: Unit = "group", ax: ManyAxes | Axes | None = None) -> list[Axes]:
        """Draw how well every group, or row, is predicted from the others (elpd), and the Pareto k of its weights.

        Parameters
        ----------
        loo : Loo, optional
            ``fit.loo("group")`` or ``fit.loo("row")``, with refits of the units that the weights fail for.
        unit : {"group", "row"}
            What is left out, where `loo` is not given: without refits then.
        ax
            See the class; two Axes.
        """
        return loo_figure(self._fit, loo, unit, ax)

    def influence(self, influence: Influence | None = None, ax: ManyAxes | Axes | None = None) -> list[Axes]:
        """Draw how far every parameter moves without each group, and Cook's distances against the conflict p.

        Parameters
        ----------
        influence : Influence, optional
            ``fit.influence()``.
        ax
            See the class; two Axes.
        """
        return influence_figure(self._fit, influence, ax)

    def prior_sensitivity(self, sensitivity: PriorSensitivity | None = None, ax: Axes | None = None) -> Axes:
        """Draw how much each parameter depends on the priors and on the data, by power scaling.

        Parameters
        ----------
        sensitivity : PriorSensitivity, optional
            ``fit.prior_sensitivity()``; its refits are not drawn.
        ax
            See the class.
        """
        return prior_sensitivity_figure(self._fit, sensitivity, ax)
