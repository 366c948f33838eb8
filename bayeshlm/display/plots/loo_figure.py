"""Figure of leave-one-out cross-validation: elpd and Pareto k of every unit."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.checks.loo import Loo, Unit, checked_unit, leave_one_out
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.scaling import BoolArray, FloatArray, IntArray
from bayeshlm.display.digits import number
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.data import MOST_ROWS
from bayeshlm.display.plots.drawn_fit import DrawnFit, check_units, evenly
from bayeshlm.display.plots.figure_style import BLACK, COLUMN, POSTERIOR, VERMILLION, distinct, short, styled
from bayeshlm.display.plots.group_sizes import is_wide, side_by_side, size_axis
from bayeshlm.display.plots.named_points import farthest, name_points
from bayeshlm.display.plots.quantiles import point_size
from bayeshlm.fitted import FittedModel


@styled
def loo_figure(
    fit: DrawnFit, loo: Loo | None = None, unit: Unit = "group", ax: ManyAxes | Axes | None = None
) -> list[Axes]:
    """Draw how well every group, or row, is predicted from the others (elpd), and the Pareto k of its weights.

    Parameters
    ----------
    loo : Loo, optional
        ``fit.loo("group")`` or ``fit.loo("row")``, with refits of the units that the weights fail for.
    unit : {"group", "row"} or str
        What is left out, where `loo` is not given: without refits then. With several groupings the name of one stands
        in place of "group".
    ax
        See `FitPlots`; two Axes.
    """
    design = fit.design
    found = loo or leave_one_out(FittedModel(design, fit.priors, fit.idata), checked_unit(unit, design), exact=False)
    by_row = found.by_row
    design = design.with_sample() if by_row else design
    k_unit = 0 if by_row else design.position_of(found.group)
    name_of_grouping = design.groupings[k_unit]
    coords = found.pointwise.coords
    labels = coords[name_of_grouping].to_numpy() if name_of_grouping in coords else ()
    check_units(design, labels, "loo", design.kept_rows.codes[0] if by_row else None, k_unit)
    elpd, k, refitted = (found.pointwise[name].to_numpy() for name in ("elpd", "pareto_k", "refitted"))
    bad = ~(k <= found.threshold) & ~refitted
    k = drawable(k)
    n = np.empty(0, dtype=np.int64) if by_row else rows_of_units(design, k_unit)
    wide = not by_row and is_wide(n)
    x = np.arange(float(len(elpd))) if by_row else side_by_side(n, elpd, wide)
    axes = many_axes(ax, 2, 1, (COLUMN, 2.0))
    named, left = farthest(bad, k)
    for panel, values, name in (
        (axes[0], elpd, f"elpd of the {'row' if by_row else short(found.group, 20)}"),
        (axes[1], k, "Pareto k"),
    ):
        _points(panel, x, values, bad, refitted)
        panel.set_ylabel(name)
        if by_row:
            panel.set_xlabel("row, in the order of the data" if found.sample is None else "row of a random sample")
        else:
            size_axis(panel, n)
    axes[1].axhline(found.threshold, color=BLACK, lw=0.8, ls="--", gid="threshold")
    top = max(1.05 * found.threshold, float(k.max()) + 0.05)
    axes[1].set_ylim(min(float(k.min()) - 0.05, 0.0), top)
    for panel, values in zip(axes, (elpd, k), strict=True):
        name_points(panel, x[named], values[named], _names(found, design, named))
    legend_above(axes[0], _handles(found, bad, refitted, left), columns=1)
    return axes


def drawable(k: FloatArray) -> FloatArray:
    """Pareto k with a place on an axis: ``-inf`` (equal weights) at 0 or the smallest, NaN and inf at the largest.

    Examples
    --------
    >>> drawable(np.array([-np.inf, 0.3, 0.9, np.nan])).tolist()
    [0.0, 0.3, 0.9, 1.0]
    """
    known = k[np.isfinite(k)]
    lowest, highest = float(known.min(initial=0.0)), float(known.max(initial=1.0))
    return np.where(np.isfinite(k), k, np.where(k == -np.inf, lowest, highest))


def _points(ax: Axes, x: FloatArray, y: FloatArray, bad: BoolArray, refitted: BoolArray) -> None:
    """Units with a good Pareto k, those with a bad one, and those fitted anew."""
    size = point_size(len(x))
    good = np.flatnonzero(~bad & ~refitted)
    good = good[evenly(len(good), MOST_ROWS)] if len(good) else good
    ax.plot(x[good], y[good], "o", color=POSTERIOR, ms=size, mew=0, alpha=0.8, gid="good")
    ax.plot(x[bad], y[bad], "D", color=VERMILLION, ms=max(size, 2.5), mew=0, gid="bad")
    ax.plot(x[refitted], y[refitted], "o", mec=POSTERIOR, mfc="none", mew=0.8, ms=size + 1.5, gid="refitted")


def _names(loo: Loo, design: Design, units: IntArray) -> list[str]:
    if not loo.by_row:
        return distinct(design.predictor.random[design.position_of(loo.group)].labels[units], 20)
    inner = design.predictor.random[0].labels[design.kept_rows.codes[0][units]]
    return [f"row {unit} ({name})" for unit, name in zip(units.tolist(), distinct(inner, 12), strict=True)]


def _handles(loo: Loo, bad: BoolArray, refitted: BoolArray, left: int) -> list[Line2D]:
    limit = number(loo.threshold, 2)
    handles = [
        Line2D([], [], color=BLACK, lw=0.8, ls="--", label=f"up to {limit} the importance weights can be trusted")
    ]
    if bad.any():
        more = f", {left} more not named" if left else ""
        text = f"not trustworthy: {bad.sum()} of {len(bad)} {loo.unit}s{more}"
        handles.append(Line2D([], [], color=VERMILLION, marker="D", ls="", mew=0, label=text))
    if refitted.any():
        text = f"fitted anew without the {loo.unit}: exact"
        handles.append(Line2D([], [], mec=POSTERIOR, mfc="none", marker="o", ls="", mew=0.8, label=text))
    return handles
