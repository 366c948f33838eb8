"""Figure of shrinkage: arrows from the groups' own least squares to their posterior means."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.plots.axes import coefficient_name, legend_above, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, Groups
from bayeshlm.display.plots.figure_style import BLACK, GRAY, OWN, POSTERIOR, styled
from bayeshlm.display.plots.group_sizes import is_wide, side_by_side, size_axis
from bayeshlm.quantities.coefficient_names import find_random_coefficient
from bayeshlm.quantities.group_coefficients import one_coefficient


@styled
def shrinkage_figure(
    fit: DrawnFit, coefficient: str | None = None, ax: Axes | None = None, *, grouping: str | None = None
) -> Axes:
    """Draw arrows from the groups' own least squares to their posterior means, against group size.

    Parameters
    ----------
    coefficient : str, optional
        One with a random effect.
    ax
        See `FitPlots`.
    grouping : str, optional
        Whose groups, where there are several groupings: one within whose groups the effects of the others are constant,
        such as children in schools. The effects of the others on coefficients that do not vary between the groups are
        taken as known, at their posterior means.

    Raises
    ------
    OptionError
        The groups have no least squares of their own.
    """
    design, groups = fit.design, Groups.of(fit.design, grouping)
    label = find_random_coefficient(design, coefficient, grouping=groups.position)
    table = one_coefficient(fit.draws, label, grouping=groups.name)
    n, mean, ols = (table[name].to_numpy() for name in ("n", "mean", "ols"))
    ax = one_axes(ax)
    x = side_by_side(n, ols, is_wide(n))
    known = np.isfinite(ols)
    many = len(n) > 60
    ax.quiver(
        x[known],
        ols[known],
        np.zeros(int(known.sum())),
        (mean - ols)[known],
        angles="xy",
        scale_units="xy",
        scale=1,
        units="inches",
        width=0.006 if many else 0.012,
        headwidth=5,
        headlength=6,
        headaxislength=5,
        minlength=0,
        minshaft=0.1,
        color=GRAY,
        gid="arrows",
    )
    size = 1.8 if many else 3.5
    ax.plot(x[known], ols[known], "x", color=OWN, ms=size + 0.7, mew=0.8, gid="ols", label="own least squares")
    ax.plot(x[known], mean[known], "o", color=POSTERIOR, ms=size, mew=0, gid="mean", label="posterior mean")
    handles: list[Line2D] = [
        Line2D([], [], color=OWN, marker="x", ls="", label="own least squares"),
        Line2D([], [], color=POSTERIOR, marker="o", ls="", label="posterior mean"),
    ]
    if not known.all():
        ax.plot(x[~known], mean[~known], "o", mec=POSTERIOR, mfc="none", mew=0.7, ms=size + 0.7, gid="alone")
        text = "posterior mean alone"
        handles.append(Line2D([], [], mec=POSTERIOR, mfc="none", marker="o", ls="", mew=0.7, label=text))
    ax.axhline(float(mean.mean()), color=BLACK, lw=0.6, ls=":")
    handles.append(Line2D([], [], color=BLACK, lw=0.6, ls=":", label="mean of the groups"))
    low, high = vertical_limits(mean, ols[known])
    ax.set_ylim(low, high)
    for beyond, edge, marker in ((ols < low, low, "v"), (ols > high, high, "^")):
        ax.plot(x[beyond], np.full(beyond.sum(), edge), marker, color=OWN, ms=4, mew=0, clip_on=False, gid="beyond")
    outside = int(((ols < low) | (ols > high)).sum())
    if outside:
        text = f"own least squares, farther out ({outside})"
        handles.append(Line2D([], [], color=OWN, marker="^", ls="", mew=0, label=text))
    legend_above(ax, handles, columns=1 if outside else 2)
    size_axis(ax, n)
    ax.set_ylabel(coefficient_name(design, label, 26))
    return ax


def vertical_limits(mean: FloatArray, ols: FloatArray) -> tuple[float, float]:
    """Limits that hold all groups, but for own estimates that would press the others into a line.

    Parameters
    ----------
    mean, ols : (n,) arrays
        Posterior means, and finite least-squares estimates. Those within four times the span of all means and of nine
        in ten of the estimates are held.

    Examples
    --------
    >>> vertical_limits(np.array([0.0, 1.0]), np.array([-1.0, 2.0]))
    (-1.18, 2.18)
    """
    bulk = np.concatenate([mean, np.quantile(ols, [0.05, 0.95]) if len(ols) else mean])
    bottom, top = float(bulk.min()), float(bulk.max())
    reach = 4 * (top - bottom) or 1.0
    held = np.concatenate([mean, ols[(ols >= bottom - reach) & (ols <= top + reach)]])
    low, high = float(held.min()), float(held.max())
    margin = 0.06 * (high - low or 1.0)
    return low - margin, high + margin
