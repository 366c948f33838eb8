"""The log density of outcomes given the parameters and all random effects, and its gradient: any family and structure.

``eta = offset + X gamma + sum_k Z_k u_k`` with ``u_k = L_k z_k`` of the units of each grouping k, nested or crossed.
The derivatives in the predictors of the rows lead to all others by the chain rule.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.gaussian_pieces import ANY_ORDER, INLINED
from bayeshlm.likelihood.quadrature_kernel import fixed_predictor
from bayeshlm.likelihood.quadrature_mode import row_loop

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


class Places(NamedTuple):
    """Where the random effects of q columns stand in one vector: grouping after grouping, in it unit after unit.

    Attributes
    ----------
    codes : (n_groupings, N) array of int
        Unit of each row.
    grouping, start, stride, units : (q,) arrays of int
        Of each random effect its grouping, its place of the first unit, how far the next unit's is, and the number of
        units.
    """

    codes: IntArray
    grouping: IntArray
    start: IntArray
    stride: IntArray
    units: IntArray


@cache
def explicit_density(row: Any, slope: Any) -> Any:
    """The log density of a family's outcomes given z, and its gradient, as a numba function to be inlined.

    Parameters
    ----------
    row, slope : numba function
        A `bayeshlm.families.family.Row` and its `RowSlope`, compiled.

    Returns
    -------
    numba function
        Of ``(gamma, chol, auxiliary, z, rows, places, d_z)``, with ``chol (q, q)`` of all groupings, zero between two
        of them, and z in the order of `Places`. Returns the log density and its derivatives in gamma, chol and the
        auxiliary parameters; those in z are written to `d_z`.
    """
    loop = row_loop(row)

    @numba.njit(fastmath=ANY_ORDER, **INLINED)
    def density(gamma, chol, auxiliary, z, rows, places, d_z):  # type: ignore[no-untyped-def]
        q, n, p = len(chol), len(rows.y), len(gamma)
        u, d_u, eta = np.zeros(len(z)), np.zeros(len(z)), fixed_predictor(gamma, rows)
        for r in range(q):
            for s in range(r + 1):
                if places.grouping[r] == places.grouping[s]:
                    for j in range(places.units[r]):
                        step = j * places.stride[r]
                        u[places.start[r] + step] += chol[r, s] * z[places.start[s] + step]
        for r in range(q):
            codes = places.codes[places.grouping[r]]
            for i in range(n):
                eta[i] += rows.Z[r, i] * u[places.start[r] + places.stride[r] * codes[i]]
        value, residual, information = eta.copy(), rows.y.copy(), rows.size.copy()
        loop(n, value, residual, information, auxiliary)
        total = 0.0
        for i in range(n):
            total += rows.weight[i] * value[i]
            residual[i] *= rows.weight[i]
        d_gamma, d_chol, d_auxiliary = np.empty(p), np.zeros((q, q)), np.zeros(len(auxiliary))
        for k in range(p):
            slope_k = 0.0
            for i in range(n):
                slope_k += rows.X[k, i] * residual[i]
            d_gamma[k] = slope_k
        for r in range(q):
            codes = places.codes[places.grouping[r]]
            for i in range(n):
                d_u[places.start[r] + places.stride[r] * codes[i]] += rows.Z[r, i] * residual[i]
        for k in range(len(z)):
            d_z[k] = 0.0
        for r in range(q):
            for s in range(r + 1):
                if places.grouping[r] == places.grouping[s]:
                    slope_rs = 0.0
                    for j in range(places.units[r]):
                        step = j * places.stride[r]
                        slope_rs += d_u[places.start[r] + step] * z[places.start[s] + step]
                        d_z[places.start[s] + step] += chol[r, s] * d_u[places.start[r] + step]
                    d_chol[r, s] = slope_rs
        if len(auxiliary) > 0:
            for i in range(n):
                slope(rows.y[i], rows.size[i], eta[i], auxiliary, rows.weight[i], d_auxiliary)
        return total, d_gamma, d_chol, d_auxiliary

    return density
