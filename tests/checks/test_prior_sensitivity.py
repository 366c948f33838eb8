import numpy as np
import pytest
import xarray as xr
from clinics_data import SLOPE, clinics_design
from exact_posterior import exact_posterior

from bayeshlm.checks.power_scaling import CONFLICT, FINE, WEAK, power_scaling, total_log_likelihood
from bayeshlm.checks.prior_refits import compare_posteriors
from bayeshlm.graph.families import HalfNormal, Normal
from bayeshlm.graph.priors import make_priors
from bayeshlm.sampling.convert import log_prior_dataset
from bayeshlm.sampling.group_draws import drawn_groups


def scaled(design, priors, **options):
    posterior = exact_posterior(design, priors, **options)
    return power_scaling(
        posterior, log_prior_dataset(posterior, design, priors), total_log_likelihood(posterior, design)
    )


def test_the_likelihood_is_the_sum_over_groups():
    design = clinics_design(SLOPE, n_groups=70, size=4)
    posterior = exact_posterior(design, make_priors(design), 20, 500)
    expected = drawn_groups(posterior, design, 1)[0].sum(axis=1)
    np.testing.assert_allclose(total_log_likelihood(posterior, design).to_numpy().ravel(), expected)


def test_one_normal_mean_has_the_sensitivity_of_its_closed_form():
    """Prior N(0, 1) and likelihood N(z; m, 1): raised to alpha the posterior is normal too; the arviz measure of it."""
    rng = np.random.default_rng(3)
    size, m = (4, 20_000), 4.0
    g = m / 2 + np.sqrt(0.5) * rng.normal(size=size)
    dims = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "gamma": ((*dims, "fixed"), g[..., None]),
            "tau": ((*dims, "random"), np.abs(rng.normal(size=(*size, 1)))),
            "sigma": (dims, 1 + 0.1 * rng.normal(size=size)),
        },
        {"fixed": ["g00"], "random": ["u0"]},
    )
    log_prior = xr.Dataset(
        {
            "gamma": ((*dims, "fixed"), -0.5 * g[..., None] ** 2),
            "tau": ((*dims, "random"), np.zeros((*size, 1))),
            "sigma": (dims, np.zeros(size)),
        },
        {"fixed": ["g00"], "random": ["u0"]},
    )
    found = power_scaling(posterior, log_prior, xr.DataArray(-0.5 * (g - m) ** 2, dims=dims))
    table = found.table
    # the prior to the power a moves the mean to m / (1 + a): -m/4 per unit of a, in SDs -m/4/sqrt(.5) = -1.41
    assert table.loc["g00", "diagnosis"] == CONFLICT
    assert table.loc["g00", "strongest"] == "g00"
    assert table.loc["g00", "prior"] == pytest.approx(table.loc["g00", "likelihood"], rel=0.05)  # by symmetry
    assert table.loc["tau[u0]", "diagnosis"] == FINE
    assert table.loc["tau[u0]", "strongest"] == ""
    assert float(found.by_prior.sel(parameter="g00", prior="tau_u0")) == 0.0
    assert found.flagged == ["g00"]


def test_default_priors_do_not_count_and_a_conflicting_one_does():
    design = clinics_design(SLOPE, n_groups=60)
    fine = scaled(design, make_priors(design))
    assert fine.flagged == []
    assert fine.by_prior.dims == ("parameter", "prior")
    assert fine.by_prior["prior"].to_numpy().tolist() == list(make_priors(design).by_key())
    assert (fine.table["likelihood"] > 0.05).all()
    wrong = scaled(design, make_priors(design, {"g01": Normal(0, 0.25)}))
    assert wrong.table.loc["g01", "diagnosis"] == CONFLICT
    assert wrong.table.loc["g01", "strongest"] == "g01"
    assert wrong.table.loc["sigma", "diagnosis"] == FINE
    narrow = scaled(design, make_priors(design, {"tau_u0": HalfNormal(0.2)}))
    assert narrow.table.loc["tau[u0]", "strongest"] == "tau_u0"
    assert "tau[u0]" in narrow.flagged


def test_a_parameter_that_the_data_say_nothing_about_hangs_on_its_prior():
    rng = np.random.default_rng(1)
    size, dims = (4, 2000), ("chain", "draw")
    g = rng.normal(size=size)
    posterior = xr.Dataset(
        {"gamma": ((*dims, "fixed"), g[..., None]), "tau": ((*dims, "random"), np.abs(rng.normal(size=(*size, 1))))},
        {"fixed": ["g00"], "random": ["u0"]},
    ).assign(sigma=(dims, rng.normal(size=size)))
    log_prior = xr.Dataset(
        {"gamma": ((*dims, "fixed"), -0.5 * g[..., None] ** 2), "tau": ((*dims, "random"), np.zeros((*size, 1)))},
        {"fixed": ["g00"], "random": ["u0"]},
    ).assign(sigma=(dims, np.zeros(size)))
    table = power_scaling(posterior, log_prior, xr.DataArray(np.zeros(size), dims=dims)).table
    assert table.loc["g00", "diagnosis"] == WEAK


def test_posteriors_side_by_side():
    design = clinics_design(SLOPE, n_groups=20)
    first = exact_posterior(design, make_priors(design), 100, 2000)
    other = first.copy()
    other["gamma"] = 2 * other["gamma"]
    table = compare_posteriors({"as fitted": first, "doubled": other}, prob=0.5)
    assert table.index.names == ["parameter", "priors"]
    assert table.index[:4].tolist() == [
        ("g00", "as fitted"),
        ("g00", "doubled"),
        ("g01", "as fitted"),
        ("g01", "doubled"),
    ]
    draws = first["gamma"].sel(fixed="g10").to_numpy()
    row = table.loc[("g10", "doubled")]
    assert row["mean"] == pytest.approx(2 * draws.mean())
    assert row["shift"] == pytest.approx(draws.mean() / draws.std(ddof=1))
    assert row["sd_ratio"] == pytest.approx(2.0)
    assert table.loc[("tau[u0]", "doubled"), ["shift", "sd_ratio"]].tolist() == [0.0, 1.0]
    assert table.loc[("g10", "as fitted"), ["shift", "shift_mcse", "sd_ratio"]].tolist() == [0.0, 0.0, 1.0]
    assert row["shift_mcse"] == pytest.approx(np.sqrt(5 / 400), rel=0.3)
    assert table.attrs == {"ci_kind": "eti", "ci_prob": 0.5}
