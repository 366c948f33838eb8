"""Satterthwaite, Kenward-Roger, empirical Bayes and robust errors against dense matrices."""

import numpy as np
import pytest
from small_data import EQUATIONS, blocks_of, covariance, small_design, small_frame

from bayeshlm.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.hlm_statistics import robust_vcov
from bayeshlm.reml.kenward_roger import kenward_roger
from bayeshlm.reml.satterthwaite import satterthwaite

EVERY = pytest.mark.parametrize("name", list(EQUATIONS))


def fit(name: str) -> tuple[Design, RemlEstimate]:
    design = small_design(name, small_frame(5, n_groups=16))
    return design, fit_reml(design)


def dense(design: Design, found: RemlEstimate) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inverse covariance matrix of y, its derivatives in G's elements and sigma^2, covariance of gamma."""
    V_inv = np.linalg.inv(covariance(design, found.G, found.sigma))
    elements = found.deviance_function.pattern.elements()
    parts = np.array([*(blocks_of(design, E) for E in elements), np.eye(design.n_obs)])
    return V_inv, parts, np.linalg.inv(design.X.T @ V_inv @ design.X)


@EVERY
def test_covariance_of_gamma(name: str) -> None:
    design, found = fit(name)
    np.testing.assert_allclose(found.vcov, dense(design, found)[2], rtol=1e-8, atol=1e-12)


@EVERY
def test_empirical_bayes(name: str) -> None:
    design, found = fit(name)
    V_inv = dense(design, found)[0]
    bayes, residual = empirical_bayes(found)[0], design.y - design.X @ found.gamma
    for j in range(design.n_groups):
        ZG = np.where((design.group_codes == j)[:, None], design.Z, 0.0) @ found.G
        np.testing.assert_allclose(bayes.u[j], ZG.T @ V_inv @ residual, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(bayes.vcov[j], found.G - ZG.T @ V_inv @ ZG, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(bayes.sd**2, np.einsum("jqq->jq", bayes.vcov))


@EVERY
def test_kenward_roger_as_published(name: str) -> None:
    # Kenward & Roger (1997), p. 985-986, with N x N matrices
    design, found = fit(name)
    V_inv, parts, Phi = dense(design, found)
    X = design.X
    P = np.array([-X.T @ V_inv @ part @ V_inv @ X for part in parts])
    Q = np.array([[X.T @ V_inv @ a @ V_inv @ b @ V_inv @ X for b in parts] for a in parts])
    traces = np.array([[np.trace(V_inv @ a @ V_inv @ b) for b in parts] for a in parts])
    I2 = traces - 2 * np.einsum("ij,klji->kl", Phi, Q) + np.array([[np.trace(Phi @ a @ Phi @ b) for b in P] for a in P])
    W = 2 * np.linalg.inv(I2)
    k = len(parts)
    inner = sum(W[a, b] * (Q[a, b] - P[a] @ Phi @ P[b]) for a in range(k) for b in range(k))
    adjusted = Phi + 2 * Phi @ inner @ Phi
    basis = kenward_roger(found)
    p = X.shape[1]
    np.testing.assert_allclose(basis.covariance(np.eye(p)), adjusted, rtol=1e-6, atol=1e-10)

    L = np.eye(p)[: max(1, p - 1)]
    m = len(L)
    Theta = L.T @ np.linalg.inv(L @ Phi @ L.T) @ L
    U = [Theta @ Phi @ a @ Phi for a in P]
    A1 = sum(W[a, b] * np.trace(U[a]) * np.trace(U[b]) for a in range(k) for b in range(k))
    A2 = sum(W[a, b] * np.trace(U[a] @ U[b]) for a in range(k) for b in range(k))
    B = (A1 + 6 * A2) / (2 * m)
    g = ((m + 1) * A1 - (m + 4) * A2) / ((m + 2) * A2)
    c1, c2, c3 = (value / (3 * m + 2 * (1 - g)) for value in (g, m - g, m + 2 - g))
    mean = 1 / (1 - A2 / m)
    variance = 2 / m * (1 + c1 * B) / ((1 - c2 * B) ** 2 * (1 - c3 * B))
    rho = variance / (2 * mean**2)
    df = 4 + (m + 2) / (m * rho - 1)
    np.testing.assert_allclose(basis.test(L), (df, df / (mean * (df - 2))), rtol=1e-6)


@EVERY
def test_satterthwaite_by_differences(name: str) -> None:
    _, found = fit(name)
    deviance, theta, sigma = found.deviance_function, found.optimum.theta, found.sigma

    def criterion(at: np.ndarray) -> float:
        solution = deviance.solve(at[:-1])
        fixed = solution.log_det_V + (solution.log_det_XVX if found.method == "REML" else 0.0)
        return fixed + deviance.dof * np.log(at[-1] ** 2) + solution.rss / at[-1] ** 2

    def vcov(at: np.ndarray) -> np.ndarray:
        T = deviance.products.x_transform
        return at[-1] ** 2 * T @ deviance.solve(at[:-1]).XVX_inv @ T.T

    at, h = np.append(theta, sigma), 1e-3
    steps = h * np.eye(len(at))
    hessian = np.array(
        [
            [
                criterion(at + a + b) - criterion(at + a - b) - criterion(at - a + b) + criterion(at - a - b)
                for a in steps
            ]
            for b in steps
        ]
    ) / (4 * h**2)
    derivative = np.array([np.diag(vcov(at + a) - vcov(at - a)) / (2 * h) for a in steps])
    spread = np.einsum("ap,ab,bp->p", derivative, 2 * np.linalg.pinv(hessian, rcond=1e-7), derivative)
    np.testing.assert_allclose(
        satterthwaite(found).df(np.eye(len(found.gamma))), 2 * np.diag(found.vcov) ** 2 / spread, rtol=1e-2
    )


def test_several_rows_by_satterthwaite() -> None:
    _, found = fit("slope")
    basis, L = satterthwaite(found), np.eye(4)[1:3]
    _, vectors = np.linalg.eigh(L @ found.vcov @ L.T)
    df = basis.df(vectors.T @ L)
    expected = np.sum(df / (df - 2))
    assert basis.denominator_df(L) == pytest.approx(2 * expected / (expected - 2))
    assert basis.denominator_df(L[:1]) == pytest.approx(basis.df(L[:1])[0])


@EVERY
def test_robust_covariance(name: str) -> None:
    design, found = fit(name)
    V_inv, _, Phi = dense(design, found)
    weighted = V_inv @ (design.y - design.X @ found.gamma)
    scores = np.array([design.X[design.group_codes == j].T @ weighted[design.group_codes == j] for j in range(16)])
    np.testing.assert_allclose(robust_vcov(design, found), Phi @ scores.T @ scores @ Phi, rtol=1e-6, atol=1e-10)


def test_kenward_roger_is_for_reml() -> None:
    with pytest.raises(OptionError, match="Kenward-Roger needs a REML estimate"):
        kenward_roger(fit_reml(small_design("slope"), "ML"))
