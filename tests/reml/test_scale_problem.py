"""Maximum likelihood where the level-1 SD varies between groups, against sums over a grid of v."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

import bayeshlm as hlm
from bayeshlm.errors import OptionError

GRID = np.linspace(-8.0, 8.0, 81)
TRUE = {"g00": 10.0, "g10": 0.5, "tau_u0": 1.0, "tau_v0": 0.4, "corr": -0.5, "a0": 0.3, "a1": 0.2}
LINES = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10; log(sigma) = a0 + a1*x + v0"


def simulated(n_groups, n, seed=1):
    """Data of the model with these parameters."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_groups), n)
    corr = np.array([[1.0, TRUE["corr"]], [TRUE["corr"], 1.0]])
    u = rng.multivariate_normal(np.zeros(2), corr, n_groups) * [TRUE["tau_u0"], TRUE["tau_v0"]]
    x = rng.normal(size=len(g))
    sd = np.exp(TRUE["a0"] + TRUE["a1"] * x + u[g, 1])
    y = TRUE["g00"] + TRUE["g10"] * x + u[g, 0] + sd * rng.normal(size=len(g))
    return pd.DataFrame({"g": g, "x": x, "y": y})


def log_likelihood(table, gamma, tau, corr, alpha):
    """Of dense covariance matrices given v, summed over the grid."""
    v, total = GRID * tau[1], 0.0
    for _, rows in table.groupby("g"):
        X = np.column_stack([np.ones(len(rows)), rows.x])
        e, log_sd = rows.y.to_numpy() - X @ gamma, X @ alpha
        terms = norm.logpdf(GRID)
        for k in range(len(v)):
            V = tau[0] ** 2 * (1 - corr**2) + np.diag(np.exp(2 * (log_sd + v[k])))
            mean = np.full(len(rows), tau[0] * corr * GRID[k])
            terms[k] += multivariate_normal.logpdf(e, mean, V, allow_singular=True)
        total += logsumexp(terms) + np.log(GRID[1] - GRID[0])
    return total


@pytest.fixture(scope="module")
def small():
    table = simulated(25, 6)
    return table, hlm.Model(LINES, table, group="g").ml()


@pytest.mark.slow
def test_the_estimates_are_a_maximum_of_the_dense_likelihood(small):
    table, fit = small
    gamma, tau, alpha = (np.asarray(values) for values in (fit.gamma, fit.tau, fit.auxiliary))
    corr = float(np.asarray(fit.corr)[0, 1])
    at = log_likelihood(table, gamma, tau, corr, alpha)
    assert fit.log_likelihood == pytest.approx(at, abs=1e-6)
    flat = np.concatenate([gamma, tau, [corr], alpha])
    se, step = np.sqrt(np.diag(fit.vcov)), 1e-3
    for k, size in enumerate([*se, *(0.1 * tau), 0.1, 0.1, 0.1]):  # a move of step times size, and back
        ends = []
        for sign in (-1, 1):
            x = flat.copy()
            x[k] += sign * step * size
            ends.append(log_likelihood(table, x[:2], x[2:4], x[4], x[5:]))
        slope = (ends[1] - ends[0]) / (2 * step)
        curvature = (2 * at - ends[0] - ends[1]) / step**2
        assert curvature > 0
        assert abs(slope) < 1e-3 * curvature  # in units of `size`: a thousandth of it from the maximum


@pytest.mark.slow
def test_what_ml_gives(small):
    _, fit = small
    assert {("tau", "v0"), ("corr", "u0,v0"), ("alpha", "a1")} <= set(fit.variance_components().index)
    assert "quadrature with" in str(fit)
    coefficients = fit.group_coefficients()
    assert list(coefficients.index.unique(level=1)) == ["b0", "b1"]
    assert list(fit.reliability().index) == ["b0", "log(sigma)"]
    with pytest.raises(OptionError, match="REML is not defined where the level-1 SD varies"):
        hlm.Model(LINES, simulated(25, 6), group="g").reml()


@pytest.mark.slow
def test_estimates_recover_what_made_the_data():
    """Within four standard errors of each of seven parameters: a chance of 5e-4 that one is not, if all is right."""
    model = hlm.Model(LINES, simulated(300, 12), group="g")
    fit = model.ml()
    wald = fit.intervals(prob=0.99993666)  # four standard errors on the scale of each, log tau and atanh corr
    names = {("tau", "u0"): "tau_u0", ("tau", "v0"): "tau_v0", ("corr", "u0,v0"): "corr"}
    assert len(wald) == len(TRUE)
    for key, row in wald.iterrows():
        assert row["lower"] < TRUE[names.get(key, key[1])] < row["upper"], key
    plain = model.without("v0").ml()
    found = plain.compare(fit)
    assert found.df == 2
    assert found.p < 1e-6
