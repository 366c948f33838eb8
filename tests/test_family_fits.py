"""Fits of outcomes that are not normal, from equations to results, by quadrature and with explicit random effects."""

import json

import numpy as np
import pandas as pd
import pytest
from arviz_stats import mcse
from scipy import stats
from scipy.special import expit

import bayeshlm as hlm
from bayeshlm.commands.cli import DONE, WRONG_INPUT, main
from bayeshlm.commands.results_folder import summary

MODELS = {
    "Bernoulli": "y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Binomial": "y ~ Binomial(n, p); probit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Poisson": "y ~ Poisson(mu); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10 + u1",
    "NegativeBinomial": "y ~ NegativeBinomial(mu); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Gamma": "y ~ Gamma(mu); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Beta": "y ~ Beta(mu); logit(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "StudentT": "y ~ StudentT(mu); mu = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Ordinal": "y ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10",
}
OPTIONS = {"seed": 1, "draws": 500, "progress": False}


def frame_of(family, seed=3):
    """25 groups of 8 rows, outcomes drawn from the distribution; eta = 0.4 + 0.5 x + u, tau = 0.7."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(25), 8)
    x, u = rng.normal(size=200), 0.7 * rng.normal(size=25)
    eta = 0.4 + 0.5 * x + u[group]
    p = expit(eta)
    drawn = {
        "Bernoulli": lambda: rng.random(200) < p,
        "Binomial": lambda: rng.binomial(5, p),
        "Poisson": lambda: rng.poisson(np.exp(eta)),
        "NegativeBinomial": lambda: rng.poisson(np.exp(eta) * rng.gamma(3, 1 / 3, 200)),
        "Gamma": lambda: np.exp(eta) * rng.gamma(3, 1 / 3, 200),
        "Beta": lambda: rng.beta(6 * p, 6 * (1 - p)),
        "StudentT": lambda: eta + rng.standard_t(6, 200),
        "Ordinal": lambda: 1 + (eta + rng.logistic(size=200) > np.array([[-0.5], [1.0]])).sum(axis=0),
    }
    return pd.DataFrame({"site": group, "x": x, "n": 5, "y": drawn[family]() * 1})


@pytest.fixture(scope="module")
def data():
    return frame_of("Bernoulli")


@pytest.fixture(scope="module")
def fit(data):
    return hlm.Model(MODELS["Bernoulli"], data, "site").fit(**OPTIONS)


STATISTICS = {
    "mean": (np.mean, {"method": "mean"}),
    "sd": (np.std, {"method": "sd"}),
    "2.5 %": (lambda x: np.quantile(x, 0.025), {"method": "quantile", "prob": 0.025}),
    "97.5 %": (lambda x: np.quantile(x, 0.975), {"method": "quantile", "prob": 0.975}),
}


def assert_same_posterior(one, other):
    """Means, SDs and ends of 95 % intervals of all that both posteriors have within four joint Monte Carlo errors.

    Of the many numbers of groups it is as many as the largest of so many normal variables exceeds once in a thousand.
    """
    for name in [name for name in one.data_vars if name in other]:
        both = [posterior[name].to_numpy() for posterior in (one, other)]
        first, second = (x.reshape(*x.shape[:2], -1) for x in both)
        limit = max(4.0, stats.norm.isf(5e-4 / (4 * first.shape[-1])))
        for k in np.flatnonzero(first.std(axis=(0, 1)) > 1e-12):  # all but the diagonal of corr
            pair = first[..., k], second[..., k]
            for statistic, (of, how) in STATISTICS.items():
                error = np.hypot(*(float(mcse(x, **how)) for x in pair))
                assert abs(of(pair[0]) - of(pair[1])) <= limit * error, (name, k, statistic)


@pytest.mark.slow
def test_quadrature_and_explicit_effects_are_one_posterior(fit, data):
    other = fit.model.fit(parameterization="noncentered", **OPTIONS)
    assert_same_posterior(fit.posterior, other.posterior)
    assert "log_likelihood" in fit.idata.children
    assert "log_likelihood" not in other.idata.children


@pytest.mark.slow
@pytest.mark.parametrize("family", [name for name in MODELS if name != "Bernoulli"])
def test_so_they_are_of_every_family(family):
    model = hlm.Model(MODELS[family], frame_of(family), "site")
    explicit = model.fit(parameterization="noncentered", **OPTIONS)
    assert_same_posterior(model.fit(**OPTIONS).posterior, explicit.posterior)


@pytest.mark.slow
@pytest.mark.parametrize("family", list(MODELS))
def test_pymc_samples_the_same_posterior_from_the_graph(family):
    import pymc as pm

    model = hlm.Model(MODELS[family], frame_of(family), "site")
    with model.graph("noncentered"):
        tree = pm.sample(1000, chains=4, random_seed=2, nuts_sampler="nutpie", progressbar=False)
    own = model.fit(seed=1, progress=False).posterior
    assert {"tau", "u"} <= set(own.data_vars) & set(tree["posterior"].data_vars)
    assert_same_posterior(own, tree["posterior"].to_dataset())


@pytest.mark.slow
def test_pairs_that_differ_widely():
    """500 pairs with an SD of 5, where Laplace's approximation is 2 posterior SDs off and explicit u mix badly."""
    rng = np.random.default_rng(5)
    pair = np.repeat(np.arange(500), 2)
    x, u = rng.normal(size=1000), 5.0 * rng.normal(size=500)
    data = pd.DataFrame({"pair": pair, "x": x, "y": 1 * (rng.random(1000) < expit(0.5 + x + u[pair]))})
    model = hlm.Model("y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10", data, "pair")
    quadrature = model.fit(seed=1, sampler="nutpie", progress=False)
    assert quadrature.convergence.max_r_hat <= 1.01
    assert quadrature.nodes.holds
    tau = quadrature.posterior["tau"].to_numpy()
    assert np.quantile(tau, 0.025) < 5 < np.quantile(tau, 0.975)
    explicit = model.fit(seed=1, draws=4000, parameterization="noncentered", progress=False)
    assert_same_posterior(quadrature.posterior[["gamma", "tau"]], explicit.posterior[["gamma", "tau"]])


