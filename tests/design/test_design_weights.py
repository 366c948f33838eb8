"""Sampling weights as they are read: scales by hand, and an error for everything that is no weight."""

import numpy as np
import pandas as pd
import pytest
from weighted_cases import cases, survey_design

from bayeshlm.design import build_design
from bayeshlm.design.cross_products import cross_products
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.equations import parse
from bayeshlm.errors import DataError, OptionError

EQUATIONS = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"
LEVELS = {"row": "w", "school": "v"}


def data():
    """Five schools of three pupils."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"school": np.repeat(list("abcde"), 3), "x": rng.normal(size=15), "y": rng.normal(size=15)})
    frame["w"] = np.tile([1.0, 2.0, 3.0], 5)
    frame["v"] = np.repeat([1.0, 2.0, 3.0, 4.0, 10.0], 3)
    frame["stratum"] = np.repeat(["s", "s", "t", "t", "t"], 3)
    frame["area"] = np.repeat([1, 1, 2, 3, 3], 3)
    return frame


def weights(frame=None, survey=None, **options):
    survey = SurveyWeights(LEVELS, **options) if survey is None else survey
    return build_design(parse(EQUATIONS), data() if frame is None else frame, "school", weights=survey).weights


def test_scales_by_hand():
    size, effective = weights(), weights(scaling="effective")
    assert size.row.tolist() == pytest.approx([0.5, 1.0, 1.5] * 5)
    assert effective.row.tolist() == pytest.approx([6 / 14, 12 / 14, 18 / 14] * 5)
    assert size.group.tolist() == effective.group.tolist() == pytest.approx([0.25, 0.5, 0.75, 1.0, 2.5])


@pytest.mark.parametrize("scaling", ["size", "effective"])
def test_scales_are_those_of_the_reference(scaling):
    found, case = survey_design("gaussian-ri", scaling).weights, cases()[f"gaussian-ri-{scaling}"]
    np.testing.assert_allclose(found.row[:5], case["w1_scaled_first5"], rtol=1e-12)
    assert found.row.sum() == pytest.approx(case["sum_w1_scaled"], rel=1e-12)
    assert found.group.sum() == pytest.approx(112, rel=1e-12)


def test_equal_weights_are_none():
    assert weights(data().assign(w=0.3, v=7.0)) is None
    assert weights(data().assign(w=0.3, v=7.0), psu="area") is not None


def test_rows_that_are_dropped_have_no_part_in_the_scale():
    frame = data()
    frame.loc[0, "y"] = np.nan
    assert weights(frame).row[:2].tolist() == pytest.approx([0.8, 1.2])
    frame.loc[0, "w"] = np.nan
    assert weights(frame).row[:2].tolist() == pytest.approx([0.8, 1.2])


def test_cross_products_with_weights_of_2_are_those_of_doubled_rows():
    rng = np.random.default_rng(3)
    y, X = rng.normal(size=12), np.column_stack([np.ones(12), rng.normal(size=12)])
    codes = np.repeat(np.arange(3), 4)
    twice = cross_products(y, X, X, codes, 3, x_intercept=0, z_intercept=0, row_weights=np.full(12, 2.0))
    once = cross_products(y, X, X, codes, 3, x_intercept=0, z_intercept=0)
    for name in ("ZtZ", "ZtX", "Zty", "XtX", "Xty", "yty"):
        np.testing.assert_allclose(getattr(twice, name), 2 * getattr(once, name), rtol=1e-14)
    assert twice.counts.tolist() == [8, 8, 8]
    assert twice.n.tolist() == [4, 4, 4]


def test_units_lie_in_strata():
    frame = data().assign(area=np.repeat([1, 2, 1, 2, 2], 3))
    found = weights(frame, strata="stratum", psu="area")
    assert found.stratum.tolist() == [0, 0, 1, 1, 1]
    assert found.psu.tolist() == [0, 1, 2, 3, 3]


def test_score_covariance_by_hand():
    frame = data().assign(area=np.repeat([1, 2, 3, 4, 4], 3))
    found = weights(frame, strata="stratum", psu="area")
    scores = np.array([[1.0], [3.0], [2.0], [4.0], [5.0]])
    # Stratum s: 1 and 3, about 2; t: 2 and 4 + 5 = 9, about 5.5; each times 2/(2 - 1).
    assert found.score_covariance(scores, np.empty((0, 1))).item() == pytest.approx(2 * (1 + 1) + 2 * 2 * 3.5**2)


def test_replicates_multiply_groups():
    frame = data()
    whole = frame["w"] * frame["v"]
    for number, of_school in enumerate([[1.5, 0.5, 1.5, 0.5, 1.0], [0.5, 1.5, 0.5, 1.5, 1.0]]):
        frame[f"r{number}"] = whole * np.repeat(of_school, 3)
    found = weights(frame, replicates=["r0", "r1"], fay=0.5)
    np.testing.assert_allclose(found.factors, 1 / (2 * 0.25))
    np.testing.assert_allclose(found.replicate_row, np.tile(found.row, (2, 1)), rtol=1e-14)
    np.testing.assert_allclose(found.replicate_group[0], found.group * [1.5, 0.5, 1.5, 0.5, 1.0], rtol=1e-14)
    scores = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    replicated = np.array([[14.0], [16.5]])
    assert found.score_covariance(scores, replicated).item() == pytest.approx(2 * (1 + 1.5**2))


@pytest.mark.parametrize("factor", [4 / 5, [4 / 5] * 5])
def test_a_jackknife_of_groups_is_the_sandwich_over_them(factor):
    """Closed form: of totals, n/(n - 1) times the others without one unit spread as far as the units do."""
    frame = data()
    whole, groups = frame["w"] * frame["v"], np.repeat(np.arange(5), 3)
    for number in range(5):
        frame[f"r{number}"] = np.where(groups == number, 0.0, 5 / 4 * whole)
    found = weights(frame, replicates=[f"r{number}" for number in range(5)], factor=factor)
    scores = np.random.default_rng(1).normal(size=(5, 2))
    replicated = found.replicate_group / found.group @ scores
    expected = weights(frame).score_covariance(scores, np.empty((0, 2)))
    np.testing.assert_allclose(found.score_covariance(scores, replicated), expected, rtol=1e-12)


def test_each_replicate_has_its_own_factor():
    frame = data()
    frame[["r0", "r1"]] = (frame["w"] * frame["v"]).to_numpy()[:, None] * [1.2, 0.8]
    found = weights(frame, replicates=["r0", "r1"], factor=(1, 0.5))
    replicated = np.array([[16.0], [13.0]])
    assert found.score_covariance(np.full((5, 1), 3.0), replicated).item() == pytest.approx(1 + 0.5 * 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w": -1.0}, "column 'w' is -1 in row 0: weights are positive numbers; correct it"),
        ({"w": 0.0}, "column 'w' is 0 in row 0: weights are positive numbers; leave the row out"),
        ({"w": np.nan}, "column 'w' misses the weight of row 0"),
        ({"w": np.inf}, "column 'w' is inf in row 0"),
        ({"v": 5.0}, "column 'v', the weight of 'school', varies within groups (school 'a' has 5 and 1)"),
    ],
)
def test_values_that_are_no_weights(change, message):
    frame = data()
    for name, value in change.items():
        frame.loc[0, name] = value
    with pytest.raises(DataError) as error:
        weights(frame)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("survey", "message"),
    [
        (lambda: SurveyWeights({"row": "w", "clinic": "v"}), "weights are given for 'clinic', which is no level"),
        (lambda: SurveyWeights({"row": "w"}, "raw"), "level-1 weights without a scale are not taken"),
        (lambda: SurveyWeights({"row": "w"}, "sum"), 'scaling of weights is "size" or "effective", not \'sum\''),
        (lambda: SurveyWeights("w"), "weights are named by level"),
        (lambda: SurveyWeights({}), "weights name no column"),
        (lambda: SurveyWeights({"row": "w"}, fay=1.0, replicates=["a", "b"]), "fay of weights must be at least 0"),
        (lambda: SurveyWeights({"row": "w"}, fay=0.5), "fay of weights belongs to replicates"),
        (lambda: SurveyWeights({"row": "w"}, replicates=["a"]), "at least two columns"),
        (lambda: SurveyWeights({"row": "w"}, factor=1.0), "factor of weights belongs to replicates"),
        (lambda: SurveyWeights({"row": "w"}, replicates=["a", "b"], factor=1.0, fay=0.5), "and leave fay out"),
        (lambda: SurveyWeights({"row": "w"}, replicates=["a", "b"], factor=0), "a number above 0, or one a replicate"),
        (lambda: SurveyWeights({"row": "w"}, replicates=["a", "b"], factor=[1.0]), "1 numbers for 2 replicates"),
        (lambda: SurveyWeights({"row": "w"}, replicates=["a", "b"], psu="area"), "replicates, or psu and strata"),
        (lambda: SurveyWeights({"row": "weight"}), "the data have no column 'weight'"),
        (lambda: SurveyWeights({"row": "stratum"}), "column 'stratum' holds text: weights are numbers"),
        (lambda: SurveyWeights({"row": "w"}, psu="x"), "column 'x' varies within groups (school 'a')"),
        (lambda: SurveyWeights({"row": "w"}, strata="school"), "stratum 'a' of 'school' has one sampling unit"),
        (lambda: SurveyWeights({"row": "w"}, replicates=["v", "w"]), "times the weights of the sample"),
    ],
)
def test_what_is_refused(survey, message):
    with pytest.raises((DataError, OptionError)) as error:
        weights(survey=survey())
    assert message in str(error.value)


def test_several_groupings_are_refused():
    equations = "y = b0 + r; b0 = g00 + u0[school] + v0[area]"
    with pytest.raises(OptionError, match="for models with one grouping, and this one has 2"):
        build_design(parse(equations), data(), weights=SurveyWeights({"row": "w"}))


def test_known_sds_are_refused():
    text = EQUATIONS + "; sd(r) = w"
    with pytest.raises(OptionError, match="sampling weights are not taken beside known level-1 SDs"):
        build_design(parse(text), data(), "school", weights=SurveyWeights(LEVELS))


def test_weights_of_groups_may_stand_in_the_table_of_groups():
    frame = data()
    schools = frame.groupby("school", as_index=False)[["v", "stratum"]].first()
    survey = SurveyWeights(LEVELS, strata="stratum")
    one = build_design(parse(EQUATIONS), frame.drop(columns=["v", "stratum"]), "school", schools, survey)
    other = build_design(parse(EQUATIONS), frame, "school", weights=survey)
    np.testing.assert_array_equal(one.weights.group, other.weights.group)
    np.testing.assert_array_equal(one.weights.stratum, other.weights.stratum)
    assert set(survey.named) <= set(one.frame.columns)
