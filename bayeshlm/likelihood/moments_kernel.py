"""Moments of the groups' effects over the draws of the parameters as machine code; no draw of an effect is made."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.conditional_kernel import make_effect_room, one_draw
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import IN_ORDER, INLINED, kernel_of_effects
from bayeshlm.likelihood.kernel_products import ColumnScaling, EffectProducts

type Array = NDArray[np.float64]


@kernel_of_effects
def conditional_moments(n_effects: int) -> Any:
    """A numba function for so many random effects, the same for all beyond 2.

    It sums ``E[u | theta]`` (q rows), ``E[beta | theta]`` (C rows) and ``Var[u | theta]`` up over S draws. Of its
    arguments the first are those of `bayeshlm.likelihood.conditional_kernel.conditional_normals`, then:

    W, coefficient : arrays, (p, B), (p,)
        Row k of W belongs to one coefficient.
    random : array, (q,)
        Coefficients that have a random effect.
    chain_length, batch : int
        Draws of a chain, and of the batches that it is cut into; draws beyond the last whole batch are in none.
    first, sums, within : arrays, (q + C, B), (4, q + C, B), (q, B)
        Filled: the expectations at the first draw; sums of what others are away from them and of its square, and the
        same of the means of batches; sum of the conditional variances. `sums` and `within` start at zero.
    """
    at_draw = one_draw(n_effects)

    @cached
    @numba.njit(fastmath=IN_ORDER, **INLINED)
    def moments(
        gamma: Array,
        chol: Array,
        sigma: Array,
        scaling: ColumnScaling,
        S: Array,
        products: EffectProducts,
        W: Array,
        coefficient: NDArray[np.int64],
        random: NDArray[np.int64],
        n_coefficients: int,
        chain_length: int,
        batch: int,
        first: Array,
        sums: Array,
        within: Array,
    ) -> None:
        (q, n_groups), p = products.Zty.shape, gamma.shape[1]
        n_rows = q + n_coefficients
        room, root = make_effect_room(p, products), np.empty((q, q, n_groups))
        values, part = np.empty((n_rows, n_groups)), np.zeros((n_rows, n_groups))
        whole = chain_length // batch * batch
        for s in range(len(sigma)):
            at_draw(gamma[s], chol[s], sigma[s], scaling, S, products, room, values, root)
            # E[beta | theta] = W_j gamma + E[u_j | theta] below E[u | theta], and the sum of Var[u | theta].
            for r in range(q, n_rows):
                for j in range(n_groups):
                    values[r, j] = 0.0
            for k in range(p):
                for j in range(n_groups):
                    values[q + coefficient[k], j] += gamma[s, k] * W[k, j]
            for r in range(q):
                for j in range(n_groups):
                    values[q + random[r], j] += values[r, j]
                for t in range(q):
                    for j in range(n_groups):
                        within[r, j] += root[r, t, j] * root[r, t, j]
            # Sums over draws and over batches, of distances from the first draw, so that little cancels.
            place = s % chain_length
            ends = place < whole and (place + 1) % batch == 0
            for r in range(n_rows):
                if s == 0:
                    for j in range(n_groups):
                        first[r, j] = values[r, j]
                for j in range(n_groups):
                    away = values[r, j] - first[r, j]
                    sums[0, r, j] += away
                    sums[1, r, j] += away * away
                    part[r, j] += away
                if ends:
                    for j in range(n_groups):
                        part_mean = part[r, j] / batch
                        sums[2, r, j] += part_mean
                        sums[3, r, j] += part_mean * part_mean
                if ends or place + 1 == chain_length:
                    for j in range(n_groups):
                        part[r, j] = 0.0

    return moments
