"""SDs and draws of the residuals of level-1 models, against dense covariance matrices."""

import level1_cases
import numpy as np
import pytest

from bayeshlm.design.level1_spread import residual_draws, row_sds, rows_in_time


@pytest.mark.parametrize("correlation", ["ar1", "cs", ""])
@pytest.mark.parametrize("rho", [0.6, -0.15])
def test_residuals_have_the_covariance_matrix(correlation: str, rho: float) -> None:
    """The map from independent normal numbers to residuals is linear, so that its square is the covariance matrix."""
    table = level1_cases.frame()
    model = level1_cases.level1(table, "kind", correlation)
    phi = np.array([0.2, 0.3, -0.4, rho][: 3 + bool(correlation)])

    class Unit:
        def standard_normal(self, shape: tuple[int, int]) -> np.ndarray:
            assert shape == (len(table), len(table))
            return np.eye(len(table))

    root = residual_draws(model, table.g.to_numpy(), np.tile(phi, (len(table), 1)), Unit())  # type: ignore[arg-type]
    np.testing.assert_allclose(root.T @ root, level1_cases.dense_residuals(table, model, phi), atol=1e-13)


def test_one_sigma_is_that_of_every_row() -> None:
    table = level1_cases.frame()
    sds = row_sds(level1_cases.level1(table, "", "ar1"), np.array([[2.0, 0.5], [3.0, 0.1]]))
    assert sds.shape == (2, len(table))
    assert (sds == np.array([[2.0], [3.0]])).all()


def test_a_step_in_time_follows_earlier_ones_only() -> None:
    table = level1_cases.frame()
    previous = level1_cases.level1(table, "", "ar1").previous
    done = set(np.flatnonzero(previous < 0))
    for step in rows_in_time(previous):
        assert set(previous[step]) <= done
        done |= set(step)
    assert done == set(range(len(table)))
