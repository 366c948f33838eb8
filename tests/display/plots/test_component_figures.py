"""Figures of the variances: ICC, components, plausible ranges, variance function, and REML beside the posterior."""

import dataclasses

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.checks.draws_beside_estimate import draws_beside_estimate
from bayeshlm.display.plots import cross_check_figure as cross_check
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.density import density
from bayeshlm.quantities.prior_density import component_prior, icc_prior
from bayeshlm.reml.estimate import fit_reml

INTERCEPT = "`pain $` = b0 + r\nb0 = g00 + u0"
BLOCKS = (
    "`pain $` = b0 + b1*dose + b2*cwc(age) + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = u2\ncov(u0, u2) = 0\ncov(u1, u2) = 0"
)


@pytest.mark.parametrize("equations", [INTERCEPT, None])
def test_the_icc_has_its_density_and_its_prior(equations, fit_of, full, drawn):
    fit = full if equations is None else fit_of(equations)
    ax = fit.plot.icc(prob=0.8)
    found = density(fit.icc().draws["icc"].to_numpy(), 0.8)
    (line,), (prior,), (mean,) = (drawn(ax, gid) for gid in ("posterior", "prior", "mean"))
    assert line.get_xydata() == pytest.approx(np.column_stack([found.x, found.y]))
    assert mean.get_xdata() == pytest.approx([fit.icc().table.loc["icc", "mean"]] * 2)
    x, y = prior.get_xydata().T
    assert y == pytest.approx(icc_prior(fit.model.priors, fit.model.design, x))
    assert (x > 0).all()
    assert (x < 1).all()
    assert ax.get_xlabel() == "intraclass correlation" + (", given the predictors" if equations is None else "")


def test_the_icc_at_a_value(full, drawn):
    at = full.plot.icc(at={"dose": 2.0})
    found = density(full.icc(at={"dose": 2.0}).draws["icc"].to_numpy())
    assert drawn(at, "posterior")[0].get_xdata() == pytest.approx(found.x)


def test_every_component_has_a_panel_with_posterior_and_prior(fit_of, drawn):
    fit = fit_of(BLOCKS, sizes=(3, 8))
    panels = fit.plot.variance_components()
    names = ["tau[u0]", "tau[u1]", "tau[u2]", "corr[u0,u1]", "sigma"]
    assert [panel.get_xlabel() for panel in panels] == names
    keys = [("tau", "u0"), ("tau", "u1"), ("tau", "u2"), ("corr", "u0,u1"), ("sigma", "")]
    table = fit.variance_components()
    for panel, key in zip(panels, keys, strict=True):
        assert drawn(panel, "mean")[0].get_xdata()[0] == pytest.approx(table.loc[key, "mean"])
        shaded = drawn(panel, "interval")[0].get_paths()[0].vertices[:, 0]
        step = np.diff(drawn(panel, "posterior")[0].get_xdata()).max()
        assert shaded.min() == pytest.approx(table.loc[key, "lower"], abs=step)
        assert shaded.max() == pytest.approx(table.loc[key, "upper"], abs=step)
        x, y = drawn(panel, "prior")[0].get_xydata().T
        assert y == pytest.approx(component_prior(fit.model.priors, fit.model.design, *key, x))


def test_plausible_ranges_are_those_of_the_table(full, drawn):
    at = {"urban": 1}
    panels = full.plot.plausible_ranges(0.9, at)
    table = full.plausible_ranges(0.9, at).table
    beta = full.posterior["beta"].mean(("chain", "draw"))
    assert [panel.get_xlabel() for panel in panels] == ["b0, the intercept", "b1, the slope of dose"]
    for panel, label in zip(panels, ("b0", "b1"), strict=True):
        rows = {tick: text.get_text() for tick, text in zip(panel.get_yticks(), panel.get_yticklabels(), strict=True)}
        for column in ("plug_in", "mean", "predictive"):
            expected = table.loc[label].loc[["lower", "upper"], column].to_numpy()
            assert drawn(panel, column)[0].get_xdata() == pytest.approx(expected)
            (height,) = set(drawn(panel, column)[0].get_ydata())
            assert rows[height] == {"plug_in": "plug-in", "mean": "posterior", "predictive": "new group"}[column]
        for line, end in zip(drawn(panel, "end"), ("lower", "upper"), strict=True):
            assert line.get_xdata() == pytest.approx(table.loc[label].loc[end, ["lower", "upper"]].to_numpy(float))
        assert drawn(panel, "groups")[0].get_xdata() == pytest.approx(beta.sel(coefficient=label).to_numpy())
    assert "at urban = 1" in panels[0].figure.get_suptitle()


