"""The compiled callback: PyMC's own density, in the layout's coordinates, and nutpie's compiler behind it."""

import ctypes
import logging

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.crosscheck.reml import fit_reml
from bayeshlm.sampling import nuts
from bayeshlm.sampling.compile import CannotCompile, compile_density
from bayeshlm.sampling.expand import expand_draws
from bayeshlm.sampling.layout import plain_layout, reml_layout
from bayeshlm.sampling.options import sampling_options

LEVELS = "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1"


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(15), 6)
    w, x = rng.normal(size=15)[site], rng.normal(size=90)
    y = 3 + w + x + rng.normal(size=15)[site] + rng.normal(size=90)
    return hlm.Model(LEVELS, pd.DataFrame({"site": site, "w": w, "x": x, "y": y}), "site")


@pytest.fixture(scope="module")
def graph(model):
    return model.graph("marginal")


@pytest.fixture(scope="module")
def layout(model, graph):
    return reml_layout(graph, model.design, model.priors)


def call(compiled, x):
    """Status, log density and gradient that the C callback gives at x."""
    double = ctypes.POINTER(ctypes.c_double)
    signature = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, double, double, double, double)
    function = signature(compiled.compiled_logp_func.address)
    gradient, value = np.empty(len(x)), np.empty(1)
    pointers = [array.ctypes.data_as(double) for array in (x, gradient, value, compiled.user_data)]
    return function(len(x), *pointers), value[0], gradient


def test_the_callback_is_pymcs_density_in_the_layouts_coordinates(graph, layout):
    compiled = compile_density(graph, layout)
    density, slope = graph.compile_logp(mode="FAST_COMPILE"), graph.compile_dlogp(mode="FAST_COMPILE")
    rng = np.random.default_rng(2)
    for _ in range(3):
        x = rng.normal(size=layout.size)
        values, point, start = layout.values(x), {}, 0
        for name, value in layout.initial_point.items():
            point[name] = values[start : start + np.size(value)].reshape(np.shape(value))
            start += np.size(value)
        status, found, gradient = call(compiled, x)
        assert status == 0
        assert found == pytest.approx(float(density(point)), rel=1e-10)
        jacobian = np.array([layout.values(x + step) - values for step in np.eye(layout.size)])
        np.testing.assert_allclose(gradient, jacobian @ slope(point), rtol=1e-8, atol=1e-8)


def test_a_density_that_is_not_finite_is_said_so(graph, layout):
    compiled = compile_density(graph, layout)
    status, *_ = call(compiled, np.full(layout.size, 1e200))
    assert status in (3, 4)


def test_the_fixed_effects_are_whitened_by_reml(model, graph, layout):
    estimate = fit_reml(model.design)
    basis = model.priors.basis
    np.testing.assert_allclose(layout.factor @ layout.factor.T, basis @ estimate.vcov @ basis.T, rtol=1e-10)
    assert layout.size == len(layout.center) == 3 + 2 + 1 + 1
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 5, layout.size))
    draws = expand_draws(graph, layout.initial_point, layout.values(x))
    assert draws["gamma"].shape == (2, 5, 3)
    assert (draws["tau"] > 0).all()
    assert (draws["sigma"] > 0).all()


def test_where_reml_has_no_answer_the_plain_layout_serves(monkeypatch, model, graph):
    def fails(design):
        raise hlm.DataError("no answer")

    monkeypatch.setattr("bayeshlm.sampling.layout.fit_reml", fails)
    layout, plain = reml_layout(graph, model.design, model.priors), plain_layout(graph)
    np.testing.assert_array_equal(layout.center, plain.center)
    assert layout.factor.shape == (0, 0)


@pytest.mark.slow
def test_nutpies_own_compiler_takes_over_when_the_fast_one_cannot(monkeypatch, model, graph, layout, caplog):
    def cannot(graph, layout):
        raise CannotCompile("changed internals")

    monkeypatch.setattr(nuts, "compile_density", cannot)
    options = sampling_options(draws=200, tune=300, chains=2, seed=1, progress=False)
    with caplog.at_level(logging.WARNING):
        raw = nuts.run_nuts(graph, layout, options)
    assert "changed internals" in caplog.text
    assert raw.posterior["gamma"].shape == (2, 200, 3)


def test_the_same_seed_gives_the_same_draws_on_one_core_or_two(graph, layout):
    found = []
    for cores, seed in ((1, 1), (2, 1), (2, 2)):
        options = sampling_options(draws=50, tune=50, chains=2, cores=cores, seed=seed, progress=False)
        found.append(nuts.run_nuts(graph, layout, options).posterior["gamma"].to_numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()
