"""Figure of residuals, of the rows or of the groups."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from bayeshlm.checks.level1_residuals import LevelOneResiduals
from bayeshlm.checks.level2_residuals import LevelTwoResiduals, grouping_of_level
from bayeshlm.checks.quantile_residuals import QuantileResiduals
from bayeshlm.display.plots.axes import ManyAxes
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.level1_residuals_figure import level1_residuals_figure
from bayeshlm.display.plots.level2_residuals_figure import level2_residuals_figure
from bayeshlm.errors import OptionError


def residuals_figure(
    fit: DrawnFit,
    level: int | None = None,
    x: str | pd.Series | None = None,
    residuals: LevelOneResiduals | QuantileResiduals | LevelTwoResiduals | None = None,
    ax: ManyAxes | Axes | None = None,
    *,
    grouping: str | None = None,
) -> list[Axes]:
    """Draw the residuals of the rows (level 1) or of the groups (level 2 and up).

    Parameters
    ----------
    level : int
        1, the default: standardized residuals against what is fitted, and against normal quantiles. Where groups are
        small, residuals rise with what is fitted under the model too, because u is shrunk: means in bins are drawn
        against `x` only. 2: empirical Bayes residuals of each random effect against normal quantiles, and the
        Mahalanobis distances against those of chi-square; groups out of what the model expects, after adjustment for
        their number, are named. 3 and up: of the groups of the levels above.
    x : str or pandas.Series, optional
        What residuals are drawn against instead, with their means in bins: level 1, a level-1 variable; level 2, a
        level-2 variable, or numbers indexed by group, which need not be in the model.
    residuals : LevelOneResiduals, QuantileResiduals or LevelTwoResiduals, optional
        ``fit.residuals(level)``; `level` follows from it.
    ax
        See `FitPlots`; two Axes, at level 2 one a random effect and, without `x`, one more.
    grouping : str, optional
        In place of a level the grouping, where a level has several.
    """
    named = grouping_of_level(fit.design, level, grouping)
    if isinstance(residuals, LevelTwoResiduals):
        return level2_residuals_figure(fit, residuals, x, ax, grouping=residuals.group)
    if residuals is None and named is not None:
        return level2_residuals_figure(fit, None, x, ax, grouping=named)
    if isinstance(x, pd.Series):
        raise OptionError("x must name a level-1 variable of the model; a series of numbers by group is for level=2")
    return level1_residuals_figure(fit, residuals, x, ax)
