"""The one rule for how many directions a group's columns have, from their Gram matrix.

The cross-products of a group square its columns, so that rounding of size eps in them hides what is smaller than
sqrt(eps) in a column. Whatever asks whether a group determines its own coefficients, or for a basis of its columns,
asks here: tests that use the groups that others count must use the same groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.scaling import BoolArray, FloatArray, IntArray

NOTHING = 1e-20
"""Share of a column's mean square over all rows below which its mean square in a group is rounding of the data."""

DEPENDENT = 1e-12
"""Eigenvalue of a group's Gram matrix, scaled to a unit diagonal, below which its columns depend on each other.

A column counts, therefore, when the others leave more than a millionth of its length. The entries are rounded by some
eps = 2e-16, so that what is left to count is known to four digits at least."""


@dataclass(frozen=True, eq=False, slots=True)
class GramRoots:
    """Groups' Gram matrices ``A_j'A_j``, taken apart.

    Attributes
    ----------
    root : ndarray, (J, k, k)
        R with ``R R' = A_j'A_j``: what the columns are in an orthonormal basis of their span, columns of zeros where
        the group has less than k directions.
    whiten : ndarray, (J, k, k)
        R^+, rows of zeros where R has zeros: ``A_j whiten'`` has orthonormal columns, and ``whiten' whiten`` is the
        inverse on their span.
    counts : ndarray of bool, (J, k)
        Which directions there are; they are the last ones.
    """

    root: FloatArray
    whiten: FloatArray
    counts: BoolArray

    @property
    def rank(self) -> IntArray:
        """Directions of each group, (J,)."""
        return np.asarray(np.count_nonzero(self.counts, axis=1), dtype=np.int64)

    @property
    def full(self) -> BoolArray:
        """Whether the group's rows tell all k columns apart, (J,)."""
        return np.asarray(self.counts.all(axis=1))


def mean_squares(gram: FloatArray, n: IntArray) -> FloatArray:
    """Mean square of each column over all rows, (k,), of the groups' Gram matrices (J, k, k) and rows (J,)."""
    return np.asarray(np.einsum("jaa->a", gram) / n.sum())


def gram_roots(gram: FloatArray, n: IntArray, mean_square: FloatArray, dependent: float = DEPENDENT) -> GramRoots:
    """Take Gram matrices apart; this decides what counts as zero.

    A column that is nothing but rounding in a group, judged by its size over all rows (`NOTHING`), has no direction
    there. The others are scaled to unit length, and directions in which their combinations all but vanish
    (`DEPENDENT`) do not count; nor can there be more of them than rows.

    Parameters
    ----------
    gram : ndarray, (J, k, k)
        ``A_j'A_j`` of J groups, all of them or a part.
    n : ndarray of int, (J,)
        Rows of the groups.
    mean_square : ndarray, (k,)
        `mean_squares` over all groups, whichever of them `gram` holds.
    dependent : float
        Eigenvalue that does not count, for matrices with fewer digits than sums of products have.

    Examples
    --------
    A column that does not vary in the second group but for rounding, and equals the other one in the third:

    >>> gram = np.array([[[2.0, 1.0], [1.0, 2.0]], [[2.0, 1e-17], [1e-17, 1e-34]], [[2.0, 2.0], [2.0, 2.0]]])
    >>> n = np.array([2, 2, 2])
    >>> gram_roots(gram, n, mean_squares(gram, n)).rank.tolist()
    [2, 1, 1]
    """
    k = gram.shape[-1]
    squares = np.einsum("jaa->ja", gram)
    alive = squares > NOTHING * n[:, None] * mean_square
    size = np.sqrt(np.where(alive, squares, 0.0))
    unit = np.divide(1.0, size, out=np.zeros_like(size), where=alive)
    values, vectors = np.linalg.eigh(gram * unit[:, :, None] * unit[:, None, :])
    counts = (values > dependent) & (np.arange(k) >= k - n[:, None])  # eigenvalues ascend
    length = np.sqrt(np.where(counts, values, 0.0))
    inverse = np.divide(1.0, length, out=np.zeros_like(length), where=counts)
    root = size[:, :, None] * vectors * length[:, None, :]
    whiten = (unit[:, :, None] * vectors * inverse[:, None, :]).transpose(0, 2, 1)
    return GramRoots(root, whiten, counts)


def z_roots(products: CrossProducts) -> GramRoots:
    """`gram_roots` of the columns of the random effects, as the cross-products scale them."""
    return gram_roots(products.ZtZ, products.n, mean_squares(products.ZtZ, products.n))


def x_and_z_roots(products: CrossProducts) -> GramRoots:
    """`gram_roots` of the columns ``[Z_j, X_j]`` together, (J, q + p, q + p)."""
    gram = np.block([[products.ZtZ, products.ZtX], [products.ZtX.transpose(0, 2, 1), products.XtX]])
    return gram_roots(gram, products.n, mean_squares(gram, products.n))


def has_ols(products: CrossProducts) -> BoolArray:
    """Whether ``Z_j'Z_j`` can be inverted, (J,): the groups HLM bases its reliabilities and chi-squares on."""
    return z_roots(products).full


def inverse_scaled(products: CrossProducts) -> FloatArray:
    """``(Zs_j'Zs_j)^-1`` of the scaled columns, (J, q, q), NaN where it does not exist."""
    roots = z_roots(products)
    inverse = roots.whiten.transpose(0, 2, 1) @ roots.whiten
    inverse[~roots.full] = np.nan
    return np.asarray(inverse)


def inverse_within(products: CrossProducts) -> FloatArray:
    """``(Z_j'Z_j)^-1`` in the user's columns, (J, q, q), NaN where it does not exist.

    Times sigma^2 it is the error covariance of the group's least-squares coefficients.
    """
    S = products.z_transform
    return np.asarray(S @ inverse_scaled(products) @ S.T)
