import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import DataError

PUPILS = pd.DataFrame(
    {
        "school": ["b", "b", "a", "a", "a", None],
        "sector": ["Public", "Public", "Catholic", "Catholic", "Catholic", "Public"],
        "size": [40, 40, 90, 90, 90, 7],
        "sex": pd.Categorical(["f", "m", "m", "f", "m", "m"]),
        "ses": [0.0, 2.0, 1.0, np.nan, 4.0, 9.0],
        "late": [True, False, False, False, True, True],
    },
    index=[10, 11, 12, 13, 14, 15],
)


def test_the_level_2_frame_has_the_columns_that_are_constant_within_groups():
    frame = hlm.group_frame(PUPILS, "school")
    assert frame.index.tolist() == ["a", "b"]
    assert frame.index.name == "school"
    assert frame.to_dict("list") == {"sector": ["Catholic", "Public"], "size": [90, 40]}
    assert frame["size"].dtype == PUPILS["size"].dtype


def test_summaries_are_means_of_numbers_and_modes_of_the_rest():
    frame = hlm.group_frame(PUPILS, "school", summaries=True)
    assert list(frame.columns) == ["sector", "size", "sex", "ses", "late"]
    assert frame["ses"].tolist() == [2.5, 1.0]
    assert frame["sex"].tolist() == ["m", "f"]
    assert frame["late"].tolist() == pytest.approx([1 / 3, 0.5])


def test_missing_values_do_not_keep_a_column_from_level_2():
    data = pd.DataFrame({"g": [1, 1, 2, 2], "w": [3.0, np.nan, np.nan, np.nan], "v": [None, "x", "y", "y"]})
    frame = hlm.group_frame(data, "g")
    assert frame["v"].tolist() == ["x", "y"]
    assert frame["w"].iloc[0] == 3
    assert np.isnan(frame["w"].iloc[1])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("mean", [1.0, 1.0, 2.5, 2.5, 2.5, np.nan]),
        ("sd", [2**0.5, 2**0.5, 3 / 2**0.5, 3 / 2**0.5, 3 / 2**0.5, np.nan]),
        ("count", [2, 2, 2, 2, 2, np.nan]),
        ("size", [2, 2, 3, 3, 3, np.nan]),
        (len, [2, 2, 3, 3, 3, np.nan]),
        (lambda own: own.max() - own.min(), [2.0, 2.0, 3.0, 3.0, 3.0, np.nan]),
        (lambda own: own - own.mean(), [-1.0, 1.0, -1.5, np.nan, 1.5, np.nan]),
    ],
)
def test_a_group_summary_stands_on_every_row(function, expected):
    found = hlm.group_summary(PUPILS["ses"], PUPILS["school"], function)
    assert found.index.tolist() == PUPILS.index.tolist()
    np.testing.assert_allclose(found.to_numpy(dtype=float), expected)


def test_the_summary_of_a_comparison_is_a_share():
    found = hlm.group_summary(PUPILS["sex"] == "m", PUPILS["school"])
    np.testing.assert_allclose(found, [0.5, 0.5, 2 / 3, 2 / 3, 2 / 3, np.nan])


def test_arrays_and_lists_do():
    assert hlm.group_summary(np.array([1, 3, 5]), [0, 0, 1], "sum").tolist() == [4, 4, 5]


def test_contextual_and_deviation_are_what_the_equations_mean():
    hsb = hlm.load_dataset("hs")
    design = build_design(
        parse("mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10"), hsb, "school"
    )
    context, own = hlm.contextual(hsb, "ses", "school"), hlm.deviation(hsb, "ses", "school")
    assert (context.name, own.name) == ("ses_mean", "ses_deviation")
    assert np.array_equal(context, design.X[:, 1])
    assert np.array_equal(own, design.X[:, 2])


def test_missing_values_stay_where_they_are():
    context, own = hlm.contextual(PUPILS, "ses", "school"), hlm.deviation(PUPILS, "ses", "school")
    np.testing.assert_allclose(context, [1, 1, 2.5, 2.5, 2.5, np.nan])
    np.testing.assert_allclose(own, [-1, 1, -1.5, np.nan, 1.5, np.nan])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hlm.group_frame(PUPILS, "schol"), hlm.DataError, "no column 'schol'; did you mean 'school'"),
        (lambda: hlm.group_frame([1, 2], "school"), hlm.DataError, "must be a pandas DataFrame"),
        (lambda: hlm.contextual(PUPILS, "sector", "school"), hlm.DataError, "'sector' holds categories"),
        (lambda: hlm.deviation(PUPILS, "SES", "school"), hlm.DataError, "did you mean 'ses'"),
        (lambda: hlm.group_summary([1, 2], [1]), hlm.DataError, "values has 2 rows and groups 1"),
        (lambda: hlm.group_summary(PUPILS["sector"], PUPILS["school"]), hlm.DataError, "'mean' needs numbers"),
        (lambda: hlm.group_summary([1, 2], [1, 1], "mode"), hlm.OptionError, "mean, median.*not 'mode'"),
        (lambda: hlm.group_summary([1, 2], [1, 1], lambda own: [1, 2, 3]), hlm.OptionError, "3 values for group 1"),
    ],
)
def test_wrong_input_is_one_clear_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_column_of_lists_has_no_values_that_could_be_the_same():
    data = pd.DataFrame({"school": [1, 1, 2], "tags": [["a"], ["b", "c"], []]})
    with pytest.raises(DataError, match="column 'tags' holds values that are neither text nor numbers"):
        hlm.group_frame(data, "school")
