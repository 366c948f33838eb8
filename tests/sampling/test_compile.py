"""The compiled callback: PyMC's own density, in the layout's coordinates, and nutpie's compiler behind it."""

import ctypes
import gc
import logging
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from gallery_models import ONE_GROUPING

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.unconstrained_density import marginal_draws
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.sampling import density_callback, nuts
from bayeshlm.sampling.compile import graph_target
from bayeshlm.sampling.layout import plain_layout, reml_layout
from bayeshlm.sampling.marginal_target import marginal_target
from bayeshlm.sampling.nutpie_extension import extension
from bayeshlm.sampling.options import sampling_options
from bayeshlm.sampling.target import CannotCompile

LEVELS = "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1"


def frame_of_sites():
    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(15), 6)
    w, x = rng.normal(size=15)[site], rng.normal(size=90)
    y = 3 + w + x + rng.normal(size=15)[site] + rng.normal(size=90)
    return pd.DataFrame({"site": site, "w": w, "x": x, "y": y})


@pytest.fixture(scope="module")
def model():
    return hlm.Model(LEVELS, frame_of_sites(), "site")


@pytest.fixture(scope="module")
def layout(model):
    return reml_layout(model.design, model.priors)


def call(compiled, x):
    """Status, log density and gradient that the C callback gives at x."""
    double = ctypes.POINTER(ctypes.c_double)
    signature = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, double, double, double, double)
    function = signature(compiled.compiled_logp_func.address)
    gradient, value = np.empty(len(x)), np.empty(1)
    pointers = [array.ctypes.data_as(double) for array in (x, gradient, value, compiled.user_data)]
    return function(len(x), *pointers), value[0], gradient


def value_variables(graph, values):
    """A flat vector of unconstrained values as the point that PyMC's functions take."""
    point, start = {}, 0
    for name, value in graph.initial_point().items():
        point[name] = values[start : start + np.size(value)].reshape(np.shape(value))
        start += np.size(value)
    return point


