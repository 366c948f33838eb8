"""Shrinkage: arrows from the groups' own least squares to their posterior means, against group size."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.display.plots.axes import coefficient_name, legend_above, near, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.group_sizes import is_wide, side_by_side, size_axis
from bayeshlm.display.plots.style import BLACK, GRAY, OWN, POSTERIOR, styled
from bayeshlm.posterior.coefficient_names import find_random_coefficient
from bayeshlm.posterior.group_coefficients import one_coefficient


@styled
def shrinkage_figure(fit: DrawnFit, coefficient: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw an arrow from each group's own estimate to its posterior mean, at its size.

    Parameters
    ----------
    fit : DrawnFit
    coefficient, ax
        As `bayeshlm.display.plots.fit_plots.FitPlots.shrinkage` has them.
    """
    design = fit.design
    label = find_random_coefficient(design, coefficient)
    table = one_coefficient(fit.posterior, design, label, moments=fit.moments)
    n, mean, ols = (table[name].to_numpy() for name in ("n", "mean", "ols"))
    ax = one_axes(ax)
    x = side_by_side(n, ols, is_wide(n))
    known = np.isfinite(ols)
    many = len(n) > 60
    ax.quiver(
        x[known],
        ols[known],
        np.zeros(int(known.sum())),
        (mean - ols)[known],
        angles="xy",
        scale_units="xy",
        scale=1,
        units="inches",
        width=0.006 if many else 0.012,
        headwidth=5,
        headlength=6,
        headaxislength=5,
        minlength=0,
        minshaft=0.1,
        color=GRAY,
        gid="arrows",
    )
    size = 1.8 if many else 3.5
    ax.plot(x[known], ols[known], "x", color=OWN, ms=size + 0.7, mew=0.8, gid="ols", label="own least squares")
    ax.plot(x[known], mean[known], "o", color=POSTERIOR, ms=size, mew=0, gid="mean", label="posterior mean")
    handles: list[Line2D] = [
        Line2D([], [], color=OWN, marker="x", ls="", label="own least squares"),
        Line2D([], [], color=POSTERIOR, marker="o", ls="", label="posterior mean"),
    ]
    if not known.all():
        ax.plot(x[~known], mean[~known], "o", mec=POSTERIOR, mfc="none", mew=0.7, ms=size + 0.7, gid="alone")
        text = "posterior mean alone"
        handles.append(Line2D([], [], mec=POSTERIOR, mfc="none", marker="o", ls="", mew=0.7, label=text))
    ax.axhline(float(mean.mean()), color=BLACK, lw=0.6, ls=":")
    handles.append(Line2D([], [], color=BLACK, lw=0.6, ls=":", label="mean of the groups"))
    low, high = near(mean[:, None], ols[:, None])
    ax.set_ylim(low[0], high[0])
    outside = int(((ols < low[0]) | (ols > high[0])).sum())
    note = f"arrows of {outside} groups begin outside of the figure" if outside else None
    legend_above(ax, handles, note, columns=2)
    size_axis(ax, n)
    ax.set_ylabel(coefficient_name(design, label, 26))
    return ax
