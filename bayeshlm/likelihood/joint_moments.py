"""Covariances of the random effects of several groupings given the outcomes, averaged over draws of the parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.joint_products import JointProducts
from bayeshlm.likelihood.block_cholesky import factorize, selected_inverse
from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.elimination import Blocks, Elimination, Pattern
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED, times
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.likelihood.joint_effects import CHUNK_DRAWS, JointEffects
from bayeshlm.likelihood.lapack import dense_inverse, one_blas_thread
from bayeshlm.parameters.draws import Draws

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class MeanCovariances:
    """``E[Cov(u | y, theta)]`` over draws of theta, in the user's columns: of the units that have rows in common.

    Attributes
    ----------
    own : tuple of (J_k, q_k, q_k) arrays
        Of each unit of each grouping.
    pairs : tuple of (n, q_k, q_l) arrays
        Of the units of two groupings, in the order of ``JointProducts.pairs``.
    """

    own: tuple[Array, ...]
    pairs: tuple[Array, ...]


def joint_effects(draws: Draws) -> JointEffects:
    """The random effects of all groupings at each draw of the parameters."""
    products = draws.design.products
    assert isinstance(products, JointProducts)
    gamma, sigma = draws.flat(draws.gamma), draws.flat(draws.scaled_sigma)
    return JointEffects(Elimination.of(products), gamma, covariance_factors(draws), sigma)


def mean_covariances(effects: JointEffects) -> MeanCovariances:
    """Average the blocks of ``Lambda M^-1 Lambda'`` of units that have rows in common over the draws."""
    elimination, n_draws = effects.elimination, len(effects.sigma)
    pattern, blocks = elimination.pattern, elimination.blocks
    sigma = np.ascontiguousarray(effects.sigma)
    chols = np.zeros((n_draws, len(effects.chols), *blocks.own.shape[1:]))
    for k, chol in enumerate(effects.chols):
        chols[:, k, : chol.shape[1], : chol.shape[2]] = chol

    def of_draws(first: int) -> tuple[Array, Array, Array]:
        draws = slice(first, min(first + CHUNK_DRAWS, n_draws))
        sums = np.zeros_like(blocks.own), np.zeros_like(blocks.below), np.zeros_like(blocks.tail)
        _covariances(chols[draws], sigma[draws], elimination.u_to_scaled, pattern, blocks, *sums)
        return sums

    with one_blas_thread():
        found = in_threads(of_draws, range(0, n_draws, CHUNK_DRAWS))
    own, below, tail = (np.sum(parts, axis=0) / n_draws for parts in zip(*found, strict=True))
    sizes = [Zty.shape[1] for Zty in elimination.products.Zty]
    of_units = tuple(own[unit][:, :q, :q] for unit, q in zip(elimination.unit, sizes, strict=True))
    pairs = []
    n_units, n_sparse = len(pattern.grouping), len(pattern.start) - 1
    for pair in elimination.products.pairs:
        ends = [elimination.unit[pair.first][pair.units[:, 0]], elimination.unit[pair.second][pair.units[:, 1]]]
        row, column = np.maximum(*ends), np.minimum(*ends)
        values, sparse = np.empty((len(row), *own.shape[1:])), column < n_sparse
        place = column * n_units + row
        values[sparse] = below[np.searchsorted(pattern.column * n_units + pattern.row, place[sparse])]
        values[~sparse] = tail[np.searchsorted(pattern.tail_column * n_units + pattern.tail_row, place[~sparse])]
        turned = ends[0] < ends[1]
        values[turned] = values[turned].swapaxes(1, 2)
        pairs.append(values[:, : sizes[pair.first], : sizes[pair.second]])
    return MeanCovariances(of_units, tuple(pairs))


@cached
@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _covariances(
    chols: Array,
    sigma: Array,
    u_to_scaled: Array,
    pattern: Pattern,
    blocks: Blocks,
    own_sum: Array,
    below_sum: Array,
    tail_sum: Array,
) -> None:
    """Add the covariances at each draw to the sums, laid out as `Blocks` are.

    Parameters
    ----------
    chols, sigma : (S, K, q, q) and (S,) arrays
        In the user's columns.
    """
    n_units, q = blocks.Zty.shape
    grouping, place, size, K = pattern.grouping, pattern.place, pattern.size, chols.shape[1]
    n_sparse, n_dense = len(pattern.start) - 1, place[len(place) - 1]
    L, A, B = np.empty((K, q, q)), np.empty((q, q)), np.empty((q, q))
    own, below, F = np.empty((n_units, q, q)), np.empty((len(pattern.row), q, q)), np.zeros((n_dense, n_dense))
    Q_own, Q_below = np.empty((n_units, q, q)), np.empty((len(pattern.row), q, q))
    for s in range(len(sigma)):
        for k in range(K):
            times(u_to_scaled[k], chols[s, k], L[k])
        for r in range(n_dense):
            for t in range(n_dense):
                F[r, t] = 0.0
        factorize(q, 1.0 / (sigma[s] * sigma[s]), L, pattern, blocks, own, below, F)
        if n_dense > 0:
            dense_inverse(F)
        selected_inverse(q, pattern, own, below, F, Q_own, Q_below)
        for j in range(n_units):
            _add_between(chols[s, grouping[j]], Q_own[j], chols[s, grouping[j]], own_sum[j], A)
        for e in range(len(pattern.row)):
            row, column = grouping[pattern.row[e]], grouping[pattern.column[e]]
            _add_between(chols[s, row], Q_below[e], chols[s, column], below_sum[e], A)
        for n in range(len(pattern.tail_row)):
            i, j = pattern.tail_row[n], pattern.tail_column[n]
            for r in range(q):
                for c in range(q):
                    inside = r < size[i] and c < size[j]
                    B[r, c] = F[place[j - n_sparse] + c, place[i - n_sparse] + r] if inside else 0.0
            _add_between(chols[s, grouping[i]], B, chols[s, grouping[j]], tail_sum[n], A)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _add_between(left: Array, Q: Array, right: Array, total: Array, A: Array) -> None:
    """Add ``left Q right'``."""
    q = len(Q)
    times(left, Q, A)
    for r in range(q):
        for c in range(q):
            for t in range(q):
                total[r, c] += A[r, t] * right[c, t]