def assert_is_pymcs_density(model, layout, scale=1.0):
    """Density, gradient and variables at a few of the layout's points are those of the PyMC graph."""
    graph, target = model.graph("marginal"), marginal_target(model.design, model.priors, layout)
    density, slope = graph.compile_logp(mode="FAST_COMPILE"), graph.compile_dlogp(mode="FAST_COMPILE")
    names = [name for name in ("gamma", "tau", "corr", "sigma") if name in graph.named_vars]
    variables = graph.compile_fn(graph.replace_rvs_by_values([graph[name] for name in names]), mode="FAST_COMPILE")
    rng = np.random.default_rng(2)
    for _ in range(3):
        x = scale * rng.normal(size=layout.size)
        values = layout.values(x)
        point = value_variables(graph, values)
        status, found, gradient = call(target.compiled, x)
        assert status == 0
        assert found == pytest.approx(float(density(point)), rel=1e-10)
        jacobian = np.array([layout.values(x + step) - values for step in np.eye(layout.size)])
        expected = jacobian @ slope(point)
        np.testing.assert_allclose(gradient, expected, rtol=1e-8, atol=1e-8 * max(1, abs(expected).max()))
        draws = target.expand(x[None, None])
        assert set(draws) == set(names)
        for name, value in zip(names, variables(point), strict=True):
            np.testing.assert_allclose(draws[name].to_numpy()[0, 0], value, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_the_machine_code_is_pymcs_density_for_the_gallery(name):
    model = hlm.open_model(name)
    assert_is_pymcs_density(model, reml_layout(model.design, model.priors))


THREE = "y = b0 + b1*x + b2*w + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2"


@pytest.mark.slow
@pytest.mark.parametrize("blocks", ["", "\ncov(u0, u1, u2) = 0", "\ncov(u0, u1) = 0\ncov(u1, u2) = 0"])
@pytest.mark.parametrize(
    "priors",
    [
        {"tau_u0": "HalfCauchy(3)", "tau_u1": "HalfCauchy(1)", "tau_u2": "HalfCauchy(2)", "sigma": "HalfCauchy(3)"},
        {"tau_u0": "Exponential(2)", "tau_u1": "Exponential(3)", "tau_u2": "Exponential(1)", "sigma": "Exponential(1)"},
        {"tau_u0": "HalfNormal(2)", "tau_u1": "HalfNormal(3)", "tau_u2": "HalfNormal(1)", "sigma": "HalfNormal(9)"},
        {"g00": "StudentT(4, 1, 2)", "g10": "StudentT(3, 0, 1)", "g20": "StudentT(7, 2, 2)"},
    ],
    ids=["cauchy", "exponential", "normal", "student"],
)
def test_every_family_and_three_effects_in_blocks(blocks, priors):
    rng = np.random.default_rng(3)
    site = np.repeat(np.arange(12), 6)
    x, w = rng.normal(size=(2, 72))
    y = 3 + rng.normal(size=12)[site] + x + rng.normal(size=72)
    frame = pd.DataFrame({"site": site, "x": x, "w": w, "y": y})
    if blocks == "":
        priors = {**priors, "corr": "LKJ(1.5)"}
    model = hlm.Model(THREE + blocks, frame, "site", priors=priors)
    layout = plain_layout(model.design, model.priors)
    assert_is_pymcs_density(model, layout, scale=2.0)


def test_families_may_be_mixed_element_by_element():
    priors = {"g01": "StudentT(4, 1, 2)", "g11": "StudentT(3, 0, 1)", "tau_u1": "HalfNormal(2)"}
    model = hlm.Model(LEVELS.replace("g10", "g10 + g11*w"), frame_of_sites(), "site", priors=priors)
    target = marginal_target(model.design, model.priors, plain_layout(model.design, model.priors))
    plain = hlm.Model(LEVELS.replace("g10", "g10 + g11*w"), frame_of_sites(), "site")
    other = marginal_target(plain.design, plain.priors, plain_layout(model.design, model.priors))
    x = np.random.default_rng(5).normal(size=8)
    values = plain_layout(model.design, model.priors).values(x)

    def log_prior(priors, at_means):
        keyed = priors.by_key()
        return sum(keyed[label].log_density(at_means[k]) for k, label in enumerate(priors.fixed)) + keyed[
            "tau_u1"
        ].log_density(abs(values[5]))

    np.testing.assert_array_equal(model.priors.basis[1:], np.eye(4)[1:])
    found = call(target.compiled, x)[1] - call(other.compiled, x)[1]
    assert found == pytest.approx(log_prior(model.priors, values[:4]) - log_prior(plain.priors, values[:4]), rel=1e-8)


def test_a_density_that_is_not_finite_is_said_so(model, layout):
    target = marginal_target(model.design, model.priors, layout)
    status, *_ = call(target.compiled, np.full(layout.size, 1e200))
    assert status in (3, 4)


def test_a_buffer_of_another_version_is_refused(model, layout):
    compiled = marginal_target(model.design, model.priors, layout).compiled
    compiled.user_data[int(compiled.user_data[1])] += 1
    assert call(compiled, np.zeros(layout.size))[0] == 1


def test_the_machine_code_of_the_marginal_density_is_loaded_once_a_process(model, layout):
    first, second = (marginal_target(model.design, model.priors, layout).compiled for _ in range(2))
    assert first.compiled_logp_func is second.compiled_logp_func
    assert first.compiled_expand_func is second.compiled_expand_func


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is read as Linux has it")
def test_a_hundred_fits_take_no_memory_that_ten_do_not(model, layout):
    """Half of what callbacks made anew would take, which is measured, is the bound."""

    def growth(repeated, n):
        for _ in range(10):
            repeated()
        gc.collect()
        before = resident()
        for _ in range(n):
            repeated()
        gc.collect()
        return (resident() - before) / n

    density = likelihood_of(model.design).log_density(model.priors)

    def made_anew():
        density_callback._compiled.cache_clear()
        density_callback.density_callback(density.function, density.data, layout)

    anew = growth(made_anew, 30)
    assert anew > 2 * os.sysconf("SC_PAGE_SIZE")
    assert growth(lambda: run(model, draws=20, tune=20, chains=1, seed=1), 100) < anew / 2


def resident():
    """Bytes that the process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.parametrize("centering", ["noncentered", "centered"])
def test_the_callback_of_a_graph_is_pymcs_density(model, centering):
    graph = model.graph(centering)
    target = graph_target(graph)
    density, slope = graph.compile_logp(mode="FAST_COMPILE"), graph.compile_dlogp(mode="FAST_COMPILE")
    x = target.compiled.initial_point_func(1)
    point = value_variables(graph, x)
    status, found, gradient = call(target.compiled, x)
    assert status == 0
    assert found == pytest.approx(float(density(point)), rel=1e-10)
    np.testing.assert_allclose(gradient, slope(point), rtol=1e-8, atol=1e-8)
    draws = target.expand(x[None, None])
    assert draws["u"].shape == (1, 1, 15, 2)


def test_the_fixed_effects_are_whitened_by_reml(model, layout):
    estimate = fit_reml(model.design)
    basis = model.priors.basis
    np.testing.assert_allclose(layout.factor @ layout.factor.T, basis @ estimate.vcov @ basis.T, rtol=1e-10)
    assert layout.size == len(layout.center) == 3 + 2 + 1 + 1
    x = np.random.default_rng(1).normal(size=(2, 5, layout.size))
    draws = marginal_draws(layout.values(x), model.design, model.priors)
    assert draws["gamma"].shape == (2, 5, 3)
    assert (draws["tau"] > 0).all()
    assert (draws["sigma"] > 0).all()


def test_where_reml_has_no_answer_the_plain_layout_serves(monkeypatch, model):
    def fails(design):
        raise hlm.DataError("no answer")

    monkeypatch.setattr("bayeshlm.sampling.layout.near_reml", fails)
    layout, plain = reml_layout(model.design, model.priors), plain_layout(model.design, model.priors)
    np.testing.assert_array_equal(layout.center, plain.center)
    assert layout.factor.shape == (0, 0)


def run(model, **options):
    return nuts.run_nuts(model.design, model.priors, sampling_options(progress=False, **options))


@pytest.mark.parametrize("module", ["nutpie._lib", "pytensor.link.numba.cache"])
def test_what_is_not_public_in_other_packages_may_be_missing(monkeypatch, request, model, caplog, module):
    """A release that moves it makes the fit slower, and the log says why; nothing else changes."""
    monkeypatch.setattr("nutpie.compile_pymc_model", lambda graph: graph)  # which imports nutpie, its extension with it
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "bayeshlm.sampling.compile", raising=False)
    request.addfinalizer(extension.cache_clear)
    extension.cache_clear()
    parameterization = "marginal" if module.startswith("nutpie") else "centered"
    options = sampling_options(parameterization=parameterization)
    target = nuts._target(model.design, model.priors, options)
    assert isinstance(target.compiled, pm.Model)
    assert f"import of {module} halted" in caplog.text


@pytest.mark.slow
def test_nutpies_own_compiler_takes_over_when_the_fast_one_cannot(monkeypatch, model, caplog):
    def cannot(design, priors, layout):
        raise CannotCompile("changed internals")

    monkeypatch.setattr(nuts, "marginal_target", cannot)
    with caplog.at_level(logging.WARNING):
        raw = run(model, draws=200, tune=300, chains=2, seed=1)
    assert "changed internals" in caplog.text
    assert raw.posterior["gamma"].shape == (2, 200, 3)


def test_the_same_seed_gives_the_same_draws_on_one_core_or_two(model):
    found = []
    for cores, seed in ((1, 1), (2, 1), (2, 2)):
        raw = run(model, draws=50, tune=50, chains=2, cores=cores, seed=seed)
        found.append(raw.posterior["gamma"].to_numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()
