"""Special functions of rows against SciPy's, over the whole range of doubles that rows ask for."""

import math

import numpy as np
import pytest
from scipy import special as reference

from bayeshlm.families import special

EPS = np.finfo(float).eps
POSITIVE = [float(x) for x in (*np.geomspace(1e-12, 1e12, 500), *np.linspace(0.05, 20, 400))]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (special.log_gamma, reference.gammaln),
        (special.digamma, reference.digamma),
        (special.trigamma, lambda x: reference.polygamma(1, x)),
        (special.scaled_erfc, reference.erfcx),
    ],
    ids=["log_gamma", "digamma", "trigamma", "scaled_erfc"],
)
def test_as_scipy_has_it(function, expected):
    # What is shifted by eight is a difference of numbers of up to 43: 43 eps absolute where the value is small.
    np.testing.assert_allclose([function(x) for x in POSITIVE], expected(np.array(POSITIVE)), 16 * EPS, 43 * EPS)


def test_log_factorials_of_counts():
    assert special.log_factorial(0.0) == special.log_factorial(1.0) == 0.0
    for n in (2, 3, 7, 8, 30, 170):
        assert special.log_factorial(float(n)) == pytest.approx(math.log(math.factorial(n)), rel=8 * EPS, abs=43 * EPS)


def test_log1p_of_a_share():
    for t in (0.0, 1e-300, 1e-17, 1e-9, *np.linspace(0, 1, 257)):
        assert special.log1p_of_share(float(t)) == pytest.approx(math.log1p(t), rel=2 * EPS, abs=0)


def test_softplus_and_logistic_in_both_tails():
    for x in (-745.0, -700.0, -40.0, -1.0, 0.0, 0.3, 40.0, 700.0, 1e5):
        assert special.softplus(x) == pytest.approx(np.logaddexp(0, x), rel=4 * EPS)
        assert special.logistic(x) == pytest.approx(reference.expit(x), rel=4 * EPS)
    assert special.grown(709.0) == math.exp(709.0)
    assert special.grown(710.0) == math.inf


def test_one_minus_exp_of_any_gap():
    for gap in (1e-300, 1e-12, 0.3, 0.7, 2.0, 40.0, 700.0):
        expected = (
            math.log(gap) if gap < 1e-10 else math.log1p(-math.exp(-gap)) if gap > 1 else math.log(1 - math.exp(-gap))
        )
        assert special.log_one_minus_exp(gap) == pytest.approx(expected, rel=1e-10 if gap == 1e-12 else 8 * EPS)
    assert special.log_one_minus_exp(0.0) == -math.inf


@pytest.mark.parametrize("n", [0.0, 1.0, 3.0, 40.0])
def test_rising_by_a_whole_number_is_a_product(n):
    """``Gamma(x + n)/Gamma(x) = x (x + 1) ... (x + n - 1)``, at any x."""
    for x in (1e-8, 0.3, 7.99, 8.0, 8.01, 300.0, 1e6, 1e12):
        steps = np.arange(n) / x
        assert special.log_rising(x, n) == pytest.approx(
            math.fsum(np.log1p(steps)), rel=32 * EPS, abs=128 * EPS * (1 + n)
        )
        expected = math.fsum(1 / (x + np.arange(n)))
        assert special.digamma_rise(x, n) == pytest.approx(expected, rel=64 * EPS, abs=16 * EPS * min(1, 100 / x))


def test_stirling_remainder_joins_its_series_and_goes_to_zero():
    for x in (1e-10, 0.4, 3.0, 7.999999):
        expected = reference.gammaln(x) - (x - 0.5) * math.log(x) + x - special.HALF_LOG_2PI
        assert special.stirling_remainder(x, math.log(x)) == pytest.approx(expected, rel=8 * EPS, abs=86 * EPS)
    assert special.stirling_remainder(1e9, math.log(1e9)) == pytest.approx(1 / 12e9, rel=4 * EPS)
    # log Gamma(x) = -log x far below 1, here of a number that only its logarithm says.
    assert special.stirling_remainder(0.0, -900.0) == pytest.approx(450 - special.HALF_LOG_2PI, rel=8 * EPS)
