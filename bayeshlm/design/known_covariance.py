"""Known covariances of the residuals of a group's rows, ``r_j ~ N(0, V_j)``: their roots, and rows made white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class BlocksOfSize:
    """The matrices of all groups with n rows.

    Attributes
    ----------
    rows : (G, n) array of int
        Positions of the rows of each group.
    V : (G, n, n) array
        Positive definite.
    """

    rows: IntArray
    V: FloatArray

    @cached_property
    def root(self) -> FloatArray:
        """Lower triangular L of ``V = L L'``, (G, n, n)."""
        return np.linalg.cholesky(self.V)

    @cached_property
    def whiten(self) -> FloatArray:
        """``L^-1``, (G, n, n)."""
        return np.linalg.inv(self.root)


@dataclass(frozen=True, eq=False)
class KnownCovariance:
    """The block-diagonal covariance matrix V of the level-1 residuals of N rows.

    Attributes
    ----------
    blocks : tuple of BlocksOfSize
        Of each number of rows that groups have.
    n_rows : int
        Number of rows N.

    Examples
    --------
    >>> V = KnownCovariance((BlocksOfSize(np.array([[0, 1]]), np.array([[[4.0, 2.0], [2.0, 2.0]]])),), 2)
    >>> V.sd.round(3).tolist(), V.whitened(np.array([2.0, 3.0])).tolist(), V.colored(np.array([1.0, 2.0])).tolist()
    ([2.0, 1.414], [1.0, 2.0], [2.0, 3.0])
    """

    blocks: tuple[BlocksOfSize, ...]
    n_rows: int

    @classmethod
    def of(cls, matrices: Sequence[tuple[IntArray, FloatArray]], n_rows: int) -> KnownCovariance:
        """Put together the rows (G, n) and matrices (G, n, n) of groups: one block a size, by their first rows."""
        blocks = []
        for size in sorted({rows.shape[1] for rows, _ in matrices}):
            rows, V = (
                np.concatenate(own) for own in zip(*(one for one in matrices if one[0].shape[1] == size), strict=True)
            )
            order = np.argsort(rows[:, 0])
            blocks.append(BlocksOfSize(rows[order], V[order]))
        return cls(tuple(blocks), n_rows)

    @property
    def sd(self) -> FloatArray:
        """SD of each row's residual by itself, (N,)."""
        found = np.empty(self.n_rows)
        for block in self.blocks:
            found[block.rows] = np.sqrt(np.diagonal(block.V, axis1=1, axis2=2))
        return found

    @cached_property
    def log_scale(self) -> FloatArray:
        """Logarithms of the diagonals of the L_j, whose sum over the rows of a group is ``log|V_j| / 2``, (N,)."""
        found = np.empty(self.n_rows)
        for block in self.blocks:
            found[block.rows] = np.log(np.diagonal(block.root, axis1=1, axis2=2))
        return found

    def whitened(self, values: FloatArray) -> FloatArray:
        """``L^-1`` times columns (N,) or (N, k): rows whose residuals are independent with SD 1."""
        return self._times([block.whiten for block in self.blocks], values)

    def colored(self, values: FloatArray) -> FloatArray:
        """``L`` times columns (N,) or (N, k): of independent standard normals, residuals."""
        return self._times([block.root for block in self.blocks], values)

    def trace_beside(self, basis: FloatArray) -> float:
        """``trace(L^-T (I - Q Q') L^-1)`` of orthonormal white columns Q, (N, p)."""
        projected = (np.einsum("gab,gap->gbp", block.whiten, basis[block.rows]) for block in self.blocks)
        return sum(float((block.whiten**2).sum()) for block in self.blocks) - sum(
            float((own**2).sum()) for own in projected
        )

    def in_order(self, order: IntArray) -> KnownCovariance:
        """The covariances of the rows in another order, position k having row ``order[k]``."""
        place = np.argsort(order)
        return KnownCovariance(tuple(BlocksOfSize(place[block.rows], block.V) for block in self.blocks), self.n_rows)

    def at(self, kept: NDArray[np.bool_]) -> KnownCovariance:
        """The covariances of some of the rows."""
        position, found = np.cumsum(kept) - 1, []
        for block in self.blocks:
            patterns, of_group = np.unique(kept[block.rows], axis=0, return_inverse=True)
            for k, own in enumerate(patterns):
                groups = of_group.ravel() == k
                if own.any():
                    found.append((position[block.rows[groups][:, own]], block.V[groups][:, own][:, :, own]))
        return KnownCovariance.of(found, int(kept.sum()))

    def of_rows(self, rows: IntArray) -> KnownCovariance:
        """The covariances of some rows, positions (n,) each once, in their order."""
        kept = np.zeros(self.n_rows, dtype=np.bool_)
        kept[rows] = True
        return self.at(kept).in_order(np.argsort(np.argsort(rows)))

    def same_as(self, other: KnownCovariance | None) -> bool:
        """Whether the covariances of the rows are the same."""
        return (
            other is not None
            and len(self.blocks) == len(other.blocks)
            and all(
                np.array_equal(one.rows, two.rows) and np.array_equal(one.V, two.V)
                for one, two in zip(self.blocks, other.blocks, strict=True)
            )
        )

    def _times(self, matrices: list[FloatArray], values: FloatArray) -> FloatArray:
        found = np.empty_like(values, dtype=np.float64)
        for block, matrix in zip(self.blocks, matrices, strict=True):
            found[block.rows] = np.einsum("gab,gb...->ga...", matrix, values[block.rows])
        return found
