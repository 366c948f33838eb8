"""The SD between groups along a random slope, against the formula written out draw by draw."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import bayeshlm as hlm
from bayeshlm.quantities.group_sd import group_sd

TEXT = "y = b0 + b1*x + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2"


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(12), 9)
    x, z = rng.normal(3, 2, len(codes)), rng.normal(size=len(codes))
    data = {"g": codes, "x": x, "z": z, "y": rng.normal(size=12)[codes] + x + rng.normal(size=len(codes))}
    return hlm.Model(TEXT, pd.DataFrame(data), "g")


@pytest.fixture(scope="module")
def draws(model):
    from bayeshlm.parameters.draws import Draws
    from bayeshlm.parameters.prior_draws import prior_draws

    return Draws(prior_draws(model.design, model.priors, 60, np.random.default_rng(2)), model.design)


def test_every_draw_is_the_square_root_of_the_parabola(model, draws):
    design = model.design
    found = group_sd(draws, "b1", np.array([-1.0, 0.0, 4.0]))
    z_mean = design.Z[:, 2].mean()
    for i, x in enumerate((-1.0, 0.0, 4.0)):
        z = np.array([1.0, x, z_mean])
        expected = np.sqrt(np.einsum("q,sdqr,r->sd", z, draws.G, z))
        np.testing.assert_allclose(found.draws["sd"][..., i], expected, rtol=1e-10)
        np.testing.assert_allclose(found.draws["icc"][..., i], expected**2 / (expected**2 + draws.sigma2), rtol=1e-10)
        assert found.table.loc[f"SD at {x:.4g}", "mean"] == pytest.approx(expected.mean())
    assert found.notes[-1] == "other random slopes' columns at their means"


def test_the_smallest_is_found_by_search(model, draws):
    found, x = group_sd(draws, "b1"), model.design.Z[:, 1]
    z_mean = model.design.Z[:, 2].mean()
    for s in range(20):
        G = draws.G[0, s]
        search = minimize_scalar(
            lambda at, G=G: np.array([1, at, z_mean]) @ G @ np.array([1, at, z_mean]),
            bounds=(x.min(), x.max()),
            method="bounded",
            options={"xatol": 1e-10},
        )
        assert found.draws["smallest"][0, s] ** 2 == pytest.approx(search.fun, rel=1e-6)
        assert float(found.draws["where"][0, s]) == pytest.approx(search.x, abs=1e-4 * (x.max() - x.min()))
    assert found.draws["x"].to_numpy()[[0, -1]].tolist() == [x.min(), x.max()]


def test_groups_without_a_slope_have_none():
    model = hlm.open_model("hsb-one-way-anova")
    from bayeshlm.quantities.coefficient_names import find_slope_of_groups

    with pytest.raises(hlm.OptionError, match="the groups of 'school' have no random slope"):
        find_slope_of_groups(model.design, None, 0)
