"""REML and ML with known level-1 SDs: metafor's numbers, and what has no sigma to estimate."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq

import bayeshlm as hlm
from bayeshlm.reml.fixed_value import held_component
from bayeshlm.reml.reml_influence import exact, one_step
from bayeshlm.reml.satterthwaite import satterthwaite

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "known_sd.json").read_text(encoding="utf-8"))
CASES = REFERENCES["cases"]
THREE = "yi = b0 + r; b0 = p0 + u0; p0 = g00 + {}v0; var(r) = vi"


def konstantopoulos():
    data = pd.DataFrame(REFERENCES["konstantopoulos2011"])
    data["year_c"] = data["year"] - 1990
    return data


def model(name):
    if name.startswith("konstantopoulos"):
        # a year for each district's studies alone varies within districts: it stands in the line of the school
        text = "yi = b0 + r; b0 = p0 + p1*year_c + u0; p0 = g00 + v0; p1 = g10; var(r) = vi"
        return hlm.Model(text if "year" in name else THREE.format(""), konstantopoulos(), ["school", "district"])
    names = {"bcg-null": "bcg-null", "bcg-ablat": "bcg-latitude", "eight-schools": "eight-schools"}
    return hlm.open_model(names[name])


def fitted(name, method):
    made = model(name)
    return made.reml() if method == "REML" else made.ml()


@pytest.mark.parametrize("case", CASES)
def test_estimates_are_those_of_r(case):
    """The data of bcg as R has them are rounded to eight digits; the others' digits are those of the reference."""
    name, _, method = case.rpartition("-")
    expected, fit = CASES[case], fitted(name, method)
    rel = 2e-7 if name.startswith("bcg") else 1e-9
    np.testing.assert_allclose(fit.gamma, np.atleast_1d(expected["fixed"]["estimate"]), rtol=rel)
    np.testing.assert_allclose(fit.estimate.se, np.atleast_1d(expected["fixed"]["se"]), rtol=rel)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=2e-7)
    assert fit.n_parameters == expected.get("npar", 2)
    variances = expected.get("variance_parameters", {"tau2": 0.0})
    if "tau2" in variances:
        assert fit.tau["u0"] ** 2 == pytest.approx(variances["tau2"], rel=1e-6, abs=1e-12)
    else:
        assert fit.tau["u0"] ** 2 == pytest.approx(variances["sigma2_school"], rel=1e-7)
        assert fit.tau["v0"] ** 2 == pytest.approx(variances["sigma2_district"], rel=1e-7)
    assert fit.singular == name.startswith("eight")


@pytest.mark.parametrize("case", ["bcg-null-REML", "bcg-ablat-REML", "bcg-null-ML", "bcg-ablat-ML"])
def test_heterogeneity_is_metafors(case):
    name, _, method = case.rpartition("-")
    expected, found = CASES[case]["metafor"], fitted(name, method).heterogeneity()
    assert found["i2"] == pytest.approx(expected["I2"] / 100, rel=1e-6)
    assert found["h2"] == pytest.approx(expected["H2"], rel=1e-6)
    assert found["q"] == pytest.approx(expected["Q"], rel=1e-6)
    assert found["q_df"] == expected["Q_df"]
    assert found["q_p"] == pytest.approx(expected["Q_p"], rel=1e-5)


def test_the_reduction_of_tau2_is_metafors_r2():
    fits = fitted("bcg-ablat", "REML"), fitted("bcg-null", "REML")
    r2 = fits[0].r2(fits[1])
    assert r2.index.tolist() == ["reduction tau2[u0]"]
    assert 100 * r2.iloc[0] == pytest.approx(CASES["bcg-ablat-REML"]["metafor"]["R2"], rel=1e-6)
    with pytest.raises(hlm.OptionError, match="those of 'log_rr' are known and differ from row to row"):
        fits[0].r2()


