"""Real samples against values that an independent computation or lme4 gives."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm

REFERENCES = Path(__file__).parent / "references"
# Posterior means under the default priors, to the digits given: references/quadrature.py computes them.
ANOVA = {"g00": "12.637", "tau": "2.956", "sigma": "6.258", "icc": "0.183"}
FULL_GAMMA = {"g00": "12.096", "g01": "1.226", "g02": "5.335", "g10": "2.936", "g11": "-1.640", "g12": "1.035"}
FULL_OTHERS = {("tau", "u0"): "1.557", ("tau", "u1"): "0.301", ("corr", "u0,u1"): "0.19", ("sigma", ""): "6.061"}


@pytest.mark.slow
def test_quadrature_gives_the_references():
    """Half as many nodes again on every axis change no digit shown, nor do wider ends of the grid beside them."""
    quadrature = runpy.run_path(str(REFERENCES / "quadrature.py"))
    for found, printed in [
        (quadrature["one_way_anova"](), ANOVA | {"sd of tau": "0.186"}),
        (quadrature["slopes_as_outcomes"](), FULL_GAMMA | FULL_OTHERS | {"P(tau u1 < 0.05)": "0.09"}),
    ]:
        assert {key: f"{value:.{len(printed[key].split('.')[1])}f}" for key, value in found.items()} == printed


def assert_within_monte_carlo_error(row, printed, printed_tolerance):
    """Four Monte Carlo errors of the mean, beside the rounding of the printed value."""
    tolerance = 4 * row["mcse_mean"] + printed_tolerance(printed)
    assert row["mean"] == pytest.approx(float(printed), abs=tolerance)


def assert_gamma_is_lme4s(fit, case, name):
    estimates = dict(zip(case["values"]["fixed"]["names"], case["values"]["fixed"]["estimate"], strict=True))
    fixed = fit.fixed_effects()
    for symbol, term in name["fixed"].items():
        row = fixed.loc[symbol]
        assert row["mean"] == pytest.approx(estimates[term], abs=0.1 * row["sd"]), symbol


@pytest.fixture(scope="module")
def anova():
    return hlm.open_model("hsb-one-way-anova").fit(draws=2000, seed=1)


def test_one_way_anova(anova, printed_tolerance, gallery_case, reference_case):
    assert anova.convergence.converged, anova.convergence.reasons
    variances = anova.variance_components()
    rows = {
        "g00": anova.fixed_effects().loc["g00"],
        "tau": variances.loc[("tau", "u0")],
        "sigma": variances.loc[("sigma", "")],
        "icc": anova.icc().table.loc["icc"],
    }
    for name, printed in ANOVA.items():
        assert_within_monte_carlo_error(rows[name], printed, printed_tolerance)
    assert rows["tau"]["sd"] == pytest.approx(0.186, abs=0.01)
    ends = anova.plausible_ranges(z=1.96).table.loc["b0"]
    for end, expected in (("lower", 6.84), ("upper", 18.43)):
        assert ends.loc[end, "plug_in"] == pytest.approx(expected, abs=0.005 + 4 * ends.loc[end, "mcse_mean"])
    case = gallery_case("hsb-one-way-anova")
    assert_gamma_is_lme4s(anova, reference_case(case["case"]), case)


def test_a_saved_fit_comes_back_whole(anova, tmp_path):
    anova.save(tmp_path / "anova.nc")
    loaded = hlm.load(tmp_path / "anova.nc")
    pd.testing.assert_frame_equal(loaded.fixed_effects(), anova.fixed_effects())
    pd.testing.assert_frame_equal(loaded.group_coefficients(), anova.group_coefficients())
    assert loaded.model.priors.texts() == anova.model.priors.texts()
    assert repr(loaded) == repr(anova)


def test_slopes_as_outcomes(printed_tolerance, gallery_case, reference_case):
    fit = hlm.open_model("hsb-slopes-as-outcomes-full").fit(draws=4000, seed=1)
    assert fit.convergence.converged, fit.convergence.reasons
    fixed, variances = fit.fixed_effects(), fit.variance_components()
    for symbol, printed in FULL_GAMMA.items():
        assert_within_monte_carlo_error(fixed.loc[symbol], printed, printed_tolerance)
    for key, printed in FULL_OTHERS.items():
        assert_within_monte_carlo_error(variances.loc[key], printed, printed_tolerance)
    near_zero = (fit.posterior["tau"].sel(random="u1") < 0.05).mean().item()
    assert near_zero == pytest.approx(0.09, abs=0.005 + 4 * np.sqrt(0.09 * 0.91 / 4000))
    case = gallery_case("hsb-slopes-as-outcomes-full")
    assert_gamma_is_lme4s(fit, reference_case(case["case"]), case)


@pytest.mark.slow
def test_a_shifted_predictor_leaves_the_slope_where_it_was():
    frame = hlm.load_dataset("hsb")
    equations = """
    mathach = b0 + b1*ses + r
    b0 = g00 + g01*sector + g02*meanses + u0
    b1 = g10 + g11*sector + g12*meanses
    """
    slopes = []
    for shift in (0, 2000):
        fit = hlm.Model(equations, frame.assign(ses=frame["ses"] + shift), "school").fit(seed=1)
        slopes.append(fit.fixed_effects().loc[["g10", "g11", "g12"]])
    error = np.hypot(slopes[0]["mcse_mean"], slopes[1]["mcse_mean"])
    assert (np.abs(slopes[0]["mean"] - slopes[1]["mean"]) < 4 * error).all()
    np.testing.assert_allclose(slopes[0]["sd"], slopes[1]["sd"], rtol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hsb-means-as-outcomes", "hsb-slopes-as-outcomes-full"])
def test_marginal_and_hierarchical_posteriors_agree(name):
    model = hlm.open_model(name)
    fits = [
        model.fit(seed=1),
        model.fit(seed=2, parameterization="noncentered", target_accept=0.99),
    ]
    tables = [pd.concat([fit.fixed_effects(), fit.variance_components()]) for fit in fits]
    error = np.hypot(tables[0]["mcse_mean"], tables[1]["mcse_mean"])
    z = (tables[0]["mean"] - tables[1]["mean"]) / error
    assert (z.abs() < 4).all(), z
    # u drawn afterwards has the distribution of u sampled: means within error, spreads alike.
    u = [fit.group_coefficients() for fit in fits]
    error = np.hypot(u[0]["mcse_mean"], u[1]["mcse_mean"])
    assert ((u[0]["mean"] - u[1]["mean"]).abs() / error).quantile(0.99) < 3.5
    np.testing.assert_allclose(u[0]["sd"].mean(), u[1]["sd"].mean(), rtol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["nutpie", "pymc"])
def test_the_same_seed_gives_the_same_draws(sampler):
    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(12), 8)
    frame = pd.DataFrame({"site": site, "y": rng.normal(size=12)[site] + rng.normal(size=96)})
    model = hlm.Model("y = b0 + r\nb0 = g00 + u0", frame, "site")
    options = {"draws": 50, "tune": 100, "chains": 2, "sampler": sampler, "progress": False}
    first, again, other = (model.fit(seed=seed, **options).posterior["gamma"].to_numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
