"""The smallest deviance with one parameter held at a value: a fixed effect, an SD, a correlation or sigma."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError
from bayeshlm.reml.criterion import Criterion, Curvature, Method, ScaledProducts, Solution
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.moments import Moments
from bayeshlm.reml.optimize import AnyCriterion, descend
from bayeshlm.reml.relative_factor import FactorPattern, lower_factor

SETTLED = 1e-5
"""Relative change of theta that ends a search; the deviance is then good to its square."""

FAILED = 1e100
"""Deviance of a trial that cannot be evaluated: the search turns back."""

SMALLEST_SIGMA = 1e-3
"""Smallest sigma that a search looks at, relative to the estimate."""


@dataclass(frozen=True, eq=False)
class HeldEffect[S: Solution](Criterion[S]):
    """The ML deviance with a linear combination of the fixed effects held at a value.

    Holding ``l'gamma = value`` adds ``(value - l'gamma)^2 / l'(X'V^-1 X)^-1 l`` to the residual sum of squares; slope
    and curvature keep their form.

    Attributes
    ----------
    free : Criterion
        The ML deviance with gamma free.
    pattern : FactorPattern
        Its free entries of Lambda.
    weights : ndarray, (p,)
        l, for the effects of the scaled columns.
    value_held : float
        What ``l'gamma`` is.
    """

    free: Criterion[S]
    pattern: FactorPattern
    weights: FloatArray
    value_held: float
    method: Method = "ML"

    @property
    def scaled(self) -> ScaledProducts:
        """The cross-products."""
        return self.free.scaled

    @property
    def n_obs(self) -> int:
        """N, the number of rows."""
        return self.free.n_obs

    @property
    def effect_groups(self) -> IntArray:
        """Over how many groups each random effect varies, (q,)."""
        return self.free.effect_groups

    @property
    def effect_scale(self) -> FloatArray:
        """SD, relative to sigma, at which each random effect begins to matter, (q,)."""
        return self.free.effect_scale

    def slope(self, solution: S) -> FloatArray:
        """As of the ML deviance."""
        return self.free.slope(solution)

    def curvature(self, solution: S, held: Criterion[S] | None = None) -> Curvature:
        """As of the ML deviance, at solutions under the constraint."""
        return self.free.curvature(solution, self)

    def solve(self, theta: FloatArray) -> S:
        """Generalized least squares at theta, (k,), under the constraint."""
        s = self.free.solve(theta)
        direction = s.XVX_inv @ self.weights
        variance = float(self.weights @ direction)
        gap = self.value_held - float(self.weights @ s.gamma)
        step = direction * gap / variance
        return replace(
            s,
            gamma=s.gamma + step,
            ZVe=s.ZVe - s.ZVX @ step,
            XVX_inv=s.XVX_inv - np.outer(direction, direction) / variance,
            rss=s.rss + gap**2 / variance,
        )


def held_effect(estimate: RemlEstimate, k: int, value: float) -> float:
    """Smallest ML deviance with ``gamma_k = value``.

    Parameters
    ----------
    estimate : RemlEstimate
        The ML fit.
    k : int
        Position of the fixed effect.
    value : float
        In the user's units.
    """
    deviance = estimate.deviance_function
    products, pattern = deviance.scaled, deviance.pattern
    held = HeldEffect(deviance, pattern, products.x_transform[k], value - float(products.ols[k]))
    scale = deviance.effect_scale[list(pattern.rows)]
    diagonal = np.array(pattern.is_diagonal)
    theta = estimate.optimum.theta
    start = np.where(diagonal, np.maximum(theta, 0.3 * scale), theta)
    return descend(held, Moments(start, scale), SETTLED).value


@dataclass(frozen=True, eq=False)
class HeldComponent:
    """The deviance of a fit as a function of its variance components, one of them held.

    The effects are put in an order in which the held one is an entry of the lower factor R of G: tau of the first
    effect is ``R_00``, the correlation of the first two is the direction of row 1.

    Attributes
    ----------
    deviance : Criterion
        ML or REML.
    basis : ndarray, (q, q)
        ``S^-1`` with its columns in that order: ``Lambda = basis R / sigma`` is a root of G over sigma^2 of the scaled
        columns.
    order : ndarray of int, (q,)
        The effects in that order.
    rows, columns : ndarray of int
        Free entries of R, and last sigma at (-1, -1), unless it is held or known.
    held : "tau", "corr" or "sigma"
        What is held.
    scale : ndarray, (number of free entries,)
        Their typical sizes.
    start : ndarray, (number of free entries,)
        Where each search starts.
    first_step : float
        How far from the estimate a held SD is expected to matter.
    sigma : float or None
        The level-1 SD, where it is known.
    """

    deviance: AnyCriterion
    basis: FloatArray
    order: IntArray
    rows: IntArray
    columns: IntArray
    held: str
    scale: FloatArray
    start: FloatArray
    first_step: float
    sigma: float | None = None

    @property
    def has_sigma(self) -> bool:
        """Whether sigma is among the free entries, as their last."""
        return self.held != "sigma" and self.sigma is None

    def smallest(self, value: float) -> float:
        """Smallest deviance with the held parameter at `value`."""
        return self._search(value)[1]

    def taus(self, value: float) -> FloatArray:
        """SDs of the effects, (q,), in the order of the fit, most likely with the held parameter at `value`."""
        R, _ = self._factor(self._search(value)[0] * self.scale, value)
        return np.asarray(np.linalg.norm(R, axis=1)[np.argsort(self.order)])

    def _search(self, value: float) -> tuple[FloatArray, float]:
        """The free entries at which the deviance is smallest, in units of `scale`, and the deviance."""
        from scipy.optimize import minimize as scipy_minimize

        def function(x: FloatArray) -> tuple[float, FloatArray]:
            try:
                total, gradient = self._evaluate(x * self.scale, value)
            except (DataError, np.linalg.LinAlgError):  # float64 fails at an extreme trial
                return FAILED, np.zeros(len(x))
            return total, gradient * self.scale

        if not len(self.start):  # of one SD beside a known sigma
            return self.start, self._evaluate(self.start, value)[0]
        limits = [(0.0 if row == column else None, None) for row, column in zip(self.rows, self.columns, strict=True)]
        if self.has_sigma:
            limits[-1] = (SMALLEST_SIGMA * self.start[-1] / self.scale[-1], None)
        found = scipy_minimize(
            function,
            self.start / self.scale,
            jac=True,
            method="L-BFGS-B",
            bounds=limits,
            options={"ftol": 1e-14, "gtol": 1e-6, "maxiter": 500, "maxcor": 20},
        )
        return found.x, float(found.fun)

    def _factor(self, x: FloatArray, value: float) -> tuple[FloatArray, float]:
        """R, (q, q), and sigma."""
        R = np.zeros(self.basis.shape)
        inside = self.rows >= 0
        R[self.rows[inside], self.columns[inside]] = x[inside]
        if self.held == "tau":
            R[0, 0] = value
        elif self.held == "corr":
            R[1, :2] = x[1] * np.array([value, np.sqrt(max(1 - value**2, 0.0))])
        if self.sigma is not None:
            return R, self.sigma
        return R, value if self.held == "sigma" else float(x[-1])

    def _evaluate(self, x: FloatArray, value: float) -> tuple[float, FloatArray]:
        """The deviance at known R and sigma, and its gradient in the free entries."""
        d, (R, sigma) = self.deviance, self._factor(x, value)
        root = self.basis @ R / sigma
        s = d.solve(d.pattern.theta(lower_factor(root)))
        slope = d.slope(s) + s.ee * (1 / d.sigma2(s) - 1 / sigma**2)
        known = d.scaled.log_sd
        quadratic = s.rss / sigma**2
        total = s.log_det_V + d.dof * float(np.log(2 * np.pi * sigma**2)) + quadratic
        total += 0.0 if known is None else 2 * float(np.sum(known))
        if d.method == "REML":
            total += s.log_det_XVX - 2 * d.log_det_T
        by_factor = self.basis.T @ (2 * slope @ root) / sigma
        inside = self.rows >= 0
        gradient = np.empty(len(x))
        gradient[inside] = by_factor[self.rows[inside], self.columns[inside]]
        if self.held == "corr":
            gradient[1] = by_factor[1, 0] * value + by_factor[1, 1] * np.sqrt(max(1 - value**2, 0.0))
        if self.has_sigma:
            gradient[-1] = 2 / sigma * (d.dof - quadratic) - float(np.sum(by_factor * R)) / sigma
        return total, gradient


def held_component(estimate: RemlEstimate, held: str, first: tuple[int, ...] = ()) -> HeldComponent:
    """The deviance of a fit with an SD, a correlation or sigma to be held.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    held : "tau", "corr" or "sigma"
        What to hold.
    first : tuple of int
        The effects it is about: one for "tau", two for "corr".
    """
    deviance = estimate.deviance_function
    q = deviance.pattern.size
    order = np.array([*first, *(a for a in range(q) if a not in first)])
    together = deviance.pattern.mask()[np.ix_(order, order)]
    rows, columns = (part.astype(np.int64) for part in np.nonzero(np.tril(together)))
    skipped = {"tau": (0, 0), "corr": (1, 0), "sigma": (-1, -1)}[held]
    keep = (rows != skipped[0]) | (columns != skipped[1])
    rows, columns = rows[keep], columns[keep]
    size = estimate.sigma * deviance.effect_scale * np.abs(np.diag(deviance.scaled.z_transform))
    root = estimate.sigma * deviance.scaled.z_transform @ estimate.optimum.solution.Lambda
    R = lower_factor(np.hstack([root, 0.1 * np.diag(size)])[order])  # near the estimate of G, and not singular
    start = R[rows, columns]
    scale = (np.hypot(size, estimate.tau) / np.sqrt(deviance.effect_groups))[order][rows]
    if held == "corr":
        start[1] = np.linalg.norm(R[1, :2])
    sigma = estimate.sigma if estimate.sigma_known else None
    if held != "sigma" and sigma is None:
        rows, columns = np.append(rows, -1), np.append(columns, -1)
        start, scale = np.append(start, estimate.sigma), np.append(scale, estimate.sigma / np.sqrt(deviance.dof))
    basis = np.linalg.inv(deviance.scaled.z_transform)[:, order]
    first_step = float(size[first[0]]) if held == "tau" else estimate.sigma / np.sqrt(deviance.dof)
    return HeldComponent(deviance, basis, order, rows, columns, held, scale, start, first_step, sigma)
