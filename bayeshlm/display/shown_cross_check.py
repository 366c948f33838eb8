"""Table of the cross-check with REML or ML."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayeshlm.checks.cross_check import CrossCheck
from bayeshlm.checks.importance_check import ImportanceCheck
from bayeshlm.design.naming import parameter_label
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import decimals, number
from bayeshlm.display.shown_result import ShownResult

SAMPLERS = ("", "mean", "sd", "mean, imp.", "sd, imp.", "mean diff.", "sd diff.", "verdict")


class ShownCrossCheck(ShownResult, CrossCheck):
    """A `CrossCheck` whose printed form is its table and the verdict."""

    def _blocks(self) -> Iterable[Block]:
        return cross_check_blocks(self)


def cross_check_blocks(check: CrossCheck) -> list[Block]:
    """Lay out a cross-check: the parameters, the groups, the verdict and its reasons."""
    table = check.table
    of_groups = table.index.get_level_values("component") == "beta"
    rows = [_cells(key, row) for key, (_, row) in zip(table.index, table.iterrows(), strict=True)]
    sections = (
        Section("", tuple(row for row, beta in zip(rows, of_groups, strict=True) if not beta)),
        Section("groups", tuple(row for row, beta in zip(rows, of_groups, strict=True) if beta)),
    )
    by = check.method
    notes = [
        f"difference: posterior mean minus {by}'s estimate, in {by}'s standard errors (of groups: conditional SDs)"
    ]
    if (table["unit"] == "posterior sd").any():
        notes.append(f"* in posterior SDs, because {by}'s estimate lies on or near the boundary of what it may be")
    header = ("", "mean", "sd", by, "se", "difference", "MC error", "verdict")
    grid = Grid(f"Posterior beside {by}", header, sections, notes=tuple(notes))
    blocks: list[Block] = [grid, Lines((check.verdict, *check.reasons))]
    return blocks if check.importance is None else [*blocks, *_importance_blocks(check.importance)]


def _importance_blocks(check: ImportanceCheck) -> list[Block]:
    """Lay out two samplers beside each other, and the verdict."""
    rows = tuple(
        _sampler_cells(key, row) for key, (_, row) in zip(check.table.index, check.table.iterrows(), strict=True)
    )
    note = "differences: NUTS minus importance sampling, in Monte Carlo errors"
    grid = Grid("NUTS beside importance sampling", SAMPLERS, (Section("", rows),), notes=(note,))
    return [grid, Lines((check.verdict,))]


def _sampler_cells(key: tuple[str, str], row: pd.Series) -> tuple[str, ...]:
    places = decimals(float(row["sd"]), np.nan)
    values = (number(float(row[name]), places) for name in ("mean", "sd", "importance_mean", "importance_sd"))
    differences = (number(float(row[name]), 1) for name in ("mean_difference", "sd_difference"))
    return (parameter_label(*key), *values, *differences, str(row["verdict"]))


def _cells(key: tuple[str, str], row: pd.Series) -> tuple[str, ...]:
    component, effect = key
    label = parameter_label(component, effect)
    unit = float(row["sd"] if row["unit"] == "posterior sd" else row["se"])
    places = decimals(float(row["sd"]), float(row["difference_mcse"]) * unit)
    values = (number(float(row[name]), places) for name in ("mean", "sd", "estimate", "se"))
    mark = "*" if row["unit"] == "posterior sd" and np.isfinite(row["difference"]) else ""
    difference = number(float(row["difference"]), 2) + mark
    group = "" if row["group"] is None else f" ({row['group']})"
    return (f"{label}{group}", *values, difference, number(float(row["difference_mcse"]), 2), str(row["verdict"]))
