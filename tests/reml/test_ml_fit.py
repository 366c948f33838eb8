"""`MlFit`: what it takes, prints, tests and refuses."""

import numpy as np
import pandas as pd
import pytest
from family_references import fit_of
from scipy.stats import chi2

import bayeshlm as hlm
from bayeshlm.commands.reml_file import reml_summary

SITE = np.repeat(np.arange(30), 10)
LOGIT = "y ~ Bernoulli(p)\nlogit(p) = b0 + b1*x\nb0 = g00 + u0\nb1 = g10"


def rows_of(seed):
    """Rows of 30 sites with a predictor, and noise to make outcomes of."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"site": SITE, "x": rng.normal(size=300)}), rng


def test_what_it_does_not_take():
    data, rng = rows_of(6)
    data = data.assign(y=rng.integers(0, 2, 300), z=rng.normal(size=300), area=np.tile(np.arange(10), 30))
    three = LOGIT.replace("b1*x", "b1*x + b2*z") + " + u1\nb2 = g20 + u2"
    with pytest.raises(hlm.OptionError, match=r"one or two random effects, and this model has 3 of .*model\.fit\(\)"):
        hlm.Model(three, data, "site").ml()
    crossed = LOGIT.replace("u0", "u0[site] + v0[area]")
    with pytest.raises(hlm.OptionError, match=r"one grouping .* has 2 groupings: sample it with model\.fit\(\)"):
        hlm.Model(crossed, data).ml()
    with pytest.raises(hlm.OptionError, match=r"REML is defined for normal outcomes only.*model\.ml\(\)"):
        hlm.Model(LOGIT, data, "site").reml()


@pytest.mark.slow
def test_ratios_are_exponentials_with_intervals_of_their_own():
    fit = fit_of("bacteria-agq25")
    effects, ratios = fit.fixed_effects(0.9), fit.fixed_effects(0.9, exponentiate=True)
    for column in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(ratios[column], np.exp(effects[column]), rtol=1e-14)
    np.testing.assert_allclose(ratios["se"], np.exp(effects["estimate"]) * effects["se"], rtol=1e-14)
    assert (ratios[["z", "p"]] == effects[["z", "p"]]).all(axis=None)
    assert reml_summary(fit)["reml"]["ratios"]["kind"] == "odds ratio"
    assert reml_summary(fit)["reml"]["ratios"]["g01"]["estimate"] == ratios.loc["g01", "estimate"]
    found = hlm.table(fit, exponentiate=True, cells="interval", prob=0.9)
    row = found.frame.loc[("fixed", "Intercept", "drug"), "Model 1"]
    assert row.tolist() == ratios.loc["g01", ["estimate", "se", "lower", "upper"]].tolist()
    assert "fixed effects: odds ratios" in str(found)
    with pytest.raises(hlm.OptionError, match="means nothing under the probit link"):
        fit_of("wine-clmm-probit-agq25").fixed_effects(exponentiate=True)
    with pytest.raises(hlm.OptionError, match="another thing in each of these models, odds ratio and rate ratio"):
        hlm.table(fit, fit_of("epil-poisson-agq25"), exponentiate=True)


def test_what_has_no_meaning_says_so():
    fit = fit_of("bacteria-agq25")
    for method in (fit.anova, fit.chi_square, fit.robust_se, fit.residuals):
        with pytest.raises(hlm.OptionError, match=r"normal outcomes only, and 'y' is Bernoulli: .+\."):
            method()
    with pytest.raises(hlm.OptionError, match="A level-1 standard deviation is defined for"):
        _ = fit.sigma
    with pytest.raises(hlm.OptionError, match='Intervals are "wald" or "profile"'):
        fit.intervals("bootstrap")
    with pytest.raises(hlm.OptionError, match=r"compare\(\) takes the fit of another model\.ml\(\)"):
        fit.compare(hlm.open_model("hsb-one-way-anova").ml())


def test_likelihood_ratio_and_wald_tests():
    one, two = fit_of("contraception-ri-agq25"), fit_of("contraception-rs-agq15x15")
    ratio = two.compare(one)
    statistic = one.deviance - two.deviance
    assert ratio.statistic == pytest.approx(statistic)
    assert ratio.p == pytest.approx(0.5 * chi2.sf(statistic, 1) + 0.5 * chi2.sf(statistic, 2))
    assert "Likelihood-ratio test (ML)" in str(ratio)
    test = one.wald(["g40", "g50", "g60"])
    at = [list(one.gamma.index).index(name) for name in ("g40", "g50", "g60")]
    gamma, vcov = one.gamma.to_numpy()[at], one.vcov.to_numpy()[np.ix_(at, at)]
    assert test.chi2 == pytest.approx(gamma @ np.linalg.solve(vcov, gamma))
    assert test.p == pytest.approx(chi2.sf(test.chi2, 3))
    assert "Jointly: chi-square(3)" in str(test)
    with pytest.raises(hlm.OptionError, match="The models use 220 and 1934 rows"):
        one.compare(fit_of("bacteria-agq25"))


def test_it_prints_and_is_a_draw():
    fit = fit_of("contraception-rs-agq15x15")
    text = str(fit)
    assert "fitted by maximum likelihood" in text
    assert "log-likelihood -1180.01" in text
    assert "quadrature with 8 nodes each: twice as many change the log-" in text
    assert "Wald intervals" in fit._repr_html_()
    draw = fit.as_draw
    assert draw["tau"].to_numpy()[0, 0] == pytest.approx(fit.tau.to_numpy())
    assert draw["u"].to_numpy()[0, 0, :, 0] == pytest.approx(
        fit.group_coefficients().xs("b0", level="coefficient")["u"].to_numpy()
    )
    ranges = fit.plausible_ranges()
    tau, gamma = fit.tau["u3"], fit.gamma["g30"]
    assert ranges.loc["b3", "upper"] == pytest.approx(gamma + 1.959963984540054 * tau)
    Z = fit.design.Z
    v = np.einsum("iq,qr,ir->i", Z, fit.G.to_numpy(), Z).mean()
    assert fit.icc()["icc"] == pytest.approx(v / (v + np.pi**2 / 3))


def test_it_stands_in_a_table_of_models():
    one, two = fit_of("contraception-ri-agq25"), fit_of("contraception-rs-agq15x15")
    text = str(hlm.table(one, two, names=["intercepts", "slopes"]))
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert rows["estimator"] == ["estimator", "ML", "ML"]
    assert rows["ICC"][1:] == [f"{fit.icc()['icc']:.3f}" for fit in (one, two)]
    assert "-0.791" in text
    with pytest.raises(hlm.OptionError, match="the null model is one of other rows"):
        hlm.table(hlm.open_model("hsb-one-way-anova").reml(), null=one)
