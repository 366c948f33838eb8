"""Importance sampling beside NUTS's draws: with one and with several groupings, and where they disagree."""

import numpy as np
import pytest
import xarray as xr
from clinics_data import SLOPE, clinics_design

from bayeshlm.checks.importance_check import importance_check
from bayeshlm.errors import OptionError
from bayeshlm.fitted import FittedModel, ImportanceDraws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.sampling.certificate import Certificate
from bayeshlm.sampling.options import sampling_options


def sampled(sampler):
    design = clinics_design(SLOPE, n_groups=60)
    return FittedModel.sampled(design, make_priors(design), sampling_options(seed=1, sampler=sampler, progress=False))


@pytest.fixture(scope="module")
def fitted():
    return sampled("nutpie")


@pytest.mark.slow
def test_two_samplers_of_one_posterior_agree(fitted):
    found = importance_check(fitted)
    assert found.importance.certificate.holds
    assert found.agrees, found.verdict
    assert set(found.table["verdict"]) == {"agrees"}
    assert found.table.index.tolist()[-2:] == [("sigma", ""), ("corr", "u0,u1")]
    tau = fitted.idata["posterior"]["tau"].sel(random="u1")
    assert found.table.loc[("tau", "u1"), "sd"] == pytest.approx(float(tau.std(ddof=1)), rel=1e-12)
    both = np.stack([fitted.draws.sigma, found.importance.draws.sigma])
    error = np.hypot(*diagnose(both)[3])
    expected = (both[0].mean() - both[1].mean()) / error
    assert found.table.loc[("sigma", ""), "mean_difference"] == pytest.approx(expected, rel=1e-10)


def changed(fitted, change):
    posterior = fitted.idata["posterior"].to_dataset().copy(deep=True)
    change(posterior)
    groups = {name: node.to_dataset() for name, node in fitted.idata.children.items()} | {"posterior": posterior}
    idata = xr.DataTree.from_dict(groups)
    idata.attrs = fitted.idata.attrs
    return FittedModel(fitted.design, fitted.priors, idata)


@pytest.mark.slow
def test_a_mean_or_an_sd_that_is_off_is_named(fitted):
    def moved(posterior):
        posterior["gamma"][..., 1] += 0.3 * float(posterior["gamma"][..., 1].std())

    def narrow(posterior):
        posterior["sigma"][:] = posterior["sigma"].mean() + 0.8 * (posterior["sigma"] - posterior["sigma"].mean())

    for change, name in ((moved, ("gamma", fitted.design.fixed_labels[1])), (narrow, ("sigma", ""))):
        found = importance_check(changed(fitted, change))
        assert not found.agrees
        assert found.table.index[found.table["verdict"] == "differs"].tolist() == [name]
        assert "differ in 1 of" in found.verdict


def test_without_a_certificate_nothing_is_said(fitted, monkeypatch):
    failed = Certificate((0.9, 0.8), (10.0, 12.0), (1.0, 0.4), 1000, 0.1)
    monkeypatch.setattr(FittedModel, "by_importance", lambda self: ImportanceDraws(None, failed))
    found = importance_check(fitted)
    assert not found.agrees
    assert set(found.table["verdict"]) == {"no certificate"}
    assert found.table["importance_mean"].isna().all()
    assert "Pareto k 0.90, 0.80, means moved by 0.40 SDs" in found.verdict


def test_draws_of_importance_sampling_are_not_set_beside_themselves():
    with pytest.raises(OptionError, match=r"importance sampling's already.*nutpie"):
        importance_check(sampled("importance"))
