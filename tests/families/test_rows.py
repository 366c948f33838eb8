"""Rows against SciPy, their derivatives against differences, their machine code against Python."""

import math
import subprocess
import sys

import numpy as np
import pytest
from family_cases import CASES, INVERSE, LINKED, PREDICTORS, SIZE, at, scipy_distribution
from scipy import special

from bayeshlm.families import FAMILIES
from bayeshlm.likelihood.compiled_rows import compiled_row, compiled_slope

EPS = np.finfo(float).eps
EXTREME = (-1e5, -800.0, -700.0, -300.0, -40.0, -20.0, 20.0, 40.0, 300.0, 700.0, 800.0, 1e5)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_log_probability_is_scipys(case):
    for eta in PREDICTORS:
        distribution = scipy_distribution(case.family_name, at(case, eta), case.auxiliary)
        log_density = distribution.logpmf if case.family.discrete else distribution.logpdf
        for y in case.outcomes:
            expected = float(log_density(y))
            # SciPy's are differences of log gammas, of up to a few hundred here, or of values of F.
            error = 4 * EPS * np.exp(-expected) if case.family_name == "Ordinal" else 4096 * EPS
            assert case.row(y, eta)[0] == pytest.approx(expected, rel=64 * EPS, abs=error)


def central(function, x, scale):
    """The derivative by central differences of fourth order, and a bound of its error from two steps."""
    h = scale * EPS**0.2

    def difference(step):
        first, second = function(x + step) - function(x - step), function(x + 2 * step) - function(x - 2 * step)
        return (8 * first - second) / (12 * step)

    fine, coarse = difference(h), difference(2 * h)
    rounding = 20 * EPS * (1 + abs(function(x))) / h
    return fine, 2 * abs(fine - coarse) + rounding


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_derivative_is_that_of_the_log_probability(case):
    for eta in PREDICTORS:
        for y in case.outcomes:
            expected, error = central(lambda at, y=y: case.row(y, at)[0], eta, 1.0)
            assert case.row(y, eta)[1] == pytest.approx(expected, abs=error)
            assert error < 1e-6 * max(1.0, abs(expected))


@pytest.mark.parametrize("case", [case for case in CASES if case.auxiliary], ids=str)
def test_the_slope_is_the_derivative_in_the_auxiliary_parameters(case):
    row = case.family.rows[case.link]
    gaps = np.diff(case.auxiliary) if case.family_name == "Ordinal" else ()
    for eta in PREDICTORS:
        for y in case.outcomes:
            slope = case.slope(y, eta, 0.7)
            for k, value in enumerate(case.auxiliary):

                def along(at, k=k, y=y, eta=eta):
                    moved = case.array
                    moved[k] = at
                    return row(float(y), SIZE, eta, moved)[0]

                scale = min([abs(value), 1.0, *gaps])
                expected, error = central(along, value, scale / 4)
                assert slope[k] / 0.7 == pytest.approx(expected, abs=error + 8 * EPS * abs(expected))
                assert error < 1e-5 * max(1.0, abs(expected), 1 / scale)


def test_a_slope_adds_to_what_is_there():
    slope = np.array([1.0, 2.0])
    FAMILIES["Ordinal"].row_slope["logit"](1.0, 1.0, 0.3, np.array([-1.0, 1.0]), 0.0, slope)
    assert slope.tolist() == [1.0, 2.0]


def expectation(case, eta, function):
    """Expected value of a function of the outcome, by the sum over counts or by quadrature between quantiles."""
    distribution = scipy_distribution(case.family_name, at(case, eta), case.auxiliary)
    if case.family.discrete:
        y = np.arange(int(distribution.ppf(1 - 1e-15)) + 200)
        mass = distribution.pmf(y)
    else:
        # P(Y <= y) as the logistic of v, in which the trapezoidal rule converges geometrically.
        v = np.linspace(-35, 35, 1401)
        lower, upper = special.expit(v), special.expit(-v)
        y = np.where(v < 0, distribution.ppf(lower), distribution.isf(upper))
        mass = lower * upper * (v[1] - v[0])
    return math.fsum(m * function(value) for m, value in zip(mass, y, strict=True) if m > 0)


