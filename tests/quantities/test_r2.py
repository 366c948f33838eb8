import numpy as np
import pandas as pd
import pytest
import xarray as xr
from lme4_draws import MODELS, lme4_draw

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.r2 import r2, variance_parts

SLOPES = "pain = b0 + b1*dose + b2*cwc(age) + r; b0 = g00 + g01*urban + u0; b1 = g10 + g11*beds + u1; b2 = g20 + u2"
CORR = np.array([[1.0, -0.3, 0.2], [-0.3, 1.0, 0.1], [0.2, 0.1, 1.0]])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_marginal_and_conditional_equal_nakagawas_at_lme4s_estimates(path, gallery_case, reference_case, posterior_of):
    design, posterior, values = lme4_draw(path, gallery_case, reference_case, posterior_of)
    draws = r2(Draws(posterior, design)).draws
    expected = values["by_formula"]
    assert draws["marginal"].item() == pytest.approx(expected["r2_marginal"], rel=1e-8, abs=1e-12)
    assert draws["conditional"].item() == pytest.approx(expected["r2_conditional"], rel=1e-8)


def test_parts_equal_the_variances_of_rows_and_of_group_means(clinic_design, posterior_of):
    design = clinic_design(SLOPES)
    rng = np.random.default_rng(2)
    gamma, tau = rng.normal(size=len(design.fixed)), np.array([1.2, 0.4, 0.1])
    parts = variance_parts(Draws(posterior_of(design, gamma, tau, 1.5, CORR), design))
    fitted, codes = pd.Series(design.X @ gamma), design.group_codes
    means = fitted.groupby(codes).transform("mean")
    assert parts.f2.item() == pytest.approx(means.var())
    assert parts.f1.item() == pytest.approx((fitted - means).pow(2).sum() / (design.n_obs - 1))
    G = tau[:, None] * CORR * tau
    z_means = pd.DataFrame(design.Z).groupby(codes).transform("mean").to_numpy()
    inside = design.Z - z_means
    assert parts.m.item() == pytest.approx(np.mean(np.einsum("iq,qr,ir->i", z_means, G, z_means)))
    assert parts.v.item() == pytest.approx(np.mean(np.einsum("iq,qr,ir->i", inside, G, inside)))
    assert parts.sigma2.item() == pytest.approx(2.25)


def test_centered_within_groups_it_is_rights_and_sterbas(clinic_design, posterior_of):
    """Level-1 predictors then explain within groups only, and what lies between them is tau_0^2 and level 2."""
    design = clinic_design("pain = b0 + b1*cwc(dose) + r; b0 = g00 + g01*urban + u0; b1 = g10 + u1")
    draws = r2(Draws(posterior_of(design, [4.0, 0.8, 0.5], [0.9, 0.3], 1.1), design)).draws
    x, urban = design.Z[:, 1], design.frame["urban"].to_numpy(dtype=float)
    f1, f2 = 0.25 * x.var(ddof=1), 0.64 * urban.var(ddof=1)
    v, m, sigma2 = 0.09 * np.mean(x**2), 0.81, 1.21
    total = f1 + f2 + v + m + sigma2
    expected = {
        **{"f1": f1 / total, "f2": f2 / total, "v": v / total, "m": m / total},
        "marginal": (f1 + f2) / total,
        "fv": (f1 + f2 + v) / total,
        "conditional": 1 - sigma2 / total,
        "residual": sigma2 / total,
        "within_f1": f1 / (f1 + v + sigma2),
        "within_v": v / (f1 + v + sigma2),
        "within_f1v": (f1 + v) / (f1 + v + sigma2),
        "within_residual": sigma2 / (f1 + v + sigma2),
        "between_f2": f2 / (f2 + m),
        "between_m": m / (f2 + m),
    }
    assert {str(name): draws[name].item() for name in draws} == pytest.approx(expected)


def test_shares_are_those_of_simulated_outcomes(posterior_of):
    """2,000 groups of 50: the share of the outcome's variance that each part has, within five standard errors."""
    rng = np.random.default_rng(5)
    J, n = 2000, 50
    codes = np.repeat(np.arange(J), n)
    frame = pd.DataFrame({"g": codes, "w": rng.normal(size=J)[codes], "x": rng.normal(size=J * n) + 1.0})
    frame["y"] = rng.normal(size=J * n)
    design = build_design(parse("y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1"), frame, group="g")
    gamma, tau, corr = np.array([1.0, 0.7, 0.5]), np.array([0.8, 0.6]), np.array([[1.0, 0.4], [0.4, 1.0]])
    u = rng.multivariate_normal(np.zeros(2), tau[:, None] * corr * tau, size=J)
    random = (design.Z * u[codes]).sum(axis=1)
    y = design.X @ gamma + random + rng.normal(0, 1.2, J * n)
    draws = r2(Draws(posterior_of(design, gamma, tau, 1.2, corr), design)).draws
    # The relative standard error of a variance over J groups is at most sqrt(2 / J) = 3 %.
    assert draws["conditional"].item() == pytest.approx(1 - 1.44 / y.var(), rel=5 * 0.03)
    assert draws["marginal"].item() == pytest.approx((design.X @ gamma).var() / y.var(), rel=5 * 0.03)
    between = pd.Series(random).groupby(codes).transform("mean")
    assert draws["v"].item() == pytest.approx((random - between).var() / y.var(), rel=5 * 0.03)
    assert draws["m"].item() == pytest.approx(between.var() / y.var(), rel=5 * 0.03)