def test_group_effects_are_those_of_r():
    expected = CASES["bcg-ablat-REML"]["ranef"]["trial"]
    table = fitted("bcg-ablat", "REML").group_coefficients().droplevel("coefficient")
    table = table.loc[hlm.load_dataset("bcg")["trial"]]  # in the order of R's data
    np.testing.assert_allclose(table["u"][:5], expected["condval"]["(Intercept)"], rtol=1e-6)
    np.testing.assert_allclose(table["u_sd"][:5], expected["condsd"]["(Intercept)"], rtol=1e-6)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_profile_of_tau_is_that_of_r(method):
    """The deviance at fixed tau, whose smallest value lies at 0."""
    expected = CASES[f"eight-schools-{method}"]["profile_tau"]
    held = held_component(fitted("eight-schools", method).estimate, "tau", (0,))
    found = [-held.smallest(tau) / 2 for tau in expected["tau"]]
    np.testing.assert_allclose(found, expected["logLik"], atol=1e-9)


def test_profile_intervals_are_where_the_deviance_has_risen():
    data = hlm.load_dataset("bcg")
    y, v = data["log_rr"].to_numpy(), data["variance"].to_numpy()

    def deviance(tau):
        w = 1 / (v + tau**2)
        mu = np.sum(w * y) / w.sum()
        return np.sum(np.log(v + tau**2) + w * (y - mu) ** 2) + len(y) * np.log(2 * np.pi)

    fit = hlm.open_model("bcg-null").ml()
    best, cut = fit.tau["u0"], stats.chi2.ppf(0.95, 1)
    rise = lambda tau: deviance(tau) - deviance(best) - cut  # noqa: E731
    table = fit.intervals("profile")
    assert fit.deviance == pytest.approx(deviance(best), rel=1e-12)
    assert table.loc[("tau", "u0"), "lower"] == pytest.approx(brentq(rise, 1e-6, best), rel=1e-5)
    assert table.loc[("tau", "u0"), "upper"] == pytest.approx(brentq(rise, best, 5), rel=1e-5)
    assert ("sigma", "") not in table.index


@pytest.mark.parametrize("name", ["bcg-ablat", "konstantopoulos-3level-year"])
def test_satterthwaite_follows_from_differences(name):
    """Of the variance of each effect as a function of tau, and of the REML criterion's Hessian."""
    fit = fitted(name, "REML")
    deviance = fit.estimate.deviance_function
    found = satterthwaite(fit.estimate)
    T, theta = deviance.scaled.x_transform, fit.estimate.optimum.theta
    size = 1e-5 * theta

    def variances(at):
        return np.diag(T @ deviance.solve(at).XVX_inv @ T.T)

    steps = np.diag(size)
    gradient = np.array([(variances(theta + s) - variances(theta - s)) / (2 * s.sum()) for s in steps])
    slopes = [
        deviance.gradient(deviance.solve(theta + s)) - deviance.gradient(deviance.solve(theta - s)) for s in steps
    ]
    hessian = np.array(slopes) / (2 * size[:, None])
    spread = np.einsum("kp,kl,lp->p", gradient, 2 * np.linalg.inv(hessian), gradient)
    expected = 2 * variances(theta) ** 2 / spread
    np.testing.assert_allclose(found.df(np.eye(len(expected))), expected, rtol=1e-4)
    assert len(found.parameter_vcov) == len(theta)


def test_kenward_roger_is_the_formula_with_dense_matrices():
    """Kenward & Roger (1997), of V = diag(v) + tau^2 I, in which tau^2 alone is estimated."""
    fit = fitted("bcg-ablat", "REML")
    data = hlm.load_dataset("bcg")
    X = np.column_stack([np.ones(13), data["latitude"] - data["latitude"].mean()])
    V_inv = np.diag(1 / (data["variance"] + fit.tau["u0"] ** 2))
    Phi = np.linalg.inv(X.T @ V_inv @ X)
    P, Q = -X.T @ V_inv @ V_inv @ X, X.T @ V_inv @ V_inv @ V_inv @ X
    information = np.trace(V_inv @ V_inv) - 2 * np.trace(Phi @ Q) + np.trace(Phi @ P @ Phi @ P)
    adjusted = Phi + 2 * Phi @ (2 / information * (Q - P @ Phi @ P)) @ Phi
    table = fit.fixed_effects(df="kenward-roger")
    np.testing.assert_allclose(table["se"], np.sqrt(np.diag(adjusted)), rtol=1e-8)


