import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.plausible_ranges import plausible_ranges, predictive_range

NULL = "pain = b0 + r; b0 = g00 + u0"
SLOPES = "pain = b0 + b1*dose + r; b0 = g00 + g01*urban + u0; b1 = g10 + u1"


def test_printed_range_of_the_null_model_of_heck_2011(clinic_design, posterior_of):
    # Printed: gamma 57.6742, variance 10.64, z = 1.96 -> 51.28024 to 64.06822 (from unrounded estimates).
    design = clinic_design(NULL)
    quantity = plausible_ranges(Draws(posterior_of(design, [57.6742], [10.64**0.5], 66.55**0.5), design), z=1.96)
    lower, upper = quantity.table.loc["b0", "plug_in"]
    assert [round(lower, 2), round(upper, 2)] == [51.28, 64.07]
    exact = plausible_ranges(Draws(posterior_of(design, [57.6742], [10.64**0.5], 8.158), design))
    assert exact.table.loc[("b0", "upper"), "plug_in"] == pytest.approx(57.6742 + 1.959963984540054 * 10.64**0.5)


def test_range_is_a_posterior_and_the_predictive_range_is_wider(clinic_design, posterior_of):
    design = clinic_design(SLOPES)
    rng = np.random.default_rng(4)
    gamma = rng.normal([10.0, 2.0, -1.0], [1.0, 0.5, 0.1], (2, 500, 3))
    tau = rng.gamma(20.0, [0.1, 0.02], (2, 500, 2))
    quantity = plausible_ranges(Draws(posterior_of(design, gamma, tau, np.ones((2, 500))), design), prob=0.9)
    center = gamma[..., 0] + gamma[..., 1] * 4 / 7
    np.testing.assert_allclose(
        quantity.draws["upper"].sel(coefficient="b0"), center + norm.ppf(0.95) * tau[..., 0], rtol=1e-12
    )
    table = quantity.table
    assert table.index.names == ["coefficient", "end"]
    assert list(table.index) == [("b0", "lower"), ("b0", "upper"), ("b1", "lower"), ("b1", "upper")]
    np.testing.assert_allclose(table["plug_in"], table["mean"], rtol=1e-12)
    for coefficient in ("b0", "b1"):
        plug_in, predictive = table.loc[coefficient, "plug_in"], table.loc[coefficient, "predictive"]
        assert predictive["lower"] < plug_in["lower"]
        assert predictive["upper"] > plug_in["upper"]
    assert quantity.notes == ("level-2 terms at their means over groups",)


def test_predictive_range_is_the_quantile_of_the_mixture():
    rng = np.random.default_rng(8)
    center, tau = rng.normal(3.0, 2.0, (2, 40, 3)), rng.gamma(2.0, size=(2, 40, 3))
    bounds = predictive_range(center, tau, 0.8)
    for k in range(3):
        for bound, tail in zip(bounds[k], (0.1, 0.9), strict=True):
            share = lambda x, k=k, tail=tail: norm.cdf(x, center[..., k], tau[..., k]).mean() - tail  # noqa: E731
            assert bound == pytest.approx(brentq(share, -50, 50, xtol=1e-13), abs=1e-11)


def test_predictive_range_without_any_spread():
    assert predictive_range(np.full((1, 3, 1), 2.0), np.zeros((1, 3, 1)), 0.95) == pytest.approx(2.0)


def test_at_a_stated_level_2_value(clinic_design, posterior_of):
    design = clinic_design(SLOPES)
    quantity = plausible_ranges(
        Draws(posterior_of(design, [10.0, 2.0, -1.0], [1.0, 0.5], 1.0), design), at={"urban": 1}
    )
    assert quantity.draws.sel(coefficient="b0").to_array().mean().item() == pytest.approx(12.0)
    assert quantity.draws.sel(coefficient="b1").to_array().mean().item() == pytest.approx(-1.0)
    assert quantity.notes == ("at urban = 1, other level-2 terms at their means over groups",)


@pytest.mark.parametrize(("option", "message"), [({"prob": 95}, "between 0 and 1"), ({"z": -1.96}, "z=-1.96")])
def test_bad_options(clinic_design, posterior_of, option, message):
    design = clinic_design(NULL)
    with pytest.raises(OptionError, match=message):
        plausible_ranges(Draws(posterior_of(design, [1.0], [1.0], 1.0), design), **option)
