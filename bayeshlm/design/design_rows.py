"""The rows of a design: what only row-wise quantities ask for once moments and cross-products are formed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class DesignRows:
    """Numbers of N rows.

    Attributes
    ----------
    y, size, offset : (N,) arrays
        Outcome, its number of trials (1 where the distribution has none), and the known part of the predictor.
    X : (N, p) array
    Z : tuple of (N, q) arrays
        Of each random term.
    codes : tuple of (N,) arrays of int
        Position of each row's group among the labels of each random term.
    frame : DataFrame
        The rows kept and the columns used, as the data hold them.
    """

    y: FloatArray
    size: FloatArray
    offset: FloatArray
    X: FloatArray
    Z: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]
    frame: pd.DataFrame

    @property
    def n_rows(self) -> int:
        """Number of rows N: all rows of a design, or those of a sample."""
        return len(self.y)

    @property
    def all_Z(self) -> FloatArray:
        """Columns of Z of all random terms, (N, q)."""
        return self.Z[0] if len(self.Z) == 1 else np.hstack(self.Z)

    def at(self, kept: NDArray[np.bool_], codes: tuple[IntArray, ...]) -> DesignRows:
        """Some of the rows, with the codes that their groups then have."""
        return DesignRows(
            y=self.y[kept],
            size=self.size[kept],
            offset=self.offset[kept],
            X=np.ascontiguousarray(self.X[kept]),
            Z=tuple(np.ascontiguousarray(columns[kept]) for columns in self.Z),
            codes=codes,
            frame=self.frame[kept],
        )


def no_rows() -> DataError:
    """The error for what needs rows, of a design without them."""
    return DataError(
        "this needs the rows of the data, but of this model only sums over rows are at hand: make the model from a "
        "DataFrame (of rows that stay in a database, from a part that fits into memory)"
    )
