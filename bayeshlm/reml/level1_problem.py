"""The (restricted) likelihood of outcomes with a level-1 model as a function of numbers without bounds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.level1_bank import Level1Bank, bank_of, slot_groups
from bayeshlm.likelihood.level1_kernel import level1_log_density
from bayeshlm.likelihood.level1_weights import Level1Weights, fill_weights, log_determinant
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.family_problem import FamilyProblem, family_problem
from bayeshlm.reml.level1_scale import Level1Scale

LOG_2PI = float(np.log(2 * np.pi))


class Given(NamedTuple):
    """What the parameters but gamma make of the cross-products, in the scaled columns; the groups come first.

    Attributes
    ----------
    w, slope, log_det_V, d_rho : (M,), (M,), float, float
        Weights and ``log|V|`` of the level-1 residuals, and the derivatives of both in rho.
    A, F : (J, q, q), (J, q, p + 1)
        ``Z'W Z`` and ``Z'W [X, y]``.
    D : (p + 1, p + 1)
        ``[X, y]'W [X, y]``.
    spread : (J, q, q)
        Covariance matrices of u given the outcomes, ``(G^-1 + A_j)^-1``.
    log_det_M : float
        ``sum_j log|I + A_j G|``.
    H : (p, p)
        Information about gamma, ``X'V^-1 X`` of the outcomes' V.
    """

    w: FloatArray
    slope: FloatArray
    log_det_V: float
    d_rho: float
    A: FloatArray
    F: FloatArray
    D: FloatArray
    spread: FloatArray
    log_det_M: float
    H: FloatArray


@dataclass(frozen=True, eq=False)
class Level1Problem(FamilyProblem):
    """As `FamilyProblem`, in closed form from cross-products, whatever number of nodes is named.

    Under REML it is a function of gamma too, ``log p(y | gamma, ...) - 1/2 log|X'V^-1 X|`` up to a constant, whose
    largest value over gamma is the restricted log-likelihood: that integrated over gamma under a flat prior.

    Attributes
    ----------
    criterion : "REML" or "ML"
    weights, bank : Level1Weights, Level1Bank
    slot_group, slot_weight : (S,) arrays of int
    ZtD, DtD : (S, q, p + 1), (M, p + 1, p + 1) arrays
        Cross-products with ``D = [X, y]`` of slots and of weights.
    """

    criterion: Method
    weights: Level1Weights
    bank: Level1Bank
    slot_group: IntArray
    slot_weight: IntArray
    ZtD: FloatArray
    DtD: FloatArray

    @property
    def method(self) -> Method:
        """What is maximized."""
        return self.criterion

    def free(self) -> FamilyProblem:
        """That of the design, all parameters free."""
        return level1_problem(self.design, self.criterion)

    def _scaled_factor(self, x: FloatArray) -> FloatArray:
        """L of ``G = L L'``, of the scaled columns."""
        return np.linalg.solve(self.design.cross_products.z_transform, self.effect_map @ self.factor(x))

    @property
    def _one_sigma(self) -> bool:
        return not self.design.outcome.residuals.spread

    def _level1_values(self, x: FloatArray) -> tuple[FloatArray, float]:
        """Alpha, or the logarithm of one sigma, and rho."""
        phi, k = self.auxiliary_values(x), self.weights.b.shape[1]
        alpha = np.log(phi[:k]) if self._one_sigma else np.ascontiguousarray(phi[:k])
        return alpha, float(phi[-1]) if len(phi) > k else 0.0

    def _of_phi(self, x: FloatArray, d_alpha: FloatArray, d_rho: float) -> FloatArray:
        """Derivatives in the numbers of alpha or sigma, and rho."""
        d_sd = d_alpha / self.auxiliary_values(x)[0] if self._one_sigma else d_alpha
        return np.append(d_sd, d_rho)[: self.auxiliary.count] @ self.auxiliary.jacobian(self.split(x)[2])

    def _likelihood(self, x: FloatArray) -> tuple[float, FloatArray]:
        """The log-likelihood and its gradient, by the kernel that is sampled."""
        products = self.design.cross_products
        scaling = ColumnScaling(products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform))
        with np.errstate(all="ignore"):
            alpha, rho = self._level1_values(x)
            value, d_gamma, d_chol, d_alpha, d_rho = level1_log_density(
                self.gamma(x),
                self.effect_map @ self.factor(x),
                alpha,
                rho,
                scaling,
                self.weights,
                self.bank,
                float(self.design.n_obs),
            )
        if not np.isfinite(value):
            return -np.inf, np.zeros(len(x))
        d_theta = np.tensordot(self.elements, self.effect_map.T @ d_chol, 2)
        return float(value), np.concatenate([self.gamma_map.T @ d_gamma, d_theta, self._of_phi(x, d_alpha, d_rho)])

    def given(self, x: FloatArray) -> Given:
        """What the numbers but those of gamma make of the cross-products."""
        alpha, rho = self._level1_values(x)
        w, slope = np.empty(len(self.weights.kind)), np.empty(len(self.weights.kind))
        fill_weights(self.weights, alpha, rho, w, slope)
        log_det_V, d_rho = log_determinant(self.weights, alpha, rho)
        L, n_groups, own = self._scaled_factor(x), self.design.n_groups, w[self.slot_weight]
        A = _by_group(self.slot_group, own[:, None, None] * np.moveaxis(self.bank.ZtZ, -1, 0), n_groups)
        F = _by_group(self.slot_group, own[:, None, None] * self.ZtD, n_groups)
        M = np.eye(len(L)) + L.T @ A @ L
        spread = L @ np.linalg.solve(M, np.broadcast_to(L.T, M.shape))
        D, p = np.tensordot(w, self.DtD, 1), self.DtD.shape[1] - 1
        inner = np.einsum("jra,jrs,jsb->ab", F[..., :p], spread, F[..., :p])
        return Given(
            w, slope, log_det_V, d_rho, A, F, D, spread, float(np.linalg.slogdet(M)[1].sum()), D[:p, :p] - inner
        )

    def evaluate(self, x: FloatArray, n_nodes: int) -> tuple[float, FloatArray]:
        """The (restricted) log-likelihood and its gradient, (D,)."""
        return self._likelihood(x) if self.criterion == "ML" else self._restricted(x)

    def _restricted(self, x: FloatArray) -> tuple[float, FloatArray]:
        """The restricted log-likelihood and its gradient."""
        products, p = self.design.cross_products, self.DtD.shape[1] - 1
        with np.errstate(all="ignore"):
            try:
                given = self.given(x)
                root = np.linalg.inv(np.linalg.cholesky(given.H)).T
            except np.linalg.LinAlgError:
                return -np.inf, np.zeros(len(x))
            g = np.linalg.solve(products.x_transform, self.gamma(x) - products.ols)
            # The residuals in the first column, directions of gamma in the others.
            T = np.zeros((p + 1, 1 + root.shape[1]))
            T[:p, 0], T[p, 0], T[:p, 1:] = -g, 1.0, root
            rss = np.einsum("ak,mab,bk->m", T, self.DtD, T)
            own = self.ZtD @ T  # (S, q, K)
            c = given.F @ T
            u = given.spread @ c
            h = c - given.A @ u
            value = -0.5 * (
                self.design.n_obs * LOG_2PI
                + given.log_det_V
                + given.log_det_M
                + T[:, 0] @ given.D @ T[:, 0]
                - np.einsum("jr,jr->", c[..., 0], u[..., 0])
            )
            log_det_T = np.linalg.slogdet(products.x_transform)[1]
            value += 0.5 * p * LOG_2PI + float(np.log(np.abs(np.diag(root))).sum()) + float(log_det_T)
        if not np.isfinite(value):
            return -np.inf, np.zeros(len(x))

        second = np.einsum("jrk,jsk->jrs", u, u) + given.spread
        ZtZ = np.moveaxis(self.bank.ZtZ, -1, 0)
        of_slots = np.einsum("srt,srt->s", ZtZ, second[self.slot_group])
        of_slots -= 2 * np.einsum("srk,srk->s", own, u[self.slot_group])
        d_w = -0.5 * (rss + np.bincount(self.slot_weight, of_slots, len(rss)))
        d_alpha = -self.weights.log_sd - (d_w * given.w) @ self.weights.b
        P = given.A - given.A @ given.spread @ given.A
        d_G = 0.5 * (np.einsum("jrk,jsk->rs", h, h) - P.sum(axis=0))
        S, L = np.linalg.solve(products.z_transform, self.effect_map), self._scaled_factor(x)
        d_theta = np.tensordot(self.elements, S.T @ (2 * d_G @ L), 2)
        d_g = given.D[:p] @ T[:, 0] - np.einsum("jra,jr->a", given.F[..., :p], u[..., 0])
        d_gamma = self.gamma_map.T @ np.linalg.solve(products.x_transform.T, d_g)
        d_auxiliary = self._of_phi(x, d_alpha, float(d_w @ given.slope - 0.5 * given.d_rho))
        return float(value), np.concatenate([d_gamma, d_theta, d_auxiliary])

    def gamma_vcov(self, x: FloatArray, vcov: FloatArray) -> FloatArray:
        """Covariance matrix of gamma in the user's columns, ``(X'V^-1 X)^-1``, as lme4 and nlme have it."""
        T = self.design.cross_products.x_transform
        return np.asarray(T @ np.linalg.inv(self.given(x).H) @ T.T)

    def effects(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means and SDs of u given the outcomes and the parameters, (J, q) each, in the user's columns."""
        products, given = self.design.cross_products, self.given(x)
        g = np.linalg.solve(products.x_transform, self.gamma(x) - products.ols)
        S, mean = products.z_transform, given.spread @ (given.F @ np.append(-g, 1.0))[..., None]
        variance = np.einsum("ar,jrs,as->ja", S, given.spread, S)
        return mean[..., 0] @ S.T, np.sqrt(np.maximum(variance, 0.0))


def _by_group(group: IntArray, values: FloatArray, n_groups: int) -> FloatArray:
    """Sums of values (S, a, b) over the slots of each group, (J, a, b)."""
    flat = values.reshape(len(values), -1)
    sums = np.column_stack([np.bincount(group, column, n_groups) for column in flat.T])
    return sums.reshape(n_groups, *values.shape[1:])


def level1_problem(design: Design, criterion: Method) -> Level1Problem:
    """The (restricted) log-likelihood of a design whose rows have a level-1 model, all parameters free."""
    problem, level1 = family_problem(design), design.kept_rows.modeled
    weights, bank = bank_of(design)
    group, weight = slot_groups(bank)
    kept = group < design.n_groups
    assert kept.all()
    of_problem = {one.name: getattr(problem, one.name) for one in fields(problem)}
    of_problem["auxiliary"] = Level1Scale.of(level1)
    ZtD = np.moveaxis(np.concatenate([bank.ZtX, bank.Zty[:, None]], axis=1), -1, 0)
    above = np.concatenate([bank.XtX, bank.Xty[:, :, None]], axis=2)
    below = np.concatenate([bank.Xty, bank.yty[:, None]], axis=1)[:, None]
    return Level1Problem(
        **of_problem,
        criterion=criterion,
        weights=weights,
        bank=bank,
        slot_group=group,
        slot_weight=weight,
        ZtD=np.ascontiguousarray(ZtD),
        DtD=np.concatenate([above, below], axis=1),
    )
