"""The pseudo-likelihood of weighted normal outcomes as a formula of a graph, the random effects integrated out."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayeshlm.likelihood.weighted_posterior import WeightedData

type Tensor = pt.TensorVariable


def log_pseudo_likelihood(gamma: Tensor, chol: Tensor, sigma: Tensor, data: WeightedData) -> Tensor:
    """``sum_j w_j log int prod_i p(y_ij | u)^w_ij N(u; 0, G) du``, see `bayeshlm.likelihood.weighted_kernel`.

    Parameters
    ----------
    gamma, chol, sigma : tensors, (p,), (q, q), ()
        In the coordinates of the priors; ``G = chol chol'``.
    data : WeightedData
        Its arrays stand in the graph as ``pm.Data`` of the same names.
    """
    at = {name: pm.Data(name, one) for name, one in (data.scaling._asdict() | data.products._asdict()).items()}
    precision = 1 / sigma**2
    g, L = at["gamma_to_scaled"] @ (gamma - at["gamma_origin"]), at["u_to_scaled"] @ chol
    # c_j = Z_j'W_j e_j and M_j, of all groups at a time.
    c = at["Zty"].T - at["ZtX"].transpose(2, 0, 1) @ g
    q = data.products.Zty.shape[0]
    M = np.eye(q) + precision * (L.T @ at["ZtZ"].transpose(2, 0, 1) @ L)
    K = pt.linalg.cholesky(M)
    v = pt.linalg.solve_triangular(K, c @ L, lower=True, b_ndim=1)
    log_det = 2 * pt.log(pt.diagonal(K, axis1=-2, axis2=-1)).sum(axis=-1)
    squares = at["totals"][0] + g @ (at["XtX"] @ g - 2 * at["Xty"])
    by_group = log_det - precision**2 * (v**2).sum(axis=-1)
    constant = at["totals"][1] * pt.log(2 * np.pi * sigma**2)
    return -0.5 * (constant + precision * squares + (at["group_weights"] * by_group).sum())
