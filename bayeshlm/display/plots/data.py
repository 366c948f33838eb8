"""Figure of the data by group: a trellis with each group's own least-squares line."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.design.design import Design
from bayeshlm.design.level1 import raw_values
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.display.plots.axes import ManyAxes, legend_above, level_name, many_axes, one_axes
from bayeshlm.display.plots.drawn_fit import Groups, coloring, evenly
from bayeshlm.display.plots.figure_style import (
    BLACK,
    BLUE,
    COLUMN,
    GRAY,
    NORMAL,
    PAGE,
    SMALL,
    category_color,
    category_marker,
    distinct,
    plain,
    styled,
    wrapped,
)
from bayeshlm.errors import OptionError
from bayeshlm.foreign_text import width_of
from bayeshlm.methods.own_lines import own_lines
from bayeshlm.quantities.coefficient_names import find_level1_slope
from bayeshlm.quantities.level2_variables import Level2Variable

type Order = Literal["size", "label"]

LABELED = 40
"""Up to so many groups are named on an axis."""

_ONE_LINE = 8

LINE, BELOW = 0.13, 0.35
"""Inches of a line above the panels, and of what stands below them."""

MOST_ROWS, MOST_IN_PANEL = 20_000, 1_000
"""At most so many rows are drawn, in all and in a panel."""


@styled
def data_figure(
    design: Design,
    x: str | None = None,
    by: str | None = None,
    groups: int = 30,
    order: Order = "size",
    ax: ManyAxes | Axes | None = None,
    *,
    grouping: str | None = None,
) -> list[Axes]:
    """Draw the data by group: a trellis of the outcome against a level-1 variable with own least-squares lines.

    Without a level-1 variable the rows of all groups stand side by side, ordered by the groups' means.

    Parameters
    ----------
    x : str, optional
        A level-1 variable, by column, expression or coefficient; may be left out when there is one only. It is
        drawn as the data have it, whatever its centering.
    by : str, optional
        Level-2 variable with categories, a color each; by default the first one with two.
    groups : int
        At most so many panels; of more groups so many are drawn, evenly chosen.
    order : {"size", "label"}
        What the panels are ordered, and chosen, by.
    ax : sequence of Axes, optional
        One a panel.
    grouping : str, optional
        Whose groups, where there are several groupings.

    Returns
    -------
    list of Axes

    Raises
    ------
    OptionError
        The model has no such variable, or several and none is named.
    """
    if order not in ("size", "label"):
        raise OptionError(f'order={order!r} is unknown: write "size" or "label"')
    if not isinstance(groups, int) or groups < 1:
        raise OptionError(f"groups={groups!r} must be the number of groups to draw, such as groups=30")
    of = Groups.of(design, grouping)
    variable = coloring(design, by, of.position)
    if all(column.expression == "1" for column in design.coefficients):
        if x is not None:
            raise OptionError(f"x={x!r}: the model has no level-1 variable, leave x out")
        return [_strips(design, of, variable, one_axes(None if ax is None else many_axes(ax, 1, 1, (1, 1))[0]))]
    name, values = raw_values(design, find_level1_slope(design, x))
    chosen = chosen_groups(of, groups, order)
    entries = [] if variable is None else _entries(variable)
    above = LINE * (2 + max((str(entry.get_label()).count("\n") + 1 for entry in entries), default=0))
    axes = many_axes(ax, len(chosen), _columns(len(chosen)), _panel(len(chosen)), share=True, around=above + BELOW)
    codes = design.kept_rows.codes[of.position]
    lines = own_lines(values, design.y, codes, len(of.labels))
    titles = _titles(of, chosen)
    for panel, j in zip(axes, chosen, strict=True):
        rows = np.flatnonzero(codes == j)
        position = 0 if variable is None else int(variable.codes[j])
        _panel_of(panel, values[rows], design.y[rows], lines[j], position)
        panel.set_title(titles[int(j)], fontsize=SMALL, pad=2)
    if ax is None:
        _around(axes[0], design, name, _title(of, len(chosen), order), entries)
    else:
        for panel in axes:
            panel.set(xlabel=wrapped(name), ylabel=wrapped(design.spec.outcome.name))
    return axes


def chosen_groups(of: Groups, most: int, order: Order) -> IntArray:
    """Positions of at most so many groups, evenly spaced by size (smallest first) or by label."""
    sizes = of.n
    ranked = np.argsort(sizes, kind="stable") if order == "size" else np.arange(len(of.n))
    return ranked[evenly(len(of.n), most)]


def _titles(of: Groups, chosen: IntArray) -> dict[int, str]:
    """Name and number of rows of groups, below each other where one name would reach into the next panel."""
    names = dict(zip(map(int, chosen), distinct(of.labels[chosen], 13), strict=True))
    break_ = "\n" if len(chosen) > 2 and max(map(width_of, names.values())) > _ONE_LINE else "  "
    return {j: f"{name}{break_}(n={of.n[j]})" for j, name in names.items()}


def _panel_of(panel: Axes, x: FloatArray, y: FloatArray, line: FloatArray, position: int) -> None:
    shown = evenly(len(x), MOST_IN_PANEL)
    panel.plot(
        x[shown],
        y[shown],
        category_marker(position),
        color=category_color(position),
        ms=2 if len(x) < 200 else 1,
        alpha=0.6,
        mew=0,
        gid="rows",
    )
    if np.isfinite(line[1]):
        ends = np.array([x.min(), x.max()])
        panel.plot(ends, line[0] + line[1] * ends, color=BLACK, lw=1, gid="line")


def _columns(n: int) -> int:
    return min(n, 6) if n > 4 else n


def _panel(n: int) -> tuple[float, float]:
    width = PAGE / _columns(n) if n > 2 else COLUMN / n
    return width, max(width, 1.1)


def _title(of: Groups, n: int, order: Order) -> str:
    least = "own least-squares lines"
    if of.n.max() > MOST_IN_PANEL:
        least += f"; at most {MOST_IN_PANEL} rows a panel"
    if n == len(of.n):
        return f"{n} groups ({plain(of.name)}), {least}"
    return f"{n} of {len(of.n)} groups ({plain(of.name)}), evenly chosen by {order}; {least}"


def _entries(variable: Level2Variable) -> list[Line2D]:
    """What the legend says of the categories."""
    width = 40 if len(variable.levels) < 3 else 24
    return [
        Line2D(
            [], [], ls="", marker=category_marker(k), color=category_color(k), label=level_name(variable, level, width)
        )
        for k, level in enumerate(variable.levels)
    ]


def _around(panel: Axes, design: Design, name: str, title: str, entries: list[Line2D]) -> None:
    figure = panel.get_figure(root=True)
    assert figure is not None
    high = figure.get_size_inches()[1] * 72 / (0.6 * NORMAL)
    figure.supxlabel(plain(name))
    figure.supylabel(wrapped(design.spec.outcome.name, int(high)))
    if entries:
        figure.legend(handles=entries, loc="outside upper center", ncols=min(len(entries), 4), title=title)
    else:
        figure.suptitle(title)


def _strips(design: Design, of: Groups, variable: Level2Variable | None, panel: Axes) -> Axes:
    """Rows of every group on a line of their own, the groups ordered by their means."""
    n, groups = of.n, design.kept_rows.codes[of.position]
    means = np.bincount(groups, weights=design.y, minlength=len(of.n)) / n
    place = np.empty(len(of.n), dtype=np.int64)
    place[np.argsort(means, kind="stable")] = np.arange(len(of.n))
    size, alpha = (1.5, 0.4) if design.n_obs > 1000 else (2.5, 0.6)
    levels = ("",) if variable is None else variable.levels
    codes = np.zeros(len(of.n), dtype=np.int64) if variable is None else variable.codes
    shown = evenly(design.n_obs, MOST_ROWS)
    for k, level in enumerate(levels):
        rows = shown[codes[groups[shown]] == k]
        label = None if variable is None else level_name(variable, level)
        panel.plot(
            place[groups[rows]],
            design.y[rows],
            category_marker(k),
            color=category_color(k) if variable is not None else GRAY,
            ms=size,
            alpha=alpha,
            mew=0,
            label=label,
            gid="rows",
        )
    mean_color = BLACK if variable is not None else BLUE
    panel.plot(place, means, "_", color=mean_color, ms=4, mew=1.2, label="group mean", gid="means")
    title = f"{len(shown)} of {design.n_obs} rows" if len(shown) < design.n_obs else None
    legend_above(panel, panel.get_legend_handles_labels()[0], title)
    name_groups(panel, of, np.argsort(place), "x")
    panel.set_ylabel(wrapped(design.spec.outcome.name))
    return panel


def name_groups(panel: Axes, of: Groups, ordered: IntArray, axis: Literal["x", "y"]) -> None:
    """Name the groups along an axis, or say how many there are when names would not fit."""
    few = len(ordered) <= LABELED
    ticks = np.arange(len(ordered) if few else 0)
    labels = distinct(of.labels[ordered], 20) if few else []
    name = plain(of.name) if few else f"{len(ordered)} groups ({plain(of.name)}), ordered"
    if axis == "x":
        panel.set_xticks(ticks, labels, rotation=90 if max(map(len, labels), default=0) > 2 else 0)
        panel.set_xlabel(name)
    else:
        panel.set_yticks(ticks, labels)
        panel.set_ylabel(name)
