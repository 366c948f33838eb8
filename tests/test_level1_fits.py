"""Fits of models of the level-1 SD and of correlated residuals, from the equations to the tables and files."""

import json

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.results_folder import summary, write_results
from bayeshlm.errors import OptionError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def by_sex():
    return hlm.open_model("hsb-level-1-variance").fit(seed=1, progress=False)


@pytest.fixture(scope="module")
def growth():
    return hlm.open_model("growth-autoregressive").fit(seed=1, progress=False)


@pytest.fixture(scope="module")
def varying():
    """Of 60 schools, whose level-1 SD varies between them."""
    data = hlm.load_dataset("hsb")
    data = data[data["school"].isin(data["school"].unique()[:60])]
    lines = "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10; log(sigma) = a0 + a1*female + v0"
    return hlm.Model(lines, data, group="school").fit(seed=1, progress=False)


def test_an_sd_that_varies_between_groups_is_in_every_table(varying, tmp_path):
    assert varying.convergence.converged
    assert varying.nodes.holds
    check = varying.cross_check()
    assert check.method == "ML"
    assert list(check.table.loc["gamma"]["verdict"]) == ["agrees", "agrees"]
    table, posterior = varying.variance_components(), varying.posterior
    assert {("tau", "v0"), ("corr", "u0,v0"), ("level1_sd", "female 1")} <= set(table.index)
    sds, design = varying.group_level1_sds(), varying.model.design
    square = np.exp(2 * posterior["alpha"].to_numpy() @ design.kept_rows.level1.A.T).reshape(-1, design.n_obs)
    square *= np.exp(2 * posterior["u"].to_numpy()[..., 1].reshape(len(square), -1)[:, design.group_codes])
    third = np.sqrt(square[:, design.group_codes == 2].mean(axis=1))
    assert sds["mean"].iloc[2] == pytest.approx(third.mean(), rel=1e-10)
    assert sds["v_mean"].iloc[2] == pytest.approx(float(posterior["u"][:, :, 2, 1].mean()), rel=1e-10)
    residuals = varying.residuals().table
    assert residuals["standardized"].std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * len(residuals)))
    varying.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(again.variance_components(), table)
    pd.testing.assert_frame_equal(again.group_level1_sds(), sds)
    varying.report(tmp_path / "report.html")
    assert "Level-1 SDs of the groups" in (tmp_path / "report.html").read_text(encoding="utf-8")
    for refused in (varying.icc, varying.r2):
        with pytest.raises(OptionError, match="one variance"):
            refused()
    with pytest.raises(OptionError, match="does not vary between groups"):
        varying.model.without("v0").fit(draws=50, tune=50, chains=1, seed=1, progress=False).group_level1_sds()


def test_the_files_of_the_command_line_have_the_sds_of_the_groups(varying, by_sex, tmp_path):
    write_results(varying, tmp_path)
    content = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["variance_components"]
    table = varying.variance_components()
    for component, effect in (("tau", "v0"), ("corr", "u0,v0"), ("alpha", "a0"), ("alpha", "a1")):
        for name in ("mean", "sd", "lower", "upper"):
            assert content[component][effect][name] == pytest.approx(table.loc[(component, effect), name], rel=1e-12)
    sds = pd.read_csv(tmp_path / "group_level1_sds.csv", index_col="school", dtype={"school": str})
    expected = varying.group_level1_sds()
    assert list(sds.index) == list(expected.index.astype(str))
    np.testing.assert_allclose(sds["mean"], expected["mean"], rtol=1e-12)
    write_results(by_sex, tmp_path)
    assert not (tmp_path / "group_level1_sds.csv").exists(), "of the model before"


@pytest.mark.parametrize("how", [{"sampler": "importance"}, {"parameterization": "noncentered", "tune": 500}])
def test_however_it_is_sampled_the_posterior_is_the_same(how, varying):
    other = varying.model.fit(seed=2, progress=False, **how)
    assert other.convergence.converged
    assert (other.convergence.certificate is not None) == ("sampler" in how)
    assert "sampler" not in how or other.convergence.certificate.holds
    for one, two in (
        (varying.fixed_effects(), other.fixed_effects()),
        (varying.variance_components(), other.variance_components()),
        (varying.group_level1_sds(), other.group_level1_sds()),
    ):
        error = np.hypot(one["sd"] / np.sqrt(one["ess_bulk"]), two["sd"] / np.sqrt(two["ess_bulk"]))
        assert (abs(one["mean"] - two["mean"]) < 5 * error).all()


def test_outcomes_of_new_groups_have_sds_of_new_groups(varying):
    """The variance of predictions less their means: the mean of sd^2 over draws, with v of the groups or a new one."""
    posterior, design = varying.posterior, varying.model.design
    sd2 = np.exp(2 * posterior["alpha"].to_numpy() @ design.kept_rows.level1.A.T).reshape(-1, design.n_obs)
    v = posterior["u"].to_numpy()[..., 1].reshape(len(sd2), -1)[:, design.group_codes]
    tau = posterior["tau"].to_numpy()[..., 1].reshape(-1, 1)
    for groups, factor in (("same", np.exp(2 * v)), ("new", np.exp(2 * tau**2)), ("average", np.ones_like(v))):
        drawn = varying.predict(groups=groups, seed=2)
        square = ((drawn["y"] - drawn["mu"]) ** 2).to_numpy().reshape(sd2.shape)
        off = square - sd2 * factor
        by_draw = off.mean(axis=1)  # independent draws of residuals, and of v of 60 groups
        assert abs(by_draw.mean()) < 5 * by_draw.std() / np.sqrt(len(by_draw)), groups


