"""Table of the influence of the groups."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from bayeshlm.checks.conflict import ERROR_RATE
from bayeshlm.checks.influence import Influence
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.column_labels import group_name
from bayeshlm.display.digits import count, number, p_value, percent
from bayeshlm.display.shown_result import ShownResult

SHOWN = 10
"""So many groups are shown."""

HEADER = (
    "",
    "n",
    "parameter",
    "change",
    "MC error",
    "Cook's D",
    "REML's D",
    "leverage",
    "Pareto k",
    "conflict p",
)


class ShownInfluence(ShownResult, Influence):
    """An `Influence` whose printed form is its most influential groups."""

    def _blocks(self) -> Iterable[Block]:
        return influence_blocks(self)


def influence_blocks(influence: Influence) -> list[Block]:
    """Lay out the most influential groups, the outlying ones and those without a trustworthy answer."""
    table = influence.table
    rows = tuple(_cells(str(label), row) for label, row in table.head(SHOWN).iterrows())
    shown = f"the {len(rows)} most influential of {count(len(table))}" if len(rows) < len(table) else "all"
    notes = (
        "change: of the parameter that moves most, its posterior mean without the group less that with it, in"
        " posterior SDs",
        "Cook's D: of the posterior means of gamma; REML's D: of REML's estimates, "
        + ("fitted anew" if table.attrs["reml_estimate"] == "exact" else "variance components kept"),
        "leverage: of the fixed effects; over groups it sums to their number",
    )
    grid = Grid(f"Influence of each {influence.group}, {shown}", HEADER, (Section("", rows),), n_labels=1, notes=notes)
    said = [_outlying(influence)]
    bad = influence.bad
    if len(bad):
        named = _names(influence, bad, "pareto_k")
        said.append(
            f"NOT TRUSTWORTHY, Pareto k above {number(influence.threshold, 2)}: {named}. influence(exact=True) samples"
            " the posterior without each."
        )
    return [grid, Lines((*said, *(f"Note: {note.removesuffix('.')}." for note in influence.notes)))]


def _outlying(influence: Influence) -> str:
    outlying, limit = influence.outlying, ERROR_RATE / len(influence.table)
    rule = f"conflict p below {number(limit, 5)}, as in {percent(ERROR_RATE)} of the data sets that follow the model"
    if outlying.empty:
        return f"No outlying {influence.group} ({rule})."
    return f"Outlying: {_names(influence, outlying, 'conflict_p')} ({rule})."


def _names(influence: Influence, rows: pd.DataFrame, column: str) -> str:
    write = p_value if column == "conflict_p" else lambda value: number(value, 2)
    return ", ".join(
        f"{group_name(influence.group, label)} ({write(float(row[column]))})" for label, row in rows.iterrows()
    )


def _cells(label: str, row: pd.Series) -> tuple[str, ...]:
    return (
        label,
        count(row["n"]),
        str(row["parameter"]),
        number(row["change"], 2),
        number(row["mcse"], 2),
        number(row["cooks_distance"], 3),
        number(row["reml_cooks_distance"], 3),
        number(row["leverage_fixed"], 2),
        number(row["pareto_k"], 2) + ("*" if row["refitted"] else ""),
        p_value(float(row["conflict_p"])),
    )
