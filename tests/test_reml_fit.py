"""`model.reml()` and `model.ml()`: lme4's numbers under the package's names, and what is printed."""

import re

import numpy as np
import pandas as pd
import pytest
from gallery_models import ONE_GROUPING

import bayeshlm as hlm
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.variance_components import variance_components

FULL = "hsb-slopes-as-outcomes-full"
SINGULAR = "hsb-intercepts-and-slopes-as-outcomes"
MODELS = ONE_GROUPING
_FITS = {}


def fitted(name):
    """The REML fit of a gallery model, made once."""
    if name not in _FITS:
        _FITS[name] = hlm.open_model(name).reml()
    return _FITS[name]


@pytest.fixture(params=MODELS)
def linked(request, gallery_case, reference_case):
    """Name, fit, lme4's values, and lme4's names by symbol."""
    link = gallery_case(request.param)
    return request.param, fitted(request.param), reference_case(link["case"])["values"], link


def theirs(values, column, terms):
    names = [frozenset(name.split(":")) for name in values["names" if "names" in values else "term"]]
    return [values[column][names.index(frozenset(term.split(":")))] for term in terms]


def tolerance(values, exact, singular):
    return singular if values["singular"] else exact


def test_fixed_effects(linked):
    _, fit, values, link = linked
    terms = link["fixed"].values()
    table = fit.fixed_effects()
    assert list(table.index) == list(link["fixed"])
    names = ["coefficient", "term", "estimate", "se", "df", "t", "p", "lower", "upper"]
    assert list(table.columns) == names
    rtol = tolerance(values, 1e-6, 1e-4)
    np.testing.assert_allclose(table["estimate"], theirs(values["fixed"], "estimate", terms), rtol=rtol)
    np.testing.assert_allclose(table["se"], theirs(values["fixed"], "se", terms), rtol=rtol)
    loose = tolerance(values, 1e-4, 1e-2)
    np.testing.assert_allclose(table["df"], theirs(values["fixed"], "satterthwaite_df", terms), rtol=loose)
    adjusted = fit.fixed_effects(df="kenward-roger")
    np.testing.assert_allclose(adjusted["se"], theirs(values["fixed"], "kenward_roger_se", terms), rtol=rtol)
    np.testing.assert_allclose(adjusted["df"], theirs(values["fixed"], "kenward_roger_df", terms), rtol=1e-5)
    normal = fit.fixed_effects(0.9, "normal")
    np.testing.assert_allclose(normal["upper"] - normal["lower"], 2 * 1.6448536 * table["se"], rtol=1e-6)


def test_variance_components(linked):
    _, fit, values, link = linked
    (reference,) = values["varcor"].values()
    rtol = tolerance(values, 1e-6, 1e-4)
    np.testing.assert_allclose(fit.tau, reference["sd"], rtol=rtol)
    np.testing.assert_allclose(fit.G, reference["cov"], rtol=rtol)
    assert fit.sigma == pytest.approx(values["sigma"], rel=rtol)
    table = fit.variance_components(intervals=None)["estimate"]
    np.testing.assert_allclose(table.loc["tau"], reference["sd"], rtol=rtol)
    np.testing.assert_allclose(table.loc["tau2"], np.square(reference["sd"]), rtol=2 * rtol)
    assert table.loc["sigma2", ""] == pytest.approx(values["residual_variance"], rel=rtol)
    if len(link["random"]) > 1:
        np.testing.assert_allclose(fit.corr, reference["corr"], rtol=rtol)
        assert table.loc["corr"].to_numpy() == pytest.approx([reference["corr"][0][1]], rel=rtol)
        assert table.loc["cov"].to_numpy() == pytest.approx([reference["cov"][0][1]], rel=rtol)


def test_likelihood(linked):
    _, fit, values, _ = linked
    assert fit.criterion == pytest.approx(values["REML_criterion"], rel=1e-10)
    assert [fit.log_likelihood, fit.aic, fit.bic] == pytest.approx([values[k] for k in ("logLik", "AIC", "BIC")])
    assert (fit.n_parameters, fit.singular, fit.converged) == (values["npar"], values["singular"], True)
    assert bool(fit.reason) == fit.singular
    np.testing.assert_allclose(fit.residuals(), list(values["scaled_residuals"].values()), atol=1e-6)


