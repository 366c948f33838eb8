"""Figure of a planned study: assurance against the number of groups."""

from __future__ import annotations

from matplotlib.axes import Axes

from bayeshlm.checks.planned_study import PlannedStudy
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import legend_above, one_axes
from bayeshlm.display.plots.figure_style import plain, styled
from bayeshlm.errors import OptionError

WIDE = 1.96
"""Monte Carlo errors that the bars extend to either side."""


@styled
def plan_figure(plan: PlannedStudy, effect: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share of simulated studies that find an effect against the number of groups.

    Parameters
    ----------
    effect : str, optional
        Symbol; may be left out where the plan has one.
    ax : Axes, optional

    Raises
    ------
    OptionError
        There is no such effect, or several and none is named; or the sizes were not varied.
    """
    effects = list(dict.fromkeys(plan.table.index.get_level_values("effect")))
    if (effect is None and len(effects) > 1) or (effect is not None and effect not in effects):
        raise OptionError(f"effect={effect!r}: name one of {', '.join(effects)}")
    table = plan.table.xs(effect or effects[0], level="effect")
    if table.index.get_level_values("groups").nunique() < 2:
        raise OptionError("a curve needs several numbers of groups: plan(..., groups=[20, 40, 80])")
    ax = one_axes(ax)
    handles = []
    for n_rows in table.index.get_level_values("rows").unique():
        own = table.xs(n_rows, level="rows").sort_index()
        label = f"{n_rows} rows a group" if n_rows else "rows as in the pilot study"
        bars = ax.errorbar(own.index, own["assurance"], WIDE * own["mcse"], fmt="o-", capsize=2, label=label)
        handles.append(bars.lines[0])
        handles[-1].set_label(label)
    ax.set_ylim(-0.02, 1.02)
    ax.axhline(0.8, color="0.6", linewidth=0.8, linestyle=":")
    ax.set_xlabel("groups")
    ax.set_ylabel(f"{percent(plan.prob)} interval of {plain(effect or effects[0])}\nexcludes {plan.value:g}, share")
    legend_above(ax, handles)
    return ax
