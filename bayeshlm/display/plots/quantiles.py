"""A panel with ordered values against the quantiles that are expected."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayeshlm.checks.order_statistics import QuantilePlot
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.data import MOST_ROWS
from bayeshlm.display.plots.drawn_fit import evenly
from bayeshlm.display.plots.figure_style import BLACK, GRAY, LIGHT, POSTERIOR


def quantile_panel(ax: Axes, values: FloatArray, plot: QuantilePlot) -> None:
    """Draw values against their expected quantiles, the line on which both are equal, and the band of chance."""
    order = np.argsort(plot.expected[np.isfinite(plot.expected)])
    x, y = (each[np.isfinite(plot.expected)][order] for each in (plot.expected, values))
    shown = evenly(len(x), MOST_ROWS)
    ax.fill_between(plot.at, plot.lower, plot.upper, color=LIGHT, lw=0, gid="band")
    if len(x):
        ends = [min(plot.at[0], 0.0), plot.at[-1]]
        ax.plot(ends, ends, color=GRAY, lw=0.8, gid="equal")
    ax.plot(x[shown], y[shown], "o", color=POSTERIOR, ms=point_size(len(x)), mew=0, gid="values")


def quantile_handles(prob: float) -> list[Line2D | Patch]:
    """Entries of the legend of a quantile panel."""
    return [
        Line2D([], [], color=GRAY, lw=0.8, label="as expected"),
        Patch(color=LIGHT, lw=0, label=f"{percent(prob)} band of each point"),
    ]


def zero_line(ax: Axes) -> None:
    """Draw the line of no residual."""
    ax.axhline(0, color=BLACK, lw=0.6, ls=":")


def point_size(n: int) -> float:
    """Size of the markers of n points."""
    return 3.2 if n <= 60 else 2.0 if n <= 1000 else 1.2
