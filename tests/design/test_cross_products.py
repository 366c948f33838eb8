from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design, cross_products
from bayeshlm.design.cross_products import sorting_order
from bayeshlm.design.scaling import CHUNK_ROWS, column_moments
from bayeshlm.equations import parse

ARRAYS = ("n", "ZtZ", "ZtX", "Zty", "XtX", "Xty", "yty")


def problem(n_rows, n_groups, seed=0, mean=3.0):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.r_[np.arange(n_groups), rng.integers(0, n_groups, n_rows - n_groups)])
    X = np.column_stack([np.ones(n_rows), rng.normal(mean, 1, n_rows), rng.normal(-2, 1e-3, n_rows)])
    Z = np.ascontiguousarray(np.column_stack([X[:, 1], X[:, 0], rng.normal(size=n_rows)]))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=n_rows)
    return y, X, Z, codes, n_groups


OPTIONS = [
    {"x_intercept": 0, "z_intercept": 1, "z_centered": (0, 1, 2)},
    {"x_intercept": 0, "z_intercept": 1, "z_centered": (1, 2)},
    {"x_intercept": 0, "z_intercept": 1},
    {},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("n_rows", "n_groups"), [(40, 7), (CHUNK_ROWS + 1000, 3), (2 * CHUNK_ROWS, 20_000)])
def test_products_equal_brute_force(n_rows, n_groups, options):
    y, X, Z, codes, _ = problem(n_rows, n_groups)
    cp = cross_products(y, X, Z, codes, n_groups, **options)
    Xs, Zs, ys = X @ cp.x_transform, Z @ cp.z_transform, y - X @ cp.ols
    np.testing.assert_array_equal(cp.n, np.bincount(codes))
    for group in {0, n_groups // 2, n_groups - 1}:
        x, z, e = Xs[codes == group], Zs[codes == group], ys[codes == group]
        expected = (len(e), z.T @ z, z.T @ x, z.T @ e, x.T @ x, x.T @ e, e @ e)
        for name, value in zip(ARRAYS, expected, strict=True):
            scale = np.abs(value).max()
            np.testing.assert_allclose(getattr(cp, name)[group], value, rtol=1e-10, atol=1e-10 * scale, err_msg=name)


@pytest.mark.parametrize("options", OPTIONS)
def test_transforms_scale_and_center_what_they_may(options):
    y, X, Z, codes, n_groups = problem(500, 7)
    cp = cross_products(y, X, Z, codes, n_groups, **options)
    Xs, Zs = X @ cp.x_transform, Z @ cp.z_transform
    np.testing.assert_allclose(Xs.std(axis=0, ddof=1)[1:], 1, rtol=1e-9)
    np.testing.assert_allclose(Zs.std(axis=0, ddof=1)[[0, 2]], 1, rtol=1e-9)
    means = 0 if "x_intercept" in options else X[:, 1:].mean(axis=0) / X[:, 1:].std(axis=0, ddof=1)
    np.testing.assert_allclose(Xs[:, 1:].mean(axis=0), means, rtol=1e-9, atol=1e-9)
    centered = [k for k in options.get("z_centered", ()) if k != 1]
    left = [k for k in (0, 2) if k not in centered]
    np.testing.assert_allclose(Zs[:, centered].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Zs[:, left].mean(axis=0), Z[:, left].mean(axis=0) / Z[:, left].std(axis=0, ddof=1))
    np.testing.assert_array_equal(Zs[:, 1], 1)
    np.testing.assert_array_equal(Xs[:, 0], 1)


@pytest.mark.parametrize("options", OPTIONS)
def test_ols_is_the_least_squares_fit(options):
    y, X, Z, codes, n_groups = problem(500, 7)
    cp = cross_products(y, X, Z, codes, n_groups, **options)
    np.testing.assert_allclose(cp.ols, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-8)
    scale = np.sqrt(cp.yty.sum() * np.diag(cp.XtX.sum(axis=0)))
    assert np.all(np.abs(cp.Xty.sum(axis=0)) < 1e-9 * scale)


def test_permuting_rows_leaves_the_products():
    y, X, Z, codes, n_groups = problem(5000, 37)
    order = np.argsort(codes, kind="stable")
    one = cross_products(y, X, Z, codes, n_groups, **OPTIONS[0])
    other = cross_products(y[order], X[order], Z[order], codes[order], n_groups, **OPTIONS[0])
    for name in (*ARRAYS, "ols", "x_transform", "z_transform"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11 * np.abs(a).max(), err_msg=name)


@pytest.mark.parametrize("mean", [0.0, 1e9])
def test_products_are_accurate_to_twelve_digits_far_from_zero(mean):
    """Against exact rational arithmetic from the mean and the SD that went into the transforms."""
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], 30)
    x = mean + rng.normal(size=60)
    X = np.column_stack([np.ones(60), x])
    y = rng.normal(size=60) * 1e-9
    cp = cross_products(y, X, X, codes, 2, x_intercept=0, z_intercept=0, z_centered=(0, 1))
    (_, shift), (_, scale) = column_moments(X)
    center = sum(map(Fraction, x)) / 60
    assert abs(Fraction(shift) - center) <= 4 * Fraction(np.spacing(abs(shift)))
    np.testing.assert_allclose(cp.x_transform, [[1, -shift / scale], [0, 1 / scale]], rtol=1e-15)
    exact_x = [(Fraction(value) - Fraction(shift)) / Fraction(scale) for value in x]
    for group in (0, 1):
        rows = [value for value, code in zip(exact_x, codes, strict=True) if code == group]
        total = float(sum(value * value for value in rows))
        np.testing.assert_allclose(cp.XtX[group, 1, 1], total, rtol=1e-12)
        np.testing.assert_allclose(cp.ZtX[group, 1, 1], total, rtol=1e-12)
        np.testing.assert_allclose(cp.XtX[group, 0, 1], float(sum(rows)), rtol=1e-11, atol=1e-12)
    assert 0.5 < cp.yty.sum() / np.sum((y - y.mean()) ** 2) <= 1


def test_sorted_rows_are_not_sorted_again():
    assert sorting_order(np.array([0, 0, 1, 2, 2])) is None
    codes = np.random.default_rng(0).integers(0, 100_000, 1000)
    np.testing.assert_array_equal(sorting_order(codes), np.argsort(codes, kind="stable"))


def test_design_centers_Z_only_within_the_block_of_its_intercept():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"g": np.repeat(range(8), 6), "x": rng.normal(5, 1, 48), "y": rng.normal(size=48)})
    text = "y = b0 + b1*x + offset(x) + r; b0 = g00 + u0; b1 = g10 + u1"
    together = build_design(parse(text), data, "g").cross_products
    apart = build_design(parse(text + "; cov(u0, u1) = 0"), data, "g").cross_products
    assert together.z_transform[0, 1] == pytest.approx(-data["x"].mean() / data["x"].std())
    assert apart.z_transform[0, 1] == 0
    ols = np.linalg.lstsq(np.column_stack([np.ones(48), data["x"]]), data["y"] - data["x"], rcond=None)[0]
    np.testing.assert_allclose(together.ols, ols, rtol=1e-10)
    design = build_design(parse(text), data, "g")
    assert design.cross_products is design.cross_products
