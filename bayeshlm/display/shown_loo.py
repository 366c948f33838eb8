"""Table of leave-one-out cross-validation."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from bayeshlm.checks.loo import Loo
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.column_labels import group_name
from bayeshlm.display.digits import count, decimals, number
from bayeshlm.display.shown_result import ShownResult

MOST_NAMED = 20
"""So many units with a bad Pareto k are named."""


HEADINGS = {"se": "se", "subsampling_se": "subsampling SE"}
_NAN = float("nan")


class ShownLoo(ShownResult, Loo):
    """A `Loo` whose printed form is its table and what must be said beside it."""

    def _blocks(self) -> Iterable[Block]:
        return loo_blocks(self)


def loo_blocks(loo: Loo) -> list[Block]:
    """Lay out an estimate: question, numbers, Pareto k, units that need attention."""
    places = decimals(loo.se, loo.mcse)
    errors = [str(name) for name in loo.table if name != "estimate"]
    rows = tuple(
        (str(name), number(float(row["estimate"]), places), *(_error(float(row[error]), places) for error in errors))
        for name, row in loo.table.iterrows()
    )
    grid = Grid(_title(loo), ("", "estimate", *(HEADINGS[error] for error in errors)), (Section("", rows),))
    return [
        Lines((_question(loo),)),
        grid,
        Lines((_reliability(loo), *(f"Note: {note.removesuffix('.')}." for note in loo.notes))),
    ]


def _error(se: float, places: int) -> str:
    """A standard error with the places of its estimate, or more where it would look like zero."""
    return number(se, max(places, decimals(se, _NAN) - 1) if se > 0 else places)


def _question(loo: Loo) -> str:
    if loo.by_row:
        return (
            f"How well is a new row of a known {loo.group} predicted? Each row{_of_sample(loo)} is left out in turn, "
            f"given the other rows of its {loo.group}."
        )
    return (
        f"How well are the rows of a new {loo.group} predicted? Each {loo.group} is left out whole in turn, its random"
        " effects unknown."
    )


def _of_sample(loo: Loo) -> str:
    if loo.sample is None or not loo.sample.is_part:
        return ""
    return f" of a random sample of {count(len(loo.sample.y))}"


def _title(loo: Loo) -> str:
    units = f"{count(loo.n_units)} " + ("rows" if loo.by_row else f"groups ({loo.group})")
    return f"Leave-one-out cross-validation over {units}, {count(loo.n_draws)} draws"


def _reliability(loo: Loo) -> str:
    pareto_k, limit = loo.pointwise["pareto_k"], number(loo.threshold, 2)
    largest, n_refitted = number(float(pareto_k.max()), 2), int(loo.pointwise["refitted"].sum())
    text = f"Pareto k: the largest is {largest}; up to {limit} the importance weights can be trusted."
    if n_refitted:
        text += f" Without {_units(n_refitted)} the model was fitted anew, which is exact."
    bad = loo.bad
    if bad.empty:
        return f"{text} Monte Carlo error of elpd: {number(loo.mcse, 2)}."
    named = ", ".join(_names(loo, bad.head(MOST_NAMED)))
    more = f" and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
    return f"{text} NOT TRUSTWORTHY for {_units(len(bad))}: {named}{more}. exact=True fits the model anew without each."


def _names(loo: Loo, bad: pd.DataFrame) -> list[str]:
    return [f"{_name(loo, label, row)} ({number(float(row['pareto_k']), 2)})" for label, row in bad.iterrows()]


def _name(loo: Loo, label: object, row: pd.Series) -> str:
    if not loo.by_row:
        return group_name(loo.group, label)
    groupings = [str(name) for name in loo.pointwise.coords if name not in loo.pointwise.dims]
    return f"row {label} of {', '.join(group_name(name, row[name]) for name in groupings)}"


def _units(n: int) -> str:
    return f"{count(n)} unit" + ("" if n == 1 else "s")
