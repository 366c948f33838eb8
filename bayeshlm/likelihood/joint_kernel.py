"""The marginal log density of outcomes with any number of groupings, and its gradient, as machine code without rows.

With ``a = 1/sigma^2``, ``u_k = L_k b_k``, ``c = Z'(y - X gamma)``, ``M = I + a Lambda' Z'Z Lambda``, ``Q = M^-1`` and
``b = a Q Lambda'c``::

    log p = -1/2 [N log(2 pi / a) + log|M| + a rss - a c'Lambda b]
    d log p / d gamma = a (X'y - X'X gamma - X'Z Lambda b)
    d log p / d L_k = a sum_j [(c - Z'Z Lambda b)_j b_j' - (Z'Z Lambda Q)_jj]
    d log p / d a = 1/2 [N/a - rss + c'Lambda b + b'b/a - tr(I - Q)/a]

by Fisher's identity, the expectation of the derivative of ``log p(y | b)`` over ``b | y ~ N(b, Q)``. Nothing is
divided by L: standard deviations of zero and correlations of one are points like others. ``(Z'Z Lambda Q)_jj``
needs the blocks of Q only where Z'Z has blocks. Since ``a Lambda'Z'Z Lambda = M - I``, the same is

    d log p / d L_k = L_k'^-1 sum_j (b_j b_j' + Q_jj - I)

which takes less time, and is used where no sum on its diagonal is of rounding
errors: where the mean reliability of each effect, that of ``I - Q_jj``, is above `LEAST_RELIABLE`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.block_cholesky import backward, selected_inverse
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.elimination import Blocks, Elimination, Pattern
from bayeshlm.likelihood.gaussian_kernel import LOG_2PI
from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED, MANY, applied, kernel_of_effects, times
from bayeshlm.likelihood.joint_pieces import make_joint_room, swept, uncertainty, unexplained
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.lapack import dense_inverse

LEAST_RELIABLE = 1e-5
"""Mean reliability above which L may be divided by: eleven digits of the gradient are left."""

type Array = NDArray[np.float64]
type Found = tuple[float, Array, Array, float]


class JointSums(NamedTuple):
    """Cross-products of units in the order of elimination, and over all rows.

    Attributes
    ----------
    pattern, blocks : Pattern, Blocks
        Of `bayeshlm.likelihood.elimination.Elimination`.
    XtX, Xty, totals : (p, p), (p,), (2,) arrays
        Over all rows; ``y'y`` and the number of rows N.
    with_gradient : (1,) array
        0 leaves the gradient zeros: the inverse takes most of the time of crossed groupings.
    """

    pattern: Pattern
    blocks: Blocks
    XtX: Array
    Xty: Array
    totals: Array
    with_gradient: Array

    @classmethod
    def of(cls, elimination: Elimination, with_gradient: bool = True) -> JointSums:
        """Those of the products of an elimination."""
        products = elimination.products
        totals = np.array([products.yty, products.n_obs])
        return cls(
            elimination.pattern,
            elimination.blocks,
            products.XtX,
            products.Xty,
            totals,
            np.array([1.0 if with_gradient else 0.0]),
        )


@kernel_of_effects
def joint_log_density(n_effects: int) -> Any:
    """A numba function of the log density of the outcomes and its gradient.

    Work space is made in the call: any number of threads may be in it.

    Parameters
    ----------
    n_effects : int
        The largest number of effects of a grouping, q; the same for all beyond 2. What other numbers take is not
        compiled.

    Returns
    -------
    numba function
        Of the arguments below: log density, d_gamma (p,), d_chols (K, q, q), d_sigma. The log density is nan where M is
        not positive definite in floating point.

    Notes
    -----
    The arguments are:

    gamma, chols, sigma : (p,), (K, q, q), float
        Fixed effects in any linear coordinates, lower triangular L_k of ``G_k = L_k L_k'`` with zeros beyond a
        grouping's q_k effects, level-1 standard deviation.
    scaling, sums : ColumnScaling, JointSums
    """

    @cached
    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def density(gamma: Array, chols: Array, sigma: float, scaling: ColumnScaling, sums: JointSums) -> Found:
        pattern, blocks, XtX, Xty, totals, with_gradient = sums
        # Loops over effects whose length the compiler knows take a fourth of the time.
        q = np.int64(n_effects) if n_effects < MANY else chols.shape[1]
        a = 1.0 / (sigma * sigma)
        n_units, p = len(blocks.ZtX), blocks.ZtX.shape[2]
        K = len(chols)
        g, d_gamma, d_chols = np.empty(p), np.zeros(p), np.zeros((K, q, q))

        # log|M|, C^-1 a Lambda'c, b.
        room = make_joint_room(q, K, pattern)
        log_det = swept(q, a, gamma, chols, scaling, pattern, blocks, g, room)
        L, own, below, F, c, b = room
        explained = 0.0  # a c'Lambda b
        for j in range(n_units):
            for r in range(q):
                explained += b[j, r] * b[j, r]
        fitted = np.empty(p)
        applied(XtX, g, fitted)
        rss, n_obs = totals[0], totals[1]
        for k in range(p):
            rss += g[k] * (fitted[k] - 2.0 * Xty[k])
        log_density = -0.5 * (n_obs * (LOG_2PI - np.log(a)) + log_det + a * rss - explained)
        if with_gradient[0] == 0.0 or not np.isfinite(log_density):
            return log_density, d_gamma, d_chols, 0.0
        backward(q, pattern, own, below, F, b)

        # gamma.
        u, d_scaled = np.empty((n_units, q)), np.empty(p)
        for k in range(p):
            d_scaled[k] = Xty[k] - fitted[k]
        for j in range(n_units):
            for r in range(q):
                total = 0.0
                for t in range(q):
                    total += L[pattern.grouping[j], r, t] * b[j, t]
                u[j, r] = total
                for k in range(p):
                    d_scaled[k] -= blocks.ZtX[j, r, k] * total
        for k in range(p):
            d_scaled[k] *= a
        applied(scaling.gamma_to_scaled.T, d_scaled, d_gamma)

        # L and a: sums of b b' + Q - I by grouping, which of each grouping's effects they are of, and reliabilities.
        Q_own, Q_below = np.empty((n_units, q, q)), np.empty((len(pattern.row), q, q))
        if len(F) > 0:
            dense_inverse(F)
        selected_inverse(q, pattern, own, below, F, Q_own, Q_below)
        T, known, reliability, n_of, size = (
            np.zeros((K, q, q)),
            True,
            np.zeros((K, q)),
            np.zeros(K),
            np.zeros(K, np.int64),
        )
        for j in range(n_units):
            k = pattern.grouping[j]
            n_of[k] += 1.0
            size[k] = pattern.size[j]
            for r in range(q):
                for s in range(q):
                    T[k, r, s] += b[j, r] * b[j, s] + Q_own[j, r, s]
                T[k, r, r] -= 1.0
                reliability[k, r] += 1.0 - Q_own[j, r, r]
        length, trace = 0.0, 0.0  # b'b, and that of I - Q
        for k in range(K):
            for r in range(q):
                length += T[k, r, r] + reliability[k, r]
                trace += reliability[k, r]
                known = known and (r >= size[k] or reliability[k, r] > LEAST_RELIABLE * n_of[k])
        if known:
            for k in range(K):
                for s in range(q):
                    for r in range(size[k] - 1, -1, -1):
                        total = T[k, r, s]
                        for t in range(r + 1, size[k]):
                            total -= chols[k, t, r] * d_chols[k, t, s]
                        d_chols[k, r, s] = total / chols[k, r, r]
        else:
            d_L = np.zeros((K, q, q))
            unexplained(q, pattern, blocks, u, c)
            for j in range(n_units):
                for r in range(q):
                    for s in range(q):
                        d_L[pattern.grouping[j], r, s] += c[j, r] * b[j, s]
            uncertainty(q, L, pattern, blocks, F, Q_own, Q_below, d_L)
            for k in range(K):
                for r in range(q):
                    for s in range(q):
                        d_L[k, r, s] *= a
                times(scaling.u_to_scaled[k].T, d_L[k], d_chols[k])
        d_a = 0.5 * (n_obs / a - rss + (explained + length - trace) / a)
        return log_density, d_gamma, d_chols, -2.0 * d_a * a / sigma

    return density
