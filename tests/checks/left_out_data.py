"""Small data of wards with one patient or a few, in no order, with names as ids; and draws around their REML fit."""

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws

MODELS = {
    "intercept": "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10",
    "slope": "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = g10 + g11*urban + u1",
    "purely random": "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = u1",
    "three": "pain = b0 + b1*cwc(dose) + b2*age + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2",
    "blocks": "pain = b0 + b1*dose + b2*age + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2\n"
    "cov(u0, u2) = 0\ncov(u1, u2) = 0",
    "no intercept": "pain = b1*dose + r\nb1 = g10 + g11*urban + u1",
    "offset": "pain = b0 + b1*dose + offset(age) + r\nb0 = g00 + u0\nb1 = g10",
}


def wards(n_groups=9, largest=7, tau=1.0, seed=1):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, largest + 1, n_groups)
    sizes[:2] = 1, largest
    ward = np.repeat(np.arange(n_groups), sizes)
    n = len(ward)
    frame = pd.DataFrame({"ward": [f"ward {chr(97 + j)}" for j in ward], "dose": rng.normal(1, 1, n)})
    frame["age"] = rng.normal(0, 1, n)
    frame["urban"] = rng.permutation(np.arange(n_groups) % 2)[ward].astype(float)
    u = tau * rng.normal(size=(n_groups, 2))
    frame["pain"] = 5 + frame["dose"] * (1 + u[ward, 1]) + frame["urban"] + u[ward, 0] + rng.normal(size=n)
    return frame.sample(frac=1.0, random_state=2).reset_index(drop=True)


def ward_design(name, **data):
    return build_design(parse(MODELS[name]), wards(**data), "ward")


def draws_around(design, n_draws=6, seed=0):
    """Any draws of the parameters, (1, n_draws, ...); G is singular at the first."""
    rng = np.random.default_rng(seed)
    p, q = len(design.fixed), len(design.random)
    tau = np.exp(rng.normal(0, 1, (n_draws, q)))
    tau[0, -1] = 0.0
    together = np.zeros((q, q))
    for block in design.blocks:
        together[np.ix_(block, block)] = 1.0
    root = (np.eye(q) + np.tril(rng.normal(size=(n_draws, q, q)), -1)) * together
    root /= np.linalg.norm(root, axis=-1, keepdims=True)
    corr = root @ root.swapaxes(-1, -2)
    variables = {
        "gamma": (["chain", "draw", "fixed"], design.cross_products.ols + rng.normal(size=(1, n_draws, p))),
        "tau": (["chain", "draw", "random"], tau[None]),
        "sigma": (["chain", "draw"], np.exp(rng.normal(0, 0.5, (1, n_draws)))),
    }
    coords = {"fixed": design.fixed_labels, "random": design.random_labels}
    if q > 1:
        variables["corr"] = (["chain", "draw", "random", "random_"], corr[None])
        coords["random_"] = design.random_labels
    return xr.Dataset(variables, coords)


def moments_of_group(design, posterior, draw, group):
    """Mean and covariance matrix of a group's outcomes at a draw, and their rows."""
    rows = np.flatnonzero(design.group_codes == group)
    given = likelihood_of(design).group_effects(Draws(posterior, design))
    G = given.chol[draw] @ given.chol[draw].T
    Z = design.Z[rows]
    mean = design.offset[rows] + design.X[rows] @ given.gamma[draw]
    return mean, Z @ G @ Z.T + given.sigma[draw] ** 2 * np.eye(len(rows)), rows
