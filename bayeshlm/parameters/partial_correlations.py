"""Correlation matrices from canonical partial correlations, which are independent under the LKJ prior.

In column j (from 0) of a block of m effects a partial correlation is ``2 Beta(a_j, a_j) - 1`` with
``a_j = eta + (m - 2 - j)/2`` (Lewandowski, Kurowicka & Joe 2009, J. Multivariate Analysis 100, section 2.4).
The Cholesky factor R of the correlation matrix is ``R_ij = partial_ij prod_{k<j} sqrt(1 - partial_ik^2)`` and
``R_ii = prod_{k<i} sqrt(1 - partial_ik^2)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]

LARGEST = 1 - np.finfo(float).eps
"""The largest partial correlation: the logarithm of ``1 - partial`` has to be finite."""


@dataclass(frozen=True, eq=False)
class PartialCorrelations:
    """The partial correlations of a model, row after row of each block of effects that may covary.

    Attributes
    ----------
    rows, columns : tuples of int, length m
        Their places among the random effects.
    shapes : array, shape (m,)
        Parameter a of each one's ``2 Beta(a, a) - 1``.
    n_effects : int
        Number of random effects q.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    shapes: Array
    n_effects: int

    def within(self, effects: slice) -> PartialCorrelations:
        """Those of some effects, which covary with no others."""
        here = [k for k, row in enumerate(self.rows) if effects.start <= row < effects.stop]
        rows, columns = ([places[k] - effects.start for k in here] for places in (self.rows, self.columns))
        return PartialCorrelations(tuple(rows), tuple(columns), self.shapes[here], effects.stop - effects.start)

    def factors(self, partial: Array) -> Array:
        """The factors R, (..., q, q), of partial correlations (..., m)."""
        R = np.zeros((*partial.shape[:-1], self.n_effects, self.n_effects))
        R[..., range(self.n_effects), range(self.n_effects)] = 1.0
        for k, (row, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            R[..., row, column] = partial[..., k] * R[..., row, row]
            R[..., row, row] *= np.sqrt(1 - partial[..., k] ** 2)
        return R

    def of(self, corr: Array) -> Array:
        """The partial correlations (..., m) of correlation matrices (..., q, q), strictly between -1 and 1."""
        R = np.zeros(corr.shape)
        R[..., range(self.n_effects), range(self.n_effects)] = 1.0
        partial = np.empty((*corr.shape[:-2], len(self.rows)))
        for k, (row, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            before = (R[..., row, :] * R[..., column, :]).sum(axis=-1)
            unit = (corr[..., row, column] - before) / (R[..., row, row] * R[..., column, column])
            partial[..., k] = np.clip(unit, -LARGEST, LARGEST)
            R[..., row, column] = partial[..., k] * R[..., row, row]
            R[..., row, row] *= np.sqrt(1 - partial[..., k] ** 2)
        return partial


def partial_correlations(design: Design, priors: Priors) -> PartialCorrelations:
    """The partial correlations of a model under its LKJ prior; none where no effects covary."""
    rows, columns, shapes = [], [], []
    if priors.corr is not None:
        eta = priors.corr.parameters["eta"]
        for block in design.blocks:
            for row in range(1, len(block)):
                for column in range(row):
                    rows.append(block[row])
                    columns.append(block[column])
                    shapes.append(eta + (len(block) - 2 - column) / 2)
    return PartialCorrelations(tuple(rows), tuple(columns), np.array(shapes), len(design.random))
