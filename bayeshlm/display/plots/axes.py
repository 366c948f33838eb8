"""Axes, the user's own or new ones; their names and legends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.legend import Legend

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.figure_style import COLUMN, SMALL, TICKS, wrapped
from bayeshlm.errors import OptionError
from bayeshlm.foreign_text import width_of
from bayeshlm.quantities.level2_variables import Level2Variable

type ManyAxes = Sequence[Axes] | np.ndarray[tuple[int, ...], np.dtype[np.object_]]
"""Several Axes as a user has them: a list, or what ``plt.subplots`` returns."""


def one_axes(ax: Axes | None, height: float = 2.6, width: float = COLUMN) -> Axes:
    """The user's Axes, or those of a new figure of this size in inches.

    Raises
    ------
    OptionError
        `ax` is no matplotlib Axes.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
        ax.tick_params(**TICKS)
    if not isinstance(ax, Axes):
        raise OptionError(f"ax must be one matplotlib Axes, not a {type(ax).__name__}")
    return ax


def many_axes(
    ax: ManyAxes | Axes | None,
    n: int,
    columns: int,
    panel: tuple[float, float],
    *,
    share: bool = False,
    around: float = 0.0,
) -> list[Axes]:
    """The user's n Axes, or those of a new figure with so many columns and panels of this size in inches.

    `around` is what stands above and below all panels, in inches.

    Raises
    ------
    OptionError
        `ax` is not n Axes.
    """
    if ax is not None:
        given = [ax] if isinstance(ax, Axes) else list(np.ravel(np.asarray(ax, dtype=object)))
        if len(given) != n or not all(isinstance(one, Axes) for one in given):
            raise OptionError(f"this figure has {n} panels: ax must be a list of {n} matplotlib Axes, not {len(given)}")
        return given
    columns = min(columns, n)
    rows = -(-n // columns)
    size = (columns * panel[0], rows * panel[1] + around)
    figure, grid = plt.subplots(
        rows, columns, figsize=size, layout="constrained", squeeze=False, sharex=share, sharey=share
    )
    for unused in grid.flat[n:]:
        figure.delaxes(unused)
    for one in grid.flat[:n]:
        one.tick_params(**TICKS)
    if share and n % columns:
        for one in grid[rows - 2, n % columns :]:
            one.xaxis.set_tick_params(labelbottom=True)
    return list(grid.flat[:n])


def legend_above(
    ax: Axes, handles: Iterable[Artist], title: str | None = None, columns: int | None = None
) -> Legend | None:
    """Put a legend above the Axes, where it covers nothing; a note may be its title."""
    entries = list(handles)
    if not entries and title is None:
        return None
    most = min(columns or 3, len(entries))
    points = ax.get_window_extent().width / ax.get_figure(root=True).dpi * 72  # type: ignore[union-attr]
    columns = next((k for k in range(most, 1, -1) if _legend_width(entries, k) <= points), 1)
    return ax.legend(
        handles=entries,
        title=title,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.01),
        borderaxespad=0.0,
        ncols=max(min(columns, len(entries)), 1),
        alignment="left",
        handlelength=1.8,
        columnspacing=1.2,
    )


def _legend_width(entries: Sequence[Artist], columns: int) -> float:
    """Width of a legend of so many columns in points; entries fill one column after the other."""
    rows = -(-len(entries) // columns)
    lengths = [max(map(width_of, str(handle.get_label()).splitlines()), default=0) for handle in entries]
    longest = [max(lengths[k : k + rows]) for k in range(0, len(entries), rows)]
    return SMALL * (0.54 * sum(longest) + 3.8 * len(longest) - 1.2)


def near(inside: FloatArray, others: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Limits that hold some points, and those of others that are not far from them.

    Parameters
    ----------
    inside, others : (n, k) arrays
        Points of k axes; all of `inside` are held, and of `others` those within their range beyond them.

    Returns
    -------
    low, high : (k,) arrays

    Examples
    --------
    >>> low, high = near(np.array([[0.0], [1.0]]), np.array([[1.5], [9.0], [np.nan]]))
    >>> float(low[0]), float(high[0])
    (-0.09, 1.59)
    """
    bottom, top = np.nanmin(inside, axis=0), np.nanmax(inside, axis=0)
    reach = np.where(top > bottom, top - bottom, 1.0)
    close = ((others >= bottom - reach) & (others <= top + reach)).all(axis=1)
    every = np.concatenate([inside, others[close]])
    low, high = np.nanmin(every, axis=0), np.nanmax(every, axis=0)
    margin = 0.06 * np.where(high > low, high - low, 1.0)
    return low - margin, high + margin


def coefficient_name(design: Design, coefficient: str, width: int = 40) -> str:
    """What an axis says of a level-1 coefficient: ``b1, the slope of cwc(ses)``."""
    return wrapped(ColumnLabels.of(design).heading(coefficient), width)


def expression_name(design: Design, coefficient: str, width: int = 40, before: str = "") -> str:
    """What an axis says of the values that a coefficient multiplies: ``cwc(ses)``, ``race: Black (vs. White)``."""
    return wrapped(before + next(c.name for c in design.coefficients if c.label == coefficient), width)


def level_name(variable: Level2Variable, level: str, width: int = 40) -> str:
    """What a legend says of a category: ``sector = 1``."""
    return wrapped(f"{variable.name} = {level}", width)


def interval_name(prob: float) -> str:
    """Name of a posterior interval in a legend."""
    return f"{percent(prob)} interval"
