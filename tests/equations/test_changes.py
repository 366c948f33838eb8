"""Lines replaced, effects left out, null models: each against the text written out."""

import pytest
from hypothesis import HealthCheck, given, settings
from spec_strategies import deep_specs, specs

from bayeshlm.equations import parse, render
from bayeshlm.equations.changes import updated
from bayeshlm.equations.leaving_out import without
from bayeshlm.equations.notations.formula_update import updated_formula
from bayeshlm.equations.null_model import null_spec
from bayeshlm.equations.spec_difference import spec_difference
from bayeshlm.errors import EquationError, OptionError

TWO = "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1"
APART = f"{TWO}; cov(u0, u1) = 0"
THREE = (
    "y = p0 + p1*t + e; p0 = b00 + b01*f + r0[child]; p1 = b10 + r1[child];"
    " b00 = g000 + g001*s + u00[school]; b10 = g100 + u10[school]"
)
WITHOUT_SCHOOLS = "y = p0 + p1*f + p2*s + p3*t + e; p0 = g000 + r0[child]; p1 = b01; p2 = g001; p3 = g100 + r1[child]"
WITHOUT_CHILDREN = (
    "y = p0 + p1*f + p2*s + p3*t + e; p0 = g000 + u00[school]; p1 = b01; p2 = g001; p3 = g100 + u10[school]"
)
FOUR = "y = p0 + e; p0 = b00 + r0; b00 = c000 + s00; c000 = g0000 + u000"
FOUR_NAMED = "y = p0 + e; p0 = b00 + r0[k]; b00 = c000 + s00[j]; c000 = g0000 + u000[i]"
CROSSED = "y = b0 + b1*x + e; b0 = g00 + u0[primary] + v0[secondary]; b1 = g10 + u1[primary]"
BINARY = "y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10"
COUNTS = "n ~ Poisson(mu); log(mu) = b0 + b1*x + offset(lt); b0 = g00 + u0; b1 = g10"
ORDERED = "y ~ Ordinal(p); logit(p) = b0 + b1*x; b0 = u0; b1 = g10"

UPDATES = {
    "line": (TWO, "b1 = g10", "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"),
    "greek": (TWO, "β_1j = γ_10", "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"),
    "added": (
        TWO,
        "y = b0 + b1*x + b2*z + r; b2 = g20",
        "y = b0 + b1*x + b2*z + r; b0 = g00 + g01*w + u0; b1 = g10 + u1; b2 = g20",
    ),
    "orphan": (TWO, "y = b0 + r", "y = b0 + r; b0 = g00 + g01*w + u0"),
    "covariance": (TWO, "cov(u0, u1) = 0", APART),
    "covariance stays": (APART, "b1 = g10 + g11*w + u1", f"{APART.replace('g10 +', 'g10 + g11*w +')}"),
    "covariance goes": (APART, "b1 = g10", "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"),
    "more zeros": (
        APART,
        "y = b0 + b1*x + b2*z + r; b2 = g20 + u2; cov(u0, u2) = 0; cov(u1, u2) = 0",
        "y = b0 + b1*x + b2*z + r; b0 = g00 + g01*w + u0; b1 = g10 + u1; b2 = g20 + u2; cov(u0, u1, u2) = 0",
    ),
    "grouping is that of the effect": (CROSSED, "b1 = g10 + g11*w + u1", CROSSED.replace("g10 +", "g10 + g11*w +")),
    "grouping is that of the line": (THREE, "p1 = b10 + b11*f + r1", THREE.replace("b10 +", "b10 + b11*f +")),
    "level 3": (THREE, "b10 = g100", THREE.replace(" + u10[school]", "")),
    "link": (BINARY, "probit(p) = b0 + b1*x", BINARY.replace("logit", "probit")),
    "predictor": (BINARY, "logit(p) = b0", "y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0"),
    "family": (COUNTS, "n ~ NegativeBinomial(mu)", COUNTS.replace("Poisson", "NegativeBinomial")),
    "to binary": (
        "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10",
        "y ~ Bernoulli(p); logit(p) = b0 + b1*x",
        BINARY,
    ),
    "to normal": (BINARY, "y = b0 + b1*x + r", "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"),
    "comment": (TWO, "b1 = g10  # no slope", "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"),
}


