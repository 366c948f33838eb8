"""Figures of models with several groupings: of each grouping's groups, the same numbers as its tables."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.errors import OptionError

GROWTH = """
math = p0 + p1*time + e
p0 = b00 + b01*female + r0
p1 = b10 + b11*female + r1
b00 = g000 + g001*size + u00
b01 = g010
b10 = g100 + g101*size + u10
b11 = g110
"""
CROSSED = "y = b0 + b1*x + e\nb0 = g00 + g01*funds + u0[primary] + v0[secondary]\nb1 = g10 + u1[primary]"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    school, child = np.repeat(np.arange(8), 20), np.repeat(np.arange(40), 4)
    frame = pd.DataFrame({"school": school, "child": child, "time": np.tile(np.arange(4.0), 40)})
    frame["size"], frame["female"] = rng.normal(size=8)[school], rng.integers(0, 2, 40)[child]
    frame["math"] = 9 + rng.normal(size=8)[school] + rng.normal(size=40)[child] + rng.normal(size=160)
    primary, secondary = rng.integers(0, 12, 160), rng.integers(0, 5, 160)
    x = rng.normal(size=160)
    y = rng.normal(size=12)[primary] + rng.normal(size=5)[secondary] + x + rng.normal(size=160)
    return frame.assign(primary=primary, secondary=secondary, x=x, y=y, funds=(secondary % 2).astype(float))


@pytest.fixture(scope="module")
def growth(data):
    return hlm.Model(GROWTH, data, ["child", "school"]).fit(draws=200, seed=1, sampler="importance", progress=False)


@pytest.fixture(scope="module")
def crossed(data):
    return hlm.Model(CROSSED, data).fit(draws=200, seed=1, sampler="importance", progress=False)


@pytest.mark.parametrize(
    ("fit", "grouping", "coefficient"),
    [
        ("growth", "child", "p1"),
        ("growth", "school", "b00"),
        ("crossed", "primary", "b1"),
        ("crossed", "secondary", "b0"),
    ],
)
def test_a_caterpillar_is_the_table_of_its_grouping(fit, grouping, coefficient, request, drawn):
    fit = request.getfixturevalue(fit)
    ax = fit.plot.caterpillar(coefficient, grouping=grouping)
    table = fit.group_coefficients(grouping=grouping).xs(coefficient, level="coefficient").sort_values("mean")
    (means,), (intervals,) = drawn(ax, "mean"), drawn(ax, "interval")
    assert means.get_xdata() == pytest.approx(table["mean"].to_numpy())
    assert np.array(intervals.get_segments())[:, :, 0] == pytest.approx(table[["lower", "upper"]].to_numpy())
    assert ax.get_ylabel() == grouping
    assert [label.get_text() for label in ax.get_yticklabels()] == table.index.astype(str).tolist()


def test_names_of_coefficients_at_every_level(growth):
    assert growth.plot.caterpillar("u10", grouping="school").get_xlabel() == "b10, the slope of time"
    assert growth.plot.caterpillar("time", grouping="school").get_xlabel() == "b10, the slope of time"
    with pytest.raises(
        OptionError, match=r"'p1' is none of the coefficients in question: b00 \(the intercept\), b10 \(time\)"
    ):
        growth.plot.caterpillar("p1", grouping="school")


@pytest.mark.parametrize("name", ["caterpillar", "shrinkage", "icc", "beta_space", "group_lines"])
def test_which_grouping_has_to_be_said(name, growth):
    with pytest.raises(OptionError, match="say which grouping: grouping= is one of 'child', 'school'"):
        getattr(growth.plot, name)()
    with pytest.raises(OptionError, match="there is no grouping 'class'"):
        getattr(growth.plot, name)(grouping="class")


def test_shrinkage_of_children_and_why_there_is_none_of_schools(growth, data, drawn):
    (own,) = drawn(growth.plot.shrinkage("p1", grouping="child"), "ols")
    slopes = [np.polyfit(rows["time"], rows["math"], 1)[0] for _, rows in data.groupby("child")]
    assert np.sort(own.get_ydata()) == pytest.approx(np.sort(slopes))
    for draw in (
        growth.plot.shrinkage,
        lambda name, grouping: growth.plot.caterpillar(name, ols=True, grouping=grouping),
    ):
        with pytest.raises(OptionError, match="the groups of 'school' have no least-squares estimate"):
            draw("b00", grouping="school")


def test_lines_of_the_groups_of_a_grouping(growth, drawn):
    ax = growth.plot.group_lines(grouping="school")
    (collection,) = drawn(ax, "groups")
    slopes = growth.group_coefficients(grouping="school").xs("b10", level=1)["mean"]
    female = growth.posterior["gamma"].sel(fixed="g110").mean().item()
    share = growth.model.design.frame.drop_duplicates("child")["female"].mean()
    ends = np.array(collection.get_segments())
    steep = np.diff(ends[:, :, 1], axis=1) / np.diff(ends[:, :, 0], axis=1)
    assert steep.ravel() == pytest.approx(slopes.to_numpy() + female * share)
    assert "8 groups (school)" in ax.get_legend().get_title().get_text()
    assert len(drawn(growth.plot.group_lines(grouping="child"), "groups")) == 2  # girls and boys
    with pytest.raises(OptionError, match="by='female'"):
        growth.plot.group_lines(by="female", grouping="school")


def test_data_by_the_groups_of_a_grouping(growth, crossed, data, drawn):
    panels = growth.model.plot.data(grouping="school")
    assert len(panels) == 8
    (points,) = drawn(panels[0], "rows")
    name = int(panels[0].get_title().partition(" ")[0])
    assert points.get_xydata() == pytest.approx(data.loc[data["school"] == name, ["time", "math"]].to_numpy())
    assert len(crossed.model.plot.data(grouping="secondary")) == 5


def test_interactions_with_variables_of_every_level(growth, drawn):
    left, right = growth.plot.interaction(by="size")
    assert len(drawn(left, "average")) == 3
    assert len(drawn(right, "groups")[0].get_xdata()) == 8
    gamma = growth.posterior["gamma"].mean(("chain", "draw"))
    share = growth.model.design.frame.drop_duplicates("child")["female"].mean()
    x, y = drawn(right, "mean")[0].get_xydata().T
    by_hand = gamma.sel(fixed="g100").item() + gamma.sel(fixed="g110").item() * share
    assert y == pytest.approx(by_hand + gamma.sel(fixed="g101").item() * x)
    assert len(drawn(growth.plot.interaction(by="female")[0], "average")) == 2


def test_variance_and_iccs(growth, crossed, drawn):
    ax = growth.plot.variance_function()
    assert [text.get_text() for text in ax.get_legend().get_texts()][1:] == [
        "between groups of child",
        "between groups of school",
    ]
    assert len(growth.plot.variance_components()) == 7
    for fit in (growth, crossed):
        for name in fit.model.design.groupings:
            ax = fit.plot.icc(grouping=name)
            (mean,) = drawn(ax, "mean")
            assert mean.get_xdata()[0] == pytest.approx(fit.icc().table.loc[f"icc[{name}]", "mean"])
            assert name in ax.get_xlabel()


def test_beta_space_of_each_grouping(growth, crossed, drawn):
    ax = growth.plot.beta_space(grouping="child")
    assert sum(len(points.get_xdata()) for points in drawn(ax, "eb")) == 40
    assert sum(len(points.get_xdata()) for points in drawn(ax, "ols")) == 40
    schools = growth.plot.beta_space(grouping="school")
    labels = [text.get_text() for text in schools.get_legend().get_texts()]
    assert "own least squares" not in labels
    with pytest.raises(OptionError, match="only b0 has one in this model between the groups of 'secondary'"):
        crossed.plot.beta_space(grouping="secondary")
