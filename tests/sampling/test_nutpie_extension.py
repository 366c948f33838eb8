import importlib
import json
import subprocess
import sys

import numba
import numpy as np
import pytest

from bayeshlm.sampling import nutpie_extension
from bayeshlm.sampling.nutpie_extension import NAME, extension, sample_points
from bayeshlm.sampling.options import sampling_options
from bayeshlm.sampling.target import DENSITY, compiled_model


@pytest.fixture
def anew():
    extension.cache_clear()
    yield
    extension.cache_clear()


def normal(dim, x, gradient, log_density, buffer):
    total = 0.0
    for k in range(dim):
        z = (x[k] - k) / (1.0 + k)
        gradient[k] = -z / (1.0 + k)
        total -= 0.5 * z * z
    log_density[0] = total
    return 0


def starting_point(seed):
    return np.random.default_rng(seed).normal(size=3)


@pytest.fixture(scope="module")
def normals():
    return compiled_model(numba.cfunc(DENSITY)(normal), np.zeros(1), starting_point, 3)


def test_draws_have_the_moments_of_the_density(normals):
    points, stats = sample_points(normals, sampling_options(draws=2000, tune=500, chains=2, cores=1, seed=1))
    assert points.shape == (2, 2000, 3)
    place = np.arange(3.0)
    error = (1 + place) / np.sqrt(1000)  # an effective size of a quarter of the draws
    assert (np.abs(points.mean(axis=(0, 1)) - place) < 5 * error).all()
    np.testing.assert_allclose(points.std(axis=(0, 1)), 1 + place, rtol=0.15)
    assert stats["diverging"].dtype == bool
    assert stats.sizes == {"chain": 2, "draw": 2000}
    assert not stats["tuning"].any()
    assert json.loads(stats.attrs["inference_library_settings"])["settings"]["num_draws"] == 2000


def test_draws_and_statistics_are_those_of_the_whole_package(normals):
    import nutpie
    from nutpie.compile_pymc import CompiledPyMCModel

    options = sampling_options(draws=100, tune=100, chains=2, cores=2, seed=3)
    points, stats = sample_points(normals, options)
    whole = CompiledPyMCModel(
        compiled_logp_func=normals.compiled_logp_func,
        compiled_expand_func=normals.compiled_expand_func,
        initial_point_func=normals.initial_point_func,
        shared_data={},
        shared_var_keys={},
        user_data=normals.user_data,
        n_expanded=3,
        shape_info=(["point"], [slice(0, 3)], [(3,)]),
        logp_func=None,
        expand_func=None,
        dims={"point": ("position",)},
        reparameterized_names=[],
        _n_dim=3,
        _shapes={"point": (3,)},
        _coords={"position": np.arange(3)},
    )
    wanted = nutpie.sample(
        whole, draws=100, tune=100, chains=2, cores=2, seed=3, target_accept=options.target_accept, progress_bar=False
    )
    np.testing.assert_array_equal(points, wanted["posterior"]["point"])
    for name in stats:
        np.testing.assert_array_equal(stats[name], wanted["sample_stats"][name], err_msg=name)
        assert stats[name].dtype == wanted["sample_stats"][name].dtype


@pytest.mark.slow
def test_the_package_can_be_imported_afterwards():
    code = """
import sys
from bayeshlm.sampling.nutpie_extension import extension
lib = extension()
assert "nutpie" not in sys.modules and "numpy" in sys.modules
import nutpie
assert nutpie._lib is lib and nutpie.sample and nutpie.zarr_store
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_where_the_extension_is_not_found_it_comes_with_its_package(monkeypatch, anew):
    lib = importlib.import_module(NAME)
    monkeypatch.delitem(sys.modules, NAME)
    monkeypatch.setattr(nutpie_extension.PathFinder, "find_spec", lambda name, folders: None)
    monkeypatch.setattr(nutpie_extension.importlib, "import_module", lambda name: lib)
    assert extension() is lib


def test_an_extension_that_does_not_load_alone_leaves_nothing_behind(monkeypatch, anew):
    lib = importlib.import_module(NAME)
    monkeypatch.delitem(sys.modules, NAME)

    def fails(found):
        raise ImportError("needs its package")

    monkeypatch.setattr(nutpie_extension, "module_from_spec", fails)
    monkeypatch.setattr(nutpie_extension.importlib, "import_module", lambda name: lib)
    assert extension() is lib
    assert NAME not in sys.modules


def test_an_extension_of_another_form_is_refused(monkeypatch, anew):
    monkeypatch.setitem(sys.modules, NAME, type(sys)(NAME))
    with pytest.raises(ImportError, match=r"nutpie\._lib has no ExpandFunc"):
        extension()
