import numpy as np
import pytest
from scipy.stats import truncnorm

from bayeshlm.checks.causes import RowOfDraws, boundary, boundary_of_another, few_draws, follows, skew
from bayeshlm.checks.component import Component
from bayeshlm.checks.reml_components import HeldCorrelation
from bayeshlm.checks.verdicts import MAX_DIFFERENCE, MAX_ERROR, verdict


def row_of(draws, estimate, se, component="tau", lowest=0.0, highest=np.inf, error=0.016):
    row = Component(component, "u0", estimate, se, lowest, highest)
    unit = se if row.regular else float(np.std(draws, ddof=1))
    return RowOfDraws(row, np.asarray(draws), (np.mean(draws) - estimate) / unit, error, unit)


@pytest.mark.parametrize(
    ("difference", "error", "n_compared", "expected"),
    [
        (0.0, 0.016, 1, "agrees"),
        (-MAX_DIFFERENCE, MAX_ERROR, 1, "agrees"),
        (0.0, 1.01 * MAX_ERROR, 1, "undecided"),
        (0.26, 0.016, 1, "undecided"),
        (-0.26, 0.004, 1, "differs"),
        (0.5, 0.2, 1, "undecided"),
        (0.7, 0.2, 1, "differs"),
        (0.3, 0.016, 1, "differs"),
        (0.3, 0.016, 1000, "undecided"),
        (0.1, np.nan, 1, "undecided"),
        (5.0, np.nan, 1, "undecided"),
        (np.nan, np.nan, 1, "no estimate"),
    ],
)
def test_verdicts(difference, error, n_compared, expected):
    assert verdict(difference, error, n_compared) == expected


@pytest.mark.parametrize("estimate", [0.3, -0.5])
def test_near_a_bound_of_a_correlation_a_normal_likelihood_is_cut_off(estimate):
    draws = truncnorm.rvs(
        (-1 - estimate) / 0.6, (1 - estimate) / 0.6, loc=estimate, scale=0.6, size=4000, random_state=1
    )
    found = boundary(row_of(draws, estimate, 0.6, component="corr", lowest=-1.0, highest=1.0), "")
    expected = truncnorm.mean((-1 - estimate) / 0.6, (1 - estimate) / 0.6, loc=estimate, scale=0.6) - estimate
    assert found is not None
    assert found.size * draws.std(ddof=1) == pytest.approx(expected, rel=1e-3)


def test_near_zero_the_likelihood_of_tau_is_normal_in_its_square():
    rng = np.random.default_rng(1)
    proposals = rng.uniform(0, 1.5, 200_000)
    density = np.exp(-0.5 * ((proposals**2 - 0.09) / (2 * 0.3 * 0.1)) ** 2)
    row = row_of(rng.choice(proposals, 40_000, p=density / density.sum()), 0.3, 0.1)
    assert row.difference < -0.25
    assert boundary(row, "").size == pytest.approx(row.difference, abs=0.02)


def test_a_boundary_that_moves_the_mean_the_other_way_is_not_named():
    draws = np.random.default_rng(1).gamma(1.0, 0.1, 4000)
    assert boundary(row_of(draws, 0.5, 1.0), "") is None


@pytest.mark.parametrize("singular", ["", "the variance of u1 is 0"])
def test_an_estimate_far_from_its_boundary_is_not_at_it(singular):
    draws = np.random.default_rng(1).normal(5.5, 1.0, 4000)
    assert boundary(row_of(draws, 5.0, 1.0), singular) is None


@pytest.mark.parametrize("shape", [2.0, 4.0, 9.0])
def test_a_gammas_mean_differs_from_its_mode_by_skewness(shape):
    draws = np.random.default_rng(1).gamma(shape, 1.0, 40_000)
    found = skew(row_of(draws, shape - 1, 0.4, "gamma", -np.inf, error=0.01))
    assert found is not None
    assert found.size * 0.4 == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize(("low", "sign"), [(0.0, 1), (-1.0, -1)])
def test_no_mode_lies_outside_of_what_the_quantity_may_be(low, sign):
    """Posterior of an ICC at its bound: Pearson's relation puts the mode beyond it."""
    share = np.random.default_rng(1).beta(0.5, 3.0, 40_000)
    draws = sign * share
    assert draws.mean() - 3 * (draws.mean() - np.median(draws)) < 0 if sign > 0 else True
    row = RowOfDraws(Component("icc", "", 0.0, np.nan, low, low + 1), draws, draws.mean() / 0.1, 0.01, 0.1)
    found = skew(row)
    assert found.size == pytest.approx(draws.mean() / 0.1)
    assert "its mode by about +0.00" in found.text.replace("-0.00", "+0.00")