@pytest.mark.parametrize(("text", "change", "whole"), UPDATES.values(), ids=UPDATES)
def test_an_update_is_the_text_written_out(text, change, whole):
    assert updated(parse(text), change) == parse(whole)


@pytest.mark.parametrize(
    ("text", "change", "message", "quoted"),
    [
        (TWO, "b1 = g10 ++ u1", "line 1", "    b1 = g10 ++ u1\n              ^"),
        (TWO, "b1 = g10\nb2 = g20", "line 2", "    b2 = g20\n    ^^"),
        (TWO, "y = b0 + b1*x + b2*z + r", "has no level-2 line", "                    ^^"),
        (TWO, "b1 = g00", "`g00`", "    b1 = g00\n         ^^^"),
        (TWO, "  ", "holds no line", ""),
        (BINARY, "y ~ Poison(p)", "no distribution `Poison`", "    y ~ Poison(p)\n        ^^^^^^"),
    ],
)
def test_errors_quote_the_users_line(text, change, message, quoted):
    with pytest.raises(EquationError) as caught:
        updated(parse(text), change)
    assert message in str(caught.value)
    assert quoted in str(caught.value)


@pytest.mark.parametrize(
    ("text", "symbols", "whole"),
    [
        (TWO, ["u1"], "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"),
        (TWO, ["γ01"], "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"),
        (TWO, ["b1"], "y = b0 + r; b0 = g00 + g01*w + u0"),
        (TWO, ["g01", "b1"], "y = b0 + r; b0 = g00 + u0"),
        (APART, ["u1"], "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"),
        (THREE, ["b10", "r1"], None),
        (THREE, ["p1"], "y = p0 + e; p0 = b00 + b01*f + r0[child]; b00 = g000 + g001*s + u00[school]"),
        (THREE, ["u10"], THREE.replace(" + u10[school]", "")),
        (THREE, ["u00", "u10"], WITHOUT_SCHOOLS),
        (THREE, ["r0", "r1"], WITHOUT_CHILDREN),
        (FOUR_NAMED, ["s00"], "y = b0 + e; b0 = g0000 + r0[k] + u000[i]"),
        (FOUR_NAMED, ["u000", "r0"], "y = b0 + e; b0 = g0000 + s00[j]"),
        (CROSSED, ["v0"], "y = b0 + b1*x + e; b0 = g00 + u0[primary]; b1 = g10 + u1[primary]"),
        (COUNTS, ["b1"], "n ~ Poisson(mu); log(mu) = b0 + offset(lt); b0 = g00 + u0"),
        (ORDERED, ["b1"], "y ~ Ordinal(p); logit(p) = b0; b0 = u0"),
    ],
)
def test_what_is_left_is_the_text_written_out(text, symbols, whole):
    if whole is None:
        with pytest.raises(OptionError, match="the line of `p1` is empty"):
            without(parse(text), *symbols)
    else:
        assert without(parse(text), *symbols) == parse(whole)


@pytest.mark.parametrize(
    ("text", "symbols", "message"),
    [
        (TWO, ["u7"], "no symbol 'u7'; it has b0, b1, g00, g01, u0, g10, u1"),
        (TWO, ["x"], "'x' is a column, and an effect is named by its symbol: b1"),
        (TWO, ["u0", "u1"], "no random effect"),
        (TWO, ["b0", "g10"], "no fixed effect"),
        (TWO, ["b0", "b1"], "no random effect"),
        (TWO, ["r"], "belongs to the outcome's distribution"),
        (BINARY, ["p"], "belongs to the outcome's distribution"),
        (BINARY, ["g10"], "leave `b1` out as a whole"),
        (TWO, [], "name what is left out"),
        (TWO, [3], "A symbol is a text"),
        (THREE.replace("*t", "*cwc(t)"), ["u00", "u10"], "is taken over units"),
        (FOUR, ["s00"], "name the groupings of the others"),
    ],
)
def test_what_cannot_be_left_out_says_why(text, symbols, message):
    with pytest.raises(OptionError, match=message.replace("(", r"\(")):
        without(parse(text), *symbols)


