"""Names beside points, one below the other where the points lie close."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bayeshlm.design.scaling import BoolArray, FloatArray, IntArray
from bayeshlm.display.plots.figure_style import SMALL

MOST_NAMED = 8
"""So many points of a panel are named."""


def name_points(ax: Axes, x: FloatArray, y: FloatArray, names: Sequence[str]) -> None:
    """Write names beside points, each with a line to its point; the limits of the axes are kept from then on.

    Parameters
    ----------
    ax : Axes
        With everything else drawn.
    x, y : (n,) arrays
        Finite.
    names : sequence of str
        As they are to be shown; those of points in the right half stand on the left, and the other way round.
    """
    if not names:
        return
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    place = ax.transAxes.inverted().transform(ax.transData.transform(np.column_stack([x, y])))
    points_high = ax.get_window_extent().height / ax.figure.dpi * 72
    line = 1.35 * SMALL / points_high
    right = place[:, 0] > 0.5
    for side in (False, True):
        here = np.flatnonzero(right == side).tolist()
        for k, height in zip(here, apart(place[here, 1], line, 0.6 * line, 1 - 0.6 * line), strict=True):
            ax.annotate(
                names[k],
                (x[k], y[k]),
                (place[k, 0] + (-0.04 if side else 0.04), height),
                textcoords="axes fraction",
                ha="right" if side else "left",
                va="center",
                fontsize=SMALL,
                arrowprops={"arrowstyle": "-", "lw": 0.4, "shrinkA": 0, "shrinkB": 1},
                bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 0.3},
                gid="name",
            )


def name_rows(ax: Axes, x: FloatArray, y: FloatArray, names: Sequence[str]) -> None:
    """Write a name beside the outermost point of each row of a figure, and make room for it.

    Parameters
    ----------
    ax : Axes
        With everything else drawn, one row above the other.
    x, y : (n,) arrays
        Of points whose names are written to the right where x is not below zero, else to the left.
    names : sequence of str
    """
    low, high = ax.get_xlim()
    width = ax.get_window_extent().width / ax.figure.dpi * 72
    shares = [min((0.7 * SMALL * len(name) + 10) / width, 0.4) for name in names]
    for _ in range(3):  # room on one side takes from the other
        for value, share in zip(x.tolist(), shares, strict=True):
            if value >= 0:
                high = max(high, low + (value - low) / (1 - share))
            else:
                low = min(low, high - (high - value) / (1 - share))
    ax.set_xlim(low, high)
    for value, row, name in zip(x.tolist(), y.tolist(), names, strict=True):
        side, away = ("left", 5) if value >= 0 else ("right", -5)
        ax.annotate(
            name, (value, row), (away, 0), textcoords="offset points", ha=side, va="center", fontsize=SMALL, gid="name"
        )


def apart(heights: FloatArray, gap: float, low: float, high: float) -> FloatArray:
    """Heights moved as little as need be to stand apart, from the lowest up; closer than `gap` where they do not fit.

    Examples
    --------
    >>> apart(np.array([0.5, 0.52, 0.0]), 0.1, 0.1, 0.9).round(2).tolist()
    [0.5, 0.6, 0.1]
    """
    n = len(heights)
    gap = min(gap, (high - low) / max(n - 1, 1))
    made = np.clip(heights, low, high)
    order = np.argsort(made, kind="stable")
    for k in range(1, n):
        made[order[k]] = max(made[order[k]], made[order[k - 1]] + gap)
    for k in range(n - 1, -1, -1):
        made[order[k]] = min(made[order[k]], high - (n - 1 - k) * gap)
    return made


def farthest(which: BoolArray, by: FloatArray) -> tuple[IntArray, int]:
    """Positions of the marked points that are named, those with the largest `by` first, and how many are not."""
    marked = np.flatnonzero(which)
    ordered = marked[np.argsort(-by[marked], kind="stable")]
    return ordered[:MOST_NAMED], max(len(ordered) - MOST_NAMED, 0)
