"""ArviZ takes ``fit.idata`` as it is, without a warning, and predictions that were stored in it."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayeshlm as hlm
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

EQUATIONS = "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = g10 + u1"


@pytest.fixture
def fit(fake_draws):
    rng = np.random.default_rng(1)
    columns = {"dose": rng.normal(size=24), "pain": rng.normal(size=24)}
    model = hlm.Model(EQUATIONS, pd.DataFrame({"ward": np.repeat(list("abcd"), 6), **columns}), "ward")
    options = sampling_options(draws=50, chains=2, seed=1)
    return hlm.Fit(model, to_datatree(fake_draws(model.design, 2, 50), model.design, model.priors, options))


def test_arviz_summarizes_everything_once(fit):
    from arviz_stats import summary

    table = summary(fit.idata, round_to="none")
    assert np.isfinite(table.to_numpy(dtype=float)).all()
    rows = [name for name in table.index if str(name).startswith("corr_pairs")]
    assert rows == ["corr_pairs[u0,u1]"]
    assert table.loc[rows[0], "mean"] == pytest.approx(
        fit.posterior["corr"].sel(random="u0", random_="u1").mean().item()
    )


def test_the_face_has_the_parameters_only(fit):
    assert list(fit.posterior.data_vars) == ["gamma", "tau", "corr", "sigma", "u", "beta"]
    assert set(fit.posterior.coords) == {"chain", "draw", "fixed", "random", "random_", "ward", "coefficient"}
    assert fit.posterior.attrs == fit.idata["posterior"].attrs
    xr.testing.assert_equal(fit.posterior["corr"], fit.idata["posterior"]["corr"].drop_vars("corr"))


@pytest.mark.slow
def test_arviz_draws_traces_and_predictive_densities(fit):
    mpl.use("Agg")
    from arviz_plots import plot_ppc_dist, plot_trace, plot_trace_dist

    plot_trace(fit.idata, var_names=["gamma", "tau", "corr_pairs", "sigma"])
    plot_trace_dist(fit.idata)
    fit.predict(seed=1, store=True)
    plot_ppc_dist(fit.idata, num_samples=5)
    plot_ppc_dist(fit.model.prior_predictive(60, seed=1), group="prior_predictive", visuals={"observed_dist": {}})
    mpl.pyplot.close("all")


def test_nothing_is_stored_unless_asked_for(fit):
    before = list(fit.idata.children)
    fit.predict(seed=1)
    fit.predictive_check(10, seed=1)
    assert list(fit.idata.children) == before


def test_where_predictions_are_stored(fit, tmp_path):
    before = fit.idata.copy(deep=True)
    same, new = fit.predict(seed=1, store=True), fit.predict(groups="new", seed=2, n_draws=20, store=True)
    others = fit.predict(pd.DataFrame({"ward": ["a", "z"], "dose": [0.0, 1.0]}), seed=3, store=True)
    xr.testing.assert_identical(fit.idata["posterior_predictive"].to_dataset(), same[["y"]])
    xr.testing.assert_identical(fit.idata["posterior_predictive_new_groups"].to_dataset(), new[["y"]])
    xr.testing.assert_identical(fit.idata["predictions"].to_dataset(), others)
    for name, group in before.children.items():
        xr.testing.assert_identical(fit.idata[name].to_dataset(), group.to_dataset())
    fit.predict(groups="average", seed=4, store=True)
    assert fit.idata["predictions"].attrs["groups"] == "average"
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc").idata
    for name in ("posterior_predictive", "posterior_predictive_new_groups", "predictions"):
        xr.testing.assert_equal(loaded[name].to_dataset(), fit.idata[name].to_dataset())


def test_a_check_stores_its_replicates(fit):
    check = fit.predictive_check(20, seed=1, store=True)
    for name in ("posterior_predictive", "posterior_predictive_new_groups"):
        xr.testing.assert_identical(fit.idata[name].to_dataset(), check.idata[name].to_dataset())
