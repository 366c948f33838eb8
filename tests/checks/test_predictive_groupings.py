"""Predictions and predictive checks with several groupings."""

import numpy as np
import pandas as pd
import pytest
from groupings_data import crossed_model, growth_model
from scipy import linalg

import bayeshlm as hlm
from bayeshlm.checks.prediction import predict
from bayeshlm.checks.predictive_check import predictive_check
from bayeshlm.checks.predictive_modes import modes_of
from bayeshlm.checks.predictive_statistics import predictive_statistics, sortings
from bayeshlm.checks.replicates import Projection, Replicates
from bayeshlm.design.new_rows import fitted_rows, new_rows
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws


def posterior_of(model, n_draws=40, seed=5):
    """Any draws will do: those of the prior."""
    return Draws(prior_draws(model.design, model.priors, n_draws, np.random.default_rng(seed)), model.design)


@pytest.fixture(scope="module")
def growth():
    return growth_model()


@pytest.fixture(scope="module")
def crossed():
    return crossed_model()


def test_modes_are_new_units_of_each_grouping_with_those_inside(growth, crossed):
    nested = {name: mode.words for name, mode in modes_of(growth.design).items()}
    assert nested == {"same": ("same", "same"), "new[child]": ("new", "same"), "new": ("new", "new")}
    assert {name: mode.words for name, mode in modes_of(crossed.design).items()} == {
        "same": ("same", "same"),
        "new[primary]": ("new", "same"),
        "new[secondary]": ("same", "new"),
        "new": ("new", "new"),
    }


def test_cells_are_inside_of_both_their_columns(crossed):
    text = "attain = b0 + e; b0 = g00 + w0[primary:secondary] + u0[primary] + v0[secondary]"
    design = hlm.Model(text, crossed.design.frame).design
    words = {name: dict(zip(design.groupings, mode.words, strict=True)) for name, mode in modes_of(design).items()}
    cell = "primary:secondary"
    assert words["new[primary]"] == {cell: "new", "primary": "new", "secondary": "same"}
    assert words["new[primary:secondary]"] == {cell: "new", "primary": "same", "secondary": "same"}


def test_statistics_between_the_units_of_each_grouping_by_hand(growth):
    design, frame = growth.design, growth.design.frame
    projection = Projection.of(design)
    views = [Replicates(design.y[None, rows.order], rows, projection) for rows in sortings(design, projection)]
    found = {s.name: float(s.compute(views[s.sorting])[0]) for s in predictive_statistics(design, projection)}
    for name in ("child", "school"):
        means = frame.groupby(name)["math"].mean()
        assert found[f"between_variance[{name}]"] == pytest.approx(means.var(), rel=1e-12)
        assert found[f"lowest_mean[{name}]"] == pytest.approx(means.min(), rel=1e-12)
        assert found[f"highest_mean[{name}]"] == pytest.approx(means.max(), rel=1e-12)
        slopes = frame.groupby(name)[["time", "math"]].apply(lambda part: np.polyfit(part["time"], part["math"], 1)[0])
        assert found[f"slope_sd[{name}, p1]"] == pytest.approx(slopes.std(ddof=0), rel=1e-10)
    children = pd.get_dummies(frame["child"]).to_numpy(float)
    basis = linalg.orth(np.hstack([children, children * frame[["time"]].to_numpy()]))
    left = design.y - basis @ (basis.T @ design.y)
    assert found["residual_kurtosis"] == pytest.approx((left**4).mean() / (left**2).mean() ** 2 - 3, rel=1e-9)


def test_residuals_of_crossed_groupings_are_within_their_cells(crossed):
    design, frame = crossed.design, crossed.design.frame
    projection = Projection.of(design)
    cells = frame.groupby(["primary", "secondary"]).ngroup().to_numpy()
    block = np.hstack([np.eye(cells.max() + 1)[cells], np.eye(cells.max() + 1)[cells] * frame[["verbal"]].to_numpy()])
    basis = linalg.orth(block)
    y = design.y[None, projection.rows.order]
    expected = design.y - basis @ (basis.T @ design.y)
    np.testing.assert_allclose(projection.residuals(y)[0], expected[projection.rows.order], atol=1e-9)
    assert projection.df.sum() == design.n_obs - basis.shape[1]


