"""Densities by adaptive quadrature against sums over dense grids and against the closed form."""

import itertools

import numpy as np
import pytest
from family_problems import AUXILIARY, GAMMA, dense_log_density, density, problem
from scipy import stats

from bayeshlm.likelihood.quadrature_rule import hermite_rule

CHOLS = {1: np.array([[1.3]]), 2: np.array([[1.3, 0.0], [0.4, 0.8]])}
STEPS = {1: 0.02, 2: 0.08}
EPS = np.finfo(float).eps


@pytest.mark.parametrize("q", [1, 2])
def test_it_converges_to_the_sum_over_a_dense_grid(q):
    rows, first = problem("Bernoulli", q)
    exact = dense_log_density("Bernoulli", CHOLS[q], rows, first, STEPS[q])
    errors = [abs(density("Bernoulli", CHOLS[q], rows, first, n)[0] - exact) for n in (1, 4, 10, 24)]
    assert errors[0] > 10 * errors[1] > 100 * errors[2] > 1000 * errors[3]
    assert errors[3] < 1e-7
    assert abs(density("Bernoulli", CHOLS[q], rows, first, 48)[0] - exact) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("n_nodes", [1, 2, 5, 16])
@pytest.mark.parametrize("q", [1, 2])
def test_normal_outcomes_have_their_closed_form(q, n_nodes):
    rows, first = problem("Normal", q)
    value, d_gamma, d_chol, d_auxiliary = density("Normal", CHOLS[q], rows, first, n_nodes)

    def closed(gamma, chol, sigma):
        total = 0.0
        for low, high in itertools.pairwise(first):
            at = np.repeat(np.arange(low, high), rows.weight[low:high].astype(int))
            V = rows.Z[:, at].T @ chol @ chol.T @ rows.Z[:, at] + sigma**2 * np.eye(len(at))
            total += stats.multivariate_normal(rows.offset[at] + gamma @ rows.X[:, at], V).logpdf(rows.y[at])
        return total

    sigma = AUXILIARY["Normal"][0]
    assert value == pytest.approx(closed(GAMMA, CHOLS[q], sigma), rel=1e-12)
    step = 1e-5

    def slope(function):
        return (function(step) - function(-step)) / (2 * step)

    # Rounding of the values, and the third derivative, which is of the order of the second, some hundreds.
    error = 20 * EPS * abs(value) / step + step**2 * 1e4
    numeric = [slope(lambda d, e=e: closed(GAMMA + d * e, CHOLS[q], sigma)) for e in np.eye(2)]
    np.testing.assert_allclose(d_gamma, numeric, rtol=0, atol=error)
    if n_nodes > 1:  # the rest is the mean of squares, for which one node is too few
        assert d_auxiliary[0] == pytest.approx(slope(lambda d: closed(GAMMA, CHOLS[q], sigma + d)), abs=error)
        for r, s in zip(*np.tril_indices(q), strict=True):
            moved = np.outer(np.arange(q) == r, np.arange(q) == s)
            numeric = slope(lambda d, moved=moved: closed(GAMMA, CHOLS[q] + d * moved, sigma))
            assert d_chol[r, s] == pytest.approx(numeric, abs=error)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("scale", [0.0, 1.0, -1.0, 3.0])
def test_the_gradient_is_that_of_the_value(q, scale):
    """tau = 0, either sign of tau, and large ones; in the limit of many nodes, to what the number of nodes matters."""
    rows, first = problem("Bernoulli", q)
    chol = scale * CHOLS[q]
    value, d_gamma, d_chol, _ = density("Bernoulli", chol, rows, first, 40)
    fewer = density("Bernoulli", chol, rows, first, 24)
    step = 1e-4
    error = 20 * EPS * abs(value) / step + step**2 * abs(value)
    error += max(np.abs(d_gamma - fewer[1]).max(), np.abs(d_chol - fewer[2]).max())
    assert error < 0.01
    for k in range(2):
        moved = step * np.eye(2)[k]
        ends = [density("Bernoulli", chol, rows, first, 40, gamma=GAMMA + d * moved)[0] for d in (1, -1)]
        assert d_gamma[k] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=error)
    for r, s in zip(*np.tril_indices(q), strict=True):
        moved = step * np.outer(np.arange(q) == r, np.arange(q) == s)
        ends = [density("Bernoulli", chol + d * moved, rows, first, 40)[0] for d in (1, -1)]
        assert d_chol[r, s] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=error)


