"""A quantity that shows its table in terminal and notebook."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.display.fit_tables import quantity_html, quantity_text
from bayeshlm.quantities.quantity import Quantity


@dataclass(frozen=True, eq=False, repr=False)
class Shown(Quantity):
    """A `Quantity` whose printed form is its table."""

    @classmethod
    def of(cls, quantity: Quantity) -> Shown:
        """Show the table of `quantity`."""
        return cls(quantity.name, quantity.draws, quantity.table, quantity.notes)

    def __repr__(self) -> str:
        return quantity_text(self)

    def _repr_html_(self) -> str:
        return quantity_html(self)
