"""Moment estimates of the variance components of several groupings: where the search starts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.reml.grouping_deviance import GroupingDeviance
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.moments import (
    NO_WITHIN,
    NOTHING_LEFT,
    Information,
    Moments,
    moment_estimates,
    residual_floor,
    undetermined,
)

ENDLESS = 1e6
"""SD of an effect that is as good as fixed, in units of the size at which it begins to matter."""


def grouping_information(deviance: GroupingDeviance) -> Information:
    """The MINQUE(0) equations of a model with several groupings.

    Parameters
    ----------
    deviance : GroupingDeviance
        Its products and pattern are used.
    """
    c, pattern, scale = deviance.products, deviance.pattern, deviance.effect_scale
    E = pattern.elements()
    k, n_obs, p = len(E), c.n_obs, len(c.ols)
    XtX_inv = np.linalg.pinv(c.XtX, hermitian=True)
    EX = [c.times(e, c.ZtX) for e in E]
    SEX = [c.ZtZ @ values for values in EX]
    step = [XtX_inv @ (c.ZtX.T @ values) for values in EX]
    traces = pair_traces(c, E)
    matrix, right = np.empty((k + 1, k + 1)), np.empty(k + 1)
    for a, b in product(range(k), range(k)):
        crossed = np.sum(XtX_inv * (EX[a].T @ SEX[b]))
        matrix[a, b] = traces[a, b] - 2 * crossed + np.sum(step[a] * step[b].T)
    matrix[:k, k] = matrix[k, :k] = [np.sum(e * c.own_ZtZ) - np.trace(s) for e, s in zip(E, step, strict=True)]
    matrix[k, k] = n_obs - p
    right[:k] = [float(c.Zty @ c.times(e, c.Zty[:, None])[:, 0]) for e in E]
    right[k] = c.yty
    unit = scale[list(pattern.rows)] * scale[list(pattern.columns)]
    single = [name for name, J in zip(c.joint.names, c.n_groups, strict=True) if n_obs == J]
    counts = [f"{J} groups of {name!r}" for name, J in zip(c.joint.names, c.n_groups, strict=True)]
    return Information(
        matrix=(matrix + matrix.T) / 2,
        right=right,
        own=np.diag(traces) * unit**2,
        ZtZ=c.own_ZtZ / np.sqrt(np.outer(deviance.effect_groups, deviance.effect_groups)),
        scale=scale,
        n_obs=n_obs,
        p=p,
        groups=" and ".join(counts),
        single=f"every group of {single[0]!r}" if single else "",
        sigma_known=c.log_sd is not None,
    )


def pair_traces(products: GroupingProducts, E: FloatArray) -> FloatArray:
    """``tr(V_a V_b)`` with ``V_a = Z E_a Z'``, (k, k)."""
    c = products
    found = np.zeros((len(E), len(E)))
    for (k, left), (m, right) in product(enumerate(c.effects), enumerate(c.effects)):
        block = c.ZtZ[c.parts[k], c.parts[m]]
        q, r = c.sizes[k], c.sizes[m]
        own = [[block[a::q, b::r] for b in range(r)] for a in range(q)]
        pairs = np.empty((q, r, q, r))
        for a, b, d, e in product(range(q), range(r), range(q), range(r)):
            pairs[a, b, d, e] = own[a][b].multiply(own[d][e]).sum()
        found += contract(pairs, E[:, left, left], E[:, right, right])
    return found


def contract(pairs: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """``sum_jj' tr(E_a U_jj' F_b U_jj'')`` of ``pairs[y, z, x, w] = sum_jj' U[jy, j'z] U[jx, j'w]``, (k, k)."""
    return np.asarray(np.einsum("axy,yzxw,bzw->ab", left, pairs, right, optimize=True))


def check_residuals(deviance: GroupingDeviance) -> None:
    """Refuse an outcome of which the predictors and the groups' effects, left free, leave nothing.

    Raises
    ------
    DataError
        The level-1 variance is zero.
    """
    c, pattern = deviance.products, deviance.pattern
    if deviance.sigma_known:
        return
    residual_floor(c, c.XtX)
    free = np.where(pattern.is_diagonal, ENDLESS * deviance.effect_scale[list(pattern.rows)], 0.0)
    if deviance.solve(free).rss <= NO_WITHIN * float(c.yty):
        raise DataError(NOTHING_LEFT)


def grouping_start(deviance: GroupingDeviance, random_labels: Sequence[str]) -> Moments:
    """Moment estimates of Lambda, pushed into the interior.

    Parameters
    ----------
    deviance : GroupingDeviance
        Criterion.
    random_labels : sequence of str, (q,)
        Names of the random effects, for messages.

    Raises
    ------
    DataError
        When the data hold no information on a variance component, or no residual variance.
    """
    found = grouping_information(deviance)
    if reason := undetermined(found, deviance.pattern, random_labels):
        raise DataError(reason)
    check_residuals(deviance)
    return moment_estimates(found, deviance.pattern, float("nan"), float(deviance.products.yty))
