"""Figures of the groups: lines, caterpillar, shrinkage, beta space."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bayeshlm.display.plots import caterpillar
from bayeshlm.display.plots.group_sizes import side_by_side, size_axis
from bayeshlm.display.plots.shrinkage import vertical_limits
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.beta_space import beta_space
from bayeshlm.quantities.level2_variables import level2_variables

INTERCEPT = "`pain $` = b0 + r\nb0 = g00 + u0"
THREE = "`pain $` = b0 + b1*dose + b2*cwc(age) + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2"


def test_group_lines_are_the_posterior_means_and_the_average_its_draws(full, drawn):
    ax = full.plot.group_lines()
    beta = full.posterior["beta"].mean(("chain", "draw")).to_numpy()
    urban = level2_variables(full.model.design)["urban"].codes
    collections, averages, bands = drawn(ax, "groups"), drawn(ax, "average"), drawn(ax, "band")
    assert len(collections) == len(averages) == len(bands) == 2
    gamma = full.posterior["gamma"]
    beds = level2_variables(full.model.design)["beds"].numbers.mean()
    for k in (0, 1):
        own = beta[urban == k]
        segments = np.array(collections[k].get_segments())
        assert segments[:, :, 1] == pytest.approx(own[:, [0]] + own[:, [1]] * segments[:, :, 0])
        x, y = averages[k].get_xydata().T
        height = gamma.sel(fixed="g00") + k * gamma.sel(fixed="g01") + beds * gamma.sel(fixed="g02")
        slope = gamma.sel(fixed="g10") + k * gamma.sel(fixed="g11") + beds * gamma.sel(fixed="g12")
        assert y == pytest.approx(float(height.mean()) + float(slope.mean()) * x)
        draws = (height + slope * x[0]).to_numpy().ravel()
        corner = bands[k].get_paths()[0].vertices
        at_first = corner[corner[:, 0] == x[0], 1]
        assert (at_first.min(), at_first.max()) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), rel=1e-6)


def test_group_lines_of_other_models(fit_of, drawn):
    three = fit_of("`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*region + u0\nb1 = g10")
    assert len(drawn(three.plot.group_lines(by="region"), "average")) == 3
    assert len(drawn(three.plot.group_lines(), "average")) == 1  # region has not two categories
    many = fit_of("`pain $` = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = g10", 600)
    ax = many.plot.group_lines()
    assert sum(len(lines.get_segments()) for lines in drawn(ax, "groups")) == 500
    assert "500 of 600 groups" in ax.get_legend().get_title().get_text()
    with pytest.raises(OptionError, match="no level-1 variable to draw lines along"):
        fit_of(INTERCEPT).plot.group_lines()


@pytest.mark.parametrize("n_groups", [5, 60])
def test_a_caterpillar_is_the_sorted_table(n_groups, fit_of, drawn):
    fit = fit_of(n_groups=n_groups)
    ax = fit.plot.caterpillar("b1", prob=0.8, ols=True)
    table = fit.group_coefficients(prob=0.8).xs("b1", level="coefficient").sort_values("mean")
    ((means,), (own,), (intervals,)) = (drawn(ax, gid) for gid in ("mean", "ols", "interval"))
    assert means.get_xdata() == pytest.approx(table["mean"].to_numpy())
    assert own.get_xdata() == pytest.approx(table["ols"].to_numpy(), nan_ok=True)
    ends = np.array([segment[:, 0] for segment in intervals.get_segments()])
    assert ends == pytest.approx(table[["lower", "upper"]].to_numpy())
    labels = [label.get_text().replace("\\", "") for label in ax.get_yticklabels()]
    assert labels == (table.index.tolist() if n_groups == 5 else [])
    assert ax.get_xlabel() == "b1, the slope of dose"


@pytest.mark.parametrize("kept", [True, False])
def test_a_caterpillar_of_many_groups_draws_some_along_their_order(kept, fit_of, drawn, monkeypatch):
    monkeypatch.setattr(caterpillar, "CROWDED", 50)
    monkeypatch.setattr(caterpillar, "DRAWN", 12)
    if not kept:
        monkeypatch.setattr(budget, "BUDGET_BYTES", 1000)
    fit = fit_of(n_groups=60)
    assert ("beta" in fit.posterior) is kept
    monkeypatch.setattr(budget, "BUDGET_BYTES", 2**30)
    table = fit.group_coefficients(prob=0.8).xs("b1", level="coefficient").sort_values("mean")
    ax = fit.plot.caterpillar("b1", prob=0.8, ols=True, highlight=[table.index[30]])
    (means,), (intervals,), (own,), (named,) = (drawn(ax, gid) for gid in ("mean", "interval", "ols", "highlight mean"))
    place = means.get_ydata()
    assert {0, 30, 59} < set(place.tolist())
    assert len(place) in (12, 13)
    some = table.iloc[place]
    assert means.get_xdata() == pytest.approx(some["mean"].to_numpy())
    assert own.get_xdata() == pytest.approx(some["ols"].to_numpy(), nan_ok=True)
    ends = np.array([segment[:, 0] for segment in intervals.get_segments()])
    assert ends == pytest.approx(some[["lower", "upper"]].to_numpy())
    assert named.get_xdata() == pytest.approx([table["mean"].iloc[30]])
    assert f"{len(place)} of 60 groups" in ax.get_legend().get_title().get_text()
    assert "60 groups" in ax.get_ylabel()


def test_shrinkage_arrows_lead_from_own_to_posterior(full, drawn):
    ax = full.plot.shrinkage("b0")
    table = full.group_coefficients().xs("b0", level="coefficient")
    known = table[table["ols"].notna()]
    (arrows,), (own,), (means,), (alone,) = (drawn(ax, gid) for gid in ("arrows", "ols", "mean", "alone"))
    assert own.get_ydata() == pytest.approx(known["ols"].to_numpy())
    assert means.get_ydata() == pytest.approx(known["mean"].to_numpy())
    assert arrows.XY[:, 1] + arrows.V == pytest.approx(known["mean"].to_numpy())
    assert alone.get_ydata() == pytest.approx(table.loc[table["ols"].isna(), "mean"].to_numpy())
    assert len(alone.get_ydata()) == 3  # the wards with one row
    sizes = np.array([1, 2, 6, 11])
    nearest = sizes[np.abs(np.log(own.get_xdata()[:, None] / sizes)).argmin(axis=1)]
    assert nearest.tolist() == known["n"].tolist()
    assert ax.get_xscale() == "log"


def test_equal_sizes_stand_side_by_side_and_stay_apart_from_others():
    n = np.array([4, 4, 4, 8, 8, 100])
    for logarithmic in (False, True):
        place = side_by_side(n, np.arange(6.0), logarithmic)
        assert len(set(place)) == 6
        assert (np.diff(np.sort(place[:3])) > 0).all()
        assert place[:3].max() < (np.sqrt(32) if logarithmic else 6) < place[3:].min()
    assert side_by_side(np.full(3, 7), np.array([2.0, 0.0, 1.0])) == pytest.approx([7 + 1 / 3, 7 - 1 / 3, 7])


def test_groups_of_one_of_several_sizes_are_strewn():
    """In the order of their estimates every size would draw the same curve, a sawtooth."""
    n, order = np.repeat([8, 9, 10], 40), np.tile(np.arange(40.0), 3)
    place = side_by_side(n, order)
    for size in (8, 9, 10):
        assert abs(np.corrcoef(place[n == size], order[n == size])[0, 1]) < 0.3


def test_one_size_has_one_tick():
    figure, ax = plt.subplots()
    size_axis(ax, np.full(6, 15))
    figure.canvas.draw()
    assert ax.get_xticks().tolist() == [15]
    _, ax = plt.subplots()
    ax.plot([15.5, 17.5], [0, 0])
    size_axis(ax, np.array([16, 17, 16]))
    assert (ax.get_xticks() % 1 == 0).all()


def test_all_arrows_are_inside_but_for_estimates_far_beyond():
    rng = np.random.default_rng(1)
    ols = rng.normal(size=40) * 3
    low, high = vertical_limits(ols / 4, ols)
    assert low < ols.min() < ols.max() < high
    low, high = vertical_limits(ols / 4, np.append(ols, 1e6))
    assert low < ols.min() < ols.max() < high < 100


def test_highlighted_groups_are_colored_and_named(full, drawn):
    groups = full.model.design.group_labels
    ax = full.plot.caterpillar("b0", highlight=[groups[1], groups[2]])
    (bars,) = drawn(ax, "highlight")
    assert len(bars.get_segments()) == 2
    with pytest.raises(OptionError, match="there is no ward 'nowhere'"):
        full.plot.caterpillar("b0", highlight=["nowhere"])


def test_beta_space_draws_what_was_computed(full, drawn):
    ax = full.plot.beta_space(prob=0.9)
    design = full.model.design
    space = beta_space(Draws(full.posterior, design), ("b0", "b1"), level2_variables(design)["urban"], prob=0.9)
    for k in (0, 1):
        here = space.codes == k
        assert drawn(ax, "eb")[k].get_xydata() == pytest.approx(space.eb[here])
        own = space.ols[here]
        assert drawn(ax, "ols")[k].get_xydata() == pytest.approx(own[np.isfinite(own).all(axis=1)])
        assert drawn(ax, "G")[k].get_xydata() == pytest.approx(space.G[k].points())
        assert drawn(ax, "mean")[k].get_xydata()[0] == pytest.approx(space.means[k].center)
    assert len(drawn(ax, "sampling ellipses")[0].get_segments()) == np.isfinite(space.ols[:, 0]).sum()
    for method in ("pooled", "within", "between"):
        points = np.concatenate([mark.get_xydata() for mark in drawn(ax, method)])
        assert points == pytest.approx(space.methods.loc[method].to_numpy())
    assert ax.get_ylabel() == "b1, the slope of dose"


def test_beta_space_asks_for_two_of_several(fit_of):
    fit = fit_of(THREE, sizes=(1, 3, 8))
    with pytest.raises(OptionError, match=r'pass x="..." and y="...", two of b0, b1, b2'):
        fit.plot.beta_space()
    ax = fit.plot.beta_space("dose", "age")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b1, the slope of dose", "b2, the slope of cwc(age)")
    with pytest.raises(OptionError, match="x and y are both b1"):
        fit.plot.beta_space("b1", "dose")
    with pytest.raises(OptionError, match="only b0 has one"):
        fit_of(INTERCEPT).plot.beta_space()


def test_figures_of_groups_whose_draws_were_not_kept(fit_of, monkeypatch, drawn):
    kept = fit_of()
    monkeypatch.setattr(budget, "BUDGET_BYTES", 1000)
    fit = fit_of()
    assert "beta" not in fit.posterior
    table = fit.group_coefficients().xs("b0", level="coefficient").sort_values("mean")
    ax = fit.plot.caterpillar("b0")
    assert drawn(ax, "mean")[0].get_xdata() == pytest.approx(table["mean"].to_numpy())
    ends = np.array([segment[:, 0] for segment in drawn(ax, "interval")[0].get_segments()])
    assert ends == pytest.approx(table[["lower", "upper"]].to_numpy())
    for name in ("group_lines", "beta_space", "plausible_ranges"):
        getattr(fit.plot, name)()
    fit.plot.shrinkage("b1")
    assert "beta" in kept.posterior
