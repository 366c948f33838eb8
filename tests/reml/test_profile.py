"""Profile intervals against closed forms, the N x N likelihood, and lme4."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cases import CASES, design, estimate
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import ndtri
from small_data import covariance, small_design, small_frame

from bayeshlm.design import Design, build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.fixed_value import held_component, held_effect
from bayeshlm.reml.profile import interval_estimates, profile_intervals

STORED = json.loads((Path(__file__).parents[1] / "references" / "intervals.json").read_text(encoding="utf-8"))


def balanced(seed: int, n_groups: int = 12, n: int = 5, tau: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(n_groups), n)
    return pd.DataFrame(
        {"school": school, "y": 3 + tau * rng.normal(size=n_groups)[school] + rng.normal(size=n_groups * n)}
    )


class Balanced:
    """One-way ANOVA with equal groups: the deviance in sums of squares, up to a constant."""

    def __init__(self, frame: pd.DataFrame, method: Method) -> None:
        means = frame.groupby("school")["y"].mean()
        self.J, self.n = len(means), len(frame) // len(means)
        self.mean = float(means.mean())
        self.within = float(((frame["y"] - frame["school"].map(means)) ** 2).sum())
        self.between = self.n * float(((means - self.mean) ** 2).sum())
        self.d = self.J - (method == "REML")

    def at(self, tau2: float, sigma2: float, shift: float = 0.0) -> float:
        total = sigma2 + self.n * tau2
        between = self.between + self.J * self.n * shift**2
        error = self.J * (self.n - 1)
        return self.d * np.log(total) + error * np.log(sigma2) + self.within / sigma2 + between / total

    def of_sigma(self, sigma: float) -> float:
        return self.at(max(self.between / self.d / self.n - sigma**2 / self.n, 0.0), sigma**2)

    def of_tau(self, tau: float) -> float:
        return float(
            minimize_scalar(lambda s: self.at(tau**2, np.exp(s)), bounds=(-4, 4), options={"xatol": 1e-10}).fun
        )

    def of_mean(self, mean: float) -> float:
        shift = mean - self.mean
        sigma2 = self.within / (self.J * (self.n - 1))
        total = (self.between + self.J * self.n * shift**2) / self.d
        assert total > sigma2
        return self.at((total - sigma2) / self.n, sigma2, shift)


def bounds_by_hand(profile: Callable[[float], float], center: float, below: float, above: float) -> list[float]:
    cutoff = profile(center) + ndtri(0.975) ** 2
    return [float(brentq(lambda v: profile(v) - cutoff, center, end, xtol=1e-11)) for end in (below, above)]


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_balanced_one_way(method: Method) -> None:
    frame = balanced(1)
    one_way = build_design(parse("y = b0 + r\nb0 = g00 + u0"), frame, group="school")
    found = profile_intervals(one_way, fit_reml(one_way), criterion=method)
    assert found.keys == (("gamma", "g00"), ("tau", "u0"), ("sigma", ""))
    hand, ml = Balanced(frame, method), Balanced(frame, "ML")
    center = fit_reml(one_way, method)
    expected = [
        bounds_by_hand(ml.of_mean, ml.mean, ml.mean - 5, ml.mean + 5),
        bounds_by_hand(hand.of_tau, float(center.tau[0]), 1e-9, 10.0),
        bounds_by_hand(hand.of_sigma, center.sigma, 0.3, 5.0),
    ]
    np.testing.assert_allclose(np.column_stack([found.lower, found.upper]), expected, rtol=2e-6)
    assert found.notes == ()


def dense_deviance(
    design: Design, R: np.ndarray, sigma: float, method: Method, held: tuple[int, float] | None
) -> float:
    """ML or REML deviance of the whole covariance matrix of y, with one fixed effect held if asked."""
    V = covariance(design, R @ R.T, sigma)
    y, X = design.y, design.X
    if held is not None:
        k, value = held
        y, X = y - value * X[:, k], np.delete(X, k, axis=1)
    XV = np.linalg.solve(V, X).T
    A = XV @ X
    e = y - X @ np.linalg.solve(A, XV @ y)
    total = np.linalg.slogdet(V)[1] + e @ np.linalg.solve(V, e)
    total += (design.n_obs - X.shape[1] * (method == "REML")) * np.log(2 * np.pi)
    return float(total + (np.linalg.slogdet(A)[1] if method == "REML" else 0.0))


def best_of(function: Callable[[np.ndarray], float], starts: list[np.ndarray]) -> float:
    options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000, "maxfev": 4000}
    return min(float(minimize(function, x, method="Nelder-Mead", options=options).fun) for x in starts)


@pytest.mark.parametrize("held", ["g10", "tau", "corr", "sigma"])
def test_held_parameters_against_the_dense_likelihood(held: str) -> None:
    data = small_design("slope", small_frame(3, n_groups=12, largest=5))
    method: Method = "ML" if held == "g10" else "REML"
    fit = fit_reml(data, method)
    root = np.linalg.cholesky(fit.G + 0.01 * np.eye(2))
    k = fit.fixed_labels.index("g10")

    def dense(value: float) -> float:
        def deviance(x: np.ndarray) -> float:
            R, sigma = np.array([[x[0], 0.0], [x[1], x[2]]]), float(np.exp(x[3]))
            if held == "sigma":
                sigma = value
            elif held == "tau":  # of the slope: the direction of its row is free
                R[1] = value * np.array([np.cos(x[1]), np.sin(x[1])])
            elif held == "corr":
                R[1] = abs(x[1]) * np.sign(x[0]) * np.array([value, np.sqrt(1 - value**2)])
            return dense_deviance(data, R, sigma, method, (k, value) if held == "g10" else None)

        x = np.array([root[0, 0], root[1, 0], root[1, 1], np.log(fit.sigma)])
        if held == "tau":
            x[1] = np.arctan2(root[1, 1], root[1, 0])
        if held == "corr":
            x[1] = fit.tau[1]
        return best_of(deviance, [x])

    values = {"g10": fit.gamma[k] + np.array([-1.0, 0.6]), "tau": [0.1, 2.5], "corr": [-0.5, 0.7], "sigma": [0.8, 1.4]}
    first = {"tau": (1,), "corr": (0, 1)}.get(held, ())
    for value in map(float, values[held]):
        ours = held_effect(fit, k, value) if held == "g10" else held_component(fit, held, first).smallest(value)
        assert ours == pytest.approx(dense(value), abs=1e-5)


@pytest.mark.parametrize("name", ["independent", "three", "blocks"])
def test_gradients_of_the_held_deviance(name: str) -> None:
    fit = fit_reml(small_design(name, small_frame(2, n_groups=20)))
    pair = (1, 2) if name == "three" else (0, 2)
    for held, first in (("tau", (1,)), ("corr", pair), ("sigma", ())):
        if name == "independent" and held == "corr":
            continue
        component, value = held_component(fit, held, first), {"tau": 0.7, "corr": 0.3, "sigma": 1.2}[held]
        x = component.start * 1.1
        gradient = component._evaluate(x, value)[1]
        for i, step in enumerate(1e-5 * np.diag(np.abs(x) + 0.1)):
            slope = (component._evaluate(x + step, value)[0] - component._evaluate(x - step, value)[0]) / (2 * step[i])
            assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("key", list(STORED["profile"]))
def test_lme4(key: str) -> None:
    """lme4's bounds come from splines through few points: near a boundary they are off by up to 2 % of the width."""
    stored = STORED["profile"][key]
    found = profile_intervals(design(key), estimate(key))
    case = CASES[key]
    names = {("gamma", label): term for label, term in zip(estimate(key).fixed_labels, case.fixed, strict=True)}
    names |= {("tau", f"u{i}"): f"sd_{term}|school" for i, term in enumerate(case.random)}
    names[("corr", "u0,u1")] = f"cor_{case.random[-1]}.{case.random[0]}|school"
    names[("sigma", "")] = "sigma"
    lme4 = dict(zip(stored["names"], zip(stored["lower"], stored["upper"], strict=True), strict=True))
    for parameter, lower, upper in zip(found.keys, found.lower, found.upper, strict=True):
        expected = lme4[names[parameter]]
        tolerance = 2e-4 if parameter[0] in ("gamma", "sigma") else 2e-2
        width = expected[1] - expected[0]
        assert [lower, upper] == pytest.approx(expected, abs=tolerance * width), parameter


