import numpy as np
import pandas as pd
import pymc as pm
import pytest

import bayeshlm as hlm

SLOPES = "y = b0 + b1*x + b2*w + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    site = np.repeat(["a", "b", "c", "d"], 6)
    return pd.DataFrame({"site": site, "x": rng.normal(size=24), "w": rng.normal(size=24), "y": rng.normal(size=24)})


def dims(graph):
    return {name: graph.named_vars_to_dims.get(name) for name in graph.named_vars}


def test_names_dims_and_coords(frame):
    graph = hlm.Model(SLOPES, frame, "site").graph("noncentered")
    found = dims(graph)
    assert found["gamma"] == ("fixed",)
    assert found["tau"] == ("random",)
    assert found["corr"] == ("random", "random_")
    assert found["u"] == ("site", "random")
    assert found["y"] == ("obs_id",)
    assert list(graph.coords["fixed"]) == ["g00", "g10", "g20"]
    assert list(graph.coords["random"]) == ["u0", "u1", "u2"]
    assert list(graph.coords["site"]) == ["a", "b", "c", "d"]
    assert {rv.name for rv in graph.free_RVs} == {"gamma_at_means", "tau", "corr_beta", "sigma", "z"}


def test_one_random_effect_has_no_corr(frame):
    graph = hlm.Model("y = b0 + r\nb0 = g00 + u0", frame, "site").graph("centered")
    assert "corr" not in graph.named_vars
    assert {rv.name for rv in graph.free_RVs} == {"gamma", "tau", "sigma", "u"}


def test_blocks_of_effects_have_a_correlation_each(frame):
    model = hlm.Model(SLOPES + "\ncov(u0, u1, u2) = 0", frame, "site")
    assert "corr" not in model.graph().named_vars
    model = hlm.Model(SLOPES + "\ncov(u0, u1) = 0\ncov(u1, u2) = 0", frame, "site")
    graph = model.graph()
    corr = pm.draw(graph["corr"], 3, random_seed=1)
    np.testing.assert_allclose(corr[:, [0, 1, 1, 2], [1, 0, 2, 1]], 0, atol=0)
    assert (corr[:, 0, 2] != 0).all()
    np.testing.assert_allclose(np.diagonal(corr, axis1=1, axis2=2), 1, rtol=1e-12)


def test_priors_of_several_families(frame):
    priors = {"g10": hlm.StudentT(3, 0, 1), "g00": "Normal(5, 2)", "tau_u1": "Exponential(2)"}
    graph = hlm.Model(SLOPES, frame, "site", priors=priors).graph("noncentered")
    names = {rv.name for rv in graph.free_RVs}
    assert names >= {"gamma_Normal", "gamma_StudentT", "tau_Exponential", "tau_HalfStudentT"}
    gamma, tau = pm.draw([graph["gamma"], graph["tau"]], 4000, random_seed=1)
    error = 2 / np.sqrt(4000)
    assert gamma[:, 0].mean() == pytest.approx(5, abs=4 * error)
    assert tau[:, 1].mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(4000))


def test_an_unknown_parameterization_is_an_error(frame):
    with pytest.raises(hlm.OptionError, match="noncentered"):
        hlm.Model(SLOPES, frame, "site").graph("central")
