"""Figure of a coefficient in every group with its interval, sorted (caterpillar plot)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.design.scaling import IntArray
from bayeshlm.display.plots.axes import coefficient_name, interval_name, legend_above, near, one_axes
from bayeshlm.display.plots.data import LABELED, name_groups
from bayeshlm.display.plots.drawn_fit import DrawnFit, Groups, evenly
from bayeshlm.display.plots.figure_style import BLACK, OWN, POSTERIOR, VERMILLION, distinct, styled
from bayeshlm.display.plots.named_points import name_points
from bayeshlm.errors import OptionError
from bayeshlm.foreign_text import width_of
from bayeshlm.quantities.coefficient_names import find_random_coefficient
from bayeshlm.quantities.group_coefficients import coefficient_means, one_coefficient

CROWDED, DRAWN = 1_000, 500
"""Of more groups so many are drawn."""


@styled
def caterpillar_figure(
    fit: DrawnFit,
    coefficient: str | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    ols: bool = False,
    ax: Axes | None = None,
    highlight: Sequence[Hashable] | None = None,
    *,
    grouping: str | None = None,
) -> Axes:
    """Draw a coefficient of every group with its interval, sorted by posterior mean.

    Of more than 1,000 groups, whose lines could not be told apart, 500 are drawn, evenly spaced along the order of all,
    both ends among them, and those to highlight; the legend says so.

    Parameters
    ----------
    coefficient : str, optional
        One with a random effect.
    prob, kind, ax
        See `FitPlots`.
    ols : bool
        Add the groups' own least squares; those far out are marks at the edge.
    highlight : sequence of group labels, optional
        Groups to color, and to name where there are too many to name all.
    grouping : str, optional
        Whose groups, where there are several groupings.

    Raises
    ------
    OptionError
        A group is unknown.
    """
    design, groups = fit.design, Groups.of(fit.design, grouping)
    label = find_random_coefficient(design, coefficient, grouping=groups.position)
    posterior = fit.draws
    means = coefficient_means(posterior, label, groups.position)
    ordered = np.argsort(means, kind="stable")
    n, chosen = len(ordered), _highlighted(groups, ordered, highlight)
    place = np.arange(n) if n <= CROWDED else np.union1d(evenly(n, DRAWN), chosen)
    table = one_coefficient(posterior, label, prob, kind, groups.name, ols, ordered[place])
    thin = n > LABELED
    longest = 0 if thin else min(max(map(width_of, map(str, groups.labels))), 20)
    name = coefficient_name(design, label, 40 - longest)
    columns = 1 if longest > 10 else 2
    lines = name.count("\n") + (2 * ols if columns == 1 else 0)
    ax = one_axes(ax, height=float(np.clip(0.13 * n + 0.9, 1.8, 4.5 if thin else 6.5)) + 0.14 * lines)
    width, size = (0.5, 1.5) if thin else (1.1, 3.5)
    ax.hlines(
        place, table["lower"], table["upper"], color=POSTERIOR, lw=width, alpha=0.7 if thin else 1, gid="interval"
    )
    ax.plot(table["mean"], place, "o", color=POSTERIOR if not thin else BLACK, ms=size, mew=0, gid="mean")
    handles = [
        Line2D([], [], color=POSTERIOR, marker="o", mfc=BLACK if thin else POSTERIOR, mew=0, label=interval_name(prob))
    ]
    if ols:
        ax.plot(table["ols"], place, "x", color=OWN, ms=size, mew=0.8, gid="ols")
        handles.append(Line2D([], [], color=OWN, marker="x", ls="", label="own least squares"))
        handles += _farther_out(ax, table, place)
    if len(chosen):
        some = table.iloc[np.searchsorted(place, chosen)]
        ax.hlines(chosen, some["lower"], some["upper"], color=VERMILLION, lw=1.1, gid="highlight")
        ax.plot(some["mean"], chosen, "o", color=VERMILLION, ms=2.5, mew=0, gid="highlight mean")
    average = float(means.mean())
    ax.axvline(average, color=BLACK, lw=0.6, ls=":", gid="average")
    handles.append(Line2D([], [], color=BLACK, lw=0.6, ls=":", label="mean of the groups"))
    name_groups(ax, groups, ordered, "y")
    shown = f"{len(place)} of {n} groups, evenly along their order" if len(place) < n else None
    legend_above(ax, handles, shown, columns)
    ax.set_ylim(-1, n)
    ax.set_xlabel(name)
    if thin and len(chosen):
        names = distinct(groups.labels[ordered[chosen]], 20)
        to_the_left = some["mean"] > np.mean(ax.get_xlim())
        name_points(ax, some["lower"].where(to_the_left, some["upper"]).to_numpy(), chosen.astype(float), names)
    return ax


def _farther_out(ax: Axes, table: pd.DataFrame, place: IntArray) -> list[Line2D]:
    """Leave own estimates out of sight that would press the intervals into a line; a mark at the edge, if any."""
    own = table["ols"].to_numpy()
    (low,), (high,) = near(table[["lower", "upper"]].to_numpy().reshape(-1, 1), own[:, None])
    below, above = own < low, own > high
    if not (below | above).any():
        return []
    ax.set_xlim(low, high)
    for beyond, edge, marker in ((below, low, "<"), (above, high, ">")):
        ax.plot(np.full(beyond.sum(), edge), place[beyond], marker, color=OWN, ms=3, mew=0, clip_on=False, gid="beyond")
    text = f"farther out ({int((below | above).sum())})"
    return [Line2D([], [], color=OWN, marker=">", ls="", mew=0, label=text)]


def _highlighted(groups: Groups, ordered: IntArray, highlight: Sequence[Hashable] | None) -> IntArray:
    """Places of the groups to highlight, from the lowest up."""
    if highlight is None:
        return np.empty(0, dtype=np.int64)
    asked = [highlight] if isinstance(highlight, str) or not isinstance(highlight, Iterable) else list(highlight)
    found = groups.labels.get_indexer(pd.Index(asked))
    if (found < 0).any():
        unknown = asked[int((found < 0).argmax())]
        raise OptionError(
            f"highlight: there is no {groups.name} {unknown!r}; the first ones are"
            f" {', '.join(repr(label) for label in groups.labels[:5].tolist())}"
        )
    return np.flatnonzero(np.isin(ordered, found))
