"""`fit.plot`: the figures of a fit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from bayeshlm.display.plots.arviz_figures import forest_figure, pair_figure, rank_figure, trace_figure
from bayeshlm.display.plots.axes import ManyAxes
from bayeshlm.display.plots.beta_space_figure import beta_space_figure
from bayeshlm.display.plots.caterpillar import caterpillar_figure
from bayeshlm.display.plots.check_plots import CheckPlots
from bayeshlm.display.plots.cross_check_figure import cross_check_figure
from bayeshlm.display.plots.group_lines_figure import group_lines_figure
from bayeshlm.display.plots.icc_figure import icc_figure
from bayeshlm.display.plots.interaction import interaction_figure
from bayeshlm.display.plots.plausible_ranges_figure import plausible_ranges_figure
from bayeshlm.display.plots.shrinkage import shrinkage_figure
from bayeshlm.display.plots.variance_components_figure import variance_components_figure
from bayeshlm.display.plots.variance_function_figure import variance_function_figure

if TYPE_CHECKING:
    from arviz_plots import PlotCollection, PlotMatrix


class FitPlots(CheckPlots):
    """Figures of a fit; each draws on the Axes given as `ax`, or on those of a new figure, and returns them.

    A coefficient is named by its symbol (``"b1"``), expression (``"cwc(ses)"``) or column (``"ses"``); where there is
    one only it may be left out, and an OptionError lists the choices where there are several. Intervals have
    probability `prob` and are equal-tailed (``kind="eti"``) or of highest density (``"hdi"``).

    Parameters
    ----------
    design : Design
    priors : Priors
    idata : xarray.DataTree
    """

    def group_lines(
        self,
        x: str | None = None,
        by: str | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the groups' regression lines (posterior means) and the average line with its band.

        Parameters
        ----------
        x : str, optional
            Slope along which the lines run; other level-1 variables are at their means over rows.
        by : str, optional
            Level-2 variable with categories, a color and an average line each; by default the first one with two.
        prob, kind, ax
            See the class.
        """
        return group_lines_figure(self._fit, x, by, prob, kind, ax)

    def caterpillar(
        self,
        coefficient: str | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        ols: bool = False,
        ax: Axes | None = None,
        highlight: Sequence[Hashable] | None = None,
    ) -> Axes:
        """Draw a coefficient of every group with its interval, sorted by posterior mean.

        Parameters
        ----------
        coefficient : str, optional
            One with a random effect.
        prob, kind, ax
            See the class.
        ols : bool
            Add the groups' own least squares.
        highlight : sequence of group labels, optional
            Groups to color, and to name where there are too many to name all.

        Raises
        ------
        OptionError
            A group is unknown.
        """
        return caterpillar_figure(self._fit, coefficient, prob, kind, ols, ax, highlight)

    def shrinkage(self, coefficient: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw arrows from the groups' own least squares to their posterior means, against group size.

        Parameters
        ----------
        coefficient : str, optional
            One with a random effect.
        ax
            See the class.
        """
        return shrinkage_figure(self._fit, coefficient, ax)

    def beta_space(
        self,
        x: str | None = None,
        y: str | None = None,
        by: str | None = None,
        prob: float = 0.95,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw two random coefficients against each other: groups, their ellipses, the means, other methods.

        Parameters
        ----------
        x, y : str, optional
            Horizontal and vertical coefficient; needed when more than two are random.
        by : str, optional
            Level-2 variable with categories, a mean each; by default the first one with two.
        prob : float
            Of the ellipses of G and of the means; sampling ellipses reach one standard error to each side.
        ax
            See the class.
        """
        return beta_space_figure(self._fit, x, y, by, prob, ax)

    def icc(
        self,
        at: Mapping[str, float] | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the posterior density of the intraclass correlation, its prior beside.

        Parameters
        ----------
        at : mapping, optional
            As in `Fit.icc`.
        prob, kind, ax
            See the class.
        """
        return icc_figure(self._fit, at, prob, kind, ax)

    def variance_components(
        self, prob: float = 0.95, kind: str = "eti", ax: ManyAxes | Axes | None = None
    ) -> list[Axes]:
        """Draw the posterior densities of tau, the correlations and sigma, a panel each, their priors beside."""
        return variance_components_figure(self._fit, prob, kind, ax)

    def plausible_ranges(
        self,
        prob: float = 0.95,
        at: Mapping[str, float] | None = None,
        z: float | None = None,
        kind: str = "eti",
        ax: ManyAxes | Axes | None = None,
    ) -> list[Axes]:
        """Draw the plausible range of each random coefficient, a panel each, below the groups' posterior means.

        Parameters
        ----------
        prob, at, z, kind
            As in `Fit.plausible_ranges`.
        ax
            See the class.
        """
        return plausible_ranges_figure(self._fit, prob, at, z, kind, ax)

    def interaction(
        self,
        x: str | None = None,
        by: str | None = None,
        values: Sequence[float] | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        ax: ManyAxes | Axes | None = None,
    ) -> list[Axes]:
        """Draw a cross-level interaction: lines along x at values of `by`, and the slope of x along `by`.

        Parameters
        ----------
        x : str, optional
            Slope whose level-2 line has `by` in it.
        by : str, optional
            Level-2 variable. Where it is a number the second panel marks the region in which the interval of the slope
            excludes zero (Johnson & Neyman 1936, of the posterior).
        values : sequence of float, optional
            Of `by`, for the lines; by default its categories, or its mean and one SD to each side.
        prob, kind, ax
            See the class; two Axes.
        """
        return interaction_figure(self._fit, x, by, values, prob, kind, ax)

    def variance_function(
        self, x: str | None = None, prob: float = 0.95, kind: str = "eti", ax: Axes | None = None
    ) -> Axes:
        """Draw the variance of the outcome, ``z'Gz + sigma2``, along the expression of a random slope.

        Parameters
        ----------
        x : str, optional
            A random slope.
        prob, kind, ax
            See the class.
        """
        return variance_function_figure(self._fit, x, prob, kind, ax)

    def cross_check(self, prob: float = 0.95, ax: ManyAxes | Axes | None = None) -> list[Axes]:
        """Draw the posterior density of every parameter above REML's estimate and Wald interval, a panel each."""
        return cross_check_figure(self._fit, prob, ax)

    def trace(self, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
        """Trace plots by ArviZ of ``gamma``, ``tau``, ``corr``, ``sigma``; arguments as ``arviz_plots.plot_trace``."""
        return trace_figure(self._fit, var_names, **kwargs)

    def rank(self, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
        """Rank plots by ArviZ; arguments as ``arviz_plots.plot_rank``."""
        return rank_figure(self._fit, var_names, **kwargs)

    def forest(self, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
        """Forest plot by ArviZ; arguments as ``arviz_plots.plot_forest``."""
        return forest_figure(self._fit, var_names, **kwargs)

    def pair(self, var_names: list[str] | None = None, **kwargs: Any) -> PlotMatrix:
        """Pair plots by ArviZ; arguments as ``arviz_plots.plot_pair``."""
        return pair_figure(self._fit, var_names, **kwargs)
