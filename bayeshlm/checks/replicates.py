"""Group means and within-group parts of replicated outcomes, a chunk at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.gram import NOTHING, z_roots
from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.unit_products import UnitProducts


@dataclass(frozen=True, eq=False)
class SortedRows:
    """The N rows of a design sorted by the groups of a grouping.

    Attributes
    ----------
    order : (N,) array of int
        Row of the design at each place.
    codes : (N,) array of int
        Group at each place, increasing.
    starts : (J,) array of int
        First place of each group.
    n : (J,) array of int
        Rows of each group.
    """

    order: IntArray
    codes: IntArray
    starts: IntArray
    n: IntArray

    @classmethod
    def of(cls, codes: IntArray) -> SortedRows:
        """Sort rows by their groups, (N,), each of which has a row."""
        n, order = np.bincount(codes).astype(np.int64), np.argsort(codes, kind="stable")
        return cls(order, codes[order], np.concatenate([[0], np.cumsum(n)[:-1]]), n)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the rows of each group, (..., J), of sorted values (..., N)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=-1))

    def means(self, values: FloatArray) -> FloatArray:
        """Means over the rows of each group, (..., J), of sorted values (..., N)."""
        return self.sums(values) / self.n

    def deviations(self, values: FloatArray) -> FloatArray:
        """Sorted values (..., N) less their group means; zero where they do not vary but for rounding."""
        centered = values - self.means(values)[..., self.codes]
        centered -= self.means(centered)[..., self.codes]
        nothing = self.sums(centered**2) <= NOTHING * self.sums(values**2)
        return np.where(nothing[..., self.codes], 0.0, centered)


@dataclass(frozen=True, eq=False)
class Projection:
    """What least squares with own coefficients ``Z_j`` in every group, and common ones X, leaves of outcomes.

    Attributes
    ----------
    rows : SortedRows
    within : (q, N) array
        Columns of Z made orthonormal within each group; zero where a group has less than q directions.
    common : (p', N) array
        Orthonormal columns that span what the groups' own regressions leave of X.
    df : (J,) array of int
        Rows of each group less the rank of its Z_j.
    unit : (N,) array
        Known SDs of the rows, over which all rows are taken; ones where sigma is estimated.
    covariance : KnownCovariance or None
        Of the sorted rows, where it is known: all rows are then made white.
    """

    rows: SortedRows
    within: FloatArray
    common: FloatArray
    df: IntArray
    unit: FloatArray
    covariance: KnownCovariance | None = None

    @classmethod
    def of(cls, design: Design) -> Projection:
        """Make the projection of a design, with coefficients of its finest units."""
        made = UnitProducts.of(design)
        rows, S, intercept = SortedRows.of(made.units.codes), made.products.z_transform, made.intercept
        scale = 1 / np.diag(S)
        shift = np.zeros(len(S)) if intercept is None else -S[intercept] * scale
        shift[np.arange(len(S)) == intercept] = 0.0
        unit, known = design.kept_rows.unit[rows.order], design.kept_rows.covariance
        known = None if known is None else known.in_order(rows.order)
        Z = _white((design.Z[:, made.kept][rows.order].T - shift[:, None]) / scale[:, None], unit, known)
        roots = z_roots(made.products)
        within = np.array([sum(Z[k] * roots.whiten[rows.codes, r, k] for k in range(len(Z))) for r in range(len(Z))])
        own = cls(rows, within, np.empty((0, design.n_obs)), rows.n - roots.rank, unit, known)
        X = design.X[rows.order].T
        norms = np.sqrt((X**2).sum(axis=1))
        left = own.residuals(X / np.where(norms > 0, norms, 1.0)[:, None])
        _, sizes, common = np.linalg.svd(left, full_matrices=False)
        return cls(rows, within, common[sizes > 1e-7], own.df, unit, known)

    def residuals(self, values: FloatArray) -> FloatArray:
        """What is left of sorted values (B, N)."""
        left = _white(values, self.unit, self.covariance)
        for _ in range(2):  # the second time takes the rounding out
            for column in self.within:
                left -= self.rows.sums(left * column)[:, self.rows.codes] * column
        left -= (left @ self.common.T) @ self.common
        return left


def _white(values: FloatArray, unit: FloatArray, covariance: KnownCovariance | None) -> FloatArray:
    """Rows (B, N) over their SDs, or made independent."""
    return values / unit if covariance is None else covariance.whitened(values.T).T


@dataclass(frozen=True, eq=False)
class Replicates:
    """B outcomes of the N rows.

    Attributes
    ----------
    y : (B, N) array
        Sorted as `rows` says.
    rows : SortedRows
        By the groups of a grouping, or by the finest units.
    projection : Projection
        Its `residuals` are those of replicates that are sorted by the finest units.
    """

    y: FloatArray
    rows: SortedRows
    projection: Projection

    @cached_property
    def means(self) -> FloatArray:
        """Group means, (B, J)."""
        return self.rows.means(self.y)

    @property
    def mean(self) -> FloatArray:
        """Means of all rows, (B,)."""
        return np.asarray(self.y.mean(axis=1))

    @property
    def sd(self) -> FloatArray:
        """SDs of all rows, (B,)."""
        return np.asarray(self.y.std(axis=1, ddof=1))

    @property
    def df(self) -> IntArray:
        """Rows of each group less the rank of its Z_j, (J,)."""
        return self.projection.df

    @property
    def residual_squares(self) -> FloatArray:
        """Sums of squares of the residuals of each group, (B, J)."""
        return self.rows.sums(self.residuals**2)

    @cached_property
    def residuals(self) -> FloatArray:
        """Residuals of the groups' own regressions, (B, N)."""
        return self.projection.residuals(self.y)
