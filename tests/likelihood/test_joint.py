"""Density, effects and factor of models with several groupings: dense matrices are the definition."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from bayeshlm.design.joint_products import GroupingRows, joint_products
from bayeshlm.errors import DataError
from bayeshlm.likelihood import elimination as elimination_module
from bayeshlm.likelihood.elimination import Elimination
from bayeshlm.likelihood.gaussian_groups import in_blocks
from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
from bayeshlm.likelihood.joint_effects import JointEffects
from bayeshlm.likelihood.joint_factor import factorize
from bayeshlm.likelihood.joint_kernel import JointSums, joint_log_density
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts


@dataclass
class Case:
    """A design of several groupings and a point in its parameters."""

    y: np.ndarray
    X: np.ndarray
    rows: list
    gamma: np.ndarray
    chols: list
    sigma: float

    def elimination(self, dense=False):
        """With a tail of nearly everything where `dense`, else as the cost has it."""
        with pytest.MonkeyPatch.context() as patch:
            if dense:
                patch.setattr(elimination_module, "DENSE_OVERHEAD", -1e9)
            return Elimination.of(joint_products(self.y, self.X, self.rows, x_intercept=0))

    def expanded(self):
        """Z of each grouping, (N, J, q)."""
        for rows in self.rows:
            Z = np.zeros((len(self.y), rows.n_units, rows.Z.shape[1]))
            Z[np.arange(len(self.y)), rows.codes] = rows.Z
            yield Z

    def covariance(self):
        V = self.sigma**2 * np.eye(len(self.y))
        for Z, L in zip(self.expanded(), self.chols, strict=True):
            V += np.einsum("njq,qr,mjr->nm", Z, L @ L.T, Z)
        return V

    def gradient(self):
        """With respect to gamma, each L and sigma: half of ``w w' - V^-1`` is the derivative with respect to V."""
        inverse = np.linalg.inv(self.covariance())
        w = inverse @ (self.y - self.X @ self.gamma)
        twice = np.outer(w, w) - inverse
        pairs = zip(self.expanded(), self.chols, strict=True)
        d_chols = [np.einsum("njq,nm,mjr->qr", Z, twice, Z, optimize=True) @ L for Z, L in pairs]
        return self.X.T @ w, d_chols, self.sigma * np.trace(twice)


def kernel(case, elimination, want_gradient=True):
    products = elimination.products
    scaling = ColumnScaling(products.ols, np.linalg.inv(products.x_transform), elimination.u_to_scaled)
    parameters = case.gamma, elimination.padded(case.chols), case.sigma
    sums = JointSums.of(elimination, want_gradient)
    return joint_log_density(elimination.n_effects)(*parameters, scaling, sums)


