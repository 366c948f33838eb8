"""Moments over the population behind weighted rows, and a typical variance: rows against sums of a database."""

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import bayeshlm as hlm
from bayeshlm.quantities.heterogeneity import typical_variance
from bayeshlm.quantities.population_moments import fixed_covariance, outcome_sd, population_moments

RNG = np.random.default_rng(8)
DATA = pd.DataFrame(
    {
        "g": np.repeat([1, 2, 3, 4], [2, 3, 4, 3]),
        "x": RNG.normal(3.0, 2.0, 12),
        "y": RNG.normal(size=12),
        "se": RNG.uniform(0.5, 2.0, 12),
        "w1": RNG.uniform(1.0, 3.0, 12),
    }
).assign(w2=lambda data: data["g"] * 1.5)
TEXT = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"
WEIGHTS = hlm.SurveyWeights({"row": "w1", "g": "w2"})


def design_of(text, stored, weights=None):
    table = ibis.duckdb.connect().create_table("data", pa.Table.from_pandas(DATA)) if stored else DATA
    return hlm.Model(text, table, "g", weights=weights).design


@pytest.mark.parametrize("stored", [False, True])
def test_moments_with_weights_are_those_of_the_population(stored):
    design = design_of(TEXT, stored, WEIGHTS)
    of_group = DATA.groupby("g")["w1"]
    share = (DATA["w1"] / of_group.transform("mean") * DATA["w2"]).to_numpy()
    share = share / share.sum()
    X = np.column_stack([np.ones(12), DATA["x"]])
    found = population_moments(design)
    np.testing.assert_allclose(found.x_mean, share @ X, rtol=1e-12)
    np.testing.assert_allclose(found.z_mean, share @ X, rtol=1e-12)
    np.testing.assert_allclose(found.ZtZ, X.T @ (share[:, None] * X), rtol=1e-12)
    transform = design.products.x_transform
    covariance = transform.T @ np.cov(X.T, aweights=share, ddof=0) @ transform
    np.testing.assert_allclose(fixed_covariance(design), covariance, rtol=1e-11, atol=1e-14)
    assert outcome_sd(design) == pytest.approx(np.sqrt(np.cov(DATA["y"], aweights=share, ddof=0)), rel=1e-12)


@pytest.mark.parametrize("stored", [False, True])
def test_the_typical_variance_is_what_the_formula_makes_of_all_rows(stored):
    X, W = np.column_stack([np.ones(12), DATA["x"]]), np.diag(DATA["se"] ** -2.0)
    P = W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W)
    found = typical_variance(design_of(f"{TEXT.replace(' + u1', '')}; sd(r) = se", stored))
    assert found == pytest.approx((12 - 2) / np.trace(P), rel=1e-11)
