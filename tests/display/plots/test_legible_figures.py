"""Figures that can be read whatever groups, categories and numbers are called and how large they are."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.display.plots.figure_style import distinct, short, style, styled
from bayeshlm.display.plots.ticks import PowerFormatter, legible_ticks
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

SCHOOLS = ("Städtisches Gymnasium am Alten Rathausplatz {} in Großröhrsdorf", "北京市第{}中学校附属实验学校")
TYPES = ("Public comprehensive secondary school", "Private denominational school (Catholic)")
TRACKS = ("vocational: agriculture, forestry, fishery", "general academic", "arts (music, dance, drama, visual)")
EQUATIONS = """`annual household income (US$)` = b0 + b1*cwc(`socio-economic status`) + b2*C(track) + r
b0 = g00 + g01*C(`type of school`) + u0
b1 = g10 + g11*C(`type of school`) + u1
b2 = g20"""


@pytest.fixture(scope="module")
def made(fake_draws):
    """``made(n_groups, scale)``: a fit of invented draws of data with long names and numbers of this size."""

    def make(n_groups: int, scale: float = 1.0) -> hlm.Fit:
        rng = np.random.default_rng(n_groups)
        group = np.repeat(np.arange(n_groups), np.resize([1, 3, 9], n_groups))
        n = len(group)
        names = np.array([SCHOOLS[k % 2].format(k) for k in range(n_groups)], dtype=object)
        types = np.array(TYPES, dtype=object)[np.resize([0, 1], n_groups)]
        frame = pd.DataFrame({"school": names[group], "type of school": types[group]})
        frame["track"] = np.array(TRACKS, dtype=object)[rng.permutation(np.resize([0, 1, 2], n))]
        frame["socio-economic status"] = rng.normal(size=n)
        frame["annual household income (US$)"] = scale * rng.normal(size=n)
        model = hlm.Model(EQUATIONS, frame, "school")
        raw = fake_draws(model.design, 2, 50)
        return hlm.Fit(
            model, to_datatree(raw, model.design, model.priors, sampling_options(draws=50, chains=2, seed=1))
        )

    return make


@pytest.fixture(scope="module")
def five(made):
    return made(5)


def drawn_boxes(ax, axis):
    """Boxes of the labels of an axis that are seen."""
    figure = ax.get_figure(root=True)
    figure.canvas.draw()
    low, high = sorted(axis.get_view_interval())
    seen = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high and tick.label1.get_text()]
    return [text.get_window_extent() for text in seen]


def overlap(boxes):
    return any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


@pytest.mark.parametrize(
    ("width", "span"),
    [
        (1.6, (-1.6e-4, -1e-5)),
        (1.6, (-1.4e-3, 4e-4)),
        (1.6, (-12345.6, -12340.1)),
        (2.4, (-295.2, -281.9)),
        (3.5, (-1.2e-3, 2e-4)),
    ],
)
def test_labels_of_ticks_do_not_touch(width, span):
    """They do with the ticks of matplotlib."""
    boxes = {}
    for ours in (False, True):
        with style():
            figure, ax = plt.subplots(figsize=(width, 1.2), layout="constrained")
            ax.tick_params(labelsize=7)
            ax.plot(span, [0, 1])
            if ours:
                legible_ticks(ax)
        boxes[ours] = drawn_boxes(ax, ax.xaxis)
        plt.close(figure)
    assert overlap(boxes[False])
    assert not overlap(boxes[True])
    assert len(boxes[True]) >= 2


def test_powers_of_ten_stand_with_each_label_and_not_at_the_end_of_the_axis():
    figure, ax = plt.subplots()
    ax.plot([-2e7, 2e7], [0, 1])
    legible_ticks(ax)
    figure.canvas.draw()
    formatter = ax.xaxis.get_major_formatter()
    assert formatter.format_ticks([-1e7, 0.0, 2e7]) == ["−1×10⁷", "0", "2×10⁷"]
    assert formatter.get_offset() == ax.xaxis.get_offset_text().get_text() == ""
    assert formatter.format_data_short(2e7).strip() != ""
    ax.set_xlim(-2e-5, 2e-5)
    assert formatter.format_ticks([1e-5, 2e-5]) == ["1×10⁻⁵", "2×10⁻⁵"]
    ax.set_xlim(0, 10)
    assert formatter.format_ticks([0.0, 5.0]) == ["0", "5"]
    plt.close(figure)


def test_ticks_of_the_users_own_stay():
    figure, ax = plt.subplots()
    ax.set_xticks([0.0, 0.5], ["none", "half"])
    ax.set_yscale("log")
    before = ax.xaxis.get_major_formatter(), ax.yaxis.get_major_formatter(), ax.yaxis.get_major_locator()
    styled(lambda: ax)()
    assert before == (ax.xaxis.get_major_formatter(), ax.yaxis.get_major_formatter(), ax.yaxis.get_major_locator())
    assert not isinstance(before[1], PowerFormatter)
    plt.close(figure)


def test_names_that_would_look_alike_show_where_they_differ():
    names = [SCHOOLS[0].format(k) for k in (1, 11, 12, 112)]
    assert len({short(name, 20) for name in names}) == 1
    shown = distinct(names, 20)
    assert len(set(shown)) == 4
    assert [f"…{k} in" in one for k, one in zip((1, 11, 12, 112), shown, strict=True)] == [True] * 4
    assert distinct([*names, "Lincoln"], 20) == [*shown, "Lincoln"]
    long = ["9" * 40 + end for end in "12"] + ["9" * 39 + "21"]
    assert len(set(distinct(long, 12))) == 3
    assert distinct(["a" * 30, "a" * 31], 12)[0] != distinct(["a" * 30, "a" * 31], 12)[1]
    assert distinct(["same " * 9] * 2, 12) == [short("same " * 9, 12)] * 2


def test_marks_stay_with_their_letters():
    assert short("e\N{COMBINING ACUTE ACCENT}" * 5, 5) == "é" * 5
    hebrew = "\N{HEBREW LETTER SHIN}\N{HEBREW POINT QAMATS}" * 12
    assert all(not part.startswith("\N{HEBREW POINT QAMATS}") for part in short(hebrew, 7).split("…"))


@pytest.mark.parametrize("name", ["caterpillar", "ranks"])
def test_groups_of_an_axis_have_names_of_their_own(name, made):
    ax = getattr(made(40).plot, name)("b0")
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert len(set(labels)) == 40
    assert not overlap(drawn_boxes(ax, ax.yaxis))
    plt.close(ax.figure)


def test_few_groups_have_room_for_their_names(five):
    ax = five.plot.caterpillar("b1", ols=True)
    assert not overlap(drawn_boxes(ax, ax.yaxis))
    plt.close(ax.figure)


def test_own_estimates_far_out_do_not_press_the_intervals(made, drawn):
    fit = made(160)
    ax = fit.plot.caterpillar("b1", prob=0.5, ols=True)
    table = fit.group_coefficients(0.5).xs("b1", level="coefficient")
    low, high = ax.get_xlim()
    own = table["ols"].dropna()
    beyond = sum(len(artist.get_xdata()) for artist in drawn(ax, "beyond"))
    assert beyond == ((own < low) | (own > high)).sum() > 0
    assert table["lower"].min() >= low
    assert table["upper"].max() <= high
    assert high - low < 3.5 * (table["upper"].max() - table["lower"].min())
    assert f"farther out ({beyond})" in [text.get_text() for text in ax.get_legend().get_texts()]
    plt.close(ax.figure)


def test_a_row_of_panels_is_as_high_as_what_stands_in_it(five):
    axes = five.model.plot.data("socio-economic status")
    figure = axes[0].figure
    figure.canvas.draw()
    assert all(panel.get_window_extent().height > 0.5 * figure.dpi for panel in axes)
    assert figure.get_window_extent().containsy(figure._supylabel.get_window_extent().y1)
    plt.close(figure)


@pytest.mark.parametrize(
    "figure",
    [
        lambda plot: plot.interaction("socio-economic status", by="type of school")[1],
        lambda plot: plot.comparisons("track"),
        lambda plot: plot.comparisons("track", by="type of school"),
        lambda plot: plot.predictions("track"),
    ],
)
def test_categories_of_an_axis_do_not_overlap(figure, five):
    ax = figure(five.plot)
    for axis in (ax.xaxis, ax.yaxis):
        assert not overlap(drawn_boxes(ax, axis))
    plt.close(ax.figure)


def test_a_contrast_names_both_categories(five):
    ax = five.plot.comparisons("track")
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "general academic -\narts (music…a, visual)",
        "vocational:…y, fishery -\narts (music…a, visual)",
    ]
    alone = five.plot.comparisons("type of school")
    assert "\n" in alone.get_yticklabels()[0].get_text()
    assert "Catholic" not in alone.get_xlabel()
    plt.close("all")


@pytest.mark.parametrize(
    "figure",
    [
        lambda plot: plot.predictions("type of school", at={"socio-economic status": [-2.0, -1.0, 0.0, 1.0]}),
        lambda plot: plot.group_lines(),
        lambda plot: plot.beta_space(),
        lambda plot: plot.prior_sensitivity(),
        lambda plot: plot.shrinkage("b0"),
    ],
)
def test_legends_end_inside_of_the_figure(figure, made):
    ax = figure(made(40, 2.5e6).plot)
    whole = ax.figure
    whole.canvas.draw()
    assert ax.get_legend().get_window_extent().x1 <= whole.get_window_extent().x1 + 0.02 * whole.dpi
    plt.close(whole)


def test_names_of_parameters_do_not_run_into_each_other(five):
    axes = five.plot.cross_check()
    axes[0].figure.canvas.draw()
    assert not overlap([panel.xaxis.label.get_window_extent() for panel in axes])
    plt.close(axes[0].figure)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["trace", "rank"])
def test_titles_of_arviz_panels_do_not_run_into_each_other(name, five):
    figure = getattr(five.plot, name)().viz["figure"].item()
    figure.canvas.draw()
    titles = [ax.title for ax in figure.axes if ax.title.get_text()]
    assert len(titles) == len(five.model.design.fixed_labels) + 4
    assert not overlap([title.get_window_extent() for title in titles])
    plt.close(figure)
