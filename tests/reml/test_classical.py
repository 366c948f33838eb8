"""Which classical estimate a model has, the same in every room."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.faces.model_estimates import classical_fit
from bayeshlm.reml.classical import classical_estimate, classical_method

ONE = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"


def table():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(20), 6)
    x = rng.normal(size=120)
    y = 1 + x + rng.normal(size=20)[group] + np.exp(0.3 * x) * rng.normal(size=120)
    return pd.DataFrame({"g": group, "x": x, "y": y, "z": (y > 1).astype(int), "se": rng.uniform(0.5, 1.5, 120)})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("equations", "weights", "method", "face"),
    [
        (ONE, None, "REML", "RemlFit"),
        (f"{ONE}; sd(r) = se", None, "REML", "RemlFit"),
        (f"{ONE}; log(sigma) = a0 + a1*x", None, "REML", "MlFit"),
        (f"{ONE}; corr(r) = ar1()", None, "REML", "MlFit"),
        (f"{ONE}; log(sigma) = a0 + v0", None, "ML", "MlFit"),
        (ONE, {"row": "se"}, "ML", "MlFit"),
        ("z ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10", None, "ML", "MlFit"),
    ],
)
def test_the_fit_that_is_shown_is_the_estimate_that_is_compared(equations, weights, method, face):
    model = hlm.Model(equations, table(), group="g", weights=weights)
    fit, estimate = classical_fit(model), classical_estimate(model.design)
    assert classical_method(model.design) == method == fit.method == estimate.method
    assert type(fit).__name__ == face
    np.testing.assert_array_equal(fit.estimate.gamma, estimate.gamma)
    assert fit.criterion == estimate.criterion


def test_a_study_is_planned_by_ml_where_the_level_1_sd_varies_between_groups():
    def treated(groups, rows, rng):
        group = np.repeat(np.arange(groups), rows)
        return pd.DataFrame({"g": group, "x": group % 2})

    found = hlm.plan(
        "y = b0 + r; b0 = g00 + g01*x + u0; log(sigma) = a0 + v0",
        treated,
        "g",
        gamma={"g00": 1, "g01": 2},
        tau={"u0": 2, "v0": 0.3},
        auxiliary={"a0": 1},
        groups=16,
        rows=6,
        effects=["g01"],
        n=10,
        seed=1,
    )
    (row,) = found.table.to_dict("records")
    assert row["failed"] == 0
    assert abs(row["bias"]) < 4 * row["rmse"] / np.sqrt(10)
