"""The one reader of how a fit was sampled, and refits that are sampled as it was."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayeshlm as hlm
from bayeshlm.fitted import FittedModel
from bayeshlm.sampling import nuts
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import SamplingOptions, sampling_options

OPTIONS = sampling_options(40, 30, 2, None, 7, "pymc", "noncentered", 0.8)


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"ward": np.repeat(np.arange(12), 5), "dose": rng.normal(size=60), "pain": rng.normal(size=60)}
    )
    return hlm.Model("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1", frame, "ward")


@pytest.fixture
def fitted(model, fake_draws):
    raw = replace(fake_draws(model.design, 2, 40), compile_seconds=1.5, sample_seconds=2.5)
    return FittedModel(model.design, model.priors, to_datatree(raw, model.design, model.priors, OPTIONS))


@pytest.fixture
def runs(fake_draws, monkeypatch):
    """What the sampler is asked for, without sampling."""
    asked = []

    def run(design, priors, options, busy_ms):
        asked.append((design, priors, options))
        return fake_draws(design, options.chains, options.draws, options.seed)

    monkeypatch.setattr(nuts, "run_nuts", run)
    return asked


def test_options_go_into_attributes_and_come_out_as_they_were(fitted, tmp_path):
    assert fitted.options == OPTIONS
    assert (fitted.compile_seconds, fitted.sample_seconds) == (1.5, 2.5)
    assert set(fitted.versions) >= {"bayeshlm", "numpy"}
    xr.Dataset(attrs=fitted.idata.attrs).to_netcdf(tmp_path / "attrs.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "attrs.nc", engine="h5netcdf") as stored:
        assert SamplingOptions.from_attrs(stored.attrs) == OPTIONS


def test_draws_are_the_parameters_alone_with_corr_among_them(fitted):
    assert set(fitted.draws.dataset.data_vars) == {"gamma", "tau", "corr", "sigma", "u", "beta"}
    assert fitted.draws.has_groups
    np.testing.assert_array_equal(fitted.draws.corr, fitted.idata["posterior"]["corr"])


def test_a_refit_to_some_rows_keeps_priors_options_and_constants(fitted, runs):
    kept = fitted.design.group_codes != 3
    refit = fitted.refit(rows=kept, seed=11)
    design, priors, options = runs[0]
    assert priors is fitted.priors is refit.priors
    np.testing.assert_array_equal(design.X, fitted.design.X[kept])
    assert (options.draws, options.tune, options.chains, options.sampler) == (40, 30, 2, "pymc")
    assert (options.seed, options.parameterization, options.target_accept) == (11, "marginal", 0.8)
    assert options.progress is False
    assert refit.options.seed == 11
    assert refit.draws.shape == (2, 40)
    assert set(refit.idata.children) == {"posterior", "sample_stats"}


def test_a_refit_under_other_priors_keeps_rows_and_seed(fitted, model, runs):
    other = hlm.Model.from_design(model.design, {"g00": hlm.Normal(0, 0.5)}).priors
    refit = fitted.refit(priors=other, progress=None)
    design, priors, options = runs[0]
    assert design is fitted.design
    assert priors is other is refit.priors
    assert (options.seed, options.parameterization, options.progress) == (7, "noncentered", None)