def made_case(seed, kinds, n_obs=50):
    """Groupings of given ("nested" in the one before | "crossed", q, what is special about L)."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n_obs), rng.normal(3, 1, size=(n_obs, 2))])
    rows, chols, size = [], [], int(rng.integers(8, 16))
    for k, (kind, q, special) in enumerate(kinds):
        if k == 0 or kind == "crossed":
            size = int(rng.integers(2, 16))
            codes = np.r_[np.arange(size), rng.integers(0, size, n_obs - size)]
            rng.shuffle(codes)
        else:
            parents = max(size // 2, 1)
            codes, size = (np.arange(size) % parents)[rows[-1].codes], parents
        Z = np.column_stack([np.ones(n_obs), X[:, 1], rng.normal(size=n_obs)])[:, :q]
        rows.append(GroupingRows(f"g{k}", Z, codes, size, 0, range(q) if rng.random() < 0.7 else ()))
        L = np.tril(rng.normal(size=(q, q)))
        if special == "zero":
            L[:] = 0
        elif special == "one zero":
            L[-1] = 0
        elif special == "perfect":
            L[:, 1:] = 0
        elif special == "small":  # from where L may not be divided by to where it may
            L *= 10.0 ** rng.uniform(-6, -1)
        chols.append(L)
    y = X @ [2.0, 1.0, -1.0] + rng.normal(size=n_obs)
    return Case(y, X, rows, rng.normal(size=3), chols, float(rng.uniform(0.3, 2)))


KIND = st.tuples(
    st.sampled_from(["nested", "crossed"]),
    st.integers(1, 3),
    st.sampled_from(["", "", "zero", "one zero", "perfect", "small"]),
)
CASES = st.builds(made_case, st.integers(0, 2**32), st.lists(KIND, min_size=1, max_size=4))


@pytest.mark.slow
@given(CASES, st.booleans())
@settings(max_examples=60, deadline=None)
def test_density_and_gradient_are_those_of_dense_matrices(case, dense):
    elimination = case.elimination(dense)
    value, d_gamma, d_chols, d_sigma = kernel(case, elimination)
    expected = multivariate_normal(case.X @ case.gamma, case.covariance(), allow_singular=False).logpdf(case.y)
    assert value == pytest.approx(expected, rel=1e-10)
    assert kernel(case, elimination, want_gradient=False)[0] == value
    dense_gamma, dense_chols, dense_sigma = case.gradient()
    size = max(np.abs(dense_gamma).max(), *(np.abs(d).max() for d in dense_chols), abs(dense_sigma))
    np.testing.assert_allclose(d_gamma, dense_gamma, rtol=0, atol=1e-9 * size)
    assert d_sigma == pytest.approx(dense_sigma, rel=0, abs=1e-9 * size)
    for found, expected in zip(d_chols, dense_chols, strict=True):
        q = len(expected)
        np.testing.assert_allclose(found[:q, :q], expected, rtol=0, atol=1e-9 * size)
        assert not found[q:].any()


@given(CASES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_means_and_covariances_of_the_effects_are_those_of_dense_matrices(case, dense):
    effects = JointEffects(
        case.elimination(dense), case.gamma[None], [L[None] for L in case.chols], np.array([case.sigma])
    )
    means, covariances = effects.moments()
    inverse = np.linalg.inv(case.covariance())
    w = inverse @ (case.y - case.X @ case.gamma)
    for k, (Z, L) in enumerate(zip(case.expanded(), case.chols, strict=True)):
        G = L @ L.T
        np.testing.assert_allclose(means[k][0], np.einsum("njq,n->jq", Z, w) @ G, rtol=1e-9, atol=1e-9)
        within = np.einsum("njq,nm,mjr->jqr", Z, inverse, Z, optimize=True)
        np.testing.assert_allclose(covariances[k][0], G - G @ within @ G, rtol=1e-9, atol=1e-9)
        assert np.array_equal(effects.means()[k], means[k])


@given(CASES, st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_factor_solves_and_inverts(case, dense):
    a = 1 / case.sigma**2
    factor = factorize(case.elimination(dense), case.chols, a)
    made = zip(case.expanded(), case.chols, strict=True)
    ZL = np.concatenate([(Z @ L).reshape(len(case.y), -1) for Z, L in made], axis=1)
    M = np.eye(ZL.shape[1]) + a * ZL.T @ ZL
    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(M)[1], rel=1e-10, abs=1e-10)
    columns = np.random.default_rng(1).normal(size=(len(M), 3))
    solved, inverse = np.linalg.solve(M, columns), np.linalg.inv(M)
    np.testing.assert_allclose(factor.solve(columns), solved, rtol=0, atol=1e-9)
    np.testing.assert_allclose(factor.solve(columns[:, 0]), solved[:, 0], rtol=0, atol=1e-9)
    half = factor.forward(columns)
    np.testing.assert_allclose(half.T @ half, columns.T @ solved, rtol=1e-9, atol=1e-9)
    products = factor.elimination.products
    right = np.column_stack([case.X @ products.x_transform, case.y - case.X @ products.ols])
    np.testing.assert_allclose(factor.columns, ZL.T @ right, rtol=0, atol=1e-9 * len(case.y))
    place = 0
    for k, rows in enumerate(case.rows):
        q = rows.Z.shape[1]
        for block in factor.inverse_blocks(k):
            np.testing.assert_allclose(block, inverse[place : place + q, place : place + q], rtol=0, atol=1e-9)
            place += q


@pytest.mark.parametrize("dense", [False, True])
def test_draws_have_the_means_and_covariances_of_all_effects_together(dense):
    case = made_case(5, [("crossed", 2, ""), ("nested", 1, ""), ("crossed", 2, "one zero")], n_obs=60)
    n_draws = 4000
    effects = JointEffects(
        case.elimination(dense), case.gamma[None], [L[None] for L in case.chols], np.array([case.sigma])
    )
    drawn = effects.draw(seed=3, times=n_draws)
    u = np.concatenate([part[0].reshape(n_draws, -1) for part in drawn], axis=1)
    Z = np.concatenate([Z.reshape(len(case.y), -1) for Z in case.expanded()], axis=1)
    blocks = [np.kron(np.eye(rows.n_units), L @ L.T) for rows, L in zip(case.rows, case.chols, strict=True)]
    G = np.zeros((Z.shape[1], Z.shape[1]))
    place = 0
    for block in blocks:
        G[place : place + len(block), place : place + len(block)] = block
        place += len(block)
    inverse = np.linalg.inv(case.covariance())
    mean, covariance = G @ Z.T @ inverse @ (case.y - case.X @ case.gamma), G - G @ Z.T @ inverse @ Z @ G
    variance = np.diag(covariance)
    # Largest of d (d + 3) / 2 comparisons: 4 standard errors for means, 5 for the many covariances.
    assert np.all(np.abs(u.mean(axis=0) - mean) <= 4 * np.sqrt(variance / n_draws) + 1e-12)
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / n_draws)
    assert np.all(np.abs(np.cov(u.T) - covariance) <= 5 * error + 1e-12)
    assert np.mean(np.abs(np.cov(u.T) - covariance) <= 2 * error + 1e-12) > 0.9


def test_draws_depend_on_the_seed_and_not_on_what_is_drawn_beside_them():
    case = made_case(6, [("crossed", 1, ""), ("crossed", 2, "")])
    elimination = case.elimination()

    def drawn(n_draws):
        chols = [np.repeat(L[None], n_draws, axis=0) for L in case.chols]
        return JointEffects(elimination, np.tile(case.gamma, (n_draws, 1)), chols, np.full(n_draws, 1.0)).draw(7)

    few, many = drawn(3), drawn(70)
    assert all(np.array_equal(one, other[:3]) for one, other in zip(few, many, strict=True))
    assert not np.array_equal(many[0][0], many[0][1])


@pytest.mark.parametrize("q", [1, 2, 3])
def test_one_grouping_is_the_two_level_kernel(q):
    case = made_case(10 + q, [("crossed", q, "")])
    elimination = case.elimination()
    products = elimination.products
    value, d_gamma, d_chols, d_sigma = kernel(case, elimination)
    blocks = [in_blocks(part[0]) for part in (products.ZtZ, products.ZtX, products.Zty)]
    blocks.append(in_blocks(np.empty((len(products.ZtZ[0]), 0))))  # no structure
    scaling = products.ols, np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transforms[0])
    totals = np.array([products.yty, products.n_obs])
    old = marginal_log_density(q)(
        case.gamma,
        case.chols[0],
        case.sigma,
        ColumnScaling(*scaling),
        GroupProducts(*blocks, np.eye(len(case.gamma)), products.XtX, products.Xty, totals),
    )
    assert value == pytest.approx(old[0], rel=1e-12)
    np.testing.assert_allclose(d_gamma, old[1], rtol=0, atol=1e-12 * np.abs(old[1]).max())
    np.testing.assert_allclose(d_chols[0], old[2], rtol=0, atol=1e-11 * np.abs(old[2]).max())
    assert d_sigma == pytest.approx(old[3], rel=1e-12)


@pytest.mark.parametrize(("shift", "digits"), [(2e3, 10), (2e6, 8)])
def test_predictors_far_from_zero_keep_their_digits(shift, digits):
    near = made_case(20, [("crossed", 2, ""), ("nested", 2, "")])
    far_from_near = np.array([[1.0, shift, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    of_z = far_from_near[:2, :2]
    rows = [GroupingRows(own.name, own.Z @ of_z, own.codes, own.n_units, 0, range(2)) for own in near.rows]
    turns, lower = zip(*(np.linalg.qr(np.linalg.solve(of_z, L).T) for L in near.chols), strict=True)
    chols = [R.T for R in lower]  # times the turns' transposes they are the near ones, transformed
    gamma = np.linalg.solve(far_from_near, near.gamma)
    far = Case(near.y, near.X @ far_from_near, rows, gamma, chols, near.sigma)
    value, d_gamma, d_chols, d_sigma = kernel(near, near.elimination())
    far_value, d_far_gamma, d_far_chols, d_far_sigma = kernel(far, far.elimination())
    assert far_value == pytest.approx(value, rel=10.0**-digits)
    assert d_far_sigma == pytest.approx(d_sigma, rel=10.0**-digits)
    size = np.abs(d_gamma).max()
    np.testing.assert_allclose(
        np.linalg.solve(far_from_near.T, d_far_gamma), d_gamma, rtol=0, atol=size * 10.0**-digits
    )
    turned = np.stack([d @ turn.T for d, turn in zip(d_far_chols, turns, strict=True)])
    back, size = np.linalg.solve(of_z.T, turned), np.abs(d_chols).max()
    np.testing.assert_allclose(back, d_chols, rtol=0, atol=size * 10.0**-digits)


def test_nested_groupings_have_no_fill_and_no_dense_part():
    rng = np.random.default_rng(0)
    child = np.r_[np.arange(800), rng.integers(0, 800, 400)]
    class_, school, one = child % 90, child % 90 % 11, np.ones((1200, 1))
    codes = {"school": school, "child": child, "class": class_, "district": school % 4}
    rows = [GroupingRows(name, one, unit, int(unit.max()) + 1) for name, unit in codes.items()]
    pattern = Elimination.of(joint_products(rng.normal(size=1200), one, rows)).pattern
    assert len(pattern.row) == 3 * 800 + 2 * 90 + 11  # each unit and the units that it is in
    assert pattern.place[-1] == 0


def test_what_would_fill_the_memory_is_refused_by_name():
    rng = np.random.default_rng(0)
    n = 40_000
    codes = [np.r_[np.arange(4000), rng.integers(0, 4000, n - 4000)] for _ in range(2)]
    one = np.ones((n, 1))
    rows = [GroupingRows(name, one, rng.permutation(c), 4000) for name, c in zip(["home", "work"], codes, strict=True)]
    with pytest.raises(DataError, match=r"4,000 of 'home' and 4,000 of 'work'.*at most 3,000 fit"):
        Elimination.of(joint_products(rng.normal(size=n), one, rows))
