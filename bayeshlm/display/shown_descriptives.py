"""Tables of the data by level."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import pandas as pd

from bayeshlm.design.descriptives import LevelDescriptives
from bayeshlm.display.blocks import Block, Grid, Section
from bayeshlm.display.digits import count, decimals, number
from bayeshlm.display.shown_result import ShownResult


class ShownDescriptives(ShownResult, LevelDescriptives):
    """`LevelDescriptives` whose printed form is their tables."""

    def _blocks(self) -> Iterable[Block]:
        yield from descriptives_grids(self)
        names = ("min", "q1", "median", "q3", "max", "mean")
        sizes = [float(self.group_sizes[name]) for name in names]
        cells = tuple(number(size, 0 if size.is_integer() else 1) for size in sizes)
        yield Grid(f"Rows of a group ({self.grouping})", ("", *names), (Section("", (("rows", *cells),)),))


def descriptives_grids(found: LevelDescriptives) -> Iterator[Grid]:
    """Tables of the columns at the level where they vary."""
    within, between = (level[0].upper() + level[1:] for level in found.levels)
    if len(found.level1):
        columns = ("mean", "sd", "sd_within", "min", "max")
        note = "sd within: of the deviations from the group's mean"
        yield _numbers(f"{within}: over {count(found.n_rows)} rows", found.level1, columns, (note,))
    if len(found.level2):
        title = f"{between}: over {count(found.n_groups)} groups ({found.grouping})"
        yield _numbers(title, found.level2, ("mean", "sd", "min", "max"))
    if len(found.categories):
        yield _categories(found)


def _numbers(title: str, table: pd.DataFrame, columns: tuple[str, ...], notes: tuple[str, ...] = ()) -> Grid:
    """Write descriptives with three digits of the SD; whole numbers stay whole."""
    rows = []
    for name, row in table.iterrows():
        sd = float(row["sd"])
        places = max(2 - math.floor(math.log10(sd)), 0) if sd > 0 else decimals(sd, 0.0)
        whole = {end: float(row[end]).is_integer() for end in ("min", "max")}
        ends = 0 if all(whole.values()) else places
        cells = (number(float(row[c]), ends if c in ("min", "max") else places) for c in columns)
        rows.append((str(name), *cells))
    return Grid(title, ("", *(c.replace("_", " ") for c in columns)), (Section("", tuple(rows)),), notes=notes)


def _categories(found: LevelDescriptives) -> Grid:
    table, sections = found.categories, []
    for (name, level), part in table.groupby([table.index.get_level_values("column"), "level"], sort=False):
        where, over = (found.levels[0], "rows") if level == 1 else (found.levels[1], "groups")
        rows = tuple(
            (str(label), count(row["n"]), f"{100 * row['share']:.1f}%")
            for label, (_, row) in zip(part.index.get_level_values("category"), part.iterrows(), strict=True)
        )
        sections.append(Section(f"{name} ({where}, over {over})", rows))
    return Grid("Categories", ("", "n", "share"), tuple(sections))
