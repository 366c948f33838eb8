import numpy as np
import pytest

from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level2_variables import level2_variables
from bayeshlm.quantities.simple_slopes import find_moderator, simple_slopes


def test_lines_and_slopes_of_a_number(full, drawn):
    left, right = full.plot.interaction("dose", "beds")
    design, gamma = full.model.design, full.posterior["gamma"]
    found = level2_variables(design)
    beds, urban = found["beds"].numbers, found["urban"].numbers.mean()
    values = [beds.mean() - beds.std(ddof=1), beds.mean(), beds.mean() + beds.std(ddof=1)]
    averages = drawn(left, "average")
    assert len(averages) == 3
    g = {label: float(gamma.sel(fixed=label).mean()) for label in design.fixed_labels}
    for line, value in zip(averages, values, strict=True):
        x, y = line.get_xydata().T
        height = g["g00"] + g["g01"] * urban + g["g02"] * value
        assert y == pytest.approx(height + (g["g10"] + g["g11"] * urban + g["g12"] * value) * x)
    slopes = simple_slopes(Draws(full.posterior, design), "b1", find_moderator(design, "b1", "beds"))
    assert drawn(right, "mean")[0].get_ydata() == pytest.approx(slopes.table["mean"].to_numpy())
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in drawn(right, "region")]
    assert np.array(spans) == pytest.approx(np.array(slopes.regions))
    assert sorted(drawn(right, "groups")[0].get_xdata()) == pytest.approx(sorted(beds))
    assert (left.get_xlabel(), right.get_xlabel(), right.get_ylabel()) == ("dose", "beds", "slope of dose")


def test_lines_and_slopes_of_categories(fit_of, drawn):
    fit = fit_of("`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*region + u0\nb1 = g10 + g11*region")
    left, right = fit.plot.interaction()
    g = {label: float(fit.posterior["gamma"].sel(fixed=label).mean()) for label in fit.model.design.fixed_labels}
    expected = [g["g10"], g["g10"] + g["g11[south]"], g["g10"] + g["g11[west]"]]
    assert [mark.get_ydata()[0] for mark in drawn(right, "mean")] == pytest.approx(expected)
    assert [label.get_text() for label in right.get_xticklabels()] == ["north", "south", "west"]
    assert len(drawn(left, "average")) == 3
    names = [text.get_text() for text in left.get_legend().get_texts()]
    assert names == ["region = north", "region = south", "region = west"]
    with pytest.raises(OptionError, match="region has categories"):
        fit.plot.interaction(values=[1, 2])


def test_values_that_are_given(full, drawn):
    left, _ = full.plot.interaction("b1", "urban", values=[0, 0.5])
    assert len(drawn(left, "average")) == 2
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["urban = 0.00", "urban = 0.50"]


def test_what_cannot_be_drawn(full, fit_of):
    with pytest.raises(OptionError, match=r'pass by="\.\.\.", one of urban, beds'):
        full.plot.interaction()
    with pytest.raises(OptionError, match="no cross-level interaction"):
        fit_of("`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1").plot.interaction()
    with pytest.raises(OptionError, match="this figure has 2 panels"):
        full.plot.interaction(by="beds", ax=[None])
