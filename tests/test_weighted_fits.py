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
