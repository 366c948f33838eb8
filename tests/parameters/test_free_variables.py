"""The posterior holds the free variables of every graph, so that PyMC's functions go on from the draws."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from gallery_models import ONE_GROUPING
from pytensor.graph.replace import clone_replace

import bayeshlm as hlm
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.free_variables import free_variables
from bayeshlm.parameters.priors import make_priors
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

THREE = "y = b0 + b1*x + b2*w + r\nb0 = g00 + g01*z + u0\nb1 = g10 + u1\nb2 = g20 + u2"
FAMILIES = {
    "g00": hlm.StudentT(3, 5, 2),
    "g10": hlm.Normal(0, 1),
    "tau_u0": hlm.HalfNormal(2),
    "tau_u1": hlm.Exponential(1),
    "tau_u2": hlm.HalfCauchy(1),
    "sigma": hlm.Exponential(0.5),
}
COMPILE = {"mode": "FAST_COMPILE"}


@pytest.fixture(scope="module")
def frame():
    """40 rows of 5 sites; x is a year, so that the intercept's prior lies elsewhere."""
    rng = np.random.default_rng(1)
    site = np.repeat(list("abcde"), 8)
    columns = {"x": 2000 + rng.normal(size=40), "w": rng.normal(size=40), "y": rng.normal(size=40)}
    return pd.DataFrame({"site": site, "z": np.repeat(rng.normal(size=5), 8), **columns})


@pytest.fixture(scope="module")
def models(frame):
    own = {
        "three effects": (THREE, None),
        "mixed families": (THREE, FAMILIES),
        "blocks": (THREE + "\ncov(u0, u1) = 0\ncov(u1, u2) = 0", FAMILIES | {"corr": hlm.LKJ(1)}),
        "independent": (THREE + "\ncov(u0, u1, u2) = 0", {"tau_u1": hlm.HalfNormal(1)}),
        "no intercept": ("y = b1*x + r\nb1 = g10 + u1", None),
    }
    with pytest.warns(hlm.ModelWarning, match="far from zero"):
        small = {name: hlm.Model(text, frame, "site", priors=priors) for name, (text, priors) in own.items()}
    return small | {name: hlm.open_model(name) for name in ONE_GROUPING}


OWN = ("three effects", "mixed families", "blocks", "independent", "no intercept")


def tree(model, raw, **given):
    options = sampling_options(draws=raw.posterior.sizes["draw"], chains=raw.posterior.sizes["chain"], seed=1, **given)
    return to_datatree(raw, model.design, model.priors, options)


def log_densities(graph, draws):
    """The graph's log density at each draw of its free variables, Jacobians left out."""
    values, inputs = [], [rv.type(rv.name) for rv in graph.free_RVs]
    for rv, given in zip(graph.free_RVs, inputs, strict=True):
        transform = graph.rvs_to_transforms[rv]
        values.append(given if transform is None else transform.forward(given, *rv.owner.inputs))
    logp = graph.logp(jacobian=False)
    there = {graph.rvs_to_values[rv]: value for rv, value in zip(graph.free_RVs, values, strict=True)}
    function = pm.pytensorf.compile(inputs, clone_replace(logp, there), **COMPILE)
    names = [rv.name for rv in graph.free_RVs]
    points = [draws.isel(chain=c, draw=d) for c in range(draws.sizes["chain"]) for d in range(draws.sizes["draw"])]
    return np.array([function(*(point[name].to_numpy() for name in names)) for point in points])


@pytest.mark.parametrize("form", [pytest.param("marginal", marks=pytest.mark.slow), "noncentered", "centered"])
@pytest.mark.parametrize("name", [*OWN, *(pytest.param(name, marks=pytest.mark.slow) for name in ONE_GROUPING)])
def test_the_parameters_follow_from_the_free_variables(models, fake_draws, name, form):
    model = models[name]
    idata = tree(model, fake_draws(model.design, 2, 4))
    draws, graph = idata["posterior"].to_dataset(), model.graph(form)
    free = draws[[rv.name for rv in graph.free_RVs]].drop_vars("corr", errors="ignore")
    found = pm.compute_deterministics(free, model=graph, progressbar=False, compile_kwargs=COMPILE)
    derived = {variable.name for variable in graph.deterministics}
    for parameter in derived & {"gamma", "tau", "corr", "u"}:
        scale = np.abs(draws[parameter].to_numpy()).max()
        np.testing.assert_allclose(found[parameter], draws[parameter], rtol=1e-8, atol=1e-8 * scale)
    assert derived | set(free) >= {"gamma", "tau", "sigma"} | ({"corr"} if model.priors.corr else set())
    assert np.isfinite(log_densities(graph, draws)).all()


def given(design, tau, corr, u):
    """A posterior of one draw."""
    sample = ("chain", "draw")
    made = {
        "gamma": ((*sample, "fixed"), np.zeros((1, 1, len(design.fixed)))),
        "tau": ((*sample, "random"), np.array([[tau]])),
        "corr": ((*sample, "random", "random_"), np.array([[corr]])),
        "sigma": (sample, np.ones((1, 1))),
        "u": ((*sample, design.group, "random"), np.array([[u]])),
    }
    return xr.Dataset(made)


