"""Rows that were not fitted: coded by the fit's constants, never by their own."""

import re

import numpy as np
import pandas as pd
import pytest
from gallery_models import ONE_GROUPING

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.new_rows import new_rows, rows_to_predict
from bayeshlm.equations import parse
from bayeshlm.errors import DataError

RICH = """
pain = b0 + b1*cwc(dose) + b2*poly(age, 2) + b3*bs(dose, df=4) + b4*C(sex, sum) + b5*cgm(age)*sex + offset(log(age)) + r
b0 = g00 + g01*mean(age) + g02*C(region, ref="west") + g03*scale(beds) + u0
b1 = g10 + g11*cgm(mean(dose)) + g12*cgm(log(beds)) + u1
b2 = g20
b3 = g30
b4 = g40 + u4
b5 = g50
"""


@pytest.fixture(scope="module")
def clinics():
    rng = np.random.default_rng(7)
    sizes = np.array([1, 8, 15, 9, 22, 3, 20])
    clinic = np.repeat(list("gfedcba"), sizes)
    n = len(clinic)
    frame = pd.DataFrame({"clinic": clinic, "dose": rng.normal(3.0, 1.0, n), "age": rng.normal(50.0, 9.0, n)})
    frame["sex"] = rng.choice(["female", "male", "other"], n)
    frame["beds"] = np.repeat([10.0, 20.0, 15.0, 40.0, 35.0, 5.0, 80.0], sizes)
    frame["region"] = np.repeat(["north", "south", "west", "north", "south", "west", "north"], sizes)
    frame["pain"] = 5 + rng.normal(size=n)
    return frame.sample(frac=1.0, random_state=3)


def design_of(text, data, group="clinic", **kwargs):
    return build_design(parse(text), data, group, **kwargs)


def assert_reproduced(design, frame, positions):
    """Rows of the fitted frame, in any order and number, have the fitted matrices' own rows, bit by bit."""
    rows = new_rows(design, frame.iloc[positions])
    np.testing.assert_array_equal(rows.X, design.X[positions])
    np.testing.assert_array_equal(rows.groups[0].Z, design.Z[positions])
    np.testing.assert_array_equal(rows.offset, design.offset[positions])
    np.testing.assert_array_equal(rows.groups[0].known[rows.groups[0].codes], design.group_codes[positions])
    assert rows.index.equals(frame.index[positions])


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_the_fitted_rows_of_every_gallery_model(name):
    design = hlm.open_model(name).design
    predictors = design.frame.drop(columns=design.spec.outcome.name)
    assert_reproduced(design, predictors, np.arange(design.n_obs))
    assert_reproduced(design, predictors, np.random.default_rng(0).permutation(design.n_obs)[:50])


@pytest.mark.parametrize(
    "text",
    [
        RICH,
        "pain = b1*sex + b2*dose + r; b1 = g10 + u1; b2 = u2",  # no intercept, indicators of every level
        "pain = b0 + b1*age + r; b0 = g00 + g01*C(beds) + u0; b1 = g11*region",  # numbers as levels
        "pain = b0 + b1*cwc(dose*age) + b2*exp(dose)*cwc(C(sex)) + r; b0 = g00 + u0; b1 = g10; b2 = g20",
        "pain = b0 + b1*sqrt(age) + r; b0 = g00 + g01*poly(beds, 2) + u0; b1 = g10 + u1",
        "pain = b0 + r; b0 = g00 + u0",
    ],
)
def test_the_fitted_rows_of_every_function(clinics, text):
    design = design_of(text, clinics)
    assert_reproduced(design, clinics, np.arange(len(clinics)))
    for seed in range(3):
        assert_reproduced(design, clinics, np.random.default_rng(seed).permutation(len(clinics))[: 1 + 10 * seed])


