"""The table of hypotheses about parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bayeshlm.display.blocks import Block, Grid, Section
from bayeshlm.display.digits import MISSING, decimals, number, percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.shown_frame import notes_of
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.quantities.hypotheses import Hypotheses

RULE_OF_THREE = 3.0
"""Where none of n draws is against a statement, up to 3/n of the posterior may be (95%)."""


class ShownHypotheses(ShownResult, Hypotheses):
    """`Hypotheses` whose printed form is a table."""

    def _blocks(self) -> Iterable[Block]:
        table = self.table
        has_probability, has_ratio = "probability" in table, "density_ratio" in table
        header = ["", "mean", "sd", "lower", "upper"]
        header += ["probability", "MC error"] if has_probability else []
        header += ["in rope"] if "in_rope" in table else []
        header += ["density ratio", "MC error"] if has_ratio else []
        rows = []
        for statement, row in table.iterrows():
            places = decimals(row["sd"], row["mcse_mean"])
            cells = [number(row[name], places) for name in ("mean", "sd", "lower", "upper")]
            if has_probability:
                error = row["mcse_probability"]
                p = row["probability"]
                cells.append("" if math.isnan(p) else probability(p, error, row["ess_bulk"]))
                cells += [number(error, 4) if error > 0 else ""]
            if "in_rope" in table:
                cells.append(probability(row["in_rope"], math.nan, row["ess_bulk"]))
            if has_ratio:
                ratio, error = row["density_ratio"], row["mcse_ratio"]
                cells += ["", ""] if math.isnan(ratio) else _ratio(ratio, error)
            rows.append((str(statement), *cells))
        kind = "simultaneous" if table.attrs["simultaneous"] else INTERVALS[table.attrs["ci_kind"]]
        title = f"Hypotheses ({percent(table.attrs['ci_prob'])} {kind} intervals)"
        notes = (*self._definitions(), *self.notes, *notes_of(table.attrs))
        return [Grid(title, tuple(header), (Section("", tuple(rows)),), notes=notes)]

    def _definitions(self) -> tuple[str, ...]:
        moved = "mean, sd and interval: of the left side, less the right side where that has parameters too"
        if "in_rope" not in self.table:
            return (moved,)
        rope = self.table.attrs["rope"]
        ends = (-rope, rope) if isinstance(rope, int | float) else rope
        around = "around each value" if (self.table["value"] != 0).any() else "around 0"
        return (moved, f"in rope: share of draws from {ends[0]:g} to {ends[1]:g} {around}")


def _ratio(ratio: float, error: float) -> list[str]:
    places = max(0, math.ceil(-math.log10(error))) if error > 0 else 2
    return [number(ratio, places), number(error, places)]


def probability(p: float, mcse: float, ess: float) -> str:
    """Write a probability that draws give, with as many places as its Monte Carlo error allows, never as 0 or 1.

    Parameters
    ----------
    p, mcse : float
        The share of draws and its error; NaN where all draws agree.
    ess : float
        Effective number of draws; NaN where it is not known.

    Examples
    --------
    >>> probability(0.9632, 0.004, 3000), probability(0.9971, 0.0009, 3000)
    ('0.96', '0.997')
    >>> probability(1.0, float("nan"), 4000), probability(0.0, float("nan"), 400)
    ('>.999', '<.01')
    >>> probability(0.99975, 0.0002, 3900), probability(1.0, float("nan"), float("nan"))
    ('>.999', '>.9')
    """
    if not math.isfinite(p):
        return MISSING
    doubt = max(RULE_OF_THREE / ess if ess > 0 else 0.1, 2 * mcse if mcse > 0 else 0.0)
    places = max(1, math.floor(-math.log10(doubt)))
    edge = 10.0**-places
    if min(p, 1 - p) < doubt:
        bound = f"{edge if p < 0.5 else 1 - edge:.{places}f}".removeprefix("0")
        return f"{'<' if p < 0.5 else '>'}{bound}"
    places = max(places, 2)
    while float(text := number(p, places)) in (0.0, 1.0):
        places += 1
    return text
