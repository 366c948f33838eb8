"""The design of a model: from its equations and the data to matrices with labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.cells import Cells, coded_predictors
from bayeshlm.design.column_moments import ColumnMoments, moments_of
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design_rows import DesignRows, no_rows
from bayeshlm.design.design_weights import DesignWeights
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.left_out import NOTHING, LeftOut
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.predictor import CoefficientColumn, FixedColumn, Predictor, RandomColumn, RandomTerm
from bayeshlm.design.products import products_of
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.summed_rows import SummedRows
from bayeshlm.design.unit_equations import UnitEquations
from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.spec import ModelSpec


@dataclass(frozen=True, eq=False, repr=False)
class Design:
    """Numbers of a model, ``y = offset + X gamma + Z u + r`` (Laird & Ware 1982), with their labels.

    With two levels and A the (N, C) level-1 expressions, ``X[i, k] = A[i, c(k)] W[g(i), k]``, where c(k) is the
    coefficient that column k predicts; Z holds the columns of A whose coefficient has a random effect;
    ``beta_j = W_j gamma + u_j``, where row c of W_j has ``W[j, k]`` in the columns of c and zeros elsewhere. With more
    levels X and Z are products of the expressions of all levels, and `equations` says what the coefficients of the
    units of each grouping are. With several groupings Z u is a sum over them.

    Attributes
    ----------
    spec : ModelSpec
    outcome : Outcome
    predictor : Predictor
        Fixed columns, and a random term for each grouping, from the inside out. `random` and `blocks` are the columns
        and the covariance patterns of all terms, one after the other. Of the only random term, `group` is the grouping
        column and `group_labels` its J groups.
    coefficients : tuple of CoefficientColumn
        Level-1 coefficients.
    equations : tuple of UnitEquations
        Of each grouping.
    moments : ColumnMoments
    products : CrossProducts or JointProducts
        Cross-products of the scaled columns: by group, or those of several groupings.
    rows : DesignRows or None
        The rows, where they are at hand: `y`, `offset`, `X`, `Z`, `group_codes` and `frame`.
    cells : Cells
        The units that the rows lie in, and the columns that do not vary within these.
    rows_dropped : int
        Rows left out because a used column misses a value.
    left_out : LeftOut
        Which columns, and the groups that lost all their rows.
    weights : DesignWeights or None
        Sampling weights; those of the rows are in the cross-products, but in no moment.
    summed : SummedRows or None
        Where the rows stay in a database: their sums, and a random sample of them.
    """

    spec: ModelSpec
    outcome: Outcome
    predictor: Predictor
    coefficients: tuple[CoefficientColumn, ...]
    equations: tuple[UnitEquations, ...]
    moments: ColumnMoments
    products: CrossProducts | JointProducts
    rows: DesignRows | None
    cells: Cells
    rows_dropped: int = 0
    left_out: LeftOut = NOTHING
    weights: DesignWeights | None = None
    summed: SummedRows | None = None

    @classmethod
    def of(
        cls,
        spec: ModelSpec,
        outcome: Outcome,
        predictor: Predictor,
        coefficients: tuple[CoefficientColumn, ...],
        equations: tuple[UnitEquations, ...],
        rows: DesignRows,
        rows_dropped: int = 0,
        left_out: LeftOut = NOTHING,
        weights: DesignWeights | None = None,
    ) -> Design:
        """Make the design of rows: form their moments and cross-products, once."""
        return cls(
            spec=spec,
            outcome=outcome,
            predictor=predictor,
            coefficients=coefficients,
            equations=equations,
            moments=moments_of(rows, equations, predictor.fixed, predictor.effects),
            products=products_of(predictor, rows, None if weights is None else weights.row),
            rows=rows,
            rows_dropped=rows_dropped,
            left_out=left_out,
            weights=weights,
            cells=Cells.of(rows),
        )

    def changed(self, **parts: Any) -> Design:
        """The design with other parts (arguments of `of`), moments and cross-products formed anew."""
        names = ("spec", "outcome", "predictor", "coefficients", "equations", "rows_dropped", "left_out", "weights")
        kept = {name: getattr(self, name) for name in names} | {"rows": self.kept_rows}
        return Design.of(**(kept | parts))

    def with_sample(self) -> Design:
        """The design with rows at hand: its own, or a random sample of those in a database; else a DataError.

        Moments and cross-products stay those of all rows. `n_obs` counts these, `kept_rows.n_rows` those at hand.
        """
        if self.rows is not None:
            return self
        if self.summed is None:
            raise no_rows()
        return replace(self, rows=self.summed.sample.rows)

    def with_all_rows(self) -> Design:
        """The design with all rows at hand, those in a database where a sample has all of them; else a DataError."""
        if self.rows is not None:
            return self
        rows = self.with_sample().kept_rows
        if rows.n_rows < self.n_obs:
            raise no_rows()
        return replace(self, rows=rows, cells=Cells.of(rows), summed=None)

    def __repr__(self) -> str:
        dropped = f" ({self.rows_dropped} dropped)" if self.rows_dropped else ""
        groups = " and ".join(f"{len(term.labels)} groups of {term.grouping!r}" for term in self.predictor.random)
        effects = f"{len(self.fixed)} fixed and {len(self.random)} random effects"
        return f"Design({self.n_obs} rows{dropped} in {groups}, {effects})"

    @property
    def kept_rows(self) -> DesignRows:
        """The rows; a DataError where they are not at hand."""
        if self.rows is None:
            raise no_rows()
        return self.rows

    @property
    def y(self) -> FloatArray:
        """Outcome, (N,); this and the next are a DataError where the rows are not at hand."""
        return self.kept_rows.y

    @property
    def offset(self) -> FloatArray:
        """Part of the outcome that is known, (N,)."""
        return self.kept_rows.offset

    @property
    def size(self) -> FloatArray:
        """Number of trials of the outcome, 1 where its distribution has none, (N,)."""
        return self.kept_rows.size

    @property
    def X(self) -> FloatArray:
        """Columns of the fixed effects, (N, p)."""
        return self.kept_rows.X

    @property
    def Z(self) -> FloatArray:
        """Columns of the random effects of all groupings, (N, q)."""
        return self.kept_rows.all_Z

    @property
    def group_codes(self) -> IntArray:
        """Position of each row's group in `group_labels`, (N,)."""
        return self.kept_rows.codes[self.only]

    @property
    def sum_of_log_sd(self) -> float:
        """Sum of the logs of the known level-1 SDs, by which the density is that of the products; 0 without any."""
        return 0.0 if self.products.log_sd is None else float(np.sum(self.products.log_sd))

    @property
    def frame(self) -> pd.DataFrame:
        """The rows kept and the columns used, as the data hold them."""
        return self.kept_rows.frame

    @cached_property
    def coded(self) -> Mapping[str, Coding]:
        """Predictors that are no numbers, with what R reads them as."""
        return coded_predictors(self.spec, self.cells)

    @property
    def groupings(self) -> tuple[str, ...]:
        """Grouping columns, from the inside out."""
        return self.predictor.groupings

    @property
    def only(self) -> int:
        """Position of the only grouping; an OptionError where there are several, as all that is about its groups."""
        return self.predictor.only

    def position_of(self, grouping: str | None = None) -> int:
        """Position of a grouping; of the only one where none is named, else an OptionError."""
        return self.predictor.position_of(grouping)

    @property
    def term(self) -> RandomTerm:
        """The only random term."""
        return self.predictor.random[self.only]

    @property
    def W(self) -> FloatArray:
        """Value in each group of the level-2 term of each column of X, (J, p)."""
        return self.equations[self.only].W

    @property
    def cross_products(self) -> CrossProducts:
        """Cross-products of the only grouping, by group."""
        found = (self.products,)[self.only]
        assert isinstance(found, CrossProducts)
        return found

    @property
    def fixed(self) -> tuple[FixedColumn, ...]:
        """Columns of X."""
        return self.predictor.fixed

    @cached_property
    def random(self) -> tuple[RandomColumn, ...]:
        """Columns of Z, those of all groupings."""
        return self.predictor.effects

    @cached_property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Positions in `random`, the independent blocks of G; no block has effects of two groupings."""
        return self.predictor.blocks

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
        return self.moments.n_obs

    @property
    def n_groups(self) -> int:
        """Number of groups J."""
        return len(self.group_labels)

    @property
    def n_unit_coefficients(self) -> list[int]:
        """Numbers of the coefficients of the units of each grouping, J times C."""
        return [len(one.W) * len(one.coefficients) for one in self.equations]

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
        """Positions in `coefficients` of those that have a random effect, in the order of `random`.

        An effect of the level-1 SD, which would be the last, is that of no coefficient.
        """
        labels = self.coefficient_labels
        return [labels.index(column.coefficient) for column in self.term.deviations]

    @cached_property
    def coefficient_of(self) -> IntArray:
        """Position in `coefficients` of the one that each column of X predicts, (p,)."""
        labels = self.coefficient_labels
        return np.array([labels.index(column.coefficient) for column in self.fixed], dtype=np.int64)
