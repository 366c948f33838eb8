import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayeshlm as hlm
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities import prior_density
from bayeshlm.quantities.density import density
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.prior_density import component_prior, icc_prior


def test_a_density_of_normal_draws_is_near_the_normal():
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000).reshape(4, 1000)
    found = density(draws)
    assert np.abs(found.y - stats.norm.pdf(found.x)).max() < 0.02
    assert found.mean == pytest.approx(0, abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx((-1.96, 1.96), abs=0.01)


def test_draws_that_pile_up_at_zero_keep_their_density_there():
    draws = stats.halfnorm.ppf((np.arange(4000) + 0.5) / 4000)
    found = density(draws)
    assert found.y[0] == pytest.approx(stats.halfnorm.pdf(0), rel=0.05)


def test_constant_draws_have_a_mean_and_no_density():
    found = density(np.full((2, 10), 3.0))
    assert (found.mean, found.lower, found.upper) == (3.0, 3.0, 3.0)
    assert np.isnan(found.y).all()


@pytest.mark.parametrize("text", ["HalfNormal(2)", "HalfStudentT(3, 5)", "HalfCauchy(2)", "Exponential(0.5)"])
def test_priors_of_scales_are_those_of_scipy(text, clinic_design):
    scipy = {
        "HalfNormal(2)": stats.halfnorm(scale=2),
        "HalfCauchy(2)": stats.halfcauchy(scale=2),
        "Exponential(0.5)": stats.expon(scale=2),
    }
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    model = hlm.Model.from_design(design, {"tau_u0": text, "sigma": text})
    x = np.array([0.1, 1.0, 4.0])
    expected = scipy[text].pdf(x) if text in scipy else 2 * stats.t(3, scale=5).pdf(x)
    for component, effect in (("tau", "u0"), ("sigma", "")):
        assert component_prior(model.priors, design, component, effect, x) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("eta", [1.0, 2.0, 3.5])
def test_a_correlation_of_three_effects_has_the_margin_of_the_lkj(eta, clinic_design):
    text = "pain = b0 + b1*dose + b2*age + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2"
    design = clinic_design(text)
    priors = hlm.Model.from_design(design, {"corr": f"LKJ({eta})"}).priors
    x = np.linspace(-1, 1, 20001)[1:-1]
    found = component_prior(priors, design, "corr", "u0,u2", x)
    assert np.trapezoid(found, x) == pytest.approx(1, abs=1e-3)
    drawn = hlm.LKJ(eta).random(np.random.default_rng(1), (10_000, 3, 3))
    assert np.linalg.eigvalsh(drawn).min() > -1e-12
    for a, b in ((0, 1), (0, 2), (1, 2)):  # the draws have the same margin in every place
        shape = eta + 0.5
        assert stats.kstest((drawn[:, a, b] + 1) / 2, stats.beta(shape, shape).cdf).pvalue > 1e-4


def prior_draws_of_the_icc(design, at, posterior_of, n=20000):
    """The ICC of prior draws made with scipy, through the posterior's own formula."""
    rng = np.random.default_rng(5)
    tau0, tau1 = np.abs(2 * rng.standard_normal(n)), rng.exponential(1 / 3, n)
    rho = 2 * rng.beta(2, 2, n) - 1
    corr = np.zeros((1, n, 2, 2))
    corr[..., 0, 0] = corr[..., 1, 1] = 1
    corr[..., 0, 1] = corr[..., 1, 0] = rho
    sigma = np.abs(1.5 * rng.standard_t(3, n))
    p = len(design.fixed)
    posterior = posterior_of(design, np.zeros((1, n, p)), np.stack([tau0, tau1], -1)[None], sigma[None], corr)
    return icc(Draws(posterior, design), at).draws["icc"].to_numpy().ravel()


@pytest.mark.parametrize("at", [None, {"dose": 4.0}])
def test_the_prior_of_the_icc_is_that_of_simulated_iccs(at, clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1")
    typed = {"tau_u0": "HalfNormal(2)", "tau_u1": "Exponential(3)", "sigma": "HalfStudentT(3, 1.5)", "corr": "LKJ(2)"}
    priors = hlm.Model.from_design(design, typed).priors
    simulated = prior_draws_of_the_icc(design, at, posterior_of)
    for low, high in ((0.05, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.97)):
        x = np.linspace(low, high, 400)
        share = np.trapezoid(icc_prior(priors, design, x, at), x)
        expected = ((simulated >= low) & (simulated < high)).mean()
        error = np.sqrt(expected * (1 - expected) * (1 / simulated.size + 1 / prior_density.N_DRAWS))
        assert share == pytest.approx(expected, abs=4 * error)


def test_the_prior_of_the_icc_of_equal_half_normals_is_closed():
    """With tau and sigma half-normal of one scale, tau/sigma is half-Cauchy and the ICC has the arcsine law."""
    model = hlm.Model(
        "y = b0 + r; b0 = g00 + u0",
        data=pd.DataFrame({"g": [1, 1, 2, 2, 3, 3], "y": [1.0, 2, 3, 4, 7, 6]}),
        group="g",
        priors={"tau_u0": "HalfNormal(1)", "sigma": "HalfNormal(1)"},
    )
    x = np.array([0.02, 0.3, 0.5, 0.9])
    expected = 1 / (np.pi * np.sqrt(x * (1 - x)))
    assert icc_prior(model.priors, model.design, x) == pytest.approx(expected, rel=0.05)
