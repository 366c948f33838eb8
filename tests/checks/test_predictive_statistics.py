"""Statistics of predictive checks against loops over the groups."""

import numpy as np
import pandas as pd
import pytest
from gallery_models import ONE_GROUPING
from scipy import linalg, stats

import bayeshlm as hlm
from bayeshlm.checks.predictive_statistics import predictive_statistics
from bayeshlm.checks.replicates import Projection, Replicates
from bayeshlm.design import build_design
from bayeshlm.equations import parse

TEXTS = {
    "slope": "pain = b0 + b1*cwc(dose) + b2*age + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1\nb2 = g20",
    "purely random": "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = u1",
    "no intercept": "pain = b1*sex + b2*dose + r\nb1 = g10 + u1\nb2 = g20",
    "contextual": "pain = b0 + b1*dose + b2*C(sex) + offset(age) + r\n"
    "b0 = g00 + g01*mean(dose) + u0\nb1 = g10\nb2 = g20",
}


@pytest.fixture(scope="module")
def clinics():
    rng = np.random.default_rng(7)
    sizes = np.array([1, 2, 6, 9, 12, 4, 20, 7])
    clinic = np.repeat(list("hgfedcba"), sizes)
    n = len(clinic)
    frame = pd.DataFrame({"clinic": clinic, "dose": rng.normal(3, 1, n), "age": rng.normal(50, 9, n)})
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["urban"] = np.repeat([0, 1, 0, 1, 1, 0, 1, 0], sizes)
    frame["pain"] = 5 + 0.4 * frame["dose"] + rng.normal(size=n)
    return frame.sample(frac=1.0, random_state=3)


def computed(design, y):
    """Statistics by name, (B,), of outcomes (B, N) in the order of the design."""
    projection = Projection.of(design)
    rows = projection.rows
    replicates = Replicates(y[:, rows.order], rows, projection)
    return {s.name: s.compute(replicates) for s in predictive_statistics(design, projection)}, rows, projection


def residuals_by_hand(design, y):
    """Least squares on everything at once: Z with coefficients of every group, and X."""
    blocks = [design.Z * (design.group_codes == j)[:, None] for j in range(design.n_groups)]
    basis = linalg.orth(np.hstack([*blocks, design.X]) / np.abs(design.X).max())
    return y - y @ basis @ basis.T


@pytest.fixture(params=TEXTS)
def case(request, clinics):
    design = build_design(parse(TEXTS[request.param]), clinics, "clinic")
    y = np.vstack([design.y, np.random.default_rng(1).normal(size=(2, design.n_obs)) * 3 + 10])
    return request.param, design, y


def test_the_projection_is_least_squares_on_everything(case):
    _, design, y = case
    _, rows, projection = computed(design, y)
    left = projection.residuals(y[:, rows.order])
    np.testing.assert_allclose(left, residuals_by_hand(design, y)[:, rows.order], atol=1e-9)
    ranks = [np.linalg.matrix_rank(design.Z[design.group_codes == j]) for j in range(design.n_groups)]
    np.testing.assert_array_equal(projection.df, design.n_per_group - ranks)


def test_between_groups(case):
    _, design, y = case
    found, _, _ = computed(design, y)
    for b, values in enumerate(y):
        means = pd.Series(values).groupby(design.group_codes).mean()
        assert found["between_variance"][b] == pytest.approx(means.var())
        assert found["lowest_mean"][b] == pytest.approx(means.min())
        assert found["highest_mean"][b] == pytest.approx(means.max())
        assert found["size_correlation"][b] == pytest.approx(np.corrcoef(means, design.n_per_group)[0, 1])


def test_correlations_with_the_group_means_of_level_1_variables(case, clinics):
    name, design, y = case
    found, _, _ = computed(design, y)
    expected = {
        "slope": {"dose": clinics["dose"], "age": clinics["age"]},
        "purely random": {"dose": clinics["dose"]},
        "no intercept": {"b1[f]": clinics["sex"] == "f", "b1[m]": clinics["sex"] == "m", "dose": clinics["dose"]},
        "contextual": {"dose": clinics["dose"], "b2[m]": clinics["sex"] == "m"},
    }[name]
    assert {key for key in found if key.startswith("mean_c")} == {f"mean_correlation[{key}]" for key in expected}
    for key, column in expected.items():
        x = pd.Series(column.to_numpy(dtype=float)).groupby(design.group_codes).mean()
        for b, values in enumerate(y):
            means = pd.Series(values).groupby(design.group_codes).mean()
            assert found[f"mean_correlation[{key}]"][b] == pytest.approx(np.corrcoef(means, x)[0, 1])


