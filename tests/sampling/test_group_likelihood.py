import numpy as np
import pytest
from scipy import stats

from bayeshlm.design.cross_products import cross_products
from bayeshlm.sampling.group_likelihood import group_log_likelihood


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize("mean", [0.0, 1e6])
def test_each_group_equals_the_dense_multivariate_normal(q, mean):
    rng = np.random.default_rng(q)
    sizes = np.array([1, 2, 5, 9, 1, 4])
    codes = np.repeat(np.arange(6), sizes)
    columns = rng.normal(size=(len(codes), 3)) + mean
    X = np.column_stack([np.ones(len(codes)), columns])
    Z = X[:, :q].copy()
    y = rng.normal(size=len(codes)) + 3
    products = cross_products(y, X, Z, codes, 6, x_intercept=0, z_intercept=0, z_centered=range(q))

    n_draws = 5
    gamma = rng.normal(size=(n_draws, 4)) / np.array([1, *[max(mean, 1)] * 3])
    scale = np.array([1, *[max(mean, 1)] * (q - 1)])
    chol = np.tril(rng.normal(size=(n_draws, q, q))) / scale[:, None]
    sigma = rng.gamma(3, 1, size=n_draws)
    found = group_log_likelihood(products, gamma, chol, sigma)
    for s in range(n_draws):
        for j in range(6):
            rows = codes == j
            V = Z[rows] @ chol[s] @ chol[s].T @ Z[rows].T + sigma[s] ** 2 * np.eye(sizes[j])
            expected = stats.multivariate_normal(X[rows] @ gamma[s], V).logpdf(y[rows])
            assert found[s, j] == pytest.approx(expected, rel=1e-8)
