"""Above the budget u and beta are not kept; every result of a fit is there all the same."""

import json

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.likelihood.coefficient_draws import group_moments
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.sampling import nuts
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

EQUATIONS = "pain = b0 + b1*dose + b2*age + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1\nb2 = g20"
WARDS = [f"ward {j}" for j in range(70)]


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(70), 6)
    dose, urban = rng.normal(size=420), rng.integers(0, 2, 70)[codes]
    pain = 5 + urban + rng.normal(size=70)[codes] + (0.4 + 0.5 * rng.normal(size=70)[codes]) * dose
    columns = {"dose": dose, "age": rng.normal(size=420), "urban": urban, "pain": pain + rng.normal(size=420)}
    return hlm.Model(EQUATIONS, pd.DataFrame({"ward": np.array(WARDS)[codes], **columns}), "ward")


@pytest.fixture(scope="module")
def draws(model, fake_draws):
    """Draws near the estimate of REML, u not among them."""
    raw, reml = fake_draws(model.design, 4, 250), fit_reml(model.design)
    rng = np.random.default_rng(0)
    drawn = raw.posterior.drop_vars("u")
    drawn["gamma"] = drawn["gamma"].copy(data=rng.multivariate_normal(reml.gamma, reml.vcov, (4, 250)))
    drawn["tau"] = drawn["tau"].copy(data=reml.tau * np.exp(0.1 * rng.normal(size=(4, 250, 2))))
    drawn["sigma"] = drawn["sigma"].copy(data=reml.sigma * np.exp(0.03 * rng.normal(size=(4, 250))))
    return nuts.RawDraws(drawn, raw.sample_stats, 1.0, 1.0)


@pytest.fixture(scope="module")
def whole(model, draws):
    return fitted(model, draws)


@pytest.fixture
def above(model, draws, monkeypatch):
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 1000 * 3 * 10)
    return fitted(model, draws)


def fitted(model, draws):
    options = sampling_options(draws=250, seed=11)
    return hlm.Fit(model, to_datatree(draws, model.design, model.priors, options))


def test_what_is_kept(whole, above):
    assert {"u", "beta"} <= set(whole.posterior)
    assert "group_draws" not in whole.idata.attrs
    assert set(above.posterior) == {"gamma", "tau", "corr", "sigma"}
    assert "ward" not in above.posterior.coords
    assert "log_likelihood" not in above.idata.children
    assert above.idata.attrs["group_draws"] == "on request"


def test_moments_are_worked_out_once(model, above):
    draws = above.plot._drawn.draws
    moments = group_moments(draws)
    assert moments is group_moments(draws)
    assert moments["u_mean"].dims == moments["u_sd"].dims == ("ward", "random")
    assert moments["beta_mean"].dims == moments["beta_sd"].dims == ("ward", "coefficient")
    assert moments["ward"].to_numpy().tolist() == sorted(WARDS)


def test_the_budget_counts_the_larger_array(model, draws, monkeypatch):
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 1000 * 70 * 3)
    assert "beta" in fitted(model, draws).posterior
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 1000 * 70 * 3 - 1)
    assert "beta" not in fitted(model, draws).posterior


def test_draws_of_groups_are_the_ones_that_would_have_been_kept(whole, above, tmp_path):
    names = ["ward 69", "ward 0", "ward 7"]
    kept = whole.group_draws(names)
    assert kept.equals(whole.posterior[["u", "beta"]].sel(ward=names))
    made = above.group_draws(names)
    assert made["u"].dims == ("chain", "draw", "ward", "random")
    above.save(tmp_path / "fit.nc")
    for drawn in (made, hlm.load(tmp_path / "fit.nc").group_draws(names)):
        for name in ("u", "beta"):
            np.testing.assert_array_equal(drawn[name], kept[name])
            assert drawn[name].dims == kept[name].dims
        assert drawn["ward"].to_numpy().tolist() == names
    assert whole.group_draws().equals(whole.posterior[["u", "beta"]])


def test_too_many_groups_are_refused(above):
    assert above.group_draws(WARDS[:10]).sizes["ward"] == 10
    with pytest.raises(OptionError, match="name fewer `groups`"):
        above.group_draws(WARDS[:11])
    with pytest.raises(OptionError, match="fewer"):
        above.group_draws()
    with pytest.raises(OptionError, match="'ward 70' is no ward"):
        above.group_draws(["ward 70"])
    with pytest.raises(OptionError, match="list of groups"):
        above.group_draws("ward 7")


