"""Figures of checks of models with several groupings, of draws from their priors."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.parameters.prior_draws import prior_draws

sys.path.insert(0, str(Path(__file__).parents[2] / "likelihood"))
from groupings_data import crossed_model, growth_model


def fit_of(model):
    draws = prior_draws(model.design, model.priors, 60, np.random.default_rng(2))
    return hlm.Fit(model, xr.DataTree.from_dict({"posterior": draws}))


@pytest.fixture(scope="module")
def growth():
    return fit_of(growth_model())


@pytest.fixture(scope="module")
def crossed():
    return fit_of(crossed_model())


def test_a_panel_a_mode(growth, crossed):
    panels = growth.plot.predictive_check(seed=1)
    headings = ["new rows in the same groups", "new groups of child", "new groups"]
    assert [panel.get_title() for panel in panels] == headings
    names = [label.get_text() for label in panels[2].get_yticklabels()]
    assert names[0] == "between_variance[child]"
    assert panels[1].get_yticks().size == 0
    panels = crossed.plot.predictive_check(seed=1, show="outcome")
    assert [panel.get_title() for panel in panels][1:3] == ["new groups of primary", "new groups of secondary"]


def test_means_of_the_units_of_a_grouping(growth, drawn):
    check = growth.predictive_check(seed=1)
    panels = growth.plot.predictive_check(check, show="means", grouping="school")
    means = growth.model.design.frame.groupby("school")["math"].mean().sort_values()
    assert drawn(panels[0], "observed")[0].get_xdata()[::2] == pytest.approx(means.to_numpy())
    assert panels[2].get_xlabel() == "school mean of math"
    with pytest.raises(OptionError, match="say which grouping"):
        growth.plot.predictive_check(check, show="means")


def test_residuals_of_a_level(growth, drawn):
    found = growth.residuals(3)
    panels = growth.plot.residuals(3)
    assert [panel.get_ylabel() for panel in panels[:2]] == ["standardized u00", "standardized u10"]
    expected = np.sort(found.table.xs("u00", level="random")["standardized"])
    assert drawn(panels[0], "values")[0].get_ydata() == pytest.approx(expected)
    assert drawn(panels[2], "values")[0].get_ydata() == pytest.approx(np.sort(found.distances["plug_in"]))
    again = growth.plot.residuals(residuals=found)
    assert drawn(again[0], "values")[0].get_ydata() == pytest.approx(expected)


def test_residuals_against_a_column_of_the_level(growth, drawn):
    found = growth.residuals(2)
    panel = growth.plot.residuals(2, x="female", residuals=found)[0]
    female = growth.model.design.frame.groupby("child")["female"].first()
    points = drawn(panel, "points")[0].get_xydata()
    assert points == pytest.approx(np.column_stack([female, found.table.xs("r0", level="random")["mean"]]))
    own = pd.Series(np.arange(8.0), range(8), name="rank")
    assert growth.plot.residuals(grouping="school", x=own)[0].get_xlabel() == "rank"
    with pytest.raises(OptionError, match="x='time' is no column of the model that is constant in each school: size"):
        growth.plot.residuals(3, x="time")
    with pytest.raises(OptionError, match="no number for school 0"):
        growth.plot.residuals(3, x=own.drop(0))


def test_residuals_of_rows(crossed, drawn):
    table = crossed.residuals().table
    points = drawn(crossed.plot.residuals()[0], "points")[0].get_xydata()
    assert points == pytest.approx(table[["fitted", "standardized"]].to_numpy())
    with pytest.raises(OptionError, match="level 2 has the groupings 'primary' and 'secondary'"):
        crossed.plot.residuals(2)
