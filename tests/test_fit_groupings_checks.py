"""Predictions and checks of a fit with several groupings, from the faces."""

import numpy as np
import pandas as pd
import pytest
from groupings_data import crossed_model, growth_model

import bayeshlm as hlm
from bayeshlm.errors import OptionError


@pytest.fixture(scope="module")
def fit():
    return growth_model().fit(draws=250, seed=3, progress=False)


@pytest.fixture(scope="module")
def crossed():
    return crossed_model().fit(draws=250, seed=3, progress=False)


def test_a_predictive_check_is_printed_and_stored(fit):
    check = fit.predictive_check(seed=4, store=True)
    assert "new groups of child" in repr(check)
    assert "new[child]: new groups of this grouping and those nested inside" in repr(check)
    assert {"posterior_predictive", "posterior_predictive_new_child", "posterior_predictive_new_groups"} <= set(
        fit.idata
    )
    by_child = check.table.xs("between_variance[child]", level="statistic")
    means = fit.model.design.frame.groupby("child")["math"].mean()
    assert by_child["observed"].tolist() == pytest.approx([means.var()] * 3)
    assert by_child.loc["same", "sd"] < by_child.loc["new[child]", "sd"] < by_child.loc["new", "sd"]


def test_predictions_of_new_children_of_the_schools(fit):
    predicted = fit.predict(groups={"child": "new"}, seed=1, store=True)
    assert predicted["is_new_child"].all()
    assert not predicted["is_new_school"].any()
    assert fit.idata["posterior_predictive_new_child"]["y"].equals(predicted["y"])
    with pytest.raises(OptionError, match="a group of 'child' is known with the 'school' that it is in"):
        fit.predict(groups={"school": "new"})
    new = pd.DataFrame({"school": [3], "time": 0.0, "size": 0.2, "female": 1})
    mean = fit.predict(new, groups={"child": "average"}, seed=1)["mu"][..., 0]
    draws = fit.posterior
    expected = draws["gamma"].sel(fixed=["g000", "g001", "g010"]).to_numpy() @ [1, 0.2, 1]
    np.testing.assert_allclose(mean, expected + draws["u_school"].sel(school=3, random_school="u00"), rtol=1e-12)


def test_residuals_by_level_and_name(fit, crossed):
    assert "equal variance: 0 of 40 groups of child enter" in " ".join(repr(fit.residuals()).split())
    assert "Level-3 residuals: the 8 farthest of 8 groups" in repr(fit.residuals(3))
    pd.testing.assert_frame_equal(fit.residuals(3).table, fit.residuals(grouping="school").table)
    u = fit.posterior["u_child"].mean(("chain", "draw")).to_numpy().ravel()
    table = fit.residuals(2).table
    # Means of draws of u beside the exact mean: 1,000 draws, of an effective size of a fourth at the least.
    assert (np.abs(table["mean"] - u) < 5 * table["sd"] / np.sqrt(250)).all()
    with pytest.raises(OptionError, match="level 2 has the groupings 'primary' and 'secondary': say which"):
        crossed.residuals(2)
    assert crossed.residuals(grouping="secondary").table.index.names == ["secondary", "random"]
    assert "68 groups, the cells of primary and secondary, enter" in " ".join(repr(crossed.residuals()).split())


def test_sensitivity_to_the_priors(fit, crossed):
    for one in (fit, crossed):
        found = one.prior_sensitivity()
        assert found.table.index.tolist() == one._fitted.schema.labels
        assert (found.table["likelihood"] > 0).all()
    narrow = {"narrow": {"tau_v0": "HalfNormal(0.05)"}}
    refits = crossed.prior_sensitivity(refit=narrow).refits
    assert refits.loc[("tau[v0]", "narrow"), "mean"] < 0.5 * refits.loc[("tau[v0]", "as fitted"), "mean"]


def test_prior_predictive_outcomes():
    model = crossed_model()
    drawn = model.prior_predictive(4000, seed=1)
    prior, y = drawn["prior"], drawn["prior_predictive"]["y"].to_numpy()[0]
    design = model.design
    left = y - prior["gamma"].to_numpy()[0] @ design.X.T
    G = [prior["tau"].to_numpy()[0][:, k] for k in range(3)]
    Z = design.Z
    corr = prior["corr"].to_numpy()[0][:, 0, 1]
    variance = sum((G[k][:, None] * Z[:, k]) ** 2 for k in range(3)) + prior["sigma"].to_numpy()[0][:, None] ** 2
    variance += 2 * (G[0] * G[1] * corr)[:, None] * Z[:, 0] * Z[:, 1]
    ratio = left[:, 0] ** 2 / variance[:, 0]  # chi-square with one df at every draw
    assert ratio.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / len(ratio)))


def test_several_data_sets():
    model = growth_model()
    data = model.design.frame
    noise = np.random.default_rng(1).normal(0, 0.3, (2, len(data)))
    frame = data.assign(PV1=data["math"] + noise[0], PV2=data["math"] + noise[1])
    fits = hlm.fit_many(model, frame, outcomes=["PV1", "PV2"], seed=4, draws=150, chains=2, progress=False)
    table = fits.pooled()
    assert {"g000", "tau[u00]", "corr[r0,r1]", "share[child]", "icc[school]"} <= set(table.index)
    assert table.loc["g010", "mean"] == pytest.approx(
        np.mean([float(one.posterior["gamma"].sel(fixed="g010").mean()) for one in fits.fits.values()])
    )
    assert "share[school]" in repr(fits)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fit", "crossed"])
def test_a_fit_with_predictions_and_checks_in_it_is_saved_whole(name, request, tmp_path):
    fit = request.getfixturevalue(name)
    fit.predictive_check(seed=4, store=True)
    fit.predict(groups="new", seed=1, store=True)
    fit.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    new = {f"posterior_predictive_new_{of}" for of in ("groups", *fit.model.design.groupings)}
    assert len(new & set(again.idata.children)) >= 2
    assert set(again.idata.children) == set(fit.idata.children)
    for node in fit.idata.children:
        assert again.idata[node].to_dataset().identical(fit.idata[node].to_dataset())
    assert repr(again) == repr(fit)
    assert again.loo("row").elpd == fit.loo("row").elpd


@pytest.mark.parametrize("make", [growth_model, crossed_model])
def test_pooled_fits_print_the_shares_of_every_grouping(make):
    model = make()
    frame = model.design.frame
    many = hlm.fit_many(model, [frame, frame], draws=150, seed=1, sampler="importance", progress=False)
    for name in next(iter(many.fits.values())).icc().table.index:
        assert name in repr(many)