def test_correlations_of_one_and_effects_that_do_not_vary():
    rows, first = problem("Bernoulli", 2)
    for chol in ([[1.0, 0.0], [0.7, 0.0]], [[1.0, 0.0], [-0.7, 0.0]], [[0.0, 0.0], [0.0, 0.7]], np.zeros((2, 2))):
        value, *gradient = density("Bernoulli", chol, rows, first, 30)
        assert value == pytest.approx(dense_log_density("Bernoulli", chol, rows, first, 0.08), abs=1e-6)
        assert all(np.isfinite(part).all() for part in gradient)


@pytest.mark.slow
def test_rows_that_are_counted_are_rows_that_are_repeated():
    rows, first = problem("Bernoulli", 1)
    again = np.repeat(np.arange(len(rows.y)), rows.weight.astype(int))
    repeated = type(rows)(*(values[..., again] for values in rows))._replace(weight=np.ones(len(again)))
    ends = np.concatenate([[0], np.cumsum(rows.weight)])[first].astype(np.int64)
    one = density("Bernoulli", CHOLS[1], rows, first, 10)
    other = density("Bernoulli", CHOLS[1], repeated, ends, 10)
    for left, right in zip(one, other, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12)


def test_effects_as_large_as_those_of_toenails():
    """tau = 4 and groups of outcomes that are all alike: skewed, far from where Laplace is right."""
    rows, first = problem("Bernoulli", 1, n_groups=40)
    y = np.where(np.repeat(np.arange(40), np.diff(first)) % 3 == 0, 1.0, 0.0)
    rows, chol = rows._replace(y=y), [[4.0]]
    exact = dense_log_density("Bernoulli", chol, rows, first, 0.01)
    assert density("Bernoulli", chol, rows, first, 48)[0] == pytest.approx(exact, abs=1e-3)
    assert abs(density("Bernoulli", chol, rows, first, 1)[0] - exact) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("family", ["Bernoulli", "Normal"])
def test_no_parameters_give_a_number_that_is_not_the_density(family):
    """Right, or not a finite number: with 48 nodes against a dense grid, from one edge to the other."""
    rows, first = problem(family, 1, n_groups=3)
    for gamma in (-1e6, -800.0, -30.0, 0.0, 30.0, 800.0, 1e6, 1e200, np.inf, np.nan):
        for tau in (0.0, 1e-8, 1e-3, 1.0, 10.0, 100.0, 1e8, 1e200, np.nan):
            value, *gradient = density(family, [[tau]], rows, first, 48, gamma=[gamma, 0.5])
            if not np.isfinite(value):
                assert not (abs(gamma) <= 800 and abs(tau) <= 100)
                continue
            assert all(np.isfinite(part).all() for part in gradient)
            if abs(gamma) <= 30 and tau <= 1.0:
                exact = dense_log_density(family, [[tau]], rows, first, 0.005, 60.0, gamma=np.array([gamma, 0.5]))
                assert value == pytest.approx(exact, rel=1e-6)
            assert value < 0


def test_rules_integrate_polynomials_exactly():
    """A normal variable's moments, up to the degree 2 K - 1 that a rule of K nodes is made for."""
    nodes, log_weights = hermite_rule(6, 2)
    weights = np.exp(log_weights - 0.5 * (nodes**2).sum(axis=0)) / (2 * np.pi)
    assert weights @ (nodes[0] ** 10 * nodes[1] ** 2) == pytest.approx(945, rel=1e-12)
    assert abs(weights @ (nodes[0] ** 11)) < 1e-9


@pytest.mark.parametrize("family", ["Bernoulli", "Normal"])
@pytest.mark.parametrize("q", [1, 2])
def test_weights_of_groups_multiply_what_each_adds(family, q):
    """Value and gradient are the weighted sums of those of the groups alone; weights of rows may be any number."""
    rows, first = problem(family, q)
    rng = np.random.default_rng(5)
    rows = rows._replace(weight=rng.uniform(0.2, 2, len(rows.y)))
    weights = rng.uniform(0.2, 3, len(first) - 1)
    found = density(family, CHOLS[q], rows, first, 24, group_weights=weights)
    exact = dense_log_density(family, CHOLS[q], rows, first, STEPS[q])
    assert density(family, CHOLS[q], rows, first, 24)[0] == pytest.approx(exact, abs=1e-7)
    alone = []
    for low, high in itertools.pairwise(first):
        own = type(rows)(*(np.ascontiguousarray(values[..., low:high]) for values in rows))
        alone.append(density(family, CHOLS[q], own, np.array([0, high - low]), 24))
    for part, of_groups in zip(found, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(part, np.tensordot(weights, np.array(of_groups), 1), rtol=1e-10, atol=1e-10)
