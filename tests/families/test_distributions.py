"""Mean, variance, distribution function and random numbers of every family, and its links."""

import math

import numpy as np
import pytest
from family_cases import CASES, INVERSE, LINKED, SIZE, at, scipy_distribution

from bayeshlm.families import FAMILIES
from bayeshlm.families.links import LINKS

EPS = np.finfo(float).eps
ETA = np.array([-1.1, 0.3, 1.2])
N_DRAWS = 40_000


def mu_of(case, eta=ETA):
    return case.family.mu(np.asarray(eta), case.array, case.link)


def distributions(case):
    return [scipy_distribution(case.family_name, at(case, eta), case.auxiliary) for eta in ETA]


@pytest.mark.parametrize("case", [case for case in CASES if case.family.mean is not None], ids=str)
def test_mean_and_variance(case):
    mu, size = mu_of(case), np.full(len(ETA), SIZE)
    expected = np.array([distribution.stats("mv") for distribution in distributions(case)])
    np.testing.assert_allclose(case.family.mean(mu, size, case.array), expected[:, 0], 64 * EPS)
    found = case.family.variance(mu, size, case.array) * np.ones(len(ETA))
    np.testing.assert_allclose(found, expected[:, 1], 256 * EPS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_distribution_function(case):
    mu, size = mu_of(case), np.full(len(ETA), SIZE)
    outside = () if case.family.discrete else (-0.5, 1.5)
    for y in (*case.outcomes, -1.0, SIZE, *outside):
        found = case.family.cumulative(np.full(len(ETA), float(y)), mu, size, case.array)
        expected = [distribution.cdf(y) for distribution in distributions(case)]
        np.testing.assert_allclose(found, expected, 1e-11, 1e-14, err_msg=str(y))


@pytest.mark.parametrize("case", [case for case in CASES if case.family.discrete], ids=str)
def test_the_distribution_function_is_the_sum_of_the_rows(case):
    mu = mu_of(case)
    for k, eta in enumerate(ETA):
        total = 0.0
        for y in range(int(min(max(case.outcomes), 30)) + 1):
            total += math.exp(case.row(y, float(eta))[0])
            found = case.family.cumulative(np.array([float(y)]), mu[k : k + 1], np.array([SIZE]), case.array)
            assert found[0] == pytest.approx(total, rel=1e-11)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_random_numbers_have_the_distribution(case):
    """The share below each of nine places is binomial of N draws; five standard errors, of a fixed seed."""
    rng = np.random.default_rng(11)
    for eta, distribution in zip(ETA, distributions(case), strict=True):
        mu = mu_of(case, np.full(N_DRAWS, eta))
        draws = case.family.random(rng, mu, np.full(N_DRAWS, SIZE), case.array)
        assert draws.shape == (N_DRAWS,)
        assert draws.dtype == float
        inside = draws if case.family_name != "Beta" else draws[(draws > 0) & (draws < 1)]  # 1 - 1e-17 is 1
        assert not any(case.family.refusal(float(y), SIZE) for y in inside[:200])
        for place in distribution.ppf(np.linspace(0.1, 0.9, 9)):
            p = distribution.cdf(place)
            assert (draws <= place).mean() == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / N_DRAWS) + 1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_auxiliary_parameters_of_every_draw_broadcast(case):
    """Draws (3,) of the auxiliary parameters against rows (3, 4), as predictions have them."""
    family, several = case.family, np.stack([case.array * scale for scale in (0.9, 1.0, 1.1)])[:, None, :]
    eta, size = np.linspace(-1, 1, 12).reshape(3, 4), np.full(4, SIZE)
    mu = family.mu(eta, several, case.link)
    y = family.random(np.random.default_rng(1), mu, size, several)
    assert y.shape == (3, 4)
    together = family.cumulative(y, mu, size, several)
    assert together.shape == (3, 4)
    for k in range(3):
        one = family.mu(eta[k], several[k, 0], case.link)
        np.testing.assert_allclose(family.cumulative(y[k], one, size, several[k, 0]), together[k], 1e-12)
        if family.mean is not None:
            mean = family.mean(mu, size, several) * np.ones((3, 4))
            np.testing.assert_allclose(mean[k], family.mean(one, size, several[k, 0]), 4 * EPS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_random_numbers_and_their_distribution_function_at_any_predictor(case):
    eta = np.array([-800.0, -60.0, -20.0, 5.0, 20.0, 60.0, 800.0])
    mu, size = mu_of(case, eta), np.full(len(eta), SIZE)
    y = case.family.random(np.random.default_rng(2), mu, size, case.array)
    assert not np.isnan(y).any()
    cumulative = case.family.cumulative(y, mu, size, case.array)
    assert ((cumulative >= 0) & (cumulative <= 1))[np.isfinite(y)].all()
    if case.family_name == "Beta":
        assert y[[0, -1]].tolist() == [0, 1]


def test_large_counts_are_poissons():
    """Five standard errors of mean and variance; the variance of n squares of a normal variable is 2/n."""
    mu = np.full(40_000, 1e16)
    y = FAMILIES["Poisson"].random(np.random.default_rng(3), mu, mu, np.empty(0))
    z = (y - mu) / 1e8
    assert abs(z.mean()) < 5 / math.sqrt(len(z))
    assert abs(z.var() - 1) < 5 * math.sqrt(2 / len(z))


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_probabilities_of_categories_are_those_of_the_rows(link):
    cutpoint, family = np.array([-2.0, -0.5, -0.45, 1.0]), FAMILIES["Ordinal"]
    eta = np.array([-12.0, -3.0, 0.0, 2.5, 12.0])
    found = family.probabilities(eta, cutpoint, link)
    rows = [[family.rows[link](float(k), 1.0, float(one), cutpoint)[0] for k in range(5)] for one in eta]
    # A width of .05 is exact to eps times 12/.05, and the density changes by 12 times a rounding.
    np.testing.assert_allclose(found, np.exp(rows), rtol=4000 * EPS, atol=0)
    np.testing.assert_allclose(found.sum(axis=-1), 1, 8 * EPS)


@pytest.mark.parametrize(
    ("name", "y", "size", "refusal"),
    [
        ("Bernoulli", 2.0, 1.0, "is neither 0 nor 1"),
        ("Binomial", 1.5, 4.0, "is no count: a whole number of 0 or more"),
        ("Binomial", 5.0, 4.0, "is more than its number of trials, 4"),
        ("Binomial", 1.0, 4.5, "has 4.5 trials, which is no whole number of 0 or more"),
        ("Binomial", 1.0, math.nan, "has nan trials, which is no whole number of 0 or more"),
        ("Poisson", -1.0, 1.0, "is no count: a whole number of 0 or more"),
        ("Poisson", math.inf, 1.0, "is no count: a whole number of 0 or more"),
        ("NegativeBinomial", 0.5, 1.0, "is no count: a whole number of 0 or more"),
        ("Gamma", 0.0, 1.0, "is not greater than 0"),
        ("Gamma", math.inf, 1.0, "is no finite number"),
        ("Beta", 0.0, 1.0, "is not between 0 and 1, both excluded"),
        ("Beta", 1.0, 1.0, "is not between 0 and 1, both excluded"),
        ("Ordinal", -1.0, 1.0, "is no position of a category"),
        ("StudentT", math.nan, 1.0, "is no finite number"),
        ("Normal", math.inf, 1.0, "is no finite number"),
    ],
)
def test_outcomes_that_a_distribution_cannot_have(name, y, size, refusal):
    assert FAMILIES[name].refusal(y, size) == refusal


def test_outcomes_that_a_distribution_can_have_are_not_refused():
    for case in CASES:
        assert [case.family.refusal(float(y), SIZE) for y in case.outcomes] == [""] * len(case.outcomes)
    assert FAMILIES["Binomial"].refusal(0.0, 0.0) == ""


@pytest.mark.parametrize(("name", "link"), LINKED)
def test_the_links_of_families_are_links_and_the_default_is_first(name, link):
    defaults = {"Normal": "identity", "StudentT": "identity", "Bernoulli": "logit", "Binomial": "logit"}
    defaults |= {"Poisson": "log", "NegativeBinomial": "log", "Gamma": "log", "Beta": "logit", "Ordinal": "logit"}
    family = FAMILIES[name]
    assert link in LINKS
    assert family.links[0] == defaults[name]
    assert set(family.row_slope) == (set(family.links) if family.auxiliary else set())


@pytest.mark.parametrize("name", LINKS)
def test_a_link_and_its_inverse(name):
    link, eta = LINKS[name], np.array([-3.0, -0.4, 0.0, 1.1, 2.0])
    np.testing.assert_allclose(link.inverse(eta), INVERSE[name](eta), 8 * EPS)
    np.testing.assert_allclose(link.link(link.inverse(eta)), eta, rtol=0, atol=1e-12)
    extreme = link.inverse(np.array([-1e5, -700.0, -40.0, 40.0, 700.0, 1e5]))
    assert not np.isnan(extreme).any()
    assert (np.diff(extreme) >= 0).all()


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog"])
def test_the_scale_of_a_link_is_the_standard_deviation_of_its_distribution(name):
    eta = np.linspace(-60, 40, 400_001)
    F = LINKS[name].inverse(eta)
    density, middle = np.diff(F), (eta[1:] + eta[:-1]) / 2
    mean = density @ middle
    # The midpoint rule is off by the square of the step, 6e-8, over 12.
    assert math.sqrt(density @ (middle - mean) ** 2) == pytest.approx(LINKS[name].scale, rel=1e-7)


def test_links_at_the_ends_are_infinite_without_a_warning():
    for name in ("logit", "probit", "cloglog"):
        assert LINKS[name].link(np.array([0.0, 1.0])).tolist() == [-math.inf, math.inf]
    assert LINKS["log"].link(np.array([0.0])).tolist() == [-math.inf]
    assert LINKS["log"].scale == 1.0
    assert LINKS["identity"].scale is None
