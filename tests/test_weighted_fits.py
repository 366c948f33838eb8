"""Weighted models as their user has them: pseudo-posteriors beside the sandwich, what is kept, what is refused."""

import numpy as np
import pytest
from weighted_cases import COLUMNS, EQUATIONS, survey

import bayeshlm as hlm

OPTIONS = {"seed": 1, "progress": False, "sampler": "importance", "draws": 500}


def weighted(name="gaussian-rs", data=None, weights=COLUMNS):
    return hlm.Model(EQUATIONS[name], survey() if data is None else data, "cluster", weights=weights)


@pytest.fixture(scope="module")
def fit():
    return weighted().fit(**OPTIONS)


def test_spread_of_the_draws_is_the_sandwich(fit):
    """SDs of 2,000 draws and standard errors of 112 clusters: a few percent of error in the first, of skew in both."""
    ml = fit.model.ml()
    fixed, estimates = fit.fixed_effects(), ml.fixed_effects()
    ess = fit.fixed_effects()["ess_bulk"].min()
    tolerance = 4 / np.sqrt(2 * ess) + 3 / 112
    np.testing.assert_allclose(fixed["sd"], estimates["se"], rtol=tolerance)
    assert (np.abs(fixed["mean"] - estimates["estimate"]) < 0.15 * estimates["se"]).all()
    bread = ml.estimate.problem.gamma_map @ ml.estimate.maximum.inverse_information[:3, :3]
    naive = np.sqrt(np.diag(bread @ ml.estimate.problem.gamma_map.T))
    np.testing.assert_allclose(fixed["deft"], estimates["se"] / naive, rtol=tolerance)


def test_draws_as_sampled_are_kept_and_have_no_log_likelihood(fit):
    tree = fit.idata
    assert "log_likelihood" not in tree.children
    before, after = tree["pseudo_posterior"]["gamma"], tree["posterior"]["gamma"]
    np.testing.assert_allclose(after.mean(("chain", "draw")), before.mean(("chain", "draw")), rtol=1e-10)
    assert (after.std(("chain", "draw")) > 1.1 * before.std(("chain", "draw"))).all()


def test_equal_weights_give_the_unweighted_fit_bit_for_bit():
    data = survey().assign(w1=2.5, w2=0.7)
    one = weighted(data=data).fit(**OPTIONS)
    other = weighted(weights=None).fit(**OPTIONS)
    for name in ("gamma", "tau", "sigma", "u"):
        np.testing.assert_array_equal(one.posterior[name], other.posterior[name])
    assert "deft" not in one.fixed_effects()


def test_nutpie_and_importance_sampling_agree(fit):
    nuts = weighted().fit(seed=2, progress=False, sampler="nutpie", draws=500)
    one, other = fit.fixed_effects(), nuts.fixed_effects()
    error = np.sqrt(one["sd"] ** 2 / one["ess_bulk"] + other["sd"] ** 2 / other["ess_bulk"])
    assert (np.abs(one["mean"] - other["mean"]) < 4 * error).all()
    np.testing.assert_allclose(one["deft"], other["deft"], rtol=4 * np.sqrt(1 / one["ess_bulk"].min()))


@pytest.mark.slow
def test_pymc_samples_the_graph():
    fit = weighted("gaussian-ri").fit(draws=300, tune=300, chains=2, seed=1, sampler="pymc", progress=False)
    ml = fit.model.ml().fixed_effects()
    assert (np.abs(fit.fixed_effects()["mean"] - ml["estimate"]) < 0.4 * ml["se"]).all()


