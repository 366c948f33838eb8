"""Figure of average predictions."""

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
def predictions_figure(
    fit: DrawnFit,
    by: str | None = None,
    at: Mapping[str, Values] | Literal["mean"] | None = None,
    groups: Effects = "population",
    prob: float = 0.95,
    kind: str = "eti",
    ax: Axes | None = None,
) -> Axes:
    """Draw what is expected of the outcome, averaged over the rows.

    Parameters
    ----------
    by, at, groups
        As in `Fit.predictions`; ``at={"ses": "grid"}`` draws a line, with another predictor one for each of its values.
    prob, kind, ax
        See `FitPlots`.
    """
    found = found_effects(fit, None, "prediction", by, at, None, groups, prob, kind)
    return effects_axes(found, groups, prob, outcome_label(fit), ax, None)
