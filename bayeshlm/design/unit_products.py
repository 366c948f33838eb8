"""Cross-products of the finest units of a design, by unit: what a unit's own regression needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayeshlm.design.cell_products import cell_products
from bayeshlm.design.cell_sums import CellColumns, together
from bayeshlm.design.cross_products import CrossProducts, cross_products
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import FinestUnits, finest_units
from bayeshlm.design.predictor import Predictor, RandomTerm, intercept_position
from bayeshlm.design.scaling import IntArray
from bayeshlm.design.summed_rows import SummedRows


@dataclass(frozen=True, eq=False, slots=True)
class UnitProducts:
    """Cross-products of units within which all random effects are constant, and which columns they are of.

    Attributes
    ----------
    units : FinestUnits
        With one grouping its groups; else see `bayeshlm.design.nested_groupings.finest_units`.
    kept : (q,) array of int
        Which columns of the random effects of all groupings these are, each once.
    intercept : int or None
        Position of the column of ones among them.
    products : CrossProducts
        By unit, of Z, X and the outcome.
    """

    units: FinestUnits
    kept: IntArray
    intercept: int | None
    products: CrossProducts

    @classmethod
    def of(cls, design: Design) -> UnitProducts:
        """Take those of the only grouping as they are; form those of several."""
        units, intercept = finest_units(design), intercept_position(design.random)
        if len(design.groupings) == 1:
            return cls(units, np.arange(len(design.random)), intercept, design.cross_products)
        if design.rows is None and design.summed is not None:
            return cls._of_sums(design, design.summed, units)
        kept = np.sort(np.unique(design.Z, axis=1, return_index=True)[1])
        Z, intercept = np.ascontiguousarray(design.Z[:, kept]), intercept_position([design.random[k] for k in kept])
        products = cross_products(
            design.y - design.offset,
            design.X,
            Z,
            units.codes,
            len(units.labels),
            x_intercept=intercept_position(design.fixed),
            z_intercept=intercept,
            z_centered=range(Z.shape[1]) if intercept is not None else (),
            row_weights=design.kept_rows.row_weights,
        )
        return cls(units, kept, intercept, products)

    @classmethod
    def _of_sums(cls, design: Design, summed: SummedRows, units: FinestUnits) -> UnitProducts:
        """From the sums of the cells of rows that stay in a database."""
        Z = together(summed.columns.Z)
        kept = np.sort(np.unique(np.vstack([Z.base, Z.factor]), axis=1, return_index=True)[1])
        columns = tuple(design.random[k] for k in kept)
        effects = RandomTerm("", pd.Index(units.labels), columns, (tuple(range(len(columns))),))
        sums = replace(summed.sums, codes=(units.codes,))
        own = replace(summed.columns, Z=(CellColumns(Z.base[kept], Z.factor[:, kept], Z.shift[:, kept]),))
        every = np.ones(len(units.codes), dtype=bool)
        weighted = None if summed.weighted is None else summed.weighted.at(every, (units.codes,))
        products = cell_products(Predictor(design.fixed, (effects,)), sums, own, weighted)
        assert isinstance(products, CrossProducts)
        return cls(units, kept, intercept_position(columns), products)