def test_the_fit_says_what_was_done(fit):
    text = " ".join(str(fit).split())
    assert "Two-level Bernoulli model of y" in text
    assert "y ~ Bernoulli(p) logit(p) = b0 + b1*x" in text
    assert "Random effects are integrated out by quadrature with 6 nodes each: twice as many move no mean" in text
    assert "more than 0.000 SD" not in text  # a bound is rounded up
    assert "on the latent scale of the logit, where level 1 has the variance pi^2/3" in text
    assert "sigma" not in text
    assert "Odds ratios (95% equal-tailed intervals)" in text
    assert "Plausible ranges of p that cover 95% of the groups" in text
    assert "ICC, observed" in text


def test_what_is_expected_goes_through_the_link(fit, data):
    predicted = fit.predict(data.head(4), n_draws=200)
    np.testing.assert_allclose(predicted["mu"], expit(predicted["eta"]), rtol=1e-12)
    assert set(np.unique(predicted["y"])) == {0.0, 1.0}
    share, error = predicted["y"].mean(), 0.5 / np.sqrt(predicted["y"].size)
    assert abs(share - predicted["mu"].mean()) < 4 * error


def test_the_icc_is_that_of_the_latent_variable(fit):
    tau2 = fit.posterior["tau"].to_numpy()[..., 0] ** 2
    np.testing.assert_allclose(fit.icc().draws["icc"], tau2 / (tau2 + np.pi**2 / 3), rtol=1e-12)


def test_checks_compare_what_a_binary_outcome_has(fit):
    check = fit.predictive_check(n_draws=50, seed=1)
    statistics = check.table.index.get_level_values("statistic")
    assert {"mean", "between_variance"} <= set(statistics)
    assert not any(name.startswith(("residual", "slope_sd")) for name in statistics)
    assert fit.loo("site").n_units == 25


def test_maximum_likelihood_is_what_the_posterior_is_checked_against(fit):
    check, ml = fit.cross_check(), fit.model.ml()
    table = check.table
    assert check.method == "ML"
    assert table.loc["gamma", "estimate"].to_numpy() == pytest.approx(ml.gamma.to_numpy())
    assert table.loc[("tau", "u0"), "estimate"] == pytest.approx(ml.tau["u0"])
    assert table.loc[("icc", ""), "estimate"] == pytest.approx(ml.icc()["icc"])
    assert set(table["unit"]) <= {"ML se", "posterior sd"}
    groups = ml.group_coefficients()["posterior_mean"].dropna().to_numpy()
    fixed = ml.as_draw["beta"].to_numpy()[0, 0, :, 0] - ml.as_draw["u"].to_numpy()[0, 0, :, 0]
    assert check.groups["estimate"].to_numpy() == pytest.approx(fixed + groups)
    # of the priors and the skewness of so few groups, no more than a standard error
    assert table["difference"].abs().max() < 1
    assert "Posterior beside ML" in str(check)
    assert "REML" not in str(check)


