"""MLwiN's equations window: what it says, and where that leads which is not read."""

import pytest
from marked_places import check_error

from bayeshlm.equations import parse, render
from bayeshlm.equations.notations.mlwin import is_mlwin
from bayeshlm.errors import EquationError

WINDOW = """normexam_ij ~ N(XB, Ω)
normexam_ij = β_0ij cons + β_1j standlrt_ij
β_0ij = β_0 + u_0j + e_0ij
β_1j = β_1 + u_1j
"""
EXPECTED = ["normexam_ij = b0 + b1*standlrt_ij + r", "b0 = g00 + u0", "b1 = g10 + u1"]
BINARY = "use_ij ~ {}\n{} = β_0j cons + β_1 age_ij\nβ_0j = β_0 + u_0j"


def lines(text):
    return render(parse(text)).splitlines()


@pytest.mark.parametrize(
    "text",
    [
        WINDOW,
        WINDOW.replace("β", "beta"),
        WINDOW.replace("cons ", "* cons_ij").replace("standlrt", "* standlrt"),
        WINDOW.replace("β_0ij cons", "β_0ij"),
        WINDOW.replace(" + β_1j", "\n   + β_1j"),
        WINDOW.replace("β_0 +", "-0.012(0.040) +").replace("β_1 +", "0.557(0.020) +"),
        WINDOW + "[u_0j, u_1j]^T ~ N(0, Ω_u): Ω_u = [σ²_u0\n  σ_u01 σ²_u1]\n[e_0ij] ~ N(0, Ω_e)",
        WINDOW + "-2*loglikelihood(IGLS Deviance) = 9316.870(4059 of 4059 cases in use)",
        WINDOW.replace("normexam_ij ~ N(XB, Ω)\n", ""),
        WINDOW.replace("\n", "\r\n"),
    ],
)
def test_forms_of_the_window(text):
    assert lines(text) == EXPECTED
    assert parse(text).groupings == (None,)


def test_subscripts_as_characters():
    lowered = str.maketrans("01ij", "₀₁ᵢⱼ")
    symbols = WINDOW.replace("normexam_ij", "normexam").replace("standlrt_ij", "standlrt")
    text = "\n".join(
        "".join(part.translate(lowered) if part[:1] in "01" else part for part in line.split("_"))
        for line in symbols.splitlines()
    )
    assert "β₀ᵢⱼ = β₀ + u₀ⱼ + e₀ᵢⱼ" in text
    assert lines(text) == [line.replace("_ij", "") for line in EXPECTED]
    assert lines(text.replace("β₁ⱼ standlrt", "β₁ⱼstandlrt")) == [line.replace("_ij", "") for line in EXPECTED]


@pytest.mark.parametrize(
    ("matrix", "zero"),
    [
        ("[0.09(0.02) ; 0.018(0.007) 0.015(0.004)]", False),
        ("[0.09(0.02) ; 0 0.015(0.004)]", True),
        ("[σ²_u0\n 0 σ²_u1]", True),
    ],
)
def test_a_covariance_of_zero(matrix, zero):
    assert ("cov(u0, u1) = 0" in lines(f"{WINDOW}[u_0j u_1j] ~ N(0, Ω_u): Ω_u = {matrix}")) == zero


def test_three_levels_have_their_groupings_from_the_inside_out():
    spec = parse("y_ijk = β_0ijk + β_1k x_ijk\nβ_0ijk = β_0 + v_0k + u_0jk + e_0ijk\nβ_1k = β_1 + v_1k")
    assert spec.groupings == (None, None)
    assert spec.blocks_by_grouping == ((("u0",),), (("v0", "v1"),))


