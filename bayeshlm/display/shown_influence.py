"""Table of the influence of the groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from bayeshlm.checks.conflict import ERROR_RATE
from bayeshlm.checks.influence import Influence
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.column_labels import group_name
from bayeshlm.display.digits import count, number, p_value, percent
from bayeshlm.display.shown_result import ShownResult

SHOWN = 10
"""So many groups are shown."""


class ShownInfluence(ShownResult, Influence):
    """An `Influence` whose printed form is its most influential groups."""

    def _blocks(self) -> Iterable[Block]:
        return influence_blocks(self)


def influence_blocks(influence: Influence) -> list[Block]:
    """Lay out the most influential groups, the outlying ones and those without a trustworthy answer."""
    table, columns = influence.table, _columns(influence)
    rows = tuple((str(label), *(write(row) for _, write in columns)) for label, row in table.head(SHOWN).iterrows())
    shown = f"the {len(rows)} most influential of {count(len(table))}" if len(rows) < len(table) else "all"
    notes = [
        "change: of the parameter that moves most, its posterior mean without the group less that with it, in"
        " posterior SDs",
    ]
    method, names = table.attrs["method"], [name for name, _ in columns]
    distance = "Cook's D: of the posterior means of gamma"
    if f"{method}'s D" in names:
        fitted = "fitted anew" if table.attrs["reml_estimate"] == "exact" else "variance components kept"
        distance += f"; {method}'s D: of {method}'s estimates, {fitted}"
    notes.append(distance)
    if "leverage" in names:
        notes.append("leverage: of the fixed effects; over groups it sums to their number")
    title = f"Influence of each {influence.group}, {shown}"
    grid = Grid(title, ("", *names), (Section("", rows),), n_labels=1, notes=tuple(notes))
    said = [_outlying(influence)] if influence.has_conflict else []
    bad = influence.bad
    if len(bad):
        named = _names(influence, bad, "pareto_k")
        said.append(
            f"NOT TRUSTWORTHY, Pareto k above {number(influence.threshold, 2)}: {named}. influence(exact=True) samples"
            " the posterior without each."
        )
    said += [f"Note: {note.removesuffix('.')}." for note in influence.notes]
    return [grid, Lines(tuple(said))] if said else [grid]


def _columns(influence: Influence) -> list[tuple[str, Callable[[pd.Series], str]]]:
    """Names of the columns and what writes their cells; those that the table has."""
    method = influence.table.attrs["method"]
    found: list[tuple[str, str, Callable[[pd.Series], str]]] = [
        ("n", "n", lambda row: count(row["n"])),
        ("parameter", "parameter", lambda row: str(row["parameter"])),
        ("change", "change", lambda row: number(row["change"], 2)),
        ("mcse", "MC error", lambda row: number(row["mcse"], 2)),
        ("cooks_distance", "Cook's D", lambda row: number(row["cooks_distance"], 3)),
        (
            f"{method.lower()}_cooks_distance",
            f"{method}'s D",
            lambda row: number(row[f"{method.lower()}_cooks_distance"], 3),
        ),
        ("leverage_fixed", "leverage", lambda row: number(row["leverage_fixed"], 2)),
        ("pareto_k", "Pareto k", lambda row: number(row["pareto_k"], 2) + ("*" if row["refitted"] else "")),
        ("conflict_p", "conflict p", lambda row: p_value(float(row["conflict_p"]))),
    ]
    return [(name, write) for column, name, write in found if column in influence.table]


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
