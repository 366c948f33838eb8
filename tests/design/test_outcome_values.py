"""Outcomes of every distribution: what they may be, what is read of them, and the errors that name row and value."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import DataError
from bayeshlm.families import FAMILIES

LEVEL2 = "; b0 = g00 + u0; b1 = g10"
LINES = {
    "Bernoulli": "y ~ Bernoulli(p); logit(p) = b0 + b1*x" + LEVEL2,
    "Binomial": "y ~ Binomial(n, p); logit(p) = b0 + b1*x" + LEVEL2,
    "Poisson": "y ~ Poisson(mu); log(mu) = b0 + b1*x" + LEVEL2,
    "NegativeBinomial": "y ~ NegativeBinomial(mu); log(mu) = b0 + b1*x" + LEVEL2,
    "Gamma": "y ~ Gamma(mu); log(mu) = b0 + b1*x" + LEVEL2,
    "Beta": "y ~ Beta(mu); logit(mu) = b0 + b1*x" + LEVEL2,
    "StudentT": "y ~ StudentT(mu); mu = b0 + b1*x" + LEVEL2,
    "Ordinal": "y ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10",
}
VALUES = {"Gamma": (0.5, 1.5, 3.0), "Beta": (0.2, 0.4, 0.9), "Ordinal": (1, 2, 3), "StudentT": (-1.5, 0.3, 2.0)}


def frame_of(family, **columns):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"g": np.repeat(np.arange(6), 5), "x": rng.normal(size=30), "n": 4})
    frame["y"] = rng.choice(VALUES.get(family, (0, 1)), size=30)
    return frame.assign(**columns)


@pytest.mark.parametrize("family", LINES)
def test_the_design_says_which_distribution_the_outcome_has(family):
    design = hlm.Model(LINES[family], frame_of(family), "g").design
    assert (design.outcome.name, design.outcome.family_name) == ("y", family)
    assert design.size.tolist() == [4 if family == "Binomial" else 1] * 30
    assert set(LINES) == set(FAMILIES) - {"Normal"}


def test_booleans_are_zeros_and_ones():
    frame = frame_of("Bernoulli")
    design = hlm.Model(LINES["Bernoulli"], frame.assign(y=frame["y"] == 1), "g").design
    np.testing.assert_array_equal(design.y, frame["y"])


@pytest.mark.parametrize("kind", [float, "Int64", "ordered"])
def test_ratings_are_positions_of_their_categories(kind):
    frame = frame_of("Ordinal")
    y = frame["y"].map({1: "low", 2: "mid", 3: "high"})
    labels = ("low", "mid", "high") if kind == "ordered" else ("1", "2", "3")
    column = pd.Categorical(y, labels, ordered=True) if kind == "ordered" else frame["y"].astype(kind)
    design = hlm.Model(LINES["Ordinal"], frame.assign(y=column), "g").design
    assert design.outcome.categories == labels
    np.testing.assert_array_equal(design.y, frame["y"] - 1)


def test_a_row_without_its_number_of_trials_is_left_out():
    frame = frame_of("Binomial")
    frame["n"] = frame["n"].astype(float)
    frame.loc[3, "n"] = np.nan
    design = hlm.Model(LINES["Binomial"], frame, "g").design
    assert (design.n_obs, design.rows_dropped) == (29, 1)


@pytest.mark.parametrize(
    ("family", "row", "value", "message"),
    [
        ("Bernoulli", 17, 2, "row 17 of the outcome 'y' is 2, which is neither 0 nor 1"),
        ("Binomial", 3, 5, "row 3 of the outcome 'y' is 5, which"),
        ("Poisson", 4, -1, "row 4 of the outcome 'y' is -1, which"),
        ("Poisson", 4, 1.5, "row 4 of the outcome 'y' is 1.5, which"),
        ("NegativeBinomial", 0, 0.5, "row 0 of the outcome 'y' is 0.5, which"),
        ("Gamma", 2, 0, "row 2 of the outcome 'y' is 0, which"),
        ("Beta", 2, 1, "row 2 of the outcome 'y' is 1, which"),
        ("Ordinal", 2, 5, "no row has the rating 4 of 'y'"),
        ("Ordinal", 2, 1.5, "have the value 1.5: ordered categories are whole numbers"),
    ],
)
def test_a_value_that_the_distribution_cannot_have_is_named(family, row, value, message):
    frame = frame_of(family)
    frame["y"] = frame["y"].astype(float)
    frame.loc[row, "y"] = value
    with pytest.raises(hlm.DataError, match=message) as caught:
        hlm.Model(LINES[family], frame, "g")
    assert "^" in str(caught.value)


@pytest.mark.parametrize(
    ("family", "columns", "message"),
    [
        ("Bernoulli", {"y": ["no", "yes"] * 15}, "the outcome must be coded as numbers"),
        ("Bernoulli", {"y": 1}, "is 1 in every row"),
        (
            "Ordinal",
            {"y": ["low", "high"] * 15},
            "the order of the categories of 'y' .* make it an ordered categorical",
        ),
        ("Ordinal", {"y": 2}, "is 2 in every row"),
        ("Binomial", {"n": 0}, "row 0 of the number of trials 'n' is 0"),
        ("Binomial", {"n": 2.5}, "row 0 of the number of trials 'n' is 2.5"),
        ("Binomial", {"n": ["a", "b"] * 15}, "the number of trials 'n' is text"),
    ],
)
def test_columns_that_cannot_be_outcomes(family, columns, message):
    with pytest.raises(hlm.DataError, match=message):
        hlm.Model(LINES[family], frame_of(family, **columns), "g")


def test_a_declared_category_that_nobody_has_is_named():
    frame = frame_of("Ordinal")
    frame["y"] = pd.Categorical(frame["y"], [1, 2, 3, 4], ordered=True)
    with pytest.raises(hlm.DataError, match="no row has the category '4' of 'y'"):
        hlm.Model(LINES["Ordinal"], frame, "g")


def test_a_normal_model_of_zeros_and_ones_or_of_counts_is_told_of_the_other():
    frame, normal = frame_of("Bernoulli"), "y = b0 + b1*x + r" + LEVEL2
    with pytest.warns(hlm.ModelWarning, match=r"is 0 or 1, .* `y ~ Bernoulli\(p\)` and `logit\(p\) = b0"):
        hlm.Model(normal, frame, "g")
    rng = np.random.default_rng(2)
    with pytest.warns(hlm.ModelWarning, match=r"is a count, .* `y ~ Poisson\(mu\)`"):
        hlm.Model(normal, frame.assign(y=rng.poisson(1.5, 30)), "g")
    for y in (rng.integers(0, 41, 30), rng.integers(1, 3, 30), rng.normal(size=30)):  # scores, codes, measurements
        hlm.Model(normal, frame.assign(y=y), "g")


def test_what_is_defined_for_normal_outcomes_only_says_so():
    model = hlm.Model(LINES["Poisson"], frame_of("Poisson"), "g")
    with pytest.raises(hlm.OptionError, match="REML is defined for normal outcomes only, and 'y' is Poisson"):
        model.reml().gamma  # noqa: B018
    with pytest.raises(hlm.OptionError, match="This comparison of methods is defined for normal outcomes only"):
        model.compare_methods("x")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("y ~ Poisson(mu); log(mu) = b0", ""),
        ("y ~ Binomial(5, p); logit(p) = b0", ""),
        ("y ~ NegativeBinomial(mu); log(mu) = b0", r"within groups \(phi\) cannot be told apart"),
        ("z ~ Bernoulli(p); logit(p) = b0", "the chance of a single trial cannot be told apart"),
        ("z ~ Binomial(1, p); logit(p) = b0", "the chance of a single trial cannot be told apart"),
        ("y = b0 + r", r"within groups \(sigma\) cannot be told apart"),
    ],
)
def test_groups_of_one_row_are_an_overdispersion_of_counts_and_trials_alone(lines, says):
    data = pd.DataFrame({"row": range(6), "y": [0, 1, 2, 3, 1, 2], "z": [0, 1, 1, 0, 1, 0]})
    spec = parse(f"{lines}; b0 = g00 + u0")
    if not says:
        assert build_design(spec, data, "row").n_groups == 6
        return
    with pytest.raises(DataError, match=says):
        build_design(spec, data, "row")


def test_categories_beside_cutpoints_are_contrasts_and_nothing_constant_stands_there():
    """The cutpoints are intercepts, so that a column for every category would be one too many."""
    data = pd.DataFrame({"g": np.repeat(range(8), 4), "k": np.repeat(list("aabbccaa"), 4), "h": list("xyzx") * 8})
    data["y"] = [1, 2, 3, 2] * 8
    for lines, labels in (
        ("eta = b0; b0 = g01*C(k) + u0", ["g01[b]", "g01[c]"]),
        ("eta = b0 + b1*C(h); b0 = u0; b1 = g10", ["g10[y]", "g10[z]"]),
    ):
        assert build_design(parse(f"y ~ Ordinal(eta); {lines}"), data, "g").fixed_labels == labels
    twice = "y ~ Ordinal(eta); eta = b0 + b1*one + b2*two; b0 = u0; b1 = g10; b2 = g20"
    one = (data["h"] == "x") * 1
    with pytest.raises(DataError, match="the cutpoints"):
        build_design(parse(twice), data.assign(one=one, two=1 - one), "g")
