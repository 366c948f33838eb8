"""Residuals and prior sensitivity as methods of a fit: fresh, loaded, above the budget, and of every gallery model."""

import re

import numpy as np
import pandas as pd
import pytest
from gallery_models import ONE_GROUPING

import bayeshlm as hlm
from bayeshlm.checks.power_scaling import CONFLICT
from bayeshlm.checks.prior_posteriors import NARROWER, WIDER, alternatives
from bayeshlm.errors import ModelWarning, OptionError, PriorError
from bayeshlm.likelihood import budget
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.nuts import RawDraws
from bayeshlm.sampling.options import sampling_options

EQUATIONS = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1"


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(70), 6)
    dose, urban = rng.normal(size=420), rng.integers(0, 2, 70)[codes]
    pain = 5 + urban + rng.normal(size=70)[codes] + 0.4 * dose + rng.normal(size=420)
    frame = pd.DataFrame({"ward": [f"ward {j}" for j in codes], "dose": dose, "urban": urban, "pain": pain})
    return hlm.Model(EQUATIONS, frame, "ward")


@pytest.fixture(scope="module")
def fitted(model, fake_draws):
    """A fit from draws without a sampler, u made from its conditional normal."""
    raw = fake_draws(model.design, 4, 250)
    raw = RawDraws(raw.posterior.drop_vars("u"), raw.sample_stats, 1.0, 1.0)
    return lambda: hlm.Fit(model, to_datatree(raw, model.design, model.priors, sampling_options(draws=250, seed=11)))


@pytest.mark.slow
def test_above_the_budget_and_loaded_nothing_changes(fitted, monkeypatch, tmp_path):
    whole = fitted()
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 1000 * 2 * 10)
    above = fitted()
    assert "u" not in above.posterior
    assert "log_likelihood" not in above.idata.children
    above.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    for other in (above, loaded):
        for level in (1, 2):
            one, two = whole.residuals(level), other.residuals(level)
            np.testing.assert_allclose(one.table.select_dtypes("number"), two.table.select_dtypes("number"), rtol=1e-9)
            pd.testing.assert_frame_equal(
                one.hlm_file().reset_index(drop=True), two.hlm_file().reset_index(drop=True), rtol=1e-9
            )
        one, two = (fit.prior_sensitivity() for fit in (whole, other))
        pd.testing.assert_frame_equal(one.table, two.table, rtol=1e-6)


def test_printed_residuals(fitted):
    fit = fitted()
    one, two = fit.residuals(1), fit.residuals(2, prob=0.9)
    text = repr(one)
    worst = one.table["standardized"].abs().idxmax()
    first = next(line for line in text.splitlines() if line.split() and line.split()[0] == str(worst))
    assert f"ward {one.table.loc[worst, 'ward'].split()[1]}" in first
    assert first.endswith(f"{one.table.loc[worst, 'standardized']:.2f}")
    assert "0 of 70 groups enter, those with at least 10" in re.sub(r"\s+", " ", text)
    assert "70 of 70 groups enter" in re.sub(r"\s+", " ", repr(fit.residuals(1, min_df=1)))
    text = repr(two)
    farthest = two.distances["p"].idxmin()
    row = next(line for line in text.splitlines() if line.strip().startswith(farthest))
    assert f"{two.distances.loc[farthest, 'distance']:.2f}" in row
    assert f"{two.distances.loc[farthest, 'p']:.4f}" in row
    for shown in (one, two):
        assert shown._repr_html_().startswith('<div class="bayeshlm"><table')


def test_wrong_arguments(fitted, model):
    fit = fitted()
    with pytest.raises(OptionError, match="level is 1"):
        fit.residuals(3)
    for wrong in ("wide", {"tau_u0": "HalfNormal(5)"}, {}):
        with pytest.raises(OptionError, match="refit is True or holds priors"):
            fit.prior_sensitivity(refit=wrong)
    with pytest.raises(OptionError, match="'as fitted' names"):
        fit.prior_sensitivity(refit={"as fitted": {}})
    with pytest.raises(PriorError, match="refit 'wide': There is no parameter 'tau_u7'"):
        fit.prior_sensitivity(refit={"wide": {"tau_u7": "HalfNormal(5)"}})


