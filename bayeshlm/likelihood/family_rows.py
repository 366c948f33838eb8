"""The rows of a design as the kernels of families take them: sorted by group, equal rows merged into one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.quadrature_room import Rows


@dataclass(frozen=True, eq=False)
class FamilyRows:
    """N distinct rows.

    Rows of the same groups whose outcome, size and predictors are equal are one row with their number as its weight, or
    the sum of their sampling weights: an item answered by half a class costs two rows.

    Attributes
    ----------
    rows : Rows
    codes : (n_groupings, N) array of int
        Position of each row's group among the labels of each grouping; sorted by the outermost, then the others.
    place : (n_obs,) array of int
        Where each row of the design is.
    """

    rows: Rows
    codes: IntArray
    place: IntArray

    @classmethod
    def of(cls, design: Design, basis: FloatArray | None = None) -> FamilyRows:
        """From a design.

        Parameters
        ----------
        design : Design
        basis : (p, p) array, optional
            C of the coordinates ``C gamma`` that the kernel's gamma is in; the user's without it.
        """
        kept = design.kept_rows
        values = np.column_stack([kept.y, kept.size, kept.offset, kept.X, *kept.Z])
        order = np.lexsort((*values.T[::-1], *kept.codes))
        codes, values = np.array(kept.codes)[:, order], values[order] + 0.0  # -0.0 is 0.0
        new = np.ones(len(order), dtype=bool)
        new[1:] = (values[1:] != values[:-1]).any(axis=1) | (codes[:, 1:] != codes[:, :-1]).any(axis=0)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.cumsum(new) - 1
        first = np.flatnonzero(new)
        y, size, offset, *columns = np.ascontiguousarray(values[first].T)
        p = kept.X.shape[1]
        X = np.array(columns[:p]).reshape(p, len(first))
        weight = np.diff(np.append(first, len(order))).astype(np.float64)
        if design.weights is not None and design.weights.row is not None:
            weight = np.add.reduceat(design.weights.row[order], first)
        if basis is not None:
            X = np.linalg.solve(basis.T, X)
        rows = Rows(
            y=y,
            size=size,
            offset=offset,
            weight=weight,
            X=np.ascontiguousarray(X),
            Z=np.array(columns[p:]).reshape(-1, len(first)),
        )
        return cls(rows, np.ascontiguousarray(codes[:, first], dtype=np.int64), place)

    def first(self, n_groups: int) -> IntArray:
        """Where the rows of each group of the only grouping begin, and where the last one's end, (J + 1,)."""
        return np.searchsorted(self.codes[0], np.arange(n_groups + 1)).astype(np.int64)
