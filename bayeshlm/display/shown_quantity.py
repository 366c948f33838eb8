"""Table of a quantity such as the ICC."""

from __future__ import annotations

from collections.abc import Iterable

from bayeshlm.display.blocks import Block
from bayeshlm.display.fit_tables import quantity_grid
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.quantities.quantity import Quantity


class Shown(ShownResult, Quantity):
    """A `Quantity` whose printed form is its table."""

    def _blocks(self) -> Iterable[Block]:
        return [quantity_grid(self)]
