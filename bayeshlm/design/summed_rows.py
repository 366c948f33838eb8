"""Rows that stay in a database: the sums over the rows of each cell that are kept of them, and where the rows are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayeshlm.design.cell_products import DesignColumns, WeightedCells
from bayeshlm.design.cell_sums import CellColumns, CellSums
from bayeshlm.design.database_weights import SummedWeights
from bayeshlm.design.known_sd_in_database import SummedKnownSd
from bayeshlm.design.row_sample import RowSample, RowsThere
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray

SEED = 0
"""Of the random sample, so that all models of a table and all their results look at the same rows."""

SAMPLE_ROWS = 10_000
"""So many rows come from the database for what sums do not tell."""


@dataclass(frozen=True, eq=False)
class SummedRows:
    """What is known of the rows of a design that are not at hand.

    Everything is said in a basis A of K columns, the same in all cells: the constant, the level-1 columns less their
    centers, and the offset less its own where there is one. Columns of X and Z are combinations of these in each cell.

    Attributes
    ----------
    sums : CellSums
        Of the level-1 columns, and after them the outcome, and the outcome less its offset where there is one.
    columns : DesignColumns
    constant : tuple of bool
        Which of the level-1 columns are the constant.
    column_sums : mapping of str to (M,) array
        Sums of columns of numbers, as the data have them, over the rows of each cell.
    rows : RowsThere
        Where they are.
    known : Rows
        The cells, with the columns and what the database has said of the rows beneath.
    weighted : WeightedCells or None
        Sums of the same columns over rows that do not all count the same.
    known_sd : SummedKnownSd or None
        Level-1 SDs, where they are known.
    sampling : SummedWeights or None
        Sampling weights, if there are any.
    """

    sums: CellSums
    columns: DesignColumns
    constant: tuple[bool, ...]
    column_sums: Mapping[str, FloatArray]
    rows: RowsThere
    known: Rows
    weighted: WeightedCells | None = None
    known_sd: SummedKnownSd | None = None
    sampling: SummedWeights | None = None

    @cached_property
    def counted(self) -> SummedRows:
        """The same of rows that count for one over their known variances; itself where the SD is estimated."""
        return self if self.known_sd is None else replace(self, sums=self.known_sd.weighted.sums)

    @cached_property
    def _places(self) -> list[int]:
        """Positions in `sums` of the level-1 columns of the basis."""
        return [b for b, is_one in enumerate(self.constant) if not is_one]

    @property
    def y_place(self) -> int:
        """Position in `sums` of the outcome."""
        return len(self.constant)

    @property
    def has_offset(self) -> bool:
        """Whether a part of the outcome is known."""
        return len(self.sums.center) > len(self.constant) + 1

    @property
    def n_basis(self) -> int:
        """Number K of columns of the basis."""
        return 1 + len(self._places) + self.has_offset

    @property
    def y_center(self) -> float:
        """What the outcome is counted from."""
        return float(self.sums.center[len(self.constant)])

    @property
    def offset_center(self) -> float:
        """What the offset is counted from."""
        return self.y_center - float(self.sums.center[-1])

    @cached_property
    def gram(self) -> FloatArray:
        """Sums of products of the basis over the rows of each cell, ``A'A``, (M, K, K)."""
        sums, at = self.sums, np.array(self._places, dtype=np.int64)
        found = np.empty((len(sums.n), self.n_basis, self.n_basis))
        within = slice(1, 1 + len(at))
        found[:, 0, 0] = sums.count
        found[:, 0, within] = found[:, within, 0] = sums.sums[:, at]
        found[:, within, within] = sums.products[:, at[:, None], at]
        if self.has_offset:
            y, net, S, P = len(self.constant), -1, sums.sums, sums.products
            found[:, 0, -1] = found[:, -1, 0] = S[:, y] - S[:, net]
            found[:, within, -1] = found[:, -1, within] = P[:, at, y] - P[:, at, net]
            found[:, -1, -1] = P[:, y, y] - 2 * P[:, y, net] + P[:, net, net]
        return found

    @cached_property
    def with_outcome(self) -> FloatArray:
        """Sums of products of the basis with the outcome less `y_center`, ``A'y``, (M, K)."""
        sums, at, y = self.sums, np.array(self._places, dtype=np.int64), len(self.constant)
        parts = [sums.sums[:, y, None], sums.products[:, at, y]]
        if self.has_offset:
            parts.append(sums.products[:, y, y, None] - sums.products[:, y, -1, None])
        return np.hstack(parts)

    @property
    def squares(self) -> FloatArray:
        """Sums of squares of the outcome less `y_center`, (M,)."""
        y = len(self.constant)
        return self.sums.products[:, y, y]

    def in_basis(self, columns: CellColumns) -> FloatArray:
        """Coefficients of columns, ``A @ found``, (M, K, k)."""
        found = np.zeros((len(self.sums.n), self.n_basis, len(columns.base)))
        found[:, 0] = columns.shift
        for k, base in enumerate(columns.base.tolist()):
            if not self.constant[base]:
                found[:, 1 + self._places.index(base), k] = columns.factor[:, k]
        return found

    def basis_of(self, sample: RowSample) -> FloatArray:
        """The basis at rows of a sample, (n, K)."""
        parts = [np.ones((len(sample.y), 1)), sample.columns[:, self._places] - self.sums.center[self._places]]
        if self.has_offset:
            parts.append(sample.rows.offset[:, None] - self.offset_center)
        return np.hstack(parts)

    def coefficients(
        self, gamma: FloatArray, u: list[FloatArray], codes: tuple[IntArray, ...] | None = None
    ) -> FloatArray:
        """Of the expected outcome less `y_center` in the basis, ``offset + X gamma + Z u = y_center + A @ found``.

        Parameters
        ----------
        gamma : (S, p) array
        u : list of (q, S, J) arrays
            Of each grouping.
        codes : tuple of (M,) arrays, optional
            Unit of each cell, of each grouping; those of the data by default.

        Returns
        -------
        (S, M, K) array
        """
        found = np.zeros((len(gamma), len(self.sums.n), self.n_basis))
        found[..., 0] = -self.y_center
        if self.has_offset:
            found[..., -1] = 1.0
            found[..., 0] += self.offset_center

        def add(columns: CellColumns, k: int, values: FloatArray) -> None:
            found[..., 0] += values * columns.shift[:, k]
            base = int(columns.base[k])
            if not self.constant[base]:
                found[..., 1 + self._places.index(base)] += values * columns.factor[:, k]

        for k in range(gamma.shape[1]):
            add(self.columns.X, k, gamma[:, k, None])
        for Z, own, effects in zip(self.columns.Z, codes or self.sums.codes, u, strict=True):
            for r, effect in enumerate(effects):
                add(Z, r, effect[:, own])
        return found

    def squares_within(self, expected: FloatArray) -> FloatArray:
        """Sums of squares of the outcome less ``A @ expected`` (M, K) about its mean within each cell, (M,)."""
        left = self.with_outcome[:, 0] - np.einsum("mk,mk->m", self.gram[:, 0], expected)
        explained = np.einsum("mk,mkl,ml->m", expected, self.gram, expected)
        squares = self.squares - 2 * np.einsum("mk,mk->m", expected, self.with_outcome) + explained
        return np.asarray(np.maximum(squares - left**2 / self.sums.count, 0.0))

    @cached_property
    def sample(self) -> RowSample:
        """A random sample of the rows, asked for once.

        Raises
        ------
        DataError
            The query fails, or the table has changed.
        """
        return self.rows.sample(self.sums, self.columns, SAMPLE_ROWS, SEED)
