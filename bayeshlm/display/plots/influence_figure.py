"""Figure of the influence of the groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.checks.conflict import ERROR_RATE
from bayeshlm.checks.influence import Influence
from bayeshlm.checks.influence import influence as influence_of
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.digits import number
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, check_units
from bayeshlm.display.plots.figure_style import BLACK, COLUMN, GRAY, POSTERIOR, VERMILLION, distinct, short, styled
from bayeshlm.display.plots.named_points import name_points, name_rows
from bayeshlm.display.plots.quantiles import point_size
from bayeshlm.fitted import FittedModel

SMALLEST_P = 1e-12
"""Smaller conflict p are drawn here."""

LONGEST = 22
"""Letters of a parameter's name."""

NAMED_BY_COOK, NAMED_BY_CONFLICT = 3, 5
"""So many of the most influential and of the outlying groups are named."""


@styled
def influence_figure(
    fit: DrawnFit,
    influence: Influence | None = None,
    ax: ManyAxes | Axes | None = None,
    grouping: str | None = None,
) -> list[Axes]:
    """Draw how far every parameter moves without each group, and Cook's distances against the conflict p.

    Outcomes that are not normal have no conflict p: there the largest change of a tau takes its place.

    Parameters
    ----------
    influence : Influence, optional
        ``fit.influence()``.
    ax
        See `FitPlots`; two Axes.
    grouping : str, optional
        Whose groups, where there are several groupings and `influence` is not given.
    """
    design = fit.design
    found = influence or influence_of(FittedModel(design, fit.priors, fit.idata), grouping=grouping)
    position = design.position_of(found.group)
    term = design.predictor.random[position]
    check_units(design, found.posterior[found.group].to_numpy(), "influence", grouping=position)
    table = found.table.loc[term.labels]
    outlying = table.index.isin(found.outlying.index)
    n_parameters = found.posterior.sizes["parameter"]
    axes = many_axes(ax, 2, 2, (COLUMN, max(2.6, 0.2 * n_parameters + 0.9)))
    _changes(axes[0], found, term.labels, outlying)
    (_conflict if found.has_conflict else _spread)(axes[1], found, term.labels, outlying)
    return axes


def _changes(ax: Axes, found: Influence, labels: pd.Index, outlying: np.ndarray) -> None:
    """A row a parameter: its change without each group, the group of the largest named."""
    change = found.posterior["change"].transpose(found.group, "parameter").to_numpy()
    place = np.arange(float(change.shape[1]))[::-1]
    height = 9 if len(change) <= 60 else 6
    for which, color, gid in ((~outlying, POSTERIOR, "change"), (outlying, VERMILLION, "change of outlying")):
        for k, values in enumerate(change[which].T):
            ax.plot(values, np.full(len(values), place[k]), "|", color=color, ms=height, mew=0.8, alpha=0.8, gid=gid)
    ax.axvline(0, color=BLACK, lw=0.6, ls=":")
    most = np.abs(change).argmax(axis=0)
    name_rows(ax, change[most, np.arange(len(place))], place, distinct(labels[most], 12))
    ax.set_ylim(-0.7, len(place) - 0.3)
    ax.set_yticks(place, distinct(found.posterior["parameter"].to_numpy(), LONGEST))
    ax.set(xlabel=f"change without the {short(found.group, 20)},\nin posterior SDs", ylabel="parameter")
    handles = [Line2D([], [], color=POSTERIOR, marker="|", ls="", ms=7, label="a group")]
    if outlying.any():
        handles.append(Line2D([], [], color=VERMILLION, marker="|", ls="", ms=7, label="an outlying group"))
    legend_above(ax, handles, columns=2)


