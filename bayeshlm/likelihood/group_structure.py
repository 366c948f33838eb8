"""Which cross-products of the fixed effects follow from those of the random effects, and need not be read.

A fixed effect of a coefficient that has a random effect has the column ``X[i, k] = Z[i, r] W[j, k]``, so that with A_j
of the values ``W[j, k]`` at (r, k)::

    Z_j'X_j = Z_j'Z_j A_j        X_j'X_j = A_j'Z_j'Z_j A_j

With few distinct level-2 columns that is a fraction of the numbers (two effects and a level-2 predictor of both: 6 a
group in place of 13). Whether it holds of the columns as they were scaled is looked up in the products themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray

RELATIVE = 1e-12
"""How far the products may be from those that follow, beside the lengths of the columns."""


CANCELED = 1e3
"""How much larger summands of a column's structure may be than their sum, which has few digits where they are."""


@dataclass(frozen=True, eq=False)
class GroupStructure:
    """Level-2 columns, and the parts of the fixed effects that the kernels multiply.

    With ``g`` the effects of the scaled columns, ``Z_j'X_j g = Z_j'Z_j b_j + sum_k (Z_j'X_j)_k g_k`` over `direct`
    columns k, where ``b_j[r] = part[r, 0] + sum_l W[l, j] part[r, l]``.

    Attributes
    ----------
    W : (L - 1, J) array
        Level-2 columns of mean 0 and SD 1; before them a column of ones is meant, unless L = 0.
    to_parts : (q L + d, p) array
        ``to_parts g`` are part[r, l], r by r, and the effects of the direct columns.
    direct : (d,) array of int
        Columns of Xs whose products are read.
    """

    W: FloatArray
    to_parts: FloatArray
    direct: IntArray

    @classmethod
    def of(cls, design: Design) -> GroupStructure:
        """Find the structure of a design with one grouping."""
        products, coefficients = design.cross_products, design.random_coefficients
        W, by_column = _distinct(design.W)
        effect = [coefficients.index(c) if c in coefficients else -1 for c in design.coefficient_of.tolist()]
        known = np.array([r >= 0 for r in effect], dtype=np.bool_)
        q, p = len(coefficients), len(effect)
        A = np.zeros((1 + len(W), q, p))
        for k in np.flatnonzero(known):
            A[:, effect[k], k] = by_column[k]
        T, S = products.x_transform, products.z_transform
        levels = np.linalg.inv(S) @ A @ T  # (L, q, p)
        summands = abs(np.linalg.inv(S)) @ abs(A) @ abs(T)
        follows = known & ~(T[~known] != 0).any(axis=0)
        follows &= summands.max(axis=(0, 1), initial=0) <= CANCELED * abs(levels).max(axis=(0, 1), initial=0)
        for k in np.flatnonzero(follows):
            follows[k] = _follows(products, W, levels[:, :, k], int(k))
        levels[:, :, ~follows] = 0.0
        used = np.flatnonzero((levels[1:] != 0).any(axis=(1, 2)))
        direct = np.flatnonzero(~follows)
        parts = levels[[0, *(1 + used)]] if follows.any() else levels[:0]
        to_parts = np.concatenate([parts.transpose(1, 0, 2).reshape(-1, p), np.eye(p)[direct]])
        return cls(np.ascontiguousarray(W[used]), to_parts, direct)

    @classmethod
    def none(cls, n_groups: int, n_fixed: int) -> GroupStructure:
        """All products are read."""
        return cls(np.empty((0, n_groups)), np.eye(n_fixed), np.arange(n_fixed))


def _distinct(W: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distinct columns of W (J, p) but constants, as rows of mean 0 and SD 1; W in ones and these, (p, L)."""
    rows: list[NDArray[np.float64]] = []
    found: list[tuple[int, float, float]] = []  # place among the rows, mean, SD
    first: list[int] = []
    for k in range(W.shape[1]):
        column = W[:, k]
        twin = next((one for one in first if np.array_equal(W[:, one], column)), None)
        if twin is not None:
            found.append(found[twin])
            continue
        mean, sd = float(column.mean()), float(column.std())
        if np.ptp(column) == 0:
            found.append((0, float(column[0]), 0.0))
        else:
            rows.append((column - mean) / sd)
            found.append((len(rows), mean, sd))
        first.append(k)
    combined = np.zeros((W.shape[1], 1 + len(rows)))
    for k, (place, mean, sd) in enumerate(found):
        combined[k, 0] = mean
        if place:
            combined[k, place] = sd
    return np.array(rows).reshape(len(rows), len(W)), combined


def _follows(products: CrossProducts, W: FloatArray, levels: FloatArray, k: int) -> bool:
    """Whether the products of a column are what its structure says, in every group and for every random effect."""
    ZtZ, ZtX = products.ZtZ, products.ZtX[:, :, k]
    B = levels[0] + W.T @ levels[1:]
    size = np.sqrt(np.einsum("jrr->jr", ZtZ) * products.XtX[:, k, k, None])
    return bool((np.abs(ZtX - np.einsum("jrs,js->jr", ZtZ, B)) <= RELATIVE * size).all())
