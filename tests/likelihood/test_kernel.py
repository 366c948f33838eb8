"""The kernel's log density and gradient against 60-digit arithmetic on the dense covariance matrices."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayeshlm.design.cross_products import cross_products
from bayeshlm.likelihood.gaussian_groups import in_blocks
from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts

mp.mp.dps = 60
EPS = np.finfo(float).eps


def exact(matrix):
    return mp.matrix([[mp.mpf(float(value)) for value in row] for row in np.atleast_2d(matrix)])


def reference(gamma, chol, sigma, X, Z, y, codes):
    """Log density, its derivatives with respect to gamma, chol and sigma, and the largest condition number of a V."""
    q = len(chol)
    log_density, d_sigma, condition = mp.mpf(0), mp.mpf(0), 1.0
    d_gamma, d_chol = mp.zeros(len(gamma), 1), mp.zeros(q, q)
    L, s = exact(chol), mp.mpf(float(sigma))
    for j in np.unique(codes):
        Xj, Zj, yj = exact(X[codes == j]), exact(Z[codes == j]), exact(y[codes == j][:, None])
        n = yj.rows
        V = Zj * L * L.T * Zj.T + s**2 * mp.eye(n)
        inverse = V**-1
        residual = yj - Xj * exact(gamma[:, None])
        alpha = inverse * residual
        log_density -= (n * mp.log(2 * mp.pi) + mp.log(mp.det(V)) + (residual.T * alpha)[0]) / 2
        d_gamma += Xj.T * alpha
        slope = alpha * alpha.T - inverse
        d_chol += Zj.T * slope * Zj * L
        d_sigma += s * sum(slope[i, i] for i in range(n))
        spread = 1 + float(mp.mnorm(Zj * L * L.T * Zj.T, "f") / s**2)
        condition = max(condition, spread)
    return log_density, d_gamma, d_chol, d_sigma, condition


def kernel_values(gamma, chol, sigma, X, Z, y, codes):
    products = cross_products(
        y, X, Z, codes, codes.max() + 1, x_intercept=0, z_intercept=0, z_centered=range(len(chol))
    )
    blocks = [in_blocks(m) for m in (products.ZtZ, products.ZtX, products.Zty, np.empty((len(products.n), 0)))]
    totals = np.array([products.yty.sum(), len(y)])
    maps = products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform)
    sums = products.XtX.sum(axis=0), products.Xty.sum(axis=0)
    grouped = GroupProducts(*blocks, np.eye(len(gamma)), *sums, totals)
    return marginal_log_density(len(chol))(gamma, chol, sigma, ColumnScaling(*maps), grouped)


def agree(gamma, chol, sigma, X, Z, y, codes):
    value, d_gamma, d_chol, d_sigma = kernel_values(gamma, chol, sigma, X, Z, y, codes)
    log_density, *gradient, condition = reference(gamma, chol, sigma, X, Z, y, codes)
    tolerance = max(1e-10, 100 * EPS * condition)
    assert abs(value - float(log_density)) <= tolerance * max(1, abs(float(log_density)))
    for found, expected in zip((d_gamma, d_chol, d_sigma), gradient, strict=True):
        expected = np.array(mp.matrix([expected]) if isinstance(expected, mp.mpf) else expected, dtype=float)
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(np.ravel(found), expected.ravel(), atol=max(1e-7, 100 * tolerance) * scale)


@st.composite
def problems(draw):
    """Unbalanced groups, some of one row; any number of effects from 1 to 4; small and large tau."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    q = draw(st.integers(1, 4))
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    columns = rng.normal(size=(len(codes), 3))
    X = np.column_stack([np.ones(len(codes)), columns])
    chol = np.tril(rng.normal(size=(q, q))) * 10.0 ** draw(st.integers(-6, 2))
    sigma = 10.0 ** draw(st.floats(-1, 1))
    return rng.normal(size=4), chol, sigma, X, X[:, :q].copy(), rng.normal(size=len(codes)), codes


@settings(max_examples=40, deadline=None)
@given(problems())
def test_density_and_gradient_equal_sixty_digit_arithmetic(problem):
    agree(*problem)


def fixed_problem(q, mean=0.0, rho=None):
    rng = np.random.default_rng(q)
    codes = np.repeat(np.arange(4), [1, 3, 5, 2])
    X = np.column_stack([np.ones(11), mean + rng.normal(size=(11, 3))])
    gamma = rng.normal(size=4) / np.array([1, *[max(1, mean)] * 3])
    chol = np.tril(rng.normal(size=(q, q)))
    if rho is not None:
        chol = np.array([[1.0, 0.0], [rho, np.sqrt(1 - rho**2)]])
    chol = chol / np.array([1, *[max(1, mean)] * (q - 1)])[:, None]
    return gamma, chol, 0.7, X, X[:, :q].copy(), rng.normal(size=11), codes


@pytest.mark.parametrize("q", [1, 2, 3, 4])
def test_columns_with_means_of_a_million(q):
    agree(*fixed_problem(q, mean=1e6))


@pytest.mark.parametrize("rho", [1 - 1e-12, -1 + 1e-12, 1.0, 0.0])
def test_correlations_near_one(rho):
    agree(*fixed_problem(2, rho=rho))


@pytest.mark.parametrize("q", [1, 2, 3])
def test_without_random_effects_it_is_least_squares(q):
    gamma, chol, *rest = fixed_problem(q)
    agree(gamma, np.zeros_like(chol), *rest)


def test_the_sum_of_logs_survives_many_large_determinants():
    gamma, chol, sigma, X, Z, y, codes = fixed_problem(2)
    agree(gamma, chol * 1e5, sigma, X, Z, y, codes)
