import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayeshlm as hlm
from bayeshlm.checks.prior_predictive import prior_predictive
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget


def test_outcomes_follow_from_the_parameters():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"ward": np.repeat(list("abcd"), 6), "x": rng.normal(size=24), "y": rng.normal(size=24)})
    model = hlm.Model("y = b0 + b1*x + offset(x) + r; b0 = g00 + u0; b1 = g10 + u1", frame, "ward")
    tree = model.prior_predictive(draws=400, seed=3)
    assert list(tree.children) == ["prior", "prior_predictive", "observed_data"]
    prior, y = tree["prior"].to_dataset(), tree["prior_predictive"]["y"]
    assert y.dims == ("chain", "draw", "obs_id")
    np.testing.assert_array_equal(tree["observed_data"]["y"], frame["y"])
    np.testing.assert_array_equal(tree["observed_data"]["obs_id"], y["obs_id"])
    gamma, u, design = prior["gamma"].to_numpy()[0], prior["u"].to_numpy()[0], model.design
    mu = gamma @ design.X.T + design.offset + np.einsum("ik,sik->si", design.Z, u[:, design.group_codes])
    z = (y.to_numpy()[0] - mu) / prior["sigma"].to_numpy()[0][:, None]
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    assert tree.identical(model.prior_predictive(draws=400, seed=3))
    assert tree.attrs["seed"] == 3
    unseeded = model.prior_predictive(draws=5)
    assert unseeded.identical(model.prior_predictive(draws=5, seed=unseeded.attrs["seed"]))


@pytest.mark.parametrize("name", hlm.gallery_names())
def test_every_gallery_model(name):
    model = hlm.open_model(name)
    tree = prior_predictive(model.design, model.priors, 3, seed=1)
    assert np.isfinite(tree["prior_predictive"]["y"]).all()
    assert tree["prior"]["gamma"]["fixed"].to_numpy().tolist() == model.design.fixed_labels


def test_wrong_options(monkeypatch):
    model = hlm.open_model("hsb-one-way-anova")
    with pytest.raises(OptionError, match="draws must be a whole number of at least 1, not 0"):
        model.prior_predictive(0)
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 7185 * 10)
    assert model.prior_predictive(10, seed=1)["prior"].sizes["draw"] == 10
    with pytest.raises(OptionError, match="ask for fewer `draws`"):
        model.prior_predictive(11)
