"""Combined equations, read without data."""

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.errors import EquationError

HLM = "y = g00 + g01*w + g10*x + g11*w*x + u0 + u1*x + r"


def test_terms_stand_in_level_1_with_the_symbols_of_the_text():
    spec = parse(HLM)
    assert spec.written == "combined"
    assert (spec.fixed, spec.random, spec.residual) == (("g00", "g01", "g10", "g11"), ("u0", "u1"), "r")
    assert render(spec).splitlines() == [
        "y = b0 + b1*w + b2*x + b3*w*x + r",
        "b0 = g00 + u0",
        "b1 = g01",
        "b2 = g10 + u1",
        "b3 = g11",
    ]
    assert parse(render(spec)) == spec


@pytest.mark.parametrize(
    ("text", "groupings", "random"),
    [
        (HLM, (None,), ("u0", "u1")),
        (HLM.replace("u0", "u0[school]").replace("u1", "u1[school]"), ("school",), ("u0", "u1")),
        ("y = g0 + g1*x + u0[a] + v0[b] + e", ("a", "b"), ("u0", "v0")),
        ("y = g0 + u0[a:b] + v0[a]*x + e", ("a:b", "a"), ("u0", "v0")),
        ("y = b0 + v + e", (None,), ("v",)),
        ("Y_ij = γ_00 + γ_10*X_ij + U_0j + U_1j*X_ij + ε_ij", (None,), ("u0", "u1")),
        ("y = g00 + g10*x + offset(log(n)) + u0 + r", (None,), ("u0",)),
        ("y ~ Poisson(mu); log(mu) = g00 + g10*x + u0", (None,), ("u0",)),
        ("y ~ Bernoulli(p)\nlogit(p) = g00 + g10*cwc(x) + u0[g]", ("g",), ("u0",)),
        ("y ~ Normal(mu, sigma); mu = g00 + g10*x + u0", (None,), ("u0",)),
        ("y = g00 + g10*x + u0 + r\nr ~ N(0, sigma^2)\nu0 ~ N(0, tau^2)", (None,), ("u0",)),
    ],
)
def test_random_effects_and_groupings(text, groupings, random):
    spec = parse(text)
    assert (spec.written, spec.groupings, spec.random) == ("combined", groupings, random)
    assert parse(render(spec)) == spec


def test_sentences_center_columns():
    spec = parse(f"{HLM}\nx has been centered around the group mean.\nw has been centered around the grand mean.")
    assert render(spec).splitlines()[0] == "y = b0 + b1*cgm(w) + b2*cwc(x) + b3*cgm(w)*cwc(x) + r"


def test_covariances_may_be_zero():
    assert parse(HLM).blocks == (("u0", "u1"),)
    assert parse(f"{HLM}; cov(u0, u1) = 0").blocks == (("u0",), ("u1",))


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        ("y = g00 + g10*x + «g10»*z + u0 + r", "`g10` stands twice"),
        ("y = g00 + g10*x + u0 + «u0»", "`u0` stands twice"),
        ("y = g00 + u0*x + «u0»", "`u0` stands twice"),
        ("y = g00 + g10*x + u0 + «g10»", "`g10` stands twice"),
        ("y ~ Gamma(mu, shape); log(mu) = g00 + «shape»*x + u0", "`shape` stands twice"),
        ("y = g00 + «sigma»*x + u0 + r", "`sigma` is the name of a prior"),
        ("y = g00 + g10*x + «tau_u0» + r", "`tau_u0` is the name of a prior"),
        ("y = g00 + g10*x + «g20*x» + u0 + r", "this term stands twice"),
        (
            "y = g00 + «r0» + g10*x + u0 + e",
            r"`r0` looks like a random effect and names no grouping: write `r0\[school\]`",
        ),
        ("y = g00 + g10*x + «u0» + v0[b] + r", r"write `u0\[school\]`"),
        ("y = g00 + g10*x + u0[school]«»", "ends with its residual: add `\\+ r`"),
        ("y = g00 + g10*x + u0[school]«;» cov(u0, u1) = 0", "ends with its residual: add `\\+ r`"),
        ("y = g00 + u0 + r; cov(u0, «u1») = 0", "`u1` is not a random effect"),
        ("y ~ Ordinal(eta); eta = «g00» + g10*x + u0", "the cutpoints between categories are the intercepts"),
        ("y = g00 + u0[a] + «v0[a]» + r", "has this random effect twice"),
    ],
)
def test_errors_of_a_combined_equation(marked, says):
    with pytest.raises(EquationError, match=says) as caught:
        parse(marked.replace("«", "").replace("»", ""))
    _, quoted, carets = str(caught.value).split("\n")[:3]
    place = marked[marked.index("«") + 1 : marked.index("»")]
    assert carets.strip() == "^" * max(len(place), 1)
    assert quoted[carets.index("^") :].startswith(place)


def test_a_last_slope_of_another_name_is_no_random_effect():
    with pytest.raises(EquationError, match="no random effect ends this equation, so it is an ordinary regression"):
        parse("y = g00 + g10*x + slope*z + r", notation="combined")
    assert parse("y = g00 + g10*x + u1*x + r").random == ("u1",)


def test_several_equations_are_no_combined_one():
    with pytest.raises(EquationError, match="a combined equation is one equation, and this text has 2"):
        parse("y = b0 + r; b0 = g00 + u0", notation="combined")
    with pytest.raises(EquationError, match="no random effect ends this equation"):
        parse("y = b0 + b1*x + r", notation="combined")
