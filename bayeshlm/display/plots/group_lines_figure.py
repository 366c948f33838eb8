"""Figure of the groups' regression lines and the average line."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from bayeshlm.arguments import check_interval
from bayeshlm.display.plots.axes import expression_name, interval_name, legend_above, level_name, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, Groups, coloring, evenly
from bayeshlm.display.plots.figure_style import GRAY, category_color, category_line, plain, styled, wrapped
from bayeshlm.quantities.coefficient_names import find_level1_slope
from bayeshlm.quantities.level2_variables import level2_rows
from bayeshlm.quantities.regression_lines import (
    average_lines,
    expression_values,
    group_regressions,
    level1_means,
)
from bayeshlm.quantities.summary import interval

MOST = 500
"""At most so many groups are drawn."""

_GRID = 41


@styled
def group_lines_figure(
    fit: DrawnFit,
    x: str | None = None,
    by: str | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    ax: Axes | None = None,
    *,
    grouping: str | None = None,
) -> Axes:
    """Draw the groups' regression lines (posterior means) and the average line with its band.

    Parameters
    ----------
    x : str, optional
        Slope along which the lines run; other level-1 variables are at their means over rows.
    by : str, optional
        Level-2 variable with categories, a color and an average line each; by default the first one with two.
    prob, kind, ax
        See `FitPlots`.
    grouping : str, optional
        Whose groups, where there are several groupings: a line is that of an average row of the group, the effects of
        groupings that it does not lie in being zero.
    """
    check_interval(prob, kind)
    design, groups = fit.design.with_sample(), Groups.of(fit.design, grouping)
    coefficient = find_level1_slope(design, x)
    variable = coloring(design, by, groups.position)
    ax = one_axes(ax, height=3.0)
    beta = level1_means(fit.draws, groups.position)
    lines = group_regressions(design, coefficient, beta, groups.position)
    n = len(groups.labels)
    drawn = evenly(n, MOST)
    codes = np.zeros(n, dtype=np.int64) if variable is None else variable.codes
    segments = np.stack([lines.x, lines.y], axis=-1)
    alpha = float(np.clip(12 / len(drawn), 0.12, 0.6))
    handles = []
    levels = ("",) if variable is None else variable.levels
    values = expression_values(design, coefficient)
    grid = np.linspace(values.min(), values.max(), _GRID)
    expected = average_lines(fit.draws, coefficient, grid, level2_rows(design, variable))
    for k, level in enumerate(levels):
        own = drawn[codes[drawn] == k]
        color, line = category_color(k), category_line(k)
        thin = GRAY if variable is None else color
        ax.add_collection(LineCollection(list(segments[own]), colors=thin, linewidths=0.6, alpha=alpha, gid="groups"))
        draws = expected.isel(row=k).transpose("x", "chain", "draw").to_numpy()
        bounds = interval(draws, prob, kind)
        ax.fill_between(grid, bounds[:, 0], bounds[:, 1], color=color, alpha=0.35, lw=0, gid="band")
        ax.plot(grid, draws.mean(axis=(1, 2)), color=color, ls=line, lw=2, gid="average")
        label = "average group" if variable is None else level_name(variable, level)
        handles.append(Line2D([], [], color=color, ls=line, lw=2, label=label))
    ax.autoscale_view()
    note = f"{interval_name(prob)};\nthin lines: " + (
        f"{len(drawn)} of {n} groups" if len(drawn) < n else f"{n} groups"
    )
    if len(design.groupings) > 1:
        note += f" ({plain(groups.name)})"
    title = f"average line with {note}" if variable is None else f"average lines with {note}"
    legend_above(ax, handles if variable is not None else [], title)
    ax.set(xlabel=expression_name(design, coefficient), ylabel=wrapped(design.spec.outcome.name))
    return ax
