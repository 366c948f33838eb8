"""Random effects of all groupings given outcomes and parameters: means, covariances and exact draws of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.block_cholesky import backward, selected_inverse
from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.elimination import Blocks, Elimination, Pattern
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED, MANY, kernel_of_effects, times
from bayeshlm.likelihood.joint_pieces import make_joint_room, swept
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.lapack import dense_inverse, one_blas_thread

type Array = NDArray[np.float64]

CHUNK_DRAWS = 32
"""Draws of the parameters that a thread works on at a time."""


@dataclass(frozen=True, eq=False)
class JointEffects:
    """``u | y, theta`` at S draws of the parameters, jointly normal over the units of all groupings.

    With ``M = I + a Lambda' Z'Z Lambda = C C'`` and ``b = a M^-1 Lambda' Z'(y - X gamma)`` the mean is ``Lambda b`` and
    the covariance matrix ``Lambda M^-1 Lambda'``; a draw is ``Lambda (b + C'^-1 e)`` with e standard normal.

    Attributes
    ----------
    elimination : Elimination
        Cross-products, order and pattern.
    gamma : (S, p) array
        Draws of the fixed effects in the user's columns.
    chols : sequence of K arrays (S, q_k, q_k)
        Any L_k with ``L_k L_k' = G_k``, in the user's columns.
    sigma : (S,) array
        Draws of the level-1 standard deviation.
    """

    elimination: Elimination
    gamma: Array
    chols: Sequence[Array]
    sigma: Array

    def means(self) -> tuple[Array, ...]:
        """``E[u_k | y, theta]`` of each grouping, (S, J_k, q_k), in the user's columns."""
        n_units, q = self._shape
        mean = np.empty((len(self.sigma), n_units, q))
        self._fill(mean, np.empty((0, 0, 0, 0)), np.empty((0, 0, 0, 0)))
        return self._by_grouping(mean, 1)

    def moments(self) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Means as `means` has them, and ``Var[u_kj | y, theta]`` of each unit, (S, J_k, q_k, q_k)."""
        n_units, q = self._shape
        mean, covariance = np.empty((len(self.sigma), n_units, q)), np.empty((len(self.sigma), n_units, q, q))
        self._fill(mean, covariance, np.empty((0, 0, 0, 0)))
        return self._by_grouping(mean, 1), self._by_grouping(covariance, 2)

    def draw(self, seed: int, times: int = 1) -> tuple[Array, ...]:
        """Independent draws of u at each draw of the parameters, (S, `times`, J_k, q_k) of each grouping.

        The numbers at one draw of the parameters depend on `seed` and its place alone, not on threads.
        """
        n_units, q = self._shape
        u = np.empty((len(self.sigma), times, n_units, q))
        self._fill(np.empty((0, 0, 0)), np.empty((0, 0, 0, 0)), u, seed)
        return self._by_grouping(u, 1)

    def _fill(self, mean: Array, covariance: Array, u: Array, seed: int = 0) -> None:
        """Fill those of the arrays that have draws, a chunk of draws in each thread."""
        n_draws, arguments = len(self.sigma), self.arguments
        kernel = effects_at_draws(self.elimination.n_effects)

        def fill(first: int) -> None:
            last = min(first + CHUNK_DRAWS, n_draws)
            for s in range(first, last if len(u) else first):
                np.random.default_rng([seed, s]).standard_normal(out=u[s])
            kernel(first, last, *arguments, mean, covariance, u)

        with one_blas_thread():
            in_threads(fill, range(0, n_draws, CHUNK_DRAWS))

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What every kernel takes first: the draws, the scaling of the columns, pattern and blocks."""
        elimination, products = self.elimination, self.elimination.products
        L = np.zeros((len(self.sigma), len(self.chols), *elimination.blocks.own.shape[1:]))
        for k, chol in enumerate(self.chols):
            L[:, k, : chol.shape[1], : chol.shape[2]] = chol
        scaling = ColumnScaling(products.ols, np.linalg.inv(products.x_transform), elimination.u_to_scaled)
        gamma, sigma = np.ascontiguousarray(self.gamma), np.ascontiguousarray(self.sigma)
        return gamma, L, sigma, scaling, elimination.pattern, elimination.blocks

    @property
    def _shape(self) -> tuple[int, int]:
        """Units and effects."""
        n_units, q = self.elimination.blocks.Zty.shape
        return n_units, q

    def _by_grouping(self, values: Array, n_axes: int) -> tuple[Array, ...]:
        """Each grouping's part of (S, ..., U, q) or (S, U, q, q), the last `n_axes` axes those of its effects."""
        axis = values.ndim - n_axes - 1
        parts = []
        for unit, Zty in zip(self.elimination.unit, self.elimination.products.Zty, strict=True):
            part, q = values.take(unit, axis), Zty.shape[1]
            parts.append(np.ascontiguousarray(part[..., :q] if n_axes == 1 else part[..., :q, :q]))
        return tuple(parts)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _same(s: int, gamma: Array, chols: Array, sigma: Array) -> bool:
    """Whether draw s of the parameters is the one before."""
    same = sigma[s] == sigma[s - 1]
    for k in range(gamma.shape[1]):
        same = same and gamma[s, k] == gamma[s - 1, k]
    for k in range(chols.shape[1]):
        for r in range(chols.shape[2]):
            for t in range(r + 1):
                same = same and chols[s, k, r, t] == chols[s - 1, k, r, t]
    return bool(same)


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def _by_factor(q: int, chols: Array, grouping: NDArray[np.int64], b: Array, u: Array) -> None:
    """Fill ``u_j = L_k b_j``."""
    for j in range(len(b)):
        for r in range(q):
            u[j, r] = 0.0
            for t in range(q):
                u[j, r] += chols[grouping[j], r, t] * b[j, t]


