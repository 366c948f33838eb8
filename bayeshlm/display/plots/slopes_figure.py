"""Figure of average slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from matplotlib.axes import Axes

from bayeshlm.checks.average_effects import Effects
from bayeshlm.design.asked_values import Values
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.effects_panel import effects_axes, found_effects, outcome_label
from bayeshlm.display.plots.figure_style import styled


@styled
def slopes_figure(
    fit: DrawnFit,
    name: str | None = None,
    by: str | None = None,
    at: Mapping[str, Values] | Literal["mean"] | None = None,
    groups: Effects = "population",
    prob: float = 0.95,
    kind: str = "eti",
    ax: Axes | None = None,
) -> Axes:
    """Draw the slope of what is expected of the outcome in a predictor, averaged over the rows.

    Parameters
    ----------
    name, by, at, groups
        As in `Fit.slopes`; along ``at={"meanses": "grid"}`` it marks where the interval leaves zero out.
    prob, kind, ax
        See `FitPlots`.
    """
    found = found_effects(fit, name, "slope", by, at, None, groups, prob, kind)
    return effects_axes(found, groups, prob, outcome_label(fit, f"slope in {found.question.name}, "), ax, 0.0)
