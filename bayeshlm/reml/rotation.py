"""Each group's rows split in two: the space that its columns of Z span, and the rest, where V is the identity.

With ``Z_j = Q_j C_j'`` and orthonormal Q_j, ``V_j^-1`` is ``Q_j N_j^-1 Q_j'`` with
``N_j = I + C_j' Lambda Lambda' C_j``, plus the projection on the rest. Nothing is subtracted at any Lambda, so
that digits are kept where the variance between groups is a million times that within them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.gram import z_roots
from bayeshlm.design.scaling import FloatArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class RotatedProducts:
    """Cross-products in the groups' own orthonormal bases.

    Attributes
    ----------
    C : ndarray, (J, q, q)
        ``Z_j'Q_j``; columns of zeros where Z_j has less than full rank.
    QX, Qy : ndarray, (J, q, p), (J, q)
        ``Q_j'X_j`` and ``Q_j'y_j``.
    rank : ndarray of int, (J,)
        Rank of Z_j.
    XX, Xy, yy : ndarray (p, p), ndarray (p,), float
        Cross-products of what is left outside of the span of the Z_j, summed over groups.
    rounding : float
        Error of yy: eps times the sum that it is what is left of.
    """

    C: FloatArray
    QX: FloatArray
    Qy: FloatArray
    rank: IntArray
    XX: FloatArray
    Xy: FloatArray
    yy: float
    rounding: float


def rotate(products: CrossProducts) -> RotatedProducts:
    """Rotate the cross-products of every group into an orthonormal basis of its Z.

    Parameters
    ----------
    products : CrossProducts
        Products of the scaled columns.
    """
    c = products
    p = c.XtX.shape[1]
    roots = z_roots(c)
    QX, Qy = roots.whiten @ c.ZtX, np.einsum("jab,jb->ja", roots.whiten, c.Zty)
    rest = roots.rank < c.n  # of the others nothing is left, where a difference would leave rounding
    flat, spanned = QX[rest].reshape(-1, p), Qy[rest]
    return RotatedProducts(
        C=roots.root,
        QX=QX,
        Qy=Qy,
        rank=roots.rank,
        XX=c.XtX[rest].sum(0) - flat.T @ flat,
        Xy=c.Xty[rest].sum(0) - flat.T @ spanned.reshape(-1),
        yy=float(c.yty[rest].sum() - np.sum(spanned**2)),
        rounding=float(np.finfo(np.float64).eps * c.yty[rest].sum()),
    )
