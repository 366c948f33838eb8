"""The design of a two-level model: from its equations and the data to matrices with labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.column_moments import ColumnMoments, moments_of
from bayeshlm.design.columns import coding
from bayeshlm.design.cross_products import CrossProducts, cross_products
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.left_out import NOTHING, LeftOut
from bayeshlm.design.predictor import (
    CoefficientColumn,
    FixedColumn,
    Predictor,
    RandomColumn,
    RandomTerm,
    intercept_position,
)
from bayeshlm.design.rows import predictors
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError


@dataclass(frozen=True, eq=False, repr=False)
class Design:
    """Numbers of a model, ``y = offset + X gamma + Z u + r`` (Laird & Ware 1982), with their labels.

    With A the (N, C) level-1 expressions, ``X[i, k] = A[i, c(k)] W[g(i), k]``, where c(k) is the coefficient that
    column k predicts; Z holds the columns of A whose coefficient has a random effect; ``beta_j = W_j gamma + u_j``,
    where row c of W_j has ``W[j, k]`` in the columns of c and zeros elsewhere.

    Attributes
    ----------
    spec : ModelSpec
    predictor : Predictor
        Fixed columns and random terms. Of the only random term, `group` is the grouping column, `group_labels` its J
        groups, `random` its columns and `blocks` its covariance pattern.
    coefficients : tuple of CoefficientColumn
        Level-1 coefficients.
    W : (J, p) array
        Value in each group of the level-2 term of each column of X.
    moments : ColumnMoments
    cross_products : CrossProducts
        Per-group cross-products of the scaled columns.
    rows : DesignRows or None
        The rows, where they are at hand: `y`, `offset`, `X`, `Z`, `group_codes` and `frame`.
    rows_dropped : int
        Rows left out because a used column misses a value.
    left_out : LeftOut
        Which columns, and the groups that lost all their rows.
    """

    spec: ModelSpec
    predictor: Predictor
    coefficients: tuple[CoefficientColumn, ...]
    W: FloatArray
    moments: ColumnMoments
    cross_products: CrossProducts
    rows: DesignRows | None
    rows_dropped: int = 0
    left_out: LeftOut = NOTHING

    @classmethod
    def of(
        cls,
        spec: ModelSpec,
        predictor: Predictor,
        coefficients: tuple[CoefficientColumn, ...],
        W: FloatArray,
        rows: DesignRows,
        rows_dropped: int = 0,
        left_out: LeftOut = NOTHING,
    ) -> Design:
        """Make the design of rows: form their moments and cross-products, once."""
        (term,) = predictor.random
        return cls(
            spec=spec,
            predictor=predictor,
            coefficients=coefficients,
            W=W,
            moments=moments_of(rows, W, predictor.fixed, term.columns),
            cross_products=_products(predictor.fixed, term, rows),
            rows=rows,
            rows_dropped=rows_dropped,
            left_out=left_out,
        )

    def changed(self, **parts: Any) -> Design:
        """The design with other parts (arguments of `of`), moments and cross-products formed anew."""
        kept = {name: getattr(self, name) for name in _PARTS}
        kept["rows"] = self.kept_rows
        return Design.of(**(kept | parts))

    def sums_only(self) -> Design:
        """The design with all but its rows."""
        return replace(self, rows=None)

    def __repr__(self) -> str:
        dropped = f" ({self.rows_dropped} dropped)" if self.rows_dropped else ""
        return (
            f"Design({self.n_obs} rows{dropped} in {self.n_groups} groups of {self.group!r}, "
            f"{len(self.fixed)} fixed and {len(self.random)} random effects)"
        )

    @property
    def kept_rows(self) -> DesignRows:
        """The rows.

        Raises
        ------
        DataError
            The design has none.
        """
        if self.rows is None:
            raise DataError(
                "this needs the rows of the data, but of this model only sums over rows are at hand: make the model "
                "from a DataFrame"
            )
        return self.rows

    @property
    def y(self) -> FloatArray:
        """Outcome, (N,)."""
        return self.kept_rows.y

    @property
    def offset(self) -> FloatArray:
        """Part of the outcome that is known, (N,)."""
        return self.kept_rows.offset

    @property
    def X(self) -> FloatArray:
        """Columns of the fixed effects, (N, p)."""
        return self.kept_rows.X

    @property
    def Z(self) -> FloatArray:
        """Columns of the random effects, (N, q)."""
        (columns,) = self.kept_rows.Z
        return columns

    @property
    def group_codes(self) -> IntArray:
        """Position of each row's group in `group_labels`, (N,)."""
        (codes,) = self.kept_rows.codes
        return codes

    @property
    def frame(self) -> pd.DataFrame:
        """The rows kept and the columns used, as the data hold them."""
        return self.kept_rows.frame

    @property
    def term(self) -> RandomTerm:
        """The only random term."""
        (term,) = self.predictor.random
        return term

    @property
    def fixed(self) -> tuple[FixedColumn, ...]:
        """Columns of X."""
        return self.predictor.fixed

    @property
    def random(self) -> tuple[RandomColumn, ...]:
        """Columns of Z."""
        return self.term.columns

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Positions in `random`, the independent blocks of G."""
        return self.term.blocks

    @property
    def group(self) -> str:
        """Grouping column."""
        return self.term.grouping

    @property
    def group_labels(self) -> pd.Index:
        """The J groups."""
        return self.term.labels

    @property
    def n_obs(self) -> int:
        """Number of rows N."""
        return int(self.n_per_group.sum())

    @property
    def n_groups(self) -> int:
        """Number of groups J."""
        return len(self.group_labels)

    @property
    def n_per_group(self) -> IntArray:
        """Rows of each group, (J,)."""
        return self.cross_products.n

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


_PARTS = ("spec", "predictor", "coefficients", "W", "rows_dropped", "left_out")


def _products(fixed: tuple[FixedColumn, ...], term: RandomTerm, rows: DesignRows) -> CrossProducts:
    z_intercept = intercept_position(term.columns)
    return cross_products(
        rows.y - rows.offset,
        rows.X,
        rows.Z[0],
        rows.codes[0],
        len(term.labels),
        x_intercept=intercept_position(fixed),
        z_intercept=z_intercept,
        z_centered=next((block for block in term.blocks if z_intercept in block), ()),
    )
