"""Randomized quantile residuals: standard normal at the truth, whatever the distribution is."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import bayeshlm as hlm
from bayeshlm.checks.quantile_residuals import quantile_residuals
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.one_draw import one_draw

GROUPS, SIZE = 40, 50
N = GROUPS * SIZE
LINES = {
    "Bernoulli": ("y ~ Bernoulli(p); logit(p) = b0", lambda rng, eta: rng.random(N) < expit(eta), ()),
    "Binomial": ("y ~ Binomial(7, p); logit(p) = b0", lambda rng, eta: rng.binomial(7, expit(eta)), ()),
    "Poisson": ("y ~ Poisson(mu); log(mu) = b0", lambda rng, eta: rng.poisson(np.exp(eta)), ()),
    "NegativeBinomial": (
        "y ~ NegativeBinomial(mu); log(mu) = b0",
        lambda rng, eta: rng.poisson(np.exp(eta) * rng.gamma(2, 0.5, N)),
        (2.0,),
    ),
    "Gamma": ("y ~ Gamma(mu); log(mu) = b0", lambda rng, eta: np.exp(eta) * rng.gamma(3, 1 / 3, N), (3.0,)),
    "Beta": ("y ~ Beta(mu); logit(mu) = b0", lambda rng, eta: rng.beta(5 * expit(eta), 5 * expit(-eta)), (5.0,)),
    "StudentT": ("y ~ StudentT(mu); mu = b0", lambda rng, eta: eta + 0.7 * rng.standard_t(3, N), (0.7, 3.0)),
    "Ordinal": (
        "y ~ Ordinal(eta); eta = b0",
        lambda rng, eta: 1 + (eta + rng.logistic(size=N) > [[-1.0], [0.8]]).sum(axis=0),
        (-1.0, 0.8),
    ),
}


def at_the_truth(family):
    """A posterior of one draw, the truth, u included."""
    lines, drawn, auxiliary = LINES[family]
    rng = np.random.default_rng(5)
    group, u = np.repeat(np.arange(GROUPS), SIZE), 0.6 * rng.normal(size=GROUPS)
    fixed = [] if family == "Ordinal" else [0.4]
    y = drawn(rng, sum(fixed) + u[group]) * 1
    level2 = "b0 = u0" if family == "Ordinal" else "b0 = g00 + u0"
    design = build_design(parse(f"{lines}; {level2}"), pd.DataFrame({"group": group, "y": y}), "group")
    return Draws(one_draw(design, fixed, [0.6], [[1.0]], np.array(auxiliary), [u[:, None]]), design)


@pytest.mark.parametrize("family", LINES)
def test_they_are_standard_normal_at_the_truth(family):
    found = quantile_residuals(at_the_truth(family))
    assert stats.kstest(found.table["standardized"], "norm").pvalue > 1e-3
    assert min(found.p_mean_square, found.normality.p_skewness, found.normality.p_kurtosis) > 1e-3
    assert abs(found.mean_square - 1) < 4 * np.sqrt(2 / N)


def test_of_a_count_they_lie_between_the_quantiles_of_its_steps():
    draw = at_the_truth("Poisson")
    z, y = quantile_residuals(draw).table["standardized"], draw.design.y
    mu = np.exp(0.4 + draw.u[0, 0, draw.design.group_codes, 0])
    assert (stats.norm.ppf(stats.poisson.cdf(y - 1, mu)) <= z).all()
    assert (z <= stats.norm.ppf(stats.poisson.cdf(y, mu))).all()


def test_a_scatter_beyond_the_distribution_is_found():
    """Poisson where counts are overdispersed."""
    draw = at_the_truth("NegativeBinomial")
    frame = pd.DataFrame({"group": draw.design.group_codes, "y": draw.design.y})
    design = build_design(parse("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0"), frame, "group")
    u = draw.u[0, 0]
    found = quantile_residuals(Draws(one_draw(design, [0.4], [0.6], [[1.0]], np.empty(0), [u]), design))
    assert found.mean_square > 1.2
    assert found.p_mean_square < 1e-6


@pytest.mark.slow
def test_a_fit_has_them_in_its_words_and_figures():
    fit = hlm.open_model("wine-bitterness").fit(seed=1, draws=200, progress=False, parameterization="noncentered")
    residuals = fit.residuals()
    assert list(residuals.table) == ["judge", "y", "fitted", "standardized"]
    assert residuals.table["y"].between(1, 5).all()
    assert "Tests of the level-1 residuals" in str(residuals)
    assert len(fit.plot.residuals()) == 2
    with pytest.raises(hlm.OptionError, match="is defined for normal outcomes only"):
        fit.residuals(level=2)
