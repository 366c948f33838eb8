"""Figure of the ranks of groups with their intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.display.plots.axes import interval_name, legend_above, one_axes
from bayeshlm.display.plots.data import LABELED, name_groups
from bayeshlm.display.plots.drawn_fit import DrawnFit, Groups, evenly
from bayeshlm.display.plots.figure_style import BLACK, LIGHT, POSTERIOR, styled, wrapped
from bayeshlm.quantities.ranks import ranks

CROWDED, DRAWN = 1_000, 500
"""Of more groups so many are drawn."""


@styled
def ranks_figure(
    fit: DrawnFit,
    coefficient: str | None = None,
    at: Mapping[str, float] | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    ax: Axes | None = None,
    *,
    grouping: str | None = None,
    deviations: bool = False,
    highest_first: bool = True,
) -> Axes:
    """Draw what is known of the rank of every group: the interval first, the expected rank as a mark on it.

    The groups are in the order of their expected ranks, which lie closer together than ranks do; behind them is the
    stretch of ranks that no interval leaves out, if any: there no group can be told from another.

    Parameters
    ----------
    coefficient, at, deviations, highest_first
        As in `Fit.ranks`.
    prob, kind, ax
        See `FitPlots`.
    grouping : str, optional
        Whose groups, where there are several groupings.
    """
    posterior = fit.draws
    found = ranks(posterior, coefficient, at, prob, kind, grouping, deviations=deviations, highest_first=highest_first)
    table, groups = found.table, Groups.of(fit.design, grouping)
    n = len(table)
    ordered = groups.labels.get_indexer(table.index)
    place = np.arange(n) if n <= CROWDED else evenly(n, DRAWN)
    some = table.iloc[place]
    ax = one_axes(ax, height=float(np.clip(0.13 * n + 1.0, 1.9, 6.5 if n <= LABELED else 4.5)))
    thin = n > LABELED
    low, high = float(table["lower"].max()), float(table["upper"].min())
    handles = []
    if low < high:
        ax.axvspan(low, high, color=LIGHT, alpha=0.6, lw=0, gid="all")
        handles.append(Line2D([], [], color=LIGHT, lw=5, label="in every group's interval"))
    height = n - 1 - place
    ax.hlines(height, some["lower"], some["upper"], color=POSTERIOR, lw=0.5 if thin else 1.6, alpha=0.7, gid="interval")
    ax.plot(some["rank"], height, "|", color=BLACK, ms=2 if thin else 6, mew=0.8, gid="rank")
    named = Line2D([], [], color=POSTERIOR, marker="|", mec=BLACK, label=f"{interval_name(prob)}, expected rank")
    name_groups(ax, groups, ordered[::-1], "y")
    title = f"{len(place)} of {n} groups, evenly along their order" if len(place) < n else None
    legend_above(ax, [named, *handles], title, columns=1)
    ax.set(ylim=(-1, n), xlim=(0.5 - 0.01 * n, n + 0.5 + 0.01 * n))
    ax.set_xlabel(wrapped(f"rank by {found.what}, 1 the {'highest' if highest_first else 'lowest'}"))
    return ax
