"""What two models say differently, as words and equations."""

from __future__ import annotations

from collections.abc import Iterable

from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.equations.spec_difference import SpecDifference


class ShownSpecDifference(ShownResult, SpecDifference):
    """`SpecDifference` whose printed form is its sentence, the terms and the lines."""

    def _blocks(self) -> Iterable[Block]:
        yield Lines((self.summary,))
        if self.changes:
            rows = tuple((str(one.part), one.first or "", one.second or "") for one in self.changes)
            yield Grid("Terms", ("", "first", "second"), (Section("", rows),), n_labels=3)
        if self.lines:
            lines = tuple((one.left, one.first or "", one.second or "") for one in self.lines)
            yield Grid("Equations", ("", "first", "second"), (Section("", lines),), n_labels=3)
