"""Where the Cholesky factor of a sparse matrix of blocks has blocks, found once before any number is known.

Column j has blocks where the matrix has, and where the columns have that are its children in the elimination tree
(George & Liu 1981, Computer solution of large sparse positive definite systems, chapter 5).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.disk_cache import cached

type IntArray = NDArray[np.int64]


@cached
@numba.njit
def factor_pattern(start: IntArray, rows: IntArray, size: IntArray, most: int) -> tuple[int, IntArray, IntArray]:
    """Blocks below the diagonal of the factor, column by column.

    Parameters
    ----------
    start, rows : arrays of int, (U + 1,), (n,)
        Rows below the diagonal where the matrix has blocks, those of column j in ``rows[start[j]:start[j + 1]]``.
    size : array of int, (U,)
        Rows of numbers of each row of blocks.
    most : int
        Rows of numbers below the diagonal that a column may have.

    Returns
    -------
    stopped : int
        The first column that has more than `most`, after which nothing was done; -1 if there is none.
    factor_start, factor_rows : arrays of int
        As `start` and `rows`, sorted, of the factor.
    """
    n = len(start) - 1
    child, sibling, seen = np.full(n, -1), np.full(n, -1), np.full(n, -1)
    factor_start = np.zeros(n + 1, dtype=np.int64)
    found = np.empty(max(2 * len(rows), 1), dtype=np.int64)
    for j in range(n):
        begin = end = factor_start[j]
        if end + n - j > len(found):
            longer = np.empty(2 * len(found) + n, dtype=np.int64)
            longer[:end] = found[:end]
            found = longer
        numbers = 0
        for e in range(start[j], start[j + 1]):
            found[end] = rows[e]
            seen[rows[e]] = j
            numbers += size[rows[e]]
            end += 1
        c = child[j]
        while c >= 0:
            for e in range(factor_start[c], factor_start[c + 1]):
                i = found[e]
                if i > j and seen[i] != j:
                    seen[i] = j
                    found[end] = i
                    numbers += size[i]
                    end += 1
            c = sibling[c]
        if numbers > most:
            return j, factor_start, found[:begin]
        found[begin:end].sort()
        factor_start[j + 1] = end
        if end > begin:
            parent = found[begin]
            sibling[j] = child[parent]
            child[parent] = j
    return -1, factor_start, found[: factor_start[n]]
