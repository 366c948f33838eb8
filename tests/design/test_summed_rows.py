"""Sums of the rows of a database in the basis that all columns are made of, against the rows themselves."""

import numpy as np
import pytest
from database_designs import pupils, stored

from bayeshlm.design import build_design
from bayeshlm.design.build_from_database import build_design_from_database
from bayeshlm.design.new_rows import new_rows
from bayeshlm.equations import parse
from bayeshlm.source.database_table import DatabaseTable

TEXTS = {
    "one grouping": "math ~ ses*sector + minority + (1 + ses | school)",
    "offset, two groupings": "math ~ ses + size + offset(income) + (1 + ses | school) + (1 | area)",
    "no intercept": "math = b1*ses + b2*minority + r; b1 = g10 + u1; b2 = g20",
}


@pytest.fixture(scope="module", params=TEXTS.values(), ids=TEXTS)
def taken(request):
    """Sums, with all of their rows and what the basis is in them."""
    group = "school" if "|" not in request.param else None
    table = DatabaseTable(stored(pupils(n=240)))
    summed = build_design_from_database(parse(request.param), table, group).summed
    sample = summed.rows.sample(summed.sums, summed.columns, summed.sums.n_obs, seed=0)
    return summed, sample, summed.basis_of(sample)


def in_cells(cell, values, n):
    sums = np.zeros((n, *values.shape[1:]))
    np.add.at(sums, cell, values)
    return sums


def test_sums_of_products_are_those_of_the_rows(taken):
    summed, sample, A = taken
    M, y = len(summed.sums.n), sample.rows.y - summed.y_center
    assert A.shape == (len(y), summed.n_basis)
    for found, rows in (
        (summed.gram, A[:, :, None] * A[:, None]),
        (summed.with_outcome, A * y[:, None]),
        (summed.squares, y * y),
    ):
        expected = in_cells(sample.cells, rows, M)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(y.sum(), 0, atol=1e-8)


def test_columns_are_combinations_of_the_basis(taken):
    summed, sample, A = taken
    columns, rows = summed.columns, sample.rows
    for own, expected in ((columns.X, rows.X), *zip(columns.Z, rows.Z, strict=True)):
        found = np.einsum("nk,nkj->nj", A, summed.in_basis(own)[sample.cells])
        np.testing.assert_allclose(found, expected, atol=1e-11)


def test_expected_outcomes_are_combinations_of_the_basis(taken):
    summed, sample, A = taken
    rng, rows = np.random.default_rng(6), sample.rows
    gamma = rng.normal(size=(3, rows.X.shape[1]))
    u = [rng.normal(size=(Z.shape[1], 3, codes.max() + 1)) for Z, codes in zip(rows.Z, rows.codes, strict=True)]
    expected = rows.offset + gamma @ rows.X.T
    for Z, codes, effects in zip(rows.Z, rows.codes, u, strict=True):
        expected = expected + np.einsum("nq,qsn->sn", Z, effects[..., codes])
    found = np.einsum("nk,snk->sn", A, summed.coefficients(gamma, u)[:, sample.cells])
    np.testing.assert_allclose(summed.y_center + found, expected, rtol=1e-11)
    moved = tuple((codes + 1) % (codes.max() + 1) for codes in summed.sums.codes)
    shifted = [np.roll(effects, 1, axis=-1) for effects in u]
    again = summed.coefficients(gamma, shifted, moved)
    np.testing.assert_allclose(again, summed.coefficients(gamma, u), rtol=1e-11, atol=1e-11)


def test_new_rows_are_coded_as_those_in_memory():
    data = pupils(n=240)
    text = parse("math ~ cgm(ses) + race + sector + scale(mean(ses)) + (1 + ses | school)")
    there = build_design_from_database(text, DatabaseTable(stored(data)))
    given = build_design(text, data)
    some = data.dropna().iloc[[3, 50, 90]].drop(columns="math")
    np.testing.assert_allclose(new_rows(there, some).X, new_rows(given, some).X, rtol=1e-10, atol=1e-12)
