"""Estimates without a group equal fits to the data without it; the measures equal dense matrices."""

import numpy as np
import pytest
from small_data import covariance, small_design, small_frame

from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.reml_influence import exact, leverage, measures, one_step, without_group

NAMES = ["intercept", "slope", "parallel", "independent", "three", "only slope"]


def frame_of(name):
    return small_frame(seed=3, n_groups=14, largest=8)


def dense(design, estimate):
    """Inverse covariance matrix of y and information of gamma."""
    V_inv = np.linalg.inv(covariance(design, estimate.G, estimate.sigma))
    return V_inv, design.X.T @ V_inv @ design.X


@pytest.mark.parametrize("name", NAMES)
def test_reml_without_a_group_is_reml_of_the_data_without_it(name):
    frame = frame_of(name)
    design = small_design(name, frame)
    deleted = exact(design, fit_reml(design))
    for j, label in enumerate(design.group_labels):
        rest = fit_reml(small_design(name, frame[frame["school"] != label]))
        np.testing.assert_allclose(deleted.gamma[j], rest.gamma, rtol=2e-5, atol=1e-6)
        np.testing.assert_allclose(deleted.vcov[j], rest.vcov, rtol=2e-4, atol=1e-7)
        np.testing.assert_allclose(deleted.tau[j], rest.tau, rtol=1e-4, atol=1e-5)
        assert deleted.sigma[j] == pytest.approx(rest.sigma, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_one_step_is_generalized_least_squares_of_the_other_rows(name):
    design = small_design(name, frame_of(name))
    estimate = fit_reml(design)
    V_inv, _ = dense(design, estimate)
    deleted = one_step(estimate)
    for j in range(design.n_groups):
        kept = design.group_codes != j
        part, X = V_inv[np.ix_(kept, kept)], design.X[kept]  # V is block-diagonal over groups
        vcov = np.linalg.inv(X.T @ part @ X)
        np.testing.assert_allclose(deleted.vcov[j], vcov, rtol=1e-8)
        np.testing.assert_allclose(deleted.gamma[j], vcov @ X.T @ part @ design.y[kept], rtol=1e-8)
        assert deleted.sigma[j] == estimate.sigma


@pytest.mark.parametrize("name", NAMES)
def test_leverage_is_the_trace_of_the_hat_matrices_blocks(name):
    design = small_design(name, frame_of(name))
    estimate = fit_reml(design)
    V_inv, information = dense(design, estimate)
    H1 = design.X @ np.linalg.solve(information, design.X.T @ V_inv)
    between = covariance(design, estimate.G, 0.0)
    H2 = between @ V_inv @ (np.eye(design.n_obs) - H1)
    found = leverage(estimate)
    for j in range(design.n_groups):
        rows = np.flatnonzero(design.group_codes == j)
        assert found.fixed[j] == pytest.approx(np.trace(H1[np.ix_(rows, rows)]), rel=1e-7)
        assert found.random[j] == pytest.approx(np.trace(H2[np.ix_(rows, rows)]), rel=1e-7, abs=1e-9)
    assert found.fixed.sum() == pytest.approx(len(design.fixed))


def test_measures_from_their_definitions():
    design = small_design("slope", frame_of("slope"))
    estimate = fit_reml(design)
    deleted = exact(design, estimate)
    found = measures(estimate, deleted)
    p = len(estimate.gamma)
    for j in range(design.n_groups):
        d, vcov = estimate.gamma - deleted.gamma[j], deleted.vcov[j]
        assert found.cooks_distance[j] == pytest.approx(d @ np.linalg.solve(estimate.vcov, d) / p)
        assert found.mdffits[j] == pytest.approx(d @ np.linalg.solve(vcov, d) / p)
        assert found.covtrace[j] == pytest.approx(abs(np.trace(np.linalg.solve(estimate.vcov, vcov)) - p))
        assert found.covratio[j] == pytest.approx(np.linalg.det(vcov) / np.linalg.det(estimate.vcov))


@pytest.mark.slow
def test_one_step_and_exact_agree_where_a_group_is_one_of_many():
    design = small_design("intercept", small_frame(seed=5, n_groups=300))
    estimate = fit_reml(design)
    step, fits = measures(estimate, one_step(estimate)), measures(estimate, exact(design, estimate))
    assert np.corrcoef(step.cooks_distance, fits.cooks_distance)[0, 1] > 0.99


def test_a_group_that_alone_identifies_an_effect_has_no_estimate_without_it():
    frame = frame_of("intercept")
    frame["w"] = (frame["school"] == 4).astype(float)
    design = small_design("intercept", frame)
    estimate = fit_reml(design)
    for deleted in (one_step(estimate), exact(design, estimate)):
        unknown = np.isnan(deleted.gamma).any(axis=1)
        assert design.group_labels[unknown].tolist() == [4]
        assert np.isnan(measures(estimate, deleted).cooks_distance).tolist() == unknown.tolist()
    assert leverage(estimate).fixed[4] > 1


def test_a_singular_fit_and_other_columns():
    rng = np.random.default_rng(0)
    frame = frame_of("parallel")
    frame["y"] = frame["x"] + rng.normal(size=len(frame))
    frame["x"] += 2000.0
    design = small_design("parallel", frame.sample(frac=1.0, random_state=1))
    estimate = fit_reml(design)
    assert estimate.singular
    found = measures(estimate, exact(design, estimate))
    assert np.isfinite(found.cooks_distance).all()
    assert leverage(estimate).fixed.sum() == pytest.approx(len(design.fixed))


def test_products_without_a_group_are_those_of_the_other_rows():
    design = small_design("slope", frame_of("slope"))
    products, left = design.cross_products, without_group(design.cross_products, 2)
    assert len(left.n) == design.n_groups - 1
    np.testing.assert_array_equal(left.XtX.sum(0), np.delete(products.XtX, 2, 0).sum(0))
    np.testing.assert_array_equal(left.ols, products.ols)
