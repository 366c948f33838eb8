"""Figure of the intraclass correlation: posterior and prior density."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from bayeshlm.display.plots.axes import legend_above, one_axes
from bayeshlm.display.plots.densities import around, density_panel, posterior_handles, prior_handle, prior_line
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import plain, styled
from bayeshlm.quantities.density import density
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.level1_variance import has_level1_variance
from bayeshlm.quantities.prior_density import icc_prior


@styled
def icc_figure(
    fit: DrawnFit,
    at: Mapping[str, float] | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    ax: Axes | None = None,
    *,
    grouping: str | None = None,
) -> Axes:
    """Draw the posterior density of the intraclass correlation, its prior beside.

    Parameters
    ----------
    at : mapping, optional
        As in `Fit.icc`.
    prob, kind, ax
        See `FitPlots`.
    grouping : str, optional
        Of several groupings the one of whose units two rows are correlated, as in `Fit.icc`.
    """
    design, k = fit.design, fit.design.position_of(grouping)
    several = len(design.groupings) > 1
    own = "icc" if has_level1_variance(design.outcome) else "icc_observed"
    name = f"icc[{design.groupings[k]}]" if several else own
    found = density(icc(fit.draws, at, prob, kind).draws[name].to_numpy(), prob, kind)
    ax = one_axes(ax, height=2.1)
    density_panel(ax, found)
    x = around(found, "icc")
    handles = posterior_handles(prob)
    if design.outcome.is_normal:  # the prior's density is made of that of sigma
        prior_line(ax, x, icc_prior(fit.priors, design, x, at, k), found)
        handles = [*handles, prior_handle()]
    legend_above(ax, handles, columns=3)
    conditional = not all(column.is_intercept for column in design.fixed)
    of = f" of {plain(design.groupings[k])}" if several else ""
    ax.set_xlabel(f"intraclass correlation{of}" + (", given the predictors" if conditional else ""))
    return ax
