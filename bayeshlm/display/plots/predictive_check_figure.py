"""Figure of the predictive checks, for the same groups and for new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from bayeshlm.checks.predictive_check import PredictiveCheck, predictive_check
from bayeshlm.checks.predictive_modes import modes_of
from bayeshlm.checks.replicates import SortedRows
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, check_units, evenly
from bayeshlm.display.plots.figure_style import BLACK, COLUMN, POSTERIOR, VERMILLION, distinct, styled, wrapped
from bayeshlm.display.plots.replicated_outcomes import draw_outcome, outcome_handles
from bayeshlm.display.shown_predictive_check import NOTABLE, heading, statistic_name
from bayeshlm.errors import OptionError

type Show = Literal["statistics", "outcome", "means"]

FARTHEST = 6.0
"""Observed statistics farther than so many SDs from the mean of the replicates stand at the edge, as a triangle."""

REPLICATES = 50
"""So many replicated outcomes are drawn."""


@styled
def predictive_check_figure(
    fit: DrawnFit,
    check: PredictiveCheck | None = None,
    show: Show = "statistics",
    seed: int | None = None,
    ax: ManyAxes | Axes | None = None,
    *,
    grouping: str | None = None,
) -> list[Axes]:
    """Draw what was observed beside what the model would have made: in the same groups, and in new ones.

    Parameters
    ----------
    check : PredictiveCheck, optional
        ``fit.predictive_check()``.
    show : {"statistics", "outcome", "means"}
        Every statistic in SDs of its replicates; the outcome: its density, bars of categories or of successes, or a
        hanging rootogram of counts (Kleiber & Zeileis 2016); distribution functions of the group means.
    seed : int, optional
        Of the replicates, where no check is given.
    ax
        See `FitPlots`; an Axes a mode, two with one grouping.
    grouping : str, optional
        Whose group means are drawn, where there are several groupings.
    """
    design = fit.design.with_sample()
    if show not in get_args(Show.__value__):
        raise OptionError(f'show={show!r} is unknown: write "statistics", "outcome" or "means"')
    found = check or predictive_check(fit.draws, seed=seed)
    for k, (name, codes) in enumerate(zip(design.groupings, design.kept_rows.codes, strict=True)):
        check_units(design, found.idata["observed_data"][name].to_numpy(), "predictive_check", codes, k)
    of_means = design.position_of(grouping) if show == "means" else 0
    modes = list(modes_of(design))
    statistics = found.draws["statistic"].to_numpy().tolist()
    height = 0.15 * len(statistics) + 0.8 if show == "statistics" else 2.5
    axes = many_axes(ax, len(modes), 2, (COLUMN, height))
    for panel, mode in zip(axes, modes, strict=True):
        if show == "statistics":
            _statistics(panel, found, mode, statistics, named=ax is not None or panel in axes[::2])
        elif show == "outcome":
            draw_outcome(panel, *outcomes_of(found, mode, design), design)
        else:
            rows = SortedRows.of(np.unique(design.kept_rows.codes[of_means], return_inverse=True)[1])
            observed, replicated = (rows.means(y[..., rows.order]) for y in outcomes_of(found, mode, design))
            _shares(panel, observed, replicated, design, design.groupings[of_means])
    handles = outcome_handles(design) if show == "outcome" else _handles(found, show)
    if ax is None:
        axes[0].figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    for panel, mode in zip(axes, modes, strict=True):
        if ax is None:
            panel.set_title(heading(mode))
        else:
            legend_above(panel, handles if panel is axes[0] else [], heading(mode), columns=2)
    return axes


def outcomes_of(check: PredictiveCheck, mode: str, design: Design) -> tuple[FloatArray, FloatArray]:
    """Observed outcomes (N,), and at most 50 replicated ones (S, N), evenly chosen."""
    stored = check.idata[modes_of(design)[mode].node]["y"].transpose("chain", "draw", "obs_id")
    y = stored.to_numpy().reshape(-1, stored.sizes["obs_id"])
    return check.idata["observed_data"]["y"].to_numpy(), y[evenly(len(y), REPLICATES)]


def _statistics(ax: Axes, check: PredictiveCheck, mode: str, statistics: list[str], named: bool) -> None:
    """A row a statistic, in SDs of its replicates: their interval, and where the observed value lies."""
    table = check.table.loc[mode]
    sd = table["sd"].where(table["sd"] > 0)
    low, high, observed = (((table[name] - table["mean"]) / sd).to_numpy() for name in ("lower", "upper", "observed"))
    place = np.arange(len(table))[::-1]
    ax.hlines(place, low, high, color=POSTERIOR, lw=2.5, alpha=0.5, gid="interval")
    ax.axvline(0, color=POSTERIOR, lw=0.6, ls=":")
    notable = (table["p_two_sided"] < NOTABLE).to_numpy()
    beyond = np.abs(observed) > FARTHEST
    for which, color in ((~notable, BLACK), (notable, VERMILLION)):
        inside = which & ~beyond & np.isfinite(observed)
        marker = "o" if color == BLACK else "D"
        ax.plot(observed[inside], place[inside], marker, color=color, ms=3.2, mew=0, gid=f"observed {marker}")
    for side, marker in ((-1, "<"), (1, ">")):
        here = beyond & (np.sign(observed) == side)
        ax.plot(np.full(here.sum(), side * FARTHEST), place[here], marker, color=VERMILLION, ms=4, mew=0, gid="beyond")
    edge = FARTHEST if beyond.any() else max(3.0, float(np.nanmax(np.abs(observed), initial=0.0)))
    ax.set_xlim(-1.08 * edge, 1.08 * edge)
    ax.set_ylim(-0.8, len(table) - 0.2)
    ax.set_yticks(place if named else [], distinct(map(statistic_name, statistics), 30) if named else [])
    ax.set_xlabel("SDs from the mean of the replicates")
    if named:
        ax.set_ylabel("statistic")


def _shares(ax: Axes, observed: FloatArray, replicated: FloatArray, design: Design, grouping: str) -> None:
    """Distribution functions of the means of a grouping's groups."""
    share = np.arange(len(observed) + 1) / len(observed)

    def steps(means: FloatArray) -> FloatArray:
        ordered = np.sort(means)
        return np.column_stack([np.repeat(ordered, 2), np.repeat(share, 2)[1:-1]])

    lines = [steps(means) for means in replicated]
    ax.add_collection(LineCollection(lines, colors=POSTERIOR, lw=0.5, alpha=0.35, gid="replicated"))
    ax.plot(*steps(observed).T, color=BLACK, lw=1.4, gid="observed")
    ax.autoscale_view()
    ax.set_ylim(0, 1)
    of = f"{grouping} mean of {design.spec.outcome.name}"
    if design.summed is not None and design.summed.sample.is_part:
        of += ", a random sample of rows"
    ax.set(xlabel=wrapped(of), ylabel="share of groups at or below")


def _handles(check: PredictiveCheck, show: Show) -> list[Line2D]:
    if show != "statistics":
        return [
            Line2D([], [], color=BLACK, lw=1.4, label="observed"),
            Line2D([], [], color=POSTERIOR, lw=0.5, alpha=0.6, label="replicated"),
        ]
    interval = f"{percent(float(check.table.attrs['ci_prob']))} of the replicates"
    marks: Mapping[str, Any] = {"ls": "", "mew": 0, "ms": 3.2}
    handles = [
        Line2D([], [], color=POSTERIOR, lw=2.5, alpha=0.5, label=interval),
        Line2D([], [], color=BLACK, marker="o", label="observed", **marks),
    ]
    table = check.table
    if (table["p_two_sided"] < NOTABLE).any():
        handles.append(
            Line2D([], [], color=VERMILLION, marker="D", label=f"observed, two-sided p < {NOTABLE:g}", **marks)
        )
    if ((table["observed"] - table["mean"]).abs() > FARTHEST * table["sd"]).any():
        handles.append(Line2D([], [], color=VERMILLION, marker=">", label="farther out", **marks))
    return handles