def test_new_groups_by_hand(clinics):
    design = design_of(
        """
        pain = b0 + b1*cwc(dose) + b2*cgm(age) + b3*scale(age) + b4*C(sex, sum) + r
        b0 = g00 + g01*mean(dose) + g02*cgm(beds) + g03*region + u0
        b1 = g10 + u1
        b2 = g20
        b3 = g30*beds
        b4 = g40
        """,
        clinics,
    )
    new = pd.DataFrame(
        {
            "clinic": ["c", "new", "c", "new"],
            "dose": [1.0, 5.0, 2.0, 8.0],
            "age": [40.0, 50.0, 60.0, 70.0],
            "sex": ["female", "other", "male", "other"],
            "beds": [7.0, 9.0, 7.0, 9.0],  # clinic c has a bed count of its own here
            "region": ["south", "west", "south", "west"],
        },
        index=[30, 10, 20, 10],
    )
    rows = new_rows(design, new)
    of_c = clinics.loc[clinics["clinic"] == "c", "dose"].mean()
    means = np.array([of_c, 6.5, of_c, 6.5])  # the fit's mean of a known clinic, its own rows' of a new one
    beds = clinics.groupby("clinic")["beds"].first()
    age, sd = clinics["age"].mean(), clinics["age"].std()
    expected = {
        "g00": 1.0,
        "g01": means,
        "g02": new["beds"] - beds.mean(),
        "g03[south]": [1.0, 0.0, 1.0, 0.0],
        "g03[west]": [0.0, 1.0, 0.0, 1.0],
        "g10": new["dose"] - means,
        "g20": new["age"] - age,
        "g30": (new["age"] - age) / sd * new["beds"],
        "g40[female]": [1.0, -1.0, 0.0, -1.0],
        "g40[male]": [0.0, -1.0, 1.0, -1.0],
    }
    assert design.fixed_labels == list(expected)
    np.testing.assert_allclose(rows.X, np.column_stack([np.broadcast_to(x, 4) for x in expected.values()]), atol=1e-12)
    np.testing.assert_allclose(rows.groups[0].Z, np.column_stack([np.ones(4), new["dose"] - means]), atol=1e-12)
    assert list(rows.groups[0].labels) == ["c", "new"]
    assert rows.groups[0].known.tolist() == [2, -1]
    assert rows.index.tolist() == [30, 10, 20, 10]


def test_a_polynomial_keeps_the_fits_norms(clinics):
    design = design_of("pain = b0 + b1*poly(age, 2) + r; b0 = g00 + u0; b1 = g10", clinics)
    basis = np.linalg.qr(np.vander(clinics["age"], 3, increasing=True))
    at = np.array([30.0, 90.0])
    expected = np.vander(at, 3, increasing=True) @ np.linalg.inv(basis.R)
    rows = new_rows(design, pd.DataFrame({"clinic": "a", "age": at}))
    signs = np.sign(design.X[0, 1:] / basis.Q[0, 1:])
    np.testing.assert_allclose(rows.X[:, 1:], expected[:, 1:] * signs, rtol=1e-9)


def test_a_level_2_file_is_joined(clinics):
    level2 = clinics.groupby("clinic")[["beds"]].first().reset_index()
    text = "pain = b0 + b1*dose + r; b0 = g00 + g01*cgm(beds) + u0; b1 = g10"
    design = design_of(text, clinics.drop(columns="beds"), group_data=level2)
    new = pd.DataFrame({"clinic": ["new", "a", "new"], "dose": [1.0, 2.0, 3.0]})
    rows = new_rows(design, new, pd.DataFrame({"clinic": ["a", "new"], "beds": [80.0, 100.0]}))
    np.testing.assert_allclose(rows.X[:, 1], np.array([100.0, 80.0, 100.0]) - level2["beds"].mean())
    with pytest.raises(DataError, match=r"^new_data: 1 of 2 groups of the data have no row in group_data, .*'new'"):
        new_rows(design, new, level2)
    with pytest.raises(DataError, match="group_data belongs to new_data"):
        rows_to_predict(design, None, level2)


def test_rows_without_a_grouping_column(clinics):
    design = design_of("pain = b0 + b1*dose + r; b0 = g00 + g01*beds + u0; b1 = g10", clinics)
    new = pd.DataFrame({"dose": [1.0, 2.0], "beds": [5.0, 6.0]})
    rows = new_rows(design, new, ungrouped=["clinic"])
    assert rows.X.tolist() == [[1.0, 5.0, 1.0], [1.0, 6.0, 2.0]]
    assert rows.groups[0].labels is None
    assert rows.groups[0].known.tolist() == [-1, -1]
    with pytest.raises(DataError, match="the data have no column 'clinic'"):
        new_rows(design, new)
    centered = design_of("pain = b0 + b1*cwc(dose) + r; b0 = g00 + u0; b1 = g10", clinics)
    with pytest.raises(DataError, match="'clinic' is missing, but the equations take group means"):
        new_rows(centered, new, ungrouped=["clinic"])
    with pytest.raises(DataError, match="'clinic' is missing, but group_data is joined by it"):
        new_rows(design, new[["dose"]], pd.DataFrame({"clinic": ["a"], "beds": [1.0]}), ungrouped=["clinic"])


