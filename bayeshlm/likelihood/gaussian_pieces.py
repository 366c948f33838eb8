"""Pieces of machine code that the density and the group effects share: residual products, determinants, factors.

With ``a = 1/sigma^2`` and ``c_j = Z_j'(y_j - X_j gamma)`` both need, of every group j, ``|I + a Z_j'Z_j G|`` and the
solution of that matrix for c_j: in closed form for one and two random effects, through a Cholesky factor for more.
The groups are the last axis of every array.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.kernel_products import ColumnScaling

type Array = NDArray[np.float64]

# Everything is inlined into the function that is called from outside. Otherwise the process that compiles would run
# other copies of the inner functions than later ones that load the code from numba's cache: other last digits.
INLINED: dict[str, Any] = {"error_model": "numpy", "nogil": True, "forceinline": True}
ANY_ORDER = {"reassoc", "contract", "nsz"}  # fastmath where sums may be formed in any order
IN_ORDER = {"contract"}  # fastmath where a group's numbers must not depend on which other groups there are

MANY = 3
"""Random effects from which a kernel is the same for any number; one and two have code of their own."""


def kernel_of_effects[Kernel](make: Callable[..., Kernel]) -> Callable[..., Kernel]:
    """A maker of kernels that is asked once for each number of random effects, and once for all from `MANY` on."""
    made = cache(make)

    @wraps(make)
    def kernel(n_effects: int, *more: Any) -> Kernel:
        return made(min(n_effects, MANY), *more)

    return kernel


# Inlined before anything is compiled, so that a piece has the fastmath of the function that it is put into.
PIECE: dict[str, Any] = {"inline": "always"}


@numba.njit(fastmath=ANY_ORDER, **INLINED)
def times(left: Array, right: Array, out: Array) -> None:
    """Write the product of two small matrices to `out`; numba's own ``@`` takes seconds to compile."""
    for r in range(left.shape[0]):
        for s in range(right.shape[1]):
            out[r, s] = 0.0
            for t in range(left.shape[1]):
                out[r, s] += left[r, t] * right[t, s]


@numba.njit(**PIECE)
def applied(matrix: Array, vector: Array, out: Array) -> None:
    """Write the product of a small matrix and a vector to `out`."""
    for r in range(len(matrix)):
        out[r] = 0.0
        for s in range(len(vector)):
            out[r] += matrix[r, s] * vector[s]


@numba.njit(**PIECE)
def scaled_parameters(gamma: Array, chol: Array, scaling: ColumnScaling, g: Array, L: Array) -> None:
    """Fill gamma (p,) and the factor of G (q, q) of the columns that the cross-products were formed of."""
    applied(scaling.gamma_to_scaled, gamma - scaling.gamma_origin, g)
    times(scaling.u_to_scaled, chol, L)


@numba.njit(**PIECE)
def residual_products(ZtZ: Array, ZtX: Array, Zty: Array, W: Array, parts: Array, b: Array, c: Array) -> None:
    """Fill ``c_j = Z_j'y_j - Z_j'X_j g`` of B groups.

    Parameters
    ----------
    ZtZ, ZtX, Zty : (q, q, B), (q, d, B), (q, B)
    W : (L - 1, B)
        Values of the groups; a first column of ones is not there.
    parts : (q L + d,)
        As `bayeshlm.likelihood.group_structure.GroupStructure` makes them of g: effects of ones and these columns on
        each of the q coefficients, and effects of the d columns of ZtX.
    b, c : (q, B)
        Filled: ``X_j g = Z_j b_j`` but for the d columns, unless L = 0, and c.
    """
    q, d, n_groups = ZtX.shape
    n_levels = (len(parts) - d) // q
    for r in range(q):
        for j in range(n_groups):
            c[r, j] = Zty[r, j]
    if n_levels > 0:
        for r in range(q):
            for j in range(n_groups):
                b[r, j] = parts[r * n_levels]
            for m in range(1, n_levels):
                for j in range(n_groups):
                    b[r, j] += W[m - 1, j] * parts[r * n_levels + m]
        for r in range(q):
            for s in range(q):
                for j in range(n_groups):
                    c[r, j] -= ZtZ[min(r, s), max(r, s), j] * b[s, j]
    for r in range(q):
        for k in range(d):
            for j in range(n_groups):
                c[r, j] -= ZtX[r, k, j] * parts[q * n_levels + k]


@numba.njit(**PIECE)
def det_of_two(
    a: float, z0: Array, z1: Array, z2: Array, g0: float, g1: float, g2: float, det_G: float, j: int, det: Array
) -> float:
    """Fill ``d_j = |I + a Z'Z G| = 1 + a tr(Z'Z G) + a^2 |Z'Z| |G|`` for q = 2, return ``|Z'Z|``.

    No difference is taken but in ``|Z'Z|``, which does not depend on the parameters.
    """
    det_Z: float = max(z0[j] * z2[j] - z1[j] * z1[j], 0.0)
    det[j] = 1.0 + a * (z0[j] * g0 + 2.0 * z1[j] * g1 + z2[j] * g2) + a * a * det_Z * det_G
    return det_Z


@numba.njit(**PIECE)
def squared_det(L: Array) -> float:
    """``|G|`` of ``G = L L'`` for q = 2, never below zero."""
    det_L: float = L[0, 0] * L[1, 1] - L[0, 1] * L[1, 0]
    return det_L * det_L


@numba.njit(**PIECE)
def products_with_factor(L: Array, ZtZ: Array, j: int, ZL: Array) -> None:
    """Fill ``ZL = Z_j'Z_j L`` of one group for any q."""
    q = len(L)
    for r in range(q):
        for s in range(q):
            total = 0.0
            for t in range(q):
                total += ZtZ[r, t, j] * L[t, s]
            ZL[r, s] = total


@numba.njit(**PIECE)
def factor_row(
    a: float, L: Array, ZL: Array, c: Array, j: int, r: int, K: Array, v: Array, det: Array, length: float
) -> float:
    """Fill row r of K in ``K K' = I + a L' Z_j'Z_j L`` and of ``v = K^-1 L'c_j``, the rows above being there.

    Multiplies ``d_j = |K|^2`` by what the row adds; returns `length` plus ``v_r^2``.
    """
    q = len(v)
    # Row r of K, by Cholesky's algorithm; its squared diagonal elements multiply up to the determinant.
    for s in range(r + 1):
        total = 1.0 if r == s else 0.0
        for t in range(q):
            total += a * L[t, r] * ZL[t, s]
        for t in range(s):
            total -= K[r, t] * K[s, t]
        if r == s:
            K[r, r] = np.sqrt(total)
            det[j] *= total
        else:
            K[r, s] = total / K[s, s]
    # Element r of v, by forward substitution.
    total = 0.0
    for t in range(q):
        total += L[t, r] * c[t, j]
    for t in range(r):
        total -= K[r, t] * v[t]
    v[r] = total / K[r, r]
    length += v[r] * v[r]
    return length