def test_saved_fits_come_back_with_their_weights(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    assert loaded.model.survey == fit.model.survey == hlm.SurveyWeights(COLUMNS)
    np.testing.assert_array_equal(loaded.model.design.weights.row, fit.model.design.weights.row)
    np.testing.assert_allclose(loaded.fixed_effects()["deft"], fit.fixed_effects()["deft"])
    assert loaded.model.without("u1").survey == fit.model.survey


def test_changed_models_keep_their_weights():
    model = weighted()
    np.testing.assert_array_equal(model.without("u1").design.weights.row, model.design.weights.row)
    np.testing.assert_array_equal(model.null().design.weights.group, model.design.weights.group)
    half = model.update(data=survey().query("cluster < 'c200'"))
    assert half.design.weights.group.sum() == pytest.approx(half.design.n_groups)


@pytest.mark.parametrize("parameterization", ["noncentered", "centered"])
def test_explicit_effects_are_refused(parameterization):
    for made in (weighted().graph, lambda name: weighted("bernoulli-ri").fit(parameterization=name)):
        with pytest.raises(hlm.OptionError, match="with sampling weights the random effects are integrated out"):
            made(parameterization)


def test_reml_is_refused():
    with pytest.raises(hlm.OptionError, match="REML is not defined with sampling weights"):
        weighted().reml()


REFUSED = {
    'fit.loo("row")': "only the weighted sum over the sample",
    'fit.loo("group")': "only the weighted sum over the sample",
    'hlm.compare({"a": fit, "b": fit})': "only the weighted sum over the sample",
    "fit.influence()": "The influence of a group is not defined with sampling weights",
    "fit.residuals()": "A level-1 residual with its tests is not defined",
    "fit.residuals(level=2)": "A level-2 residual with its distance is not defined",
    "fit.predictive_check()": "were not drawn at random from the population",
    "fit.prior_sensitivity()": "which no prior scales; fit model.update",
    "fit.r2()": "The variance explained is not defined",
    'fit.model.compare_methods("x")': "the other methods take each row once",
    'fit.model.hausman("x")': "take each row once",
    'fit.model.equations("lme4")': "what is written would fit without them",
    "ml.compare(ml)": "A likelihood-ratio test is not defined",
    'ml.intervals("profile")': "has no chi-square distribution",
    "ml.aic": "AIC is not defined",
    "ml.bic": "BIC is not defined",
    "ml.anova()": "An F test of the terms is not defined",
    "ml.robust_se()": "all of them are the sandwich's",
    "ml.r2()": "The variance explained is not defined",
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_weights_leave_without_a_meaning_is_refused_in_a_sentence(fit, call):
    with pytest.raises(hlm.OptionError) as error:
        eval(call, {"fit": fit, "ml": fit.model.ml(), "hlm": hlm})
    assert REFUSED[call] in str(error.value)


def test_cross_check_is_against_the_sandwich(fit):
    check = fit.cross_check()
    assert check.method == "ML"
    ml = fit.model.ml()
    np.testing.assert_allclose(check.table.loc["gamma", "se"], ml.fixed_effects()["se"])
    assert (check.table.loc["gamma", "verdict"] == "agrees").all()
    v = ml.icc()["icc"]
    assert check.table.loc[("icc", ""), "estimate"] == pytest.approx(v, rel=1e-10)


def test_icc_is_that_of_the_population(fit):
    """By the definition, with the weights of the rows; its standard error by differences."""
    design, ml = fit.model.design, fit.model.ml()
    share = design.weights.row * design.weights.group[design.group_codes]
    share = share / share.sum()
    mean_square = design.Z.T @ (share[:, None] * design.Z)
    v = np.sum(ml.estimate.G * mean_square)
    assert ml.icc()["icc"] == pytest.approx(v / (v + ml.sigma**2), rel=1e-12)
    eta = design.X @ ml.estimate.gamma
    spread = share @ (eta - share @ eta) ** 2
    assert ml.icc()["icc_unadjusted"] == pytest.approx(v / (v + spread + ml.sigma**2), rel=1e-12)
    assert "design_effect" not in ml.icc()

    estimate, h = ml.estimate, 1e-6
    problem, x = estimate.problem, estimate.maximum.x

    def icc_at(values):
        L = problem.effect_map @ problem.factor(values)
        between = np.sum(L @ L.T * mean_square)
        return between / (between + problem.auxiliary_values(values)[0] ** 2)

    slope = np.array([(icc_at(x + e) - icc_at(x - e)) / (2 * h) for e in h * np.eye(len(x))])
    se = np.sqrt(slope @ estimate.maximum.vcov @ slope)
    assert fit.cross_check().table.loc[("icc", ""), "se"] == pytest.approx(se, rel=1e-6)


def test_what_is_printed_says_that_rows_are_weighted(fit):
    text, ml = str(fit), str(fit.model.ml())
    note = "rows by w1, scaled within groups to sum to their numbers of rows; groups (cluster) by w2"
    for printed in (text, ml, str(fit.model)):
        assert note in " ".join(printed.split())
    assert "deft" in text
    assert "fitted by maximum pseudo-likelihood" in ml
    assert "log pseudo-likelihood -3908.75" in ml
    assert "AIC" not in ml
    assert "quadrature" not in ml


def test_tables_have_weighted_models_without_r2(fit):
    unweighted = weighted(weights=None).ml()
    table = hlm.table(fit, fit.model.ml(), unweighted)
    assert "R2, marginal" in str(table)
    assert "R2" not in str(hlm.table(fit, fit.model.ml()))


def test_several_data_sets_have_their_own_weights():
    """Plausible values: the outcome of each is y and its own noise, the weights are the same."""
    rng, data = np.random.default_rng(3), survey().copy()
    for k in (1, 2, 3):
        data[f"pv{k}"] = data["y"] + rng.normal(size=len(data))
    many = hlm.fit_many(weighted("gaussian-ri"), data, outcomes=["pv1", "pv2", "pv3"], **OPTIONS)
    for fit in many.fits.values():
        assert fit.model.survey == hlm.SurveyWeights(COLUMNS)
        assert fit.model.design.weights.group.max() > 2
    pooled = many.pooled()
    within = np.mean([fit.fixed_effects()["sd"] ** 2 for fit in many.fits.values()], axis=0)
    np.testing.assert_allclose(pooled["within"].iloc[:3], within, rtol=1e-10)


@pytest.mark.slow
def test_report_says_how_rows_are_weighted_and_how_to_do_it_again(fit, tmp_path):
    fit.report(tmp_path / "report.html", data="survey.csv", progress=False)
    page = (tmp_path / "report.html").read_text()
    assert "Sampling weights: rows by w1" in page
    assert "Rows and groups were weighted (Rabe-Hesketh &amp; Skrondal, 2006)" in page
    assert "weights=hlm.SurveyWeights(columns=" in page
    assert "[weights]" in page
    assert "Not computed: A predictive check is not defined with sampling weights" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "link", "seed"),
    [("count ~ NegativeBinomial(mu, phi)", "log(mu)", 1), ("rating ~ Ordinal(eta)", "eta", 2)],
)
def test_other_distributions_have_the_sandwich_of_maximum_pseudo_likelihood(line, link, seed):
    """With a dispersion, and with cutpoints, which the draws are moved in their own scales."""
    rng, data = np.random.default_rng(seed), survey().copy()
    u = rng.normal(0, 0.5, 112)[np.unique(data["cluster"], return_inverse=True)[1]]
    mean = np.exp(0.5 + 0.3 * data["x"] + u)
    data["count"] = rng.negative_binomial(2, 2 / (2 + mean))
    data["rating"] = np.digitize(0.6 * data["x"] + u + rng.logistic(size=len(data)), [-1.0, 0.5, 2.0])
    intercept = "u0" if "Ordinal" in line else "g00 + g01*z + u0"
    equations = f"{line}; {link} = b0 + b1*x; b0 = {intercept}; b1 = g10"
    model = hlm.Model(equations, data, "cluster", weights=COLUMNS)
    fit, ml = model.fit(**OPTIONS), model.ml()
    tolerance = 4 / np.sqrt(2 * 1000) + 3 / 112
    np.testing.assert_allclose(fit.fixed_effects()["sd"], ml.fixed_effects()["se"], rtol=tolerance)
    table, bounds = fit.variance_components(), ml.intervals()
    for key in bounds.index[len(ml.gamma) :]:
        width = (bounds.loc[key, "upper"] - bounds.loc[key, "lower"]) / (2 * 1.96)
        assert table.loc[key, "sd"] == pytest.approx(width, rel=2 * tolerance)
        assert abs(table.loc[key, "mean"] - bounds.loc[key, "estimate"]) < 0.4 * width
