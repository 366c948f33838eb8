"""Rows far out: against forms that hold there, and against 60 decimal digits."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import special

from bayeshlm.families import FAMILIES
from bayeshlm.likelihood.compiled_rows import compiled_row

EPS = np.finfo(float).eps
NONE = np.empty(0)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(100)
TAILS = (-700.0, -300.0, -40.0, -12.0, 12.0, 40.0, 300.0, 700.0)
ROWS = {name: family.rows for name, family in FAMILIES.items()}


def exact_logistic(x):
    """1/(1 + exp(-x)) of a decimal."""
    return 1 / (1 + (-x).exp())


@pytest.mark.parametrize("eta", TAILS)
@pytest.mark.parametrize("y", [0.0, 1.0, 3.0, 4.0])
def test_logit_rows_to_the_last_digits(eta, y):
    with localcontext() as context:
        context.prec = 700
        p, n = exact_logistic(Decimal(eta)), 4
        value = y * float(p.ln()) + (n - y) * float((1 - p).ln()) + math.log(math.comb(n, int(y)))
        derivative = float(Decimal(y) * (1 - p) - Decimal(n - y) * p)
        information = float(n * p * (1 - p))
    found = ROWS["Binomial"]["logit"](y, 4.0, eta, NONE)
    # log 4! is a difference of numbers of up to 43.
    assert found[0] == pytest.approx(value, rel=4 * EPS, abs=1e-300 if y in (0, 4) else 86 * EPS)
    assert found[1] == pytest.approx(derivative, rel=8 * EPS)
    assert found[2] == pytest.approx(information, rel=8 * EPS)


@pytest.mark.parametrize("eta", TAILS)
def test_probit_rows_in_the_tails(eta):
    for y, sign in ((1.0, 1.0), (0.0, -1.0)):
        value, derivative, information = ROWS["Bernoulli"]["probit"](y, 1.0, eta, NONE)
        # SciPy takes erfc of a rounded eta/sqrt(2).
        assert value == pytest.approx(special.log_ndtr(sign * eta), rel=8 * EPS + eta**2 * EPS, abs=1e-300)
        # phi/Phi by exp(x^2) erfc(x); of the other tail phi itself.
        x = -sign * eta
        ratio = (
            math.sqrt(2 / math.pi) / special.erfcx(x * math.sqrt(0.5))
            if x > 0
            else math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        )
        assert derivative == pytest.approx(sign * ratio, rel=8 * EPS + 0.5 * x * x * EPS * (x < 0))
        assert information >= 0


def test_cloglog_rows_in_the_tails():
    row = ROWS["Bernoulli"]["cloglog"]
    for eta in (-700.0, -40.0):
        # p = exp(eta) to the last digit.
        assert row(1.0, 1.0, eta, NONE) == pytest.approx((eta, 1.0, math.exp(eta)), rel=4 * EPS)
        assert row(0.0, 1.0, eta, NONE) == pytest.approx((-math.exp(eta), -math.exp(eta), math.exp(eta)), rel=4 * EPS)
    assert row(1.0, 1.0, 5.0, NONE)[0] == pytest.approx(-math.exp(-math.exp(5.0)), rel=1e-12)
    assert row(1.0, 1.0, 40.0, NONE) == (0.0, 0.0, 0.0)
    assert row(0.0, 1.0, 40.0, NONE) == (-math.exp(40.0), -math.exp(40.0), 0.0)
    assert row(0.0, 1.0, 800.0, NONE)[:2] == (-math.inf, -math.inf)
    assert ROWS["Binomial"]["cloglog"](7.0, 7.0, 800.0, NONE) == (0.0, 0.0, 0.0)


def decimal_between(lower, upper):
    with localcontext() as context:
        context.prec = 700
        low, high = exact_logistic(Decimal(lower)), exact_logistic(Decimal(upper))
        p = high - low
        f_low, f_high = low * (1 - low), high * (1 - high)
        return float(p.ln()), float((f_low - f_high) / p), float(f_low + f_high), float(f_low / p), float(f_high / p)


CUTPOINTS = ((-1.0, 2.0), (0.0, 1e-9), (-40.0, 40.0), (3.0, 3.5))


@pytest.mark.parametrize("cutpoint", CUTPOINTS)
@pytest.mark.parametrize("eta", [*TAILS, 0.0, 0.4])
def test_a_logit_category_to_the_last_digits(eta, cutpoint):
    family, cutpoint = FAMILIES["Ordinal"], np.array(cutpoint)
    lower, upper = cutpoint - eta
    value, derivative, information, at_lower, at_upper = decimal_between(lower, upper)
    found, slope = family.rows["logit"](1.0, 1.0, eta, cutpoint), np.zeros(2)
    family.row_slope["logit"](1.0, 1.0, eta, cutpoint, 1.0, slope)
    # The ends of the interval are rounded to eps |eta|, and with them its width.
    shift = EPS * max(abs(eta), 40)
    width = shift / min(1.0, upper - lower)
    assert found[0] == pytest.approx(value, rel=8 * EPS, abs=4 * width)
    assert found[1] == pytest.approx(derivative, rel=8 * EPS, abs=4 * shift)
    assert found[2] == pytest.approx(information, rel=8 * EPS + 4 * shift)
    assert slope == pytest.approx(np.array([-at_lower, at_upper]), rel=8 * EPS + 4 * width, abs=4 * width)


def scaled_interval(lower, upper):
    """log p, and mean and mean square of the normal distribution in (lower, upper), by quadrature of its density."""
    top = min(max(lower, 0.0), upper) if upper > 0 else upper
    width = min(upper - lower, 12.0, 40 / max(1.0, abs(top)))
    start, end = (max(top - width, lower), min(top + width, upper)) if lower < 0 else (lower, lower + width)
    x = start + (end - start) * (NODES + 1) / 2
    # The density as a share of that at the top, in an exponent in which nothing cancels.
    density = WEIGHTS * (end - start) / 2 * np.exp(-0.5 * (x - top) * (x + top))
    mass = density.sum()
    return (
        math.log(mass) - 0.5 * top * top - 0.5 * math.log(2 * math.pi),
        density @ x / mass,
        density @ (x - top) ** 2 / mass,
    )


@pytest.mark.parametrize("cutpoint", [*CUTPOINTS, (-0.3, -0.29), (-0.3, -0.2), (0.0, 6.0)])
@pytest.mark.parametrize("eta", [*TAILS, -2.0, 0.0, 0.4])
def test_a_probit_category_far_out(eta, cutpoint):
    cutpoint = np.array(cutpoint)
    lower, upper = cutpoint - eta
    log_p, mean, square = scaled_interval(lower, upper)
    value, derivative, information = FAMILIES["Ordinal"].rows["probit"](1.0, 1.0, eta, cutpoint)
    # A shift of the ends by eps |eta| changes log p by that times the hazard; the derivative is the truncated mean.
    shift = 4 * EPS * max(abs(eta), 40) * max(abs(mean), 1.0)
    width = shift / min(1.0, upper - lower)
    assert value == pytest.approx(log_p, rel=64 * EPS, abs=width + 64 * EPS)
    assert derivative == pytest.approx(mean, rel=256 * EPS + shift, abs=shift)
    # Minus the second derivative is one minus the truncated variance, which a shift of the ends changes as the mean.
    variance = square - (mean - min(max(lower, 0.0), upper)) ** 2
    assert information == pytest.approx(1 - variance, abs=256 * EPS + shift * (abs(eta) < 40))


@pytest.mark.parametrize("x", [40.0, 300.0, 1e5, 1e9, 1e150])
def test_the_information_of_the_last_probit_category_far_out(x):
    """Of the hazard ``h(x) = x + 1/x - 2/x^3 + 10/x^5 - ...``: ``h (h - x) = 1 - 1/x^2 + 6/x^4 - 50/x^6 + ...``."""
    w = 1 / x / x
    expected = 1 - w + 6 * w * w - 50 * w**3
    for y, eta in ((0.0, x), (1.0, -x)):
        information = FAMILIES["Ordinal"].rows["probit"](y, 1.0, eta, np.zeros(1))[2]
        assert information == pytest.approx(expected, rel=32 * EPS + 600 * w**4)


def test_the_information_of_a_probit_category_is_one_minus_a_variance():
    """Of a normal variable in an interval: ``-d^2 log p / d eta^2 = 1 - var``."""
    for lower, upper in ((-1.0, 0.5), (2.0, 2.3), (-6.0, -5.99), (4.0, 9.0), (-0.01, 0.01), (-3.0, 8.0)):
        _, mean, _ = scaled_interval(lower, upper)
        x = lower + (upper - lower) * (NODES + 1) / 2
        density = WEIGHTS * np.exp(-0.5 * x * x)
        variance = density @ (x - mean) ** 2 / density.sum()
        information = FAMILIES["Ordinal"].rows["probit"](1.0, 1.0, 0.0, np.array([lower, upper]))[2]
        assert information == pytest.approx(1 - variance, abs=1e-12)


@pytest.mark.slow
def test_the_probabilities_of_categories_sum_to_one():
    for link in ("logit", "probit"):
        for eta in (-3.0, 0.2, 4.0):
            cutpoint = np.array([-2.0, -0.5, -0.49, 1.0])
            rows = [compiled_row("Ordinal", link)(float(k), 1.0, eta, cutpoint)[0] for k in range(5)]
            assert math.fsum(map(math.exp, rows)) == pytest.approx(1, abs=64 * EPS)


@pytest.mark.parametrize("eta", [-700.0, -40.0, 40.0, 700.0])
def test_count_rows_in_the_tails(eta):
    mu = math.exp(eta)
    assert ROWS["Poisson"]["log"](3.0, 1.0, eta, NONE) == pytest.approx(
        (3 * eta - mu - math.log(6), 3 - mu, mu), rel=8 * EPS
    )
    phi = 2.0
    value, derivative, information = ROWS["NegativeBinomial"]["log"](3.0, 1.0, eta, np.array([phi]))
    log_w, log_rest = special.log_expit(eta - math.log(phi)), special.log_expit(math.log(phi) - eta)
    # Gamma(3 + 2)/(Gamma(2) 3!) = 4
    assert value == pytest.approx(math.log(4) + 3 * log_w + phi * log_rest, rel=16 * EPS)
    assert derivative == pytest.approx(3 * math.exp(log_rest) - phi * math.exp(log_w), rel=1e-12)
    assert information == pytest.approx(phi * math.exp(log_w), rel=1e-12)


def test_a_negative_binomial_of_a_large_phi_is_a_poisson():
    """To first order in 1/phi: ``log p = Poisson + (y (y - 1)/2 - y mu + mu^2/2)/phi``."""
    for phi in (1e7, 1e10, 1e14):
        for y, eta in ((0.0, 1.0), (4.0, 1.0), (30.0, 2.5)):
            mu = math.exp(eta)
            first = 0.5 * y * (y - 1) - y * mu + 0.5 * mu * mu
            poisson = ROWS["Poisson"]["log"](y, 1.0, eta, NONE)[0]
            found = ROWS["NegativeBinomial"]["log"](y, 1.0, eta, np.array([phi]))[0]
            assert found == pytest.approx(poisson + first / phi, abs=1e5 / phi**2 + 64 * EPS * (1 + y) * math.log(phi))
            slope = np.zeros(1)
            FAMILIES["NegativeBinomial"].row_slope["log"](y, 1.0, eta, np.array([phi]), phi, slope)
            assert slope[0] == pytest.approx(-first / phi, abs=1e5 / phi**2 + 64 * EPS * (1 + y))


def test_a_student_t_of_a_large_nu_is_a_normal_and_its_tail_is_a_power():
    normal, student = ROWS["Normal"]["identity"], ROWS["StudentT"]["identity"]
    for z in (0.0, 0.7, 3.0):
        expected = normal(z, 1.0, 0.0, np.array([1.0]))
        # log t - log normal is (z^4 - 2 z^2 - 1)/(4 nu) to first order.
        assert student(z, 1.0, 0.0, np.array([1.0, 1e10])) == pytest.approx(expected, abs=(z**4 + 2 * z * z + 4) / 1e10)
    near, far = (student(0.0, 1.0, eta, np.array([2.0, 3.0])) for eta in (1e160, 1e170))
    assert near[0] - far[0] == pytest.approx(4 * math.log(1e10), rel=1e-12)


def test_a_gamma_of_a_large_shape_keeps_its_digits():
    """With y = mu the log density is ``log(shape/(2 pi))/2 - log y`` but for 1/(12 shape)."""
    for shape in (1e5, 1e9, 1e13):
        value, derivative, _ = ROWS["Gamma"]["log"](1.0, 1.0, 0.0, np.array([shape]))
        assert value == pytest.approx(0.5 * math.log(shape / (2 * math.pi)) - 1 / (12 * shape), rel=8 * EPS)
        assert derivative == 0.0


def test_a_beta_of_a_large_precision_keeps_its_digits():
    """At y = mu by Stirling's series: ``log(phi/(2 pi mu (1 - mu)))/2 + (1 - 1/mu - 1/(1 - mu))/(12 phi)``."""
    y = 0.3
    for phi in (1e5, 1e9, 1e13):
        value, derivative, information = ROWS["Beta"]["logit"](y, 1.0, special.logit(y), np.array([phi]))
        expected = 0.5 * math.log(phi / (2 * math.pi * y * (1 - y))) + (1 - 1 / y - 1 / (1 - y)) / (12 * phi)
        # logit(0.3) is rounded, and log p changes by the derivative times that.
        assert value == pytest.approx(expected, rel=8 * EPS, abs=phi * EPS**2 + 1 / phi**3)
        assert ROWS["Beta"]["logit"](y, 1.0, special.logit(0.31), np.array([phi]))[0] < -phi * 1e-4
        # Var logit(y) is 1/(phi mu (1 - mu)) to first order, and its mean is off by (2 mu - 1)/(2 phi mu (1 - mu)).
        assert information == pytest.approx(phi * y * (1 - y), rel=4 / phi + 64 * EPS)
        bias = 0.5 * (1 - 2 * y)
        assert derivative == pytest.approx(bias, rel=10 / phi, abs=64 * EPS * phi)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_beta_of_a_mean_near_zero(link):
    """With a = phi mu near 0 the density is ``a (1 - y)^(phi - 1)/y``; d log a / d eta is that of log mu."""
    phi, y = 3.0, 0.3
    for eta in (-30.0, -40.0, -300.0, -700.0):
        log_mu, _, information_of_log_mu = ROWS["Bernoulli"][link](1.0, 1.0, eta, NONE)
        rise = ROWS["Bernoulli"][link](1.0, 1.0, eta, NONE)[1]
        value, derivative, information = ROWS["Beta"][link](y, 1.0, eta, np.array([phi]))
        expected = math.log(phi) + log_mu - math.log(y) + (phi - 1) * math.log1p(-y)
        assert value == pytest.approx(expected, rel=32 * EPS, abs=1e-11)
        assert derivative == pytest.approx(rise, rel=1e-10)
        assert information == pytest.approx(rise**2, rel=1e-10)
        assert information_of_log_mu >= 0
