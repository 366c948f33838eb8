"""Replicated outcomes of rows that stay in a database: their sums by cell, and the rows of a random sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bayeshlm.design.cell_sums import CellColumns, together
from bayeshlm.design.design import Design
from bayeshlm.design.gram import gram_roots, mean_squares
from bayeshlm.design.predictor import intercept_position
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.summed_rows import SummedRows

if TYPE_CHECKING:
    from scipy import sparse

LEFT = 1e-12
"""Share of a column's sum of squares that the groups' own regressions must leave for it to count."""


@dataclass(frozen=True, eq=False)
class SummedProjection:
    """What least squares with own coefficients in every cell, and common ones, leaves of outcomes: from sums.

    As `bayeshlm.checks.replicates.Projection`, in the basis of `SummedRows`.

    Attributes
    ----------
    within : (M, K, q) array
        Combinations of the basis that are orthonormal in each cell and span Z there.
    common : (M, K, p') array
        Combinations that are orthonormal over all rows and span what the cells' own regressions leave of X.
    df : (M,) array of int
        Rows of each cell less the rank of its Z.
    """

    within: FloatArray
    common: FloatArray
    df: IntArray

    @classmethod
    def of(cls, design: Design, summed: SummedRows) -> SummedProjection:
        """Make the projection of a design."""
        gram, n = summed.gram, summed.sums.n
        intercept = intercept_position(design.random)
        Z, X = summed.in_basis(together(summed.columns.Z)), summed.in_basis(summed.columns.X)
        if intercept is not None:  # what is far from zero loses no digits then
            Z[:, 0] -= np.where(np.arange(Z.shape[2]) == intercept, 0.0, _means(summed, together(summed.columns.Z)))
            X[:, 0] -= _means(summed, summed.columns.X)
        ZtZ = np.einsum("mka,mkl,mlb->mab", Z, gram, Z, optimize=True)
        roots = gram_roots(ZtZ, n, mean_squares(ZtZ, n))
        within = Z @ roots.whiten.transpose(0, 2, 1)
        norms = np.sqrt(np.einsum("mka,mkl,mla->a", X, gram, X, optimize=True))
        left = X / np.where(norms > 0, norms, 1.0)
        for _ in range(2):  # the second time takes the rounding out
            left = left - within @ (within.transpose(0, 2, 1) @ (gram @ left))
        values, vectors = np.linalg.eigh(np.einsum("mka,mkl,mlb->ab", left, gram, left, optimize=True))
        kept = values > LEFT
        return cls(within, left @ (vectors[:, kept] / np.sqrt(values[kept])), n - roots.rank)


def _means(summed: SummedRows, columns: CellColumns) -> FloatArray:
    return np.asarray(columns.totals(summed.sums).sum(axis=0) / summed.sums.n_obs)


@dataclass(frozen=True, eq=False)
class SummedReplicates:
    """B outcomes of rows that stay in a database.

    Attributes
    ----------
    summed : SummedRows
    projection : SummedProjection
    units : sparse (J, M) array
        Ones where a cell belongs to a group.
    products : (B, M, K) array
        ``A'y`` of the outcomes less `SummedRows.y_center`.
    squares : (B, M) array
        ``y'y`` of these.
    y : (B, n) array
        Outcomes of the rows of the sample.
    """

    summed: SummedRows
    projection: SummedProjection
    units: sparse.csr_array
    products: FloatArray
    squares: FloatArray
    y: FloatArray

    @cached_property
    def n(self) -> IntArray:
        """Rows of each group, (J,)."""
        return np.asarray(self.units @ self.summed.sums.n)

    @cached_property
    def means(self) -> FloatArray:
        """Group means, (B, J)."""
        return self.summed.y_center + (self.units @ self.products[..., 0].T).T / self.n

    @property
    def mean(self) -> FloatArray:
        """Means of all rows, (B,)."""
        return np.asarray(self.summed.y_center + self._rest)

    @property
    def _rest(self) -> FloatArray:
        return np.asarray(self.products[..., 0].sum(axis=1) / self.summed.sums.n_obs)

    @property
    def sd(self) -> FloatArray:
        """SDs of all rows, (B,)."""
        N = self.summed.sums.n_obs
        return np.sqrt(np.maximum(self.squares.sum(axis=1) - N * self._rest**2, 0.0) / (N - 1))

    @property
    def df(self) -> IntArray:
        """Rows of each cell less the rank of its Z, (M,)."""
        return self.projection.df

    @cached_property
    def _along(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Coefficients of the cells' own regressions, (B, M, q), and along the common columns, by cell and in all."""
        own = np.einsum("smk,mkq->smq", self.products, self.projection.within)
        common = np.einsum("smk,mkc->smc", self.products, self.projection.common)
        return own, common, common.sum(axis=1)

    @cached_property
    def residual_squares(self) -> FloatArray:
        """Sums of squares of the residuals of each cell, (B, M)."""
        own, common, everywhere = self._along
        C = self.projection.common
        inside = np.einsum("mkc,mkl,mld->mcd", C, self.summed.gram, C, optimize=True)
        rest: FloatArray = self.squares - (own**2).sum(axis=2) - 2 * np.einsum("smc,sc->sm", common, everywhere)
        rest += np.einsum("sc,mcd,sd->sm", everywhere, inside, everywhere, optimize=True)
        return np.maximum(rest, 0.0)

    @cached_property
    def residuals(self) -> FloatArray:
        """Residuals of the cells' own regressions at the rows of the sample, (B, n)."""
        own, _, everywhere = self._along
        sample = self.summed.sample
        basis, cells = self.summed.basis_of(sample), sample.cells
        left = self.y - self.summed.y_center
        within = np.einsum("nk,nkq->nq", basis, self.projection.within[cells])
        left -= np.einsum("nq,snq->sn", within, own[:, cells])
        left -= everywhere @ np.einsum("nk,nkc->cn", basis, self.projection.common[cells])
        return left


def units_of(design: Design) -> list[sparse.csr_array]:
    """Which cells belong to each group, of each grouping, (J, M)."""
    from scipy import sparse

    found = []
    for term, codes in zip(design.predictor.random, design.cells.codes, strict=True):
        M = len(codes)
        found.append(sparse.csr_array((np.ones(M), (codes, np.arange(M))), shape=(len(term.labels), M)))
    return found
