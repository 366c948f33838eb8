"""Results that are DataFrames print rounded and whole, and stay DataFrames."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.display.frame_tables import shown_groups, shown_plain
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.display.text import to_text


@pytest.fixture(scope="module")
def reml():
    return hlm.open_model("hsb-intercepts-and-slopes-as-outcomes").reml()


def test_a_result_prints_rounded_with_its_interval(reml):
    text = str(reml.fixed_effects())
    assert "estimate      se      df      t       p    lower    upper" in text
    assert "2.1295  0.3459" in text
    assert "<table" in reml.fixed_effects()._repr_html_()
    assert "No Wald interval there" in str(reml.intervals()).replace("no Wald", "No Wald")
    assert "SINGULAR" in str(reml.anova())


def test_a_result_stays_a_dataframe(reml):
    table = reml.fixed_effects()
    assert isinstance(table, pd.DataFrame)
    for made in (table.head(2), table[["estimate", "se"]], table.copy(), table.round(2), copy.deepcopy(table), table.T):
        assert type(made) is pd.DataFrame
        assert repr(made) == pd.DataFrame(made).__repr__()
    assert table.loc["g01", "estimate"] == reml.gamma["g01"]
    assert table.attrs["ci_prob"] == 0.95
    again = pickle.loads(pickle.dumps(table))
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(table))
    assert str(again) == str(table)


def test_a_result_that_was_changed_prints_as_pandas_does(reml):
    table = reml.fixed_effects()
    table["mine"] = 1.0
    assert str(table) == str(pd.DataFrame(table))
    assert "mine" in table._repr_html_()


def test_many_groups_are_shown_at_both_ends(reml):
    text = str(reml.group_coefficients())
    assert text.count("...") == 2
    assert "the first and the last 6 of 160 groups" in text
    assert "1224  47" in text
    assert "9586  59" in text
    assert "1906" not in text  # in the middle


def test_few_groups_are_all_shown_and_notes_stand_below():
    index = pd.MultiIndex.from_product([["a", "b"], ["b0"]], names=["site", "coefficient"])
    table = pd.DataFrame({"n": [3, 4], "mean": [1.23456, 2.0], "sd": [0.5, 0.25], "ols": [np.nan, 2.5]}, index)
    table.attrs["note"] = "summarized without draws"
    text = str(ShownFrame.of(table, shown_groups))
    assert "..." not in text
    assert "summarized without draws" in text
    assert "1.23" in text


def test_a_comparison_shows_its_differences_and_its_warning():
    table = pd.DataFrame(
        {
            "elpd": [-1239.123456, -1257.6],
            "se": [119.2, 120.4],
            "elpd_diff": [0.0, -18.48],
            "p_worse": [np.nan, 0.9999],
        },
        ["a", "b"],
    )
    table.attrs["notes"] = ("23 units are few: dse is then too small and p_worse too sure",)
    text = to_text([shown_plain(table, "Models")])
    assert "23 units are few" in text
    assert "difference" in text
    assert ">.99" in text
    assert "123456" not in text


def test_an_unconverged_result_says_so():
    table = pd.DataFrame({"estimate": [1.0]}, ["a"])
    table.attrs["converged"] = False
    assert "NOT CONVERGED" in to_text([shown_plain(table, "Models")])