def test_the_alternatives_of_refits(fitted, model):
    both = alternatives(fitted()._fitted, True)
    assert both[WIDER].sigma.sigma == 2 * model.priors.sigma.sigma
    assert both[NARROWER].corr.eta == 4.0
    one = alternatives(fitted()._fitted, {"wide": {"tau_u0": "HalfNormal(50)"}})["wide"]
    assert one.texts() == model.priors.texts() | {"tau_u0": "HalfNormal(50)"}


def test_a_refit_under_other_priors():
    model = hlm.open_model("hsb-one-way-anova", data=hlm.load_dataset("hs"))
    fit = model.fit(seed=1, draws=500, progress=False)
    prior = {"g00": hlm.Normal(0, 0.5)}
    shown = fit.prior_sensitivity(refit={"at zero": prior, "same": {}}, progress=False)
    own = hlm.Model.from_design(model.design, prior).fit(seed=1, draws=500, progress=False)
    row = shown.refits.loc[("g00", "at zero")]
    assert row["mean"] == pytest.approx(float(own.posterior["gamma"].mean()))
    before = fit.fixed_effects().loc["g00"]
    assert row["shift"] == pytest.approx((row["mean"] - before["mean"]) / before["sd"])
    assert row["shift"] < -1
    assert shown.refits.loc[("g00", "same"), "shift"] == 0.0  # the same seed and options
    assert shown.flagged == []
    text = repr(shown)
    assert "By power scaling no parameter is sensitive to the priors." in text
    assert re.search(r"The largest shift by a refit: \S+ moves by \d+\.\d\d posterior SDs under 'at zero'", text)
    assert "at zero" in shown._repr_html_()


def test_a_refit_that_does_not_converge_is_named():
    model = hlm.open_model("hsb-one-way-anova", data=hlm.load_dataset("hs"))
    shown = model.fit(seed=1, draws=50, progress=False).prior_sensitivity(refit={"same": {}}, progress=False)
    assert any("the refit 'same' did not converge: The bulk effective sample size" in note for note in shown.notes)


def test_a_variance_that_the_data_do_not_determine_is_named():
    """A dummy for each group at level 2 leaves nothing for u0: REML refuses, a posterior says so."""
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(6), 8)
    frame = pd.DataFrame({"ward": codes, "kind": [f"k{j}" for j in codes], "pain": rng.normal(size=48)})
    model = hlm.Model("pain = b0 + r\nb0 = g00 + g01*C(kind) + u0", frame, "ward")
    reason = "The data do not determine var(u0): 6 groups with these rows"
    with pytest.warns(ModelWarning, match=re.escape(reason)):
        fit = model.fit(seed=1, progress=False)
    assert reason in " ".join(repr(fit).split())
    sensitivity = fit.prior_sensitivity()
    assert CONFLICT not in set(sensitivity.table["diagnosis"])
    assert "tau[u0]" in sensitivity.flagged
    assert reason in " ".join(repr(sensitivity).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_GROUPING)
def test_every_gallery_model(name, tmp_path):
    model = hlm.open_model(name)
    fit = model.fit(seed=1, draws=300, progress=False)
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    one, two = fit.residuals(1), fit.residuals(2)
    assert one.table.notna().all().all()
    assert one.table["standardized"].std() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(one.table["fitted"] + one.table["mean"], model.design.y)
    assert two.distances["p"].between(0, 1).all()
    assert (two.distances["p_holm"] < 0.001).sum() == 0
    assert fit.prior_sensitivity().table["diagnosis"].loc[model.design.fixed_labels].eq("the data decide").all()
    for level in (1, 2):
        again = loaded.residuals(level).table.select_dtypes("number")
        np.testing.assert_allclose(again, fit.residuals(level).table.select_dtypes("number"), rtol=1e-6, atol=1e-8)
