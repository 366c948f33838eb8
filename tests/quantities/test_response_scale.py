"""Results on the scales that people read: ratios, the ICC of the outcome itself, R2 and ranges through the link."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, polygamma

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.level1_variance import level1_variance
from bayeshlm.quantities.one_draw import one_draw
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.r2 import r2
from bayeshlm.quantities.variance_function import variance_function

GAMMA, TAU = np.array([0.3, 0.5, -0.2]), 0.8
AUXILIARY = {"NegativeBinomial": 2.5, "Gamma": 3.0, "Beta": 6.0}
LINES = {
    "Bernoulli": "y ~ Bernoulli(p); logit(p) = b0 + b1*x",
    "probit": "y ~ Bernoulli(p); probit(p) = b0 + b1*x",
    "cloglog": "y ~ Bernoulli(p); cloglog(p) = b0 + b1*x",
    "Binomial": "y ~ Binomial(4, p); logit(p) = b0 + b1*x",
    "Poisson": "n ~ Poisson(mu); log(mu) = b0 + b1*x",
    "NegativeBinomial": "n ~ NegativeBinomial(mu); log(mu) = b0 + b1*x",
    "Gamma": "c ~ Gamma(mu); log(mu) = b0 + b1*x",
    "Beta": "s ~ Beta(mu); logit(mu) = b0 + b1*x",
}
RATIOS = {"Bernoulli": "odds ratio", "cloglog": "hazard ratio", "Poisson": "rate ratio", "Gamma": "ratio of means"}


def draw_of(name, level2="b0 = g00 + g01*w + u0; b1 = g10"):
    """One draw of a model of 12 groups of 5."""
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(12), 5)
    frame = pd.DataFrame({"group": group, "w": rng.normal(size=12)[group], "x": rng.normal(size=60)})
    frame = frame.assign(y=rng.integers(0, 2, 60), n=rng.integers(0, 5, 60), c=rng.random(60) + 1, s=rng.random(60))
    design = build_design(parse(f"{LINES[name]}; {level2}"), frame, "group")
    return Draws(one_draw(design, GAMMA, [TAU], [[1.0]], AUXILIARY.get(name, np.empty(0)), [np.zeros((12, 1))]), design)


def spread(draw):
    """Mean predictor and variance of the fixed part, by the rows."""
    eta = draw.design.X @ GAMMA
    return eta.mean(), eta.var(ddof=1)


def moments_of(name):
    """Mean and variance of an outcome, as functions of its predictor; scipy's distributions."""
    phi = AUXILIARY.get(name)
    return {
        "Bernoulli": lambda e: stats.bernoulli.stats(expit(e)),
        "Binomial": lambda e: stats.bernoulli.stats(expit(e)),
        "probit": lambda e: stats.bernoulli.stats(stats.norm.cdf(e)),
        "cloglog": lambda e: stats.bernoulli.stats(-np.expm1(-np.exp(e))),
        "Poisson": lambda e: stats.poisson.stats(np.exp(e)),
        "NegativeBinomial": lambda e: stats.nbinom.stats(phi, phi / (phi + np.exp(e))),
        "Gamma": lambda e: stats.gamma.stats(phi, scale=np.exp(e) / phi),
        "Beta": lambda e: stats.beta.stats(phi * expit(e), phi * expit(-e)),
    }[name]


@pytest.mark.parametrize("name", LINES)
def test_the_observed_icc_is_the_variance_of_expectations_over_all(name):
    """By the trapezoidal rule over u."""
    draw = draw_of(name)
    u = np.linspace(-12, 12, 4001)
    weight = stats.norm.pdf(u) * (u[1] - u[0])
    mean, variance = moments_of(name)(spread(draw)[0] + TAU * u)
    between = weight @ mean**2 - (weight @ mean) ** 2
    expected = between / (between + weight @ variance)
    assert icc(draw).draws["icc_observed"].item() == pytest.approx(expected, rel=1e-6)


