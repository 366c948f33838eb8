"""The table of ranks of groups."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bayeshlm.display.blocks import Block, Grid, Section
from bayeshlm.display.digits import count, decimals, number, percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.frame_tables import ENDS
from bayeshlm.display.shown_frame import notes_of
from bayeshlm.display.shown_hypotheses import probability
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.quantities.ranks import Ranks


class ShownRanks(ShownResult, Ranks):
    """`Ranks` whose printed form is the table of the groups at both ends."""

    def _blocks(self) -> Iterable[Block]:
        table, attrs = self.table, self.table.attrs
        places = min(decimals(sd, math.nan) for sd in table["sd"])
        rows = [
            (
                str(label),
                number(row["mean"], places),
                number(row["sd"], places),
                number(row["rank"], 1),
                *(number(row[name], 0) for name in ("lower", "upper")),
                *(probability(row[name], math.nan, row["ess_bulk"]) for name in ("p_first", "p_last")),
            )
            for label, row in table.iterrows()
        ]
        notes = [*self.notes]
        if len(rows) > 2 * ENDS:
            notes.append(f"the first and the last {ENDS} of {count(len(rows))} groups; all are rows of `table`")
            rows = [*rows[:ENDS], ("...", *("" for _ in rows[0][1:])), *rows[-ENDS:]]
        kind = f"{percent(attrs['ci_prob'])} {INTERVALS[attrs['ci_kind']]} intervals of the rank"
        header = ("", "mean", "sd", "expected rank", "lower", "upper", "p first", "p last")
        title = f"Ranks of the groups ({self.grouping}) by {self.what} ({kind})"
        return [Grid(title, header, (Section("", tuple(rows)),), notes=(*notes, *notes_of(attrs)))]
