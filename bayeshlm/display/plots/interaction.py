"""Figure of a cross-level interaction: lines at values of a level-2 variable, and the slope along it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.arguments import check_interval
from bayeshlm.display.digits import decimals, number
from bayeshlm.display.plots.axes import (
    ManyAxes,
    expression_name,
    interval_name,
    legend_above,
    level_name,
    many_axes,
)
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import (
    BLACK,
    COLUMN,
    GREEN,
    POSTERIOR,
    category_color,
    category_line,
    category_marker,
    distinct,
    plain,
    styled,
    wrapped,
)
from bayeshlm.errors import OptionError
from bayeshlm.quantities.coefficient_names import find_level1_slope
from bayeshlm.quantities.level2_variables import Level2Variable, level2_rows
from bayeshlm.quantities.regression_lines import average_lines, expression_values
from bayeshlm.quantities.simple_slopes import SimpleSlopes, find_moderator, simple_slopes
from bayeshlm.quantities.summary import interval

_GRID = 41


@styled
def interaction_figure(
    fit: DrawnFit,
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
        See `FitPlots`; two Axes.
    """
    check_interval(prob, kind)
    design = fit.design
    coefficient = find_level1_slope(design, x)
    moderator = find_moderator(design, coefficient, by)
    if values is not None and not moderator.numeric:
        raise OptionError(f"values: {moderator.name} has categories ({', '.join(moderator.levels)}), leave values out")
    slopes = simple_slopes(fit.draws, coefficient, moderator, None, prob, kind)
    left, right = many_axes(ax, 2, 1, (COLUMN, 2.5))
    _lines(left, fit, coefficient, moderator, values, prob, kind)
    _slopes(right, fit, slopes, prob)
    return [left, right]


def typical_values(by: Level2Variable) -> list[float]:
    """Mean over groups and one SD to each side, inside of the data."""
    mean, sd = float(by.numbers.mean()), float(by.numbers.std(ddof=1))
    return [max(mean - sd, float(by.numbers.min())), mean, min(mean + sd, float(by.numbers.max()))]


def _lines(
    ax: Axes,
    fit: DrawnFit,
    coefficient: str,
    by: Level2Variable,
    values: Sequence[float] | None,
    prob: float,
    kind: str,
) -> None:
    design = fit.design
    if values is None and by.levels:
        names = [level_name(by, level) for level in by.levels]
        rows = level2_rows(design, by)
    else:
        chosen = typical_values(by) if values is None else list(values)
        rows = level2_rows(design, by, chosen)
        places = decimals(float(by.numbers.std(ddof=1)), np.nan)
        what = ["mean − SD", "mean", "mean + SD"] if values is None else [""] * len(chosen)
        names = [
            plain(f"{by.name} = {number(float(value), places).replace('-', '−')}" + (f" ({word})" if word else ""))
            for value, word in zip(chosen, what, strict=True)
        ]
    column = expression_values(design.with_sample(), coefficient)
    grid = np.linspace(column.min(), column.max(), _GRID)
    expected = average_lines(fit.draws, coefficient, grid, rows)
    handles = []
    for k, name in enumerate(names):
        draws = expected.isel(row=k).transpose("x", "chain", "draw").to_numpy()
        bounds = interval(draws, prob, kind)
        color, line = category_color(k), category_line(k)
        ax.fill_between(grid, bounds[:, 0], bounds[:, 1], color=color, alpha=0.25, lw=0, gid="band")
        ax.plot(grid, draws.mean(axis=(1, 2)), color=color, ls=line, gid="average")
        handles.append(Line2D([], [], color=color, ls=line, label=name))
    legend_above(ax, handles, f"average groups, {interval_name(prob)}", 1 if len(names) > 2 else None)
    ax.set(xlabel=expression_name(design, coefficient), ylabel=wrapped(design.spec.outcome.name))


def _slopes(ax: Axes, fit: DrawnFit, slopes: SimpleSlopes, prob: float) -> None:
    table, x = slopes.table, slopes.values
    ax.axhline(0, color=BLACK, lw=0.6, ls=":")
    if slopes.by.levels:
        for k, (place, (_, row)) in enumerate(zip(x, table.iterrows(), strict=True)):
            ax.plot([place, place], [row["lower"], row["upper"]], color=category_color(k), gid="interval")
            ax.plot([place], [row["mean"]], category_marker(k), color=category_color(k), ms=5, gid="mean")
        width = max(5, 34 // len(x))
        ax.set_xticks(x, [wrapped(one, width) for one in distinct(slopes.by.levels, 3 * width)])
        ax.set_xlim(-0.6, len(x) - 0.4)
        legend_above(ax, [], f"simple slopes, {interval_name(prob)}")
    else:
        ax.fill_between(x, table["lower"], table["upper"], color=POSTERIOR, alpha=0.25, lw=0, gid="band")
        ax.plot(x, table["mean"], color=POSTERIOR, gid="mean")
        for region in slopes.regions:
            ax.axvspan(*region, ymax=0.04, color=GREEN, lw=0, gid="region")
        ax.plot(
            slopes.by.numbers,
            np.zeros_like(slopes.by.numbers),
            "|",
            color=BLACK,
            ms=4,
            mew=0.4,
            transform=ax.get_xaxis_transform(),
            clip_on=False,
            gid="groups",
        )
        handles = [
            Line2D([], [], color=POSTERIOR, label=f"simple slope, {interval_name(prob)}"),
            Line2D([], [], color=GREEN, lw=4, label=f"{interval_name(prob)} excludes 0" + _where(slopes)),
            Line2D([], [], color=BLACK, marker="|", ls="", ms=4, mew=0.4, label="groups"),
        ]
        legend_above(ax, handles, columns=1)
        ax.margins(x=0)
    ax.set(xlabel=wrapped(slopes.by.name), ylabel=expression_name(fit.design, slopes.coefficient, 22, "slope of "))


def _where(slopes: SimpleSlopes) -> str:
    if not slopes.regions:
        return ": nowhere"
    low, high = float(slopes.values[0]), float(slopes.values[-1])
    if slopes.regions == ((low, high),):
        return ": everywhere"
    places = decimals(float(slopes.by.numbers.std(ddof=1)), np.nan)
    parts = []
    for start, end in slopes.regions:
        first, last = number(start, places), number(end, places)
        if start == low:
            parts.append(f"below {last}")
        else:
            parts.append(f"above {first}" if end == high else f"from {first} to {last}")
    return ": " + ", ".join(parts)