def test_group_coefficients(linked):
    _, fit, values, link = linked
    (reference,) = values["ranef"].values()
    table = fit.group_coefficients()
    assert list(table.columns) == ["n", "estimate", "u", "u_sd", "ols"]
    labels = table.index.get_level_values(0)
    groups = [label for label in dict.fromkeys(labels) if str(label) in reference["groups"]]
    for column in fit.design.random:
        term, tau = link["random"][column.label], fit.tau[column.label]
        part = table.xs(column.coefficient, level="coefficient").loc[groups]
        order = [reference["groups"].index(str(group)) for group in groups]
        np.testing.assert_allclose(part["u"], np.array(reference["condval"][term])[order], atol=1e-5 * tau)
        np.testing.assert_allclose(part["u_sd"], np.array(reference["condsd"][term])[order], atol=1e-5 * tau)
    beta = np.einsum(
        "jk,kc,k->jc", fit.design.W, np.eye(len(fit.design.coefficients))[fit.design.coefficient_of], fit.gamma
    )
    wide = table["estimate"].to_numpy().reshape(beta.shape) - np.nan_to_num(table["u"].to_numpy().reshape(beta.shape))
    np.testing.assert_allclose(wide, beta, atol=1e-10)


def test_icc(linked):
    _, fit, values, _ = linked
    formula, found = values["by_formula"], fit.icc()
    rtol = tolerance(values, 1e-5, 1e-4)
    assert found["icc"] == pytest.approx(formula["icc_adjusted"], rel=rtol)
    assert found["icc_unadjusted"] == pytest.approx(formula["icc_unadjusted"], rel=rtol)


def test_anova(linked):
    _, fit, values, link = linked
    reference, table = values.get("anova_type3_satterthwaite"), fit.anova()
    if reference is None or not reference.get("term"):
        assert table.empty
        return
    terms = [link["fixed"][symbol] for symbol in table.index]
    assert len(terms) == len(reference["term"])
    rtol = tolerance(values, 1e-5, 1e-2)
    np.testing.assert_allclose(table["F"], theirs(reference, "F", terms), rtol=rtol)
    np.testing.assert_allclose(table["denominator_df"], theirs(reference, "dendf", terms), rtol=max(rtol, 1e-4))
    assert table["numerator_df"].tolist() == theirs(reference, "numdf", terms)


def test_ml(reference_case):
    fit = hlm.open_model(FULL).ml()
    values = reference_case("001-05c-intercepts-slopes-outcomes-meanses-cwg-hsb-ML")["values"]
    assert fit.method == "ML"
    assert fit.deviance == pytest.approx(values["deviance_ML"], rel=1e-10)
    assert "fitted by ML" in repr(fit)
    with pytest.raises(hlm.OptionError, match="Kenward-Roger needs a REML estimate"):
        fit.fixed_effects(df="kenward-roger")


def test_what_hlm_prints_of_the_null_model():
    fit = fitted("hsb-one-way-anova")
    test = fit.chi_square()
    assert round(test.loc["u0", "chi2"], 2) == 1660.23
    assert test.loc["u0", "df"] == 159
    assert round(fit.reliability().loc["b0", "estimate"], 3) == 0.901
    assert fit.plausible_ranges(z=1.96).loc["b0"].round(2).tolist() == [6.88, 18.39]
    assert test.attrs["n_groups_used"] == 160


