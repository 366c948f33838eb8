import numpy as np
import pytest
import xarray as xr

from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import with_median
from bayeshlm.quantities.variance_components import variance_components, variance_draws

TWO = "pain = b0 + b1*dose + r;  b0 = g00 + u0;  b1 = g10 + u1"
THREE = "pain = b0 + b1*dose + b2*age + r;  b0 = g00 + u0;  b1 = g10 + u1;  b2 = g20 + u2"


def random_draws(q: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    factor = rng.normal(size=(2, 30, q, q + 1))
    cov = factor @ np.swapaxes(factor, -1, -2)
    tau = np.sqrt(np.einsum("...qq->...q", cov))
    return tau, cov / (tau[..., :, None] * tau[..., None, :]), cov


def test_covariances_are_formed_draw_by_draw(clinic_design, posterior_of):
    design = clinic_design(THREE)
    tau, corr, cov = random_draws(3)
    sigma = np.random.default_rng(6).gamma(3.0, size=(2, 30))
    posterior = posterior_of(design, np.zeros((2, 30, 3)), tau, sigma, corr)
    np.testing.assert_allclose(Draws(posterior, design).G, cov, rtol=1e-12)
    draws = variance_draws(Draws(posterior, design))
    assert list(draws["pair"].values) == ["u0,u1", "u0,u2", "u1,u2"]
    np.testing.assert_allclose(draws["cov"].sel(pair="u0,u2"), cov[..., 0, 2], rtol=1e-12)
    table = variance_components(Draws(posterior, design))
    assert table.index.names == ["component", "effect"]
    assert table.loc[("tau2", "u1"), "mean"] == pytest.approx((tau[..., 1] ** 2).mean())
    assert table.loc[("corr", "u1,u2"), "mean"] == pytest.approx(corr[..., 1, 2].mean())
    assert table.loc[("sigma2", ""), "mean"] == pytest.approx((sigma**2).mean())
    assert len(table) == 3 + 3 + 3 + 3 + 1 + 1
    assert table.attrs == {"ci_kind": "eti", "ci_prob": 0.95}


def test_order_of_the_effects_in_the_posterior_does_not_matter(clinic_design, posterior_of):
    design = clinic_design(TWO)
    tau, corr, cov = random_draws(2)
    posterior = posterior_of(design, np.zeros((2, 30, 2)), tau, np.ones((2, 30)), corr)
    turned = posterior.isel(random=[1, 0], random_=[1, 0]).transpose("random_", ...)
    np.testing.assert_allclose(Draws(turned, design).G, cov, rtol=1e-12)


def test_a_single_effect_has_no_correlation(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    table = variance_components(Draws(posterior_of(design, [1.0], [2.0], 3.0), design))
    assert list(table.index) == [("tau", "u0"), ("tau2", "u0"), ("sigma", ""), ("sigma2", "")]
    assert table["mean"].tolist() == [2.0, 4.0, 3.0, 9.0]


def test_independent_blocks_have_no_correlation_between_them(clinic_design, posterior_of):
    design = clinic_design(f"{THREE}; cov(u0, u1) = 0; cov(u1, u2) = 0")
    posterior = posterior_of(design, [1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 1.0, np.eye(3))
    effects = variance_components(Draws(posterior, design)).index
    assert [effect for component, effect in effects if component == "corr"] == ["u0,u2"]


def test_independent_effects_need_no_corr(clinic_design, posterior_of):
    design = clinic_design(f"{TWO}; cov(u0, u1) = 0")
    posterior = posterior_of(design, [1.0, 2.0], [2.0, 3.0], 1.0).drop_vars("corr")
    np.testing.assert_array_equal(Draws(posterior, design).G[0, 0], np.diag([4.0, 9.0]))
    assert "corr" not in variance_draws(Draws(posterior, design))


def test_the_median_stands_beside_the_mean():
    rng = np.random.default_rng(1)
    values = rng.gamma(1.0, 1.0, (2, 500, 3))
    values[0, 3, 2] = np.nan
    draws = xr.DataArray(values, dims=("chain", "draw", "random"), coords={"random": ["u0", "u1", "u2"]}, name="tau")
    table = with_median(draws)
    assert table.columns[:3].tolist() == ["mean", "median", "sd"]
    np.testing.assert_allclose(table["median"][:2], np.median(values.reshape(-1, 3)[:, :2], axis=0))
    assert np.isnan(table.loc["u2", "median"])
    assert (table["median"] < table["mean"])[:2].all()
