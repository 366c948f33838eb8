"""Predictions, replicates and residuals of models with level-1 SDs and correlated residuals, by dense matrices."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag

from bayeshlm.checks.level1_residuals import level1_residuals, row_variances
from bayeshlm.checks.level2_residuals import level2_residuals
from bayeshlm.checks.prediction import predict
from bayeshlm.checks.predictive_check import RowEngine
from bayeshlm.design import build_design
from bayeshlm.design.new_rows import fitted_rows, new_rows
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.one_draw import one_draw
from bayeshlm.quantities.reliability import reliability

N_GROUPS, N_DRAWS = 6, 40_000
RNG = np.random.default_rng(7)
DATA = pd.DataFrame(
    {
        "g": np.repeat(np.arange(N_GROUPS), 4),
        "t": np.tile([0, 1, 3, 4], N_GROUPS),
        "f": np.tile([0, 1, 1, 0], N_GROUPS),
        "x": RNG.normal(size=4 * N_GROUPS),
        "y": RNG.normal(size=4 * N_GROUPS),
    }
)
TAU, ALPHA, RHO = 0.7, np.array([0.2, -0.5]), 0.6
SD = np.exp(np.where(DATA.f == 1, ALPHA.sum(), ALPHA[0]))
GAP = np.abs(DATA.t.to_numpy()[:, None] - DATA.t.to_numpy())
SAME = DATA.g.to_numpy()[:, None] == DATA.g.to_numpy()
COVARIANCE = np.where(SAME, RHO**GAP, 0.0) * SD[:, None] * SD
TEXT = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10; log(sigma) = a0 + a1*f; corr(r) = ar1(t)"


@pytest.fixture(scope="module")
def posterior():
    """One draw, repeated so that what is drawn from it is a sample."""
    design = build_design(parse(TEXT), DATA, group="g")
    u = np.linspace(-1, 1, N_GROUPS)[:, None]
    one = one_draw(design, [0.5, 1.0], [TAU], np.eye(1), [*ALPHA, RHO], [u])
    return Draws(one.isel(draw=np.zeros(N_DRAWS, dtype=int)), design)


def check_covariance(residuals, covariance):
    """The sample's covariance matrix is this one, within five Monte Carlo errors of every entry."""
    found = residuals.T @ residuals / len(residuals)
    error = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / len(residuals))
    assert (np.abs(found - covariance) < 5 * error).all()


def test_rows_are_predicted_with_their_sds_and_correlations(posterior):
    rows = new_rows(posterior.design, DATA[["g", "t", "f", "x"]])
    found = predict(posterior, rows, seed=1)
    residuals = (found["y"] - found["mu"]).to_numpy()[0]
    check_covariance(residuals, COVARIANCE)


def test_new_groups_have_residuals_of_the_same_pattern(posterior):
    rows = new_rows(posterior.design, DATA[["g", "t", "f", "x"]].assign(g=DATA.g + 100))
    found = predict(posterior, rows, seed=2)
    total = (found["y"] - found["y"].mean("draw")).to_numpy()[0]
    check_covariance(total, COVARIANCE + TAU**2 * SAME)


def test_replicates_of_the_predictive_check_have_them_too(posterior):
    engine = RowEngine.of(posterior.design)
    gamma, auxiliary = posterior.flat(posterior.gamma), posterior.flat(posterior.auxiliary)
    u = [np.zeros((1, N_DRAWS, N_GROUPS))]
    y = np.concatenate([y for _, _, y in engine.replicates(gamma, auxiliary, u, np.random.default_rng(3))])
    rows = fitted_rows(posterior.design)
    check_covariance(y - rows.X @ gamma[0], COVARIANCE)


@pytest.mark.slow
def test_level_1_residuals_are_over_the_sd_that_they_have_over_data_sets(posterior):
    some = posterior.at(np.arange(400))
    np.testing.assert_allclose(row_variances(some), SD**2)
    Z = block_diag(*[np.ones((4, 1))] * N_GROUPS)
    V = COVARIANCE + TAU**2 * Z @ Z.T
    e = DATA.y.to_numpy() - 0.5 - DATA.x.to_numpy()
    left = COVARIANCE @ np.linalg.solve(V, e)
    variance = np.diag(COVARIANCE @ np.linalg.solve(V, COVARIANCE))
    table = level1_residuals(some).table
    np.testing.assert_allclose(table["mean"], left, atol=1e-9)
    np.testing.assert_allclose(table["standardized"], left / np.sqrt(variance), rtol=1e-6)


@pytest.mark.slow
def test_reliability_is_that_of_the_posterior_means_of_u(posterior):
    some = posterior.at(np.arange(4))
    of_group = COVARIANCE[:4, :4]
    told = np.ones(4) @ np.linalg.solve(of_group + TAU**2, np.ones(4)) * TAU**2
    assert reliability(some).table["mean"].item() == pytest.approx(told)


def test_distances_of_groups_are_refused(posterior):
    with pytest.raises(OptionError, match="have an equation of their SD"):
        level2_residuals(posterior)
