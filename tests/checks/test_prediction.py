"""Predictions of rows: against brute force, closed forms and simulation."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from clinics_data import SLOPE, clinics_design
from gallery_models import ONE_GROUPING
from scipy import stats

import bayeshlm as hlm
from bayeshlm.checks.prediction import GROUPS_AT_A_TIME, predict, thinned
from bayeshlm.design import build_design
from bayeshlm.design.new_rows import fitted_rows, new_rows
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.likelihood.coefficient_draws import regenerated
from bayeshlm.parameters.draws import Draws
from bayeshlm.sampling.convert import posterior_dataset, to_datatree
from bayeshlm.sampling.options import sampling_options

TEXTS = {
    "slope": SLOPE,
    "purely random": "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = u1",
    "no intercept": "pain = b1*dose + b2*urban + offset(dose) + r\nb1 = g10 + u1\nb2 = g20",
    "independent": "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = g10*urban + u1\ncov(u0, u1) = 0",
}
NEW = pd.DataFrame({"clinic": [3, 99, 3, 77, 99], "dose": [0.5, -1.0, 2.0, 1.0, 3.0], "urban": [1.0, 0, 1, 1, 0]})


@pytest.fixture(params=TEXTS)
def design(request):
    return clinics_design(TEXTS[request.param], n_groups=8, size=6)


@pytest.fixture
def posterior(design, fake_draws):
    drawn = fake_draws(design, 2, 50)
    return to_datatree(drawn, design, _priors(design), sampling_options(draws=50, chains=2, seed=3))["posterior"].ds


def _priors(design):
    return hlm.Model.from_design(design).priors


def constant(design, gamma, tau, corr, sigma, draws=4000):
    """A posterior of one value, repeated."""
    sample = ("chain", "draw")
    values = {"gamma": (gamma, ("fixed",)), "tau": (tau, ("random",)), "corr": (corr, ("random", "random_"))}
    made = {
        name: ((*sample, *dims), np.broadcast_to(value, (1, draws, *np.shape(value))))
        for name, (value, dims) in values.items()
    }
    return posterior_dataset(xr.Dataset(made | {"sigma": (sample, np.full((1, draws), sigma))}), design)


def test_the_fitted_rows_have_their_groups_coefficients(design, posterior):
    made = predict(Draws(posterior, design), fitted_rows(design), seed=1)
    gamma, u = posterior["gamma"].to_numpy(), posterior["u"].to_numpy()
    mu = np.empty(made["mu"].shape)
    for i, group in enumerate(design.group_codes):
        mu[..., i] = design.offset[i] + gamma @ design.X[i] + u[:, :, group] @ design.Z[i]
    np.testing.assert_allclose(made["mu"], mu, rtol=1e-12, atol=1e-12)
    assert made["mu"].dims == made["y"].dims == ("chain", "draw", "obs_id")
    np.testing.assert_array_equal(made["clinic"], design.group_labels[design.group_codes])
    assert not made["is_new"].any()
    assert made.attrs == {"groups": "same", "seed": 1, "n_groups": 8, "n_new_groups": 0}


def test_residuals_are_standard_normal(design, posterior):
    made = predict(Draws(posterior, design), fitted_rows(design), seed=1)
    z = ((made["y"] - made["mu"]) / posterior["sigma"]).to_numpy().ravel()
    assert stats.kstest(z, "norm").pvalue > 1e-3  # 4,800 of them, seed fixed
    assert abs(np.corrcoef(z, made["mu"].to_numpy().ravel())[0, 1]) < 4 / np.sqrt(z.size)


def test_known_groups_keep_their_u_and_unknown_ones_draw_one(design, posterior):
    rows = new_rows(design, NEW)
    made = predict(Draws(posterior, design), rows, seed=4)
    alone = predict(Draws(posterior, design), new_rows(design, NEW.iloc[[0, 2]]), seed=9)
    np.testing.assert_array_equal(made["mu"][:, :, [0, 2]], alone["mu"])
    assert made["is_new"].to_numpy().tolist() == [False, True, False, True, True]
    assert made.attrs["n_new_groups"] == 2
    assert made["obs_id"].to_numpy().tolist() == [0, 1, 2, 3, 4]
    average = predict(Draws(posterior, design), rows, "average")["mu"]
    effect = (made["mu"] - average).to_numpy()
    assert (np.abs(effect[:, :, [1, 3, 4]]).min(axis=(0, 1)) > 0).all()  # never zero
    if len(design.random) == 1:  # one u for both rows of clinic 99
        np.testing.assert_allclose(
            effect[:, :, 1] * rows.groups[0].Z[4, 0], effect[:, :, 4] * rows.groups[0].Z[1, 0], atol=1e-9
        )


def test_the_average_group_has_no_u(design, posterior):
    rows = new_rows(design, NEW.drop(columns="clinic"), ungrouped=["clinic"])
    made = predict(Draws(posterior, design), rows, "average", seed=4)
    expected = posterior["gamma"].to_numpy() @ rows.X.T + rows.offset
    np.testing.assert_allclose(made["mu"], expected, rtol=1e-12, atol=1e-12)
    assert set(made.coords) == {"chain", "draw", "obs_id"}
    assert made.attrs["n_new_groups"] == 0


def test_u_of_new_groups_has_the_covariance_of_its_draw():
    design = clinics_design(SLOPE, n_groups=8, size=6)
    tau, corr = np.array([1.5, 0.4]), np.array([[1, -0.6], [-0.6, 1]])
    posterior = constant(design, [5.0, -1.0, 0.5], tau, corr, 0.7)
    rows = fitted_rows(design)
    made = predict(Draws(posterior, design), rows, "new", seed=2)
    effects = np.linalg.lstsq(rows.groups[0].Z[:6], (made["mu"].to_numpy()[0, :, :6] - rows.X[:6] @ [5, -1, 0.5]).T)[0]
    G = np.outer(tau, tau) * corr
    error = np.sqrt((G**2 + np.outer(np.diag(G), np.diag(G))) / 4000)  # of a normal sample's covariance
    assert (np.abs(np.cov(effects) - G) < 4 * error).all()
    assert made.attrs["n_new_groups"] == 8
    y = made["y"].to_numpy()[0]
    total = rows.groups[0].Z[0] @ G @ rows.groups[0].Z[0] + 0.7**2
    assert y[:, 0].var() == pytest.approx(total, rel=4 * np.sqrt(2 / 4000))
    within, between = np.cov(y[:, 0], y[:, 1])[0, 1], np.cov(y[:, 0], y[:, 6])[0, 1]
    assert within == pytest.approx(rows.groups[0].Z[0] @ G @ rows.groups[0].Z[1], abs=4 * total * np.sqrt(2 / 4000))
    assert abs(between) < 4 * total / np.sqrt(4000)


@pytest.mark.parametrize("text", [SLOPE, TEXTS["purely random"], TEXTS["independent"]])
def test_new_groups_against_a_simulation(text, fake_draws):
    """Outcomes of a new clinic, drawn group by group by other means from the same draws of the parameters."""
    design = clinics_design(text, n_groups=8, size=6)
    posterior = posterior_dataset(fake_draws(design, 4, 1500).posterior, design)
    new = pd.DataFrame({"clinic": ["x"] * 2, "dose": [-1.0, 2.0], "urban": 1.0})
    rows = new_rows(design, new.assign(clinic=1000))
    made = predict(Draws(posterior, design), rows, seed=6)["y"].to_numpy().reshape(-1, 2)
    rng, simulated = np.random.default_rng(0), []
    gamma, tau = posterior["gamma"].to_numpy().reshape(6000, -1), posterior["tau"].to_numpy().reshape(6000, -1)
    corr = posterior["corr"].to_numpy().reshape(6000, 2, 2) if "corr" in posterior else [np.eye(2)] * 6000
    for s, sigma in enumerate(posterior["sigma"].to_numpy().ravel()):
        u = rng.multivariate_normal([0, 0], np.outer(tau[s], tau[s]) * corr[s])
        simulated.append(rows.X @ gamma[s] + rows.groups[0].Z @ u + sigma * rng.standard_normal(2))
    simulated = np.array(simulated)
    for k in range(2):
        assert stats.ks_2samp(made[:, k], simulated[:, k]).pvalue > 1e-3
    assert stats.ks_2samp(*(np.diff(y).ravel() for y in (made, simulated))).pvalue > 1e-3
    assert stats.ks_2samp(*(y.sum(axis=1) for y in (made, simulated))).pvalue > 1e-3


def test_seed_and_thinning(design, posterior):
    rows = new_rows(design, NEW)
    first, again, other = (predict(Draws(posterior, design), rows, seed=seed) for seed in (1, 1, 2))
    assert first.identical(again)
    assert not np.array_equal(first["y"], other["y"])
    fewer = predict(Draws(posterior, design), new_rows(design, NEW.iloc[[0, 2]]), n_draws=6, seed=1)
    assert fewer["draw"].to_numpy().tolist() == [0, 24, 49]
    np.testing.assert_allclose(fewer["mu"], first["mu"].isel(obs_id=[0, 2]).sel(draw=[0, 24, 49]), rtol=1e-12)
    unseeded = predict(Draws(posterior, design), rows, n_draws=2)
    assert predict(Draws(posterior, design), rows, n_draws=2, seed=unseeded.attrs["seed"]).identical(unseeded)


def test_thinned_rounds_up_to_whole_chains():
    shape = (3, 10)
    assert thinned(shape, 1).tolist() == [0]
    assert thinned(shape, 4).tolist() == [0, 9]
    assert thinned(shape, 30).tolist() == list(range(10))
    with pytest.raises(OptionError, match="n_draws=31: the fit has 30 draws"):
        thinned(shape, 31)
    with pytest.raises(OptionError, match="n_draws must be a whole number of at least 1"):
        thinned(shape, 0)


def test_wrong_options(design, posterior, monkeypatch):
    rows = fitted_rows(design)
    with pytest.raises(OptionError, match=r"groups='typical': write \"same\""):
        predict(Draws(posterior, design), rows, "typical")
    with pytest.raises(OptionError, match="seed must be a whole number"):
        predict(Draws(posterior, design), rows, seed=-1)
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 100 * 48 - 1)
    with pytest.raises(OptionError, match=r"MiB.*predict fewer rows at a time, or use fewer draws, `n_draws=\d+`"):
        predict(Draws(posterior, design), rows)
    assert predict(Draws(posterior, design), rows, n_draws=98).sizes["draw"] == 49


def test_rows_times_draws_are_within_the_budget(monkeypatch):
    design = clinics_design(SLOPE, n_groups=8, size=6)
    posterior = constant(design, np.zeros(len(design.fixed)), np.ones(2), np.eye(2), 1.0, draws=100)
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 100 * 48 - 1)
    with pytest.raises(OptionError, match="predict fewer rows at a time"):
        predict(Draws(posterior, design), fitted_rows(design), "new")


def test_u_that_was_not_kept_is_made_again(fake_draws):
    n_groups = GROUPS_AT_A_TIME + 70
    design = clinics_design(SLOPE, n_groups=n_groups, size=3)
    drawn = fake_draws(design, 2, 10).posterior.drop_vars("u")
    posterior = posterior_dataset(drawn, design).assign_attrs(seed=5)
    made = predict(Draws(posterior, design), fitted_rows(design), seed=1, n_draws=6)
    kept = posterior.merge(regenerated(Draws(posterior, design), np.arange(n_groups)))
    expected = predict(Draws(kept, design), fitted_rows(design), seed=1, n_draws=6)
    np.testing.assert_array_equal(made["mu"], expected["mu"])
    np.testing.assert_array_equal(made["y"], expected["y"])


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_every_gallery_model(name, fake_draws):
    design = hlm.open_model(name).design
    drawn = fake_draws(design, 2, 4).posterior
    drawn["tau"][..., -1] = 0.0  # singular
    posterior = posterior_dataset(drawn, design).merge(drawn[["u"]]).assign_coords({design.group: design.group_labels})
    some = design.frame.drop(columns=design.spec.outcome.name).iloc[::40].reset_index(drop=True)
    some.loc[some[design.group] == some[design.group].iloc[0], design.group] = 10**6
    made = predict(Draws(posterior, design), new_rows(design, some), seed=1)
    assert np.isfinite(made["y"]).all()
    assert made.attrs["n_new_groups"] == 1
    every = predict(Draws(posterior, design), new_rows(design, some), "new", seed=1)
    assert every.attrs["n_new_groups"] == some[design.group].nunique()


def test_the_face_of_a_fit(fake_draws, tmp_path):
    frame = pd.DataFrame({"ward": np.repeat(["a", "b", "c", "d"], 5), "dose": np.tile(np.arange(5.0), 4)})
    frame["pain"] = frame["dose"] + np.random.default_rng(1).normal(size=20)
    model = hlm.Model("pain = b0 + b1*cwc(dose) + r; b0 = g00 + u0; b1 = g10 + u1", frame, "ward")
    raw = fake_draws(model.design, 2, 20)
    fit = hlm.Fit(model, to_datatree(raw, model.design, model.priors, sampling_options(draws=20, chains=2, seed=1)))
    fit.save(tmp_path / "fit.nc")
    new = pd.DataFrame({"ward": ["b", "z", "z"], "dose": [1.0, 1.0, 3.0]}, index=["p", "q", "r"])
    made, loaded = fit.predict(new, seed=1), hlm.load(tmp_path / "fit.nc").predict(new, seed=1)
    xr.testing.assert_identical(made, loaded)
    assert made["obs_id"].to_numpy().tolist() == ["p", "q", "r"]
    assert made["ward"].to_numpy().tolist() == ["b", "z", "z"]
    assert fit.predict(seed=1).sizes["obs_id"] == 20
    many = fit.predict(new.set_index([["m", "n", "o"], [1, 2, 3]]), "new", seed=1)
    assert many["obs_id"].to_numpy().tolist() == [0, 1, 2]
    with pytest.raises(hlm.DataError, match="new_data must be a pandas DataFrame"):
        fit.predict([1, 2])


def test_predictions_of_single_rows_in_a_design_of_single_rows():
    """Groups of size one, whose slopes are all that varies."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"site": np.arange(30), "x": rng.normal(size=30), "y": rng.normal(size=30)})
    design = build_design(parse("y = b1*x + r; b1 = g10 + u1"), frame, "site")
    posterior = constant(design, [1.0], np.array([2.0]), [[1.0]], 0.5).assign_attrs(seed=1).drop_vars("corr")
    made = predict(Draws(posterior, design), new_rows(design, frame.iloc[[4]].assign(site=99)), seed=1)
    variance = 4 * frame["x"][4] ** 2 + 0.25
    assert float(made["y"].var()) == pytest.approx(variance, rel=4 * np.sqrt(2 / 4000))