def test_the_posterior_agrees_with_reml(by_sex, growth):
    for fit in (by_sex, growth):
        check = fit.cross_check()
        assert check.agrees, check.verdict
        assert {"a0", "a1"} <= set(check.table.index.get_level_values("effect")) or "rho" in check.table.index


def test_the_tables_show_both_scales(by_sex):
    text = str(by_sex)
    for said in ("a1", "SD[female 1]", "ratio of SDs[a1]", "log(sigma2) = a0 + a1*female"):
        assert said in text
    table, posterior = by_sex.variance_components(), by_sex.posterior
    both = np.exp(posterior["alpha"].sum("spread"))
    assert table.loc[("level1_sd2", "female 1"), "mean"] == pytest.approx(float(both.mean()))


def test_a_row_of_each_parameter_stands_in_a_table_of_models(by_sex):
    models = {"posterior": by_sex, "REML": by_sex.model.reml(), "one SD": by_sex.model.without("log(sigma)").reml()}
    text = str(hlm.table(models))
    assert "a0" in text
    assert "SD, residual" in text


def test_the_criterion_has_the_name_that_its_method_gives_it(by_sex):
    assert "REML criterion" in str(by_sex.model.reml())
    text = str(by_sex.model.ml())
    assert "deviance" in text
    assert "REML" not in text


def test_the_test_of_one_variance_is_the_difference_of_deviances(by_sex):
    model = by_sex.model
    with_it, without = model.ml(), model.without("log(sigma2)").ml()
    found = without.compare(with_it)
    assert found.statistic == pytest.approx(2 * (with_it.log_likelihood - without.log_likelihood), abs=1e-6)
    assert found.df == 1


def test_what_is_saved_is_loaded(by_sex, tmp_path):
    by_sex.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(again.variance_components(), by_sex.variance_components())
    assert again.model.spec == by_sex.model.spec


def test_the_summary_is_keyed_by_symbol(by_sex, growth):
    content = json.loads(json.dumps(summary(by_sex, reml=True)))
    components = content["variance_components"]
    assert list(components["alpha"]) == ["a0", "a1"]
    assert list(components["level1_sd"]) == ["female 0", "female 1"]
    assert "icc" not in content
    assert content["reml"]["cross_check"]["agrees"]
    assert content["reml"]["method"] == "REML"  # which the posterior is compared with
    assert summary(growth)["variance_components"]["rho"]["mean"] == pytest.approx(0.26, abs=0.02)


def test_reports_say_what_level_1_is(by_sex, growth, tmp_path):
    for fit, said in ((by_sex, "There is no intraclass correlation"), (growth, "rho the correlation of the level-1")):
        fit.report(tmp_path / "report.html")
        assert said in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_every_figure_is_drawn_or_refused_in_a_sentence(by_sex):
    drawn = 0
    for name in (name for name in dir(by_sex.plot) if not name.startswith("_")):
        try:
            getattr(by_sex.plot, name)()
            drawn += 1
        except OptionError:
            continue
    assert drawn > 10


def test_leaving_out_finds_the_model_that_made_the_data(growth):
    plain = growth.model.without("rho").fit(seed=1, progress=False)
    found = hlm.compare({"independent": plain, "ar1": growth}, unit="group")
    assert found.index[0] == "ar1"


@pytest.mark.parametrize("effect", ["", " + v0"])
def test_prior_outcomes_have_the_sd_of_the_equation(effect):
    """An SD of e^2 whose logarithm varies with tau has a mean square of e^4 exp(2 tau^2)."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(np.arange(200), 20), "y": rng.normal(size=4000)})
    priors = {"g00": "Normal(0, 0.001)", "tau_u0": "HalfNormal(0.001)", "a0": "Normal(2, 0.001)"}
    lines = f"y = b0 + r; b0 = g00 + u0; log(sigma) = a0{effect}"
    model = hlm.Model(lines, data, group="g", priors=priors)
    found = model.prior_predictive(50, seed=1)
    tau = found["prior"]["tau"].to_numpy()[0, :, -1] if effect else np.zeros(50)
    ratio = (found["prior_predictive"]["y"].to_numpy()[0] ** 2).mean(axis=1) / np.exp(4 + 2 * tau**2)
    some = tau < 0.5  # whose mean squares have a spread: 2 of a row's, exp(4 tau^2) - 1 of a group's
    error = np.sqrt((3 * np.exp(4 * 0.5**2) - 1) / 4000 + (np.exp(4 * 0.5**2) - 1) / 200)
    assert some.sum() > 10
    assert abs(ratio[some].mean() - 1) < 5 * error
