"""The marginal likelihood of each group, its deviations u integrated out, for many draws at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cross_products import CrossProducts

type Array = NDArray[np.float64]

CHUNK_BYTES = 64 * 2**20


def group_log_likelihood(products: CrossProducts, gamma: Array, chol: Array, sigma: Array) -> Array:
    """Log density of each group's outcomes given the parameters, ``log p(y_j | gamma, G, sigma)``.

    With ``L L' = G``, ``M_j = I + L' Z_j'Z_j L / sigma^2``, ``e_j = y_j - X_j gamma`` and
    ``w_j = L' Z_j'e_j``::

        -1/2 [n_j log(2 pi sigma^2) + log|M_j| + (e_j'e_j - w_j' M_j^-1 w_j / sigma^2) / sigma^2]

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

    Returns
    -------
    array, shape (S, J)
    """
    n_draws, n_groups, q = len(sigma), len(products.n), products.ZtZ.shape[1]
    out = np.empty((n_draws, n_groups))
    scaled_gamma = np.linalg.solve(products.x_transform, (gamma - products.ols).T).T
    scaled_chol = np.linalg.solve(products.z_transform, chol)
    step = max(1, CHUNK_BYTES // (8 * n_groups * (3 * q * q + 3 * q + 3)))
    for start in range(0, n_draws, step):
        part = slice(start, start + step)
        out[part] = _chunk(products, scaled_gamma[part], scaled_chol[part], sigma[part])
    return out


def _chunk(products: CrossProducts, gamma: Array, chol: Array, sigma: Array) -> Array:
    q = chol.shape[-1]
    sigma2 = (sigma**2)[:, None]
    rss = products.yty - 2 * gamma @ products.Xty.T
    rss += np.einsum("sk,jkl,sl->sj", gamma, products.XtX, gamma, optimize=True)
    Zte = products.Zty - np.einsum("jqk,sk->sjq", products.ZtX, gamma, optimize=True)
    w = np.einsum("sqr,sjq->sjr", chol, Zte, optimize=True)
    M = np.einsum("sab,jac,scd->sjbd", chol, products.ZtZ, chol, optimize=True) / sigma2[..., None, None]
    M += np.eye(q)
    root = np.linalg.cholesky(M)
    v = np.linalg.solve(root, w[..., None])[..., 0]
    log_det = 2 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    quadratic = (rss - (v * v).sum(axis=-1) / sigma2) / sigma2
    return np.asarray(-0.5 * (products.n * np.log(2 * np.pi * sigma2) + log_det + quadratic))
