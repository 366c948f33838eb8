"""The same seed gives the same draws, whatever the caches hold and however many fits run at a time."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import bayeshlm as hlm

PRINT_DRAWS = """
import bayeshlm as hlm
fit = hlm.open_model("hsb-random-coefficients").fit(draws=50, tune=50, chains=2, seed=3, progress=False)
draws = fit.posterior
print(*(draws[name].to_numpy().tobytes().hex() for name in ("gamma", "tau", "corr", "sigma")), draws["u"].sum().item())
"""


@pytest.mark.slow
def test_the_same_draws_with_cold_and_with_warm_cache(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}

    def draws():
        run = subprocess.run(
            [sys.executable, "-c", PRINT_DRAWS], env=environment, capture_output=True, text=True, check=True
        )
        return run.stdout

    assert not any(tmp_path.iterdir())
    cold = draws()
    assert any(tmp_path.rglob("*.nbc"))
    assert draws() == cold


@pytest.mark.slow
def test_fits_in_several_threads_are_the_fits_one_after_another():
    models = [hlm.open_model(name) for name in ("hsb-one-way-anova", "hsb-random-coefficients", "lee-bryk-null")]

    def fit(model):
        return model.fit(draws=200, tune=100, chains=2, seed=5, progress=False).posterior

    alone = [fit(model) for model in models]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(fit, models))
    for one, other in zip(alone, together, strict=True):
        for name in one.data_vars:
            np.testing.assert_array_equal(one[name].to_numpy(), other[name].to_numpy())
