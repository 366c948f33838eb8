"""Figure of the calibration of probabilities."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayeshlm.arguments import check_interval, checked_seed
from bayeshlm.checks.calibration import calibration, predicted_events, require_probabilities
from bayeshlm.checks.predictive_modes import modes_of
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import BLACK, CATEGORIES, COLUMN, GRAY, LINES, styled, wrapped
from bayeshlm.display.shown_predictive_check import heading


@styled
def calibration_figure(
    fit: DrawnFit, prob: float = 0.95, seed: int | None = None, ax: ManyAxes | Axes | None = None
) -> list[Axes]:
    """Draw how often happens what the model expects with probability p: in the same groups, and in new ones.

    A calibrated model's line follows the diagonal within the band. Of ratings there is a line for a rating above each
    category. The data were fitted too, so that in the same groups the line lies nearer to the diagonal than that of
    new data would; where the groups are taken for new ones it is less steep where groups differ, and its band
    supposes independent rows.

    Parameters
    ----------
    prob : float
        Probability of the consistency band at each p.
    seed : int, optional
        Of the random effects of new groups, and of the band.
    ax
        See `FitPlots`; an Axes a mode, two with one grouping.

    Raises
    ------
    OptionError
        The outcome is not yes or no, successes of trials, or a rating.
    """
    design = fit.design
    require_probabilities(design.outcome)
    check_interval(prob, "eti")
    seed, posterior, modes = checked_seed(seed), fit.draws, modes_of(design)
    axes = many_axes(ax, len(modes), 2, (COLUMN, 3.0))
    handles = []
    for panel, mode in zip(axes, modes.values(), strict=True):
        events = list(predicted_events(posterior, mode, seed))
        for k, (name, p, successes) in enumerate(events):
            table = calibration(p, successes, design.kept_rows.size, prob, seed)
            color = BLACK if len(events) == 1 else CATEGORIES[k % len(CATEGORIES)]
            x = table["predicted"].to_numpy()
            panel.fill_between(x, table["lower"], table["upper"], color=color, alpha=0.15, lw=0, gid="band")
            style = LINES[k // len(CATEGORIES) % len(LINES)]
            (line,) = panel.plot(x, table["observed"], style, color=color, lw=1.2, gid="observed", label=wrapped(name))
            if panel is axes[0]:
                handles.append(line)
        panel.plot([0, 1], [0, 1], color=GRAY, lw=0.6, ls=":")
        panel.set(xlim=(0, 1), ylim=(0, 1), xlabel="predicted probability", aspect="equal")
        panel.set_yticks(np.linspace(0, 1, 6))
    axes[0].set_ylabel("share observed")
    band = Patch(color=GRAY, alpha=0.3, lw=0, label=f"{percent(prob)} band if calibrated")
    entries: list[Line2D | Patch] = [*(handles if len(handles) > 1 else []), band]
    if ax is None:
        axes[0].figure.legend(handles=entries, loc="outside upper center", ncols=min(len(entries), 4))
    for panel, name in zip(axes, modes, strict=True):
        if ax is None:
            panel.set_title(heading(name))
        else:
            legend_above(panel, entries if panel is axes[0] else [], heading(name), columns=2)
    return axes
