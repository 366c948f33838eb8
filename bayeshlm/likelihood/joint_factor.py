"""`Factor`: the Cholesky factor of ``M = I + a Lambda' Z'Z Lambda`` at one value of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.block_cholesky import backward, forward, selected_inverse
from bayeshlm.likelihood.block_cholesky import factorize as factorize_blocks
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.elimination import Blocks, Elimination, Pattern
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED, MANY, kernel_of_effects
from bayeshlm.likelihood.lapack import dense_inverse, one_blas_thread

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Factor:
    """C of ``C C' = P M P'``, P the permutation to the order of elimination.

    Rows of columns are the n effects of all groupings, one grouping after the other in the order that the
    products have, unit by unit. With ``M = I + a Lambda' Z'Z Lambda`` and ``Lambda = blockdiag(I x L_k)``,
    ``log|V| = N log(1/a) + log|M|`` and ``V^-1 = a (I - a Z Lambda M^-1 Lambda' Z')``.

    Attributes
    ----------
    elimination : Elimination
        Order and pattern.
    log_determinant : float
        ``log|M|``; nan where M is not positive definite in floating point.
    chols : (K, q, q) array
        L_k in the columns that the products were formed of, zeros beyond a grouping's effects.
    own, below, tail : arrays
        As `bayeshlm.likelihood.block_cholesky` fills them.
    """

    elimination: Elimination
    log_determinant: float
    chols: Array
    own: Array
    below: Array
    tail: Array

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Unit and effect of each row."""
        effects = [Zty.shape[1] for Zty in self.elimination.products.Zty]
        units = [np.repeat(unit, q) for unit, q in zip(self.elimination.unit, effects, strict=True)]
        places = [np.tile(np.arange(q), len(unit)) for unit, q in zip(self.elimination.unit, effects, strict=True)]
        return np.concatenate(units), np.concatenate(places)

    @cached_property
    def columns(self) -> Array:
        """``Lambda' Z'[X T, y - X ols]``, (n, p + 1): what is swept by the effects, in the products' columns."""
        blocks = self.elimination.blocks
        right = np.concatenate([blocks.ZtX, blocks.Zty[..., None]], axis=2)
        swept = np.einsum("urs,urp->usp", self.chols[self.elimination.pattern.grouping], right)
        return np.asarray(swept[self._places])

    def forward(self, columns: Array) -> Array:
        """``C^-1 P columns`` of columns (n, m) or (n,); rows in the order of elimination."""
        return self._solved(columns, backwards=False)

    def backward(self, columns: Array) -> Array:
        """``P' C'^-1 columns``: the transpose's solution of what `forward` gives, rows in the usual order."""
        return self._solved(columns, backwards=True)

    def solve(self, columns: Array) -> Array:
        """``M^-1 columns``, rows in the usual order in both."""
        return self.backward(self.forward(columns))

    def inverse_blocks(self, grouping: int) -> Array:
        """The diagonal blocks of ``M^-1`` of a grouping's units, (J_k, q_k, q_k)."""
        q = self.elimination.products.Zty[grouping].shape[1]
        return np.ascontiguousarray(self._inverse[self.elimination.unit[grouping], :q, :q])

    @cached_property
    def _inverse(self) -> Array:
        inverse, kernel = np.empty_like(self.own), _inverse_kernel(self.elimination.n_effects)
        with one_blas_thread():
            kernel(self.elimination.pattern, self.own, self.below, self.tail.copy(), inverse)
        return inverse

    @cached_property
    def _by_place(self) -> NDArray[np.int64]:
        """The usual row of each row in the order of elimination."""
        units, places = self._places
        return np.lexsort([places, units])

    def _solved(self, columns: Array, backwards: bool) -> Array:
        matrix = columns.reshape(len(columns), -1)
        x = np.zeros((matrix.shape[1], *self.own.shape[:2]))
        units, places = self._places
        order = self._by_place
        x[:, units[order], places[order]] = (matrix if backwards else matrix[order]).T
        function = _backward_columns if backwards else _forward_columns
        function(self.elimination.pattern, self.own, self.below, self.tail, x)
        out = np.empty_like(matrix, dtype=float)
        out[order if backwards else slice(None)] = x[:, units[order], places[order]].T
        return out.reshape(columns.shape)


def factorize(elimination: Elimination, chols: Sequence[Array], a: float) -> Factor:
    """Factorize M at one value of the parameters.

    Parameters
    ----------
    elimination : Elimination
        ``Elimination.of(joint_products(...))``, made once.
    chols : sequence of (q_k, q_k) arrays
        L_k with ``L_k L_k' = G_k`` in the user's columns, K of them; relative to sigma where a is 1.
    a : float
        ``1/sigma^2``.

    Examples
    --------
    >>> from bayeshlm.design.joint_products import GroupingRows, joint_products
    >>> ones = np.ones((3, 1))
    >>> products = joint_products(np.arange(3.0), ones, [GroupingRows("g", ones, np.array([0, 0, 1]), 2)])
    >>> factor = factorize(Elimination.of(products), [np.array([[2.0]])], 1.0)
    >>> np.exp(factor.log_determinant).round(6), 1 / factor.inverse_blocks(0).ravel()
    (np.float64(45.0), array([9., 5.]))
    """
    pattern, blocks = elimination.pattern, elimination.blocks
    L = elimination.u_to_scaled @ elimination.padded(chols)
    own, below = np.empty_like(blocks.own), np.empty_like(blocks.below)
    tail = np.zeros((int(pattern.place[-1]),) * 2)
    with one_blas_thread():
        log_determinant = _factor_kernel(elimination.n_effects)(float(a), L, pattern, blocks, own, below, tail)
    return Factor(elimination, log_determinant, L, own, below, tail)


@kernel_of_effects
def _factor_kernel(n_effects: int) -> Any:
    """`block_cholesky.factorize` for so many random effects of a grouping."""

    @cached
    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def kernel(a: float, L: Array, pattern: Pattern, blocks: Blocks, own: Array, below: Array, tail: Array) -> float:
        q = np.int64(n_effects) if n_effects < MANY else L.shape[1]
        return float(factorize_blocks(q, a, L, pattern, blocks, own, below, tail))

    return kernel


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _forward_columns(pattern: Pattern, own: Array, below: Array, tail: Array, x: Array) -> None:
    for column in range(len(x)):
        forward(x.shape[2], pattern, own, below, tail, x[column])


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _backward_columns(pattern: Pattern, own: Array, below: Array, tail: Array, x: Array) -> None:
    for column in range(len(x)):
        backward(x.shape[2], pattern, own, below, tail, x[column])


@kernel_of_effects
def _inverse_kernel(n_effects: int) -> Any:
    """The diagonal blocks of the inverse, for so many random effects of a grouping; the tail is written over."""

    @cached
    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def kernel(pattern: Pattern, own: Array, below: Array, tail: Array, inverse: Array) -> None:
        if len(tail) > 0:
            dense_inverse(tail)
        q = np.int64(n_effects) if n_effects < MANY else own.shape[1]
        selected_inverse(q, pattern, own, below, tail, inverse, np.empty_like(below))

    return kernel
