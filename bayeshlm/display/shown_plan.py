"""Table of a planned study, and its figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bayeshlm.checks.planned_study import PlannedStudy
from bayeshlm.display.blocks import Block, Grid, Section
from bayeshlm.display.digits import count, decimals, number, percent, share
from bayeshlm.display.shown_result import ShownResult

HEADER = ("groups", "rows", "effect", "assurance", "mcse", "width", "coverage", "bias")


class ShownPlan(ShownResult, PlannedStudy):
    """A `PlannedStudy` that prints, and draws itself."""

    def plot(self, effect: str | None = None, ax: Any = None) -> Any:
        """Draw the assurance against the number of groups on Axes; see `bayeshlm.display.plots.plan_figure`."""
        from bayeshlm.display.plots.plan_figure import plan_figure

        return plan_figure(self, effect, ax)

    def _blocks(self) -> Iterable[Block]:
        return [plan_grid(self)]


def plan_grid(plan: PlannedStudy) -> Grid:
    """Lay out a row a size and effect."""
    rows = []
    narrowest = plan.table["width"].groupby(level="effect").min()
    for key, row in zip(plan.table.index.to_list(), plan.table.to_dict("records"), strict=True):
        groups, n_rows, effect = key
        places = decimals(float(narrowest[effect]) / 4, float("nan"))
        rows.append(
            (
                count(groups) if groups else "as they are",
                count(n_rows) if n_rows else "own",
                str(effect),
                share(float(row["assurance"])),
                number(float(row["mcse"]), 3),
                number(float(row["width"]), places),
                number(float(row["coverage"]), 2),
                number(float(row["bias"]), places + 1),
            )
        )
    notes = [
        f"assurance: share of {count(plan.n)} simulated studies of each size whose {percent(plan.prob)} interval"
        f" excludes {plan.value:g}, by {plan.method}; mcse: its Monte Carlo error; width: mean width of the interval"
    ]
    failed = int(plan.table["failed"].groupby(level=["groups", "rows"]).first().sum())
    if failed:
        notes.append(f"the model could not be estimated from {count(failed)} of the studies, which exclude nothing")
    title = "What studies of these sizes would find"
    return Grid(title, HEADER, (Section("", tuple(rows)),), n_labels=3, notes=tuple(notes))
