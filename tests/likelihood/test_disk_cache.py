"""numba's cache: whatever stands in it, a function gives its own numbers, and a damaged cache is whole afterwards."""

import importlib.util
import os
import shutil
import subprocess
import sys

import numba
import numpy as np
import pytest

from bayeshlm.likelihood.disk_cache import cached, cached_callback, forgiving_caches

SOURCE = "def f(x):\n    return 3 * x + 1\n"
SIGNATURE = numba.types.double(numba.types.double)


def function_of(folder):
    """A new function of the same file, as another process would have it."""
    (folder / "cached_f.py").write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("cached_f", folder / "cached_f.py")
    module = sys.modules["cached_f"] = importlib.util.module_from_spec(spec)  # where numba looks for it when it loads
    spec.loader.exec_module(module)
    return module.f


def made(folder):
    function = cached(numba.njit(function_of(folder)))
    assert function(2) == 7
    assert function(2.5) == 8.5
    return sum(function.stats.cache_hits.values())


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    assert made(folder) == 0
    assert made(folder) == 2
    return folder


def copy(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "copy")
    files = {path.suffix: path for path in sorted((tmp_path / "copy" / "__pycache__").iterdir())}
    return tmp_path / "copy", files


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:100], lambda content: b"", lambda content: b"garbage", lambda content: content + b"\0"],
    ids=["cut", "empty", "garbage", "longer"],
)
def test_a_damaged_file_is_compiled_anew_and_mended(suffix, damage, filled, tmp_path):
    folder, files = copy(filled, tmp_path)
    files[suffix].write_bytes(damage(files[suffix].read_bytes()))
    assert made(folder) < 2 or suffix == ".nbi"
    assert made(folder) == 2


def test_a_flipped_bit_of_the_code_is_noticed(filled, tmp_path):
    folder, files = copy(filled, tmp_path)
    content, rng = files[".nbc"].read_bytes(), np.random.default_rng(3)
    for place, bit in zip(rng.integers(len(content), size=8), rng.integers(8, size=8), strict=True):
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        files[".nbc"].write_bytes(changed)
        assert made(folder) < 2
    assert made(folder) == 2


def test_an_entry_of_another_signature_is_noticed(filled, tmp_path):
    folder, files = copy(filled, tmp_path)
    first, second = sorted(path for path in files[".nbc"].parent.iterdir() if path.suffix == ".nbc")
    contents = first.read_bytes(), second.read_bytes()
    second.write_bytes(contents[0])
    first.write_bytes(contents[1])
    assert made(folder) == 0


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._open_for_write", full)
    assert made(tmp_path) == 0
    assert made(tmp_path) == 0


def test_without_a_place_for_a_cache_functions_and_callbacks_are_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator available"):
        numba.njit(cache=True)(function_of(tmp_path))
    assert made(tmp_path) == 0
    assert cached_callback(SIGNATURE, function_of(tmp_path)).ctypes(2.5) == 8.5


def test_a_callback_comes_from_the_cache_or_is_compiled(tmp_path):
    for hits in (0, 1):
        callback = cached_callback(SIGNATURE, function_of(tmp_path))
        assert (callback.ctypes(2.5), callback.cache_hits) == (8.5, hits)
    for path in (tmp_path / "__pycache__").glob("*.nb[ic]"):
        os.truncate(path, 50)
    callback = cached_callback(SIGNATURE, function_of(tmp_path))
    assert (callback.ctypes(2.5), callback.cache_hits) == (8.5, 0)


def test_caches_of_other_packages_are_forgiven_in_the_block_only(tmp_path):
    numba.njit(cache=True)(function_of(tmp_path))(2)
    for path in (tmp_path / "__pycache__").glob("*.nb[ic]"):
        os.truncate(path, 50)
    with pytest.raises(Exception, match=r"truncated|ran out of input"):
        numba.njit(cache=True)(function_of(tmp_path))(2)
    with forgiving_caches():
        assert numba.njit(cache=True)(function_of(tmp_path))(2) == 7
    assert numba.njit(cache=True)(function_of(tmp_path))(2) == 7


FIT = """
import sys
import numpy as np, pandas as pd, bayeshlm as hlm
rng = np.random.default_rng(1)
data = pd.DataFrame({"site": np.repeat(range(8), 5), "y": rng.normal(size=40)})
model = hlm.Model("y = b0 + r; b0 = g00 + u0", data, "site")
fit = model.fit(draws=20, tune=50, chains=1, seed=1, progress=False, parameterization=sys.argv[1])
print(repr(float(fit.posterior["gamma"].sum())))
"""


def fitted(parameterization, **environment):
    run = subprocess.run(
        [sys.executable, "-c", FIT, parameterization],
        env=os.environ | environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return float(run.stdout)


@pytest.mark.slow
def test_a_fit_is_the_same_with_a_damaged_cache_and_without_any(tmp_path):
    whole = fitted("marginal", NUMBA_CACHE_DIR=str(tmp_path))
    kept = [path for path in tmp_path.rglob("*") if path.suffix in (".nbi", ".nbc")]
    assert kept
    for path in kept:
        os.truncate(path, 100)
    assert fitted("marginal", NUMBA_CACHE_DIR=str(tmp_path)) == whole
    nowhere = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator", "NUMBA_CACHE_DIR": "/proc/none"}
    assert fitted("marginal", HOME="/proc/none", **nowhere) == whole


@pytest.mark.slow
def test_a_damaged_cache_of_pytensors_is_compiled_anew(tmp_path):
    flags = {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}
    whole = fitted("noncentered", **flags)
    kept = [path for path in (tmp_path / "numba").rglob("*") if path.suffix in (".nbi", ".nbc")]
    assert kept
    for path in kept:
        os.truncate(path, 100)
    assert fitted("noncentered", **flags) == whole