def test_ratios_go_into_the_table_of_models_and_the_files(fit):
    ratios = fit.fixed_effects(exponentiate=True)
    row = hlm.table(fit, exponentiate=True).frame.loc[("fixed", "Slope of x", "(intercept)"), "Model 1"]
    assert row.tolist() == ratios.loc["g10", ["median", "sd", "lower", "upper"]].tolist()
    stored = summary(fit)["ratios"]
    assert stored["kind"] == "odds ratio"
    assert stored["g10"]["median"] == ratios.loc["g10", "median"]
    normal = hlm.open_model("hsb-one-way-anova").reml()
    with pytest.raises(hlm.OptionError, match="means nothing under the identity link"):
        hlm.table(fit, normal, exponentiate=True)


def test_it_is_saved_and_read_as_it_is(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    assert str(again) == str(fit)
    assert again.model.design.outcome == fit.model.design.outcome


def test_what_needs_a_level_1_variance_of_its_own_says_so(fit):
    with pytest.raises(hlm.OptionError, match="a Bernoulli outcome has none"):
        fit.eb_weights()
    with pytest.raises(hlm.OptionError, match="is defined for normal outcomes only, and 'y' is Bernoulli"):
        fit.residuals(level=2)
    assert "ols" not in fit.group_coefficients()


@pytest.mark.slow
def test_the_report_and_the_files_of_the_command_line(fit, data, tmp_path):
    fit.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Two-level Bernoulli model" in page
    assert "Posterior beside ML" in page
    assert "Maximum likelihood estimates the same model without priors" in page
    assert "two-level hierarchical generalized linear model (Bernoulli outcomes, logit link)" in page
    assert "mean the logit of the outcome&#x27;s mean and SD 4.53 for the intercept" in page
    assert f"adaptive Gauss-Hermite quadrature with {fit.nodes.n_nodes} nodes each" in page
    assert "follow the scales of the data: that of the logit (1.81)" in page
    assert "sd(y)" not in page
    assert "sigma the" not in page
    data.to_csv(tmp_path / "data.csv", index=False)
    lines = MODELS["Bernoulli"].replace("; ", "\n")
    toml = f'title = "t"\nequations = """\n{lines}\n"""\ngroup = "site"\ndata = "data.csv"\n'
    (tmp_path / "model.toml").write_text(toml)
    options = ["--draws", "500", "--seed", "1", "--quiet", "--reml", "--out", str(tmp_path / "out")]
    assert main(["fit", str(tmp_path / "model.toml"), *options]) == DONE
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert list(summary["variance_components"]) == ["tau", "corr"]
    assert summary["reml"]["method"] == "ML"
    assert summary["reml"]["cross_check"]["verdict"].startswith(("Posterior and ML", "Undecided"))
    assert main(["reml", str(tmp_path / "model.toml"), "--ml", "--out", str(tmp_path / "ml.json")]) == DONE
    content = json.loads((tmp_path / "ml.json").read_text())["reml"]
    assert {"fixed_effects", "tau", "log_likelihood", "icc", "quadrature"} <= set(content)
    assert content["log_likelihood"] == summary["reml"]["log_likelihood"]
    assert "sigma" not in content
    assert content["reliability"]["b0"] == pytest.approx(summary["reliability"]["b0"]["mean"], abs=0.1)
    assert main(["reml", str(tmp_path / "model.toml")]) == WRONG_INPUT
    assert summary["fixed_effects"]["g10"]["mean"] == pytest.approx(fit.fixed_effects().loc["g10", "mean"], rel=1e-12)


@pytest.mark.slow
def test_ordered_categories_have_cutpoints_and_probabilities():
    model = hlm.Model(MODELS["Ordinal"], frame_of("Ordinal"), "site")
    prior = model.prior_predictive(100, seed=1)
    assert prior["prior"]["cutpoint"].dims == ("chain", "draw", "threshold")
    assert set(np.unique(prior["prior_predictive"]["y"])) == {0.0, 1.0, 2.0}
    assert [key for key in model.priors.by_key() if key.startswith("cutpoint")] == ["cutpoint[1|2]", "cutpoint[2|3]"]


@pytest.mark.slow
def test_crossed_groupings_are_sampled_with_their_effects():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"a": np.repeat(np.arange(12), 10), "b": np.tile(np.arange(10), 12)})
    eta = 0.8 * rng.normal(size=12)[frame["a"]] + 0.5 * rng.normal(size=10)[frame["b"]]
    frame["y"] = (rng.random(120) < expit(eta)).astype(int)
    fit = hlm.Model("y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0[a] + v0[b]", frame).fit(**OPTIONS)
    assert fit.posterior["u_a"].sizes["a"] == 12
    assert fit.convergence.divergences < 10
    with pytest.raises(
        hlm.OptionError, match=r"which for Bernoulli outcomes cannot be done for .*'a' and 'b' together"
    ):
        fit.reliability(grouping="a")
    for unit, n_units in (("row", 120), ("a", 12), ("b", 10)):
        assert fit.loo(unit, exact=False).n_units == n_units
