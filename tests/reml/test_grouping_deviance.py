"""The criterion of several groupings beside dense matrices, on the boundary too."""

import numpy as np
import pytest
from grouping_cases import CASES, fit_columns, grouping_estimate

from bayeshlm.design.joint_products import GroupingRows, joint_products
from bayeshlm.errors import DataError, OptionError
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.grouping_deviance import GroupingDeviance
from bayeshlm.reml.grouping_kenward_roger import grouping_derivatives
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.hlm_statistics import reliability
from bayeshlm.reml.profile import profile_intervals
from bayeshlm.reml.relative_factor import factor_pattern

METHODS = pytest.mark.parametrize("method", ["REML", "ML"])
THETAS = {
    "inside": [0.8, 0.3, 0.5, 1.2, 0.6],
    "a variance of 0": [0.8, 0.3, 0.5, 0.0, 0.6],
    "a correlation of 1": [0.8, 0.3, 0.0, 1.2, 0.6],
    "a slope of 0": [0.8, 0.0, 0.0, 1.2, 0.0],
}


class Data:
    """Pupils in classes (intercept and slope), two crossed sets of raters: 90 rows, each column as it is."""

    def __init__(self) -> None:
        rng = np.random.default_rng(5)
        self.codes = [rng.integers(0, n, 90) for n in (9, 7, 4)]
        x = rng.normal(1, 2, 90)
        self.Z = [np.column_stack([np.ones(90), x]), np.ones((90, 1)), np.ones((90, 1))]
        self.X = np.column_stack([np.ones(90), x, rng.normal(size=90)])
        self.y = self.X @ [1.0, 0.5, -0.3] + rng.normal(size=90)
        for codes, Z in zip(self.codes, self.Z, strict=True):
            self.y += np.sum(Z * rng.normal(0, 0.7, (9, Z.shape[1]))[codes], axis=1)
        rows = [
            GroupingRows(f"f{k}", Z, codes, int(codes.max()) + 1, 0, range(Z.shape[1]))
            for k, (Z, codes) in enumerate(zip(self.Z, self.codes, strict=True))
        ]
        self.products = GroupingProducts.of(joint_products(self.y, self.X, rows, x_intercept=0))

    def deviance(self, method: Method) -> GroupingDeviance:
        return GroupingDeviance(self.products, factor_pattern(((0, 1), (2,), (3,))), method)

    def covariance(self, G: np.ndarray) -> np.ndarray:
        """V over sigma^2, of G over sigma^2 in the columns of the products."""
        S, V, start = self.products.z_transform, np.eye(90), 0
        for codes, Z in zip(self.codes, self.Z, strict=True):
            own = slice(start, start := start + Z.shape[1])
            scaled = Z @ S[own, own]
            V += np.where(codes[:, None] == codes, scaled @ G[own, own] @ scaled.T, 0.0)
        return V

    def criterion(self, V: np.ndarray, method: Method) -> float:
        inverse = np.linalg.inv(V)
        A = self.X.T @ inverse @ self.X
        e = self.y - self.X @ np.linalg.solve(A, self.X.T @ inverse @ self.y)
        dof = 87 if method == "REML" else 90
        total = np.linalg.slogdet(V)[1] + dof * (1 + np.log(2 * np.pi * (e @ inverse @ e) / dof))
        return float(total + (np.linalg.slogdet(A)[1] if method == "REML" else 0.0))


@pytest.fixture(scope="module")
def data() -> Data:
    return Data()


@METHODS
@pytest.mark.parametrize("where", THETAS)
def test_value_and_slope_are_those_of_dense_matrices(data: Data, where: str, method: Method) -> None:
    deviance = data.deviance(method)
    solution = deviance.solve(np.array(THETAS[where]))
    G = solution.Lambda @ solution.Lambda.T
    assert deviance.value(solution) == pytest.approx(data.criterion(data.covariance(G), method), abs=1e-9)
    slope = deviance.slope(solution)
    for row, column in zip(deviance.pattern.rows, deviance.pattern.columns, strict=True):
        E = np.zeros_like(G)
        E[row, column] = E[column, row] = 1.0
        h = 1e-4  # V is positive definite beside the boundary too; the error is h^4 times a derivative of order 1
        f = [data.criterion(data.covariance(G + k * h * E), method) for k in (-2, -1, 1, 2)]
        difference = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h)
        assert np.sum(slope * E) == pytest.approx(difference, abs=2e-7)


