"""Figures of the checks: predictive checks, leaving out, influence, prior sensitivity."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bayeshlm.checks.power_scaling import CONFLICT, NEITHER, WEAK
from bayeshlm.checks.predictive_modes import MODES
from bayeshlm.display.plots.influence_figure import shown_p
from bayeshlm.display.plots.named_points import MOST_NAMED, apart
from bayeshlm.display.plots.predictive_check_figure import FARTHEST, REPLICATES
from bayeshlm.display.shown_predictive_check import statistic_name
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.quantities.density import density

INTERCEPT = "`pain $` = b0 + r\nb0 = g00 + u0"


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_statistics_stand_in_sds_of_their_replicates(full, drawn):
    check = full.predictive_check(seed=4, prob=0.9)
    table = check.table.copy()
    table.loc[("same", "max"), "observed"] = table.loc[("same", "max"), "mean"] + 9 * table.loc[("same", "max"), "sd"]
    panels = full.plot.predictive_check(dataclasses.replace(check, table=table))
    for panel, mode in zip(panels, MODES, strict=True):
        part = table.loc[mode]
        rows = np.arange(len(part))[::-1]
        segments = np.array(drawn(panel, "interval")[0].get_segments())
        expected = part[["lower", "upper"]].sub(part["mean"], axis=0).div(part["sd"], axis=0).to_numpy()
        assert segments[:, :, 0] == pytest.approx(expected)
        assert segments[:, 0, 1] == pytest.approx(rows)
        z = ((part["observed"] - part["mean"]) / part["sd"]).to_numpy()
        marks = drawn(panel, "observed o") + drawn(panel, "observed D") + drawn(panel, "beyond")
        points = np.concatenate([mark.get_xydata() for mark in marks])
        points = points[np.argsort(-points[:, 1])]
        assert points[:, 0] == pytest.approx(np.clip(z, -FARTHEST, FARTHEST))
        notable = drawn(panel, "observed D")[0].get_ydata()
        inside = (np.abs(z) <= FARTHEST) & (part["p_two_sided"] < 0.05).to_numpy()
        assert sorted(notable) == sorted(rows[inside])
    assert [label.get_text() for label in panels[0].get_yticklabels()] == list(
        map(statistic_name, table.loc["same"].index)
    )
    assert len(drawn(panels[0], "beyond")[1].get_xdata()) == 1
    assert [panel.get_title() for panel in panels] == ["new rows in the same groups", "new groups"]


def test_replicated_outcomes_and_group_means_stand_beside_the_observed(full, drawn):
    check = full.predictive_check(seed=4)
    design = full.model.design
    density_panels = full.plot.predictive_check(check, "outcome")
    mean_panels = full.plot.predictive_check(check, "means")
    observed = density(design.y)
    for mode, curves, shares in zip(MODES, density_panels, mean_panels, strict=True):
        y = check.idata[MODES[mode]]["y"].to_numpy().reshape(-1, design.n_obs)
        assert drawn(curves, "observed")[0].get_xydata() == pytest.approx(np.column_stack([observed.x, observed.y]))
        segments = drawn(curves, "replicated")[0].get_segments()
        assert len(segments) == min(REPLICATES, len(y))
        last = density(y[-1])
        assert np.array(segments[-1]) == pytest.approx(np.column_stack([last.x, last.y]))
        line = drawn(shares, "observed")[0]
        means = pd.Series(design.y).groupby(design.group_codes).mean().sort_values().to_numpy()
        assert line.get_xdata()[::2] == pytest.approx(means)
        assert line.get_ydata()[1::2] == pytest.approx(np.arange(1, 13) / 12)
        first = np.sort(pd.Series(y[0]).groupby(design.group_codes).mean().to_numpy())
        assert np.array(drawn(shares, "replicated")[0].get_segments()[0])[::2, 0] == pytest.approx(first)
    with pytest.raises(OptionError, match='write "statistics", "outcome" or "means"'):
        full.plot.predictive_check(check, "density")


def test_the_seed_of_a_predictive_figure(full, drawn):
    given = full.plot.predictive_check(full.predictive_check(seed=8))[1]
    made = full.plot.predictive_check(seed=8)[1]
    assert drawn(made, "observed o")[0].get_xydata() == pytest.approx(drawn(given, "observed o")[0].get_xydata())


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["group", "row"])
def test_elpd_and_pareto_k_of_every_unit(unit, full, drawn, named):
    loo = full.loo(unit, exact=False)
    elpd_panel, k_panel = full.plot.loo(unit=unit)
    bad = (loo.pointwise["pareto_k"] > loo.threshold).to_numpy()
    for panel, name in ((elpd_panel, "elpd"), (k_panel, "pareto_k")):
        values = loo.pointwise[name].to_numpy()
        assert drawn(panel, "good")[0].get_ydata() == pytest.approx(values[~bad])
        assert drawn(panel, "bad")[0].get_ydata() == pytest.approx(values[bad])
    assert drawn(k_panel, "threshold")[0].get_ydata() == pytest.approx([loo.threshold] * 2)
    assert elpd_panel.get_ylabel() == ("elpd of the ward" if unit == "group" else "elpd of the row")
    worst = loo.bad.index[:MOST_NAMED].tolist()
    if unit == "group":
        assert sorted(named(k_panel)) == sorted(worst)
    else:
        assert [int(name.split()[1]) for name in sorted(named(k_panel))] == sorted(worst, key=str)


def test_units_fitted_anew_are_marked_and_no_longer_bad(full, drawn, named):
    loo = full.loo("group", exact=False)
    k = loo.pointwise["pareto_k"].copy()
    k[:] = 0.2
    k[[2, 4]] = np.array([0.9, np.nan])
    refitted = loo.pointwise["refitted"].copy()
    refitted[2] = True
    made = dataclasses.replace(loo, pointwise=loo.pointwise.assign(pareto_k=k, refitted=refitted))
    elpd_panel, k_panel = full.plot.loo(made)
    assert drawn(k_panel, "refitted")[0].get_ydata() == pytest.approx([0.9])
    assert drawn(elpd_panel, "bad")[0].get_ydata() == pytest.approx([float(loo.pointwise["elpd"][4])])
    assert named(k_panel) == [loo.pointwise["ward"].to_numpy()[4]]
    assert "not trustworthy: 1 of 12 groups" in legend_of(elpd_panel)


def test_many_bad_units_are_named_in_part_and_the_rest_counted(fit_of, drawn, named):
    fit = fit_of(n_groups=40)
    loo = fit.loo("group", exact=False)
    k = loo.pointwise["pareto_k"] * 0 + np.linspace(0.75, 1.5, 40)
    elpd_panel, k_panel = fit.plot.loo(dataclasses.replace(loo, pointwise=loo.pointwise.assign(pareto_k=k)))
    assert sorted(named(k_panel)) == sorted(loo.pointwise["ward"].to_numpy()[-MOST_NAMED:])
    assert "not trustworthy: 40 of 40 groups, 32 more not named" in legend_of(elpd_panel)


def test_influence_on_every_parameter_and_cooks_distance(full, drawn, named):
    found = full.influence()
    changes, conflict = full.plot.influence()
    change = found.posterior["change"]
    outlying = change["ward"].isin(found.outlying.index).to_numpy()
    names = [label.get_text() for label in changes.get_yticklabels()]
    assert names == change["parameter"].to_numpy().tolist()
    for gid, which in (("change", ~outlying), ("change of outlying", outlying)):
        for k, line in enumerate(drawn(changes, gid)):
            assert line.get_xdata() == pytest.approx(change.isel(parameter=k).to_numpy()[which])
            assert set(line.get_ydata()) <= {len(names) - 1 - k}
    most = np.abs(change).argmax("ward").to_numpy()
    assert named(changes) == [change["ward"].to_numpy()[j] for j in most]
    marks = [mark for gid in ("group", "group, bad", "outlying", "outlying, bad") for mark in drawn(conflict, gid)]
    points = np.concatenate([mark.get_xydata() for mark in marks])
    expected = np.column_stack([found.posterior["cooks_distance"], shown_p(found.posterior["conflict_p"].to_numpy())])
    assert points[np.argsort(points[:, 0])] == pytest.approx(expected[np.argsort(expected[:, 0])])
    unsure = (found.posterior["pareto_k"] > found.threshold).to_numpy()
    assert sum(len(drawn(conflict, gid)[0].get_xdata()) for gid in ("group, bad", "outlying, bad")) == unsure.sum()
    three = found.posterior["ward"].to_numpy()[np.argsort(-expected[:, 0])[:3]]
    assert set(three) <= set(named(conflict))
    assert drawn(conflict, "limit")[0].get_ydata() == pytest.approx([0.05 / 12] * 2)


def test_outlying_groups_are_named_however_little_they_move(full, drawn, named):
    found = full.influence()
    quiet = int(found.posterior["cooks_distance"].to_numpy().argmin())
    label = found.posterior["ward"].to_numpy()[quiet]
    p = found.posterior["conflict_p"].copy()
    p[quiet] = 0.0
    table = found.table.copy()
    table.loc[label, "conflict_p"] = 0.0
    made = dataclasses.replace(found, posterior=found.posterior.assign(conflict_p=p), table=table)
    changes, conflict = full.plot.influence(made)
    assert label in named(conflict)
    marks = np.concatenate([mark.get_ydata() for gid in ("outlying", "outlying, bad") for mark in drawn(conflict, gid)])
    assert marks.min() == pytest.approx(1e-12)
    assert "an outlying group" in legend_of(changes)


def test_sensitivity_to_prior_and_likelihood(full, drawn, named):
    found = full.prior_sensitivity()
    assert found.flagged == ["corr[u0,u1]"]  # of draws around zero, as under its prior
    assert found.table.loc["corr[u0,u1]", "diagnosis"] == NEITHER  # no mark: neither counts
    made = full.plot.prior_sensitivity()
    assert drawn(made, "prior")[0].get_xdata() == pytest.approx(found.table["prior"].to_numpy())
    assert named(made) == []
    found.table.loc[["g01", "tau[u1]"], "prior"] = 0.2, 0.4
    found.table.loc[["g01", "tau[u1]"], ["strongest", "diagnosis"]] = [["g01", CONFLICT], ["tau_u1", WEAK]]
    table = found.table
    ax = full.plot.prior_sensitivity(found)
    flagged = table.index.isin(["g01", "tau[u1]"])
    assert drawn(ax, "likelihood")[0].get_xdata() == pytest.approx(table["likelihood"].to_numpy())
    assert drawn(ax, "prior")[0].get_xdata() == pytest.approx(table.loc[~flagged, "prior"].to_numpy())
    assert drawn(ax, "flagged")[0].get_xdata() == pytest.approx(table.loc[flagged, "prior"].to_numpy())
    assert named(ax) == ["prior of g01", "prior of tau[u1]"]
    assert [label.get_text() for label in ax.get_yticklabels()] == table.index.tolist()


def test_a_check_of_another_fit_is_refused(full, fit_of):
    other = fit_of(n_groups=5)
    with pytest.raises(OptionError, match="loo is of other groups than this fit"):
        full.plot.loo(other.loo("group", exact=False))
    with pytest.raises(OptionError, match="loo is of other rows"):
        full.plot.loo(other.loo("row", exact=False))
    with pytest.raises(OptionError, match="influence is of other groups"):
        full.plot.influence(other.influence())
    with pytest.raises(OptionError, match="residuals is of other rows"):
        full.plot.residuals(residuals=other.residuals(1))
    with pytest.raises(OptionError, match="residuals is of other groups"):
        full.plot.residuals(residuals=other.residuals(2))
    with pytest.raises(OptionError, match="predictive_check is of other rows"):
        full.plot.predictive_check(other.predictive_check(seed=1))
    with pytest.raises(OptionError, match="sensitivity is of another model"):
        full.plot.prior_sensitivity(fit_of(INTERCEPT).prior_sensitivity())


@pytest.mark.slow
def test_figures_of_checks_at_five_and_at_many_groups_and_without_kept_draws(fit_of, monkeypatch):
    for fit in (fit_of(n_groups=5), fit_of(INTERCEPT, 300)):
        for axes in (fit.plot.residuals(1), fit.plot.residuals(2), fit.plot.loo(), fit.plot.predictive_check(seed=1)):
            axes[0].figure.canvas.draw()
            plt.close("all")
    monkeypatch.setattr(budget, "BUDGET_BYTES", 3000)
    fit = fit_of()
    assert "beta" not in fit.posterior
    for axes in (fit.plot.residuals(1), fit.plot.residuals(2), fit.plot.loo(), fit.plot.influence()):
        axes[0].figure.canvas.draw()
    fit.plot.prior_sensitivity().figure.canvas.draw()


def test_names_stand_apart_and_inside():
    heights = np.array([0.9, 0.91, 0.92, 0.1])
    made = apart(heights, 0.1, 0.05, 0.95)
    assert np.diff(np.sort(made)).min() >= 0.1 - 1e-12
    assert made.max() <= 0.95 + 1e-12
    assert made[3] == 0.1
    assert np.argsort(made).tolist() == np.argsort(heights).tolist()
