import numpy as np
import pytest

from bayeshlm.methods.own_lines import own_lines


def test_each_group_has_the_line_of_polyfit():
    rng = np.random.default_rng(3)
    codes = rng.permutation(np.repeat(np.arange(4), [2, 5, 9, 1]))
    x, y = 1e6 + rng.normal(size=17), rng.normal(size=17)
    found = own_lines(x, y, codes, 4)
    for j in range(3):
        slope, height = np.polyfit(x[codes == j] - 1e6, y[codes == j], 1)
        assert found[j, 1] == pytest.approx(slope, rel=1e-9)
        assert found[j, 0] + 1e6 * found[j, 1] == pytest.approx(height, abs=1e-8)
    assert np.isnan(found[3]).all()


def test_x_constant_in_a_group_gives_no_line():
    found = own_lines(np.array([2.0, 2.0, 1.0, 3.0]), np.array([1.0, 5.0, 1.0, 2.0]), np.array([0, 0, 1, 1]), 2)
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [0.5, 0.5]