@METHODS
def test_curvature_is_that_of_dense_matrices(data: Data, method: Method) -> None:
    deviance, theta, h = data.deviance(method), np.array(THETAS["inside"]), 1e-3

    def criterion(moved: np.ndarray) -> float:
        Lambda = deviance.pattern.factor(moved)
        return data.criterion(data.covariance(Lambda @ Lambda.T), method)

    solution = deviance.solve(theta)
    found = deviance.curvature(solution).profiled(deviance, solution)
    for a in range(5):
        for b in range(a + 1):
            single, double = (
                sum(
                    criterion(theta + s * size * np.eye(5)[a] + t * size * np.eye(5)[b]) * s * t
                    for s in (-1, 1)
                    for t in (-1, 1)
                )
                / (4 * size**2)
                for size in (h, 2 * h)
            )
            assert found[a, b] == pytest.approx((4 * single - double) / 3, abs=1e-5)  # STEP^2 times a fourth derivative
    np.testing.assert_allclose(deviance.hessian(solution), found, rtol=0, atol=1e-3)  # NEWTON_STEP times a third one


@pytest.mark.parametrize("where", THETAS)
def test_what_kenward_and_roger_need_is_that_of_dense_matrices(data: Data, where: str) -> None:
    deviance = data.deviance("REML")
    solution = deviance.solve(np.array(THETAS[where]))
    P, Q, traces = grouping_derivatives(deviance, solution)
    inverse = np.linalg.inv(data.covariance(solution.Lambda @ solution.Lambda.T))
    X = data.X @ data.products.x_transform
    parts = [inverse @ (data.covariance(E) - np.eye(90)) for E in deviance.pattern.elements()] + [inverse]
    for a, first in enumerate(parts):
        np.testing.assert_allclose(P[a], -X.T @ first @ inverse @ X, rtol=0, atol=1e-7)
        for b, second in enumerate(parts):
            np.testing.assert_allclose(Q[a, b], X.T @ first @ second @ inverse @ X, rtol=0, atol=1e-7)
            assert traces[a, b] == pytest.approx(np.trace(first @ second), abs=1e-6)


@pytest.mark.slow
def test_profile_intervals_are_those_of_lme4() -> None:
    # confint(lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, REML = FALSE), method = "profile"), lme4
    # 1.1-31, which interpolates: good to about 3e-5
    found = profile_intervals(None, grouping_estimate("penicillin-crossed-ML"))  # type: ignore[arg-type]
    lower = [21.266627383, 0.633565966, 1.095789465, 0.485845400]
    upper = [24.677817616, 1.182103975, 3.556291864, 0.629453479]
    np.testing.assert_allclose(found.lower, lower, rtol=1e-4)
    np.testing.assert_allclose(found.upper, upper, rtol=1e-4)


def test_groups_that_the_data_cannot_tell_apart_are_named() -> None:
    rng = np.random.default_rng(1)
    codes, ones = np.repeat(np.arange(10), 4), np.ones((40, 1))
    with pytest.raises(
        DataError, match=r"do not determine var\(a0\), var\(b0\): 10 groups of 'a' and 10 groups of 'b'"
    ):
        fit_columns(rng.normal(size=40), ones, {"a": (ones, codes), "b": (ones, codes[::-1])})
    with pytest.raises(DataError, match="exact linear function of the predictors"):
        fit_columns(np.full(40, 3.0), ones, {"a": (ones, codes), "b": (ones, np.arange(40) % 4)})
    effects = rng.normal(size=10)[codes] + rng.normal(size=4)[np.arange(40) % 4]
    with pytest.raises(DataError, match="Nothing is left of the outcome"):
        fit_columns(effects, ones, {"a": (ones, codes), "b": (ones, np.arange(40) % 4)})


def test_no_variance_between_groups_is_found_at_the_boundary() -> None:
    rng, ones = np.random.default_rng(2), np.ones((60, 1))
    a, b = np.repeat(np.arange(12), 5), np.tile(np.arange(5), 12)
    y = rng.normal(size=60)
    y -= np.array([y[b == k].mean() for k in range(5)])[b]  # less than chance between the groups of b
    found = fit_columns(y + rng.normal(size=12)[a], ones, {"a": (ones, a), "b": (ones, b)})
    assert (found.converged, found.singular, found.reason) == (True, True, "the variance of b0 is 0")
    assert found.tau[0] > 0
    assert found.tau[1] == 0


def test_what_belongs_to_one_grouping_says_so() -> None:
    assert CASES["pastes-nested-REML"]["groupings"].keys() == {"sample", "batch"}
    with pytest.raises(OptionError, match="The reliability is defined for models with one grouping"):
        reliability(grouping_estimate("pastes-nested-REML"))
