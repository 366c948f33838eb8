"""The density of outcomes with a level-1 model, against dense multivariate normals, and its gradient."""

from collections.abc import Callable

import level1_cases
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bayeshlm.design.design import Design
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts
from bayeshlm.likelihood.level1_bank import bank_of
from bayeshlm.likelihood.level1_kernel import level1_log_density

CASES = [
    (1, "kind", "", True),
    (2, "kind", "ar1", True),
    (2, "x", "ar1", False),
    (2, "", "ar1", True),
    (3, "x", "", True),
    (3, "kind", "cs", True),
    (1, "", "cs", True),
    (1, "x", "cs", True),
]


def density_of(design: Design) -> Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple]:
    """The kernel in the user's columns."""
    weights, bank = bank_of(design)
    products = design.cross_products
    scaling = ColumnScaling(products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform))

    def density(gamma: np.ndarray, chol: np.ndarray, alpha: np.ndarray, rho: float) -> tuple:
        return level1_log_density(gamma, chol, alpha, rho, scaling, weights, bank, float(design.n_obs))

    return density


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.7, -0.12])
@pytest.mark.parametrize(("q", "spread", "correlation", "whole"), CASES)
def test_density_and_gradient(q: int, spread: str, correlation: str, whole: bool, rho: float) -> None:
    rho = rho if correlation else 0.0
    if not whole:
        rho = abs(rho)
    table = level1_cases.frame(n_groups=300 if q == 2 and not spread else 14, whole=whole)
    design = level1_cases.design_of(table, q, spread, correlation)
    model = design.kept_rows.level1
    assert model is not None
    rng = np.random.default_rng(3)
    gamma = design.cross_products.ols + 0.1 * rng.normal(size=len(design.fixed))
    chol = np.tril(rng.normal(size=(q, q)) * 0.5)
    alpha = np.array([0.3, 0.4, -0.3])[: max(model.A.shape[1], 1)]
    density = density_of(design)
    value, d_gamma, d_chol, d_alpha, d_rho = density(gamma, chol, alpha, rho)

    phi = np.append(alpha if spread else np.exp(alpha), rho)
    same = design.group_codes[:, None] == design.group_codes
    V = level1_cases.dense_residuals(table, model, phi) + (design.Z @ chol @ chol.T @ design.Z.T) * same
    dense = multivariate_normal(design.X @ gamma, V).logpdf(design.y)
    assert value == pytest.approx(dense, rel=1e-10)

    def slope(change: Callable[[float], tuple]) -> float:
        h = 1e-3
        at = [change(step * h)[0] for step in (-2, -1, 1, 2)]
        return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)

    size = 1e-6 * (1 + abs(value))
    for k, unit in enumerate(np.eye(len(gamma)) / np.abs(design.X).max(axis=0)[:, None]):
        found = slope(lambda h, unit=unit: density(gamma + h * unit, chol, alpha, rho))  # type: ignore[misc]
        assert found == pytest.approx(d_gamma[k] * unit[k], rel=1e-6, abs=size)
    for r, s in np.ndindex(q, q):
        unit = np.zeros((q, q))
        unit[r, s] = 1 / np.abs(design.Z[:, r]).max()
        found = slope(lambda h, unit=unit: density(gamma, chol + h * unit, alpha, rho))  # type: ignore[misc]
        assert found == pytest.approx(d_chol[r, s] * unit[r, s], rel=1e-6, abs=size)
    for k, unit in enumerate(np.eye(len(alpha))):
        found = slope(lambda h, unit=unit: density(gamma, chol, alpha + h * unit, rho))  # type: ignore[misc]
        assert found == pytest.approx(d_alpha[k], rel=1e-6, abs=size)
    if correlation:
        assert slope(lambda h: density(gamma, chol, alpha, rho + h)) == pytest.approx(d_rho, rel=1e-5, abs=size)


def test_one_sigma_is_the_density_of_independent_rows() -> None:
    """Without SDs or correlations to model it is the kernel of one sigma."""
    from bayeshlm.likelihood.gaussian_groups import in_blocks
    from bayeshlm.likelihood.gaussian_kernel import marginal_log_density

    table = level1_cases.frame()
    design = level1_cases.design_of(table, 2)
    products = design.cross_products
    gamma, chol = products.ols + 0.1, np.array([[0.5, 0.0], [0.01, 0.02]])
    scaling = ColumnScaling(products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform))
    found = density_of(design)(gamma, chol, np.log([1.3]), 0.0)
    plain = marginal_log_density(2)(
        gamma,
        chol,
        1.3,
        scaling,
        GroupProducts(
            in_blocks(products.ZtZ),
            in_blocks(products.ZtX),
            in_blocks(products.Zty),
            in_blocks(np.empty((design.n_groups, 0))),
            np.eye(len(gamma)),
            products.XtX.sum(axis=0),
            products.Xty.sum(axis=0),
            np.array([products.yty.sum(), design.n_obs]),
        ),
    )
    assert found[0] == pytest.approx(plain[0], rel=1e-12)
    np.testing.assert_allclose(found[1], plain[1], rtol=1e-9)
    np.testing.assert_allclose(found[2], plain[2], rtol=1e-9)
    assert found[3][0] == pytest.approx(plain[3] * 1.3, rel=1e-9)
