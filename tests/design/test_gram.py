"""One rule says how many directions a group's columns have, and everything that asks gets the same answer."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.checks.level1_variance import own_residuals
from bayeshlm.checks.replicates import Projection
from bayeshlm.design import Design, build_design
from bayeshlm.design.gram import DEPENDENT, NOTHING, gram_roots, has_ols, mean_squares, z_roots
from bayeshlm.equations import parse
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.hlm_statistics import chi_square_tests, reliability
from bayeshlm.reml.rotation import rotate


def residualized(noise: float) -> Design:
    """30 groups; in the first 10 the level-1 column is what rounding leaves of a column taken out of itself."""
    rng = np.random.default_rng(8)
    school = np.repeat(np.arange(30), [4] * 27 + [2] * 3)
    x = rng.normal(size=len(school))
    x -= (np.bincount(school, x) / np.bincount(school))[school]
    flat = school < 10
    x[flat] = noise * x[flat]
    u = rng.normal(size=(30, 2))
    y = 1 + u[school, 0] + (0.5 + 0.5 * u[school, 1]) * x + rng.normal(size=len(school))
    equations = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + u1"
    return build_design(parse(equations), pd.DataFrame({"school": school, "x": x, "y": y}), group="school")


@pytest.mark.parametrize("noise", [1e-17, 1e-12])
def test_a_column_of_rounding_noise_is_zero(noise: float) -> None:
    design, clean = residualized(noise), residualized(0.0)
    products = design.cross_products
    full = np.arange(30) >= 10
    np.testing.assert_array_equal(has_ols(products), full)
    np.testing.assert_array_equal(rotate(products).rank, np.where(full, 2, 1))
    np.testing.assert_array_equal(own_residuals(design.cross_products)[1], design.n_per_group - np.where(full, 2, 1))
    projection = Projection.of(design)
    np.testing.assert_array_equal(projection.df, design.n_per_group - np.where(full, 2, 1))
    found, expected = fit_reml(design), fit_reml(clean)
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-12)
    tests, reference = chi_square_tests(design, found), chi_square_tests(clean, expected)
    assert tests.n_groups_used == reliability(found).n_groups_used == reference.n_groups_used == 20
    np.testing.assert_array_equal(tests.df, [19, 19])
    np.testing.assert_allclose(tests.chi2, reference.chi2, rtol=1e-6)
    np.testing.assert_allclose(reliability(found).mean, reliability(expected).mean, rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(reliability(found).by_group[:, 0]), ~full)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_size_at_which_a_column_is_noise(factor: float) -> None:
    """Judged by the column's mean square over all rows, whatever its unit and the group's number of rows."""
    n = np.array([5, 45])
    for unit in (1e-40, 1.0, 1e40):
        square = factor * NOTHING * unit * 5
        gram = np.array([[[5.0, 0.0], [0.0, square]], [[45.0, 0.0], [0.0, 50 * unit - square]]])
        rank = gram_roots(gram, n, mean_squares(gram, n)).rank
        assert rank.tolist() == [2 if factor > 1 else 1, 2]


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_angle_at_which_columns_depend_on_each_other(factor: float) -> None:
    cosine = 1 - factor * DEPENDENT  # the smallest eigenvalue is 1 - cosine
    gram = np.array([[[4.0, 6e9 * cosine], [6e9 * cosine, 9e18]]])
    n = np.array([7])
    assert gram_roots(gram, n, mean_squares(gram, n)).rank.tolist() == [2 if factor > 1 else 1]


def test_tolerances() -> None:
    """A column counts down to 1e-10 of its size over all rows and a millionth of its length beside the others."""
    assert (NOTHING, DEPENDENT) == (1e-20, 1e-12)


def test_no_more_directions_than_rows() -> None:
    gram = np.array([np.eye(3), np.eye(3)])  # not of two rows, but for rounding it might be
    roots = gram_roots(gram, np.array([2, 5]), np.ones(3))
    assert roots.rank.tolist() == [2, 3]
    assert roots.full.tolist() == [False, True]


def test_roots() -> None:
    rng = np.random.default_rng(0)
    A = [rng.normal(size=(n, 3)) * [1.0, 1e-8, 1e6] for n in (2, 3, 9)]
    A[2][:, 1] = 0.0
    n = np.array([2, 3, 9])
    gram = np.array([a.T @ a for a in A])
    roots = gram_roots(gram, n, mean_squares(gram, n))
    assert roots.rank.tolist() == [2, 3, 2]
    np.testing.assert_allclose(roots.root @ roots.root.transpose(0, 2, 1), gram, rtol=1e-9, atol=1e-12)
    for a, whiten, counts in zip(A, roots.whiten, roots.counts, strict=True):
        basis = a @ whiten.T
        np.testing.assert_allclose(basis.T @ basis, np.diag(counts.astype(float)), atol=1e-6)
        plain = a / [1.0, 1e-8, 1e6]
        np.testing.assert_allclose(basis @ basis.T, plain @ np.linalg.pinv(plain), atol=1e-6)


def test_groups_of_a_part_are_judged_by_all() -> None:
    products = residualized(1e-17).cross_products
    overall = mean_squares(products.ZtZ, products.n)
    part = gram_roots(products.ZtZ[:5], products.n[:5], overall)
    np.testing.assert_array_equal(part.rank, z_roots(products).rank[:5])
