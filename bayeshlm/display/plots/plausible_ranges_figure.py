"""Figure of the plausible ranges of the groups' coefficients."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import ManyAxes, coefficient_name, many_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, Groups
from bayeshlm.display.plots.figure_style import BLACK, COLUMN, GRAY, GREEN, POSTERIOR, styled, wrapped
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.regression_lines import posterior_means

ROWS = ("groups", "plug-in", "posterior", "new group")
"""Names of the rows, from top to bottom."""


@styled
def plausible_ranges_figure(
    fit: DrawnFit,
    prob: float = 0.95,
    at: Mapping[str, float] | None = None,
    z: float | None = None,
    kind: str = "eti",
    ax: ManyAxes | Axes | None = None,
    *,
    grouping: str | None = None,
) -> list[Axes]:
    """Draw the plausible range of each random coefficient, a panel each, below the groups' posterior means.

    Parameters
    ----------
    prob, at, z, kind
        As in `Fit.plausible_ranges`.
    ax
        See `FitPlots`.
    grouping : str, optional
        Whose groups, where there are several groupings.
    """
    design, of = fit.design, Groups.of(fit.design, grouping)
    found = plausible_ranges(fit.draws, prob, at, z, kind, grouping)
    table = found.table
    several = len(design.groupings) > 1
    draws = fit.draws
    beta = draws.beta_of(of.position).mean(axis=(0, 1)) if several else posterior_means(draws)
    labels = [column.coefficient for column in of.random]
    notes = [wrapped(note, 60) if several else wrapped(note) for note in found.notes]
    title = "\n".join((f"range of {percent(prob)} of the groups; thick: interval of its ends", *notes))
    room = 0.15 * title.count("\n") / len(labels) if several else 0.0  # what is held at zero takes several lines
    axes = many_axes(ax, len(labels), 1, (COLUMN, 1.45 + room))
    for panel, label in zip(axes, labels, strict=True):
        ends = table.xs(label, level="coefficient")
        low, high = ends.loc["lower"], ends.loc["upper"]
        groups = beta[:, design.equations[of.position].coefficients.index(label)]
        panel.plot(groups, [3] * len(groups), "|", color=GRAY, ms=7, mew=0.6, alpha=0.7, gid="groups")
        for height, column, color in ((2, "plug_in", BLACK), (1, "mean", POSTERIOR), (0, "predictive", GREEN)):
            panel.plot([low[column], high[column]], [height, height], color=color, lw=1.5, marker="|", ms=6, gid=column)
        for end in (low, high):
            bounds = [end["lower"], end["upper"]]
            panel.plot(bounds, [1, 1], color=POSTERIOR, lw=5, alpha=0.35, solid_capstyle="butt", gid="end")
        panel.set_yticks([3, 2, 1, 0], ROWS)
        panel.set_ylim(-0.6, 3.6)
        panel.set_xlabel(coefficient_name(design, label))
    if ax is None:
        axes[0].figure.suptitle(title)
    else:
        axes[0].set_title(title)
    return axes
