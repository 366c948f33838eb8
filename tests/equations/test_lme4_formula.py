import pytest

from bayeshlm.equations import parse, render


def lme4(text, group=None):
    return render(parse(text), "lme4", group)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("x", "x"),
        ("x*z", "x:z"),
        ("x*x", "I(x^2)"),
        ("x*x*z", "I(x^2):z"),
        ("cwc(x)*cwc(x)", "I(I(x - ave(x, school))^2)"),
        ("cwc(x*z)", "I(x * z - ave(x * z, school))"),
        ("cwc(log(x))", "I(log(x) - ave(log(x), school))"),
        ("cgm(x)", "I(x - mean(x))"),
        ("log(cgm(x)*z)", "log((x - mean(x)) * z)"),
        ("log(scale(x))", "log(c(scale(x)))"),
        ("mean(x)", "ave(x, school)"),
        ("scale(x)", "scale(x)"),
        ("exp(x)*sqrt(z)", "exp(x):sqrt(z)"),
        ("C(x)", "factor(x)"),
        ('C(x, ref="a\\b")', 'relevel(factor(x), ref = "a\\\\b")'),
        ("C(x, ref=3.0)", 'relevel(factor(x), ref = "3")'),
        ("C(x, sum)", "C(factor(x), sum)"),
        ("C(x, last)", "C(factor(x), contr.SAS)"),
        ("poly(x, 2)", "poly(x, 2)"),
        ("poly(x, 2, raw=True)", "poly(x, 2, raw = TRUE)"),
        ("bs(x, df=4, degree=2)", "splines::bs(x, df = 4, degree = 2)"),
        ("`odd name`", "`odd name`"),
        ("`a``b\\`", "`a\\`b\\\\`"),
        ("`if`", "`if`"),
        ("_x", "`_x`"),
        ("`.2`", "`.2`"),
        ("größe", "`größe`"),
        ("IQ.ver", "IQ.ver"),
        (
            "cwc(C(x))",
            "apply(model.matrix(~ factor(x))[, -1, drop = FALSE], 2, function(x) x - ave(x, school))",
        ),
    ],
)
def test_level_1_expressions(expression, code):
    text = f"y = b0 + b1*{expression} + r; b0 = g00 + u0; b1 = g10"
    assert lme4(text, "school") == f"y ~ {code} + (1 | school)"


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("cgm(w)", "I(w - mean(tapply(w, school, mean)))"),
        ("scale(w)", "I((w - mean(tapply(w, school, mean))) / sd(tapply(w, school, mean)))"),
        ("mean(x)", "ave(x, school)"),
        ("mean(cgm(x))", "ave(x - mean(x), school)"),
        ("cgm(mean(x))", "I(ave(x, school) - mean(tapply(ave(x, school), school, mean)))"),
        ("poly(w, 2)", "predict(poly(c(tapply(w, school, mean)), 2), w)"),
        ("poly(w, 2, raw=True)", "poly(w, 2, raw = TRUE)"),
        ("bs(w, df=4)", "predict(splines::bs(c(tapply(w, school, mean)), df = 4), w)"),
        ("w*C(v)", "w:model.matrix(~ factor(v))[, -1, drop = FALSE]"),
        ("mean(C(v))", "apply(model.matrix(~ factor(v))[, -1, drop = FALSE], 2, function(x) ave(x, school))"),
    ],
)
def test_level_2_expressions_have_one_value_a_group(expression, code):
    assert lme4(f"y = b0 + r; b0 = g00 + g01*{expression} + u0[school]") == f"y ~ {code} + (1 | school)"


SLOPES = "y = b0 + b1*x + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2;"


@pytest.mark.parametrize(
    ("text", "random"),
    [
        (SLOPES, "(1 + x + z | school)"),
        (SLOPES + "cov(u0, u1, u2) = 0", "(1 + x + z || school)"),
        (SLOPES + "cov(u0, u1) = 0; cov(u0, u2) = 0", "(1 | school) + (0 + x + z | school)"),
        (SLOPES + "cov(u1, u0) = 0; cov(u1, u2) = 0", "(1 + z | school) + (0 + x | school)"),
        (SLOPES.replace("g00 + u0", "g00"), "(0 + x + z | school)"),
        (SLOPES.replace("g00 + u0", "g00") + "cov(u1, u2) = 0", "(0 + x + z || school)"),
        (SLOPES.replace("*x", "*x*z"), "(1 + x:z + z | school)"),
    ],
)
def test_random_part(text, random):
    assert lme4(text, "school").split(" + ", 2)[2] == random


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("y = b0 + r; b0 = g01*w + u0", "y ~ 0 + w + (1 | group)"),
        ("y = b1*x + r; b1 = g10 + u1", "y ~ 0 + x + (0 + x | group)"),
        ("y = b0 + offset(log(n)) + r; b0 = g00 + u0", "y ~ 1 + offset(log(n)) + (1 | group)"),
        ("`my y` = b0 + r; b0 = g00 + u0[`my group`]", "`my y` ~ 1 + (1 | `my group`)"),
        (
            "y = b0 + b1*C(x) + r; b0 = g00 + g01*w + u0; b1 = g10 + g11*w + u1",
            "y ~ w + factor(x) + w:factor(x) + (1 + factor(x) | group)",
        ),
    ],
)
def test_formulas(text, formula):
    assert lme4(text) == formula


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        (  # contrasts although the intercept has a bar of its own
            "y = b0 + b1*C(x) + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
            "y ~ factor(x) + (1 | group) + (0 + model.matrix(~ factor(x))[, -1, drop = FALSE] | group)",
        ),
        (  # contrasts although x has no main effect
            "y = b0 + b1*C(x) + r; b0 = g00 + g01*w + u0; b1 = g11*w",
            "y ~ w + w:factor(x) + (1 | group)",
        ),
        (
            "y = b0 + b1*C(x) + r; b0 = g00 + u0; b1 = g11*w",
            "y ~ w:model.matrix(~ factor(x))[, -1, drop = FALSE] + (1 | group)",
        ),
        (  # a column for every level in a line without a constant, as in R
            "y = b1*C(x) + r; b1 = g10 + u1",
            "y ~ 0 + factor(x) + (0 + factor(x) | group)",
        ),
        (
            "y = b1*C(x) + r; b1 = g10 + g11*w + u1",
            "y ~ 0 + factor(x) + w:factor(x) + (0 + factor(x) | group)",
        ),
        (  # every level although w has a main effect
            "y = b1*C(x) + b2*w + r; b1 = g10 + g11*w + u1; b2 = g20",
            "y ~ 0 + factor(x) + w:model.matrix(~ 0 + factor(x)) + w + (0 + factor(x) | group)",
        ),
        (
            "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g11*C(w)",
            "y ~ factor(w):x + (1 | group)",
        ),
        (
            "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + g11*C(w)",
            "y ~ x + factor(w):x + (1 | group)",
        ),
    ],
)
def test_categories_have_the_columns_of_the_level_equations(text, formula):
    assert lme4(text) == formula
