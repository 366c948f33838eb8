"""The cross-products of a predictor: by group with one grouping, blocks of all pairs of groupings with several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayeshlm.design.cross_products import CrossProducts, TransformedRows, cross_products
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.joint_products import GroupingRows, JointProducts, joint_products
from bayeshlm.design.predictor import Predictor, RandomTerm, intercept_position
from bayeshlm.design.scaling import FloatArray, IntArray


def products_of(
    predictor: Predictor, rows: DesignRows, sampling: FloatArray | None = None
) -> CrossProducts | JointProducts:
    """Cross-products of the columns of a predictor: by group, or those of several groupings.

    Parameters
    ----------
    predictor : Predictor
    rows : DesignRows
    sampling : (N,) array, optional
        With one grouping and unknown level-1 SDs: sampling weights of the rows.
    """
    y, x_intercept = rows.y - rows.offset, intercept_position(predictor.fixed)
    groupings = [
        _grouping_rows(term, Z, codes) for term, Z, codes in zip(predictor.random, rows.Z, rows.codes, strict=True)
    ]
    if len(groupings) > 1:
        joint = joint_products(y, rows.X, groupings, x_intercept=x_intercept, row_weights=rows.row_weights)
        return joint if rows.sd is None else replace(joint, log_sd=float(np.log(rows.sd).sum()))
    (only,) = groupings
    weights = rows.row_weights if rows.covariance is None else None
    products = cross_products(
        y,
        rows.X,
        only.Z,
        only.codes,
        only.n_units,
        x_intercept=x_intercept,
        z_intercept=only.intercept,
        z_centered=only.centered,
        row_weights=weights if sampling is None else sampling,
        covariance=rows.covariance,
    )
    if rows.covariance is not None:
        return replace(products, log_sd=np.bincount(only.codes, rows.covariance.log_scale, only.n_units))
    if rows.sd is None:
        return products
    return replace(products, weight=None, log_sd=np.bincount(only.codes, np.log(rows.sd), only.n_units))


def transformed_rows(predictor: Predictor, rows: DesignRows) -> TransformedRows:
    """The columns whose cross-products `products_of` forms, of rows with one grouping that all count the same."""
    ((term, Z, codes),) = zip(predictor.random, rows.Z, rows.codes, strict=True)
    only, x_intercept = _grouping_rows(term, Z, codes), intercept_position(predictor.fixed)
    return TransformedRows.of(rows.y - rows.offset, rows.X, Z, x_intercept, only.intercept, tuple(only.centered), None)


def centered_columns(term: RandomTerm) -> tuple[int, ...]:
    """Columns of Z that may be centered by its intercept, because their effects may covary with the intercept's."""
    intercept = intercept_position(term.columns)
    return next((block for block in term.blocks if intercept in block), ())


def _grouping_rows(term: RandomTerm, Z: FloatArray, codes: IntArray) -> GroupingRows:
    intercept = intercept_position(term.columns)
    return GroupingRows(term.grouping, Z, codes, len(term.labels), intercept, centered_columns(term))
