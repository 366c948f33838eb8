import numpy as np
import pytest
import xarray as xr
from clinics_data import INTERCEPT, SLOPE, clinics_design

from bayeshlm.checks.component import Component
from bayeshlm.checks.reml_components import components
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.icc import icc
from bayeshlm.reml.estimate import fit_reml

INDEPENDENT = f"{SLOPE}\ncov(u0, u1) = 0"
FAR = SLOPE.replace("*dose", "*cgm(dose)")


def found(design):
    return {row.key: row for row in components(fit_reml(design), design)}


def criterion(design, tau, corr, sigma):
    """REML criterion by dense matrices, without cross-products."""
    tau = np.asarray(tau)
    R = np.eye(len(tau))
    if len(tau) == 2:
        R[0, 1] = R[1, 0] = corr
    G = R * np.outer(tau, tau)
    same = design.group_codes[:, None] == design.group_codes
    V = np.where(same, design.Z @ G @ design.Z.T, 0.0) + sigma**2 * np.eye(design.n_obs)
    VX, Vy = np.linalg.solve(V, design.X), np.linalg.solve(V, design.y)
    XVX = design.X.T @ VX
    rss = design.y @ Vy - Vy @ design.X @ np.linalg.solve(XVX, design.X.T @ Vy)
    return np.linalg.slogdet(V)[1] + np.linalg.slogdet(XVX)[1] + rss


@pytest.mark.parametrize("equations", [INTERCEPT, SLOPE, FAR])
def test_standard_errors_are_those_of_the_criterions_curvature(equations):
    design = clinics_design(equations, n_groups=14, size=5, tau=(1.5, 2.0))
    rows = found(design)
    q = len(design.random)
    keys = [("tau", label) for label in design.random_labels]
    keys += [("corr", "u0,u1")] if q == 2 else []
    keys.append(("sigma", ""))
    at = np.array([rows[key].estimate for key in keys])
    h = 1e-3
    step = h * np.eye(len(at))

    def value(x):
        return criterion(design, x[:q], x[q] if q == 2 else 0.0, x[-1])

    hessian = np.array(
        [
            [
                (value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b)) / (4 * h * h)
                for b in step
            ]
            for a in step
        ]
    )
    expected = np.sqrt(np.diag(np.linalg.inv(hessian / 2)))
    np.testing.assert_allclose([rows[key].se for key in keys], expected, rtol=1e-3)


@pytest.mark.parametrize("equations", [INTERCEPT, SLOPE, INDEPENDENT])
def test_the_icc_is_that_of_one_draw_at_the_estimates(equations):
    design = clinics_design(equations)
    reml = fit_reml(design)
    posterior = xr.Dataset(
        {
            "gamma": (("chain", "draw", "fixed"), reml.gamma[None, None]),
            "tau": (("chain", "draw", "random"), reml.tau[None, None]),
            "corr": (("chain", "draw", "random", "random_"), reml.corr[None, None]),
            "sigma": (("chain", "draw"), np.array([[reml.sigma]])),
        },
        {"fixed": design.fixed_labels, "random": design.random_labels, "random_": design.random_labels},
    )
    expected = icc(Draws(posterior, design)).draws["icc"].item()
    assert found(design)["icc", ""].estimate == pytest.approx(expected, rel=1e-12)


def test_the_iccs_standard_error_follows_from_tau_and_sigma():
    design = clinics_design()
    rows, reml = found(design), fit_reml(design)
    h = 1e-5

    def share(tau, sigma):
        return tau**2 / (tau**2 + sigma**2)

    slopes = np.array(
        [
            share(reml.tau[0] + h, reml.sigma) - share(reml.tau[0] - h, reml.sigma),
            share(reml.tau[0], reml.sigma + h) - share(reml.tau[0], reml.sigma - h),
        ]
    ) / (2 * h)
    # with many rows a group tau and sigma are nearly independent
    expected = np.hypot(slopes[0] * rows["tau", "u0"].se, slopes[1] * rows["sigma", ""].se)
    assert rows["icc", ""].se == pytest.approx(expected, rel=0.02)


def test_independent_effects_have_no_correlation():
    assert ("corr", "u0,u1") not in found(clinics_design(INDEPENDENT))


def test_a_singular_fit_has_no_standard_error_on_the_boundary():
    rows = found(clinics_design(SLOPE, tau=(1.0, 0.0)))
    slope, pair = rows["tau", "u1"], rows["corr", "u0,u1"]
    assert slope.estimate == 0
    assert np.isnan(slope.se)
    assert slope.on_boundary
    assert not slope.regular
    assert np.isnan(pair.estimate)
    assert np.isnan(pair.se)
    assert not pair.identified
    assert rows["tau", "u0"].regular
    assert rows["icc", ""].regular


@pytest.mark.parametrize(("estimate", "regular"), [(0.19, False), (0.21, True), (0.0, False)])
def test_an_estimate_within_two_standard_errors_of_its_bound_is_not_regular(estimate, regular):
    assert Component("icc", "", estimate, 0.1, 0.0, 1.0).regular is regular
    assert Component("tau", "u0", 2 * estimate, 0.1, lowest=0.0).regular is regular  # 0.42^2 is two of its se from 0
    assert not Component("corr", "u0,u1", 0.0, 0.1, -1.0, 1.0, identified=False).regular
    assert Component("corr", "u0,u1", 1 - estimate, 0.1, -1.0, 1.0).regular is regular