def test_no_variance_between_groups() -> None:
    frame = small_frame(4)
    frame["y"] -= frame.groupby("school")["y"].transform("mean")
    frame["x"] -= frame.groupby("school")["x"].transform("mean")
    data = small_design("parallel", frame)
    found = profile_intervals(data, fit_reml(data))
    bounds = dict(zip(found.keys, zip(found.lower, found.upper, strict=True), strict=True))
    assert bounds[("tau", "u0")][0] == 0.0
    assert 0 < bounds[("tau", "u0")][1] < np.inf
    assert np.isnan(bounds[("corr", "u0,u1")]).all()
    assert "tau[u0]: the profile does not reach the cutoff before 0" in found.notes
    assert "corr[u0,u1]: not defined where an effect does not vary" in found.notes


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_two_groups_leave_the_variance_between_them_wide_open(method: Method) -> None:
    frame = balanced(5, n_groups=2, n=8, tau=0.0)
    one_way = build_design(parse("y = b0 + r\nb0 = g00 + u0"), frame, group="school")
    found = profile_intervals(one_way, fit_reml(one_way), criterion=method, fixed=False)
    hand = Balanced(frame, method)
    center = fit_reml(one_way, method)
    cutoff = hand.of_tau(float(center.tau[0])) + ndtri(0.975) ** 2
    upper = brentq(lambda v: hand.of_tau(v) - cutoff, 0.1, 1e4, xtol=1e-11)
    assert found.lower[0] == 0.0
    assert found.upper[0] == pytest.approx(upper, rel=1e-4)


