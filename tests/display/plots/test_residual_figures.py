"""Figures of residuals, of rows and of groups."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from bayeshlm.checks.order_statistics import binned_means
from bayeshlm.errors import OptionError

SLOPE = "`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*region + u0\nb1 = g10 + u1"


def test_residuals_of_rows_against_what_is_fitted_and_normal_quantiles(full, drawn):
    table = full.residuals(1).table
    against, quantiles = full.plot.residuals()
    points = drawn(against, "points")[0].get_xydata()
    assert points == pytest.approx(table[["fitted", "standardized"]].to_numpy())
    assert against.get_xlabel() == r"fitted pain \$"
    assert drawn(against, "means") == []
    x, y = drawn(quantiles, "values")[0].get_xydata().T
    assert y == pytest.approx(np.sort(table["standardized"]))
    assert x == pytest.approx(scipy.stats.norm.ppf((np.arange(len(y)) + 0.5) / len(y)))


def test_residuals_of_rows_against_a_variable_have_their_means_in_bins(full):
    found = full.residuals(1)
    against, _ = full.plot.residuals(x="dose", residuals=found)
    dose, z = full.model.design.frame["dose"].to_numpy(), found.table["standardized"].to_numpy()
    (container,) = against.containers
    at, mean, se = binned_means(dose, z, len(z) // 10)
    assert container.lines[0].get_xydata() == pytest.approx(np.column_stack([at, mean]))
    bars = np.array(container.lines[2][0].get_segments())
    assert bars[:, :, 1] == pytest.approx(np.column_stack([mean - 2 * se, mean + 2 * se]))
    assert against.get_xlabel() == "dose"


def test_residuals_of_groups_against_normal_and_chi_square_quantiles(full, drawn, named):
    found = full.residuals(2)
    panels = full.plot.residuals(2)
    for panel, effect in zip(panels, ("u0", "u1"), strict=False):
        z = found.table.xs(effect, level="random")["standardized"].dropna()
        assert drawn(panel, "values")[0].get_ydata() == pytest.approx(np.sort(z))
        assert panel.get_ylabel() == f"standardized {effect}"
    table = found.distances
    assert set(table["df"]) == {1, 2}  # wards with one row tell one effect only
    expected = np.where(table["df"] == 2, table["plug_in"], scipy.stats.chi2.isf(table["p_chi2"], 2))
    x, y = drawn(panels[2], "values")[0].get_xydata().T
    assert y == pytest.approx(np.sort(expected))
    assert x == pytest.approx(scipy.stats.chi2.ppf((np.arange(12) + 0.5) / 12, 2))
    assert named(panels[2]) == []


def test_groups_too_far_out_are_named_where_they_lie(full, named):
    found = full.residuals(2)
    distances = found.distances.copy()
    far = distances.index[[3, 5]]
    distances.loc[far, "p_holm"] = 0.01
    panel = full.plot.residuals(residuals=dataclasses.replace(found, distances=distances))[2]
    assert sorted(named(panel)) == sorted(far)
    ends = {text.get_text().replace("\\", ""): text.xy[1] for text in panel.texts}
    assert ends[far[0]] == pytest.approx(distances.loc[far[0], "plug_in"])


@pytest.mark.slow
def test_residuals_of_groups_against_level_2_variables(fit_of, full, drawn):
    fit = fit_of(SLOPE, 30)
    found = fit.residuals(2)
    panels = fit.plot.residuals(2, x="region", residuals=found)
    region = fit.model.design.frame.groupby("ward", sort=False)["region"].first()
    for panel, effect in zip(panels, ("u0", "u1"), strict=True):
        u = found.table.xs(effect, level="random")["mean"]
        assert drawn(panel, "points")[0].get_ydata() == pytest.approx(u.to_numpy())
        means = u.groupby(region.loc[u.index].to_numpy()).mean()
        (container,) = panel.containers
        assert container.lines[0].get_ydata() == pytest.approx(means.to_numpy())
        assert [label.get_text() for label in panel.get_xticklabels()] == means.index.tolist()
    of_size = pd.Series(full.model.design.n_per_group, full.model.design.group_labels, name="patients")
    panel = full.plot.residuals(2, x=of_size.iloc[::-1])[0]
    assert drawn(panel, "points")[0].get_xdata() == pytest.approx(of_size.to_numpy())
    assert panel.get_xlabel() == "patients"
    beds = full.plot.residuals(2, x="beds")[1]
    first = full.model.design.frame.groupby("ward", sort=False)["beds"].first()
    assert drawn(beds, "points")[0].get_xdata() == pytest.approx(first.loc[full.model.design.group_labels].to_numpy())


def test_what_residual_figures_refuse(full):
    with pytest.raises(OptionError, match="level is 1"):
        full.plot.residuals(3)
    with pytest.raises(OptionError, match="no level-2 variable in question"):
        full.plot.residuals(2, x="age")
    labels = full.model.design.group_labels
    series = pd.Series(1.0, labels, name="staff")
    with pytest.raises(OptionError, match="for level=2"):
        full.plot.residuals(1, x=series)
    with pytest.raises(OptionError, match=rf"\(staff\) has no number for ward ward \${str(labels[0])[6:]}: index it"):
        full.plot.residuals(2, x=series.iloc[1:])
    with pytest.raises(OptionError, match="must hold numbers"):
        full.plot.residuals(2, x=series.astype(object).replace(1.0, "many"))
    with pytest.raises(OptionError, match="every ward once"):
        full.plot.residuals(2, x=pd.concat([series, series]))
