"""Cross-products of a design from the sums of its cells: what `products_of` makes of rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cell_sums import CellColumns, CellCombination, CellSums, by_unit
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.joint_products import JointProducts, PairProducts
from bayeshlm.design.predictor import Predictor, intercept_position
from bayeshlm.design.products import centered_columns
from bayeshlm.design.scaling import FloatArray, IntArray, scaling_matrix
from bayeshlm.errors import DataError

LEAST_RESIDUAL = 1e-9
"""Share of the outcome's sum of squares that its predictors must leave: of less, sums of squares hold no digits."""

REFINEMENTS = 2
"""Of the least squares fit, each from the residuals of the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class DesignColumns:
    """The columns of a design in its cells.

    Attributes
    ----------
    X : CellColumns
    Z : tuple of CellColumns
        Of each grouping.
    y : CellColumns
        The outcome less its offset, one column.
    """

    X: CellColumns
    Z: tuple[CellColumns, ...]
    y: CellColumns


@dataclass(frozen=True, slots=True, eq=False)
class WeightedCells:
    """Sums over rows that do not all count the same.

    Attributes
    ----------
    sums : CellSums
        Over rows that count for one over their known variance, or for their sampling weight.
    log_sd : (M,) array or None
        Sums of the logs of known SDs; None of sampling weights.
    """

    sums: CellSums
    log_sd: FloatArray | None = None

    def at(self, kept: NDArray[np.bool_], codes: tuple[IntArray, ...]) -> WeightedCells:
        """Those of some cells, with the codes that their units then have."""
        return WeightedCells(self.sums.at(kept, codes), None if self.log_sd is None else self.log_sd[kept])


def cell_products(
    predictor: Predictor, cells: CellSums, columns: DesignColumns, weighted: WeightedCells | None = None
) -> CrossProducts | JointProducts:
    """Cross-products of the columns of a predictor: by group, or those of several groupings.

    Parameters
    ----------
    predictor : Predictor
    cells : CellSums
        Of all rows alike, whose means and SDs scale the columns.
    columns : DesignColumns
    weighted : WeightedCells, optional
        What the products are of, where rows do not count the same.

    Raises
    ------
    DataError
        The predictors leave next to nothing of the outcome.
    """
    intercept = intercept_position(predictor.fixed)
    X, x_transform = _scaled(columns.X, cells, intercept, range(len(predictor.fixed)) if intercept is not None else ())
    y_mean, _, y = columns.y.deviations(cells)
    if intercept is None:
        y, y_mean = columns.y, np.zeros(1)
    Zs, z_transforms = zip(
        *(
            _scaled(own, cells, intercept_position(term.columns), centered_columns(term))
            for own, term in zip(columns.Z, predictor.random, strict=True)
        ),
        strict=True,
    )
    cells, log_sd = (cells, None) if weighted is None else (weighted.sums, weighted.log_sd)
    XtX, total = X.products(X, cells), y.squares(cells)
    gram, slopes = XtX.sum(axis=0), np.zeros(len(predictor.fixed))
    outcome = residual = CellCombination.of(y, np.ones(1), cells)
    for _ in range(1 + REFINEMENTS):
        slopes = slopes + np.linalg.lstsq(gram, residual.products(X, cells).sum(axis=0), rcond=None)[0]
        residual = outcome.less(CellCombination.of(X, slopes, cells))
    ols = x_transform @ slopes
    if intercept is not None:
        ols[intercept] += y_mean[0]
    yty = residual.squares(cells)
    if yty.sum() < LEAST_RESIDUAL * total[0]:
        raise DataError(
            "the predictors explain all of the outcome but a billionth of its variance, so that sums over rows hold no "
            "digits of the rest: is the outcome made of them? Else make the model from a DataFrame"
        )
    Xty = residual.products(X, cells)
    ZtX = [Z.products(X, cells) for Z in Zs]
    Zty = [residual.products(Z, cells) for Z in Zs]
    sizes = [len(term.labels) for term in predictor.random]
    if len(Zs) == 1:
        (codes,), (n_groups,), (Z,) = cells.codes, sizes, Zs

        def by_group(values: FloatArray) -> FloatArray:
            return np.ascontiguousarray(by_unit(values, codes, n_groups))

        return CrossProducts(
            n=by_group(cells.n.astype(np.float64)).astype(np.int64),
            ZtZ=by_group(Z.products(Z, cells)),
            ZtX=by_group(ZtX[0]),
            Zty=by_group(Zty[0]),
            XtX=by_group(XtX),
            Xty=by_group(Xty),
            yty=by_group(yty),
            ols=ols,
            x_transform=x_transform,
            z_transform=z_transforms[0],
            weight=None if weighted is None or log_sd is not None else by_group(cells.count),
            log_sd=None if log_sd is None else by_group(log_sd),
        )
    units = list(zip(cells.codes, sizes, strict=True))
    pairs = []
    for k, m in combinations(range(len(Zs)), 2):
        found, of_cell = np.unique(cells.codes[k] * sizes[m] + cells.codes[m], return_inverse=True)
        both = np.column_stack([found // sizes[m], found % sizes[m]])
        pairs.append(PairProducts(k, m, both, by_unit(Zs[k].products(Zs[m], cells), of_cell, len(found))))
    return JointProducts(
        names=tuple(term.grouping for term in predictor.random),
        n_obs=cells.n_obs,
        ZtZ=tuple(by_unit(Z.products(Z, cells), *of) for Z, of in zip(Zs, units, strict=True)),
        pairs=tuple(pairs),
        ZtX=tuple(np.ascontiguousarray(by_unit(own, *of)) for own, of in zip(ZtX, units, strict=True)),
        Zty=tuple(np.ascontiguousarray(by_unit(own, *of)) for own, of in zip(Zty, units, strict=True)),
        XtX=XtX.sum(axis=0),
        Xty=Xty.sum(axis=0),
        yty=float(yty.sum()),
        ols=ols,
        x_transform=x_transform,
        z_transforms=tuple(z_transforms),
        log_sd=None if log_sd is None else float(log_sd.sum()),
    )


def _scaled(
    columns: CellColumns, cells: CellSums, intercept: int | None, centered: range | tuple[int, ...]
) -> tuple[CellColumns, FloatArray]:
    """The columns at SD 1, those of `centered` at mean 0, and the transform that this is."""
    mean, sd, deviations = columns.deviations(cells)
    transform = scaling_matrix(mean, sd, intercept, centered)
    moved = np.isin(np.arange(len(mean)), [k for k in centered if k != intercept])
    shift = np.where(moved, deviations.shift, columns.shift)
    return CellColumns(columns.base, columns.factor, shift).scaled(1.0 / np.diag(transform)), transform
