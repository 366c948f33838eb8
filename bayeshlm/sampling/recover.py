"""The groups given the parameters: their marginal likelihood, and u drawn from its conditional normal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cross_products import CrossProducts

type Array = NDArray[np.float64]

BLOCK = 64  # groups at a time; a constant, because the random numbers are drawn a block at a time


@dataclass(frozen=True, eq=False)
class GroupBlock:
    """Some groups at every draw (S draws, B groups, q effects), u in the user's columns.

    Attributes
    ----------
    groups : slice
        Which groups.
    log_likelihood : array, shape (S, B)
        ``log p(y_j | gamma, G, sigma)``.
    mean : array, shape (S, B, q)
        Mean of ``u_j | y, gamma, G, sigma``.
    root : array, shape (S, B, q, q)
        R with ``R R'`` its covariance matrix.
    """

    groups: slice
    log_likelihood: Array
    mean: Array
    root: Array

    def draw(self, seed: int) -> Array:
        """One u for each draw and group, (S, B, q); the same for a seed whatever other groups are drawn."""
        rng = np.random.default_rng([seed, self.groups.start])
        noise = rng.normal(size=self.mean.shape)
        return self.mean + (self.root @ noise[..., None])[..., 0]


def group_blocks(products: CrossProducts, gamma: Array, chol: Array, sigma: Array) -> Iterator[GroupBlock]:
    """Walk through the groups, `BLOCK` at a time.

    With ``L L' = G``, ``M_j = I + L' Z_j'Z_j L / sigma^2``, ``e_j = y_j - X_j gamma`` and ``w_j = L' Z_j'e_j``::

        log p(y_j) = -1/2 [n_j log(2 pi sigma^2) + log|M_j| + (e_j'e_j - w_j' M_j^-1 w_j / sigma^2) / sigma^2]
        u_j | y ~ N(L M_j^-1 w_j / sigma^2, L M_j^-1 L')

    by the Woodbury identity (Lindstrom & Bates 1988, JASA 83, 1014-1022). The rows are not touched.

    Parameters
    ----------
    products : CrossProducts
        Per-group cross-products; J groups, p fixed effects, q random effects.
    gamma : array, shape (S, p)
        Draws of the fixed effects in the user's columns.
    chol : array, shape (S, q, q)
        Any L with ``L L' = G``.
    sigma : array, shape (S,)
        Draws of the level-1 standard deviation, in units of the outcome.
    """
    scaled_gamma = np.linalg.solve(products.x_transform, (gamma - products.ols).T).T
    scaled_chol = np.linalg.solve(products.z_transform, chol)
    for start in range(0, len(products.n), BLOCK):
        groups = slice(start, min(start + BLOCK, len(products.n)))
        yield _block(products, groups, scaled_gamma, scaled_chol, chol, sigma)


def _block(
    products: CrossProducts, groups: slice, gamma: Array, scaled_chol: Array, chol: Array, sigma: Array
) -> GroupBlock:
    q = chol.shape[-1]
    a = 1 / sigma[:, None] ** 2
    XtX, ZtX, ZtZ = products.XtX[groups], products.ZtX[groups], products.ZtZ[groups]
    fitted = np.tensordot(gamma, XtX, axes=(1, 2))
    rss = products.yty[groups] - 2 * gamma @ products.Xty[groups].T + np.einsum("sjk,sk->sj", fitted, gamma)
    Zte = products.Zty[groups] - np.tensordot(gamma, ZtX, axes=(1, 2))
    w = Zte @ scaled_chol
    L = scaled_chol[:, None]
    M = np.eye(q) + a[..., None, None] * (L.swapaxes(-1, -2) @ (ZtZ @ L))
    root = np.linalg.cholesky(M)
    inverse = np.linalg.inv(root)
    v = (inverse @ w[..., None])[..., 0]
    log_det = 2 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    quadratic = a * (rss - a * (v * v).sum(axis=-1))
    back = chol[:, None] @ inverse.swapaxes(-1, -2)  # L root^-T
    return GroupBlock(
        groups=groups,
        log_likelihood=-0.5 * (products.n[groups] * np.log(2 * np.pi / a) + log_det + quadratic),
        mean=a[..., None] * (back @ v[..., None])[..., 0],
        root=back,
    )
