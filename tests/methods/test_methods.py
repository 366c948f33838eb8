import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.datasets import load_dataset
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.methods.compare_methods import METHODS, compare_methods
from bayeshlm.methods.contextual import contextual, hausman
from bayeshlm.methods.least_squares import independent_columns, least_squares
from bayeshlm.methods.slope import find_slope
from bayeshlm.reml.estimate import fit_reml

HS = load_dataset("hs")
ANCOVA = "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10"
PER_SECTOR = "mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector + u1"
# The same model in the forms in which it separates within from between
SPLIT = {
    "raw": "mathach = b0 + b1*ses + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10",
    "cwc": "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10",
    "cgm": "mathach = b0 + b1*cgm(ses) + r; b0 = g00 + g01*cgm(mean(ses)) + u0; b1 = g10",
}


def design(equations, data=HS, group="school"):
    return build_design(parse(equations), data, group)


def small(seed=0, n_groups=12, n=6, between=3.0, within=1.0):
    """Groups whose lines have the slope `within` and whose means lie on a line of slope `between`."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), n)
    mean = rng.normal(size=n_groups)[group]
    x = mean + rng.normal(size=len(group))
    own = pd.Series(x).groupby(group).transform("mean").to_numpy()
    y = 2 + between * own + within * (x - own) + 0.3 * rng.normal(size=n_groups)[group] + rng.normal(size=len(group))
    return pd.DataFrame({"g": group, "x": x, "y": y, "w": rng.normal(size=n_groups)[group]})


def test_every_method_is_there_and_judged():
    found = compare_methods(design(PER_SECTOR))
    assert list(found.summary.index) == list(METHODS)
    assert set(found.table.index.get_level_values("term")) == {"1", "sector"}
    kinds = found.table.reset_index().groupby("method")["estimates"].unique().map(list).to_dict()
    assert kinds == {
        "pooled": ["mixture"],
        "fixed effects": ["within"],
        "separate lines": ["within"],
        "two-stage": ["within"],
        "between": ["between"],
        "mixed": ["mixture"],
        "contextual": ["within", "between", "contextual"],
    }
    assert list(found.table.columns) == ["symbol", "estimate", "se", "df", "t", "p"]
    assert found.notes == ()


def test_fixed_effects_are_a_regression_with_indicators():
    data = small()
    found = compare_methods(design("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + g11*w + u1", data, "g"))
    indicators = pd.get_dummies(data["g"]).to_numpy(dtype=float)
    X = np.column_stack([data["x"], data["x"] * data["w"], indicators])
    coef, rss, *_ = np.linalg.lstsq(X, data["y"].to_numpy(), rcond=None)
    df = len(X) - X.shape[1]
    np.testing.assert_allclose(found.fixed_effects.coef, coef[:2], rtol=1e-10)
    expected = np.sqrt(np.diag(rss[0] / df * np.linalg.inv(X.T @ X))[:2])
    np.testing.assert_allclose(found.fixed_effects.se, expected, rtol=1e-10)
    assert found.fixed_effects.df == df


def test_two_stage_and_separate_lines_agree_in_the_estimate_only():
    data = small()
    found = compare_methods(design("y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + g11*w + u1", data, "g"))
    lines = np.array([np.polyfit(own["x"], own["y"], 1)[::-1] for _, own in data.groupby("g")])
    np.testing.assert_allclose(found.lines.coef, lines, rtol=1e-10)
    W = np.column_stack([np.ones(12), data.groupby("g")["w"].first()])
    coef = np.linalg.lstsq(W, lines, rcond=None)[0]
    np.testing.assert_allclose(found.two_stage.of("b1").coef, coef[:, 1], rtol=1e-10)
    np.testing.assert_allclose(found.separate_lines.coef, coef.T.ravel(), rtol=1e-10)
    table = found.table
    assert table.loc[("two-stage", "within", "1"), "df"] == 10
    assert table.loc[("separate lines", "within", "1"), "df"] == 72 - 24


def test_separate_lines_are_a_contrast_of_one_big_regression():
    data = small(n=5)
    found = compare_methods(design("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1", data, "g")).separate_lines
    indicators = pd.get_dummies(data["g"]).to_numpy(dtype=float)
    X = np.column_stack([indicators, indicators * data["x"].to_numpy()[:, None]])
    fit = least_squares(X, data["y"].to_numpy(), [str(k) for k in range(24)])
    L = np.kron(np.eye(2), np.full(12, 1 / 12))
    np.testing.assert_allclose(found.coef, L @ fit.coef, rtol=1e-10)
    np.testing.assert_allclose(found.vcov, L @ fit.vcov @ L.T, rtol=1e-9)
    whole, part = fit.wald(L), found.wald(np.eye(2))
    assert (whole.F, whole.p) == pytest.approx((part.F, part.p))


def test_manova_of_two_groups_is_hotellings_t_squared():
    found = compare_methods(design(PER_SECTOR)).two_stage.manova[1]
    lines = compare_methods(design(PER_SECTOR)).lines.coef
    sector = HS.groupby("school")["sector"].first().to_numpy() == 1
    one, other = lines[sector], lines[~sector]
    pooled = (np.cov(one.T) * (len(one) - 1) + np.cov(other.T) * (len(other) - 1)) / 38
    d = one.mean(0) - other.mean(0)
    T2 = d @ np.linalg.solve(pooled, d) / (1 / len(one) + 1 / len(other))
    assert found.term == "sector"
    assert (found.test.F, found.test.numerator_df, found.test.denominator_df) == pytest.approx((T2 * 37 / 76, 2, 37))
    assert found.wilks == pytest.approx(1 / (1 + T2 / 38))


def test_the_between_regression_may_be_weighted():
    means = HS.groupby("school")[["mathach", "ses"]].mean()
    n = HS.groupby("school").size()
    found = compare_methods(design(ANCOVA), weighted=True)
    slope, intercept = np.polyfit(means["ses"], means["mathach"], 1, w=np.sqrt(n))
    np.testing.assert_allclose(found.between.coef, [intercept, slope], rtol=1e-10)


@pytest.mark.parametrize("form", SPLIT)
def test_a_model_that_separates_the_slopes_is_seen_to_do_so(form):
    found = compare_methods(design(SPLIT[form]))
    assert ("mixed", "within", "1") in found.table.index
    assert ("pooled", "within", "1") in found.table.index
    assert "free of its group means" in found.notes[-1]
    within = found.fixed_effects.coef[0]
    assert found.table.loc[("mixed", "within", "1"), "estimate"] == pytest.approx(within)
    assert found.table.loc[("contextual", "within", "1"), "estimate"] == pytest.approx(within)


@pytest.mark.parametrize("form", SPLIT)
def test_hausman_does_not_depend_on_the_form_of_the_model(form):
    found, plain = hausman(design(SPLIT[form])), hausman(design(ANCOVA))
    assert (found.chi2, found.df) == pytest.approx((plain.chi2, 1))
    assert pytest.approx(plain.contextual.F, rel=1e-6) == found.contextual.F


def test_the_contextual_model_has_a_true_W(monkeypatch):
    made_of = []
    monkeypatch.setattr("bayeshlm.methods.contextual.fit_reml", lambda made: made_of.append(made) or fit_reml(made))
    full = hlm.open_model("hsb-slopes-as-outcomes-full").design
    contextual(full, find_slope(full))
    (made,) = made_of
    between = [k for k, column in enumerate(made.fixed) if column.label.startswith("between")]
    assert between
    np.testing.assert_array_equal(made.X[:, between], made.W[made.group_codes][:, between])
    assert {made.coefficients[c].expression for c in made.coefficient_of[between]} == {"1"}
    within = [k for k, column in enumerate(made.fixed) if column.label.startswith("within")]
    first = made.X[:, [within[0]]]  # the term 1: x less its group mean
    np.testing.assert_allclose(made.X[:, within], first * made.W[made.group_codes][:, within], atol=1e-14)


def test_the_contextual_effect_is_the_coefficient_of_the_group_mean():
    raw = design(SPLIT["raw"])
    fit, split = fit_reml(raw), contextual(raw, find_slope(raw))
    row = split.test("contextual").rows
    k = raw.fixed_labels.index("g01")
    assert (row.estimate[0], row.se[0]) == pytest.approx((fit.gamma[k], fit.se[k]))
    between = split.test("between").rows.estimate[0]
    assert between == pytest.approx(fit.gamma[k] + fit.gamma[raw.fixed_labels.index("g10")])
    assert split.estimate.criterion == pytest.approx(fit.criterion)


def test_a_published_group_mean_stands_for_the_group_mean():
    published = "mathach = b0 + b1*ses + r; b0 = g00 + g01*meanses + u0; b1 = g10"
    found, own = compare_methods(design(published)), compare_methods(design(SPLIT["raw"]))
    row = ("contextual", "between", "1")
    assert found.table.loc[row, "estimate"] == pytest.approx(own.table.loc[row, "estimate"])
    assert ("mixed", "within", "1") in found.table.index
    assert found.notes[0].startswith("meanses follows the group means of ses")
    assert not any("follows" in note for note in own.notes)
    assert hausman(design(published)).chi2 == pytest.approx(hausman(design(ANCOVA)).chi2)


def test_hausman_finds_a_difference_and_none():
    equations = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"
    different = hausman(design(equations, small(n_groups=60), "g"))
    equal = hausman(design(equations, small(n_groups=60, between=1.0), "g"))
    assert different.p < 1e-4
    assert different.contextual.p < 1e-4
    assert equal.p > 0.05
    assert equal.contextual.p > 0.05


def test_other_variables_are_held_constant():
    equations = (
        "mathach = b0 + b1*ses + b2*minority + b3*female + r; b0 = g00 + g01*sector + u0; b1 = g10; b2 = g20; b3 = g30"
    )
    found = compare_methods(design(equations), "ses")
    assert found.fixed_effects.labels == ("g10", "g20", "g30")
    assert "18 of 40 groups do not determine a line of their own" in found.notes[0]
    assert found.two_stage.n_groups_used == 22
    assert compare_methods(design(equations), "minority").coefficient == "b2"
    assert compare_methods(design(equations), "b3").x == "female"


def test_a_predictor_with_equal_group_means_has_no_between_slope():
    data = small()
    data["time"] = np.tile(np.arange(6.0), 12)
    growth = design("y = b0 + b1*time + r; b0 = g00 + u0; b1 = g10", data, "g")
    found = compare_methods(growth)
    assert found.contextual is None
    assert found.between is None
    assert "do not determine a slope of time between them" in found.notes[0]
    assert "the same in every group" in found.notes[1]
    assert "between" not in found.table.index.get_level_values("method")
    with pytest.raises(hlm.DataError, match="group means of time are the same"):
        hausman(growth)


def test_groups_of_one_row_leave_out_the_lines():
    data = small(n_groups=30, n=3)
    data = data[(data.groupby("g").cumcount() == 0) | (data["g"] < 3)]
    found = compare_methods(design("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", data, "g"))
    assert "27 of 30 groups" in found.notes[0]
    crossed = design(
        "y = b0 + b1*x + b2*w2 + r; b0 = g00 + u0; b1 = g10; b2 = g20", data.assign(w2=data["x"] ** 2), "g"
    )
    none = compare_methods(crossed, "x")
    assert none.separate_lines is None
    assert "no residual variance" in " ".join(none.notes)


@pytest.mark.parametrize(
    ("equations", "x", "message"),
    [
        ("mathach = b0 + r; b0 = g00 + g01*sector + u0", None, "no level-1 variable whose slope"),
        ("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = u1", None, "no level-1 variable whose slope"),
        ("mathach = b0 + b1*ses + b2*female + r; b0 = g00 + u0; b1 = g10; b2 = g20", None, "one of ses, female"),
        (ANCOVA, "minority", "'minority' is no level-1 variable"),
        (
            "mathach = b0 + b1*ses + b2*cwc(ses) + r; b0 = g00 + u0; b1 = g10; b2 = g20",
            "ses",
            r"several terms .*b1, b2",
        ),
    ],
)
def test_a_slope_that_is_not_there_is_an_error(equations, x, message):
    with pytest.raises(hlm.OptionError, match=message):
        compare_methods(design(equations), x)


def test_a_random_effect_on_another_form_of_x_does_not_matter():
    equations = "mathach = b0 + b1*ses + b2*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10; b2 = u2"
    assert compare_methods(design(equations)).coefficient == "b1"


def test_least_squares_holds_for_columns_far_from_zero():
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    y = 1 + 2 * x + rng.normal(size=200)
    near = least_squares(np.column_stack([np.ones(200), x]), y, "ab", intercept=0)
    far = least_squares(np.column_stack([np.ones(200), 1e9 + x * 1e-3]), y, "ab", intercept=0)
    assert far.coef[1] * 1e-3 == pytest.approx(near.coef[1], rel=1e-3)
    assert (far.rss, far.r_squared) == pytest.approx((near.rss, near.r_squared), rel=1e-3)


def test_dependent_columns_are_found_whatever_their_scale():
    x = np.linspace(0, 1, 50)
    columns = np.column_stack([x**2, np.full(50, 7.0), 1e9 + 1e3 * x, x - 1, np.ones(50), np.sin(9 * x) * 1e-9])
    assert independent_columns(columns, intercept=4) == [0, 2, 4, 5]


def test_a_model_offers_them():
    model = hlm.Model(PER_SECTOR, HS, "school")
    comparison, test = model.compare_methods(), model.hausman("ses")
    assert "Slope of ses (b1) by method" in repr(comparison)
    assert "two-stage" in comparison._repr_html_()
    assert "Is the slope of ses between groups the slope within groups?" in repr(test)
    assert "chi-square" in test._repr_html_()
