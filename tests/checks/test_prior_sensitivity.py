from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from clinics_data import SLOPE, clinics_design, clinics_frame
from exact_posterior import exact_posterior

from bayeshlm.checks.power_scaling import (
    BOTH,
    CONFLICT,
    EITHER,
    FINE,
    NEITHER,
    WEAK,
    _diagnosis,
    power_scaling,
    total_log_likelihood,
)
from bayeshlm.checks.prior_posteriors import AS_FITTED, alternatives, compare_posteriors
from bayeshlm.design import build_design
from bayeshlm.display.shown_prior_sensitivity import ShownSensitivity
from bayeshlm.equations import parse
from bayeshlm.errors import DataError, OptionError, PriorError
from bayeshlm.likelihood.coefficient_draws import drawn_groups
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.prior_changes import replace_priors
from bayeshlm.parameters.prior_families import HalfNormal, Normal
from bayeshlm.parameters.prior_moments import prior_moments
from bayeshlm.parameters.priors import make_priors
from bayeshlm.reml.enough_rows import undetermined_components
from bayeshlm.reml.estimate import fit_reml


def scaled(design, priors, **options):
    posterior = Draws(exact_posterior(design, priors, **options), design)
    return power_scaling(
        posterior, log_prior(posterior, priors), total_log_likelihood(posterior), prior_moments(priors, design)
    )


def drawn(gamma, tau, sigma):
    """Draws (chain, draw) of the parameters of a model of one mean, and its design."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "site": list("aabb")})
    design = build_design(parse("y = b0 + r; b0 = g00 + u0"), frame, "site")
    return Draws(labelled_posterior(design, gamma[..., None], tau, sigma), design)


def test_the_likelihood_is_the_sum_over_groups():
    design = clinics_design(SLOPE, n_groups=70, size=4)
    posterior = exact_posterior(design, make_priors(design), 20, 500)
    expected = drawn_groups(posterior, design, 1)[0].sum(axis=1)
    np.testing.assert_allclose(total_log_likelihood(Draws(posterior, design)).to_numpy().ravel(), expected)


@pytest.mark.slow
def test_one_normal_mean_has_the_sensitivity_of_its_closed_form():
    """Prior N(0, 1) and likelihood N(z; m, 1): raised to alpha the posterior is normal too; the arviz measure of it."""
    rng = np.random.default_rng(3)
    size, m = (4, 20_000), 4.0
    g = m / 2 + np.sqrt(0.5) * rng.normal(size=size)
    dims = ("chain", "draw")
    posterior = drawn(g, np.abs(rng.normal(size=(*size, 1))), 1 + 0.1 * rng.normal(size=size))
    log_prior = xr.Dataset(
        {
            "gamma": ((*dims, "fixed"), -0.5 * g[..., None] ** 2),
            "tau": ((*dims, "random"), np.zeros((*size, 1))),
            "sigma": (dims, np.zeros(size)),
        },
        {"fixed": ["g00"], "random": ["u0"]},
    )
    moments = pd.DataFrame({"mean": [0.0], "sd": [1.0]}, ["g00"])
    found = power_scaling(posterior, log_prior, xr.DataArray(-0.5 * (g - m) ** 2, dims=dims), moments)
    table = found.table
    # the prior to the power a moves the mean to m / (1 + a): -m/4 per unit of a, in SDs -m/4/sqrt(.5) = -1.41
    assert table.loc["g00", "diagnosis"] == CONFLICT
    assert table.loc["g00", "strongest"] == "g00"
    assert table.loc["g00", "prior"] == pytest.approx(table.loc["g00", "likelihood"], rel=0.05)  # by symmetry
    assert table.loc["g00", "sd_ratio"] == pytest.approx(np.sqrt(0.5), rel=4 / np.sqrt(2 * g.size))
    # m is N(0, 1 + 1) before it is seen, so that it lies 4 / sqrt(2) out; the posterior mean is m / 2, of variance 1/2
    assert table.loc["g00", "place"] == pytest.approx(m / np.sqrt(2), rel=0.02)
    assert table.loc["tau[u0]", "diagnosis"] == NEITHER
    assert float(found.by_prior.sel(parameter="g00", prior="tau_u0")) == 0.0
    assert found.flagged == ["g00", "tau[u0]", "sigma"]  # nothing is said of the latter two
    unknown = power_scaling(posterior, log_prior, xr.DataArray(-0.5 * (g - m) ** 2, dims=dims)).table
    assert unknown.loc["g00", "diagnosis"] == EITHER


@pytest.mark.parametrize(
    ("prior", "likelihood", "ratio", "shift", "place", "expected"),
    [
        (0.04, 0.08, 0.3, 1.0, 1.1, FINE),
        (0.04, 0.08, np.nan, np.nan, np.nan, FINE),
        (0.046, 0.009, 0.96, 0.1, 0.4, NEITHER),  # a correlation of a singular model
        (0.01, 0.04, np.nan, np.nan, np.nan, NEITHER),
        (0.01, 0.04, 0.5, 1.0, 1.2, NEITHER),
        (0.01, 0.04, 0.49, 1.0, 1.2, FINE),  # much narrower than the prior, which only the data can do
        (0.01, 0.06, 0.91, 0.2, 0.5, NEITHER),
        (0.01, 0.06, 0.89, 0.2, 0.4, FINE),
        (0.01, 0.06, 0.91, 0.3, 0.7, FINE),  # as wide as the prior, but elsewhere
        (0.05, 0.04, 0.5, 0.1, 0.1, WEAK),
        (0.06, 0.06, 0.95, 0.1, 0.3, WEAK),
        (0.055, 0.348, 0.16, 0.63, 0.64, BOTH),  # tau of Dyestuff2
        (0.05, 0.05, 0.5, 1.8, 1.99, BOTH),
        (0.05, 0.05, 0.5, 1.8, 2.0, CONFLICT),
        (0.05, 0.05, np.nan, np.nan, np.nan, EITHER),
    ],
)
def test_diagnoses(prior, likelihood, ratio, shift, place, expected):
    assert _diagnosis(prior, likelihood, ratio, shift, place, 0.05) == expected


def test_weak_data_are_no_conflict():
    """Dyestuff2 of Box & Tiao (1973), table 5.1.4: REML's tau is 0, sigma 3.716 (lme4)."""
    y = """7.298 3.846 2.434 9.566 7.990 5.220 6.556 0.608 11.788 -0.892 0.110 10.386 13.434 5.510 8.166
        2.212 4.852 7.092 9.288 4.980 0.282 9.014 4.458 9.446 7.198 1.722 4.782 8.106 0.758 3.758"""
    frame = pd.DataFrame({"yield": [float(value) for value in y.split()], "batch": np.repeat(list("ABCDEF"), 5)})
    design = build_design(parse("yield = b0 + r; b0 = g00 + u0"), frame, "batch")
    assert fit_reml(design).sigma == pytest.approx(3.716, abs=5e-4)
    row = scaled(design, make_priors(design)).table.loc["tau[u0]"]
    assert row["diagnosis"] in (FINE, BOTH)  # the prior's sensitivity is .05: which of the two is chance
    assert row["place"] < 1
    narrow = scaled(design, make_priors(design, {"tau_u0": "HalfNormal(1)"}))
    assert narrow.table.loc["tau[u0]", "diagnosis"] == BOTH
    assert narrow.table.loc["sigma", "diagnosis"] == FINE