def test_a_symmetric_posterior_is_not_skewed():
    draws = np.random.default_rng(1).normal(1.5, 1.0, 4000)
    assert skew(row_of(draws, 1.0, 1.0, component="gamma", lowest=-np.inf)) is None


def test_a_row_follows_the_one_that_it_depends_on():
    rng = np.random.default_rng(1)
    tau, sigma = rng.normal(2.0, 0.5, 4000), rng.normal(3.0, 0.5, 4000)
    beta = 0.8 * tau + rng.normal(0, 0.3, 4000)
    others = [row_of(tau, 1.0, 0.5), row_of(sigma, 2.0, 0.5, component="sigma")]
    found = follows(row_of(beta, 0.8, 0.5, component="beta", lowest=-np.inf), others)
    assert found is not None
    assert "tau[u0]" in found.text
    assert found.size == pytest.approx(0.8 * 2.0, rel=0.05)
    alone = row_of(rng.normal(1.0, 0.5, 4000), 0.0, 0.5, component="beta", lowest=-np.inf)
    assert follows(alone, others) is None
    far_off = row_of(tau, -200.0, 0.5, lowest=-np.inf)
    assert follows(alone, [far_off]) is None


def test_a_tau_differs_because_a_correlation_of_reml_lies_on_its_boundary():
    row = row_of(np.random.default_rng(1).normal(0.36, 0.18, 4000), 0.28, 0.12)
    held = HeldCorrelation("u0,u1", 1.0, 0.46, 0.40)
    found = boundary_of_another(row, (HeldCorrelation("u1,u2", -1.0, 0.1, 0.2), held))
    assert found.name == "boundary"
    assert found.size == pytest.approx((0.40 - 0.28) / row.unit)
    assert "correlation of u0,u1 of 1, on its boundary; with that held at its posterior mean, 0.46" in found.text
    assert boundary_of_another(row, (HeldCorrelation("u0,u1", 1.0, 0.46, 0.27),)) is None
    assert boundary_of_another(row, ()) is None


def test_the_draws_needed_grow_with_the_square_of_the_error():
    assert "4.0 times" in few_draws(2 * MAX_ERROR).text


@pytest.mark.parametrize(("size", "named"), [(0.26, True), (0.25, True), (0.24, False), (-0.9, False)])
def test_a_cause_is_named_when_it_makes_a_quarter_of_the_difference(size, named):
    row = Component("tau", "u0", 1.0, 1.0, 0.0, np.inf)
    for sign in (1, -1):
        assert RowOfDraws(row, np.zeros(4), sign * 1.0, 0.01, 1.0).explains(sign * size) == named


def test_a_skew_within_two_of_its_monte_carlo_errors_is_none():
    """Mean less mode is 3 (mean - median), whose error over that of a mean is 3 sqrt(pi / 2 - 1) for a normal one."""
    draws = np.random.default_rng(2).gamma(4.0, size=4000)
    shift = 3 * (draws.mean() - np.median(draws)) / draws.std(ddof=1)
    row = Component("beta", "u0", draws.mean() - shift * draws.std(ddof=1), np.nan, -np.inf, np.inf)
    for factor, found in ((0.97, True), (1.03, False)):
        error = factor * shift / (2 * 3 * np.sqrt(np.pi / 2 - 1))
        cause = skew(RowOfDraws(row, draws, shift, error, float(draws.std(ddof=1))))
        assert (cause is not None) == found


@pytest.mark.parametrize(("standard_errors", "found"), [(3.2, True), (2.8, False)])
def test_slopes_within_three_of_their_standard_errors_are_none(standard_errors, found):
    n, rng = 400, np.random.default_rng(4)
    x = rng.normal(size=n)
    x = (x - x.mean()) / np.sqrt(np.mean((x - x.mean()) ** 2))
    rest = rng.normal(size=n)
    rest -= rest.mean() + x * np.mean(x * rest)
    rest /= np.sqrt(np.mean(rest**2))
    own = standard_errors / np.sqrt(n) * x + rest  # the slope's standard error is 1 / sqrt(n)
    other = RowOfDraws(Component("tau", "u0", 0.0, 1.0, -np.inf, np.inf), x, 30.0, 0.01, 1.0)
    row = RowOfDraws(Component("gamma", "g00", 0.0, 1.0, -np.inf, np.inf), own, 1.0, 0.01, 1.0)
    assert (follows(row, [other]) is not None) == found