def test_robust_standard_errors():
    fit = fitted(FULL)
    table = fit.fixed_effects(robust=True)
    pd.testing.assert_series_equal(table["se"], fit.robust_se(), check_names=False)
    assert table.attrs["robust"] is True
    assert (table["df"] == fit.fixed_effects()["df"]).all()


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        ({"hypotheses": "g11 = 0; g12"}, ["g11", "g12"]),
        ({"hypotheses": ["g11", "g12 = 0"]}, ["g11", "g12"]),
        ({"hypotheses": [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]]}, ["g11", "g12"]),
        ({"hypotheses": np.eye(6)[4:], "value": [0, 0]}, ["g11", "g12"]),
        ({"pattern": "g1[12]"}, ["g11", "g12"]),
    ],
)
def test_wald(arguments, rows):
    fit = fitted(FULL)
    found = fit.wald(**arguments)
    assert list(found.table.index) == rows
    gamma, vcov = fit.gamma[rows].to_numpy(), fit.vcov.loc[rows, rows].to_numpy()
    assert found.chi2 == pytest.approx(gamma @ np.linalg.solve(vcov, gamma))
    assert pytest.approx(found.chi2 / 2) == found.F
    pd.testing.assert_frame_equal(
        found.table, fit.fixed_effects().loc[rows, list(found.table.columns)], check_names=False, rtol=1e-8
    )
    assert re.search(r"Jointly: F\(2, [\d.]+\) = [\d.]+, p <.0001; chi-square\(2\)", repr(found))
    assert "<table" in found._repr_html_()


def test_wald_takes_one_kind_of_hypothesis():
    for arguments in ({}, {"hypotheses": "g11", "pattern": "g1"}):
        with pytest.raises(hlm.OptionError, match="Give either hypotheses"):
            fitted(FULL).wald(**arguments)


def test_intervals():
    fit = fitted("hsb-one-way-anova")
    wald, profile = fit.intervals(), fit.intervals("profile", criterion="REML")
    assert list(wald.index) == list(profile.index) == [("gamma", "g00"), ("tau", "u0"), ("sigma", "")]
    np.testing.assert_allclose(wald["lower"], profile["lower"], rtol=0.03)
    parts = fit.variance_components(intervals="profile", criterion="REML")
    assert parts.loc[("tau", "u0"), "upper"] == profile.loc[("tau", "u0"), "upper"]
    assert parts.loc[("tau2", "u0"), "upper"] == profile.loc[("tau", "u0"), "upper"] ** 2
    assert parts.attrs["intervals"] == "profile"
    with pytest.raises(hlm.OptionError, match='Intervals are "wald" or "profile"'):
        fit.variance_components(intervals="bootstrap")


def test_compare():
    null, full = fitted("hsb-one-way-anova"), fitted("hsb-means-as-outcomes")
    found, again = null.compare(full), full.compare(null)
    assert (found.statistic, found.df, found.criterion) == (again.statistic, 1, "ML")
    ml = [hlm.open_model(name).ml().criterion for name in ("hsb-one-way-anova", "hsb-means-as-outcomes")]
    assert found.statistic == pytest.approx(ml[0] - ml[1])
    assert "Likelihood-ratio test (ML)" in repr(found)
    assert "chi-square(1)" in found._repr_html_()
    with pytest.raises(hlm.OptionError, match=r"another model.reml\(\), not a Model"):
        null.compare(hlm.open_model("hsb-one-way-anova"))


def test_a_correlation_beside_no_variance_is_nan():
    rng = np.random.default_rng(3)
    ward = np.repeat(np.arange(12), 6)
    frame = pd.DataFrame({"ward": ward, "x": np.tile(np.arange(6.0), 12)})
    frame["y"] = rng.normal(size=72)
    frame["y"] -= frame.groupby("ward")["y"].transform("mean")
    fit = hlm.Model("y = b0 + b1*cwc(x) + r\nb0 = g00 + u0\nb1 = g10 + u1", frame, "ward").reml()
    assert fit.singular
    assert fit.tau["u0"] == 0
    assert "the variance of u0 is 0" in fit.reason
    table = fit.variance_components()
    assert np.isnan(table.loc[("corr", "u0,u1"), "estimate"])
    assert table.loc[("cov", "u0,u1"), "estimate"] == 0
    assert np.isfinite(fit.icc()["icc"])
    text = repr(fit)
    assert "SINGULAR: the variance of u0 is 0" in text
    assert "nan" not in text.lower()