@pytest.mark.parametrize(
    ("family", "left", "expected"),
    [
        ("Binomial(cons_ij, π_ij)", "logit(π_ij)", ["use_ij ~ Bernoulli(p)", "logit(p) = b0 + b1*age_ij"]),
        ("Binomial(n_ij, π_ij)", "probit(π_ij)", ["use_ij ~ Binomial(n_ij, p)", "probit(p) = b0 + b1*age_ij"]),
        ("Bin(1, π_ij)", "cloglog(π_ij)", ["use_ij ~ Bernoulli(p)", "cloglog(p) = b0 + b1*age_ij"]),
        ("Poisson(π_ij)", "log(π_ij)", ["use_ij ~ Poisson(mu)", "log(mu) = b0 + b1*age_ij"]),
        ("Negbin(π_ij, ν)", "ln(π_ij)", ["use_ij ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*age_ij"]),
    ],
)
def test_distributions(family, left, expected):
    assert lines(BINARY.format(family, left))[:2] == expected


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        (WINDOW.replace("β_1 + u_1j", "β_1 + u_1j + «e_1ij»"), "one variance of level 1 is estimated"),
        (WINDOW.replace("β_1j standlrt", "«β_2j standlrt_ij» + β_1j x"), "this coefficient varies and has no line"),
        (WINDOW + "«β_2j = β_2 + u_2j»", "does not stand in the equation of the outcome"),
        (WINDOW + "«β_1j = β_1 + u_2j»", "has two lines"),
        (WINDOW.replace("u_1j", "«u_0j»"), "`u0` stands twice"),
        (WINDOW.replace(" + e_0ij", "").replace("normexam_ij =", "«normexam_ij» ="), "add `+ e_0ij`"),
        (WINDOW.replace("u_1j", "«f_1ij»"), "this varies over rows"),
        (WINDOW.replace("u_0j + ", "").replace(" + u_1j", "").replace("normexam_ij =", "«normexam_ij» ="),
         "no random effect"),
        (WINDOW.replace("β_1 +", "β_1 + «β_2 x_j» +"), "columns stand in the equation of the outcome"),
        (WINDOW.replace("standlrt_ij", "standlrt_ij «standlrt_ij»"), "a `+` is missing"),
        (WINDOW.replace("u_0j", "«sqrt(x) »"), "this is no term of MLwiN's equations"),
        (WINDOW + "«p(β_0) ∝ 1»", "priors are given as priors="),
        (WINDOW + "«hello»", "this line of MLwiN's window is not read"),
        (WINDOW + "«x_ij = β_0 cons»", "a model has one outcome"),
        (WINDOW + "«[u_0j u_1j] ~ N(0, Ω_u): Ω_u = [0 0 0 0]»", "this matrix cannot be read"),
        (WINDOW + "«[u_0j u_1j] ~ N(0, Ω_u): Ω_u = [1.0 ; 0.2 0]»", "a variance that is zero is no random effect"),
        (BINARY.format("Binomial(cons, π_ij)", "logit(π_ij)") + " + «e_0ij»", "has no residual"),
        (BINARY.format("Binomial(cons, π_ij)", "«log»(π_ij)"), "there is no link `log`"),
    ],
)  # fmt: skip
def test_errors_point_into_the_window(marked, says):
    check_error(marked, says, "mlwin")


def test_what_lacks_an_equation():
    with pytest.raises(EquationError, match="the equation of the outcome is missing"):
        parse("y_ij ~ N(XB, Ω)")
    with pytest.raises(EquationError, match="the equation of its parameter is missing"):
        parse("y_ij ~ Poisson(π_ij)\ny_ij = β_0j\nβ_0j = β_0 + u_0j", "mlwin")
    with pytest.raises(EquationError, match="add `y_ij ~ Binomial"):
        parse("logit(π_ij) = β_0j\nβ_0j = β_0 + u_0j", "mlwin")
    with pytest.raises(EquationError, match="the text has 100,001 characters"):
        parse("x" * 100_001, "mlwin")


def test_what_is_no_window_of_mlwin():
    for text in ("y_ij = β_0j + r_ij; β_0j = γ_00 + u_0j", "y ~ N(mu, sigma); mu = b0; b0 = g00 + u0", "b0 = b1*x + u"):
        assert not is_mlwin(text)
