"""The outcome's distribution beside replicated ones: densities, bars of categories, or a rootogram of counts."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayeshlm.checks.outcome_frequencies import frequencies, picture_of
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.plots.figure_style import BLACK, GRAY, POSTERIOR, wrapped
from bayeshlm.quantities.density import density

MOST_NAMES = 12
"""Bars up to which each has its value below it."""


def draw_outcome(ax: Axes, observed: FloatArray, replicated: FloatArray, design: Design) -> None:
    """Draw outcomes (N,) and replicates (S, N) as the family of the outcome asks for."""
    picture = picture_of(design)
    if picture == "densities":
        _densities(ax, observed, replicated)
    elif picture == "bars":
        _bars(ax, observed, replicated, design.outcome.categories)
    else:
        _rootogram(ax, observed, replicated)
    ax.set_xlabel(wrapped(design.spec.outcome.name))


def outcome_handles(design: Design) -> list[Artist]:
    """Entries of the legend."""
    picture = picture_of(design)
    if picture == "densities":
        return [
            Line2D([], [], color=BLACK, lw=1.4, label="observed"),
            Line2D([], [], color=POSTERIOR, lw=0.5, alpha=0.6, label="replicated"),
        ]
    marker = Line2D([], [], color=POSTERIOR, lw=2.0, marker="o", ms=3.5, mew=0, label="replicated, 95% interval")
    return [Patch(color=GRAY, alpha=0.5, lw=0, label="observed"), marker]


def _densities(ax: Axes, observed: FloatArray, replicated: FloatArray) -> None:
    """Density of the observed outcome above those of replicates."""
    curves = [density(y) for y in replicated]
    lines = [np.column_stack([curve.x, curve.y]) for curve in curves if np.isfinite(curve.y).all()]
    ax.add_collection(LineCollection(lines, colors=POSTERIOR, lw=0.5, alpha=0.35, gid="replicated"))
    found = density(observed)
    ax.plot(found.x, found.y, color=BLACK, lw=1.4, gid="observed")
    ax.autoscale_view()
    ax.set_ylim(bottom=0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _bars(ax: Axes, observed: FloatArray, replicated: FloatArray, categories: tuple[str, ...]) -> None:
    """A bar a value as high as it is frequent, with the interval of the replicates."""
    values, seen, made = frequencies(observed, replicated)
    low, middle, high = np.quantile(made, [0.025, 0.5, 0.975], axis=0)
    ax.bar(values, seen, width=0.7 * _step(values), color=GRAY, alpha=0.5, lw=0, gid="observed")
    ax.vlines(values, low, high, color=POSTERIOR, lw=2.0, gid="interval")
    ax.plot(values, middle, "o", color=POSTERIOR, ms=3.5, mew=0, gid="median")
    if len(values) <= MOST_NAMES:
        ax.set_xticks(values, [wrapped(str(name), 12) for name in categories] or [f"{value:g}" for value in values])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(ylabel="rows", ylim=(0, None))


def _rootogram(ax: Axes, observed: FloatArray, replicated: FloatArray) -> None:
    """A hanging rootogram: bars of the roots of frequencies hang from those expected; at zero is as many as expected.

    Kleiber & Zeileis (2016), The American Statistician 70, 296-303. The interval is that of the replicates' bars.
    """
    values, seen, made = frequencies(observed, replicated)
    top = int(max(np.flatnonzero(seen).max(), np.flatnonzero(made.mean(axis=0) >= 0.05).max(initial=0))) + 1
    values, seen, made = values[:top], seen[:top], made[:, :top]
    expected = np.sqrt(made.mean(axis=0))
    low, high = np.quantile(expected - np.sqrt(made), [0.025, 0.975], axis=0)
    width, bottom = 0.8 * _step(values), expected - np.sqrt(seen)
    ax.bar(values, np.sqrt(seen), bottom=bottom, width=width, color=GRAY, alpha=0.5, lw=0, gid="observed")
    ax.vlines(values, low, high, color=POSTERIOR, lw=2.0, gid="interval")
    ax.plot(values, expected, "o-", color=POSTERIOR, ms=2.5, mew=0, lw=0.9, gid="expected")
    ax.axhline(0, color=BLACK, lw=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel("square root of rows")


def _step(values: FloatArray) -> float:
    return float(values[1] - values[0]) if len(values) > 1 else 1.0
