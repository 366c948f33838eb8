"""Table of the sensitivity to the priors."""

from __future__ import annotations

from collections.abc import Iterable

from bayeshlm.checks.power_scaling import NEITHER, PriorSensitivity
from bayeshlm.design.naming import prior_label
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import decimals, number
from bayeshlm.display.shown_result import ShownResult

_NAN = float("nan")


class ShownSensitivity(ShownResult, PriorSensitivity):
    """A `PriorSensitivity` whose printed form is its tables."""

    def _blocks(self) -> Iterable[Block]:
        return sensitivity_blocks(self)


def sensitivity_blocks(sensitivity: PriorSensitivity) -> list[Block]:
    """Lay out the power scaling, and the refits below it."""
    rows = tuple(
        (
            str(name),
            number(float(row["prior"]), 3),
            number(float(row["likelihood"]), 3),
            number(float(row["sd_ratio"]), 2),
            prior_label(str(row["strongest"])),
            str(row["diagnosis"]),
        )
        for name, (_, row) in zip(sensitivity.table.index, sensitivity.table.iterrows(), strict=True)
    )
    header = ("", "prior", "likelihood", "SD ratio", "strongest prior", "what it means")
    blocks: list[Block] = [Grid("Sensitivity to the priors", header, (Section("", rows),), notes=sensitivity.notes)]
    if sensitivity.refits is not None:
        blocks.append(_refits(sensitivity))
    said = sensitivity.table["diagnosis"]
    unknown = said.index[said == NEITHER]
    flagged = [name for name in sensitivity.flagged if name not in unknown]
    lines = [
        f"By power scaling the prior matters for {', '.join(flagged)}."
        if flagged
        else "By power scaling no parameter is sensitive to the priors."
    ]
    if len(unknown):
        lines.append(f"The data say next to nothing about {', '.join(unknown)}: the posterior is about the prior.")
    if sensitivity.refits is not None:
        shift = sensitivity.refits["shift"].abs()
        parameter, name = shift.index[int(shift.argmax())]
        size = number(float(shift.max()), 2)
        lines.append(f"The largest shift by a refit: {parameter} moves by {size} posterior SDs under {name!r}.")
    return [*blocks, Lines(tuple(lines))]


def _refits(sensitivity: PriorSensitivity) -> Grid:
    table = sensitivity.refits
    assert table is not None
    sections = []
    for parameter, part in table.groupby(level="parameter", sort=False):
        places = decimals(float(part["sd"].iloc[0]), _NAN)
        rows = []
        for (_, name), (_, row) in zip(part.index, part.iterrows(), strict=True):
            values = [number(float(row[column]), places) for column in ("mean", "sd", "lower", "upper")]
            rows.append((str(name), *values, number(float(row["shift"]), 2), number(float(row["sd_ratio"]), 2)))
        sections.append(Section(str(parameter), tuple(rows)))
    header = ("", "mean", "sd", "lower", "upper", "shift", "SD ratio")
    return Grid("Under other priors", header, tuple(sections))