def test_that_of_counts_is_the_closed_form():
    """``exp(v) - 1`` over itself and ``exp(-eta - v/2)``, a lognormal mixture of Poissons."""
    draw, v = draw_of("Poisson"), TAU**2
    expected = np.expm1(v) / (np.expm1(v) + np.exp(-spread(draw)[0] - v / 2))
    assert icc(draw).draws["icc_observed"].item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("Bernoulli", lambda eta, v: np.pi**2 / 3),
        ("probit", lambda eta, v: 1.0),
        ("cloglog", lambda eta, v: np.pi**2 / 6),
        ("Poisson", lambda eta, v: np.log(1 + np.exp(-eta - v / 2))),
        ("NegativeBinomial", lambda eta, v: np.log(1 + np.exp(-eta - v / 2) + 1 / 2.5)),
        ("Gamma", lambda eta, v: polygamma(1, 3.0)),
    ],
)
def test_r2_and_icc_on_the_scale_of_the_predictor(name, variance):
    """Nakagawa, Johnson & Schielzeth (2017)."""
    draw = draw_of(name)
    eta, fixed = spread(draw)
    level1 = variance(eta, fixed + TAU**2)
    total = fixed + TAU**2 + level1
    assert level1_variance(draw).item() == pytest.approx(level1, rel=1e-10)
    shares, correlations = r2(draw).draws, icc(draw).draws
    assert shares["marginal"].item() == pytest.approx(fixed / total, rel=1e-10)
    assert shares["conditional"].item() == pytest.approx((fixed + TAU**2) / total, rel=1e-10)
    assert correlations["icc"].item() == pytest.approx(TAU**2 / (TAU**2 + level1), rel=1e-10)


def test_a_share_has_an_observed_icc_alone():
    draw = draw_of("Beta")
    assert list(icc(draw).table.index) == ["icc_observed"]
    with pytest.raises(OptionError, match="Beta outcomes have none on the scale of the predictor"):
        r2(draw)


@pytest.mark.parametrize("name", RATIOS)
def test_ratios_are_the_exponentials(name):
    table = fixed_effects(draw_of(name), exponentiate=True)
    np.testing.assert_allclose(table["mean"], np.exp(GAMMA))
    assert table.attrs["ratio"] == RATIOS[name]


def test_under_the_probit_there_are_none():
    with pytest.raises(OptionError, match="means nothing under the probit link"):
        fixed_effects(draw_of("probit"), exponentiate=True)


def test_ranges_of_probabilities_are_those_of_the_intercept_through_the_link():
    draw = draw_of("Bernoulli", "b0 = g00 + u0; b1 = g10 + g11*w")
    table, response = plausible_ranges(draw).table, plausible_ranges(draw, response=True)
    np.testing.assert_allclose(response.table["plug_in"], expit(table.loc["b0", "plug_in"]), rtol=1e-12)
    np.testing.assert_allclose(response.table["predictive"], expit(table.loc["b0", "predictive"]), rtol=1e-12)
    assert response.notes[-1] == "where every level-1 predictor is 0"
    slope = draw_of("Bernoulli", "b0 = g00 + g01*w; b1 = g10 + u1")
    with pytest.raises(OptionError, match="no intercept is random"):
        plausible_ranges(slope, response=True)


def test_the_variance_of_student_t_residuals_ends_at_two_degrees_of_freedom(posterior_of):
    """``sigma^2 nu / (nu - 2)``, as scipy has it."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"group": np.repeat(np.arange(6), 4), "y": rng.normal(size=24)})
    design = build_design(parse("y ~ StudentT(mu, sigma); mu = b0; b0 = g00 + u0"), frame, group="group")
    nu = np.array([[1.5, 2.0, 2.5, 30.0]])
    posterior = posterior_of(design, np.zeros((1, 4, 1)), np.ones((1, 4, 1)), np.full((1, 4), 3.0))
    draws = Draws(posterior.assign(nu=(("chain", "draw"), nu)), design)
    assert level1_variance(draws)[0] == pytest.approx([np.inf, np.inf, *stats.t.var(nu[0, 2:], scale=3.0)])


def test_the_variance_along_a_slope_is_that_of_normal_outcomes():
    with pytest.raises(OptionError, match="The variance along a slope"):
        variance_function(draw_of("Poisson"), "b0")
