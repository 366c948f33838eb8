"""Replicated outcomes of rows that stay in a database, from sums, against the rows themselves."""

import numpy as np
import pytest
from database_designs import pupils, stored

from bayeshlm.checks.summed_replicates import SummedProjection, SummedReplicates, units_of
from bayeshlm.checks.summed_statistics import summed_statistics
from bayeshlm.design.build_from_database import build_design_from_database
from bayeshlm.equations import parse
from bayeshlm.source.database_table import DatabaseTable

B = 3
NAMES = "ses", "minority", "age", "b4[Black]", "b4[White]"


@pytest.fixture(scope="module")
def made():
    """A design of all its rows, replicates of their outcomes, and these outcomes."""
    text = parse("math ~ ses + minority + age + race + (1 + ses | school)")
    design = build_design_from_database(text, DatabaseTable(stored(pupils(n=240))))
    summed = design.summed
    sample, A = summed.sample, summed.basis_of(summed.sample)
    y = summed.y_center + 2 + np.random.default_rng(5).normal(scale=3, size=(B, len(sample.y)))
    products = np.zeros((B, len(summed.sums.n), summed.n_basis))
    squares = np.zeros(products.shape[:2])
    away = y - summed.y_center
    np.add.at(products, (slice(None), sample.cells), away[..., None] * A)
    np.add.at(squares, (slice(None), sample.cells), away**2)
    (units,) = units_of(design)
    projection = SummedProjection.of(design, summed)
    return design, SummedReplicates(summed, projection, units, products, squares, y), y


def test_means_and_spreads(made):
    design, replicates, y = made
    groups = design.summed.sample.rows.codes[0]
    np.testing.assert_array_equal(replicates.n, np.bincount(groups))
    np.testing.assert_allclose(replicates.mean, y.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(replicates.sd, y.std(axis=1, ddof=1), rtol=1e-10)
    means = [[one[groups == j].mean() for j in range(len(replicates.n))] for one in y]
    np.testing.assert_allclose(replicates.means, means, rtol=1e-11)


def test_what_own_regressions_in_all_cells_and_a_common_one_leave(made):
    design, replicates, y = made
    sample = design.summed.sample
    cells, (Z,) = sample.cells, sample.rows.Z
    own = np.einsum("nm,nq->nmq", np.eye(cells.max() + 1)[cells], Z).reshape(len(cells), -1)
    columns = np.hstack([own, sample.rows.X - sample.rows.X.mean(axis=0)])
    left = np.array([one - columns @ np.linalg.lstsq(columns, one, rcond=1e-12)[0] for one in y])
    np.testing.assert_allclose(replicates.residuals, left, atol=1e-7)
    squares = [np.bincount(cells, one**2) for one in left]
    np.testing.assert_allclose(replicates.residual_squares, squares, atol=1e-6)
    ranks = [np.linalg.matrix_rank(Z[cells == m]) for m in range(cells.max() + 1)]
    np.testing.assert_array_equal(replicates.df, np.bincount(cells) - ranks)


def test_statistics_look_at_the_group_means_of_all_columns(made):
    design, replicates, y = made
    rows = design.summed.sample.rows
    groups, n = rows.codes[0], replicates.n
    found = {
        one.name: one.compute(replicates) for one in summed_statistics(design, design.summed, replicates.projection)
    }
    means = [np.bincount(groups, one) / n for one in y]
    for name, column in zip(NAMES, rows.X.T[1:], strict=True):
        of_groups = np.bincount(groups, column) / n
        expected = [np.corrcoef(one, of_groups)[0, 1] for one in means]
        np.testing.assert_allclose(found[f"mean_correlation[{name}]"], expected, atol=1e-9)
    np.testing.assert_allclose(found["mean"], y.mean(axis=1), rtol=1e-12)
