"""Wald intervals against a Hessian by finite differences of the N x N likelihood, and against printed numbers."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from cases import design, estimate
from scipy.special import ndtri
from scipy.stats import t as student
from small_data import covariance, small_design, small_frame

from bayeshlm.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.estimate_tables import bounds_of
from bayeshlm.reml.intervals import (
    Intervals,
    component_estimates,
    correlated_pairs,
    fixed_tests,
    t_bounds,
    wald_components,
    wald_intervals,
)
from bayeshlm.reml.kenward_roger import kenward_roger

ANOVA = "001-01-oneway-anova-hs-REML"


def dense_reml(design: Design, pairs: list[tuple[int, int]], phi: np.ndarray) -> float:
    """REML criterion at (log tau, atanh corr, log sigma), of the whole covariance matrix of y."""
    q = len(design.random)
    corr = np.eye(q)
    for (a, b), z in zip(pairs, phi[q:-1], strict=True):
        corr[a, b] = corr[b, a] = np.tanh(z)
    tau = np.exp(phi[:q])
    V = covariance(design, tau[:, None] * corr * tau, np.exp(phi[-1]))
    XV = np.linalg.solve(V, design.X).T
    A = XV @ design.X
    e = design.y - design.X @ np.linalg.solve(A, XV @ design.y)
    return float(np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + e @ np.linalg.solve(V, e))


def hessian(function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 2e-3) -> np.ndarray:
    """Second derivatives by central differences, extrapolated once."""

    def differences(h: float) -> np.ndarray:
        found, steps = np.empty((len(x), len(x))), h * np.eye(len(x))
        for (i, a), (j, b) in combinations_with_replacement(enumerate(steps), 2):
            four = function(x + a + b) - function(x + a - b) - function(x - a + b) + function(x - a - b)
            found[i, j] = found[j, i] = four / (4 * h * h)
        return found

    return (4 * differences(step) - differences(2 * step)) / 3


@pytest.mark.parametrize("name", ["intercept", "slope", "independent", "three", "blocks"])
def test_components_against_finite_differences(name: str) -> None:
    design = small_design(name, small_frame(2, n_groups=30, largest=8))
    found = fit_reml(design)
    assert not found.singular
    pairs, q = correlated_pairs(found), len(found.tau)
    values = component_estimates(found)
    phi = np.concatenate([np.log(found.tau), np.arctanh(values[q:-1]), [np.log(found.sigma)]])
    vcov = 2 * np.linalg.inv(hessian(lambda x: dense_reml(design, pairs, x), phi))
    half = ndtri(0.95) * np.sqrt(np.diag(vcov))
    for sign, bound in ((-1, "lower"), (1, "upper")):
        expected = phi + sign * half
        expected = np.concatenate([np.exp(expected[:q]), np.tanh(expected[q:-1]), [np.exp(expected[-1])]])
        np.testing.assert_allclose(getattr(wald_components(found, 0.9), bound), expected, rtol=2e-4)


def test_printed_intervals_of_nlme(seed_checks: list[dict[str, Any]]) -> None:
    accurate = {c["quantity"]: c["ours"] for c in seed_checks if "(accurate Hessian)" in c["quantity"]}
    found = wald_components(estimate(ANOVA))
    assert found.keys == (("tau", "u0"), ("sigma", ""))
    for bound in ("lower", "upper"):
        expected = [accurate[f"{name} {bound} (accurate Hessian)"] for name in ("sd((Intercept))", "within sd")]
        np.testing.assert_allclose(getattr(found, bound), expected, rtol=1e-6)


def test_units_of_the_predictor_do_not_matter() -> None:
    frame = small_frame(2, n_groups=40, largest=12)
    plain = wald_intervals(fit_reml(small_design("slope", frame)))
    scaled = wald_intervals(fit_reml(small_design("slope", frame.assign(x=1e6 * frame["x"]))))
    unit = np.array([1e-6 if key[1] in ("g10", "g11", "u1") else 1.0 for key in plain.keys])
    np.testing.assert_allclose(scaled.lower, plain.lower * unit, rtol=1e-6)
    np.testing.assert_allclose(scaled.upper, plain.upper * unit, rtol=1e-6)


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger", "normal"])
def test_fixed_effects(df: str) -> None:
    found = estimate(ANOVA)
    tests = fixed_tests(found, df)  # type: ignore[arg-type]
    lower, upper = t_bounds(tests, 0.8)
    half = student.ppf(0.9, tests.df) * tests.se
    np.testing.assert_allclose(lower, found.gamma - half, rtol=1e-10)
    np.testing.assert_allclose(upper, found.gamma + half, rtol=1e-10)
    np.testing.assert_allclose(tests.p, 2 * student.sf(np.abs(tests.t), tests.df), rtol=1e-8)
    L = np.eye(1)
    se = np.sqrt(kenward_roger(found).covariance(L)[0]) if df == "kenward-roger" else found.se
    np.testing.assert_allclose(tests.se, se, rtol=1e-10)
    assert tests.df_method == df
    assert np.isinf(tests.df[0]) == (df == "normal")


def test_robust_standard_errors_keep_the_degrees_of_freedom() -> None:
    found = estimate(ANOVA)
    plain, robust = fixed_tests(found), fixed_tests(found, robust=design(ANOVA))
    np.testing.assert_allclose(robust.df, plain.df)
    np.testing.assert_allclose(robust.t, plain.estimate / robust.se)
    assert np.all(robust.se != plain.se)


def test_no_interval_on_the_boundary() -> None:
    found = estimate("001-05c-intercepts-slopes-outcomes-meanses-cwg-hs-REML")
    intervals = wald_components(found)
    bounds = dict(zip(intervals.keys, zip(intervals.lower, intervals.upper, strict=True), strict=True))
    assert np.isnan(bounds[("corr", "u0,u1")]).all()
    assert np.isfinite([bounds[("tau", "u0")], bounds[("tau", "u1")], bounds[("sigma", "")]]).all()
    assert "the correlation of u0 and u1 is 1" in intervals.notes[0]


def test_no_interval_for_a_variance_of_zero() -> None:
    frame = small_frame(4)
    frame["y"] -= frame.groupby("school")["y"].transform("mean")
    frame["x"] -= frame.groupby("school")["x"].transform("mean")
    found: RemlEstimate = fit_reml(small_design("intercept", frame))
    intervals = wald_components(found)
    assert np.isnan([intervals.lower[0], intervals.upper[0]]).all()
    assert intervals.lower[1] < found.sigma < intervals.upper[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: wald_components(e, 95), "prob=95 must lie between 0 and 1"),
        (lambda e: wald_intervals(e, 0.0), "prob=0.0 must lie between 0 and 1"),
        (lambda e: wald_intervals(e, df="residual"), 'df is "satterthwaite", "kenward-roger" or "normal"'),
        (
            lambda e: fixed_tests(e, "kenward-roger", robust=design(ANOVA)),
            "Kenward-Roger adjusts its own standard errors",
        ),
    ],
)
def test_wrong_options(call: Callable[[RemlEstimate], object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call(estimate(ANOVA))


def test_a_bound_whose_square_is_beyond_a_double_is_infinite():
    """A tau of a hundredth from five groups has a Wald interval on the log scale up to 1e123 and further."""
    keys = (("tau", "u0"), ("sigma", ""))
    found = Intervals(keys, np.array([0.01, 1.0]), np.array([0.0, 0.5]), np.array([1e200, 2.0]), 0.95, ())
    table = bounds_of(found, [*keys, ("tau2", "u0"), ("sigma2", "")])
    assert table["upper"].tolist() == [1e200, 2.0, np.inf, 4.0]
    assert table["lower"].tolist() == [0.0, 0.5, 0.0, 0.25]