OBSERVED = [case for case in CASES if case.family_name in ("Ordinal", "StudentT")]
EXPECTED = [case for case in CASES if case.family_name != "Beta" and case not in OBSERVED]


@pytest.mark.parametrize("case", EXPECTED, ids=str)
def test_the_information_is_the_expected_square_of_the_derivative(case):
    for eta in (-1.0, 0.3, 1.2):
        information = case.row(case.outcomes[0], eta)[2]
        assert all(case.row(y, eta)[2] == information for y in case.outcomes)
        found = expectation(case, eta, lambda y, eta=eta: case.row(y, eta)[1] ** 2)
        assert found == pytest.approx(information, rel=1e-8)


@pytest.mark.parametrize("case", [case for case in CASES if case.family_name == "Beta"], ids=str)
def test_the_information_of_a_share_is_that_about_its_mean(case):
    """The score is ``phi mu' (logit(y) - E logit(y))``; doubles end too early before 1 for an integral over y."""
    phi, t = case.auxiliary[0], np.linspace(-900, 900, 600_001)
    for eta in (-1.0, 0.3, 0.9):
        mu, slope = at(case, eta), central(INVERSE[case.link], eta, 1.0)[0]
        a, b = phi * mu, phi * (1 - mu)
        density = np.exp(a * special.log_expit(t) + b * special.log_expit(-t) - special.betaln(a, b)) * (t[1] - t[0])
        assert density.sum() == pytest.approx(1, rel=1e-9)
        mean = density @ t
        assert case.row(0.3, eta)[1] == pytest.approx(phi * slope * (special.logit(0.3) - mean), rel=1e-8)
        assert case.row(0.3, eta)[2] == pytest.approx((phi * slope) ** 2 * (density @ (t - mean) ** 2), rel=1e-8)


@pytest.mark.parametrize("case", OBSERVED, ids=str)
def test_the_information_of_others_is_minus_the_second_derivative_but_never_negative(case):
    for eta in PREDICTORS:
        for y in case.outcomes:
            expected, error = central(lambda at, y=y: case.row(y, at)[1], eta, 1.0)
            assert case.row(y, eta)[2] == pytest.approx(max(-expected, 0.0), abs=error)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_breaks_at_any_predictor(case):
    for eta in (*EXTREME, *np.linspace(-60, 60, 97)):
        for y in case.outcomes:
            value, derivative, information = case.row(y, float(eta))
            assert not math.isnan(value)
            assert value < math.inf
            assert not math.isnan(derivative)
            assert information >= 0
            if abs(eta) <= 700 and case.link != "cloglog":
                assert math.isfinite(value)
                assert math.isfinite(derivative)


@pytest.mark.parametrize(("name", "link"), LINKED)
def test_machine_code_gives_what_python_gives(name, link):
    row, slope = compiled_row(name, link), compiled_slope(name, link)
    for case in CASES:
        if (case.family_name, case.link) != (name, link):
            continue
        for eta in (*PREDICTORS, *EXTREME):
            for y in case.outcomes:
                expected = case.row(y, eta)
                # exp and log of the two differ by a unit in the last place, log gamma cancels in a sum.
                np.testing.assert_allclose(row(float(y), SIZE, eta, case.array), expected, 256 * EPS, 256 * EPS)
                found = np.zeros(len(case.auxiliary))
                slope(float(y), SIZE, eta, case.array, 0.7, found)
                if case.auxiliary and abs(eta) < 700:
                    np.testing.assert_allclose(found, case.slope(y, eta, 0.7), 1024 * EPS, 256 * EPS)


def test_a_compiled_row_is_made_once_and_inlined():
    assert compiled_row("Poisson", "log") is compiled_row("Poisson", "log")
    assert compiled_row("Bernoulli", "logit") is not compiled_row("Binomial", "logit")
    assert compiled_row("Beta", "probit").targetoptions["forceinline"] is True


def test_families_without_auxiliary_parameters_have_a_slope_of_nothing():
    nothing = np.zeros(0)
    assert compiled_slope("Poisson", "log")(1.0, 1.0, 0.3, nothing, 1.0, nothing) is None


def test_importing_the_families_imports_the_standard_library_only():
    code = "import bayeshlm.families, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "scipy", "numba"} & set(loaded)
