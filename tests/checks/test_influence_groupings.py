"""Influence of the units of one of several groupings, against dense matrices and fits without a unit."""

import numpy as np
import pytest
from groupings_data import MODELS, growth_model

import bayeshlm as hlm
from bayeshlm.design.subset import without_rows
from bayeshlm.errors import OptionError
from bayeshlm.reml import grouping_influence, reml_influence
from bayeshlm.reml.estimate import fit_reml


@pytest.fixture(scope="module", params=MODELS)
def design(request):
    return MODELS[request.param]().design


@pytest.fixture(scope="module")
def estimate(design):
    return fit_reml(design)


@pytest.fixture(scope="module")
def fit():
    return growth_model(12, 6).fit(draws=500, seed=3, progress=False)


@pytest.fixture(scope="module")
def planted():
    """One school is 8 SDs of level 1 too high."""
    model = growth_model(12, 6)
    frame = model.design.frame
    higher = frame.assign(math=frame["math"] + 8.0 * (frame["school"] == 0))
    return hlm.Model(model.spec, higher, ["child", "school"]).fit(draws=500, seed=3, progress=False)


def dense(design, estimate):
    """V relative to nothing, of the rows."""
    V, start = estimate.sigma**2 * np.eye(design.n_obs), 0
    for Z, codes in zip(design.kept_rows.Z, design.kept_rows.codes, strict=True):
        own = slice(start, start + Z.shape[1])
        start = own.stop
        V += (Z @ estimate.G[own, own] @ Z.T) * (codes[:, None] == codes)
    return V


@pytest.mark.slow
def test_fixed_effects_without_each_unit_are_generalized_least_squares_of_the_rest(design, estimate):
    V, y, X = dense(design, estimate), design.y - design.offset, design.X
    for k, codes in enumerate(design.kept_rows.codes):
        found = grouping_influence.one_step(design, estimate, k)
        for j in range(codes.max() + 1):
            rest = codes != j
            weights = np.linalg.inv(V[np.ix_(rest, rest)])
            information = X[rest].T @ weights @ X[rest]
            expected = np.linalg.solve(information, X[rest].T @ weights @ y[rest])
            np.testing.assert_allclose(found.gamma[j], expected, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(found.vcov[j], np.linalg.inv(information), rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_leverage_is_the_trace_of_the_unit_in_the_hat_matrices(design, estimate):
    V, X = dense(design, estimate), design.X
    P = np.linalg.inv(V)
    H = X @ np.linalg.solve(X.T @ P @ X, X.T @ P)
    random = (np.eye(len(V)) - estimate.sigma**2 * P) @ (np.eye(len(V)) - H)
    for k, codes in enumerate(design.kept_rows.codes):
        found = grouping_influence.leverage(design, estimate, k)
        np.testing.assert_allclose(found.fixed, np.bincount(codes, np.diag(H)), rtol=1e-7)
        np.testing.assert_allclose(found.random, np.bincount(codes, np.diag(random)), rtol=1e-7)
        assert found.fixed.sum() == pytest.approx(X.shape[1])


@pytest.mark.slow
def test_estimates_without_a_unit_are_those_of_the_rows_that_stay(design, estimate):
    k = len(design.groupings) - 1
    found = grouping_influence.exact(design, estimate, k)
    rest = fit_reml(without_rows(design, design.kept_rows.codes[k] == 2))
    np.testing.assert_array_equal(found.gamma[2], rest.gamma)
    np.testing.assert_array_equal(found.tau[2], rest.tau)
    measured = reml_influence.measures(estimate, found)
    change = estimate.gamma - rest.gamma
    expected = change @ np.linalg.solve(estimate.vcov, change) / len(change)
    assert measured.cooks_distance[2] == pytest.approx(expected, rel=1e-8)


@pytest.mark.slow
def test_the_grouping_has_to_be_said(fit):
    with pytest.raises(OptionError, match="say which grouping: grouping= is one of 'child', 'school'"):
        fit.influence()


@pytest.mark.slow
def test_a_planted_school_is_found(fit, planted):
    assert fit.influence(grouping="school").outlying.empty
    found = planted.influence(grouping="school")
    assert found.outlying.index.tolist() == [0]
    assert found.table.index[0] == 0
    assert found.posterior.sizes == {"school": 12, "parameter": 9}
    assert found.table["n"].tolist() == [24] * 12
    text = repr(found)
    assert "Influence of each school" in text
    assert "Outlying: school 0" in text


@pytest.mark.slow
def test_weights_and_a_fit_without_the_school_agree(fit):
    found, k = fit.influence(grouping="school"), 3
    rest = fit._fitted.refit(rows=fit.model.design.kept_rows.codes[1] != k, seed=4)
    names = found.posterior["parameter"].to_numpy()
    draws = rest.draws.parameters().sel(parameter=[str(name) for name in names])
    sd = fit._fitted.draws.parameters().sel(parameter=draws["parameter"]).std(("chain", "draw"))
    change = found.posterior["mean"].sel(school=k) - draws.mean(("chain", "draw"))
    error = np.hypot(found.posterior["mcse"].sel(school=k) * sd, draws.std(("chain", "draw")) / np.sqrt(400))
    assert (abs(change.to_numpy()) < 4 * error.to_numpy()).all()


@pytest.mark.slow
def test_children_too(fit):
    found = fit.influence(grouping="child")
    assert found.posterior.sizes["child"] == 72
    assert (found.table["pareto_k"] < 0.7).all()
    p = np.sort(found.table["conflict_p"])
    grid = np.arange(1, 73) / 72
    assert np.abs(p - grid).max() < 1.63 / np.sqrt(72)  # Kolmogorov's distance, 1 %
    axes = fit.plot.influence(found)
    assert len(axes) == 2
