"""What the right side of a formula is made of: terms of variables, and terms of random effects."""

from __future__ import annotations

from dataclasses import dataclass, field

from bayeshlm.equations.product import Product, Span


@dataclass(frozen=True, slots=True)
class Variables:
    """A term: variables of which each is a product, ``I(x*z):w`` two; no variable is the intercept.

    Two terms are equal that have the same variables, in whatever order.
    """

    products: tuple[Product, ...] = ()
    span: Span = field(default=(0, 1), compare=False)

    @property
    def key(self) -> frozenset[Product]:
        """What makes it the term that it is."""
        return frozenset(self.products)

    @property
    def product(self) -> Product:
        """All factors."""
        return Product(tuple(factor for product in self.products for factor in product.factors))

    def times(self, other: Variables) -> Variables:
        """Their interaction, ``a:b``; ``a:a`` is ``a``."""
        own = (*self.products, *(product for product in other.products if product not in self.products))
        return Variables(own, (min(self.span[0], other.span[0]), max(self.span[1], other.span[1])))


@dataclass(frozen=True, slots=True)
class Bar:
    """``(1 + x | g)``: its terms, its grouping, whether they covary, and brms's mark of those that covary, ``|v|``."""

    terms: tuple[Variables, ...]
    grouping: str
    correlated: bool
    span: Span
    mark: str = ""


@dataclass(frozen=True, slots=True)
class RightSide:
    """The right side of a formula.

    Attributes
    ----------
    terms : tuple of Variables
        With the intercept, if there is one.
    bars : tuple of Bar
        Of random effects.
    offsets : tuple of Product
    places : tuple of int
        Where terms of correlated residuals begin, as positions of a cursor.
    """

    terms: tuple[Variables, ...]
    bars: tuple[Bar, ...]
    offsets: tuple[Product, ...]
    places: tuple[int, ...] = ()
