import pandas as pd
import pytest
import xarray as xr

from bayeshlm.checks.predictive_check import PredictiveCheck
from bayeshlm.display.shown_predictive_check import ShownPredictiveCheck

COLUMNS = ["observed", "mean", "sd", "lower", "upper", "p", "p_two_sided", "meaning"]


def check(p_of_new):
    rows = {
        ("same", "between_variance"): [9.7214, 9.5212, 0.621, 8.41, 10.79, 0.3762, 0.7525, "variance of the means"],
        ("same", "max"): [25.0, 38.2, 2.2, 35.1, 43.1, 0.4, 0.8, "highest outcome"],
        ("new", "between_variance"): [9.7214, 9.5212, 1.221, 7.6, 12.4, 0.3762, 0.7525, "variance of the means"],
        ("new", "max"): [25.0, 38.2, 2.2, 35.1, 43.1, 1 - p_of_new / 2, p_of_new, "highest <outcome>"],
    }
    index = pd.MultiIndex.from_tuples(rows, names=["mode", "statistic"])
    table = pd.DataFrame(list(rows.values()), index, columns=COLUMNS)
    return ShownPredictiveCheck.of(PredictiveCheck(table, xr.Dataset(), xr.DataTree(), ("60 <replicates>",)))


def test_the_printed_check_has_a_section_a_mode():
    lines = [line.split() for line in repr(check(0.002)).splitlines() if line.strip()]
    assert lines[0] == ["Posterior", "predictive", "checks"]
    assert lines[1] == ["observed", "replicated", "sd", "lower", "upper", "p", "two-sided"]
    assert lines[2] == ["new", "rows", "in", "the", "same", "groups"]
    assert lines[3] == ["between_variance", "9.72", "9.52", "0.62", "8.41", "10.79", "0.38", "0.75"]
    assert lines[5] == ["new", "groups"]
    assert lines[7] == ["max", "25.0", "38.2", "2.2", "35.1", "43.1", ">.99", "<.01"]


def test_what_the_model_does_not_reach_is_named():
    text = " ".join(repr(check(0.002)).split())
    assert "Beyond what the model makes of new groups (two-sided p < 0.05): max (below)." in text
    assert "same groups (two-sided" not in text
    assert "Of 4 statistics some fall below 0.05 by chance" in text


def test_nothing_is_named_where_nothing_is_notable():
    assert repr(check(0.05)).endswith("No statistic has a two-sided p below 0.05.")


@pytest.mark.parametrize("part", ["<table ", "60 &lt;replicates&gt;"])
def test_the_check_in_a_notebook(part):
    html = check(0.002)._repr_html_()
    assert html.count(part) == 1
    assert "<replicates>" not in html
