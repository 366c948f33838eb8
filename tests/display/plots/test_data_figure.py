import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.display.plots import data as data_figures
from bayeshlm.errors import OptionError
from bayeshlm.methods.own_lines import own_lines

SLOPE = "`pain $` = b0 + b1*cwc(dose) + r\nb0 = g00 + g01*urban + u0\nb1 = g10"


def group_of(panel):
    return panel.get_title().replace("\\", "").partition("(n=")[0].rstrip()


def test_every_panel_holds_the_rows_and_the_line_of_its_group(wards, drawn):
    data = wards(12)
    model = hlm.Model(SLOPE, data, "ward")
    panels = model.plot.data()
    assert sorted(map(group_of, panels)) == sorted(data["ward"].unique())
    design = model.design
    lines = own_lines(data["dose"].to_numpy(), design.y, design.group_codes, 12)
    for panel in panels:
        rows = data[data["ward"] == group_of(panel)]
        (points,) = drawn(panel, "rows")
        assert points.get_xydata() == pytest.approx(rows[["dose", "pain $"]].to_numpy())  # dose as the data have it
        found = drawn(panel, "line")
        assert len(found) == (len(rows) > 1)
        if found:
            height, slope = lines[list(design.group_labels).index(group_of(panel))]
            x, y = found[0].get_xydata().T
            assert y == pytest.approx(height + slope * x)
            assert (x[0], x[1]) == (rows["dose"].min(), rows["dose"].max())


def test_of_many_groups_some_are_drawn_and_the_title_says_which(wards):
    model = hlm.Model(SLOPE, wards(500), "ward")
    panels = model.plot.data()
    sizes = [int(panel.get_title().partition("n=")[2].rstrip(")")) for panel in panels]
    assert len(panels) == 30
    assert sizes == sorted(sizes)
    assert set(sizes) == {1, 2, 6, 11}
    (legend,) = panels[0].figure.legends
    expected = "30 of 500 groups (ward), evenly chosen by size; own least-squares lines"
    assert legend.get_title().get_text() == expected
    by_label = model.plot.data(groups=3, order="label")
    assert [group_of(panel) for panel in by_label] == [model.design.group_labels[j] for j in (0, 250, 499)]


def test_without_a_slope_the_rows_stand_by_group_in_the_order_of_their_means(wards, drawn):
    data = wards(12)
    (panel,) = hlm.Model("`pain $` = b0 + r\nb0 = g00 + u0", data, "ward").plot.data()
    means = data.groupby("ward")["pain $"].mean().sort_values()
    (marks,) = drawn(panel, "means")
    found = dict(marks.get_xydata())
    assert [found[k] for k in range(12)] == pytest.approx(means.tolist())
    (rows,) = drawn(panel, "rows")
    assert len(rows.get_xdata()) == len(data)
    assert [label.get_text().replace("\\", "") for label in panel.get_xticklabels()] == means.index.tolist()


def test_on_the_users_axes(wards):
    _, grid = plt.subplots(3, 4)
    found = hlm.Model(SLOPE, wards(12), "ward").plot.data(ax=grid)
    assert found == list(grid.ravel())
    assert found[0].get_xlabel() == "dose"
    plt.close("all")


@pytest.mark.slow
def test_several_variables_must_be_told_apart(wards):
    text = "`pain $` = b0 + b1*dose + b2*age + b3*sex + r\nb0 = g00 + u0\nb1 = g10\nb2 = g20\nb3 = g30"
    model = hlm.Model(text, wards(12), "ward")
    with pytest.raises(OptionError, match=r'pass x="...", one of b1 \(dose\), b2 \(age\), b3\[m\] \(sex\)'):
        model.plot.data()
    assert model.plot.data("age", groups=2)[0].figure.get_supxlabel() == "age"
    indicator = model.plot.data("b3[m]", groups=2)[0]
    assert indicator.figure.get_supxlabel() == "sex[m]"
    assert set(indicator.lines[0].get_xdata()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": "name"}, "order='name' is unknown"),
        ({"groups": 0}, "groups=0 must be"),
        ({"by": "beds"}, "by='beds'"),
        ({"ax": [1, 2]}, "12 panels"),
    ],
)
def test_wrong_arguments(wards, arguments, message):
    with pytest.raises(OptionError, match=message):
        hlm.Model(SLOPE, wards(12), "ward").plot.data(**arguments)


def test_text_of_the_users_is_no_formula(wards):
    (panel, *_) = hlm.Model(SLOPE, wards(5), "ward").plot.data()
    panel.figure.canvas.draw()
    assert panel.figure.get_supylabel() == r"pain \$"
    assert np.isfinite(panel.get_position().bounds).all()


def test_of_very_many_rows_some_are_drawn_and_it_is_said(wards, drawn, monkeypatch):
    monkeypatch.setattr(data_figures, "MOST_ROWS", 20)
    monkeypatch.setattr(data_figures, "MOST_IN_PANEL", 8)
    data = wards(12)
    (panel,) = hlm.Model("`pain $` = b0 + r\nb0 = g00 + u0", data, "ward").plot.data()
    assert len(drawn(panel, "rows")[0].get_xdata()) == 20
    assert panel.get_legend().get_title().get_text() == f"20 of {len(data)} rows"
    panels = hlm.Model(SLOPE, data, "ward").plot.data()
    assert max(len(drawn(panel, "rows")[0].get_xdata()) for panel in panels) == 8
    assert panels[0].figure.legends[0].get_title().get_text().endswith("at most 8 rows a panel")
