"""`Estimate`: what every estimate of a model has, by whichever likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.criterion import Method


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates of a model; the numbers are in the units of the user's columns.

    Attributes
    ----------
    method : "REML" or "ML"
        Criterion that was minimized.
    fixed_labels, random_labels : tuple of str
        Names of the fixed (p) and random (q) effects.
    gamma : ndarray, (p,)
        Fixed effects.
    vcov : ndarray, (p, p)
        Their covariance matrix.
    G : ndarray, (q, q)
        Covariance matrix of the random effects, those of all groupings; effects of different groupings are independent.
    tau : ndarray, (q,)
        Their SDs.
    corr : ndarray, (q, q)
        Their correlations; NaN beside the diagonal where a tau is zero.
    criterion : float
        REML criterion or ML deviance: minus twice the (restricted) log-likelihood.
    n_obs : int
        Rows.
    n_groups : tuple of int
        Groups of each grouping.
    n_parameters : int
        Fixed effects, variances and covariances, parameters of the outcome's distribution.
    singular : bool
        Whether G is singular: the estimate lies on the boundary of what G may be.
    reason : str
        Which tau is 0 or which correlation is 1 or -1; empty when G is not singular.
    """

    method: Method
    fixed_labels: tuple[str, ...]
    random_labels: tuple[str, ...]
    gamma: FloatArray
    vcov: FloatArray
    G: FloatArray
    tau: FloatArray
    corr: FloatArray
    criterion: float
    n_obs: int
    n_groups: tuple[int, ...]
    n_parameters: int
    singular: bool
    reason: str

    @property
    def se(self) -> FloatArray:
        """Standard errors of gamma, (p,)."""
        return np.asarray(np.sqrt(np.diag(self.vcov)))

    @property
    def log_likelihood(self) -> float:
        """Restricted (REML) or full (ML) log-likelihood."""
        return -self.criterion / 2

    @property
    def deviance(self) -> float:
        """Minus twice `log_likelihood`, as HLM prints it."""
        return self.criterion

    @property
    def aic(self) -> float:
        """``deviance + 2 n_parameters``."""
        return self.criterion + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """``deviance + log(n_obs) n_parameters``, as lme4 counts."""
        return self.criterion + float(np.log(self.n_obs)) * self.n_parameters

    @property
    def converged(self) -> bool:
        """Whether the search ended where it should."""
        raise NotImplementedError
