"""Table of the predictive checks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayeshlm.checks.predictive_check import PredictiveCheck
from bayeshlm.checks.statistics_of_replicates import QUANTILES
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import decimals, number, share
from bayeshlm.display.shown_result import ShownResult

HEADER = ("", "observed", "replicated", "sd", "lower", "upper", "p", "two-sided")
HEADINGS = {"same": "new rows in the same groups", "new": "new groups"}
"""What modes are called; ``new[child]`` is new groups of child."""

NOTABLE = 0.05
_NAMES = {"sd": "SD", **{name: f"{100 * share:g}% quantile" for name, share in QUANTILES.items() if name != "median"}}


class ShownPredictiveCheck(ShownResult, PredictiveCheck):
    """A `PredictiveCheck` whose printed form is its table."""

    def _blocks(self) -> Iterable[Block]:
        return predictive_check_blocks(self)


def predictive_check_blocks(check: PredictiveCheck) -> list[Block]:
    """Lay out a predictive check: a section a mode, then the statistics that the replicates rarely reach."""
    sections = tuple(
        Section(
            heading(str(mode)),
            tuple(_cells(str(name), row) for name, row in part.droplevel("mode").iterrows()),
        )
        for mode, part in check.table.groupby(level="mode", sort=False)
    )
    grid = Grid("Posterior predictive checks", HEADER, sections, notes=check.notes)
    return [grid, Lines(_verdict(check.table))]


def heading(mode: str) -> str:
    """What a mode is called.

    Examples
    --------
    >>> heading("new"), heading("new[child]")
    ('new groups', 'new groups of child')
    """
    return HEADINGS.get(mode) or f"new groups of {mode.removeprefix('new[').removesuffix(']')}"


def statistic_name(name: str) -> str:
    """What a statistic is called in a figure, by its key: as the report has it.

    Examples
    --------
    >>> statistic_name("q25"), statistic_name("between_variance")
    ('25% quantile', 'between_variance')
    """
    return _NAMES.get(name, name)


def _cells(name: str, row: pd.Series) -> tuple[str, ...]:
    places = decimals(float(row["sd"]), np.nan)
    values = (number(float(row[column]), places) for column in ("observed", "mean", "sd", "lower", "upper"))
    return (name, *values, share(float(row["p"])), share(float(row["p_two_sided"])))


def _verdict(table: pd.DataFrame) -> tuple[str, ...]:
    """One line a mode with the statistics that the replicates rarely reach."""
    lines = []
    for mode in dict.fromkeys(table.index.get_level_values("mode")):
        part = table.loc[mode]
        notable = part[part["p_two_sided"] < NOTABLE]
        named = [
            f"{name} ({'above' if row['observed'] > row['mean'] else 'below'})" for name, row in notable.iterrows()
        ]
        if named:
            beyond = f"Beyond what the model makes of {heading(mode)}"
            lines.append(f"{beyond} (two-sided p < {NOTABLE:g}): {', '.join(named)}.")
    if not lines:
        return (f"No statistic has a two-sided p below {NOTABLE:g}.",)
    return (*lines, f"Of {len(table)} statistics some fall below {NOTABLE:g} by chance; table says what each is.")
