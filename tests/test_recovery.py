"""Simulated studies of known parameters: REML and posterior recover gamma, G and sigma, and intervals cover.

One command: ``uv run pytest -n 0 -m nightly tests/test_recovery.py``, some minutes.
Last result, 200 studies of 80 groups of 15 rows, 2026-11-27: bias of REML within 1.8 Monte Carlo errors for gamma, G
and sigma2, of posterior means of gamma within 0.9; 95% intervals of gamma, tau, corr and sigma cover .945 to .975
(REML, Satterthwaite and Wald) and .94 to .97 (posterior, importance sampling).
"""

import functools

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm

STUDIES = 200
GROUPS, ROWS = 80, 15
TEXT = "math = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector + u1"
STATED = {
    "gamma": {"g00": 50.0, "g01": 4.0, "g10": 3.0, "g11": -1.5},
    "tau": {"u0": 3.0, "u1": 1.5},
    "corr": {"u0,u1": 0.3},
    "sigma": 6.0,
}
G = np.array([[9.0, 0.3 * 4.5], [0.3 * 4.5, 2.25]])
TRUTH = {**STATED["gamma"], "tau[u0]": 3.0, "tau[u1]": 1.5, "corr[u0,u1]": 0.3, "sigma": 6.0}
COVERED = [*STATED["gamma"], "tau[u0]", "tau[u1]", "corr[u0,u1]", "sigma"]
Z = 4.0
"""Errors that a mean of studies may be off by: of some 40 that are looked at, one is so far off in 400 runs."""


def study(seed):
    rng, school = np.random.default_rng(seed), np.repeat(np.arange(GROUPS), ROWS)
    data = pd.DataFrame({"school": school, "sector": school % 2, "ses": rng.normal(size=len(school))})
    return hlm.Model(TEXT, hlm.simulate(TEXT, data, "school", **STATED, seed=int(rng.integers(2**32))), "school")


@functools.cache
def studies():
    """Of each study the estimates of REML and the means of the draws, and which intervals hold the truth."""
    found = {"reml": [], "posterior": []}
    for seed in range(STUDIES):
        model = study(seed)
        reml = model.reml()
        found["reml"].append((point(reml.gamma, reml.G, reml.sigma), inside(reml)))
        fit = model.fit(draws=1000, chains=2, sampler="importance", seed=seed, progress=False)
        posterior = fit.posterior
        tau, corr = posterior["tau"].to_numpy(), posterior["corr"].to_numpy()
        mean = (tau[..., :, None] * corr * tau[..., None, :]).mean(axis=(0, 1))
        gamma = posterior["gamma"].mean(("chain", "draw")).to_numpy()
        found["posterior"].append((point(gamma, mean, float(posterior["sigma"].mean())), inside(fit)))
    return {
        name: tuple(np.array(part, dtype=float) for part in zip(*each, strict=True)) for name, each in found.items()
    }


def point(gamma, covariance, sigma):
    covariance = np.asarray(covariance)
    return [*np.asarray(gamma), covariance[0, 0], covariance[0, 1], covariance[1, 1], sigma**2]


def inside(fit):
    """Which 95% intervals hold the truth, in the order of `COVERED`; NaN where REML is on the boundary and has none."""
    fixed, components = fit.fixed_effects(), fit.variance_components()
    rows = [fixed.loc[name] for name in STATED["gamma"]]
    rows += [components.loc[key] for key in (("tau", "u0"), ("tau", "u1"), ("corr", "u0,u1"), ("sigma", ""))]
    bounds = np.array([[row["lower"], row["upper"]] for row in rows], dtype=float)
    truth = np.array([TRUTH[name] for name in COVERED])
    return np.where(np.isfinite(bounds).all(axis=1), (bounds[:, 0] < truth) & (truth < bounds[:, 1]), np.nan)


@pytest.mark.nightly
def test_reml_has_no_bias():
    """Gamma is unbiased; so are G and sigma2 where no estimate is on the boundary, which few are here."""
    estimates, _ = studies()["reml"]
    truth = np.array([*STATED["gamma"].values(), G[0, 0], G[0, 1], G[1, 1], 36.0])
    z = (estimates.mean(axis=0) - truth) / (estimates.std(axis=0, ddof=1) / np.sqrt(STUDIES))
    assert np.all(np.abs(z) < Z), z.round(2)


@pytest.mark.nightly
def test_posterior_means_of_fixed_effects_have_no_bias():
    """Priors of 2.5 SDs of the outcome shrink them by less than a hundredth of their errors."""
    estimates, _ = studies()["posterior"]
    gamma = estimates[:, : len(STATED["gamma"])]
    truth = np.array([*STATED["gamma"].values()])
    z = (gamma.mean(axis=0) - truth) / (gamma.std(axis=0, ddof=1) / np.sqrt(STUDIES))
    assert np.all(np.abs(z) < Z), z.round(2)


@pytest.mark.nightly
@pytest.mark.parametrize("method", ["reml", "posterior"])
def test_intervals_cover(method):
    """Within binomial error of 95%."""
    _, covered = studies()[method]
    n = np.isfinite(covered).sum(axis=0)
    assert np.all(n > 0.95 * STUDIES)
    share = np.nanmean(covered, axis=0)
    assert np.all(np.abs(share - 0.95) < Z * np.sqrt(0.95 * 0.05 / n)), dict(zip(COVERED, share, strict=True))
