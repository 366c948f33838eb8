"""Figures of average predictions, comparisons and slopes: what is drawn is the table."""

import numpy as np
import pytest

from bayeshlm.errors import OptionError


def test_a_line_along_a_number_and_its_band(full, drawn):
    ax = full.plot.predictions(at={"dose": "grid", "urban": [0, 1]}, prob=0.8)
    table = full.predictions(at={"dose": "grid", "urban": [0, 1]}, prob=0.8).table
    lines, bands = drawn(ax, "mean"), drawn(ax, "band")
    assert len(lines) == len(bands) == 2
    for urban, line in zip((0.0, 1.0), lines, strict=True):
        part = table.xs(urban, level="urban")
        assert line.get_xdata() == pytest.approx(part.index.to_numpy())
        assert line.get_ydata() == pytest.approx(part["mean"].to_numpy())
    title = ax.get_legend().get_title().get_text()
    assert title == "over rows and all groups, 80% interval\nurban"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("dose", r"pain \$")


def test_a_slope_along_a_number_marks_where_zero_is_left_out(full, drawn):
    ax = full.plot.slopes("dose", at={"beds": "grid"})
    found = full.slopes("dose", at={"beds": "grid"})
    regions = drawn(ax, "region")
    assert len(regions) == len(found.regions) > 0
    for patch, (start, end) in zip(regions, found.regions, strict=True):
        assert (patch.get_x(), patch.get_x() + patch.get_width()) == pytest.approx((start, end))
    assert drawn(ax, "zero")[0].get_ydata() == [0, 0]


def test_points_of_categories(fit_of, drawn):
    fit = fit_of("`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*region + g02*urban + u0\nb1 = g10")
    ax = fit.plot.comparisons("region")
    table = fit.comparisons("region").table
    ((means,), (intervals,)) = (drawn(ax, gid) for gid in ("mean", "interval"))
    assert means.get_xdata() == pytest.approx(table["mean"].to_numpy())
    ends = np.array(intervals.get_segments())[:, :, 0]
    assert ends == pytest.approx(table[["lower", "upper"]].to_numpy())
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["south - north", "west - north"]
    both = fit.plot.comparisons("region", at={"urban": [0, 1]}, groups="same")
    names = [label.get_text() for label in both.get_yticklabels()]
    assert names[0] == "south - north\nurban = 0"
    assert "their own groups" in both.get_legend().get_title().get_text()
    alone = fit.plot.predictions()
    assert alone.get_xlabel() == "pain \\$"
    assert len(alone.get_yticks()) == 0


def test_a_ratio_needs_a_positive_outcome(full):
    with pytest.raises(OptionError, match="a ratio of expected outcomes has no meaning"):
        full.plot.comparisons("urban", ratio=True)


@pytest.mark.parametrize("n_groups", [5, 60])
def test_ranks_are_intervals_in_the_order_of_expected_ranks(n_groups, fit_of, drawn):
    fit = fit_of(n_groups=n_groups)
    ax = fit.plot.ranks("b1", prob=0.8)
    table = fit.ranks("b1", prob=0.8).table
    ((marks,), (intervals,)) = (drawn(ax, gid) for gid in ("rank", "interval"))
    assert marks.get_xdata() == pytest.approx(table["rank"].to_numpy())
    assert marks.get_ydata().tolist() == list(range(n_groups - 1, -1, -1))
    assert np.array(intervals.get_segments())[:, :, 0] == pytest.approx(table[["lower", "upper"]].to_numpy())
    names = [label.get_text() for label in ax.get_yticklabels()]
    if n_groups == 5:
        assert names[::-1] == [label.replace("$", r"\$") for label in table.index]
    else:
        assert ax.get_ylabel() == "60 groups (ward), ordered"
    common = drawn(ax, "all")
    assert len(common) == (table["lower"].max() < table["upper"].min())
