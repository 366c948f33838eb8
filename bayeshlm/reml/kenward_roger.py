"""Kenward and Roger's adjusted covariance matrix and degrees of freedom, from cross-products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.reml.curvature import TwoLevelSolution
from bayeshlm.reml.deviance import Deviance
from bayeshlm.reml.estimate import RemlEstimate, two_level
from bayeshlm.reml.grouping_deviance import GroupingDeviance, GroupingSolution
from bayeshlm.reml.grouping_kenward_roger import grouping_derivatives
from bayeshlm.reml.satterthwaite import positive_inverse


@dataclass(frozen=True, eq=False, slots=True)
class KenwardRoger:
    """Adjusted covariance matrix of gamma, and what degrees of freedom follow from.

    Attributes
    ----------
    vcov : ndarray, (p, p)
        Adjusted covariance matrix of the fixed effects of the scaled columns.
    unadjusted : ndarray, (p, p)
        ``(X' Sigma^-1 X)^-1`` of the scaled columns.
    P : ndarray, (k + 1, p, p)
        Derivatives of ``X' Sigma^-1 X`` in the unique elements of G and in sigma^2; without it where it is known.
    W : ndarray, (k + 1, k + 1)
        Twice the inverse of their expected information.
    x_transform : ndarray, (p, p)
        T of the cross-products: ``L gamma`` is ``L T`` times the effects of the scaled columns.

    References
    ----------
    Kenward & Roger (1997), Biometrics 53, 983-997; Halekoh & Hojsgaard (2014), J. Statistical Software 59(9).
    """

    vcov: FloatArray
    unadjusted: FloatArray
    P: FloatArray
    W: FloatArray
    x_transform: FloatArray

    def covariance(self, L: FloatArray) -> FloatArray:
        """Adjusted covariance matrix of ``L gamma``, (m, m), for L of (m, p)."""
        scaled = L @ self.x_transform
        return np.asarray(scaled @ self.vcov @ scaled.T)

    def test(self, L: FloatArray) -> tuple[float, float]:
        """Denominator degrees of freedom and the factor that scales the F of the independent rows of L, (m, p).

        ``F = scale * (L gamma)' (L V L')^-1 (L gamma) / m`` with the adjusted V.
        """
        m = len(L)
        L = L @ self.x_transform
        Theta = L.T @ np.linalg.solve(L @ self.unadjusted @ L.T, L)
        U = Theta @ self.unadjusted @ self.P @ self.unadjusted
        trace = np.einsum("kii->k", U)
        A1 = float(trace @ self.W @ trace)
        A2 = float(np.sum(self.W * np.einsum("kij,lji->kl", U, U)))
        if A2 == 0.0:
            return float("inf"), 1.0
        B = (A1 + 6 * A2) / (2 * m)
        g = ((m + 1) * A1 - (m + 4) * A2) / ((m + 2) * A2)
        below = 3 * m + 2 * (1 - g)
        V0, V1, V2 = (1 + c * B for c in (g / below, -(m - g) / below, -(m + 2 - g) / below))
        V0 = 0.0 if abs(V0) < 1e-10 else V0
        near_zero = abs(1 - A2 / m) < 1e-14 and abs(V1) < 1e-14
        rho = (1.0 if near_zero else (1 - A2 / m) / V1) ** 2 * V0 / V2 / m
        df = 4 + (m + 2) / (m * rho - 1)
        scale = 1.0 if abs(df - 2) < 0.1 else df * (1 - A2 / m) / (df - 2)
        return df, scale

    def df(self, L: FloatArray) -> FloatArray:
        """Degrees of freedom of the t tests of the rows of L, (m,)."""
        return np.array([self.test(row[None])[0] for row in L])


def kenward_roger(estimate: RemlEstimate) -> KenwardRoger:
    """Kenward and Roger's adjustment of a REML estimate.

    Raises
    ------
    OptionError
        For an ML estimate: the adjustment is derived for REML.
    """
    if estimate.method != "REML":
        raise OptionError('Kenward-Roger needs a REML estimate: use method="REML", or Satterthwaite\'s df.')
    Phi = estimate.sigma**2 * estimate.optimum.solution.XVX_inv
    deviance, solution, sigma2 = estimate.deviance_function, estimate.optimum.solution, estimate.sigma**2
    if isinstance(deviance, GroupingDeviance) and isinstance(solution, GroupingSolution):
        P, Q, traces = grouping_derivatives(deviance, solution)
    else:
        P, Q, traces = _derivatives(*two_level(estimate, "Kenward and Roger's adjustment"))
    if estimate.sigma_known:
        P, Q, traces = P[:-1], Q[:-1, :-1], traces[:-1, :-1]
    P, Q, traces = P / sigma2**2, Q / sigma2**3, traces / sigma2**2
    PhiP = Phi @ P
    information = traces - 2 * np.einsum("ij,klji->kl", Phi, Q) + np.einsum("kij,lji->kl", PhiP, PhiP)
    W = 2 * positive_inverse((information + information.T) / 2)
    # sum over k, l of W_kl (Q_kl - P_k Phi P_l)
    U = np.einsum("kl,klij->ij", W, Q) - np.einsum("kl,kij,ljm->im", W, P, PhiP, optimize=True)
    adjusted = Phi + Phi @ (U + U.T) @ Phi
    return KenwardRoger(adjusted, Phi, P, W, estimate.deviance_function.scaled.x_transform)


def _derivatives(deviance: Deviance, s: TwoLevelSolution) -> tuple[FloatArray, FloatArray, FloatArray]:
    """P (k+1, p, p), Q (k+1, k+1, p, p) and the traces ``tr(V^-1 V_k V^-1 V_l)``, at sigma = 1.

    The last parameter is sigma^2, with ``V_k = I``; the others the elements of G, with ``V_k = Z E_k Z'``.
    """
    r, E = deviance.rotated, deviance.pattern.elements()
    k, p, q = len(E), len(s.gamma), len(s.Lambda)
    N_QX = s.N_inv @ r.QX
    N2 = s.N_inv @ s.N_inv
    ZVVZ, ZVVX = r.C @ N2 @ r.C.transpose(0, 2, 1), r.C @ (s.N_inv @ N_QX)
    XVVX, XVVVX = r.XX + _sum(N_QX, N_QX), r.XX + _sum(N_QX, s.N_inv @ N_QX)

    P, Q, traces = np.empty((k + 1, p, p)), np.empty((k + 1, k + 1, p, p)), np.empty((k + 1, k + 1))
    UE = [s.ZVZ @ e for e in E]
    for a in range(k):
        EX = E[a] @ s.ZVX
        P[a] = -_sum(s.ZVX, EX)
        Q[a, k] = _sum(EX, ZVVX)
        Q[k, a] = Q[a, k].T
        traces[a, k] = traces[k, a] = np.sum(ZVVZ.sum(0) * E[a])
        for b in range(k):
            Q[a, b] = _sum(EX, UE[b] @ s.ZVX)
            traces[a, b] = np.einsum("jab,jba->", UE[a], UE[b])
    P[k], Q[k, k] = -XVVX, XVVVX
    traces[k, k] = deviance.n_obs - q * len(N2) + np.einsum("jaa->", N2)
    return P, Q, traces


def _sum(left: FloatArray, right: FloatArray) -> FloatArray:
    """``sum_j left_j' right_j`` of (J, q, p) arrays, (p, p)."""
    p = left.shape[2]
    return np.asarray(left.reshape(-1, p).T @ right.reshape(-1, p))
