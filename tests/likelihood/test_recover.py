import numpy as np
import pytest
from scipy import stats

from bayeshlm.design.cross_products import cross_products
from bayeshlm.likelihood.blocks import BLOCK
from bayeshlm.likelihood.group_effects import Conditionals


def problem(q, mean, sizes, n_draws, seed):
    """Data with columns far from zero, their cross-products, and draws of the parameters."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    X = np.column_stack([np.ones(len(codes)), rng.normal(size=(len(codes), 3)) + mean])
    Z = X[:, :q].copy()
    y = rng.normal(size=len(codes)) + 3
    products = cross_products(y, X, Z, codes, len(sizes), x_intercept=0, z_intercept=0, z_centered=range(q))
    gamma = rng.normal(size=(n_draws, 4)) / np.array([1, *[max(mean, 1)] * 3])
    scale = np.array([1, *[max(mean, 1)] * (q - 1)])
    chol = np.tril(rng.normal(size=(n_draws, q, q))) / scale[:, None]
    sigma = rng.gamma(3, 1, size=n_draws)
    return X, Z, y, codes, products, gamma, chol, sigma


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize("mean", [0.0, 1e6])
def test_likelihood_and_conditional_normal_equal_the_dense_ones(q, mean):
    X, Z, y, codes, products, gamma, chol, sigma = problem(q, mean, [1, 2, 5, 9, 1, 4], 5, q)
    block = Conditionals(products, gamma, chol, sigma).block(0)
    for s in range(5):
        G = chol[s] @ chol[s].T
        for j in range(6):
            rows = codes == j
            residual = y[rows] - X[rows] @ gamma[s]
            V = Z[rows] @ G @ Z[rows].T + sigma[s] ** 2 * np.eye(rows.sum())
            expected = stats.multivariate_normal(np.zeros(rows.sum()), V).logpdf(residual)
            assert block.log_likelihood[s, j] == pytest.approx(expected, rel=1e-8)
            GZ = G @ Z[rows].T
            scale = np.sqrt(np.diag(G))
            mean_u = GZ @ np.linalg.solve(V, residual)
            np.testing.assert_allclose(block.mean[s, :, j] / scale, mean_u / scale, atol=1e-7)
            covariance = (G - GZ @ np.linalg.solve(V, GZ.T)) / np.outer(scale, scale)
            found = block.root[s, :, :, j] @ block.root[s, :, :, j].T / np.outer(scale, scale)
            np.testing.assert_allclose(found, covariance, atol=1e-6 if mean else 1e-10)


def test_drawn_effects_have_the_conditional_moments():
    *_, products, gamma, chol, sigma = problem(2, 0.0, [3, 4], 1, 1)
    many = 40_000
    block = Conditionals(products, *(np.repeat(values, many, axis=0) for values in (gamma, chol, sigma))).block(0)
    u = block.draw(seed=1)
    for j in range(2):
        covariance = block.root[0, :, :, j] @ block.root[0, :, :, j].T
        sd = np.sqrt(np.diag(covariance))
        assert (np.abs(u[:, :, j].mean(axis=0) - block.mean[0, :, j]) < 4 * sd / np.sqrt(many)).all()
        error = 4 * np.sqrt(2 / many)
        np.testing.assert_allclose(np.cov(u[:, :, j].T) / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=error)


def test_a_groups_draws_depend_on_nothing_but_the_seed_and_its_block():
    *_, products, gamma, chol, sigma = problem(1, 0.0, [2] * (BLOCK + 3), 4, 2)
    given = Conditionals(products, gamma, chol, sigma)
    first, second, again = (given.block(start) for start in (*given.starts, BLOCK))
    np.testing.assert_array_equal(second.draw(7), again.draw(7))
    assert not np.array_equal(first.draw(7)[..., :3], second.draw(7))
    assert not np.array_equal(second.draw(7), second.draw(8))


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize("kind", ["first zero", "last zero", "all zero", "perfectly correlated"])
def test_a_singular_covariance_matrix(q, kind):
    *_, products, gamma, chol, sigma = problem(q, 0.0, [1, 4, 6], 3, q)
    if kind == "perfectly correlated":
        chol[:, :, 1:] = 0
    else:
        chol[:, {"first zero": 0, "last zero": -1, "all zero": slice(None)}[kind]] = 0
    block = Conditionals(products, gamma, chol, sigma).block(0)
    S = products.z_transform
    for s in range(3):
        G = np.linalg.solve(S, np.linalg.solve(S, chol[s] @ chol[s].T).T)
        for j in range(3):
            ZtZ = products.ZtZ[j] / sigma[s] ** 2
            covariance = S @ G @ np.linalg.inv(np.eye(q) + ZtZ @ G) @ S.T
            root = block.root[s, :, :, j]
            np.testing.assert_allclose(root @ root.T, covariance, atol=1e-12 + 1e-8 * np.abs(covariance).max())
            assert np.isfinite(block.mean[s, :, j]).all()
            assert np.isfinite(block.log_likelihood[s, j])
