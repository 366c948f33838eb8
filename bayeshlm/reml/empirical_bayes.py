"""Empirical Bayes estimates of the random effects, and what they leave of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.estimate import RemlEstimate, two_level
from bayeshlm.reml.grouping_deviance import GroupingSolution

CELLS = 2_000_000
"""Numbers of the effects' columns that are solved for at a time."""


@dataclass(frozen=True, eq=False, slots=True)
class EmpiricalBayes:
    """Random effects given the data and the estimated parameters, in the user's columns.

    Of one grouping; there is one of each.

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


def empirical_bayes(estimate: RemlEstimate) -> tuple[EmpiricalBayes, ...]:
    """Empirical Bayes estimates of the random effects of every group, of each grouping.

    References
    ----------
    Laird & Ware (1982), Biometrics 38, 963-974, eqs. 3.2 and 3.3.
    """
    deviance, solution = estimate.deviance_function, estimate.optimum.solution
    root = deviance.scaled.z_transform @ solution.Lambda
    if isinstance(solution, GroupingSolution):
        c = solution.products
        inverses = [solution.factor.inverse_blocks(k) for k in range(len(c.sizes))]
        parts = list(zip(c.effects, c.by_group(solution.ZVe), inverses, strict=True))
    else:
        products = two_level(estimate, "Empirical Bayes estimates")[0].products
        M = np.eye(len(root)) + solution.Lambda.T @ products.ZtZ @ solution.Lambda
        parts = [(slice(None), solution.ZVe, np.linalg.inv(M))]
    found = []
    for e, ZVe, M_inv in parts:
        own, zero = root[e, e], estimate.tau[e] == 0
        # Lambda M^-1 Lambda' Z'e = Lambda Lambda' Z'V^-1 e
        u = ZVe @ solution.Lambda[e, e] @ own.T
        vcov = estimate.sigma**2 * own @ M_inv @ own.T
        u[:, zero], vcov[:, zero, :], vcov[:, :, zero] = 0.0, 0.0, 0.0
        found.append(EmpiricalBayes(u=u, vcov=vcov))
    return tuple(found)


def coefficient_sds(design: Design, estimate: RemlEstimate, grouping: int) -> FloatArray:
    """Conditional SDs of the coefficients of the units of one of several groupings, (J, C).

    Of ``beta_jc``, a sum ``c'u`` of effects of several groupings (`UnitEquations`), with gamma, theta and sigma taken
    as known: the root of ``sigma^2 c' Lambda M^-1 Lambda' c``.

    Parameters
    ----------
    design : Design
    estimate : RemlEstimate
        Of several groupings.
    grouping : int
        Its position.
    """
    solution, equations = estimate.optimum.solution, design.equations[grouping]
    assert isinstance(solution, GroupingSolution)
    products, Lambda = solution.products, solution.Lambda
    n_units, n_coefficients = len(equations.W), len(equations.coefficients)
    found, n_effects = np.zeros((n_units, n_coefficients)), len(products.Zty)
    step = max(CELLS // n_effects, 1)
    for coefficient in range(n_coefficients):
        effects = np.flatnonzero(equations.random_coefficient == coefficient)
        for start in range(0, n_units if len(effects) else 0, step):
            units = np.arange(start, min(start + step, n_units))
            columns = np.zeros((n_effects, len(units)))
            for r in effects:
                k = next(k for k, part in enumerate(products.effects) if part.start <= r < part.stop)
                rows = products.parts[k].start + equations.units[units, r] * products.sizes[k] + r
                columns[rows - products.effects[k].start, units - start] += equations.V[units, r]
            root = products.z_transform @ Lambda
            half = solution.factor.forward(products.times(root.T, columns))
            found[units, coefficient] = estimate.sigma * np.sqrt(np.sum(half**2, axis=0))
    return found


def fitted_values(design: Design, estimate: RemlEstimate) -> FloatArray:
    """``X gamma + Z u`` plus the offset of every row, (N,)."""
    rows = design.kept_rows
    fitted = rows.offset + rows.X @ estimate.gamma
    for Z, codes, effects in zip(rows.Z, rows.codes, empirical_bayes(estimate), strict=True):
        fitted = fitted + np.einsum("iq,iq->i", Z, effects.u[codes])
    return np.asarray(fitted)


def scaled_residuals(design: Design, estimate: RemlEstimate) -> FloatArray:
    """Residuals of every row over their SD, ``(y - fitted) / sigma``, (N,); lme4 prints their quartiles."""
    unit = design.kept_rows.unit
    return np.asarray((design.y - fitted_values(design, estimate)) / (unit * estimate.sigma))