@pytest.mark.parametrize(
    ("text", "null"),
    [
        (TWO, "y = b0 + r; b0 = g00 + u0"),
        ("y = b1*x + r; b1 = g10 + u1", "y = b0 + r; b0 = g000 + u0"),
        (THREE, "y = p0 + e; p0 = b00 + r0[child]; b00 = g000 + u00[school]"),
        (CROSSED, "y = b0 + e; b0 = g00 + u0[primary] + v0[secondary]"),
        (BINARY, "y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0"),
        (COUNTS, "n ~ Poisson(mu); log(mu) = b0 + offset(lt); b0 = g00 + u0"),
        (ORDERED, "y ~ Ordinal(p); logit(p) = b0; b0 = u0"),
    ],
)
def test_the_null_model_has_intercepts_alone(text, null):
    assert spec_difference(null_spec(parse(text)), parse(null)).same


@pytest.mark.parametrize(
    ("old", "change", "whole"),
    [
        ("y ~ x*w + (1 | g)", ". ~ . - x:w", "y ~ x + w + (1 | g)"),
        ("y ~ x + (1 | g)", "~ . + (0 + x | g)", "y ~ x + (1 | g) + (0 + x | g)"),
        ("y ~ x + (1 + x | g)", ". ~ . - (x | g) + (1 | g)", "y ~ x + (1 | g)"),
        ("y ~ x + (1 | g)", "~ .*w", "y ~ x*w + (1 | g)"),
        ("y ~ x + z + (1 | g)", "~ w", None),
        ("y ~ x + (1 | g)", "log_y ~ .", "log_y ~ x + (1 | g)"),
        ("n ~ x + offset(lt) + (1 | g), family = poisson", "~ . - x", "n ~ offset(lt) + (1 | g), family = poisson"),
        ("lmer(y ~ x + (1 | g), data = d)", "~ . + w", "y ~ x + w + (1 | g)"),
        ("y ~ x, random = ~ 1 | g", "~ . + w", "y ~ x + w, random = ~ 1 | g"),
    ],
)
def test_formulas_are_updated_as_in_r(old, change, whole):
    if whole is None:
        with pytest.raises(EquationError, match="no random effect"):
            updated_formula(old, change)
    else:
        assert updated_formula(old, change) == parse(whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [("~ . - q", "is no term before"), ("~ . - (1 | h)", "no such term to take out; it has `\\(1 | g\\)`")],
)
def test_an_update_of_a_formula_says_what_is_not_there(change, message):
    with pytest.raises(EquationError, match=message):
        updated_formula("y ~ x + (1 | g)", change)


def _removable(spec):
    for symbol in (*spec.random, *spec.fixed):
        try:
            yield symbol, without(spec, symbol)
        except OptionError:
            continue


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(specs())
def test_what_was_left_out_comes_back_with_its_line(spec):
    lines = dict(zip([line.coefficient for line in spec.equations], spec.equations, strict=True))
    written = render(spec).split("\n")
    for symbol, left in _removable(spec):
        coefficient = next(
            name
            for name, line in lines.items()
            if symbol in [term.symbol for term in line.fixed] + [one.symbol for one in line.random_effects]
        )
        line = next(text for text in written if text.startswith(f"{coefficient} = "))
        zeros = [text for text in written if text.startswith("cov(")]
        assert updated(left, "\n".join([line, *zeros])) == spec


@settings(database=None, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(deep_specs())
def test_a_model_does_not_differ_from_itself_and_contains_its_null_model(spec):
    assert spec_difference(spec, spec).changes == ()
    assert spec_difference(spec, spec).lines == ()
    null = null_spec(spec)
    assert null_spec(null) == null
    assert len(null.fixed) == 1
    assert null.groupings == spec.groupings
    assert spec_difference(null, spec).nested in ("first", None)
