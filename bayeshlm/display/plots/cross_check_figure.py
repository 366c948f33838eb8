"""Figure of the posterior beside REML or ML, a panel a parameter."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from bayeshlm.checks.draws_beside_estimate import DrawsBesideEstimate, draws_beside_estimate
from bayeshlm.design.naming import parameter_label
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.densities import density_panel, posterior_handles, reml_handle
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import PAGE, REML, short, styled, wrapped
from bayeshlm.quantities.density import Density, density
from bayeshlm.reml.classical import classical_estimate


@styled
def cross_check_figure(fit: DrawnFit, prob: float = 0.95, ax: ManyAxes | Axes | None = None) -> list[Axes]:
    """Draw the posterior density of every parameter above REML's or ML's estimate and Wald interval, a panel each."""
    estimate = classical_estimate(fit.design)
    by = estimate.method
    rows = draws_beside_estimate(fit.draws, estimate, prob)
    axes = many_axes(ax, len(rows), 4, (PAGE / 4, 1.25))
    for panel, row in zip(axes, rows, strict=True):
        found = density(row.draws, prob)
        density_panel(panel, found)
        top = panel.get_ylim()[1]
        height = -0.12 * top
        if np.isfinite(row.lower) and np.isfinite(row.upper):
            panel.plot([row.lower, row.upper], [height, height], color=REML, lw=1.5, gid="reml interval")
        if np.isfinite(row.estimate):
            panel.plot([row.estimate], [height], "D", color=REML, ms=3.5, mew=0, clip_on=False, gid="reml estimate")
        panel.set_ylim(2 * height, top)
        name = wrapped(short(parameter_label(row.component, row.effect), 44), 22)
        panel.set_xlabel(name + _missing(row, by) + _cut(panel, row, found, by))
    handles = [
        *posterior_handles(prob),
        reml_handle(f"{by} estimate, {percent(prob)} confidence interval"),
    ]
    if ax is None:
        axes[0].figure.legend(handles=handles, loc="outside upper center", ncols=3)
    else:
        legend_above(axes[0], handles)
    return axes


def _cut(panel: Axes, row: DrawsBesideEstimate, found: Density, by: str) -> str:
    """Leave out of sight what of the interval lies far beyond the posterior and the estimate, and say so.

    Near a boundary an interval may reach a thousand times farther than anything that the data allow.
    """
    inside = [value for value in (found.x[0], found.x[-1], row.estimate) if np.isfinite(value)]
    if not inside or not np.isfinite(row.lower):
        return ""
    reach = max(inside) - min(inside)
    low, high = min(inside) - reach, max(inside) + reach
    if reach <= 0 or (row.lower >= low and row.upper <= high):
        return ""
    panel.set_xlim(max(low, row.lower), min(high, row.upper))
    beyond = [f"from {row.lower:.2g}"] if row.lower < low else []
    return f"\n({by} {' '.join([*beyond, f'to {row.upper:.2g}'] if row.upper > high else beyond)})"


def _missing(row: DrawsBesideEstimate, by: str) -> str:
    """What REML or ML does not have of a parameter."""
    if not np.isfinite(row.estimate):
        return f"\n(no {by} estimate)"
    return "" if np.isfinite(row.lower) else f"\n(no {by} interval)"
