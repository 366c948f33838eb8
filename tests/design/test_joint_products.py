"""Cross-products of rows in two crossed groupings against sums that are written out."""

import numpy as np
import pytest

from bayeshlm.design.joint_products import GroupingRows, joint_products

RNG = np.random.default_rng(12)
N = 30
CODES = RNG.permutation(np.arange(N) % 4), RNG.permutation(np.arange(N) % 3)
X = np.column_stack([np.ones(N), RNG.normal(2, 3, N)])
Z = X, np.ones((N, 1))
Y = 5 + X @ [1.0, 2.0] + RNG.normal(size=N)


@pytest.mark.parametrize("weights", [None, RNG.uniform(0.5, 3, N)], ids=["equal", "weighted"])
def test_products_of_the_columns_as_they_are_transformed(weights):
    groupings = [GroupingRows("a", Z[0], CODES[0], 4, 0, [0, 1]), GroupingRows("b", Z[1], CODES[1], 3, 0, [0])]
    made = joint_products(Y, X, groupings, x_intercept=0, row_weights=weights)
    W = np.diag(np.ones(N) if weights is None else weights)
    np.testing.assert_allclose(made.ols, np.linalg.solve(X.T @ W @ X, X.T @ W @ Y), rtol=1e-12)
    xs, zs, ys = X @ made.x_transform, [z @ S for z, S in zip(Z, made.z_transforms, strict=True)], Y - X @ made.ols
    at_least = {"rtol": 1e-10, "atol": 1e-11}
    for k, codes in enumerate(CODES):
        units = [np.flatnonzero(codes == j) for j in range(codes.max() + 1)]
        for found, right in ((made.ZtZ[k], zs[k]), (made.ZtX[k], xs), (made.Zty[k], ys)):
            np.testing.assert_allclose(found, [zs[k][at].T @ W[at][:, at] @ right[at] for at in units], **at_least)
    (pair,) = made.pairs
    assert (pair.first, pair.second) == (0, 1)
    assert sorted(map(tuple, pair.units)) == sorted(set(zip(*CODES, strict=True)))
    for (a, b), found in zip(pair.units, pair.ZtZ, strict=True):
        at = np.flatnonzero((CODES[0] == a) & (CODES[1] == b))
        np.testing.assert_allclose(found, zs[0][at].T @ W[at][:, at] @ zs[1][at], **at_least)
    np.testing.assert_allclose(made.XtX, xs.T @ W @ xs, **at_least)
    np.testing.assert_allclose(made.Xty, xs.T @ W @ ys, atol=1e-9)
    assert made.yty == pytest.approx(ys @ W @ ys)