def _conflict(ax: Axes, found: Influence, labels: pd.Index, outlying: np.ndarray) -> None:
    """Cook's distance against the conflict p: a group may be influential, outlying, both or neither."""
    distance = found.posterior["cooks_distance"].to_numpy()
    p = shown_p(found.posterior["conflict_p"].to_numpy())
    unsure = _points(ax, found, distance, p, outlying)
    limit = ERROR_RATE / len(p)
    ax.axhline(limit, color=GRAY, lw=0.8, ls="--", gid="limit")
    ax.set_yscale("log")
    ax.set_ylim(1.5, min(limit, float(p.min())) / 3)
    ax.set_xlim(left=-0.03 * float(distance.max()))
    ax.set(xlabel="Cook's distance\nof the means of gamma", ylabel="conflict p (small: outlying)")
    by_cook = np.argsort(-distance, kind="stable")[:NAMED_BY_COOK]
    by_p = np.flatnonzero(outlying)
    by_p = by_p[np.argsort(p[by_p], kind="stable")][:NAMED_BY_CONFLICT]
    named = np.unique(np.concatenate([by_cook, by_p]))
    name_points(ax, distance[named], p[named], distinct(labels[named], 20))
    handles = [
        Line2D([], [], color=GRAY, lw=0.8, ls="--", label=f"outlying above it: p < {number(ERROR_RATE, 2)} / {len(p)}")
    ]
    legend_above(ax, handles + unsure, columns=1)


def _spread(ax: Axes, found: Influence, labels: pd.Index, outlying: np.ndarray) -> None:
    """Cook's distance against the largest change of a tau: what a group does to means, and to the spread of groups."""
    distance = np.nan_to_num(found.posterior["cooks_distance"].to_numpy())  # nan where there is no gamma
    names = found.posterior["parameter"].to_numpy()
    of_tau = [k for k, name in enumerate(names) if str(name).startswith("tau[")]
    change = found.posterior["change"].transpose(found.group, "parameter").to_numpy()[:, of_tau]
    most = change[np.arange(len(change)), np.abs(change).argmax(axis=1)]
    unsure = _points(ax, found, distance, most, outlying)
    ax.axhline(0, color=BLACK, lw=0.6, ls=":")
    ax.set(xlabel="Cook's distance\nof the means of gamma", ylabel="change of a tau, posterior SDs")
    by_cook, by_tau = (np.argsort(-np.abs(values), kind="stable")[:NAMED_BY_COOK] for values in (distance, most))
    named = np.unique(np.concatenate([by_cook, by_tau]))
    name_points(ax, distance[named], most[named], distinct(labels[named], 20))
    if unsure:
        legend_above(ax, unsure, columns=1)


def _points(ax: Axes, found: Influence, distance: FloatArray, values: FloatArray, outlying: np.ndarray) -> list[Line2D]:
    """Draw a point a group, hollow where its Pareto k is bad; what the legend says of these."""
    unsure = ~(found.posterior["pareto_k"].to_numpy() <= found.threshold) & ~found.posterior["refitted"].to_numpy()
    size = point_size(len(values)) + 0.5
    for which, color, gid in ((~outlying, POSTERIOR, "group"), (outlying, VERMILLION, "outlying")):
        sure, bad = which & ~unsure, which & unsure
        ax.plot(distance[sure], values[sure], "o", color=color, ms=size, mew=0, gid=gid)
        ax.plot(distance[bad], values[bad], "o", mec=color, mfc="none", ms=size, mew=0.8, gid=f"{gid}, bad")
    if not unsure.any():
        return []
    text = f"Pareto k above {number(found.threshold, 2)}: not trustworthy"
    return [Line2D([], [], mec=POSTERIOR, mfc="none", marker="o", ls="", mew=0.8, label=text)]


def shown_p(p: FloatArray) -> FloatArray:
    """Conflict p with a place on a logarithmic axis: that of a group whose rows say nothing is 1.

    Examples
    --------
    >>> shown_p(np.array([0.2, 0.0, np.nan])).tolist()
    [0.2, 1e-12, 1.0]
    """
    return np.clip(np.nan_to_num(p, nan=1.0), SMALLEST_P, 1.0)
