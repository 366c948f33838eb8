"""Sums over the rows of cells, from which cross-products and moments of a design follow without its rows.

A cell holds the rows of one combination of units: with one grouping, or groupings nested in each other, the units of
the innermost one. What stands above level 1 is constant in it, so that a column of X or Z is in each cell a level-1
column times a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class CellSums:
    """Sums of B level-1 columns ``a - center`` over the rows of M cells.

    Attributes
    ----------
    codes : tuple of (M,) arrays of int
        Unit of each cell, of each grouping.
    n : (M,) array of int
        Rows.
    center : (B,) array
        Near the mean of each column over all rows, so that the squares keep their digits.
    sums : (M, B) array
    products : (M, B, B) array
    low, high : (M, B) arrays
        Smallest and largest of the column itself; NaN where they were not asked for.
    weight : (M,) array or None
        Where rows do not all count the same in the sums: the sum of their weights.
    """

    codes: tuple[IntArray, ...]
    n: IntArray
    center: FloatArray
    sums: FloatArray
    products: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray | None = None

    @property
    def count(self) -> FloatArray:
        """What the rows of each cell count together, (M,): their number, or the sum of their weights."""
        return self.n.astype(np.float64) if self.weight is None else self.weight

    @property
    def n_obs(self) -> int:
        """Number of rows N."""
        return int(self.n.sum())

    def at(self, kept: NDArray[np.bool_], codes: tuple[IntArray, ...]) -> CellSums:
        """Those of some cells, with the codes that their units then have."""
        sums, products, low, high = (of[kept] for of in (self.sums, self.products, self.low, self.high))
        weight = None if self.weight is None else self.weight[kept]
        return CellSums(codes, self.n[kept], self.center, sums, products, low, high, weight)

    def times(self, weights: FloatArray) -> CellSums:
        """Those of rows that count for one weight in each cell, (M,)."""
        products = weights[:, None, None] * self.products
        return replace(self, weight=weights * self.count, sums=weights[:, None] * self.sums, products=products)

    def where(self, kept: NDArray[np.bool_], other: CellSums) -> CellSums:
        """Those of some cells, and of another weighting in the others."""
        return replace(
            self,
            weight=np.where(kept, self.count, other.count),
            sums=np.where(kept[:, None], self.sums, other.sums),
            products=np.where(kept[:, None, None], self.products, other.products),
        )


@dataclass(frozen=True, slots=True, eq=False)
class CellColumns:
    """K columns, each in every cell ``factor * (a - center) + shift`` of a level-1 column a.

    Attributes
    ----------
    base : (K,) array of int
        Positions of the level-1 columns.
    factor, shift : (M, K) arrays
    """

    base: IntArray
    factor: FloatArray
    shift: FloatArray

    @classmethod
    def of(cls, cells: CellSums, base: Sequence[int], factor: FloatArray) -> CellColumns:
        """Columns that are a level-1 column times a number in each cell, ``factor`` (M, K)."""
        where = np.asarray(base, dtype=np.int64)
        return cls(where, factor, factor * cells.center[where])

    def at(self, kept: NDArray[np.bool_]) -> CellColumns:
        """Those of some cells."""
        return CellColumns(self.base, self.factor[kept], self.shift[kept])

    def deviations(self, cells: CellSums) -> tuple[FloatArray, FloatArray, CellColumns]:
        """Means (K,), SDs (K,), and the columns less their means, exact far from zero; of columns made by `of`."""
        center = cells.center[self.base]
        first = self.factor[0] * center
        away = (self.factor - self.factor[0]) * center
        own = self.factor * cells.sums[:, self.base] + cells.count[:, None] * away
        rest = own.sum(axis=0) / cells.count.sum()
        deviations = CellColumns(self.base, self.factor, away - rest)
        squares = deviations.squares(cells)
        return first + rest, np.sqrt(squares / max(cells.count.sum() - 1, 1)), deviations

    def squares(self, cells: CellSums) -> FloatArray:
        """Sum of squares of each column over all rows, (K,)."""
        own = cells.products[:, self.base, self.base]
        sums = cells.sums[:, self.base]
        parts = self.factor**2 * own + 2 * self.factor * self.shift * sums + cells.count[:, None] * self.shift**2
        return np.asarray(np.maximum(parts.sum(axis=0), 0.0))

    def scaled(self, scale: FloatArray) -> CellColumns:
        """The columns over a scale each."""
        return CellColumns(self.base, self.factor / scale, self.shift / scale)

    def totals(self, cells: CellSums) -> FloatArray:
        """Sum of each column over the rows of each cell, (M, K)."""
        return np.asarray(self.factor * cells.sums[:, self.base] + cells.count[:, None] * self.shift)

    def products(self, other: CellColumns, cells: CellSums) -> FloatArray:
        """Sums of products with other columns over the rows of each cell, (M, K, L)."""
        f, g, u, v = self.factor[:, :, None], other.factor[:, None, :], self.shift[:, :, None], other.shift[:, None, :]
        own = cells.products[:, self.base[:, None], other.base[None, :]]
        mine, theirs = cells.sums[:, self.base, None], cells.sums[:, None, other.base]
        return np.asarray(f * g * own + f * v * mine + u * g * theirs + cells.count[:, None, None] * u * v)

    def extremes(self, cells: CellSums) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest value of each column, (K,), of columns made by `of`."""
        low, high = self.extremes_of_cells(cells)
        return low.min(axis=0), high.max(axis=0)

    def extremes_of_cells(self, cells: CellSums) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest value of each column in each cell, (M, K), of columns made by `of`."""
        ends = self.factor * cells.low[:, self.base], self.factor * cells.high[:, self.base]
        return np.minimum(*ends), np.maximum(*ends)

    def one(self, k: int) -> CellColumns:
        """One of the columns alone."""
        return CellColumns(self.base[[k]], self.factor[:, [k]], self.shift[:, [k]])


@dataclass(frozen=True, slots=True, eq=False)
class CellCombination:
    """One column, in each cell ``factor @ (a - center) + shift`` of all level-1 columns a.

    What cancels between columns cancels here before it is squared.

    Attributes
    ----------
    factor : (M, B) array
    shift : (M,) array
    """

    factor: FloatArray
    shift: FloatArray

    @classmethod
    def of(cls, columns: CellColumns, weights: FloatArray, cells: CellSums) -> CellCombination:
        """``columns @ weights``, of K weights."""
        factor = np.zeros((len(cells.n), len(cells.center)))
        for k in np.flatnonzero(weights):
            factor[:, columns.base[k]] += weights[k] * columns.factor[:, k]
        return cls(factor, columns.shift @ weights)

    def less(self, other: CellCombination) -> CellCombination:
        """The difference to another combination."""
        return CellCombination(self.factor - other.factor, self.shift - other.shift)

    def squares(self, cells: CellSums) -> FloatArray:
        """Sums of squares over the rows of each cell, (M,)."""
        own = np.einsum("mb,mbc,mc->m", self.factor, cells.products, self.factor)
        return np.asarray(own + 2 * self.shift * self._sums(cells) + cells.count * self.shift**2)

    def products(self, columns: CellColumns, cells: CellSums) -> FloatArray:
        """Sums of products with columns over the rows of each cell, (M, K)."""
        own = np.einsum("mb,mbk->mk", self.factor, cells.products[:, :, columns.base])
        mine, theirs = self._sums(cells)[:, None], cells.sums[:, columns.base]
        shift = self.shift[:, None]
        return np.asarray(
            columns.factor * (own + shift * theirs) + columns.shift * (mine + cells.count[:, None] * shift)
        )

    def sd(self, cells: CellSums) -> float:
        """SD over all rows."""
        first = float(self.shift[0])
        mean = (cells.count @ (self.shift - first) + self._sums(cells).sum()) / cells.n_obs
        deviations = CellCombination(self.factor, self.shift - first - mean)
        return float(np.sqrt(max(deviations.squares(cells).sum(), 0.0) / (cells.n_obs - 1)))

    def _sums(self, cells: CellSums) -> FloatArray:
        return np.asarray(np.einsum("mb,mb->m", self.factor, cells.sums))


def together(columns: Sequence[CellColumns]) -> CellColumns:
    """The columns of all groupings, side by side."""
    return CellColumns(
        np.concatenate([own.base for own in columns]),
        np.hstack([own.factor for own in columns]),
        np.hstack([own.shift for own in columns]),
    )


def by_unit(values: FloatArray, codes: IntArray, n_units: int) -> FloatArray:
    """Sums over the cells of each unit, of an (M, ...) array: (J, ...)."""
    if len(values) == n_units and np.array_equal(codes, np.arange(n_units)):
        return values
    flat = values.reshape(len(values), -1)
    summed = [np.bincount(codes, weights=column, minlength=n_units) for column in flat.T]
    return np.column_stack(summed).reshape(n_units, *values.shape[1:]) if summed else np.empty((n_units, 0))
