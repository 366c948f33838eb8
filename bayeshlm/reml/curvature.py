"""Second derivatives of the deviance: exact, from sums over groups of small outer products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.criterion import Criterion, Curvature, Solution


@dataclass(frozen=True, eq=False, slots=True)
class TwoLevelSolution(Solution):
    """Generalized least squares of a two-level model: ZVX is (J, q, p) and ZVe (J, q).

    What of rss lies outside of the groups' Z is not taken for less than the rounding of the sums that it is the
    difference of.

    Attributes
    ----------
    N_inv : ndarray, (J, q, q)
        ``Q'V^-1 Q`` in the groups' own bases (`RotatedProducts`).
    ZVZ : ndarray, (J, q, q)
        ``Z'V^-1 Z`` of each group.
    """

    N_inv: FloatArray
    ZVZ: FloatArray

    @property
    def ee(self) -> FloatArray:
        """Sum over groups of ``Z'V^-1 e e'V^-1 Z``, (q, q)."""
        return np.asarray(self.ZVe.T @ self.ZVe)


def curvature(deviance: Criterion[TwoLevelSolution], solution: TwoLevelSolution) -> Curvature:
    """Second derivatives of the deviance at a solution.

    Notes
    -----
    With ``V_a = Z E_a Z'``, ``E_a = d(Lambda Lambda')/d theta_a`` and ``F_ab`` its second derivative:
    ``tr(D F_ab) - tr(P V_a P V_b) + 2 y'P V_a P V_b P y / sigma^2``, where D is the slope and P stands for ``V^-1`` in
    the trace under ML (Lindstrom & Bates 1988, JASA 83, 1014-1022, section 4).
    """
    s, pattern = solution, deviance.pattern
    sigma2 = deviance.sigma2(s)
    n_groups, q, p = s.ZVX.shape
    rows, columns = np.array(pattern.rows), np.array(pattern.columns)
    index = np.arange(pattern.n_free)
    E = np.zeros((pattern.n_free, q, q))
    E[index, rows, :] = s.Lambda[:, columns].T
    E = E + E.transpose(0, 2, 1)

    ZVZ = s.ZVZ.reshape(n_groups, -1)
    ee = (s.ZVe[:, :, None] * s.ZVe[:, None, :]).reshape(n_groups, -1)
    weight = 2 / sigma2 * ee
    ZVX = s.ZVX.reshape(n_groups, -1)
    XEX = (ZVX.T @ ZVX).reshape(q, p, q, p)
    XVX = -np.einsum("kab,aibj->kij", E, XEX)
    trace = np.zeros((pattern.n_free, pattern.n_free))
    if deviance.method == "REML":
        weight = weight + 2 * (s.ZVX @ s.XVX_inv @ s.ZVX.transpose(0, 2, 1)).reshape(n_groups, -1)
        step = s.XVX_inv @ XVX
        trace = np.einsum("kij,lji->kl", step, step)
    # sum_j tr(E_a U E_b B) over groups, with U = Z'V^-1 Z and B = weight - U, both contracted first
    pairs = (ZVZ.T @ (weight - ZVZ)).reshape(q, q, q, q)
    hessian = np.tensordot(np.tensordot(E, pairs, ([1, 2], [3, 0])), E, ([1, 2], [1, 2]))
    Xe = np.einsum("kab,aib->ki", E, (ZVX.T @ s.ZVe).reshape(q, p, q))
    hessian = hessian - trace - 2 / sigma2 * Xe @ s.XVX_inv @ Xe.T
    D = deviance.slope(s)
    hessian = (hessian + hessian.T) / 2 + 2 * D[np.ix_(rows, rows)] * (columns[:, None] == columns[None, :])
    ee_sum = ee.sum(0).reshape(q, q)
    return Curvature(theta=hessian, rss_gradient=-np.einsum("kab,ab->k", E, ee_sum), XVX=XVX)