def test_is_that_of_each_draw_and_adds_up_to_the_unadjusted_icc(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1")
    rng = np.random.default_rng(3)
    size = (2, 50)
    posterior = posterior_of(
        design, rng.normal(size=(*size, 2)), rng.gamma(2.0, size=(*size, 2)), rng.gamma(3.0, size=size)
    )
    found = r2(Draws(posterior, design), prob=0.5)
    draws = found.draws
    xr.testing.assert_allclose(draws["f1"] + draws["f2"] + draws["v"] + draws["m"], draws["conditional"])
    for of in (["f1", "f2", "v", "m", "residual"], ["within_f1", "within_v", "within_residual"]):
        np.testing.assert_allclose(sum(draws[name] for name in of), 1.0)
    np.testing.assert_allclose(draws["between_f2"] + draws["between_m"], 1.0)
    unadjusted = icc(Draws(posterior, design)).draws["icc_unadjusted"]
    np.testing.assert_allclose(draws["conditional"] - draws["marginal"], unadjusted, rtol=1e-10)
    assert found.table.loc["marginal", "mean"] == pytest.approx(draws["marginal"].mean().item())
    assert found.table.attrs == {"ci_kind": "eti", "ci_prob": 0.5}


def test_columns_far_from_zero_lose_no_digits(clinics, posterior_of):
    text = "pain = b0 + b1*year + r; b0 = g00 + u0; b1 = g10"
    near, far = (
        build_design(parse(text), clinics.assign(year=clinics["dose"] + shift), group="clinic") for shift in (0.0, 2e3)
    )
    a, b = (r2(Draws(posterior_of(design, [2.0, 0.7], [0.5], 1.0), design)).draws for design in (near, far))
    for name in a:
        assert b[name].item() == pytest.approx(a[name].item(), rel=1e-6), name


def test_reduction_from_a_null_model_is_from_its_mean_variance(clinic_design, posterior_of):
    null = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1")
    full = clinic_design("pain = b0 + b1*dose + b2*age + r; b0 = g00 + g01*urban + u2; b1 = g10 + u1; b2 = g20 + u3")
    rng = np.random.default_rng(9)
    gamma0, gamma = rng.normal(size=(1, 3, 2)), rng.normal(size=(1, 3, 4))
    tau0, tau, sigma0, sigma = (rng.gamma(2.0, size=(1, 3, *k)) for k in ((2,), (3,), (), ()))
    eye = np.eye(3)
    found = r2(
        Draws(posterior_of(full, gamma, tau, sigma, eye), full),
        (posterior_of(null, gamma0, tau0, sigma0, eye[:2, :2]), null),
    )
    reduction = found.draws["reduction"]
    assert list(reduction["component"].to_numpy()) == ["sigma2", "tau2[u2]", "tau2[u1]"]
    np.testing.assert_allclose(reduction.sel(component="sigma2"), 1 - sigma**2 / (sigma0**2).mean())
    np.testing.assert_allclose(reduction.sel(component="tau2[u2]"), 1 - tau[..., 0] ** 2 / (tau0[..., 0] ** 2).mean())
    np.testing.assert_allclose(reduction.sel(component="tau2[u1]"), 1 - tau[..., 1] ** 2 / (tau0[..., 1] ** 2).mean())
    assert "reduction tau2[u1]" in found.table.index
    assert any("Raudenbush" in note for note in found.notes)


def test_a_null_model_of_other_rows_is_refused(clinics, clinic_design, posterior_of):
    text = "pain = b0 + r; b0 = g00 + u0"
    design = clinic_design(text)
    posterior = posterior_of(design, [1.0], [1.0], 1.0)
    other = build_design(parse(text), clinics.iloc[1:], group="clinic")
    with pytest.raises(OptionError, match="other rows \\(51 rows"):
        r2(Draws(posterior, design), (posterior_of(other, [1.0], [1.0], 1.0), other))


def test_reml_gives_raudenbush_and_bryks_proportions():
    """Of HSB's means as outcomes and random-coefficient models, from the variances of the models themselves."""
    null = hlm.open_model("hsb-one-way-anova").reml()
    means = hlm.open_model("hsb-means-as-outcomes").reml().r2(null)
    slopes = hlm.open_model("hsb-random-coefficients").reml()
    assert means["reduction tau2[u0]"] == pytest.approx(1 - 6.67695632455095 / 8.61402475031312, abs=1e-6)
    assert slopes.r2(null)["reduction sigma2"] == pytest.approx(1 - 36.8301645810333 / 39.148321899032, abs=1e-6)
    assert "reduction sigma2" not in slopes.r2()
    assert slopes.r2().attrs["method"] == "REML"


def test_a_singular_estimate_without_anything_between_has_no_share_there(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*cwc(dose) + r; b0 = g00 + u0; b1 = g10")
    found = r2(Draws(posterior_of(design, [1.0, 0.5], [0.0], 1.0), design))
    assert found.table.loc["m", "mean"] == 0
    assert found.table.loc["f2", "mean"] == 0
    assert np.isnan(found.table.loc["between_f2", "mean"])
    assert found.table.loc["conditional", "mean"] == pytest.approx(found.table.loc["marginal", "mean"])
