"""Each group's rows split in two: the space that its columns of Z span, and the rest, where V is the identity.

With ``Z_j = Q_j C_j'`` and orthonormal Q_j, ``V_j^-1`` is ``Q_j N_j^-1 Q_j'`` with
``N_j = I + C_j' Lambda Lambda' C_j``, plus the projection on the rest. Nothing is subtracted at any Lambda, so
that digits are kept where the variance between groups is a million times that within them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.scaling import FloatArray, IntArray

RANK_TOLERANCE = 1e-12
"""Eigenvalue of a group's ``ZtZ``, scaled to a unit diagonal, below which its columns depend on each other."""


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
    """

    C: FloatArray
    QX: FloatArray
    Qy: FloatArray
    rank: IntArray
    XX: FloatArray
    Xy: FloatArray
    yy: float


def rotate(products: CrossProducts) -> RotatedProducts:
    """Rotate the cross-products of every group into an orthonormal basis of its Z.

    Parameters
    ----------
    products : CrossProducts
        Products of the scaled columns.
    """
    c = products
    p = c.XtX.shape[1]
    size = np.sqrt(np.einsum("jaa->ja", c.ZtZ))
    unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    values, vectors = np.linalg.eigh(c.ZtZ * unit[:, :, None] * unit[:, None, :])
    keep = values > RANK_TOLERANCE
    root = np.sqrt(np.where(keep, values, 0.0))
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=keep)
    C = size[:, :, None] * vectors * root[:, None, :]
    from_Z = (unit[:, :, None] * vectors * inverse[:, None, :]).transpose(0, 2, 1)
    QX, Qy = from_Z @ c.ZtX, np.einsum("jab,jb->ja", from_Z, c.Zty)
    flat = QX.reshape(-1, p)
    return RotatedProducts(
        C=C,
        QX=QX,
        Qy=Qy,
        rank=np.count_nonzero(keep, axis=1).astype(np.int64),
        XX=c.XtX.sum(0) - flat.T @ flat,
        Xy=c.Xty.sum(0) - flat.T @ Qy.reshape(-1),
        yy=float(c.yty.sum() - np.sum(Qy**2)),
    )
