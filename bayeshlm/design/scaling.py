"""Moments and scaling of the design's columns, in chunks of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]

CHUNK_ROWS = 1 << 15
"""Rows worked on at a time; a chunk of a few columns stays in the processor's cache."""


def column_moments(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and SD of each column, in passes over chunks that hold for means of 1e9 and SDs of 1e-9.

    Parameters
    ----------
    columns : (N, k) array
        At least one row.

    Returns
    -------
    mean, sd : (k,) arrays
        The SD divides by ``N - 1`` (by 1 when there is one row).

    Examples
    --------
    >>> column_moments(np.array([[1e9, 1e-9], [1e9 + 2, 3e-9]]))
    (array([1.e+09, 2.e-09]), array([1.41421356e+00, 1.41421356e-09]))
    """
    first = columns[0].copy()
    n_rows, n_columns = columns.shape
    total, squares = np.zeros(n_columns), np.zeros(n_columns)
    for chunk in _chunks(columns):
        total += (chunk - first[:, None]).sum(axis=1)
    mean = first + total / n_rows
    for chunk in _chunks(columns):
        chunk -= mean[:, None]
        squares += np.square(chunk, out=chunk).sum(axis=1)
    return mean, np.sqrt(squares / max(n_rows - 1, 1))


def scaling_matrix(mean: FloatArray, sd: FloatArray, intercept: int | None, centered: Sequence[int]) -> FloatArray:
    """Matrix T with ``columns @ T`` = the columns scaled to SD 1, those of `centered` also at mean 0.

    Parameters
    ----------
    mean, sd : (k,) arrays
        Of the columns.
    intercept : int or None
        Position of the column of ones; it stays as it is.
    centered : sequence of int
        Columns to center by means of the intercept column; must be empty without one.

    Examples
    --------
    >>> T = scaling_matrix(np.array([1.0, 10.0]), np.array([0.0, 2.0]), intercept=0, centered=[1])
    >>> np.array([[1.0, 12.0]]) @ T
    array([[1., 1.]])
    """
    scale = np.where(sd > 0, sd, 1.0)
    transform = np.diag(1.0 / scale)
    if intercept is not None:
        transform[intercept, intercept] = 1.0
        for k in centered:
            if k != intercept:
                transform[intercept, k] = -mean[k] / scale[k]
    return transform


@dataclass(frozen=True, slots=True, eq=False)
class ScaledColumns:
    """Columns with the shift and scale that `transform` stands for: ``(columns - shift) / scale``."""

    source: FloatArray
    shift: FloatArray
    scale: FloatArray
    transform: FloatArray

    @classmethod
    def of(
        cls,
        source: FloatArray,
        moments: tuple[FloatArray, FloatArray],
        intercept: int | None,
        centered: Sequence[int],
    ) -> ScaledColumns:
        """Scale columns of given mean and SD to SD 1; center those of `centered` by the intercept column."""
        transform = scaling_matrix(*moments, intercept, centered)
        shift = np.zeros(source.shape[1])
        if intercept is not None:
            moved = [k for k in centered if k != intercept]
            shift[moved] = moments[0][moved]
        return cls(source, shift, 1.0 / np.diag(transform), transform)

    def rows(self, index: slice | IntArray) -> FloatArray:
        """Return the transformed columns of some rows, as a (k, rows) array."""
        columns = np.array(self.source[index].T, order="C")
        columns -= self.shift[:, None]
        columns /= self.scale[:, None]
        return columns

    def equal(self, own: int, other: ScaledColumns, column: int) -> bool:
        """Whether a column is the same, number by number, as a column of `other`."""
        if self.shift[own] != other.shift[column] or self.scale[own] != other.scale[column]:
            return False
        mine, theirs = self.source[:, own], other.source[:, column]
        return bool(np.array_equal(mine[:64], theirs[:64]) and np.array_equal(mine, theirs))


def _chunks(columns: FloatArray) -> Iterator[FloatArray]:
    """Yield copies of chunks of rows as (k, rows) arrays, each column contiguous."""
    for start in range(0, len(columns), CHUNK_ROWS):
        yield np.array(columns[start : start + CHUNK_ROWS].T, order="C")
