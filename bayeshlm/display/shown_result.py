"""`ShownResult`: a mixin that prints a result as the blocks that its class lays out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from bayeshlm.display.blocks import Block
from bayeshlm.display.html import to_html
from bayeshlm.display.text import to_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class ShownResult:
    """First base of ``class ShownLoo(ShownResult, Loo)``: gives a frozen dataclass its printed form."""

    def _blocks(self) -> Iterable[Block]:
        raise NotImplementedError

    @classmethod
    def of(cls, result: DataclassInstance, *more: object) -> Self:
        """Show a result, an object of the class's other base; `more` are fields that the shown class adds."""
        return cls(*(getattr(result, field.name) for field in dataclasses.fields(result)), *more)

    def __repr__(self) -> str:
        return to_text(self._blocks())

    def _repr_html_(self) -> str:
        return to_html(self._blocks())
