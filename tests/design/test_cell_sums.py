"""Sums of cells: some of them, of other weights, and of the cells of each unit."""

import numpy as np
import pytest

from bayeshlm.design.cell_sums import CellSums, by_unit

RNG = np.random.default_rng(3)
CODES = (np.array([0, 1, 1, 0]),)


def made(weight=None):
    n, center, sums, products = np.array([2, 3, 4, 5]), np.zeros(2), RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2, 2))
    return CellSums(CODES, n, center, sums, products, sums - 1, sums + 1, weight)


@pytest.mark.parametrize("weight", [None, np.array([0.5, 2.0, 1.5, 3.0])], ids=["equal", "weighted"])
def test_some_cells_keep_what_they_hold(weight):
    cells, kept = made(weight), np.array([True, False, True, True])
    some = cells.at(kept, (np.array([0, 1, 0]),))
    for name in ("n", "sums", "products", "low", "high", "count"):
        np.testing.assert_array_equal(getattr(some, name), getattr(cells, name)[kept])
    assert (some.n_obs, some.weight is None) == (11, weight is None)
    twice = cells.times(np.full(4, 2.0))
    np.testing.assert_array_equal(twice.count, 2 * cells.count)
    np.testing.assert_array_equal(twice.sums, 2 * cells.sums)
    np.testing.assert_array_equal(twice.products, 2 * cells.products)
    mixed = twice.where(kept, cells)
    np.testing.assert_array_equal(mixed.count, np.where(kept, 2, 1) * cells.count)
    np.testing.assert_array_equal(mixed.sums[1], cells.sums[1])
    np.testing.assert_array_equal(mixed.products[2], twice.products[2])


def test_sums_of_the_cells_of_each_unit():
    values = RNG.normal(size=(4, 2, 3))
    np.testing.assert_allclose(by_unit(values, CODES[0], 2), [values[[0, 3]].sum(0), values[[1, 2]].sum(0)])
    np.testing.assert_array_equal(by_unit(values, np.arange(4), 4), values)
    np.testing.assert_array_equal(by_unit(values, np.array([1, 0, 2, 3]), 4), values[[1, 0, 2, 3]])
    assert by_unit(np.empty((4, 0)), CODES[0], 2).shape == (2, 0)
