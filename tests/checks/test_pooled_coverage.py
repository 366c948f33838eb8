"""How often the interval of several imputed data sets covers the truth, few as they are."""

import numpy as np
import pandas as pd
import pytest
from exact_posterior import exact_posterior

from bayeshlm.checks.imputations import pool
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors

EQUATIONS = parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10")
PRIORS = {"g00": "Normal(0, 1)", "g10": "Normal(0, 1)", "tau_u0": "HalfNormal(0.7)", "sigma": "HalfNormal(1)"}
DATASETS, GROUPS, SIZE = 5, 15, 8


def imputed_once(seed):
    """The truth from the priors, half of the outcomes missing, five proper imputations: the table and the truth."""
    rng = np.random.default_rng(seed)
    gamma, tau, sigma = rng.normal(size=2), abs(0.7 * rng.normal()), abs(rng.normal())
    codes, x = np.repeat(np.arange(GROUPS), SIZE), np.tile(np.linspace(-1, 1, SIZE), GROUPS)
    y = gamma[0] + gamma[1] * x + tau * rng.normal(size=GROUPS)[codes] + sigma * rng.normal(size=len(x))
    seen = np.tile([True, False], len(x) // 2)
    frame = pd.DataFrame({"group": codes, "x": x, "y": y})
    observed = build_design(EQUATIONS, frame[seen], "group")
    priors = make_priors(observed, PRIORS)
    imputer = exact_posterior(observed, priors, 1000, 8000, chains=1, seed=seed).isel(chain=0)
    designs, posteriors = [], []
    for k in rng.choice(1000, DATASETS, replace=False):
        drawn = {name: imputer[name].to_numpy()[k] for name in ("gamma", "u", "sigma")}
        mean = drawn["gamma"][0] + drawn["gamma"][1] * x + drawn["u"][codes, 0]
        filled = np.where(seen, y, mean + drawn["sigma"] * rng.normal(size=len(x)))
        designs.append(build_design(EQUATIONS, frame.assign(y=filled), "group"))
        posteriors.append(exact_posterior(designs[-1], priors, 1000, 8000, chains=1, seed=7 * seed + int(k)))
    return pool(list(map(Draws, posteriors, designs))), np.array([*gamma, tau, sigma, tau**2 / (tau**2 + sigma**2)])


@pytest.mark.nightly
def test_five_data_sets_cover_as_often_as_they_say():
    """Truths drawn from the priors, so that 95 % is exact for the posterior of the observed data.

    Recorded with 1,000 replications (seeds 100000 to 100999), three binomial errors being .021, for g00, g10, tau,
    sigma and ICC, whose missing information is .34, .55, .35, .60 and .43 on average: .963, .963, .961, .962, .962;
    Rubin's t .973, .951, .965, .952, .969; mixed draws .943, .904, .934, .899, .921.
    """
    n = 1000
    hits = np.zeros((2, 5))
    for seed in range(100_000, 100_000 + n):
        table, truth = imputed_once(seed)
        for k, name in enumerate(("", "mixed_")):
            lower, upper = table[f"{name}lower"].to_numpy(), table[f"{name}upper"].to_numpy()
            hits[k] += (lower <= truth) & (truth <= upper)
    coverage, mixed = hits / n
    tolerance = 3 * np.sqrt(0.95 * 0.05 / n)
    np.testing.assert_allclose(coverage, 0.95, atol=tolerance)
    assert (mixed[[1, 3]] < 0.95 - tolerance).all()  # why the interval is not theirs
