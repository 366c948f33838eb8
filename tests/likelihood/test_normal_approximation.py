"""The mode of a posterior is found where its standard deviations differ by thousands."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.normal_approximation import NEAR, around_mode


def test_newton_goes_on_where_the_search_by_gradients_stops():
    """A normal density whose standard deviations along axes that are turned are from 1 to 1e-5."""
    rng = np.random.default_rng(1)
    axes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    information = (axes * np.logspace(0, 10, 6)) @ axes.T
    center = rng.normal(size=6)

    def density(x):
        slope = information @ (center - x)
        return -0.5 * float((center - x) @ slope), slope

    start = center + 3 * rng.normal(size=6)
    found = minimize(lambda x: tuple(-part for part in density(x)), start, jac=True, method="L-BFGS-B")
    mode, root = around_mode(density, start)
    assert density(found.x)[0] < -10 * NEAR**2  # there it had stopped
    assert density(mode)[0] > -(NEAR**2)
    np.testing.assert_allclose(np.linalg.inv(root @ root.T), information, rtol=1e-3, atol=1e-3 * 1e10)


@pytest.mark.slow
def test_residuals_far_below_the_differences_between_groups_are_no_obstacle():
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(12), 6), rng.normal(size=72)
    sigma = 2e-4
    y = rng.normal(size=12)[g] + 0.8 * x + sigma * rng.standard_t(10, 72)
    data = pd.DataFrame({"g": g, "x": x, "y": y})
    priors = {"g00": "Normal(0, 1)", "g10": "Normal(0, 1)", "tau_u0": "HalfNormal(1)", "sigma": "HalfNormal(1)"}
    lines = "y ~ StudentT(mu, sigma, nu); mu = b0 + b1*x; b0 = g00 + u0; b1 = g10"
    model = hlm.Model(lines, data, "g", priors=priors | {"nu": "HalfNormal(10)"})
    likelihood = likelihood_of(model.design)
    density = likelihood.log_density(model.priors)
    _, root = around_mode(density, likelihood.start(model.priors))
    fit = model.fit(seed=1, sampler="importance", progress=False)
    assert fit.convergence.by_importance
    gamma, tau, others = (fit.posterior[name].to_numpy().reshape(4000, -1) for name in ("gamma", "tau", "sigma"))
    assert abs(others.mean() - sigma) < 5 * others.std()
    np.testing.assert_allclose(np.sqrt(np.diag(root @ root.T))[1], gamma[:, 1].std(), rtol=0.25)
    assert abs(np.log(tau).mean()) < 5 * np.log(tau).std()
