"""The remarks on a model as text."""

from __future__ import annotations

from collections.abc import Iterable

from bayeshlm.checks.lint import Lint
from bayeshlm.display.blocks import Block, Lines, Title
from bayeshlm.display.shown_result import ShownResult


class ShownLint(ShownResult, Lint):
    """A `Lint` that prints its remarks, one a line."""

    def _blocks(self) -> Iterable[Block]:
        if not self.remarks:
            return [Lines(("No remark on this model.",))]
        return [Title("Remarks"), Lines(tuple(f"{one.code}: {one.text}" for one in self.remarks))]
