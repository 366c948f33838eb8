"""What Kenward and Roger's adjustment needs of a model with several groupings."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.grouping_deviance import GroupingDeviance, GroupingSolution
from bayeshlm.reml.grouping_moments import contract

CHUNK_COLUMNS = 512
"""Columns of ``Z'V^-1 Z`` that are formed at a time."""


def grouping_derivatives(
    deviance: GroupingDeviance, solution: GroupingSolution
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """P (k+1, p, p), Q (k+1, k+1, p, p) and the traces ``tr(V^-1 V_k V^-1 V_l)``, at sigma = 1.

    The parameters are the elements g of G over sigma^2, with ``V_k = Z E_k Z'``, and sigma^2, whose V_k is the
    identity: what belongs to it follows from ``V = I + sum_k g_k V_k``.
    """
    c, s = deviance.products, solution
    E = deviance.pattern.elements()
    k, p = len(E), len(s.gamma)
    g = deviance.pattern.theta(s.Lambda @ s.Lambda.T)
    EX = [c.times(e, s.ZVX) for e in E]
    UEX = [_times_U(s, values) for values in EX]
    XVX = np.linalg.inv(s.XVX_inv)

    P, Q, traces = np.empty((k + 1, p, p)), np.empty((k + 1, k + 1, p, p)), np.empty((k + 1, k + 1))
    for a in range(k):
        P[a] = -s.ZVX.T @ EX[a]
        for b in range(k):
            Q[a, b] = EX[a].T @ UEX[b]
    P[k] = -XVX - np.tensordot(g, P[:k], 1)
    Q[:k, k] = -P[:k] - np.tensordot(Q[:k, :k], g, ([1], [0]))
    Q[k, :k] = Q[:k, k].transpose(0, 2, 1)
    Q[k, k] = -P[k] - np.tensordot(g, Q[:k, k], 1)
    traces[:k, :k] = _traces(s, E)
    own = np.einsum("kab,ab->k", E, deviance.own_ZVZ(s))
    traces[:k, k] = traces[k, :k] = own - traces[:k, :k] @ g
    inverse = sum(float(np.einsum("jaa->", s.factor.inverse_blocks(m))) for m in range(len(c.sizes)))
    traces[k, k] = c.n_obs - len(c.Zty) + inverse - traces[k, :k] @ g
    return P, Q, traces


def _times_U(solution: GroupingSolution, values: FloatArray) -> FloatArray:
    """``Z'V^-1 Z`` times values of the n effects, (n, m)."""
    c, factor, Lambda = solution.products, solution.factor, solution.Lambda
    Sv = c.ZtZ @ values
    return np.asarray(Sv - c.ZtZ @ c.times(Lambda, factor.solve(c.times(Lambda.T, Sv))))


def _traces(solution: GroupingSolution, E: FloatArray) -> FloatArray:
    """``tr(V^-1 V_a V^-1 V_b)``, (k, k), from blocks of columns of ``Z'V^-1 Z``."""
    c = solution.products
    found = np.zeros((len(E), len(E)))
    for m, part in enumerate(c.parts):
        r = c.sizes[m]
        pairs = [np.zeros((q * r, q * r)) for q in c.sizes]
        width = max(CHUNK_COLUMNS // r, 1) * r
        for start in range(part.start, part.stop, width):
            columns = np.arange(start, min(start + width, part.stop))
            unit = np.zeros((len(c.Zty), len(columns)))
            unit[columns, np.arange(len(columns))] = 1.0
            for k, own in enumerate(c.by_group(_times_U(solution, unit))):
                flat = own.reshape(*own.shape[:2], -1, r).transpose(1, 3, 0, 2).reshape(len(pairs[k]), -1)
                pairs[k] += flat @ flat.T
        right = E[:, c.effects[m], c.effects[m]]
        for q, e, own_pairs in zip(c.sizes, c.effects, pairs, strict=True):
            found += contract(own_pairs.reshape(q, r, q, r), E[:, e, e], right)
    return found
