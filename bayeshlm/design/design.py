"""The design of a two-level model: from its equations and the data to matrices with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayeshlm.design.columns import coding
from bayeshlm.design.cross_products import CrossProducts, cross_products
from bayeshlm.design.left_out import NOTHING, LeftOut
from bayeshlm.design.naming import Part, column_name
from bayeshlm.design.rows import predictors
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.spec import ModelSpec


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
        Its level-2 expression; ``1`` for the intercept of its line.
    is_intercept : bool
        The column is the constant 1, because both expressions are.
    parts : tuple of Part
        Of the term.
    """

    label: str
    symbol: str
    coefficient: str
    term: str
    is_intercept: bool
    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        """The term in words, with what a category is compared with: ``sector: Catholic (vs. public)``."""
        return column_name(self.parts) if self.parts else self.term


@dataclass(frozen=True, slots=True)
class RandomColumn:
    """A column of Z: label ``u1`` or ``u1[Black]``, symbol, label of its coefficient and that one's expression."""

    label: str
    symbol: str
    coefficient: str
    expression: str
    is_intercept: bool
    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        """The expression in words, as of its coefficient."""
        return column_name(self.parts) if self.parts else self.expression


@dataclass(frozen=True, eq=False, repr=False)
class Design:
    """Numbers of a model, ``y = offset + X gamma + Z u + r`` (Laird & Ware 1982), with their labels.

    With A the (N, C) level-1 expressions, ``X[i, k] = A[i, c(k)] W[g(i), k]``, where c(k) is the coefficient that
    column k predicts; Z holds the columns of A whose coefficient has a random effect; ``beta_j = W_j gamma + u_j``,
    where row c of W_j has ``W[j, k]`` in the columns of c and zeros elsewhere.

    Attributes
    ----------
    spec : ModelSpec
    group : str
        Grouping column.
    group_labels : Index of J groups
    group_codes : (N,) array of int
        Position of each row's group in `group_labels`.
    y, offset : (N,) arrays
    X : (N, p) array
    Z : (N, q) array
    W : (J, p) array
        Value in each group of the level-2 term of each column of X.
    fixed : tuple of FixedColumn
        Columns of X.
    random : tuple of RandomColumn
        Columns of Z.
    coefficients : tuple of CoefficientColumn
        Level-1 coefficients.
    blocks : tuple of tuple of int
        Positions in `random`, the independent blocks of G.
    frame : DataFrame
        The rows kept and the columns used, as the data hold them.
    rows_dropped : int
        Rows left out because a used column misses a value.
    left_out : LeftOut
        Which columns, and the groups that lost all their rows.
    """

    spec: ModelSpec
    group: str
    group_labels: pd.Index
    group_codes: IntArray
    y: FloatArray
    offset: FloatArray
    X: FloatArray
    Z: FloatArray
    W: FloatArray
    fixed: tuple[FixedColumn, ...]
    random: tuple[RandomColumn, ...]
    coefficients: tuple[CoefficientColumn, ...]
    blocks: tuple[tuple[int, ...], ...]
    frame: pd.DataFrame
    rows_dropped: int
    left_out: LeftOut = NOTHING

    def __repr__(self) -> str:
        dropped = f" ({self.rows_dropped} dropped)" if self.rows_dropped else ""
        return (
            f"Design({self.n_obs} rows{dropped} in {self.n_groups} groups of {self.group!r}, "
            f"{len(self.fixed)} fixed and {len(self.random)} random effects)"
        )

    @property
    def n_obs(self) -> int:
        """Number of rows N."""
        return len(self.y)

    @property
    def n_groups(self) -> int:
        """Number of groups J."""
        return len(self.group_labels)

    @cached_property
    def n_per_group(self) -> IntArray:
        """Rows of each group, (J,)."""
        return np.bincount(self.group_codes, minlength=self.n_groups).astype(np.int64)

    @property
    def fixed_labels(self) -> list[str]:
        """Labels of the columns of X."""
        return [column.label for column in self.fixed]

    @property
    def random_labels(self) -> list[str]:
        """Labels of the columns of Z."""
        return [column.label for column in self.random]

    @property
    def coefficient_labels(self) -> list[str]:
        """Labels of the level-1 coefficients."""
        return [column.label for column in self.coefficients]

    @property
    def random_coefficients(self) -> list[int]:
        """Positions in `coefficients` of those that have a random effect, in the order of `random`."""
        labels = self.coefficient_labels
        return [labels.index(column.coefficient) for column in self.random]

    @cached_property
    def coefficient_of(self) -> IntArray:
        """Position in `coefficients` of the one that each column of X predicts, (p,)."""
        labels = self.coefficient_labels
        return np.array([labels.index(column.coefficient) for column in self.fixed], dtype=np.int64)

    @property
    def coded(self) -> dict[str, Coding]:
        """Predictors that are no numbers, with what R reads them as."""
        names = {column.name for column, in_c in predictors(self.spec) if not in_c}
        found = {name: coding(self.frame[name]) for name in sorted(names)}
        return {name: kind for name, kind in found.items() if kind is not None}

    @cached_property
    def cross_products(self) -> CrossProducts:
        """Per-group cross-products of the scaled columns, formed at first use."""
        z_intercept = intercept_position(self.random)
        centered = next((block for block in self.blocks if z_intercept in block), ())
        return cross_products(
            self.y - self.offset,
            self.X,
            self.Z,
            self.group_codes,
            self.n_groups,
            x_intercept=intercept_position(self.fixed),
            z_intercept=z_intercept,
            z_centered=centered,
        )


def intercept_position(columns: Sequence[FixedColumn | RandomColumn]) -> int | None:
    """Position of the column of ones among columns of X or Z."""
    return next((k for k, column in enumerate(columns) if column.is_intercept), None)
