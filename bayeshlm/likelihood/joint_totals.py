"""The log density of all outcomes of a model with several groupings at draws of its parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayeshlm.likelihood.elimination import Elimination
from bayeshlm.likelihood.joint_factor import factorize
from bayeshlm.progress import counted

type Array = NDArray[np.float64]


def joint_log_densities(elimination: Elimination, gamma: Array, chols: Sequence[Array], sigma: Array) -> Array:
    """``log p(y | gamma, G, sigma)``, all random effects integrated out, at S draws: (S,).

    Parameters
    ----------
    elimination : Elimination
    gamma, chols, sigma : (S, p), K arrays (S, q_k, q_k), (S,)
        As `bayeshlm.likelihood.joint_effects.JointEffects` has them.

    Notes
    -----
    With ``M = I + a Lambda'Z'Z Lambda = C C'`` and ``a = 1/sigma^2``: ``-1/2 [N log(2 pi sigma^2) + log|M| + a rss -
    |C^-1 a Lambda'Z'(y - X gamma)|^2]``, the value that `bayeshlm.likelihood.joint_kernel` has.
    """
    products, found = elimination.products, np.empty(len(sigma))
    g = np.linalg.solve(products.x_transform, (gamma - products.ols).T).T
    rss = products.yty - 2 * g @ products.Xty + np.einsum("sp,pr,sr->s", g, products.XtX, g)
    precision = sigma**-2
    with counted(len(sigma), "Likelihoods") as advance:
        for s, a in enumerate(precision):
            factor = factorize(elimination, [chol[s] for chol in chols], float(a))
            swept = factor.forward(a * (factor.columns[:, -1] - factor.columns[:, :-1] @ g[s]))
            found[s] = factor.log_determinant - swept @ swept
            advance()
    constant = products.n_obs * np.log(2 * np.pi / precision)
    return np.asarray(-0.5 * (constant + found + precision * rss))