@pytest.mark.parametrize("sign", [1, -1])
def test_correlations_of_one_and_minus_one(models, sign):
    design = models["three effects"].design
    corr = np.array([[1, sign, 0.5], [sign, 1, sign * 0.5], [0.5, sign * 0.5, 1]])
    tau, z = np.array([2.0, 1e-9, 30.0]), np.random.default_rng(3).normal(size=(5, 2))
    standardized = np.column_stack([z[:, 0], sign * z[:, 0], 0.5 * z[:, 0] + np.sqrt(0.75) * z[:, 1]])
    posterior = given(design, tau, corr, standardized * tau)
    free = free_variables(Draws(posterior, design), make_priors(design), 1)
    graph = models["three effects"].graph("noncentered")
    draws = posterior.merge(free)
    assert np.isfinite(log_densities(graph, draws)).all()
    names = [rv.name for rv in graph.free_RVs]
    found = pm.compute_deterministics(draws[names], model=graph, progressbar=False, compile_kwargs=COMPILE)
    np.testing.assert_allclose(found["corr"][0, 0], corr, atol=1e-8)
    np.testing.assert_allclose(found["u"][0, 0] / tau, standardized, atol=1e-7)


def test_where_tau_is_zero_z_has_what_is_left_of_its_prior(models):
    """The posterior of z given u is the prior given ``L z = u``: moments of many groups against that normal."""
    design = models["three effects"].design
    many = 20_000
    corr = np.array([[1, 0.6, 0.2], [0.6, 1, 0.5], [0.2, 0.5, 1]])
    R = np.linalg.cholesky(corr)
    tau, standardized = np.array([0.0, 2.0, 3.0]), np.array([0.0, 1.2, -0.7])
    posterior = given(design, tau, corr, np.tile(tau * standardized, (many, 1)))
    z = free_variables(Draws(posterior, design), make_priors(design), 1)["z"].to_numpy()[0, 0]
    np.testing.assert_allclose(z @ (tau[:, None] * R).T, np.tile(tau * standardized, (many, 1)), atol=1e-12)
    A = R[1:]
    gain = A.T @ np.linalg.inv(A @ A.T)
    mean, covariance = gain @ standardized[1:], np.eye(3) - gain @ A
    error = np.sqrt(np.diag(covariance) / many)
    assert (np.abs(z.mean(axis=0) - mean) < 4 * error).all()
    sd = np.sqrt(np.diag(covariance))
    found = np.cov(z.T) / np.outer(sd, sd)
    np.testing.assert_allclose(found, covariance / np.outer(sd, sd), atol=4 * np.sqrt(2 / many))


@pytest.mark.slow
def test_a_saved_fit_keeps_them(models, fake_draws, tmp_path):
    model = models["mixed families"]
    fit = hlm.Fit(model, tree(model, fake_draws(model.design, 2, 4)))
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    xr.testing.assert_identical(loaded.idata["posterior"].to_dataset(), fit.idata["posterior"].to_dataset())
    assert list(loaded.posterior.data_vars) == ["gamma", "tau", "corr", "sigma", "u", "beta"]


def test_above_the_budget_only_z_and_u_are_missing(models, fake_draws, monkeypatch):
    model = models["three effects"]
    monkeypatch.setattr(budget, "BUDGET_BYTES", 1)
    draws = tree(model, fake_draws(model.design, 2, 4))["posterior"]
    assert {rv.name for rv in model.graph("noncentered").free_RVs} - set(draws) == {"z"}
    assert {rv.name for rv in model.graph("centered").free_RVs} - set(draws) == {"u"}
    assert {rv.name for rv in model.graph("marginal").free_RVs} <= set(draws)


EQUATIONS = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + u1"


@pytest.fixture(scope="module")
def small():
    """20 sites of 10 rows, far apart beside the residuals; the year makes gamma_at_means another thing than gamma."""
    rng = np.random.default_rng(5)
    site = np.repeat(np.arange(20), 10)
    x = rng.normal(size=200) + 1
    u = rng.normal(size=(20, 2)) * [3, 1]
    y = 50 + u[site, 0] + (2 + u[site, 1]) * x + rng.normal(size=200)
    return hlm.Model(EQUATIONS, pd.DataFrame({"site": site, "x": x, "y": y}), "site")


@pytest.fixture(scope="module")
def default_fit(small):
    return small.fit(draws=250, chains=2, seed=1, progress=False)


def check_prediction(fit, form):
    """PyMC's prediction beside the data, and beside `predict`, whose expectation given a draw is the same."""
    y = fit.model.design.y
    with fit.model.graph(form):
        tree = pm.sample_posterior_predictive(fit.idata, random_seed=2, progressbar=False, compile_kwargs=COMPILE)
    theirs = tree.posterior_predictive["y"].to_numpy().reshape(-1, y.size)
    ours = fit.predict(seed=3)["y"].to_numpy().reshape(theirs.shape)
    spread = theirs.std(axis=1, ddof=1)
    assert abs(spread.mean() - y.std(ddof=1)) < 4 * spread.std()
    assert spread.std() < 0.1 * y.std()  # of the prior's predictions it is as large as the data's SD
    different = spread - ours.std(axis=1, ddof=1)
    assert abs(different.mean()) < 4 * different.std() / np.sqrt(len(different))
    rows = theirs - ours
    error = rows.std(axis=0) / np.sqrt(len(rows))
    assert np.abs(rows.mean(axis=0) / error).max() < 5  # a normal exceeds 5 in 1 of 1.7 million; here are 200 rows


@pytest.mark.slow
@pytest.mark.parametrize("form", ["noncentered", "centered"])
def test_pymc_predicts_from_the_default_fit(default_fit, form):
    check_prediction(default_fit, form)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["noncentered", "centered"])
@pytest.mark.parametrize(
    ("sampler", "sampled"), [("nutpie", "noncentered"), ("nutpie", "centered"), ("pymc", "centered")]
)
def test_pymc_predicts_from_fits_of_the_other_graphs(small, sampler, sampled, form):
    fit = small.fit(draws=250, tune=500, chains=2, seed=1, sampler=sampler, parameterization=sampled, progress=False)
    check_prediction(fit, form)
