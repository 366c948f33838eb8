"""Figure of the variance function: the variance of the outcome along a random slope."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.display.plots.axes import expression_name, interval_name, legend_above, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, evenly
from bayeshlm.display.plots.figure_style import (
    BLACK,
    BLUE,
    GREEN,
    OWN,
    VERMILLION,
    category_line,
    plain,
    styled,
    wrapped,
)
from bayeshlm.quantities.coefficient_names import find_random_slope
from bayeshlm.quantities.variance_function import variance_function

_RUG = 500

COLORS = (BLUE, GREEN, OWN)
"""Of the curves of several groupings."""


@styled
def variance_function_figure(
    fit: DrawnFit, x: str | None = None, prob: float = 0.95, kind: str = "eti", ax: Axes | None = None
) -> Axes:
    """Draw the variance of the outcome, ``z'Gz + sigma2``, along the expression of a random slope.

    Parameters
    ----------
    x : str, optional
        A random slope; those of several groupings along one expression run along together, and each grouping has a
        curve.
    prob, kind, ax
        See `FitPlots`.
    """
    design, several = fit.design, len(fit.design.groupings) > 1
    coefficient = find_random_slope(design, x)
    table = variance_function(fit.draws, coefficient, None, prob, kind).table
    ax = one_axes(ax)
    handles = []
    looks = [("total", VERMILLION, "-", "total, z'Gz + sigma²"), ("between", BLUE, "--", "between groups, z'Gz")]
    if several:
        looks[1:] = [
            (f"between[{name}]", COLORS[k % len(COLORS)], category_line(k + 1), f"between groups of {plain(name)}")
            for k, name in enumerate(design.groupings)
        ]
    for part, color, line, name in looks:
        rows = table.loc[part]
        ax.fill_between(rows.index, rows["lower"], rows["upper"], color=color, alpha=0.25, lw=0, gid=f"{part} band")
        ax.plot(rows.index, rows["mean"], color=color, ls=line, gid=part)
        handles.append(Line2D([], [], color=color, ls=line, label=name))
    column = design.with_sample().Z[:, [effect.coefficient for effect in design.random].index(coefficient)]
    rug = column[column.argsort()][evenly(len(column), _RUG)]
    ax.plot(rug, [0.0] * len(rug), "|", color=BLACK, ms=4, mew=0.3, alpha=0.4, clip_on=False, gid="rows")
    ax.set_ylim(bottom=0)
    ax.margins(x=0)
    legend_above(ax, handles, interval_name(prob), 1)
    ax.set_xlabel(expression_name(design, coefficient))
    ax.set_ylabel(wrapped(f"variance of {design.spec.outcome.name}", 32))
    return ax
