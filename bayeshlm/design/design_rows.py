"""The rows of a design: what only row-wise quantities ask for once moments and cross-products are formed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.level1_model import Level1Model
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
    sd : (N,) array or None
        SD of the level-1 residual of each row, where it is known and no sigma is estimated.
    level1 : Level1Model or None
        What the SDs and correlations of the residuals depend on, where they have an equation or a pattern.
    covariance : KnownCovariance or None
        Covariances of the residuals, where they are known; `sd` is then None.
    """

    y: FloatArray
    size: FloatArray
    offset: FloatArray
    X: FloatArray
    Z: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]
    frame: pd.DataFrame
    sd: FloatArray | None = None
    level1: Level1Model | None = None
    covariance: KnownCovariance | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows N: all rows of a design, or those of a sample."""
        return len(self.y)

    @property
    def all_Z(self) -> FloatArray:
        """Columns of Z of all random terms, (N, q)."""
        return self.Z[0] if len(self.Z) == 1 else np.hstack(self.Z)

    @property
    def modeled(self) -> Level1Model:
        """`level1` of rows that have one, as where `Outcome.residuals` are modeled."""
        assert self.level1 is not None
        return self.level1

    @property
    def row_weights(self) -> FloatArray | None:
        """What each row by itself counts for in sums whose level-1 variance is 1: one over its known variance, (N,)."""
        return None if self.sd is None and self.covariance is None else self.unit**-2

    @property
    def unit(self) -> FloatArray:
        """SD of each row's residual in units of that of the cross-products: the known SD, or ones, (N,)."""
        if self.covariance is not None:
            return self.covariance.sd
        return np.ones(len(self.y)) if self.sd is None else self.sd

    def unit_of(self, rows: IntArray | slice) -> FloatArray:
        """`unit` of some rows."""
        return self.unit[rows]

    def standardized(self, values: FloatArray) -> FloatArray:
        """Columns (N,) or (N, k) of the rows as they stand in the cross-products: over `unit`, or made white."""
        if self.covariance is not None:
            return self.covariance.whitened(values)
        return values if self.sd is None else np.asarray(values / (self.sd if values.ndim == 1 else self.sd[:, None]))

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
            sd=None if self.sd is None else self.sd[kept],
            level1=None if self.level1 is None else self.level1.at(kept),
            covariance=None if self.covariance is None else self.covariance.at(kept),
        )


def no_rows() -> DataError:
    """The error for what needs rows, of a design without them."""
    return DataError(
        "this needs the rows of the data, but of this model only sums over rows are at hand: make the model from a "
        "DataFrame (of rows that stay in a database, from a part that fits into memory)"
    )
