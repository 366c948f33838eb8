"""`Cells`: the units that the rows of a design lie in, and the columns that do not vary within them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bayeshlm.design.columns import coding
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.rows import predictors
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.spec import ModelSpec


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The units that rows lie in, row by row or, where the rows are not at hand, for each combination that has some.

    Attributes
    ----------
    codes : tuple of (M,) arrays of int
        Position of the unit of each grouping among its labels.
    frame : DataFrame of M rows
        Columns used that do not vary within a combination.
    n : (M,) array of int or None
        Rows of each combination; None where these are the rows.
    varying : mapping of str to {"logical", "numbers", "text"} or None
        Columns used that do vary within combinations, with what R reads those as that are no numbers.
    weight : (M,) array or None
        Sums of one over the known variances of the rows; None where the level-1 SD is estimated.
    """

    codes: tuple[IntArray, ...]
    frame: pd.DataFrame
    n: IntArray | None = None
    varying: Mapping[str, Coding | None] = field(default_factory=dict)
    weight: FloatArray | None = None

    @classmethod
    def of(cls, rows: DesignRows) -> Cells:
        """Those of rows that are at hand, one a row."""
        return cls(rows.codes, rows.frame, weight=rows.row_weights)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns used."""
        return (*map(str, self.frame.columns), *self.varying)

    def rows_of_units(self, grouping: int, n_units: int) -> IntArray:
        """Number of rows of each unit of a grouping, (J,)."""
        counts = np.bincount(self.codes[grouping], weights=self.n, minlength=n_units)
        return counts.astype(np.int64)


def coded_predictors(spec: ModelSpec, cells: Cells) -> dict[str, Coding]:
    """Predictors that are no numbers, with what R reads them as."""
    names = sorted({column.name for column, _ in predictors(spec)})
    found = {name: cells.varying[name] if name in cells.varying else coding(cells.frame[name]) for name in names}
    return {name: kind for name, kind in found.items() if kind is not None}
