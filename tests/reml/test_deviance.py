"""The deviance over cross-products is the density of y, and its derivatives are its derivatives."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from small_data import EQUATIONS, covariance, small_design, small_frame

from bayeshlm.reml.criterion import Method
from bayeshlm.reml.curvature import curvature
from bayeshlm.reml.deviance import Deviance
from bayeshlm.reml.relative_factor import factor_pattern, lower_factor
from bayeshlm.reml.user_columns import user_factor

EVERY = pytest.mark.parametrize("name", list(EQUATIONS))
BOTH = pytest.mark.parametrize("method", ["REML", "ML"])


def at_random(name: str, method: Method, seed: int = 3) -> tuple[Deviance, np.ndarray]:
    design = small_design(name)
    deviance = Deviance(design.cross_products, factor_pattern(design.blocks), method)
    return deviance, np.random.default_rng(seed).normal(size=deviance.pattern.n_free)


def central(function, at: np.ndarray, h: float = 1e-5) -> np.ndarray:
    return np.array([(function(at + h * e) - function(at - h * e)) / (2 * h) for e in np.eye(len(at))])


@EVERY
@BOTH
def test_is_the_marginal_density(name: str, method: Method) -> None:
    design = small_design(name)
    deviance, theta = at_random(name, method)
    solution = deviance.solve(theta)
    Lambda = user_factor(deviance, solution.Lambda)
    sigma2 = deviance.sigma2(solution)
    V = covariance(design, sigma2 * Lambda @ Lambda.T, np.sqrt(sigma2))
    V_inv = np.linalg.inv(V)
    XVX = design.X.T @ V_inv @ design.X
    gamma = np.linalg.solve(XVX, design.X.T @ V_inv @ design.y)
    expected = -2 * multivariate_normal(design.X @ gamma, V).logpdf(design.y)
    if method == "REML":  # gamma integrated out under a flat prior
        expected += np.linalg.slogdet(XVX)[1] - len(gamma) * np.log(2 * np.pi)
    np.testing.assert_allclose(deviance.value(solution), expected, rtol=1e-11)
    products = design.cross_products
    np.testing.assert_allclose(products.ols + products.x_transform @ solution.gamma, gamma, rtol=1e-9)


@EVERY
@BOTH
def test_sigma_is_the_profiled_one(name: str, method: Method) -> None:
    deviance, theta = at_random(name, method)
    solution = deviance.solve(theta)

    def unprofiled(sigma2: float) -> float:
        return deviance.dof * np.log(sigma2) + solution.rss / sigma2

    best = unprofiled(deviance.sigma2(solution))
    assert best < min(unprofiled(deviance.sigma2(solution) * factor) for factor in (0.99, 1.01))


@EVERY
@BOTH
def test_gradient(name: str, method: Method) -> None:
    deviance, theta = at_random(name, method)
    numeric = central(lambda t: deviance.value(deviance.solve(t)), theta)
    np.testing.assert_allclose(deviance.gradient(deviance.solve(theta)), numeric, atol=1e-7 * np.abs(numeric).max())


@EVERY
@BOTH
def test_hessian(name: str, method: Method) -> None:
    deviance, theta = at_random(name, method)
    solution = deviance.solve(theta)
    numeric = central(lambda t: deviance.gradient(deviance.solve(t)), theta)
    exact = curvature(deviance, solution).profiled(deviance, solution)
    np.testing.assert_allclose(exact, numeric, atol=1e-7 * np.abs(numeric).max())


@EVERY
def test_derivative_of_the_information_on_gamma(name: str) -> None:
    deviance, theta = at_random(name, "REML")
    numeric = central(lambda t: np.linalg.inv(deviance.solve(t).XVX_inv), theta)
    exact = curvature(deviance, deviance.solve(theta)).XVX
    np.testing.assert_allclose(exact, numeric, atol=1e-6 * np.abs(numeric).max())


@BOTH
def test_user_columns_decide_the_criterion(method: Method) -> None:
    frame = small_frame()
    moved = frame.assign(x=frame["x"] * 100)
    designs = [small_design("slope", data) for data in (frame, moved)]
    deviances = [Deviance(d.cross_products, factor_pattern(d.blocks), method) for d in designs]
    values = [d.value(d.solve(np.array([0.5, 0.2, 0.3]))) for d in deviances]
    # g10 and g11 are a hundredth each: log|X'V^-1 X| grows by 2 log 100 for each
    expected = 4 * np.log(100) if method == "REML" else 0.0
    np.testing.assert_allclose(values[1] - values[0], expected, rtol=1e-9, atol=1e-9)


def test_no_digit_is_lost_at_extreme_theta() -> None:
    deviance, _ = at_random("intercept", "ML")
    design = small_design("intercept")
    for theta in (0.0, 1e-8, 1e5):
        solution = deviance.solve(np.array([theta]))
        n = design.n_per_group
        np.testing.assert_allclose(solution.ZVZ[:, 0, 0], n / (1 + n * theta**2), rtol=1e-12)


def test_pattern_follows_lme4() -> None:
    pattern = factor_pattern(((0, 2), (1,)))
    assert list(zip(pattern.rows, pattern.columns, strict=True)) == [(0, 0), (2, 0), (2, 2), (1, 1)]
    theta = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(pattern.factor(theta), [[1, 0, 0], [0, 4, 0], [2, 0, 3]])
    np.testing.assert_array_equal(pattern.theta(pattern.factor(theta)), theta)
    np.testing.assert_array_equal(pattern.mask(), [[1, 0, 1], [0, 1, 0], [1, 0, 1]])


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_lower_factor_of_a_singular_matrix(rank: int) -> None:
    root = np.random.default_rng(rank).normal(size=(3, rank))
    lower = lower_factor(root)
    np.testing.assert_allclose(lower @ lower.T, root @ root.T, atol=1e-14)
    np.testing.assert_array_equal(np.triu(lower, 1), 0)
    assert np.count_nonzero(np.diag(lower)) == rank
    assert np.all(np.diag(lower) >= 0)
