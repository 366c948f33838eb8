"""Figure of average comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from matplotlib.axes import Axes

from bayeshlm.checks.average_effects import Effects
from bayeshlm.design.asked_values import Values
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.effects_panel import effects_axes, found_effects, outcome_label
from bayeshlm.display.plots.figure_style import short, styled


@styled
def comparisons_figure(
    fit: DrawnFit,
    name: str | None = None,
    by: str | None = None,
    at: Mapping[str, Values] | Literal["mean"] | None = None,
    change: float | Literal["sd"] | tuple[float, float] | None = None,
    groups: Effects = "population",
    prob: float = 0.95,
    kind: str = "eti",
    ax: Axes | None = None,
    *,
    ratio: bool = False,
) -> Axes:
    """Draw how what is expected of the outcome differs by a predictor, averaged over the rows.

    Parameters
    ----------
    name, by, at, change, groups, ratio
        As in `Fit.comparisons`.
    prob, kind, ax
        See `FitPlots`.
    """
    found = found_effects(fit, name, "ratio" if ratio else "difference", by, at, change, groups, prob, kind)
    contrasts = found.table.index.get_level_values(0).unique()
    one = len(contrasts) == 1 and len(found.table) > 1  # a single row has it beside it
    of = f"{found.question.name}, {short(contrasts[0], 50)}" if one else found.question.name
    label = outcome_label(fit, f"{'ratio' if ratio else 'difference'} by {of}, ")
    return effects_axes(found, groups, prob, label, ax, 1.0 if ratio else 0.0)
