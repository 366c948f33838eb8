"""Figure of the residuals of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.checks.level1_residuals import LevelOneResiduals, level1_residuals
from bayeshlm.checks.order_statistics import binned_means, normal_quantiles
from bayeshlm.checks.quantile_residuals import QuantileResiduals, quantile_residuals
from bayeshlm.design.level1 import raw_values
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.data import MOST_ROWS
from bayeshlm.display.plots.drawn_fit import DrawnFit, check_units, evenly
from bayeshlm.display.plots.figure_style import BLACK, COLUMN, GRAY, POSTERIOR, styled, wrapped
from bayeshlm.display.plots.quantiles import point_size, quantile_handles, quantile_panel, zero_line
from bayeshlm.quantities.coefficient_names import find_level1_slope

MOST_BINS, LEAST_IN_BIN = 20, 10


@styled
def level1_residuals_figure(
    fit: DrawnFit,
    residuals: LevelOneResiduals | QuantileResiduals | None = None,
    x: str | None = None,
    ax: ManyAxes | Axes | None = None,
) -> list[Axes]:
    """Draw the standardized residuals of the rows: against the fitted values or a variable, and normal quantiles.

    Parameters
    ----------
    fit : DrawnFit
    residuals, x, ax
        As `residuals_figure` has them.
    """
    of = level1_residuals if fit.design.outcome.is_normal else quantile_residuals
    found = residuals or of(fit.draws)
    design = fit.design.with_sample()
    for k, (name, codes) in enumerate(zip(design.groupings, design.kept_rows.codes, strict=True)):
        check_units(design, found.table.get(name, ()), "residuals", codes, k)
    z = found.table["standardized"].to_numpy()
    if x is None:
        name, values = f"fitted {fit.design.spec.outcome.name}", found.table["fitted"].to_numpy()
    else:
        name, values = raw_values(design, find_level1_slope(design, x))
    axes = many_axes(ax, 2, 2, (COLUMN, 2.6))
    against_values(axes[0], values, z)
    handles = [Line2D([], [], color=GRAY, lw=0.8, ls="--", label="95% lie between")]
    for bound in (-1.96, 1.96):
        axes[0].axhline(bound, color=GRAY, lw=0.8, ls="--", gid="bound")
    if x is not None:
        bin_means(axes[0], values, z)
        handles.append(mean_handle())
    axes[0].set(xlabel=wrapped(name), ylabel="standardized residual")
    shown = f"{MOST_ROWS:,} of {len(z):,} rows are drawn" if len(z) > MOST_ROWS else None
    legend_above(axes[0], handles, shown, columns=2)
    plot = normal_quantiles(z)
    quantile_panel(axes[1], z, plot)
    legend_above(axes[1], quantile_handles(plot.prob))
    axes[1].set(xlabel="normal quantile", ylabel="standardized residual")
    return axes


def against_values(ax: Axes, x: FloatArray, y: FloatArray) -> None:
    """Draw residuals against values, and the line of no residual."""
    shown = evenly(len(x), MOST_ROWS)
    many = len(x) > 1000
    ax.plot(
        x[shown], y[shown], "o", color=POSTERIOR, ms=point_size(len(x)), mew=0, alpha=0.5 if many else 0.8, gid="points"
    )
    zero_line(ax)


def bin_means(ax: Axes, x: FloatArray, y: FloatArray) -> None:
    """Draw means of residuals in bins of values, where there are points enough."""
    n_bins = min(MOST_BINS, len(x) // LEAST_IN_BIN)
    if n_bins > 1:
        mean_line(ax, *binned_means(x, y, n_bins))


def mean_line(ax: Axes, x: FloatArray, mean: FloatArray, se: FloatArray, line: str = "-") -> None:
    """Draw means with two standard errors to each side."""
    marks: Mapping[str, Any] = {"marker": "s", "ms": 2.5, "lw": 0.8, "elinewidth": 0.8}
    ax.errorbar(x, mean, 2 * np.nan_to_num(se), color=BLACK, ls=line, gid="means", **marks)


def mean_handle(where: str = " in bins") -> Line2D:
    """Entry of the legend for the means in bins or of categories."""
    return Line2D([], [], color=BLACK, marker="s", ms=2.5, lw=0.8, label=f"mean{where}, with 2 standard errors")
