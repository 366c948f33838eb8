"""Sampling of models with level-1 SDs and correlations."""

import level1_cases
import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.sampling.layout import level1_start, mode_layout
from bayeshlm.sampling.marginal_target import marginal_target
from bayeshlm.sampling.points import Points

LINES = [
    "; log(sigma) = a0*C(kind); corr(r) = ar1(time)",
    "; log(sigma2) = a0 + a1*x; corr(r) = cs",
    "; log(sigma2) = a0 + a1*x",
    "; corr(r) = ar1(time)",
]


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_the_callback_is_the_density_and_starts_at_its_mode(line):
    model = hlm.Model(level1_cases.EQUATIONS[2] + line, level1_cases.frame(n_groups=60), group="g")
    density = likelihood_of(model.design).log_density(model.priors)
    layout = mode_layout(density, level1_start(model.design, model.priors))
    target = marginal_target(model.design, model.priors, layout)
    x = np.random.default_rng(1).normal(size=(5, layout.size))
    values, gradients = Points(target).with_gradients(x)
    for point, value, gradient in zip(x, values, gradients, strict=True):
        expected, slope = density(layout.values(point[None])[0])
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, layout.factor.T @ slope, rtol=1e-9, atol=1e-9)
    at_mode = Points(target).with_gradients(np.zeros((1, layout.size)))[1][0]
    assert np.abs(at_mode).max() < 0.05  # in SDs of the whitened coordinates


@pytest.mark.slow
def test_samplers_agree_with_each_other_and_about_ml():
    """NUTS and importance sampling draw the same posterior; with much data it lies around the ML estimate."""
    frame = hlm.load_dataset("hsb")
    equations = "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10; log(sigma2) = a0 + a1*female"
    model = hlm.Model(equations, frame, group="school")
    ml = model.ml().estimate
    nuts, importance = (model.fit(seed=1, sampler=sampler) for sampler in ("nutpie", "importance"))
    for fit in (nuts, importance):
        assert list(fit.posterior.spread.values) == ["a0", "a1"]
        alpha = fit.posterior.alpha.to_numpy().reshape(-1, 2)
        sd = np.array([0.0248, 0.0343])  # R's standard errors
        np.testing.assert_allclose(alpha.std(axis=0), sd, rtol=0.08)
        assert (np.abs(alpha.mean(axis=0) - ml.auxiliary) < 0.12 * sd).all()
    means = [fit.posterior.tau.to_numpy().mean() for fit in (nuts, importance)]
    assert means[0] == pytest.approx(means[1], abs=5 * 0.15 * np.sqrt(2 / 1500))
    loo = nuts.loo("row")
    assert np.isfinite(loo.elpd)
