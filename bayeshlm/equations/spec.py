"""The specification of a model: what the level equations say, without any data.

All types are frozen values: two specifications are equal when they say the same thing, wherever
the text was laid out differently. Spans point back into the text, for error messages, and do not
take part in comparison.
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


@dataclass(frozen=True, slots=True)
class Product:
    """A product of factors; the empty product is the constant 1, an intercept."""

    factors: tuple[Factor, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether this is the constant 1."""
        return not self.factors


@dataclass(frozen=True, slots=True)
class Level1Term:
    """``coefficient*expression`` of the level-1 equation."""

    coefficient: str
    expression: Product
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FixedTerm:
    """``symbol*expression`` of a level-2 equation: one fixed effect (gamma)."""

    symbol: str
    expression: Product
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Level2Equation:
    """``coefficient = fixed terms + random``: at least one of the two is there."""

    coefficient: str
    fixed: tuple[FixedTerm, ...]
    random: str | None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A two-level model as its equations state it.

    Attributes
    ----------
    outcome : Column
        Left side of the level-1 equation.
    level1 : tuple of Level1Term
        Terms of the level-1 equation in the order of the text.
    residual : str
        Symbol of the level-1 residual.
    level2 : tuple of Level2Equation
        One equation a level-1 term, in the order of ``level1``.
    offsets : tuple of Product
        Expressions of the level-1 equation whose coefficient is fixed at one: ``offset(x)``.
    blocks : tuple of tuple of str
        The random effects, partitioned into blocks that are independent of each other
        (``cov(u0, u1) = 0``); one block when all may covary, none when there are no effects.
    group : str or None
        Grouping column named in the text (``u0[school]``), if any.
    text : str
        The text that was read; not compared.
    """

    outcome: Column
    level1: tuple[Level1Term, ...]
    residual: str
    level2: tuple[Level2Equation, ...]
    offsets: tuple[Product, ...] = ()
    blocks: tuple[tuple[str, ...], ...] = ()
    group: str | None = None
    text: str = field(default="", compare=False, repr=False)

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Symbols of the level-1 coefficients (beta)."""
        return tuple(term.coefficient for term in self.level1)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Symbols of the fixed effects (gamma), in the order of the level-2 equations."""
        return tuple(term.symbol for equation in self.level2 for term in equation.fixed)

    @property
    def random(self) -> tuple[str, ...]:
        """Symbols of the random effects (u), in the order of the level-2 equations."""
        return tuple(equation.random for equation in self.level2 if equation.random is not None)