def test_spread_of_the_groups_slopes(case, clinics):
    name, design, y = case
    found, _, _ = computed(design, y)
    columns = {
        "slope": {"b1": clinics["dose"], "b2": clinics["age"]},
        "purely random": {"b1": clinics["dose"]},
        "no intercept": {"b1[f]": clinics["sex"] == "f", "b1[m]": clinics["sex"] == "m", "b2": clinics["dose"]},
        "contextual": {"b1": clinics["dose"], "b2[m]": clinics["sex"] == "m"},
    }[name]
    assert {key for key in found if key.startswith("slope")} == {f"slope_sd[{key}]" for key in columns}
    for key, column in columns.items():
        x = column.to_numpy(dtype=float)
        for b, values in enumerate(y):
            slopes, weights = [], []
            for j in range(design.n_groups):
                own = design.group_codes == j
                if np.ptp(x[own]) > 0:
                    slopes.append(np.polyfit(x[own], values[own], 1)[0])
                    weights.append(own.sum() * x[own].var())
            spread = np.sqrt(np.cov(slopes, aweights=weights, ddof=0))
            assert found[f"slope_sd[{key}]"][b] == pytest.approx(float(spread))


def test_residuals_within_groups(case):
    _, design, y = case
    found, _, projection = computed(design, y)
    left = residuals_by_hand(design, y)
    np.testing.assert_allclose(found["residual_skewness"], stats.skew(left, axis=1), atol=1e-9)
    np.testing.assert_allclose(found["residual_kurtosis"], stats.kurtosis(left, axis=1), atol=1e-9)
    used = np.flatnonzero(projection.df >= 2)
    df = projection.df[used]
    for b in range(len(y)):
        logs = np.log([np.sum(left[b, design.group_codes == j] ** 2) / projection.df[j] for j in used])
        spread = np.sqrt(np.cov(logs, fweights=df, ddof=0))
        assert found["residual_variance_spread"][b] == pytest.approx(float(spread))


def test_the_distribution_of_the_outcome(case):
    _, design, y = case
    found, _, _ = computed(design, y)
    expected = {
        "mean": y.mean(axis=1),
        "sd": y.std(axis=1, ddof=1),
        "skewness": stats.skew(y, axis=1),
        "kurtosis": stats.kurtosis(y, axis=1),
        "min": y.min(axis=1),
        "max": y.max(axis=1),
        "q05": np.quantile(y, 0.05, axis=1),
        "median": np.median(y, axis=1),
        "q95": np.quantile(y, 0.95, axis=1),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-10, err_msg=name)


def test_a_statistic_that_is_not_defined_is_left_out():
    frame = pd.DataFrame({"ward": np.repeat(np.arange(6), 2), "x": np.tile([0.0, 1.0], 6)})
    frame["y"] = np.random.default_rng(1).normal(size=12)
    design = build_design(parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"), frame, "ward")
    found, _, projection = computed(design, design.y[None])
    assert not projection.df.any()
    assert {"slope_sd[b1]", "between_variance", "kurtosis"} < set(found)
    absent = {"size_correlation", "mean_correlation[x]", "residual_variance_spread", "residual_kurtosis"}
    assert not absent & set(found)


def test_group_means_that_are_all_equal_have_no_correlation(clinics):
    design = build_design(parse("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10"), clinics, "clinic")
    projection = Projection.of(design)
    flat = Replicates(np.full((1, design.n_obs), 3.0), projection.rows, projection)
    statistics = {s.name: s for s in predictive_statistics(design, projection)}
    assert np.isnan(statistics["size_correlation"].compute(flat)).all()


def test_groups_of_size_one():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"site": np.arange(30), "x": rng.normal(size=30), "y": rng.normal(size=30)})
    design = build_design(parse("y = b1*x + r; b1 = g10 + u1"), frame, "site")
    found, _, _ = computed(design, design.y[None])
    assert found["mean_correlation[x]"][0] == pytest.approx(np.corrcoef(frame["x"], frame["y"])[0, 1])
    assert not any(name.startswith(("slope", "residual", "size")) for name in found)


def test_a_group_without_residual_variance_has_a_finite_logarithm(clinics):
    design = build_design(parse("pain = b0 + r; b0 = g00 + u0"), clinics.assign(copy=0), "clinic")
    y = design.y.copy()
    y[design.group_codes == 4] = 3.0
    found, _, _ = computed(design, np.vstack([design.y, y]))
    ordinary, without = found["residual_variance_spread"]
    assert np.isfinite(without)
    assert without > 5 * ordinary


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_every_gallery_model(name):
    found, _, projection = computed(hlm.open_model(name).design, hlm.open_model(name).design.y[None])
    assert all(np.isfinite(values).all() for values in found.values())
    assert (projection.df > 0).all()
