"""Standardized effects: those of a model whose outcome and columns were standardized before."""

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.standardized import standardized

TEXT = "mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10"


def test_they_are_the_effects_of_standardized_columns():
    data = hlm.load_dataset("hsb")
    found = hlm.Model(TEXT, data, "school").reml().standardized()
    names = ["mathach", "ses", "sector"]
    scaled = data.assign(**{name: (data[name] - data[name].mean()) / data[name].std() for name in names})
    expected = hlm.Model(TEXT, scaled, "school").reml().fixed_effects().loc[["g01", "g10"]]
    assert found.index.to_list() == ["g01", "g10"]
    for column in ("estimate", "se", "df", "t", "lower", "upper"):
        assert found[column].to_numpy(float) == pytest.approx(expected[column].to_numpy(float), rel=1e-6)


def test_draws_are_scaled(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + g01*urban + u0; b1 = g10 + g11*urban")
    gamma = np.random.default_rng(1).normal(size=(2, 30, 4))
    draws = Draws(posterior_of(design, gamma, np.ones((2, 30, 1)), np.ones((2, 30))), design)
    found = standardized(draws)
    factor = design.X[:, 1:].std(axis=0, ddof=1) / design.y.std(ddof=1)
    assert found.draws["standardized"].to_numpy() == pytest.approx(gamma[..., 1:] * factor)
    assert found.table.index.to_list() == ["g01", "g10", "g11"]


def test_what_cannot_be_standardized(clinic_design, clinics, posterior_of):
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    draws = Draws(posterior_of(design, np.zeros((1, 4, 1)), np.ones((1, 4, 1)), np.ones((1, 4))), design)
    with pytest.raises(OptionError, match="no effect but the intercept"):
        standardized(draws)
    other = clinic_design("urban ~ Bernoulli(p); logit(p) = b0 + b1*dose; b0 = g00 + u0; b1 = g10")
    with pytest.raises(OptionError, match="A standardized effect is defined for normal outcomes only"):
        standardized(Draws(draws.dataset, other))
