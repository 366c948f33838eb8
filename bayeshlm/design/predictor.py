"""What a model's predictor is made of: labelled fixed columns, and random terms, each with its grouping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bayeshlm.design.naming import Part, column_name
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.notations.r_code import Coding


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
    def in_predictor(self) -> bool:
        """Whether it is the deviation of a coefficient; else it is that of the level-1 SD, and its column is zero."""
        return bool(self.path)


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
    def in_predictor(self) -> tuple[RandomColumn, ...]:
        """The effects that are deviations of coefficients: all, or all but the last."""
        return tuple(column for column in self.columns if column.in_predictor)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The units that rows lie in, row by row or, where the rows are not at hand, for each combination that has some.

    Attributes
    ----------
    codes : tuple of (M,) arrays of int
        Position of the unit of each grouping among its labels.
    frame : DataFrame of M rows
        Columns used that do not vary within a combination.
    n : (M,) array of int or None
        Rows of each combination; None where these are the rows.
    varying : mapping of str to {"logical", "numbers", "text"} or None
        Columns used that do vary within combinations, with what R reads those as that are no numbers.
    weight : (M,) array or None
        Sums of one over the known variances of the rows; None where the level-1 SD is estimated.
    """

    codes: tuple[IntArray, ...]
    frame: pd.DataFrame
    n: IntArray | None = None
    varying: Mapping[str, Coding | None] = field(default_factory=dict)
    weight: FloatArray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All columns used."""
        return (*map(str, self.frame.columns), *self.varying)

    def rows_of_units(self, grouping: int, n_units: int) -> IntArray:
        """Number of rows of each unit of a grouping, (J,)."""
        counts = np.bincount(self.codes[grouping], weights=self.n, minlength=n_units)
        return counts.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """The fixed columns, and a random term for each grouping."""

    fixed: tuple[FixedColumn, ...]
    random: tuple[RandomTerm, ...]

    def effects_of(self, grouping: int) -> slice:
        """Where the random effects of a grouping stand among those of all."""
        start = sum(len(term.columns) for term in self.random[:grouping])
        return slice(start, start + len(self.random[grouping].columns))


def intercept_position(columns: Sequence[FixedColumn | RandomColumn]) -> int | None:
    """Position of the column of ones among columns of X or Z."""
    return next((k for k, column in enumerate(columns) if column.is_intercept), None)
