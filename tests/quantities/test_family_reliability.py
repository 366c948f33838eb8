"""Reliability of random effects given outcomes that are not normal."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayeshlm as hlm
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.family_reliability import family_group_reliability, family_reliability
from bayeshlm.quantities.reliability import group_reliability, reliability

BINARY = "y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10"
SLOPE = "y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10 + u1"
LEFT = 2e-3
"""What the nodes that are enough for the posterior may leave in a mean over groups."""
NORMAL = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    site = np.repeat(np.arange(80), rng.integers(1, 9, 80))
    x = rng.normal(size=len(site))
    return pd.DataFrame({"site": site, "x": x, "y": (rng.random(len(site)) < expit(x + rng.normal(size=80)[site])) * 1})


def draws_of(design, n_draws=6):
    """Any draws of one or two random effects without a correlation of 0."""
    rng, q = np.random.default_rng(2), len(design.random)
    tau, gamma = rng.uniform(0.5, 2, (2, n_draws // 2, q)), rng.normal(size=(2, n_draws // 2, len(design.fixed)))
    corr = None if q == 1 else np.broadcast_to(np.array([[1, 0.3], [0.3, 1]]), (2, n_draws // 2, 2, 2))
    n_auxiliary = len(design.outcome.auxiliary_effects)
    auxiliary = rng.uniform(0.5, 2, (2, n_draws // 2, n_auxiliary))
    return Draws(labelled_posterior(design, gamma, tau, auxiliary, corr), design)


@pytest.mark.slow
def test_of_normal_outcomes_with_a_random_intercept_it_is_the_textbooks(data, monkeypatch):
    """By the quadrature, which for normal outcomes is exact."""
    design = hlm.Model(NORMAL, data.assign(y=data["y"] + data["x"]), "site").design
    draws = draws_of(design)
    expected, by_group = reliability(draws), group_reliability(draws, [3, 70, 5])
    monkeypatch.setattr("bayeshlm.quantities.family_reliability.likelihood_of", FamilyQuadrature)
    found = family_reliability(draws, 0.95, "eti")
    np.testing.assert_allclose(found.draws["reliability"], expected.draws["reliability"], rtol=1e-9)
    np.testing.assert_allclose(found.draws["by_group"], expected.draws["by_group"], rtol=1e-9)
    np.testing.assert_allclose(family_group_reliability(draws, np.array([3, 70, 5])), by_group, rtol=1e-9)


@pytest.mark.slow
def test_it_is_one_less_the_share_of_the_variance_that_is_left(data):
    """Against sums over a dense grid of u."""
    design = hlm.Model(BINARY, data, "site").design
    draws = draws_of(design)
    tau, gamma = draws.flat(draws.tau)[:, 0], draws.flat(draws.gamma)
    b = np.linspace(-8, 8, 801)
    expected = np.empty((len(tau), 80))
    for s in range(len(tau)):
        eta = (design.X @ gamma[s])[:, None] + tau[s] * b
        log_p = np.where(design.y[:, None] == 1, -np.log1p(np.exp(-eta)), -np.log1p(np.exp(eta)))
        terms = np.array([log_p[design.group_codes == j].sum(axis=0) for j in range(80)]) - b**2 / 2
        weights = np.exp(terms - terms.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        expected[s] = 1 - (weights @ b**2 - (weights @ b) ** 2)  # of b, whose variance is 1
    found = reliability(draws)
    np.testing.assert_allclose(found.draws["reliability"].to_numpy().ravel(), expected.mean(axis=1), atol=LEFT)
    np.testing.assert_allclose(found.draws["by_group"][:, 0], expected.mean(axis=0), atol=3 * LEFT)
    assert found.notes == ("of the posterior means of u, averaged over 80 groups: 1 - Var(u | y, parameters) / tau^2",)
    one = group_reliability(draws, [70, 3])
    assert one.dims == ("chain", "draw", "site", "coefficient")
    np.testing.assert_allclose(one.to_numpy().reshape(-1, 2), expected[:, [70, 3]], atol=10 * LEFT)
    assert ((expected > 0) & (expected < 1)).all()


@pytest.mark.slow
def test_a_slope_has_its_own(data):
    design = hlm.Model(SLOPE, data, "site").design
    draws = draws_of(design)
    found = reliability(draws)
    assert found.table.index.tolist() == ["b0", "b1"]
    by_group = group_reliability(draws)
    np.testing.assert_allclose(by_group.mean("site"), found.draws["reliability"], rtol=1e-12)
    np.testing.assert_allclose(by_group.mean(["chain", "draw"]), found.draws["by_group"], rtol=1e-12)


@pytest.mark.slow
def test_maximum_likelihood_has_it_at_its_estimates(data):
    fit = hlm.Model(BINARY, data, "site").ml()
    sd = fit.group_coefficients().xs("b0", level="coefficient")["posterior_sd"]
    expected = 1 - (sd**2).mean() / fit.tau["u0"] ** 2
    assert fit.reliability().loc["b0", "estimate"] == pytest.approx(expected, rel=1e-9)
    assert "Reliability" in str(fit.reliability())


@pytest.mark.slow
def test_without_variance_between_groups_nothing_is_told(data):
    rng = np.random.default_rng(1)
    flat = data.assign(y=rng.permutation(np.arange(len(data)) % 2))
    fit = hlm.Model("y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0", flat, "site").ml()
    assert fit.tau["u0"] == 0
    assert fit.reliability().loc["b0", "estimate"] == 0


@pytest.mark.slow
def test_effects_that_cannot_be_integrated_out_have_none(data):
    design = hlm.Model(BINARY, data, "site").design
    three = hlm.Model(
        "y ~ Bernoulli(p); logit(p) = b0 + b1*x + b2*n; b0 = g00 + u0; b1 = u1; b2 = u2",
        data.assign(n=np.arange(len(data)) % 5),
        "site",
    )
    with pytest.raises(hlm.OptionError, match="cannot be done for 3 random effects a group"):
        reliability(Draws(draws_of(design).dataset, three.design))
