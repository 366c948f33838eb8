"""Meta-analysis from equations to reports: eight schools with posteriordb's numbers, and every result of known SDs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.reml_file import reml_summary
from bayeshlm.commands.results_folder import summary
from bayeshlm.likelihood import likelihood_of
from bayeshlm.quantities.diagnostics import diagnose

REFERENCES = json.loads((Path(__file__).parent / "references" / "known_sd.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def schools():
    return hlm.open_model("eight-schools").fit(draws=2500, seed=1, progress=False)


@pytest.fixture(scope="module")
def trials():
    return hlm.open_model("bcg-latitude").fit(draws=500, seed=1, progress=False)


@pytest.mark.parametrize("sampler", ["nutpie", "importance"])
def test_eight_schools_has_posteriordbs_means(schools, sampler):
    """Within four joint Monte Carlo errors: theirs are from 10,000 draws, and printed to two decimals."""
    fit = schools if sampler == "nutpie" else hlm.open_model("eight-schools").fit(2500, seed=2, sampler=sampler)
    expected = REFERENCES["eight_schools_posterior_means"]
    draws = {"mu": fit.posterior["gamma"][..., 0], "tau": fit.posterior["tau"][..., 0]}
    draws |= {f"theta{k}": fit.posterior["beta"][..., k, 0] for k in range(8)}
    published = [expected["mu"], expected["tau"], *expected["theta"]]
    for values, value in zip(draws.values(), published, strict=True):
        error = float(diagnose(values.to_numpy()[None])[3][0])
        theirs = float(values.std()) / 100
        assert float(values.mean()) == pytest.approx(value, abs=4 * np.hypot(error, theirs) + 0.005)


def test_the_density_of_eight_schools_on_a_grid(schools):
    """Mean of tau by quadrature of the marginal density, mu integrated out in closed form."""
    data = hlm.load_dataset("eight_schools")
    y, v = data["effect"].to_numpy(float), data["se"].to_numpy(float) ** 2
    tau = np.linspace(1e-3, 150, 40_000)[:, None]
    w = 1 / (v + tau**2)
    precision, linear = w.sum(axis=1) + 1 / 25, (w * y).sum(axis=1)
    log_p = 0.5 * np.log(w).sum(axis=1) - 0.5 * (w * y**2).sum(axis=1) + 0.5 * linear**2 / precision
    log_p -= 0.5 * np.log(precision) + np.log1p((tau[:, 0] / 5) ** 2)
    p = np.exp(log_p - log_p.max())
    draws = schools.posterior["tau"].to_numpy()[..., 0]
    error = float(diagnose(draws[None])[3][0])
    assert draws.mean() == pytest.approx(float(p @ tau[:, 0] / p.sum()), abs=4 * error)
    mu = linear / precision
    error = float(diagnose(schools.posterior["gamma"].to_numpy()[None, ..., 0])[3][0])
    assert float(schools.posterior["gamma"].mean()) == pytest.approx(float(p @ mu / p.sum()), abs=4 * error)


def test_every_table_prints_and_none_has_a_sigma(schools):
    assert "sigma" not in schools.posterior
    text = str(schools)
    assert "sd(r) = se" in text
    assert "I2 " in text
    assert "sigma" not in text.replace("variances (tau2, sigma2)", "")
    components = schools.variance_components()
    assert components.index.tolist() == [("tau", "u0"), ("tau2", "u0")]
    found = schools.heterogeneity()
    tau2 = schools.posterior["tau"].to_numpy()[..., 0] ** 2
    w = 1 / hlm.load_dataset("eight_schools")["se"].to_numpy(float) ** 2
    typical = 7 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    np.testing.assert_allclose(found.draws["i2"], tau2 / (tau2 + typical))
    np.testing.assert_allclose(found.draws["h2"], 1 + tau2 / typical)
    assert found.table.attrs["typical_variance"] == pytest.approx(typical)


def test_what_needs_a_sigma_is_one_sentence(trials):
    for call in (trials.icc, trials.r2, trials.plot.icc, lambda: trials.model.compare_methods()):
        with pytest.raises(hlm.OptionError, match="those of 'log_rr' are known and differ from row to row"):
            call()
    with pytest.raises(hlm.OptionError, match="the level-1 variance of 'mathach' is estimated: icc"):
        hlm.open_model("hsb-one-way-anova").reml().heterogeneity()


def test_leaving_a_trial_out_is_leaving_its_row_out(trials):
    groups, rows = trials.loo("group"), trials.loo("row")
    assert groups.elpd == pytest.approx(rows.elpd, abs=1e-9)
    densities = likelihood_of(trials.model.design).pointwise(trials._fitted.draws, "group", np.arange(13))
    assert densities.shape == (13, 2000)


def test_checks_take_the_known_sds(trials):
    check = trials.cross_check()
    assert check.table.index.tolist()[:3] == [("gamma", "g00"), ("gamma", "g01"), ("tau", "u0")]
    assert "sigma" not in check.table.index.get_level_values(0)
    residuals = trials.residuals()
    assert np.isfinite(residuals.table["standardized"]).all()
    np.testing.assert_allclose(residuals.hlm_file()["SIGMA"], np.sqrt(hlm.load_dataset("bcg")["variance"]))
    influence = trials.influence()
    assert influence.reml["component"].to_numpy().tolist() == ["tau[u0]"]
    assert np.isfinite(influence.posterior["conflict_p"]).all()
    names = trials.predictive_check(seed=1).table.index.get_level_values("statistic")
    assert "residual_variance_spread" not in names
    assert "between_variance" in names


def test_new_outcomes_vary_by_their_sds_and_those_of_groups(schools):
    """In new groups y has the variance of mu, tau^2 and se^2."""
    data = hlm.load_dataset("eight_schools")
    predicted = schools.predict(groups="new", seed=3)["y"].to_numpy().reshape(-1, 8)
    spread = schools.posterior["gamma"].to_numpy().var() + (schools.posterior["tau"].to_numpy() ** 2).mean()
    expected = spread + data["se"].to_numpy(float) ** 2
    # Var(s^2) of heavy-tailed draws from their own fourth moments
    centered = (predicted - predicted.mean(axis=0)) ** 2
    error = centered.std(axis=0) / np.sqrt(len(predicted) / 4)  # the draws of tau are correlated
    assert (np.abs(centered.mean(axis=0) - expected) < 5 * error).all()
    new = schools.predict(pd.DataFrame({"school": ["Z"], "se": [0.01]}), seed=3)
    assert float(np.abs(new["y"] - new["mu"]).max()) < 0.1
    with pytest.raises(hlm.DataError, match="the data have no column 'se'"):
        schools.predict(pd.DataFrame({"school": ["Z"]}))


def test_a_fit_is_read_again_with_its_known_sds(trials, tmp_path):
    trials.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    assert again.model.spec.residual_spread == trials.model.spec.residual_spread
    np.testing.assert_array_equal(again.model.design.kept_rows.sd, trials.model.design.kept_rows.sd)
    pd.testing.assert_frame_equal(again.heterogeneity().table, trials.heterogeneity().table)


@pytest.mark.slow
def test_files_of_results_hold_heterogeneity(trials, tmp_path):
    content = summary(trials, reml=True)
    assert set(content["variance_components"]) == {"tau", "corr"}
    assert content["heterogeneity"]["i2"]["mean"] == pytest.approx(float(trials.heterogeneity().table["mean"].iloc[0]))
    assert "icc" not in content
    estimates = reml_summary(trials.model.reml())["reml"]
    assert "sigma" not in estimates
    assert estimates["heterogeneity"]["i2"] == pytest.approx(0.683912250741, rel=1e-6)
    trials.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Heterogeneity" in page
    assert "the SDs of the level-1 residuals are known" in page
    assert "sigma the SD" not in page
    assert "Traceback" not in page


def test_model_files_may_say_it_beside_the_equations(tmp_path):
    data = hlm.load_dataset("eight_schools")
    data.to_csv(tmp_path / "data.csv", index=False)
    file = tmp_path / "model.toml"
    text = 'data = "data.csv"\nequations = "effect ~ 1 + (1 | school)"\nknown_sd = {}\n'
    file.write_text(text.format('"se"'))
    model = hlm.open_model(file)
    assert model.reml().log_likelihood == pytest.approx(hlm.open_model("eight-schools").reml().log_likelihood)
    file.write_text(text.format("10"))
    assert set(hlm.open_model(file).design.kept_rows.sd) == {10.0}
    file.write_text(text.format("[1]"))
    with pytest.raises(hlm.FileError, match="known_sd must be a column in quotes"):
        hlm.open_model(file)


def test_changed_models_keep_the_known_sds():
    model = hlm.open_model("bcg-latitude")
    assert model.null().reml().log_likelihood == pytest.approx(hlm.open_model("bcg-null").reml().log_likelihood)
    assert model.update("b0 = g00 + u0").spec.residual_spread is not None
    table = str(hlm.table(model.null().reml(), model.reml(), null=model.null().reml()))
    assert "residual" not in table
    assert "I2" in table
