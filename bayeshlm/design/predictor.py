"""What a model's predictor is made of: labelled fixed columns, and random terms, each with its grouping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from bayeshlm.design.naming import Part, column_name
from bayeshlm.errors import OptionError


@dataclass(frozen=True, slots=True)
class CoefficientColumn:
    """A level-1 coefficient: label ``b1`` or ``b1[Black]``, its symbol ``b1``, its expression (``1``: intercept)."""

    label: str
    symbol: str
    expression: str
    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        """The expression in words, with what a category is compared with: ``race: Black (vs. White)``."""
        return column_name(self.parts) if self.parts else self.expression


@dataclass(frozen=True, slots=True)
class FixedColumn:
    """A column of X.

    Attributes
    ----------
    label, symbol : str
        ``g11[Black]`` and ``g11``.
    coefficient : str
        Label of the level-1 coefficient that it predicts.
    term : str
        Its expression above level 1, a product over the levels; ``1`` for the intercept of the coefficient.
    is_intercept : bool
        The column is the constant 1, because both expressions are.
    parts : tuple of Part
        Of the term.
    path : tuple of str
        Labels of the coefficients in whose lines it stands, from level 1 upward, and its own.
    """

    label: str
    symbol: str
    coefficient: str
    term: str
    is_intercept: bool
    parts: tuple[Part, ...] = ()
    path: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The term in words, with what a category is compared with: ``sector: Catholic (vs. public)``."""
        return column_name(self.parts) if self.parts else self.term


@dataclass(frozen=True, slots=True)
class RandomColumn:
    """A column of Z.

    Attributes
    ----------
    label, symbol : str
        ``u1`` or ``u1[Black]``, and ``u1``.
    coefficient : str
        Label of the coefficient in whose line it stands.
    expression : str
        What that coefficient is multiplied with, a product over the levels.
    is_intercept : bool
        That is the constant 1.
    parts : tuple of Part
        Of the expression.
    path : tuple of str
        Labels of the coefficients in whose lines it stands, from level 1 upward; of a deviation of the level-1 SD none.
    """

    label: str
    symbol: str
    coefficient: str
    expression: str
    is_intercept: bool
    parts: tuple[Part, ...] = ()
    path: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The expression in words, as of its coefficient."""
        return column_name(self.parts) if self.parts else self.expression

    @property
    def is_deviation(self) -> bool:
        """Whether it is the deviation of a coefficient; else it is that of the level-1 SD, and its column is zero."""
        return bool(self.path)

    @property
    def is_slope(self) -> bool:
        """Whether it is the deviation of a coefficient that something is multiplied with."""
        return self.is_deviation and not self.is_intercept


OF_SPREAD = "log(sigma)"
"""What stands in the place of a coefficient and its expression of the deviation of the level-1 SD."""


@dataclass(frozen=True, slots=True, eq=False)
class RandomTerm:
    """Effects that vary between the groups of one grouping.

    Attributes
    ----------
    grouping : str
        Its column.
    labels : Index of J groups
    columns : tuple of RandomColumn
        The effects, in the order of the columns of Z; that of the level-1 SD is the last.
    blocks : tuple of tuple of int
        Covariance pattern: positions in `columns` of the effects that may covary; blocks are independent.
    """

    grouping: str
    labels: pd.Index
    columns: tuple[RandomColumn, ...]
    blocks: tuple[tuple[int, ...], ...]

    @property
    def deviations(self) -> tuple[RandomColumn, ...]:
        """The effects that are deviations of coefficients: all, or all but the last."""
        return tuple(column for column in self.columns if column.is_deviation)

    def without_spread_effect(self) -> RandomTerm:
        """The term without the random effect of the level-1 SD."""
        q = len(self.deviations)
        blocks = (tuple(k for k in block if k < q) for block in self.blocks)
        return replace(self, columns=self.deviations, blocks=tuple(block for block in blocks if block))


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """The fixed columns, and a random term for each grouping, from the inside out."""

    fixed: tuple[FixedColumn, ...]
    random: tuple[RandomTerm, ...]

    @property
    def effects(self) -> tuple[RandomColumn, ...]:
        """Those of all terms, one after the other."""
        return tuple(column for term in self.random for column in term.columns)

    @property
    def deviations(self) -> tuple[RandomColumn, ...]:
        """The effects that are deviations of coefficients: all, or all but the last."""
        return tuple(column for term in self.random for column in term.deviations)

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Positions in `effects`, the independent blocks of G; no block has effects of two groupings."""
        starts = (self.effects_of(k).start for k in range(len(self.random)))
        return tuple(
            tuple(start + k for k in block)
            for start, term in zip(starts, self.random, strict=True)
            for block in term.blocks
        )

    @property
    def has_correlations(self) -> bool:
        """Whether some effects may covary."""
        return any(len(block) > 1 for term in self.random for block in term.blocks)

    def effects_of(self, grouping: int) -> slice:
        """Where the random effects of a grouping stand among those of all."""
        start = sum(len(term.columns) for term in self.random[:grouping])
        return slice(start, start + len(self.random[grouping].columns))

    @property
    def groupings(self) -> tuple[str, ...]:
        """Grouping columns."""
        return tuple(term.grouping for term in self.random)

    @property
    def only(self) -> int:
        """Position of the only grouping; an OptionError where there are several, as all that is about its groups."""
        if len(self.random) > 1:
            raise OptionError(
                f"this is defined for models with one grouping; this model has {len(self.random)}: "
                f"{', '.join(self.groupings)}"
            )
        return 0

    def position_of(self, grouping: str | None = None) -> int:
        """Position of a grouping; of the only one where none is named.

        Raises
        ------
        OptionError
            There is none of that name, or there are several and none is named.
        """
        if grouping in self.groupings:
            return self.groupings.index(grouping)
        if grouping is None and len(self.groupings) == 1:
            return 0
        said = "say which grouping" if grouping is None else f"there is no grouping {grouping!r}"
        raise OptionError(f"{said}: grouping= is one of {', '.join(map(repr, self.groupings))}")


def intercept_position(columns: Sequence[FixedColumn | RandomColumn]) -> int | None:
    """Position of the column of ones among columns of X or Z."""
    return next((k for k, column in enumerate(columns) if column.is_intercept), None)