@pytest.mark.parametrize("pair", [(0, 1), (2, 0), (1, 2)])
def test_taus_with_a_correlation_held_where_it_is_are_the_estimates(pair: tuple[int, int]) -> None:
    fit = fit_reml(small_design("three", small_frame(3, n_groups=40, largest=9)))
    assert not fit.singular
    np.testing.assert_allclose(held_component(fit, "corr", pair).taus(float(fit.corr[pair])), fit.tau, rtol=1e-3)


def test_taus_with_a_correlation_held_elsewhere_against_the_dense_likelihood() -> None:
    data = small_design("slope", small_frame(3, n_groups=12, largest=5))
    fit = fit_reml(data)
    options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000}

    def deviance(x: np.ndarray) -> float:
        R = np.array([[x[0], 0.0], x[1] * np.array([-0.5, np.sqrt(0.75)])])
        return dense_deviance(data, R, float(np.exp(x[2])), "REML", None)

    found = minimize(deviance, [*fit.tau, np.log(fit.sigma)], method="Nelder-Mead", options=options)
    np.testing.assert_allclose(held_component(fit, "corr", (0, 1)).taus(-0.5), np.abs(found.x[:2]), rtol=1e-3)


@pytest.mark.slow
def test_correlation_of_one() -> None:
    key = "001-05c-intercepts-slopes-outcomes-meanses-cwg-hs-ML"
    found = profile_intervals(design(key), estimate(key), fixed=False)
    assert found.keys[2] == ("corr", "u0,u1")
    assert (found.lower[2], found.upper[2]) == (-1.0, 1.0)
    assert "corr[u0,u1]: the profile does not reach the cutoff before -1 and 1" in found.notes


@pytest.mark.slow
def test_units_of_the_predictor_do_not_matter() -> None:
    frame = small_frame(2, n_groups=15, largest=6)
    plain, scaled = (
        profile_intervals(d, fit_reml(d))
        for d in (small_design("slope", frame), small_design("slope", frame.assign(x=1e6 * frame["x"])))
    )
    unit = np.array([1e-6 if key[1] in ("g10", "g11", "u1") else 1.0 for key in plain.keys])
    np.testing.assert_allclose(scaled.lower, plain.lower * unit, rtol=1e-4)
    np.testing.assert_allclose(scaled.upper, plain.upper * unit, rtol=1e-4)


def test_both_methods_by_one_call() -> None:
    data = small_design("intercept", small_frame(2, n_groups=20))
    fit = fit_reml(data)
    wald, profile = (interval_estimates(data, fit, method) for method in ("wald", "profile"))  # type: ignore[arg-type]
    assert wald.keys == profile.keys
    assert np.all(np.abs(wald.lower - profile.lower) < 0.3 * (wald.upper - wald.lower))
    with pytest.raises(OptionError, match='Intervals are "wald" or "profile"'):
        interval_estimates(data, fit, "bootstrap")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match='criterion is "ML" or "REML"'):
        profile_intervals(data, fit, criterion="MAP")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="prob=1 must lie between 0 and 1"):
        profile_intervals(data, fit, prob=1)
