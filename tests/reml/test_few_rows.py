"""Groups with fewer rows than random effects: the criterion is the density of y, or there is an error."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import covariance

from bayeshlm.design import Design, build_design
from bayeshlm.equations import parse
from bayeshlm.errors import DataError
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import RemlEstimate, fit_reml

BOTH = pytest.mark.parametrize("method", ["REML", "ML"])


def few_rows(seed: int, sizes: list[int], q: int) -> Design:
    """Noise in groups of these sizes; q random effects that covary, and a slope without one."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(len(sizes)), sizes)
    n = len(school)
    columns = {f"x{k}": rng.normal(size=n) for k in range(1, q + 1)}
    y = 2 + rng.normal(size=len(sizes))[school] + rng.normal(size=n)
    level1 = "".join(f" + b{k}*x{k}" for k in range(1, q + 1))
    level2 = "".join(f"b{k} = g{k}0 + u{k}\n" for k in range(q)) + f"b{q} = g{q}0"
    equations = f"y = b0{level1} + r\n{level2}"
    return build_design(parse(equations), pd.DataFrame({"school": school, "y": y} | columns), group="school")


def dense_deviance(design: Design, G: np.ndarray, sigma: float, method: Method) -> float:
    """Minus twice the (restricted) log density of y, by N x N matrices."""
    V = covariance(design, G, sigma)
    XVX = design.X.T @ np.linalg.solve(V, design.X)
    e = design.y - design.X @ np.linalg.solve(XVX, design.X.T @ np.linalg.solve(V, design.y))
    total = np.linalg.slogdet(2 * np.pi * V)[1] + e @ np.linalg.solve(V, e)
    return float(total + (np.linalg.slogdet(XVX / (2 * np.pi))[1] if method == "REML" else 0.0))


def check_estimate(design: Design, found: RemlEstimate) -> None:
    """The reported criterion is the density at the reported estimate, and nothing near it has a larger one."""
    at = dense_deviance(design, found.G, found.sigma, found.method)
    assert found.criterion == pytest.approx(at, rel=1e-9, abs=1e-7)
    if not found.converged:
        return
    rng = np.random.default_rng(0)
    values, vectors = np.linalg.eigh(found.G)
    for size in (0.01, 0.3):
        for _ in range(4):
            root = vectors * np.sqrt(np.maximum(values, 0)) + size * found.sigma * rng.normal(size=vectors.shape)
            sigma = found.sigma * np.exp(size * rng.normal())
            assert dense_deviance(design, root @ root.T, sigma, found.method) > at - 1e-6


@BOTH
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_criterion_is_the_density_of_y(method: Method, data: st.DataObject) -> None:
    q = data.draw(st.integers(2, 4), "q")
    sizes = data.draw(st.lists(st.integers(1, q), min_size=5, max_size=12), "sizes")
    sizes[0] += q * len(sizes) - sum(sizes) + data.draw(st.integers(1, 4), "more rows than random effects")
    design = few_rows(data.draw(st.integers(0, 10**6), "seed"), sizes, q)
    try:
        found = fit_reml(design, method)
    except DataError:
        return
    check_estimate(design, found)


@BOTH
@pytest.mark.parametrize("seed", range(6))
def test_one_row_more_than_random_effects(seed: int, method: Method) -> None:
    design = few_rows(seed, [4, 3, 3, 1, 3, 3, 3, 5], 3)
    found = fit_reml(design, method)
    assert found.converged
    check_estimate(design, found)


@BOTH
def test_likelihood_without_a_maximum(method: Method) -> None:
    """One row is left beside the groups' own lines, and the common slope takes it."""
    design = few_rows(54, [3, 2, 2, 2, 2], 2)
    with pytest.raises(DataError, match=rf"{method} has no maximum: u0, u1 can follow these 11 rows in 5 groups"):
        fit_reml(design, method)
