import numpy as np
import pymc as pm
import pytest
from scipy import stats
from scipy.integrate import quad

from bayeshlm.errors import PriorError
from bayeshlm.parameters.prior_families import (
    LKJ,
    Exponential,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    StudentT,
    Uniform,
)
from bayeshlm.parameters.prior_text import FAMILIES, parse_prior

IN_SCIPY = [
    (Normal(1, 2.5), stats.norm(1, 2.5)),
    (StudentT(3, -1, 2), stats.t(3, -1, 2)),
    (HalfNormal(2), stats.halfnorm(scale=2)),
    (HalfCauchy(0.5), stats.halfcauchy(scale=0.5)),
    (Exponential(4), stats.expon(scale=1 / 4)),
]
EXAMPLES = [family for family, _ in IN_SCIPY] + [HalfStudentT(3, 6.9)]


@pytest.mark.parametrize(("family", "expected"), IN_SCIPY)
def test_log_density_is_scipys(family, expected):
    x = np.array([0.01, 0.3, 1.0, 7.0])
    np.testing.assert_allclose(family.log_density(x), expected.logpdf(x), rtol=1e-12)


def test_half_student_t_is_twice_student_t():
    x = np.array([0.0, 0.3, 5.0])
    expected = np.log(2) + stats.t(3, 0, 6.9).logpdf(x)
    np.testing.assert_allclose(HalfStudentT(3, 6.9).log_density(x), expected, rtol=1e-12)


@pytest.mark.parametrize("family", EXAMPLES)
def test_log_density_is_that_of_the_pymc_variable_of_the_same_name(family):
    x = np.array([0.2, 3.0])
    parameters = {key: np.array(value) for key, value in family.parameters.items()}
    variable = getattr(pm, type(family).__name__).dist(**parameters)
    expected = pm.logp(variable, x).eval(mode="FAST_COMPILE")
    # PyMC takes the constants pi and 2 of its half-Cauchy in float32.
    np.testing.assert_allclose(family.log_density(x), expected, rtol=1e-7)


def test_lkj_density_of_two_effects_integrates_to_one():
    def density(rho):
        return np.exp(LKJ(2).log_density(np.array([[1, rho], [rho, 1]])))

    assert quad(density, -1, 1)[0] == pytest.approx(1, abs=1e-9)


def test_lkj_density_of_three_effects_is_the_product_of_beta_partial_correlations():
    # Lewandowski, Kurowicka & Joe (2009), section 2.4: the C-vine's partial correlations are independent
    # Beta(a, a) on (-1, 1); a = eta + (q - 2)/2 in the first tree and eta + (q - 3)/2 in the second.
    eta, r12, r13, partial = 1.7, 0.3, -0.5, 0.4
    r23 = r12 * r13 + partial * np.sqrt((1 - r12**2) * (1 - r13**2))
    corr = np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]])
    first, second = stats.beta(eta + 0.5, eta + 0.5, -1, 2), stats.beta(eta, eta, -1, 2)
    jacobian = -0.5 * (np.log(1 - r12**2) + np.log(1 - r13**2))
    expected = first.logpdf(r12) + first.logpdf(r13) + second.logpdf(partial) + jacobian
    assert LKJ(eta).log_density(corr) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("family", [*EXAMPLES, LKJ(2)])
def test_text_and_back(family):
    assert parse_prior(str(family)) == family


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Normal(0, 1)", Normal(0, 1)),
        (" Normal( 0 ,sigma = 2.5e-1 ) ", Normal(0, 0.25)),
        ("StudentT(nu=3, mu=-1, sigma=2)", StudentT(3, -1, 2)),
        ("HalfStudentT(sigma=2, nu=4)", HalfStudentT(4, 2)),
    ],
)
def test_prior_text(text, expected):
    assert parse_prior(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Normal", "not of the form"),
        ("Normal(0)", "lacks a parameter"),
        ("Normal(0, 1, 2)", "write Normal"),
        ("Normal(0, sd=1)", "write Normal"),
        ("Normal(mu=0, 1)", "by position after one by name"),
        ("Normal(0, -1)", "greater than 0"),
        ("Normal(0, x)", "not a number"),
        ("Normal(0, __import__('os'))", "not of the form"),
        ("Gamma(1, 1)", "unknown"),
        ("Normal(0, 1e999)", "finite"),
    ],
)
def test_wrong_prior_text(text, message):
    with pytest.raises(PriorError, match=message):
        parse_prior(text)


def test_every_family_is_offered():
    assert sorted(FAMILIES) == sorted({type(family).__name__ for family in [*EXAMPLES, LKJ(2), Uniform(0, 1)]})
