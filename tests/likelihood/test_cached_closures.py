"""Machine code of closures on the disk: it is found again, and never that of another closure."""

import importlib.util
import itertools
import sys

import numba
import numpy as np
import pytest
from numba.core.bytecode import FunctionIdentity

from bayeshlm.families import FAMILIES
from bayeshlm.likelihood.disk_cache import cached

KERNEL = """
import numba
from bayeshlm.likelihood.compiled_rows import compiled_row
from bayeshlm.likelihood.disk_cache import cached

def made(family, link):
    row = compiled_row(family, link)

    @numba.njit(error_model="numpy", nogil=True)
    def total(y, eta, auxiliary):
        value = 0.0
        for i in range(len(y)):
            value += row(y[i], 1.0, eta[i], auxiliary)[0]
            if value > 1e9:  # never: keeps the loop from being inlined in its three callers
                for k in range(100):
                    value += row(y[i] + k, 1.0, eta[i] * value, auxiliary)[1]
        return value

    def kernel(y, eta, auxiliary):
        return total(y, eta, auxiliary) + total(y[1:], eta, auxiliary) + total(y[:1], eta, auxiliary)

    return cached(numba.njit(error_model="numpy", nogil=True)(kernel))
"""
ARGUMENTS = np.array([1.0, 0.0]), np.array([0.5, 0.3]), np.array([2.0, 3.0])
SPECS = [("Bernoulli", "logit"), ("Bernoulli", "probit"), ("Poisson", "log")]


def expected(family, link):
    row = FAMILIES[family].rows[link]
    (one, zero), (first, second), auxiliary = ARGUMENTS
    pairs = ((one, first), (zero, second), (zero, first), (one, first))
    return sum(row(y, 1.0, eta, auxiliary)[0] for y, eta in pairs)


@pytest.fixture
def as_a_new_process(tmp_path, monkeypatch):
    """The kernel of a new module, with numba's count of functions where it was before."""
    (tmp_path / "kernel_of_rows.py").write_text(KERNEL)

    def kernel(family, link):
        monkeypatch.setattr(FunctionIdentity, "_unique_ids", itertools.count(10_000))
        spec = importlib.util.spec_from_file_location("kernel_of_rows", tmp_path / "kernel_of_rows.py")
        module = sys.modules["kernel_of_rows"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.made(family, link)

    return kernel


def test_a_kernel_over_a_row_is_found_again_and_runs_its_own_row(as_a_new_process, tmp_path):
    for hits in (0, 1, 1):
        for family, link in SPECS:
            kernel = as_a_new_process(family, link)
            assert kernel(*ARGUMENTS) == pytest.approx(expected(family, link), rel=1e-14)
            assert sum(kernel.stats.cache_hits.values()) == hits
    assert len(list((tmp_path / "__pycache__").glob("*.nbc"))) == len(SPECS)


def test_a_closure_over_numbers_is_found_by_them(tmp_path):
    def made(step):
        def plus(x):
            return x + step

        return cached(numba.njit(plus))

    assert [made(step)(1.0) for step in (2.0, 3.0, 2.0)] == [3.0, 4.0, 3.0]
    assert made(2.0).py_func.__qualname__ == made(2.0).py_func.__qualname__ != made(3.0).py_func.__qualname__


def test_what_is_compiled_by_a_name_that_others_have_is_not_kept():
    def made(step):
        @numba.njit
        def inner(x):
            return x + step

        inner(1.0)

        def outer(x):
            return 2 * inner(x)

        return cached(numba.njit(outer))

    function = made(2.0)
    assert function(1.0) == 6.0
    assert type(function._cache).__name__ == "NullCache"