def test_replicates_keep_the_units_that_are_not_new(growth):
    """Without residuals the replicates show which units have kept their u."""
    posterior = posterior_of(growth, 300)
    posterior.dataset["sigma"] *= 0
    check = predictive_check(posterior, 300, seed=3)
    design = posterior.design
    rows = fitted_rows(design)
    fixed = posterior.gamma[0] @ rows.X.T
    school = np.einsum("snq,nq->sn", posterior.u_of(1)[0][:, rows.groups[1].codes], rows.groups[1].Z)
    child = np.einsum("snq,nq->sn", posterior.u_of(0)[0][:, rows.groups[0].codes], rows.groups[0].Z)
    y = {name: check.idata[mode.node]["y"].to_numpy()[0] for name, mode in modes_of(design).items()}
    np.testing.assert_allclose(y["same"], fixed + school + child, rtol=1e-9, atol=1e-9)
    left = y["new[child]"] - fixed - school  # Z_child times a new u, whose covariance matrix is that draw's G
    at_draw = np.einsum("sqr,nr,nq->sn", posterior.G[0][:, :2, :2], rows.groups[0].Z, rows.groups[0].Z)
    ratio = left[:, ::4] ** 2 / at_draw[:, ::4]  # independent over children and draws, chi-square with one df
    assert ratio.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / ratio.size))
    products = (left * child / at_draw)[:, ::4]  # of independent standard normals
    assert abs(products.mean()) < 4 / np.sqrt(ratio.size)
    both = np.einsum("sqr,nr,nq->sn", posterior.G[0][:, 2:, 2:], rows.groups[1].Z, rows.groups[1].Z) + at_draw
    ratio = (y["new"] - fixed)[:, ::20] ** 2 / both[:, ::20]  # a row a school
    assert ratio.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / ratio.size))


def test_the_table_has_a_part_a_mode(crossed):
    check = predictive_check(posterior_of(crossed), seed=1)
    assert list(dict.fromkeys(check.table.index.get_level_values("mode"))) == list(modes_of(crossed.design))
    assert check.idata["posterior_predictive_new_primary"]["y"].sizes["obs_id"] == 150
    assert set(check.idata["observed_data"].coords) >= {"primary", "secondary"}
    assert "new[primary], new[secondary]" in check.notes[2]


def test_any_combination_of_words(crossed, growth):
    posterior = posterior_of(crossed)
    rows = fitted_rows(crossed.design)
    found = predict(posterior, rows, {"primary": "average", "secondary": "same"}, seed=1)
    expected = posterior.gamma[0] @ rows.X.T + posterior.u_of(1)[0][:, rows.groups[1].codes, 0]
    np.testing.assert_allclose(found["mu"][0], expected, rtol=1e-12)
    assert found.attrs["groups"] == "primary: average, secondary: same"
    found = predict(posterior, rows, {"primary": "new"}, seed=1)
    assert found["is_new_primary"].all()
    assert not found["is_new_secondary"].any()
    of_one_word = predict(posterior, rows, {"primary": "new", "secondary": "new"}, seed=1)
    np.testing.assert_array_equal(of_one_word["mu"], predict(posterior, rows, "new", seed=1)["mu"])


def test_a_known_child_cannot_be_in_a_new_school(growth):
    posterior, rows = posterior_of(growth), fitted_rows(growth.design)
    for groups in ({"school": "new"}, {"school": "average", "child": "same"}):
        with pytest.raises(
            OptionError, match=r"a group of 'child' is known with the 'school'.*\"child\"|'child': \"new\""
        ):
            predict(posterior, rows, groups)
    assert predict(posterior, rows, {"school": "new", "child": "new"}, seed=1)["is_new_child"].all()
    with pytest.raises(OptionError, match="there is no grouping 'class'"):
        predict(posterior, rows, {"class": "new"})
    with pytest.raises(OptionError, match=r"groups=\{'child': 'old'\}: write"):
        predict(posterior, rows, {"child": "old"})
    with pytest.raises(OptionError, match='groups=3: write "same"'):
        predict(posterior, rows, 3)


def test_the_column_of_an_average_grouping_may_be_missing(crossed):
    new = pd.DataFrame({"secondary": [0, 1], "verbal": 0.0, "funds": 0.5})
    rows = new_rows(crossed.design, new, ungrouped=["primary"])
    assert rows.groups[0].labels is None
    with pytest.raises(hlm.errors.DataError, match="secondary"):
        new_rows(crossed.design, new.drop(columns="secondary"), ungrouped=["primary"])


def test_a_known_child_is_predicted_in_its_own_school(growth):
    posterior = posterior_of(growth)
    new = pd.DataFrame({"school": [0, 3, 0], "child": [0, 15, 15], "time": 0.0, "size": 0.5, "female": 1})
    rows = new_rows(growth.design, new)
    with pytest.raises(hlm.errors.DataError, match="child 15 was fitted in school 3, and in row 2 it is in another"):
        predict(posterior, rows)
    assert predict(posterior, rows, {"child": "new"}, seed=1)["is_new_child"].all()
    found = predict(posterior, new_rows(growth.design, new.iloc[:2]), seed=1)
    assert not found["is_new_child"].any()