@kernel_of_effects
def effects_at_draws(n_effects: int) -> Any:
    """A numba function for so many random effects, as `bayeshlm.likelihood.joint_kernel.joint_log_density` takes them.

    It fills, at the draws `first` to ``last - 1``, those of mean, covariance and draws that are not of length 0. Its
    arguments:

    chols : (S, K, q, q) array
        In the user's columns.
    scaling : ColumnScaling
    mean, covariance : (S, U, q) and (S, U, q, q) arrays
        In the user's columns.
    draws : (S, m, U, q) array
        Standard normal numbers, which become draws of u.
    """

    @cached
    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def effects(
        first: int,
        last: int,
        gamma: Array,
        chols: Array,
        sigma: Array,
        scaling: ColumnScaling,
        pattern: Pattern,
        blocks: Blocks,
        mean: Array,
        covariance: Array,
        draws: Array,
    ) -> None:
        q = np.int64(n_effects) if n_effects < MANY else chols.shape[2]
        n_units = len(blocks.ZtX)
        room = make_joint_room(q, chols.shape[1], pattern)
        grouping, (_, own, below, F, _, z) = pattern.grouping, room
        A, g, b = np.empty((q, q)), np.empty(gamma.shape[1]), np.empty((n_units, q))
        n_inverse = n_units if len(covariance) > 0 else 0
        Q_own, Q_below = np.empty((n_inverse, q, q)), np.empty((len(pattern.row) if n_inverse > 0 else 0, q, q))
        for s in range(first, last):
            # Importance sampling draws a point several times, one copy after the other; the inverse replaces F.
            if s == first or n_inverse > 0 or not _same(s, gamma, chols, sigma):
                a = 1.0 / (sigma[s] * sigma[s])
                swept(q, a, gamma[s], chols[s], scaling, pattern, blocks, g, room)
            if len(mean) > 0:
                for j in range(n_units):
                    for r in range(q):
                        b[j, r] = z[j, r]
                backward(q, pattern, own, below, F, b)
                _by_factor(q, chols[s], grouping, b, mean[s])
            for m in range(draws.shape[1]):
                for j in range(n_units):
                    for r in range(q):
                        b[j, r] = z[j, r] + draws[s, m, j, r]
                backward(q, pattern, own, below, F, b)
                _by_factor(q, chols[s], grouping, b, draws[s, m])
            if n_inverse > 0:
                if len(F) > 0:
                    dense_inverse(F)
                selected_inverse(q, pattern, own, below, F, Q_own, Q_below)
                for j in range(n_units):
                    times(chols[s, grouping[j]], Q_own[j], A)
                    times(A, chols[s, grouping[j]].T, covariance[s, j])

    return effects
