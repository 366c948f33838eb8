"""What an equation does with columns of the data: columns, calls of functions, and products of both.

All types are frozen values, as in `bayeshlm.equations.spec`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

type Span = tuple[int, int]
"""Start and end offset of a piece of the equations' text."""

type Option = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data, by the name the text uses (subscripts such as ``_ij`` are kept)."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A whitelisted function of an expression, such as ``cwc(ses)`` or ``C(race, ref="White")``."""

    function: str
    argument: Product
    options: tuple[tuple[str, Option], ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


type Factor = Column | Call

LEVEL, PART = "level of", "column of"
"""Functions that no text can have: those of the columns that categories, polynomials and splines stand for.

``Call(LEVEL, column, (("level", ...), ("coding", ...), ("reference", ...)))`` is the column of a level, and
``Call(PART, call, (("column", ...),))`` a column of a basis; LaTeX and MathML write them."""

UNITS = "units"
"""Option that no text of level equations can have: the grouping of whose units a formula takes one value each."""

MATRIX = "matrix"
"""Option that no text of level equations can have: the columns that a formula writes as a matrix, whatever R would
make of the category, ``"contrasts"`` or ``"every level"``."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of factors; the empty product is the constant 1, an intercept."""

    factors: tuple[Factor, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether this is the constant 1."""
        return not self.factors
