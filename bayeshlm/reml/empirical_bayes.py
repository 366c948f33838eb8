"""Empirical Bayes estimates of the random effects, and what they leave of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.estimate import RemlEstimate, two_level


@dataclass(frozen=True, eq=False, slots=True)
class EmpiricalBayes:
    """Random effects given the data and the estimated parameters, in the user's columns.

    Attributes
    ----------
    u : ndarray, (J, q)
        Conditional means ``Lambda M_j^-1 Lambda' Z_j'(y_j - X_j gamma)``.
    vcov : ndarray, (J, q, q)
        Conditional covariance matrices ``sigma^2 Lambda M_j^-1 Lambda'``; theta, sigma and gamma count as
        known, as in lme4's ``ranef(condVar=TRUE)``.
    """

    u: FloatArray
    vcov: FloatArray

    @property
    def sd(self) -> FloatArray:
        """Conditional SDs, (J, q)."""
        return np.asarray(np.sqrt(np.maximum(np.einsum("jaa->ja", self.vcov), 0.0)))


def empirical_bayes(estimate: RemlEstimate) -> EmpiricalBayes:
    """Empirical Bayes estimates of every group's random effects.

    References
    ----------
    Laird & Ware (1982), Biometrics 38, 963-974, eqs. 3.2 and 3.3.
    """
    deviance, solution = two_level(estimate, "Empirical Bayes estimates")
    products = deviance.products
    root = products.z_transform @ solution.Lambda
    M = np.eye(len(root)) + solution.Lambda.T @ products.ZtZ @ solution.Lambda
    # Lambda M^-1 Lambda' Z'e = Lambda Lambda' Z'V^-1 e
    u = solution.ZVe @ solution.Lambda @ root.T
    vcov = estimate.sigma**2 * root @ np.linalg.inv(M) @ root.T
    zero = estimate.tau == 0
    u[:, zero], vcov[:, zero, :], vcov[:, :, zero] = 0.0, 0.0, 0.0
    return EmpiricalBayes(u=u, vcov=vcov)


def fitted_values(design: Design, estimate: RemlEstimate) -> FloatArray:
    """``X gamma + Z u`` plus the offset of every row, (N,)."""
    u = empirical_bayes(estimate).u
    random = np.einsum("iq,iq->i", design.Z, u[design.group_codes])
    return np.asarray(design.offset + design.X @ estimate.gamma + random)


def scaled_residuals(design: Design, estimate: RemlEstimate) -> FloatArray:
    """Residuals of every row, ``(y - fitted) / sigma``, (N,); lme4 prints their quartiles."""
    return np.asarray((design.y - fitted_values(design, estimate)) / estimate.sigma)
