"""Data of stated parameters, and studies that are planned with them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct
from scipy.stats import t as t_distribution

import bayeshlm as hlm
from bayeshlm.checks.planned_study import Study, resampled, sizes_of, summed_up
from bayeshlm.checks.simulated_outcomes import design_without_outcome, drawn_outcomes, with_outcome
from bayeshlm.faces.simulate import n_categories, stated_values

TEXT = "math = b0 + b1*ses + r; b0 = g00 + g01*female + u0; b1 = g10 + u1"
GAMMA = {"g00": 50.0, "g01": -2.0, "g10": 3.0}
TREATED = "math = b0 + r; b0 = g00 + g01*treated + u0"


def schools(n_groups=6, n_rows=5, seed=0):
    rng, school = np.random.default_rng(seed), np.repeat(np.arange(n_groups), n_rows)
    return pd.DataFrame({"school": school, "ses": rng.normal(size=len(school)), "female": school % 2})


def treated(groups, rows, rng):
    school = np.repeat(np.arange(groups), rows)
    return pd.DataFrame({"school": school, "treated": school % 2})


def test_without_spread_the_outcome_is_what_the_equations_say():
    data = schools()
    made = hlm.simulate(TEXT, data, "school", gamma=GAMMA, tau={"u0": 0, "u1": 0}, sigma=1e-12, seed=1)
    np.testing.assert_allclose(made["math"], 50 - 2 * data["female"] + 3 * data["ses"], rtol=1e-12)
    assert made.attrs["parameters"]["g01"] == -2
    assert "math" not in data


def test_groups_spread_as_tau_and_corr_say():
    """Of 4,000 groups without residuals lines are exact: SDs and the correlation lie within four standard errors."""
    data, stated = schools(4000, 2), {"tau": {"u0": 2.0, "u1": 0.5}, "corr": {"u0,u1": -0.6}}
    made = hlm.simulate(TEXT, data, "school", gamma=GAMMA, **stated, sigma=1e-12, seed=2)
    rest = (made["math"] - 50 + 2 * made["female"] - 3 * made["ses"]).to_numpy().reshape(-1, 2)
    x = made["ses"].to_numpy().reshape(-1, 2)
    u1 = (rest[:, 1] - rest[:, 0]) / (x[:, 1] - x[:, 0])
    u0 = rest[:, 0] - u1 * x[:, 0]
    error = 4 / np.sqrt(2 * 4000)
    assert u0.std() == pytest.approx(2.0, rel=error)
    assert u1.std() == pytest.approx(0.5, rel=error)
    assert np.corrcoef(u0, u1)[0, 1] == pytest.approx(-0.6, abs=4 * (1 - 0.36) / np.sqrt(4000))


def test_outcomes_of_other_distributions():
    """Shares of three categories at eta = 0 are those of the logistic distribution, within four binomial errors."""
    data = schools(1, 1).iloc[np.zeros(8000, dtype=int)].assign(school=np.repeat(np.arange(4000), 2), x=[0, 1] * 4000)
    text = "rating ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10"
    cutpoints = {"cutpoint[1|2]": -1.0, "cutpoint[2|3]": 0.5}
    made = hlm.simulate(text, data, "school", gamma={"g10": 0}, tau={"u0": 0}, auxiliary=cutpoints, seed=3)
    below = 1 / (1 + np.exp([1.0, -0.5]))
    for category, p in zip(("1", "2", "3"), np.diff([0, *below, 1]), strict=True):
        share = (made["rating"].astype(str) == category).mean()
        assert share == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 8000))
    counts = hlm.simulate(
        "n ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0", data, "school", gamma={"g00": 1}, tau={"u0": 0}
    )
    assert counts["n"].mean() == pytest.approx(np.e, abs=4 * np.sqrt(np.e / 8000))


def test_a_distribution_in_place_of_a_number_is_drawn_from():
    stated = {"tau": {"u0": hlm.HalfNormal(1), "u1": 0}, "sigma": 1}
    gamma = {**GAMMA, "g10": hlm.Normal(3, 1)}
    first, second = (hlm.simulate(TEXT, schools(), "school", gamma=gamma, **stated, seed=seed) for seed in (1, 2))
    assert first.attrs["parameters"]["g10"] != second.attrs["parameters"]["g10"]
    again = hlm.simulate(TEXT, schools(), "school", gamma=gamma, **stated, seed=1)
    pd.testing.assert_frame_equal(first, again)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": {"g00": 1}}, r"gamma: 'g01' has no value: name 'g00', 'g01', 'g10'"),
        ({"gamma": {**GAMMA, "g11": 1}}, r"gamma: 'g11' is no parameter of this model"),
        ({"gamma": {**GAMMA, "g10": "large"}}, r"g10 is a number, or a distribution"),
        ({"gamma": {**GAMMA, "g10": np.nan}}, r"g10 lies between -inf and inf, and nan"),
        ({"gamma": [1, 2, 3]}, r"gamma is a mapping"),
        ({"tau": {"u0": -1, "u1": 1}}, r"tau\[u0\] lies between 0 and inf, and -1"),
        ({"tau": {"u0": 1}}, r"tau: 'u1' has no value"),
        ({"corr": {"u0,u2": 0.5}}, r"corr: 'u0,u2' is no pair of effects that covary: name 'u0,u1'"),
        ({"corr": {"u0,u1": 1.5}}, r"corr\[u0,u1\] lies between -1 and 1, and 1.5"),
        ({"sigma": None}, r"'sigma' has no value"),
        ({"auxiliary": {"phi": 1}}, r"'phi' is no parameter of this model"),
    ],
)
def test_parameters_that_are_not_the_models(change, message):
    stated = {"gamma": GAMMA, "tau": {"u0": 1, "u1": 1}, "sigma": 1} | change
    with pytest.raises(hlm.OptionError, match=message):
        hlm.simulate(TEXT, schools(), "school", **stated)


def test_predictors_that_miss_values():
    data = schools()
    data.loc[3, "ses"] = np.nan
    with pytest.raises(hlm.DataError, match=r"predictors miss values: 'ses' \(1\)"):
        hlm.simulate(TEXT, data, "school", gamma=GAMMA, tau={"u0": 1, "u1": 1}, sigma=1)


def test_studies_are_summed_up_by_hand():
    def study(truth, estimate, half):
        return Study(*(np.array([value]) for value in (truth, estimate, estimate - half, estimate + half)))

    nothing = np.array([np.nan])
    found = summed_up(
        [study(1, 2, 1.5), study(1, 0, 0.5), study(1, 3, 1), Study(nothing, nothing, nothing, nothing)], ["g"], 0
    )
    row = found.loc["g"]
    assert (row["assurance"], row["failed"]) == (0.5, 1)
    assert row["mcse"] == pytest.approx(0.25)
    assert row["width"] == pytest.approx(2.0)
    assert row["coverage"] == pytest.approx(1 / 3)
    assert row["bias"] == pytest.approx(2 / 3)
    assert row["rmse"] == pytest.approx(np.sqrt(2))


def test_groups_of_a_pilot_study_are_drawn_whole():
    pilot = pd.DataFrame({"school": ["a", "a", "b", "b", "b"], "x": range(5)})
    found = resampled(pilot, "school", 40, 0, np.random.default_rng(1))
    assert {tuple(own["x"]) for _, own in found.groupby("school")} == {(0, 1), (2, 3, 4)}
    assert found["school"].nunique() == 40
    some = resampled(pilot, "school", 40, 7, np.random.default_rng(1))
    assert (some.groupby("school").size() == 7).all()
    assert all(set(own["x"]) <= {0, 1} or set(own["x"]) <= {2, 3, 4} for _, own in some.groupby("school"))


def test_sizes():
    assert sizes_of([10, 20], [5, 6]) == [(10, 5), (10, 6), (20, 5), (20, 6)]
    for wrong in ((1, 5), ([10.5], 5), ([], 5), (10, 0), (True, 5), (2.5, 5), ("ab", 5)):
        with pytest.raises(hlm.OptionError, match="is a whole number of at least"):
            sizes_of(*wrong)
    with pytest.raises(hlm.OptionError, match="give groups, too"):
        sizes_of(None, 5)


@pytest.fixture(scope="module")
def planned():
    stated = {"gamma": {"g00": 50, "g01": 6}, "tau": {"u0": 5}, "sigma": 8}
    return hlm.plan(TREATED, treated, "school", **stated, groups=[8, 24], rows=10, effects=["g01"], n=150, seed=4)


@pytest.mark.slow
def test_the_power_of_two_arms_is_that_of_a_t_test_of_group_means(planned):
    """Closed form of balanced groups: noncentral t with J - 2 degrees of freedom."""
    for J in (8, 24):
        df, se = J - 2, 2 * np.sqrt((25 + 64 / 10) / J)
        critical = t_distribution.ppf(0.975, df)
        power = nct.sf(critical, df, 6 / se) + nct.cdf(-critical, df, 6 / se)
        row = planned.table.loc[(J, 10, "g01")]
        assert row["assurance"] == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / 150))
        assert row["coverage"] == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 150))
        assert row["bias"] == pytest.approx(0, abs=4 * row["rmse"] / np.sqrt(150))


@pytest.mark.slow
def test_a_plan_prints_and_draws_itself(planned):
    text = repr(planned)
    assert "What studies of these sizes would find" in text
    assert "150 simulated studies of each size whose 95% interval excludes 0, by REML" in text
    ax = planned.plot()
    (line,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), planned.table["assurance"].to_numpy())
    plt.close(ax.figure)
    with pytest.raises(hlm.OptionError, match="name one of g01"):
        planned.plot("g10")


def test_seeds_are_repeated_and_a_pilot_study_serves():
    stated = {"gamma": {"g00": 1, "g01": 1, "g10": hlm.Normal(1, 0.2)}, "tau": {"u0": 1, "u1": 0.2}, "sigma": 1}
    one, other = (hlm.plan(TEXT, schools(20, 8), "school", **stated, groups=12, n=10, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.table.index.names == ["groups", "rows", "effect"]
    with pytest.raises(hlm.OptionError, match="several numbers of groups"):
        one.plot("g10")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"effects": ["g99"]}, r"effects: \['g99'\] is no fixed effect: name some of g00, g01"),
        ({"by": "lme4"}, r'by is "reml" or "posterior"'),
        ({"value": "a"}, r"value is the number that intervals have to exclude"),
        ({"value": np.nan}, r"value is the number"),
        ({"rows": None}, r"give groups and rows, both"),
        ({"n": 2}, r"n must be a whole number of at least 10"),
        ({"prob": 95}, r"prob=95 must lie between"),
        ({"gamma": {"g00": 1}}, r"gamma: 'g01' has no value"),
    ],
)
def test_options_that_are_none(change, message):
    stated = {"gamma": {"g00": 1, "g01": 1}, "tau": {"u0": 1}, "sigma": 1, "groups": 8, "rows": 5} | change
    with pytest.raises(hlm.OptionError, match=message):
        hlm.plan(TREATED, treated, "school", **stated)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (TEXT, {"gamma": GAMMA, "tau": {"u0": 2, "u1": 0.5}, "sigma": 3}),
        (
            "seen ~ Poisson(lambda); log(lambda) = b0 + b1*ses; b0 = g00 + u0; b1 = g10",
            {"gamma": {"g00": 1, "g10": 0.2}, "tau": {"u0": 0.5}},
        ),
        (
            "rating ~ Ordinal(eta); eta = b0 + b1*ses; b0 = u0; b1 = g10",
            {"gamma": {"g10": 1}, "tau": {"u0": 1}, "auxiliary": {"cutpoint[1|2]": -1, "cutpoint[2|3]": 0.5}},
        ),
    ],
)
def test_a_drawn_outcome_in_its_design_is_the_design_of_its_data(text, stated):
    data = schools(12, 10)
    made = hlm.simulate(text, data, "school", **stated, seed=7)
    expected = hlm.Model(text, made, "school").design
    values = stated_values(*(stated.get(name) for name in ("gamma", "tau", "corr", "sigma", "auxiliary")))
    empty = design_without_outcome(hlm.parse(text), data, "school", None, n_categories(values))
    y, _ = drawn_outcomes(empty, values, np.random.default_rng(7))
    found = with_outcome(empty, y)
    assert found.outcome == expected.outcome
    np.testing.assert_array_equal(found.y, expected.y)
    np.testing.assert_array_equal(found.X, expected.X)
    np.testing.assert_array_equal(found.cross_products.Xty, expected.cross_products.Xty)
    pd.testing.assert_frame_equal(found.frame[list(expected.frame)], expected.frame)
    with pytest.raises(hlm.DataError, match=r"there is nothing to explain|no row has the category '2'"):
        with_outcome(empty, 0 * y)


@pytest.mark.slow
def test_a_plan_of_ordered_categories():
    text = "rating ~ Ordinal(eta); eta = b0 + b1*ses; b0 = u0; b1 = g10"
    stated = {"gamma": {"g10": 1}, "tau": {"u0": 1}, "auxiliary": {"cutpoint[1|2]": -1, "cutpoint[2|3]": 0.5}}
    found = hlm.plan(text, schools(30, 10), "school", **stated, n=10, seed=8)
    (row,) = found.table.to_dict("records")
    assert row["failed"] == 0
    assert abs(row["bias"]) < 4 * row["rmse"] / np.sqrt(10)


def test_a_model_that_no_study_can_estimate():
    stated = {"gamma": {"g00": 1, "g01": 1}, "tau": {"u0": 1}, "sigma": 1}
    with pytest.raises(hlm.DataError):
        hlm.plan(TREATED, treated, "school", **stated, groups=8, rows=1, n=10, seed=1)


@pytest.mark.slow
def test_posterior_intervals_of_a_plan_cover():
    stated = {"gamma": {"g00": 50, "g01": 6}, "tau": {"u0": 5}, "sigma": 8}
    found = hlm.plan(
        TREATED, treated, "school", **stated, groups=24, rows=10, effects="g01", n=60, by="posterior", seed=6
    )
    row = found.table.loc[(24, 10, "g01")]
    assert row["coverage"] == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 60))
    assert "by the posterior" in " ".join(repr(found).split())
