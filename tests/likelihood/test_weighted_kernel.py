"""The weighted kernel against quadrature and dense matrices, at weights of 1 and 2, and its gradient."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from bayeshlm.design.cross_products import cross_products
from bayeshlm.likelihood.gaussian_groups import in_blocks
from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts
from bayeshlm.likelihood.weighted_kernel import weighted_log_density
from bayeshlm.likelihood.weighted_posterior import weighted_products


def problem(q, seed=0, sizes=(1, 4, 3, 7)):
    """Groups with an intercept and slopes, weights of rows and groups, and parameters."""
    rng = np.random.default_rng([seed, q])
    codes = np.repeat(np.arange(len(sizes)), sizes)
    X = np.column_stack([np.ones(len(codes)), rng.normal(size=(len(codes), 3))])
    y = 5 + rng.normal(size=len(codes))
    w, v = rng.uniform(0.3, 2, len(codes)), rng.uniform(0.3, 2, len(sizes))
    gamma, chol = np.r_[5.0, rng.normal(size=3)], np.tril(rng.normal(size=(q, q)))
    return (y, X, X[:, :q].copy(), codes), (w, v), (gamma, chol, 0.8)


def kernel(rows, weights, parameters):
    y, X, Z, codes = rows
    products = cross_products(
        *(y, X, Z, codes, codes.max() + 1),
        x_intercept=0,
        z_intercept=0,
        z_centered=range(Z.shape[1]),
        row_weights=weights[0],
    )
    maps = products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform)
    return weighted_log_density(*parameters, ColumnScaling(*maps), weighted_products(products, weights[1]))


def dense(rows, weights, parameters):
    """As ``N(y; X gamma, Z G Z' + sigma^2 W^-1)``, whose constants the powers of the rows' densities change."""
    (y, X, Z, codes), (w, v), (gamma, chol, sigma) = rows, weights, parameters
    total = 0.0
    for j in np.unique(codes):
        own = codes == j
        V = Z[own] @ chol @ chol.T @ Z[own].T + np.diag(sigma**2 / w[own])
        term = multivariate_normal(X[own] @ gamma, V).logpdf(y[own])
        total += v[j] * (term + np.sum((1 - w[own]) / 2 * np.log(2 * np.pi * sigma**2) - 0.5 * np.log(w[own])))
    return total


@pytest.mark.parametrize("q", [1, 2, 3, 4])
def test_value_is_that_of_dense_matrices(q):
    rows, weights, parameters = problem(q)
    assert kernel(rows, weights, parameters)[0] == pytest.approx(dense(rows, weights, parameters), rel=1e-11)


def test_value_is_the_weighted_sum_of_the_integrals():
    (y, X, _, codes), (w, v), (gamma, chol, sigma) = rows, weights, parameters = problem(1)
    tau, total = abs(chol[0, 0]), 0.0
    for j in np.unique(codes):
        own = codes == j
        e = y[own] - X[own] @ gamma

        def log_integrand(u, e=e, w=w[own]):
            row = -0.5 * np.log(2 * np.pi * sigma**2) - (e - u) ** 2 / (2 * sigma**2)
            return w @ row - 0.5 * np.log(2 * np.pi * tau**2) - u**2 / (2 * tau**2)

        top = max(log_integrand(u) for u in np.linspace(-9, 9, 2001))
        integral = quad(lambda u, top=top: np.exp(log_integrand(u) - top), -12, 12, epsabs=0, epsrel=1e-12, limit=500)[
            0
        ]
        total += v[j] * (top + np.log(integral))
    assert kernel(rows, weights, parameters)[0] == pytest.approx(total, abs=1e-10)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_gradient_is_that_of_the_value(q):
    rows, weights, parameters = problem(q, seed=1)
    _, d_gamma, d_chol, d_sigma = kernel(rows, weights, parameters)
    gamma, chol, sigma = parameters
    h = 1e-5

    def slope(change):
        return (kernel(rows, weights, change(h))[0] - kernel(rows, weights, change(-h))[0]) / (2 * h)

    numeric = [slope(lambda t, k=k: (gamma + t * np.eye(4)[k], chol, sigma)) for k in range(4)]
    np.testing.assert_allclose(d_gamma, numeric, rtol=1e-7, atol=1e-7)
    for r, s in itertools.product(range(q), range(q)):
        unit = np.outer(np.eye(q)[r], np.eye(q)[s])
        expected = slope(lambda t, unit=unit: (gamma, chol + t * unit, sigma))
        assert d_chol[r, s] == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert d_sigma == pytest.approx(slope(lambda t: (gamma, chol, sigma + t)), rel=1e-7)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_weights_of_1_give_the_kernel_without_weights(q):
    (y, X, Z, codes), _, parameters = problem(q, seed=2)
    products = cross_products(y, X, Z, codes, 4, x_intercept=0, z_intercept=0, z_centered=range(q))
    maps = products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform)
    blocks = [in_blocks(m) for m in (products.ZtZ, products.ZtX, products.Zty, np.empty((4, 0)))]
    weighted = weighted_products(products, np.ones(4))
    grouped = GroupProducts(*blocks, np.eye(X.shape[1]), weighted.XtX, weighted.Xty, weighted.totals)
    expected = marginal_log_density(q)(*parameters, ColumnScaling(*maps), grouped)
    found = kernel((y, X, Z, codes), (np.ones(len(y)), np.ones(4)), parameters)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("q", [1, 2])
def test_weights_of_2_are_rows_and_groups_twice(q):
    (y, X, Z, codes), _, parameters = problem(q, seed=3)
    n, ones = len(y), np.ones(4)
    doubled_rows = (np.tile(y, 2), np.tile(X, (2, 1)), np.tile(Z, (2, 1)), np.tile(codes, 2))
    expected = kernel(doubled_rows, (np.ones(2 * n), ones), parameters)[0]
    assert kernel((y, X, Z, codes), (np.full(n, 2.0), ones), parameters)[0] == pytest.approx(expected, rel=1e-12)
    doubled_groups = (*doubled_rows[:3], np.r_[codes, codes + 4])
    expected = kernel(doubled_groups, (np.ones(2 * n), np.ones(8)), parameters)[0]
    assert kernel((y, X, Z, codes), (np.ones(n), 2 * ones), parameters)[0] == pytest.approx(expected, rel=1e-12)
