"""Figure of the intraclass correlation: posterior and prior density."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from bayeshlm.display.plots.axes import legend_above, one_axes
from bayeshlm.display.plots.densities import around, density_panel, posterior_handles, prior_handle, prior_line
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import styled
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.density import density
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.prior_density import icc_prior


@styled
def icc_figure(
    fit: DrawnFit,
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
        See `FitPlots`.
    """
    draws = icc(Draws(fit.posterior, fit.design_of_groups), at, prob, kind).draws["icc"].to_numpy()
    found = density(draws, prob, kind)
    ax = one_axes(ax, height=2.1)
    density_panel(ax, found)
    x = around(found, "icc")
    prior_line(ax, x, icc_prior(fit.priors, fit.design, x, at), found)
    legend_above(ax, [*posterior_handles(prob), prior_handle()], columns=3)
    conditional = not all(column.is_intercept for column in fit.design.fixed)
    ax.set_xlabel("intraclass correlation" + (", given the predictors" if conditional else ""))
    return ax
