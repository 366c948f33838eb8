"""`Path`: how an effect gets into the outcome's equation."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.equations.product import Product


@dataclass(frozen=True, slots=True)
class Path:
    """How an effect gets into the outcome's equation: through its line and those below.

    Attributes
    ----------
    symbols : tuple of str
        The coefficient of level 1, those of the levels between, and the effect: ``("p0", "b00", "g001")``.
    expressions : tuple of Product
        What multiplies them, one expression a level from level 1 upward: L for a fixed effect of a level-L line, and
        those of the L - 1 levels below for a random effect.
    grouping : int, optional
        Position in `ModelSpec.groupings` of a random effect's grouping; None for a fixed effect.
    """

    symbols: tuple[str, ...]
    expressions: tuple[Product, ...]
    grouping: int | None = None

    @property
    def symbol(self) -> str:
        """The effect."""
        return self.symbols[-1]

    @property
    def coefficient(self) -> str:
        """The level-1 coefficient that it is a part of."""
        return self.symbols[0]

    @property
    def product(self) -> Product:
        """What multiplies the effect in the combined equation, the highest level first."""
        return Product(tuple(factor for expression in reversed(self.expressions) for factor in expression.factors))
