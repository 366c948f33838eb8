"""What simulated studies say of one that is planned, of four studies by hand."""

import numpy as np
import pytest

from bayeshlm.checks.planned_study import Study, summed_up

NONE = np.full(2, np.nan)
STUDIES = [
    Study(np.array([1.0, 0.0]), np.array([1.5, 0.5]), np.array([0.5, 0.0]), np.array([2.5, 1.0])),
    Study(np.array([1.0, 0.0]), np.array([0.5, -0.5]), np.array([-0.5, -1.0]), np.array([1.5, 0.0])),
    Study(np.array([1.0, 0.0]), np.array([3.0, 1.0]), np.array([1.0, -1.0]), np.array([5.0, 3.0])),
    Study(np.array([1.0, 0.0]), NONE, NONE, NONE),
]


def test_an_interval_that_ends_at_the_value_does_not_exclude_it():
    table = summed_up(STUDIES, ["x", "z"], value=0.0)
    assert table["assurance"].tolist() == [0.5, 0.0]
    assert table["mcse"].to_numpy() == pytest.approx(np.sqrt([0.5 * 0.5 / 4, 1 / 6 * 5 / 6 / 4]))
    assert table["width"].tolist() == pytest.approx([8 / 3, 2.0])
    assert table["width_sd"].tolist() == pytest.approx([np.std([2, 2, 4], ddof=1), np.std([1, 1, 4], ddof=1)])
    assert table["coverage"].tolist() == [1.0, 1.0]
    assert table["bias"].tolist() == pytest.approx([(0.5 - 0.5 + 2) / 3, (0.5 - 0.5 + 1) / 3])
    assert table["rmse"].tolist() == pytest.approx([np.sqrt(4.5 / 3), np.sqrt(1.5 / 3)])
    assert table["failed"].tolist() == [1, 1]
    assert summed_up(STUDIES, ["x", "z"], value=2.0)["coverage"].tolist() == [1.0, 1.0]


def test_studies_that_all_failed_say_nothing_but_that():
    table = summed_up(STUDIES[3:], ["x", "z"], value=0.0)
    assert table["assurance"].tolist() == [0.0, 0.0]
    assert table["failed"].tolist() == [1, 1]
    assert table[["width", "width_sd", "coverage", "bias", "rmse"]].isna().all(axis=None)
    assert summed_up(STUDIES[:1], ["x", "z"], value=0.0)["width_sd"].isna().all()
