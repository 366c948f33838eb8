"""The search ends at the smallest deviance, and nowhere at a false boundary."""

import numpy as np
import pytest
from small_data import EQUATIONS, small_design, small_frame

from bayeshlm.reml.criterion import Method
from bayeshlm.reml.deviance import Deviance
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.moments import Moments, effect_scale
from bayeshlm.reml.optimize import descend
from bayeshlm.reml.relative_factor import factor_pattern


def problem(name: str, seed: int, method: Method = "REML") -> tuple[Deviance, np.ndarray]:
    design = small_design(name, small_frame(seed, largest=9))
    deviance = Deviance(design.cross_products, factor_pattern(design.blocks), method)
    return deviance, effect_scale(design.cross_products)[list(deviance.pattern.rows)]


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", list(EQUATIONS))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_other_start_finds_less(name: str, seed: int, method: Method) -> None:
    found = fit_reml(small_design(name, small_frame(seed, largest=9)), method)
    deviance, scale = problem(name, seed, method)
    rng = np.random.default_rng(seed)
    for size in (0.1, 1.0, 10.0):
        other = descend(deviance, Moments(size * scale * rng.normal(size=len(scale)), scale))
        assert other.value > found.criterion - 1e-8


@pytest.mark.parametrize("name", list(EQUATIONS))
def test_minimum_is_stationary_and_curved(name: str) -> None:
    found = fit_reml(small_design(name))
    assert found.converged
    deviance, theta = found.deviance_function, found.optimum.theta
    rng = np.random.default_rng(0)
    for _ in range(20):
        near = theta + 1e-3 * rng.normal(size=len(theta))
        assert deviance.value(deviance.solve(near)) > found.criterion


@pytest.mark.parametrize("zeros", [(0, 1), (2,), (0, 1, 2)], ids=["intercept", "slope", "all"])
def test_leaves_a_false_boundary(zeros: tuple[int, ...]) -> None:
    best = fit_reml(small_design("slope", small_frame(1, n_groups=40)))
    assert not best.singular
    deviance, start = best.deviance_function, best.optimum.theta.copy()
    start[list(zeros)] = 0.0  # Newton's steps alone cannot leave it: the deviance is even there
    scale = effect_scale(deviance.products)[list(deviance.pattern.rows)]
    found = descend(deviance, Moments(start, scale))
    assert found.restarts > 0
    np.testing.assert_allclose(found.theta, best.optimum.theta, rtol=1e-8)


def test_true_boundary_is_exactly_zero() -> None:
    frame = small_frame(4)
    frame["y"] -= frame.groupby("school")["y"].transform("mean")
    frame["x"] -= frame.groupby("school")["x"].transform("mean")
    found = fit_reml(small_design("intercept", frame))
    assert found.singular
    assert found.theta.tolist() == [0.0]
    assert (found.G.tolist(), found.tau.tolist()) == ([[0.0]], [0.0])
    assert found.reason == "the variance of u0 is 0"


def test_rows_and_groups_in_any_order_give_the_same() -> None:
    frame = small_frame(2, n_groups=14)
    mixed = frame.sample(frac=1, random_state=1).assign(school=lambda d: 100 - d["school"])
    one, other = (fit_reml(small_design("three", data)) for data in (frame, mixed))
    np.testing.assert_allclose(other.gamma, one.gamma, rtol=1e-8)
    np.testing.assert_allclose(other.G, one.G, rtol=1e-6, atol=1e-8)
    assert other.criterion == pytest.approx(one.criterion, rel=1e-12)
