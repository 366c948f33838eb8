"""Figure of beta space: two coefficients of the groups against each other, with ellipses."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from bayeshlm.arguments import check_prob
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import coefficient_name, legend_above, level_name, near, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, Groups, coloring, evenly
from bayeshlm.display.plots.figure_style import BLACK, GRAY, category_color, category_line, styled
from bayeshlm.errors import OptionError
from bayeshlm.quantities.beta_space import BetaSpace, Ellipse, beta_space
from bayeshlm.quantities.coefficient_names import find_random_coefficient
from bayeshlm.quantities.level2_variables import Level2Variable

MOST_ELLIPSES, MANY, FEWER = 40, 100, 20
"""At most so many sampling ellipses are drawn; of many groups fewer, and these and the lines fainter."""

METHODS = {"pooled": "P", "within": "s", "between": "X"}
"""Markers of the textbook's other methods."""


@styled
def beta_space_figure(
    fit: DrawnFit,
    x: str | None = None,
    y: str | None = None,
    by: str | None = None,
    prob: float = 0.95,
    ax: Axes | None = None,
    *,
    grouping: str | None = None,
) -> Axes:
    """Draw two random coefficients against each other: groups, their ellipses, the means, other methods.

    Parameters
    ----------
    x, y : str, optional
        Horizontal and vertical coefficient; needed when more than two are random.
    by : str, optional
        Level-2 variable with categories, a mean each; by default the first one with two.
    prob : float
        Of the ellipses of G and of the means; sampling ellipses reach one standard error to each side.
    ax
        See `FitPlots`.
    grouping : str, optional
        Whose groups, where there are several groupings; own least squares are drawn of groups within which no effects
        of others differ.
    """
    check_prob(prob)
    design, groups = fit.design, Groups.of(fit.design, grouping)
    pair = chosen_pair(fit, x, y, groups)
    variable = coloring(design, by, groups.position)
    space = beta_space(fit.draws, pair, variable, prob, groups.position)
    ax = one_axes(ax, height=4.4)
    _groups(ax, space)
    for k, (spread, mean) in enumerate(zip(space.G, space.means, strict=True)):
        color, line = category_color(k), category_line(k)
        ax.plot(*spread.points().T, color=color, ls=line, lw=1.2, gid="G")
        ax.fill(*mean.points().T, color=color, alpha=0.35, lw=0, gid="mean ellipse")
        ax.plot(*mean.center, "*", color=color, mec=BLACK, mew=0.4, ms=8, zorder=4, gid="mean")
    methods = space.methods.dropna()
    names, levels = (methods.index.get_level_values(name) for name in ("method", "level"))
    for method, level, point in zip(names, levels, methods.to_numpy(dtype=float), strict=True):
        color = category_color(space.levels.index(level))
        ax.plot(*point, METHODS[method], color=color, mec=BLACK, mew=0.6, ms=6, gid=method)
    _limits(ax, space)
    legend_above(ax, _handles(space, variable))
    ax.set(xlabel=coefficient_name(design, pair[0]), ylabel=coefficient_name(design, pair[1], 30))
    return ax


def chosen_pair(fit: DrawnFit, x: str | None, y: str | None, groups: Groups) -> tuple[str, str]:
    """Labels of the coefficients on the axes: those that were named; by default the only two, the intercept first.

    Raises
    ------
    OptionError
        The model has one random effect only, a name is none of them, or there are more than two and they are not named.
    """
    labels = [column.coefficient for column in groups.random]
    if len(labels) < 2:
        of = f" between the groups of {groups.name!r}" if len(fit.design.groupings) > 1 else ""
        raise OptionError(
            f"beta space needs two coefficients with a random effect, and only {labels[0]} has one in this model{of}"
        )
    choices = ", ".join(labels)
    if len(labels) > 2 and (x is None or y is None):
        raise OptionError(f'there are several random coefficients: pass x="..." and y="...", two of {choices}')
    order = [column.coefficient for column in sorted(groups.random, key=lambda column: not column.is_intercept)]
    across = None if x is None else find_random_coefficient(fit.design, x, "x", groups.position)
    up = None if y is None else find_random_coefficient(fit.design, y, "y", groups.position)
    across = across or next(label for label in order if label != up)
    up = up or next((label for label in order if label != across), across)
    if across == up:
        raise OptionError(f"x and y are both {across}: name two of {choices}")
    return across, up


def _groups(ax: Axes, space: BetaSpace) -> None:
    known = np.flatnonzero(np.isfinite(space.ols).all(axis=1))
    many = len(space.eb) > MANY
    shown = known[evenly(len(known), FEWER if many else MOST_ELLIPSES)] if len(known) else known
    outlines = [Ellipse(space.ols[j], space.ols_cov[j], 1.0).points(60) for j in shown]
    ax.add_collection(LineCollection(outlines, colors=GRAY, linewidths=0.4, alpha=0.5, gid="sampling ellipses"))
    size = 1.6 if many else 3.0 if len(space.eb) <= 60 else 2.0
    segments = np.stack([space.ols[known], space.eb[known]], axis=1)
    ax.add_collection(
        LineCollection(list(segments), colors=GRAY, linewidths=0.3, alpha=0.3 if many else 0.6, gid="shrinkage")
    )
    for k in range(len(space.levels)):
        color = category_color(k)
        own = known[space.codes[known] == k]
        ax.plot(*space.ols[own].T, "x", color=color, ms=size, mew=0.6, alpha=0.4 if many else 0.7, gid="ols")
        ax.plot(*space.eb[space.codes == k].T, "o", color=color, ms=size, mew=0, gid="eb")


def _limits(ax: Axes, space: BetaSpace) -> None:
    """Hold the posterior means, the ellipses and the methods; some least squares may lie far out."""
    parts = [space.eb, *(ellipse.points() for ellipse in space.G), space.methods.to_numpy(dtype=float)]
    if np.isnan(space.ols).all():  # where groups cross the mean is known worse than how they differ
        parts += [ellipse.points() for ellipse in space.means]
    low, high = near(np.concatenate([part for part in parts if len(part)]), space.ols)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def _handles(space: BetaSpace, variable: Level2Variable | None) -> list[Artist]:
    known = int(np.isfinite(space.ols).all(axis=1).sum())
    drawn = min(known, FEWER if len(space.eb) > MANY else MOST_ELLIPSES)
    share = f" ({drawn} of {known})" if drawn < known else ""
    handles: list[Artist] = []
    if variable is not None:
        handles += [
            Line2D([], [], color=category_color(k), ls=category_line(k), label=level_name(variable, level, 18))
            for k, level in enumerate(space.levels)
        ]
    own = [
        Line2D([], [], color=BLACK, marker="x", ls="", label="own least squares"),
        Line2D([], [], color=GRAY, lw=0.6, marker="o", mfc="none", mec=GRAY, ms=6, ls="", label=f"±1 SE{share}"),
    ]
    handles += [
        Line2D([], [], color=BLACK, marker="o", ls="", label="posterior mean"),
        *(own if known else ()),
        Line2D([], [], color=BLACK, label=f"{percent(space.prob)} of groups (G)"),
        Line2D([], [], color=BLACK, marker="*", ls="", ms=7, label=f"mean, {percent(space.prob)} ellipse"),
    ]
    names = {"pooled": "pooled", "within": "mean of own lines", "between": "between groups"}
    present = [method for method in METHODS if method in space.methods.index.get_level_values("method")]
    handles += [
        Line2D([], [], color=GRAY, marker=METHODS[method], mec=BLACK, mew=0.6, ls="", ms=5, label=names[method])
        for method in present
    ]
    return handles
