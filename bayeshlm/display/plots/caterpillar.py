"""Caterpillar plot: the groups' coefficients with intervals, sorted."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.display.plots.axes import coefficient_name, interval_name, legend_above, one_axes
from bayeshlm.display.plots.data import LABELED, name_groups
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.style import BLACK, OWN, POSTERIOR, styled
from bayeshlm.posterior.coefficient_names import find_random_coefficient
from bayeshlm.posterior.group_coefficients import one_coefficient


@styled
def caterpillar_figure(
    fit: DrawnFit,
    coefficient: str | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    ols: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the posterior mean and interval of a coefficient in every group, from the smallest to the largest.

    Parameters
    ----------
    fit : DrawnFit
    coefficient, prob, kind, ols, ax
        As `bayeshlm.display.plots.fit_plots.FitPlots.caterpillar` has them.
    """
    design = fit.design
    label = find_random_coefficient(design, coefficient)
    table = one_coefficient(fit.posterior, design, label, prob, kind, fit.moments)
    ordered = np.argsort(table["mean"].to_numpy(), kind="stable")
    table = table.iloc[ordered]
    n = len(table)
    ax = one_axes(ax, height=float(np.clip(0.13 * n + 0.9, 1.8, 6.5 if n <= LABELED else 4.5)))
    place = np.arange(n)
    thin = n > LABELED
    width, size = (0.5, 1.5) if thin else (1.1, 3.5)
    ax.hlines(
        place, table["lower"], table["upper"], color=POSTERIOR, lw=width, alpha=0.7 if thin else 1, gid="interval"
    )
    ax.plot(table["mean"], place, "o", color=POSTERIOR if not thin else BLACK, ms=size, mew=0, gid="mean")
    handles = [
        Line2D([], [], color=POSTERIOR, marker="o", mfc=BLACK if thin else POSTERIOR, mew=0, label=interval_name(prob))
    ]
    if ols:
        ax.plot(table["ols"], place, "x", color=OWN, ms=size, mew=0.8, gid="ols")
        handles.append(Line2D([], [], color=OWN, marker="x", ls="", label="own least squares"))
    average = float(table["mean"].mean())
    ax.axvline(average, color=BLACK, lw=0.6, ls=":", gid="average")
    handles.append(Line2D([], [], color=BLACK, lw=0.6, ls=":", label="mean of the groups"))
    name_groups(ax, design, ordered, "y")
    longest = max((len(label.get_text()) for label in ax.get_yticklabels()), default=0)
    legend_above(ax, handles, columns=1 if longest > 10 else 2)
    ax.set_ylim(-1, n)
    ax.set_xlabel(coefficient_name(design, label))
    return ax