def test_categories_and_numbers_of_other_types(clinics):
    """A level is a level by what it is called: a categorical dtype, numbers as text or of another width."""
    design = design_of("pain = b0 + b1*sex + b2*C(beds) + r; b0 = g00 + u0; b1 = g10; b2 = g20", clinics)
    new = clinics.iloc[:6].astype({"sex": "category", "beds": int})
    np.testing.assert_array_equal(new_rows(design, new).X, design.X[:6])
    declared = clinics.astype({"sex": pd.CategoricalDtype(["other", "male", "female"])})
    design = design_of("pain = b0 + b1*sex + r; b0 = g00 + u0; b1 = g10", declared)
    np.testing.assert_array_equal(new_rows(design, clinics.iloc[:6]).X, design.X[:6])
    years = clinics.assign(year=pd.Categorical(np.resize([2000, 2010], len(clinics))))
    design = design_of("pain = b0 + b1*year + r; b0 = g00 + u0; b1 = g10", years)
    np.testing.assert_array_equal(new_rows(design, years.iloc[:6].astype({"year": int})).X, design.X[:6])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sex": "unknown"}, r"column 'sex' is 'unknown' in row 4, a level that .* do not have.*'female', 'male'"),
        ({"region": "east"}, r"column 'region' is 'east' in row 4, a level that the fitted data do not have"),
        ({"dose": np.nan}, r"column 'dose' has no value in row 4 \(1 such rows\): fill them in, or leave"),
        ({"clinic": None}, r"column 'clinic' has no value in row 4"),
        ({"sex": None}, r"column 'sex' has no value in row 4"),
        ({"dose": np.inf}, r"column 'dose' is inf in row 4"),
        ({"dose": "2,5"}, r"column 'dose' mixes numbers and text: '2,5' in row 4"),
        ({"age": -1.0}, r"log\(\) needs values above 0, but age is -1 in row 4"),
        ({"beds": 1e3}, r"column 'beds' varies within groups \(clinic .a. has 80 and 1000\)"),
        ({"dose": 99.0}, r"bs\(\) knows values from .* 99 lies outside of them"),
    ],
)
def test_a_wrong_value(clinics, change, message):
    design = design_of(RICH, clinics)
    new = clinics[clinics["clinic"] == "a"].reset_index(drop=True).astype({"dose": object, "age": float})
    for column, value in change.items():
        new.loc[4, column] = value
    with pytest.raises(DataError, match=r"^new_data: ") as error:
        new_rows(design, new)
    assert re.search(message, str(error.value)), error.value


def test_a_wrong_table(clinics):
    design = design_of(RICH, clinics)
    with pytest.raises(DataError, match=r"new_data: the data have no column 'age'; did you mean 'Age'"):
        new_rows(design, clinics.rename(columns={"age": "Age"}))
    with pytest.raises(DataError, match=r"column 'dose' holds text .* but numbers where it was fitted"):
        new_rows(design, clinics.assign(dose="low"))
    with pytest.raises(DataError, match="new_data has no rows"):
        new_rows(design, clinics.iloc[:0])


def test_ids_of_another_type_are_no_new_groups(clinics):
    numbered = clinics.assign(clinic=clinics["clinic"].map(ord))
    design = design_of("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10", numbered)
    with pytest.raises(DataError, match=r"clinic '100' is str here and of another type where it was fitted"):
        new_rows(design, numbered.astype({"clinic": str}))
    assert (new_rows(design, numbered.astype({"clinic": float})).groups[0].known == np.arange(7)).all()


def test_a_product_that_overflows(clinics):
    design = design_of("pain = b0 + b1*dose*age + r; b0 = g00 + u0; b1 = g10", clinics)
    new = pd.DataFrame({"clinic": ["a", "a"], "dose": [1.0, 1e200], "age": [1.0, 1e200]})
    with pytest.raises(DataError, match="new_data: the column of g10 overflows in row 1"):
        new_rows(design, new)
