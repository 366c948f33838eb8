"""Distributions of outcomes: lines with ``~``, links on the left of level 1, and what HLM prints for them."""

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.equations.distribution import NORMAL, Distribution
from bayeshlm.equations.product import Column
from bayeshlm.errors import EquationError
from bayeshlm.families import FAMILIES

LEVEL2 = "b0 = g00 + u0\nb1 = g10"
ARGUMENTS = {"Binomial": "n, p", "NegativeBinomial": "mu, phi", "Gamma": "mu, shape", "Beta": "mu, phi"}
ARGUMENTS |= {"StudentT": "mu, sigma, nu", "Ordinal": "eta", "Bernoulli": "p", "Poisson": "mu"}
LINKED = [(name, link) for name, family in FAMILIES.items() for link in family.links if name != "Normal"]


def text_of(name, link):
    """The model of an intercept and a slope under a distribution, as it is rendered."""
    location = ARGUMENTS[name].split(", ")[1 if name == "Binomial" else 0]
    left = location if link == FAMILIES[name].bare_link else f"{link}({location})"
    level2 = LEVEL2.replace("g00 + ", "") if name == "Ordinal" else LEVEL2
    return f"y ~ {name}({ARGUMENTS[name]})\n{left} = b0 + b1*x\n{level2}"


@pytest.mark.parametrize(("name", "link"), LINKED)
def test_every_distribution_is_read_and_written(name, link):
    text = text_of(name, link)
    spec = parse(text)
    symbols = tuple(one for one in ARGUMENTS[name].split(", ") if one != "n")
    assert spec.distribution == Distribution(name, link, symbols, Column("n") if name == "Binomial" else None)
    assert (spec.outcome, spec.residual, spec.coefficients) == (Column("y"), "", ("b0", "b1"))
    assert render(spec) == text
    assert parse(render(spec, "levels")) == spec
    assert render(spec, "combined").splitlines()[0] == text.splitlines()[0]
    for form in ("latex", "mathml"):
        assert name in render(spec, form)


def test_left_out_parameters_have_the_names_of_the_family():
    assert parse(text_of("NegativeBinomial", "log").replace(", phi", "")) == parse(text_of("NegativeBinomial", "log"))
    assert parse(text_of("StudentT", "identity").replace(", sigma, nu", "")) == parse(text_of("StudentT", "identity"))


def test_trials_may_be_one_number():
    spec = parse(text_of("Binomial", "probit").replace("n, p", "12, p"))
    assert spec.distribution.size == 12
    assert parse(render(spec)) == spec
    assert render(spec, "lme4", "g") == 'glmer(cbind(y, 12 - y) ~ x + (1 | g), family = binomial("probit"))'


def test_a_normal_distribution_that_is_written_out_is_the_default():
    spec = parse("y ~ Normal(mu, sigma)\nmu = b0 + b1*x\n" + LEVEL2)
    assert spec == parse("y = b0 + b1*x + r\n" + LEVEL2)
    assert (spec.distribution, spec.residual) == (NORMAL, "r")


@pytest.mark.parametrize(
    "text",
    [
        "Prob(Y=1|B) = P\nlog[P/(1-P)] = B0 + B1*(X)",
        "Prob(Y_ij=1|β_j) = φ_ij\nlog[φ_ij/(1 - φ_ij)] = η_ij\nη_ij = β_0j + β_1j*(X_ij)",
        "P(Y=1|B) = P\nlogit(P) = B0 + B1*X",
        "Level 1: Y ~ Bernoulli(P)\nlogit(P_ij) = B0 + B1*X",
    ],
)
def test_what_hlm_prints_of_binary_outcomes(text):
    spec = parse(f"{text}\nB0 = G00 + G01*(Z) + U0\nB1 = G10")
    assert spec.distribution.family, spec.distribution.link == ("Bernoulli", "logit")
    assert spec.outcome.name.removesuffix("_ij") == "Y"
    assert (spec.fixed, spec.random) == (("g00", "g01", "g10"), ("u0",))
    assert parse(render(spec)) == spec


def test_what_hlm_prints_of_counts():
    for text in ("E(Y|B) = L\nlog[L] = B0 + B1*X", "E(Y|B) = L\nlog[L] = ETA\nETA = B0 + B1*X"):
        spec = parse(f"{text}\n{LEVEL2}")
        assert spec.distribution == Distribution("Poisson", "log", ("l",))
        assert spec.coefficients == ("b0", "b1")


def test_an_intercept_alone_is_no_predictor_with_a_line_of_its_own():
    spec = parse("y ~ Poisson(mu)\nlog(mu) = b0\nb0 = g00 + g01*w + r0[child]\ng00 = h00 + u0[school]")
    assert spec.coefficients == ("b0",)
    assert spec.groupings == ("child", "school")


def test_random_effects_may_have_their_distributions_stated_as_before():
    spec = parse("y ~ Poisson(mu)\nlog(mu) = b0\nb0 = g00 + u0\nu0 ~ N(0, tau00)")
    assert spec.random == ("u0",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ Bernoulli(p)\nlogit(p) = b0 + r\nb0 = g00 + u0", "a Bernoulli outcome has no residual"),
        ("y ~ Bernoulli(p)\np = b0\nb0 = g00 + u0", r"`p` needs its link here: write `logit\(p\) = ...`"),
        ("y ~ Bernoulli(p)\nlog(p) = b0\nb0 = g00 + u0", r"a Bernoulli outcome has `logit\(p\) = ...`"),
        ("y ~ Bernoulli(p)\nfoo(p) = b0\nb0 = g00 + u0", "there is no link `foo`"),
        ("y ~ Bernouli(p)\nlogit(p) = b0\nb0 = g00 + u0", "there is no distribution `Bernouli`: there are Normal"),
        ("y ~ Logistic(p)\nlogit(p) = b0\nb0 = g00 + u0", r"called Bernoulli here: write `y ~ Bernoulli\(p\)`"),
        ("y ~ Binomial(p)\nlogit(p) = b0\nb0 = g00 + u0", r"write `Binomial\(n, p\)`"),
        ("y ~ Binomial(0, p)\nlogit(p) = b0\nb0 = g00 + u0", "a whole number above 0"),
        ("y ~ Poisson(mu, phi)\nlog(mu) = b0\nb0 = g00 + u0", r"is written `y ~ Poisson\(mu\)`"),
        ("y ~ Poisson(3)\nlog(mu) = b0\nb0 = g00 + u0", "a parameter of the distribution is estimated"),
        ("y ~ NegativeBinomial(mu, 2)\nlog(mu) = b0\nb0 = g00 + u0", "a symbol for it, not 2"),
        ("y ~ Ordinal(eta)\neta = b0\nb0 = g00 + u0", "cutpoints .* are the intercepts, and `g00` is one more"),
        ("y ~ Poisson(mu)\nb0 = g00 + u0", r"add its line, `log\(mu\) = b0 \+ b1\*x`"),
        ("logit(p) = b0\nb0 = g00 + u0", "of which outcome"),
        ("y ~ Poisson(mu)\nz ~ Poisson(mu)\nlog(mu) = b0\nb0 = g00 + u0", "the outcome has one distribution"),
        ("y ~ Poisson(mu)\nlog(mu) = b0 + mu*x\nb0 = g00 + u0", "the coefficient `mu`"),
        ("y ~ Poisson(g00)\nlog(g00) = b0\nb0 = g00 + u0", "elsewhere as a parameter of the distribution"),
    ],
)
def test_errors_name_the_place_and_what_to_write(text, message):
    with pytest.raises(EquationError, match=message) as caught:
        parse(text)
    assert "^" in str(caught.value)