@pytest.mark.parametrize("kind", ["eti", "hdi"])
def test_group_coefficients(whole, above, kind):
    exact, drawn = above.group_coefficients(0.8, kind), whole.group_coefficients(0.8, kind)
    assert list(exact.columns) == list(drawn.columns)
    pd.testing.assert_index_equal(exact.index, drawn.index)
    same = ["n", "lower", "upper", "ols"]
    pd.testing.assert_frame_equal(exact[same], drawn[same])
    assert exact[["ess_bulk", "ess_tail", "r_hat"]].isna().all(axis=None)
    assert (np.abs(exact["mean"] - drawn["mean"]) < 5 * drawn["mcse_mean"]).all()
    assert (exact["mcse_mean"] <= 1.3 * drawn["mcse_mean"]).all()
    np.testing.assert_allclose(exact["sd"], drawn["sd"], rtol=0.12)
    np.testing.assert_allclose(exact["u_sd"], drawn["u_sd"], rtol=0.12)
    assert (np.abs(exact["u_mean"] - drawn["u_mean"]).dropna() < 5 * drawn["u_sd"].dropna() / np.sqrt(1000)).all()
    assert "seed" in exact.attrs["note"]
    assert "note" not in drawn.attrs
    assert (exact.attrs["ci_prob"], exact.attrs["ci_kind"]) == (0.8, kind)


def test_an_interval_that_is_none_is_refused(above):
    with pytest.raises(OptionError, match="prob=2"):
        above.group_coefficients(prob=2)


def test_every_other_result_is_unchanged(whole, above, tmp_path):
    above.save(tmp_path / "fit.nc")
    for fit in (above, hlm.load(tmp_path / "fit.nc")):
        assert repr(fit) == repr(whole)
        pd.testing.assert_frame_equal(fit.icc().table, whole.icc().table)
        pd.testing.assert_frame_equal(fit.plausible_ranges().table, whole.plausible_ranges().table)
        pd.testing.assert_frame_equal(fit.reliability().table, whole.reliability().table)


def test_cross_check(whole, above):
    exact, drawn = above.cross_check(), whole.cross_check()
    parameters = ~drawn.table.index.isin(["beta"], level="component")
    pd.testing.assert_frame_equal(exact.table[parameters], drawn.table[parameters])
    assert (exact.groups["difference_mcse"] <= 1.3 * drawn.groups["difference_mcse"]).all()
    error = 5 * drawn.groups["difference_mcse"]
    assert (np.abs(exact.groups["difference"] - drawn.groups["difference"]) < error).all()
    assert set(exact.table.loc["beta", "verdict"]) <= {"agrees", "differs"}


def test_the_files_of_the_command_line(draws, ward_study, tmp_path, monkeypatch, fake_draws):
    monkeypatch.setattr(budget, "BUDGET_BYTES", 100)

    def sampled(graph, layout, options):
        raw = fake_draws(hlm.open_model(ward_study / "model.toml").design, options.chains, options.draws)
        return nuts.RawDraws(raw.posterior.drop_vars("u"), raw.sample_stats, 1.0, 1.0)

    monkeypatch.setattr(nuts, "run_nuts", sampled)
    arguments = ["fit", str(ward_study / "model.toml"), "--draws", "200", "--seed", "1", "--quiet"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) in (0, 1)
    table = pd.read_csv(tmp_path / "out" / "group_coefficients.csv", index_col=["ward", "coefficient"])
    assert table.shape[0] == 16
    assert table[["mean", "sd", "lower", "upper", "mcse_mean"]].notna().all(axis=None)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["reliability"]["b0"]["mean"] is not None
    assert "beta" not in hlm.load(tmp_path / "out" / "posterior.nc").posterior


def test_predictions_are_those_of_draws_that_would_have_been_kept(whole, above, model):
    predicted = [fit.predict(model.design.frame.iloc[:9], n_draws=40, seed=3) for fit in (whole, above)]
    np.testing.assert_array_equal(predicted[0]["mu"], predicted[1]["mu"])
    np.testing.assert_array_equal(predicted[0]["y"], predicted[1]["y"])
    checks = [fit.predictive_check(n_draws=40, seed=3).draws["replicated"] for fit in (whole, above)]
    np.testing.assert_array_equal(checks[0], checks[1])
    with pytest.raises(OptionError, match=r"use fewer draws, `n_draws=\d+`"):
        above.predictive_check()
    with pytest.raises(OptionError, match="predict fewer rows at a time"):
        above.predict()