def test_a_likelihood_ratio_needs_the_same_known_sds():
    small, large = hlm.open_model("bcg-null"), hlm.open_model("bcg-latitude")
    test = small.ml().compare(large.ml())
    expected = 2 * (CASES["bcg-ablat-ML"]["logLik"] - CASES["bcg-null-ML"]["logLik"])
    assert test.statistic == pytest.approx(expected, abs=1e-6)
    assert test.df == 1
    with pytest.raises(hlm.OptionError, match="do not take the same level-1 SDs as known"):
        small.update("sd(r) = 1").ml().compare(large.ml())


def test_robust_standard_errors_are_the_sandwich():
    fit = fitted("konstantopoulos-3level-year", "REML")
    data = konstantopoulos()
    X = np.column_stack([np.ones(56), data["year_c"]])
    same = data["district"].to_numpy()[:, None] == data["district"].to_numpy()
    V = np.diag(data["vi"] + fit.tau["u0"] ** 2) + fit.tau["v0"] ** 2 * same
    W = np.linalg.inv(V)
    bread, e = np.linalg.inv(X.T @ W @ X), data["yi"] - X @ fit.gamma.to_numpy()
    scores = X * (W @ e.to_numpy())[:, None]
    meat = sum(np.outer(s, s) for s in (scores[same[i]].sum(axis=0) for i in data.drop_duplicates("district").index))
    np.testing.assert_allclose(fit.robust_se(), np.sqrt(np.diag(bread @ meat @ bread)), rtol=1e-7)


def test_there_is_no_sigma():
    fit = fitted("bcg-null", "REML")
    with pytest.raises(hlm.OptionError, match="sigma is defined for level-1 residuals of one variance"):
        _ = fit.sigma
    with pytest.raises(hlm.OptionError, match="heterogeneity\\(\\) sets the variance between groups"):
        fit.icc()
    assert "sigma" not in {component for component, _ in fit.variance_components().index}
    scaled = fit.residuals()
    data = hlm.load_dataset("bcg")
    effects = fit.group_coefficients().droplevel("coefficient").loc[data["trial"], "estimate"]
    left = data["log_rr"].to_numpy() - effects.to_numpy()
    assert scaled["max"] == pytest.approx((left / np.sqrt(data["variance"])).max())


def test_influence_without_a_trial_is_the_fit_without_it():
    made = hlm.open_model("bcg-latitude")
    found = exact(made.design, made.reml().estimate)
    data = hlm.load_dataset("bcg").sort_values("trial", ignore_index=True)
    spec = "log_rr = b0 + r; var(r) = variance; b0 = g00 + g01*x + u0"
    data["x"] = data["latitude"] - data["latitude"].mean()
    rest = hlm.Model(spec, data.drop(index=3), "trial").reml()
    np.testing.assert_allclose(found.gamma[3], rest.gamma, rtol=1e-6)
    assert found.tau[3, 0] == pytest.approx(rest.tau["u0"], rel=1e-6)
    estimate = made.reml().estimate
    w = 1 / (data["variance"] + estimate.tau[0] ** 2).to_numpy()
    kept, X = np.arange(13) != 3, np.column_stack([np.ones(13), data["x"]])
    gamma = np.linalg.solve((X[kept].T * w[kept]) @ X[kept], (X[kept].T * w[kept]) @ data["log_rr"].to_numpy()[kept])
    np.testing.assert_allclose(one_step(estimate).gamma[3], gamma, rtol=1e-9)