def test_the_summary():
    text = repr(fitted(FULL))
    for part in (
        "Two-level model of mathach, fitted by REML",
        "b1 = g10 + g11*sector + g12*meanses + u1",
        "7,185 rows in 160 groups (school)",
        "REML criterion 46503.66",
        "Fixed effects (95% intervals, Satterthwaite df)",
        "b1, the slope of cwc(ses)",
        "95% Wald intervals",
        "Intraclass correlation",
        "Converged.",
    ):
        assert part in text
    assert re.search(r"g11 +sector +-1\.6426 +0\.2398 +143\.4 +-6\.85 +<\.0001 +-2\.1166 +-1\.1686", text)
    assert re.search(r"u0 +0\.733 +605\.00 +157 +<\.0001", text)
    assert max(map(len, text.splitlines())) <= 100
    assert "SINGULAR" not in text
    html = fitted(FULL)._repr_html_()
    assert html.count("<table") == 5


def test_the_summary_says_why_it_is_singular():
    text = repr(fitted(SINGULAR))
    assert "SINGULAR: the correlation of u0 and u1 is 1." in text
    assert "no Wald interval there" in text


def test_tables_have_the_rows_of_fit(fake_draws):
    from bayeshlm.faces.fit import Fit
    from bayeshlm.sampling.convert import to_datatree
    from bayeshlm.sampling.options import sampling_options

    model, fit = hlm.open_model(FULL), fitted(FULL)
    options = sampling_options(draws=10, tune=5, chains=2, seed=1)
    bayes = Fit(model, to_datatree(fake_draws(model.design, 2, 10), model.design, model.priors, options))
    for name in ("fixed_effects", "variance_components", "group_coefficients"):
        assert getattr(fit, name)().index.equals(getattr(bayes, name)().index), name
    assert list(fit.icc().index) == list(bayes.icc().table.index)
    assert list(fit.reliability().index) == list(bayes.reliability().table.index)
    pd.testing.assert_index_equal(
        fit.variance_components().index, variance_components(Draws(bayes.posterior, model.design)).index
    )
    for table in (fit.fixed_effects(), fit.anova(), fit.icc(), fit.chi_square(), fit.intervals()):
        assert (table.attrs["n_obs"], table.attrs["singular"], table.attrs["method"]) == (7185, False, "REML")


def test_robust_standard_errors_of_few_groups_say_so():
    rng = np.random.default_rng(0)
    for n_groups in (49, 50):
        g = np.repeat(range(n_groups), 4)
        data = pd.DataFrame({"g": g, "y": rng.normal(size=n_groups)[g] + rng.normal(size=len(g))})
        fit = hlm.Model("y = b0 + r; b0 = g00 + u0", data, "g").reml()
        assert fit.fixed_effects().attrs["notes"] == ()
        if n_groups == 50:
            assert fit.fixed_effects(robust=True).attrs["notes"] == ()
            continue
        with pytest.warns(hlm.ModelWarning, match="Cluster-robust standard errors from 49 groups are too small"):
            table = fit.fixed_effects(robust=True)
        assert table.attrs["n_groups"] == 49
        assert "intervals too narrow" in table.attrs["notes"][0]


def test_a_bootstrap_without_a_draw_as_large_prints_a_bound():
    rng = np.random.default_rng(0)
    g = np.repeat(range(15), 8)
    data = pd.DataFrame({"g": g, "x": rng.normal(size=120)})
    data["y"] = (1 + rng.normal(size=15)[g]) * data["x"] + rng.normal(size=120)
    small = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", data, "g").reml()
    large = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1", data, "g").reml()
    found = large.compare(small, n_boot=39, seed=1)
    assert found.bootstrap.max() < found.statistic
    assert found.p == 1 / 40
    assert "p < 0.0250, no draw as large (likelihood ratio by REML; parametric bootstrap, 39 draws)" in " ".join(
        repr(found).split()
    )
    assert "p &lt; 0.0250, no draw as large" in found._repr_html_()
