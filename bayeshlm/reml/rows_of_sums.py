"""Rows that stand for those in a database: the same least squares, and the same sums of products of columns."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.quadrature_room import Rows


def rows_of_sums(design: Design) -> FamilyRows:
    """As many rows as there are columns, whose weighted mean products of X, and of Z, are those of all rows.

    They say in which coordinates a search goes, and where it starts; of a normal outcome nothing else asks for rows.

    Parameters
    ----------
    design : Design
        Of a normal outcome and one grouping, its rows in a database.
    """
    c = design.cross_products
    total = c.counts.sum()
    X = _root(c.XtX.sum(axis=0) / total, c.x_transform)
    Z = _root(c.ZtZ.sum(axis=0) / total, c.z_transform)
    (p, q), n = (len(X), len(Z)), len(X) + len(Z)
    padded = np.zeros((p, n)), np.zeros((q, n))
    padded[0][:, :p], padded[1][:, p:] = np.sqrt(n) * X, np.sqrt(n) * Z
    ones = np.ones(n)
    rows = Rows(y=c.ols @ padded[0], size=ones, offset=np.zeros(n), weight=ones, X=padded[0], Z=padded[1])
    return FamilyRows(rows, np.zeros((1, n), dtype=np.int64), np.arange(n))


def _root(gram: FloatArray, transform: FloatArray) -> FloatArray:
    """Columns (k, k) whose products are those of the columns that `transform` makes `gram` of."""
    values, vectors = np.linalg.eigh(gram)
    scaled = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return np.asarray(np.linalg.solve(transform.T, scaled.T))
