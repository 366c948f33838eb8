"""Cross-products of the finest units of a design, by unit: what a unit's own regression needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts, cross_products
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import FinestUnits, finest_units
from bayeshlm.design.predictor import intercept_position
from bayeshlm.design.scaling import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class UnitProducts:
    """Columns and cross-products of units within which all random effects are constant.

    Attributes
    ----------
    units : FinestUnits
        With one grouping its groups; else see `bayeshlm.design.nested_groupings.finest_units`.
    Z : (N, q) array
        The columns of the random effects of all groupings, each once.
    intercept : int or None
        Position of the column of ones in Z.
    products : CrossProducts
        By unit, of Z, X and the outcome.
    """

    units: FinestUnits
    Z: FloatArray
    intercept: int | None
    products: CrossProducts

    @classmethod
    def of(cls, design: Design) -> UnitProducts:
        """Take those of the only grouping as they are; form those of several."""
        units, intercept = finest_units(design), intercept_position(design.random)
        if len(design.groupings) == 1:
            return cls(units, design.Z, intercept, design.cross_products)
        columns = np.unique(design.Z, axis=1, return_index=True)[1]
        kept = np.sort(columns)
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
        return cls(units, Z, intercept, products)