def test_the_posterior_of_a_correlation_that_nothing_is_known_of_is_its_prior():
    design = clinics_design(SLOPE, n_groups=12, size=6, tau=(1.0, 0.0))
    found = scaled(design, make_priors(design), proposals=200_000)
    row = found.table.loc["corr[u0,u1]"]
    assert row["sd_ratio"] > 0.9
    assert row["diagnosis"] in (NEITHER, WEAK)
    assert "corr[u0,u1]" in found.flagged
    shown = ShownSensitivity.of(replace(found, table=found.table.assign(diagnosis=[*[FINE] * 6, NEITHER])))
    text = " ".join(repr(shown).split())
    assert "The data say next to nothing about corr[u0,u1]: the posterior is about the prior." in text
    assert "no parameter is sensitive" in text


def test_a_variance_that_the_data_do_not_determine_is_no_conflict():
    frame = clinics_frame(n_groups=6).assign(kind=lambda data: data["clinic"].map("k{}".format))
    design = build_design(parse("pain = b0 + r; b0 = g00 + g01*C(kind) + u0"), frame, "clinic")
    reason = undetermined_components(design)
    assert reason.startswith("The data do not determine var(u0): 6 groups with these rows")
    with pytest.raises(DataError, match="do not determine var"):
        fit_reml(design)
    assert undetermined_components(clinics_design(SLOPE)) == ""


@pytest.mark.slow
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
    posterior = drawn(g, np.abs(rng.normal(size=(*size, 1))), rng.normal(size=size))
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
    table = compare_posteriors({"as fitted": Draws(first, design), "doubled": Draws(other, design)}, prob=0.5)
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


def test_alternatives_are_priors_by_names_of_their_own():
    design = clinics_design(SLOPE)
    fitted = SimpleNamespace(design=design, priors=make_priors(design))
    found = alternatives(fitted, {"wide": {"tau_u0": "HalfNormal(50)"}})
    assert list(found) == ["wide"]
    expected = str(replace_priors(fitted.priors, design, {"tau_u0": "HalfNormal(50)"}))
    assert str(found["wide"]) == expected != str(fitted.priors)
    assert len(alternatives(fitted, True)) == 2
    for wrong in ({}, {"wide": "HalfNormal(50)"}, 2):
        with pytest.raises(OptionError, match="refit is True or holds priors by a name of your choice"):
            alternatives(fitted, wrong)
    with pytest.raises(OptionError, match=f"{AS_FITTED!r} names the fit's own priors"):
        alternatives(fitted, {AS_FITTED: {"tau_u0": "HalfNormal(50)"}})
    with pytest.raises(PriorError, match="refit 'wide': "):
        alternatives(fitted, {"wide": {"tau_u7": "HalfNormal(50)"}})
