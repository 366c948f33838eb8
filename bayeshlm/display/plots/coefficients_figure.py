"""Figure of a table of models: the estimates of all of them, row by row, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from bayeshlm.display.digits import percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.model_column import FIXED, VARIANCE
from bayeshlm.display.plots.axes import legend_above, one_axes
from bayeshlm.display.plots.figure_style import CATEGORIES, GRAY, MARKERS, plain, styled, wrapped
from bayeshlm.errors import OptionError

if TYPE_CHECKING:
    from bayeshlm.display.model_table import ModelTable

ROW, ABOVE = 0.2, 0.5
"""Inches of an estimate, and beside those of all rows."""

INTERCEPT = ("Intercept", "(intercept)")


@styled
def coefficients_figure(
    table: ModelTable, part: str = "fixed", intercept: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw the estimates of the models of a table with their intervals; see `ModelTable.plot`."""
    if part not in (FIXED, VARIANCE):
        raise OptionError(f'part is "{FIXED}" or "{VARIANCE}", not {part!r}.')
    frame, models = table.frame, list(table.frame.attrs["estimators"])
    bounds = frame.xs("lower", level="statistic", axis="columns")[models].to_numpy()
    places = [
        place
        for place, (of_part, section, row) in enumerate(frame.index)
        if of_part == part and np.isfinite(bounds[place]).any() and (intercept or (section, row) != INTERCEPT)
    ]
    if not places:
        raise OptionError(f'no row of the part "{part}" has an interval: name another part, or intercept=True.')
    ax = one_axes(ax, height=ABOVE + ROW * len(places) * (1 + len(models)))
    handles = []
    for k, model in enumerate(models):
        own = frame[model].iloc[places]
        y = np.arange(len(places)) + (k - (len(models) - 1) / 2) / (1 + len(models))
        away = np.array([own["estimate"] - own["lower"], own["upper"] - own["estimate"]])
        color, marker = CATEGORIES[k % len(CATEGORIES)], MARKERS[k % len(MARKERS)]
        bars = ax.errorbar(own["estimate"], y, xerr=np.abs(away), fmt=marker, color=color, elinewidth=1.2)
        bars.lines[0].set_label(plain(model))
        bars.lines[0].set_gid(f"model {k}")
        handles.append(bars.lines[0])
    if part == FIXED:
        ax.axvline(0.0, color=GRAY, linewidth=0.6)
    ax.set_yticks(range(len(places)), [wrapped(plain(_named(table, place))) for place in places])
    ax.set_ylim(len(places) - 0.5, -0.5)
    interval = f"{percent(frame.attrs['ci_prob'])} {INTERVALS[frame.attrs['ci_kind']]} interval"
    only_estimates = "posterior" not in frame.attrs["estimators"].values()
    ax.set_xlabel(f"estimate, {percent(frame.attrs['ci_prob'])} confidence interval" if only_estimates else interval)
    legend_above(ax, handles)
    return ax


def _named(table: ModelTable, place: int) -> str:
    """A row by its name; behind it the slope that it moves, unless it was given another name."""
    _, section, row = table.frame.index[place]
    shown = table.shown[place]
    if shown != row or not section.startswith("Slope"):
        return shown
    of = section.removeprefix("Slope of ")
    return of if row == "(intercept)" else f"{of} × {row}"
