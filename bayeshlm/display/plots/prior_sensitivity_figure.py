"""Figure of the sensitivity to the priors and to the data."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.checks.power_scaling import PriorSensitivity, power_scaling_of_fit
from bayeshlm.design.naming import prior_label
from bayeshlm.display.plots.axes import legend_above, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import BLACK, GRAY, POSTERIOR, PRIOR, VERMILLION, distinct, short, styled
from bayeshlm.display.plots.named_points import name_rows
from bayeshlm.errors import OptionError


@styled
def prior_sensitivity_figure(
    fit: DrawnFit, sensitivity: PriorSensitivity | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how much each parameter depends on the priors and on the data, by power scaling.

    Parameters
    ----------
    sensitivity : PriorSensitivity, optional
        ``fit.prior_sensitivity()``; its refits are not drawn.
    ax
        See `FitPlots`.
    """
    found = sensitivity or power_scaling_of_fit(fit.idata, fit.design, fit.priors)
    table = found.table
    if not set(fit.design.fixed_labels) <= set(table.index):
        raise OptionError("sensitivity is of another model: pass what fit.prior_sensitivity() of this fit returns")
    place = np.arange(float(len(table)))[::-1]
    parameters = distinct(table.index, 22)
    columns = 1 if max(map(len, parameters)) > 12 else 2
    ax = one_axes(ax, height=0.19 * len(table) + (0.95 if columns == 2 else 1.25))
    threshold = float(table.attrs["threshold"])
    flagged = (table["prior"] >= threshold).to_numpy()
    prior, likelihood = table["prior"].to_numpy(), table["likelihood"].to_numpy()
    ax.hlines(place, np.minimum(prior, likelihood), np.maximum(prior, likelihood), color=GRAY, lw=0.5)
    ax.plot(likelihood, place, "o", color=POSTERIOR, ms=3.5, mew=0, gid="likelihood")
    ax.plot(prior[~flagged], place[~flagged], "D", color=PRIOR, ms=3.5, mew=0, gid="prior")
    ax.plot(prior[flagged], place[flagged], "D", color=VERMILLION, ms=4, mew=0, gid="flagged")
    ax.axvline(threshold, color=BLACK, lw=0.8, ls="--", gid="threshold")
    widest = max(float(np.nanmax([prior, likelihood])), threshold)
    ax.set_xlim(-0.03 * widest, 1.08 * widest)
    names = [f"prior of {short(prior_label(name), 14)}" for name in table["strongest"][flagged]]
    name_rows(ax, np.maximum(prior, likelihood)[flagged], place[flagged], names)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_yticks(place, parameters)
    ax.set(xlabel="sensitivity to power scaling", ylabel="parameter")
    handles = [
        Line2D([], [], color=POSTERIOR, marker="o", ls="", mew=0, label="to the data"),
        Line2D([], [], color=PRIOR, marker="D", ls="", mew=0, label="to the priors"),
        Line2D([], [], color=BLACK, lw=0.8, ls="--", label=f"counts from {threshold:g}"),
    ]
    if flagged.any():
        handles.append(Line2D([], [], color=VERMILLION, marker="D", ls="", mew=0, label="to the priors, counts"))
    legend_above(ax, handles, columns=columns)
    return ax