def test_the_variance_function_is_the_quadratic_form(full, drawn):
    ax = full.plot.variance_function("dose")
    posterior = full.posterior
    tau, rho = posterior["tau"], posterior["corr"].sel(random="u0", random_="u1")
    x, total = drawn(ax, "total")[0].get_xydata().T
    for k in (0, 50, 100):
        between = (
            tau.sel(random="u0") ** 2
            + 2 * x[k] * rho * tau.sel(random="u0") * tau.sel(random="u1")
            + x[k] ** 2 * tau.sel(random="u1") ** 2
        )
        assert total[k] == pytest.approx(float((between + posterior["sigma"] ** 2).mean()))
        assert drawn(ax, "between")[0].get_ydata()[k] == pytest.approx(float(between.mean()))


def test_models_without_a_random_slope_have_no_variance_function(fit_of):
    with pytest.raises(OptionError, match="no random slope"):
        fit_of(INTERCEPT).plot.variance_function()
    with pytest.raises(OptionError, match=r'pass x="...", one of b1 \(dose\), b2 \(cwc\(age\)\)'):
        fit_of(BLOCKS, sizes=(3, 8)).plot.variance_function()


def test_reml_stands_below_the_posterior(full, drawn):
    panels = full.plot.cross_check(prob=0.9)
    reml = hlm.Model.from_design(full.model.design).reml()
    intervals, table = reml.intervals(prob=0.9), full.cross_check().table
    assert len(panels) == 6 + 2 + 1 + 1 + 1
    keys = [*intervals.index, ("icc", "")]
    for panel, key in zip(panels, keys, strict=True):
        assert drawn(panel, "mean")[0].get_xdata()[0] == pytest.approx(table.loc[key, "mean"])
        found = drawn(panel, "reml estimate")
        assert found[0].get_xdata()[0] == pytest.approx(table.loc[key, "estimate"])
        if key in intervals.index and np.isfinite(intervals.loc[key, "lower"]):
            expected = intervals.loc[key, ["lower", "upper"]].to_numpy(dtype=float)
            assert drawn(panel, "reml interval")[0].get_xdata() == pytest.approx(expected)
            assert "no REML" not in panel.get_xlabel()
        elif key[0] != "icc":
            assert drawn(panel, "reml interval") == []
            assert "no REML interval" in panel.get_xlabel()


def test_an_interval_near_the_boundary_does_not_crowd_out_the_posterior(full, monkeypatch, drawn):
    rows = draws_beside_estimate(Draws(full.posterior, full.model.design), fit_reml(full.model.design))
    wide = [dataclasses.replace(row, lower=1e-9, upper=2e5) if row.effect == "u1" else row for row in rows]
    monkeypatch.setattr(cross_check, "draws_beside_estimate", lambda *_: wide)
    by_name = {panel.get_xlabel(): panel for panel in full.plot.cross_check()}
    panel = by_name["tau[u1]\n(REML from 1e-09 to 2e+05)"]
    draws = full.posterior["tau"].sel(random="u1")
    assert -4 * float(draws.max()) < panel.get_xlim()[0] <= float(draws.min())
    assert float(draws.max()) <= panel.get_xlim()[1] < 4 * float(draws.max())
    assert drawn(panel, "reml interval")[0].get_xdata() == pytest.approx([1e-9, 2e5])


def test_the_interval_of_the_icc_is_that_of_the_delta_method_on_the_logit(full, drawn):
    panel = full.plot.cross_check()[-1]
    row = full.cross_check().table.loc[("icc", "")]
    center = np.log(row["estimate"] / (1 - row["estimate"]))
    half = 1.959964 * row["se"] / (row["estimate"] * (1 - row["estimate"]))
    expected = 1 / (1 + np.exp(-(center + half * np.array([-1, 1]))))
    assert drawn(panel, "reml interval")[0].get_xdata() == pytest.approx(expected, rel=1e-6)


def test_a_singular_fit_shows_what_reml_lacks(fake_draws, wards, drawn):
    from bayeshlm.sampling.convert import to_datatree
    from bayeshlm.sampling.options import sampling_options

    data = wards(8, (4,))
    data["pain $"] = data["pain $"] - data.groupby("ward")["pain $"].transform("mean")  # no variance between wards
    model = hlm.Model("`pain $` = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = g10", data, "ward")
    assert fit_reml(model.design).singular
    raw = fake_draws(model.design, 2, 50)
    fit = hlm.Fit(model, to_datatree(raw, model.design, model.priors, sampling_options(draws=50, seed=1)))
    by_name = {panel.get_xlabel(): panel for panel in fit.plot.cross_check()}
    assert "tau[u0]\n(no REML interval)" in by_name
    panel = by_name["tau[u0]\n(no REML interval)"]
    assert drawn(panel, "reml estimate")[0].get_xdata() == [0.0]
    assert drawn(by_name["g00"], "reml interval") != []
