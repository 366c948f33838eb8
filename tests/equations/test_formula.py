"""Formulas, read without data: what they say in level 1."""

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.errors import EquationError, OptionError


def levels(formula, **options):
    return [line.strip() for line in render(parse(formula, **options)).splitlines()]


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("x", "b0 + b1*x"),
        ("1 + x", "b0 + b1*x"),
        ("x + 1", "b0 + b1*x"),
        ("0 + x", "b0 + b1*x"),
        ("x + w", "b0 + b1*x + b2*w"),
        ("x*w", "b0 + b1*x + b2*w + b3*x*w"),
        ("x:w", "b0 + b1*x*w"),
        ("x*w + z", "b0 + b1*x + b2*w + b3*z + b4*x*w"),  # main effects first, as in R
        ("(x + w)*z", "b0 + b1*x + b2*w + b3*z + b4*x*z + b5*w*z"),
        ("(x + w + z)^2", "b0 + b1*x + b2*w + b3*z + b4*x*w + b5*x*z + b6*w*z"),
        ("(x + w)**2", "b0 + b1*x + b2*w + b3*x*w"),
        ("x*w - w", "b0 + b1*x + b2*x*w"),
        ("x/w", "b0 + b1*x + b2*x*w"),
        ("x:x", "b0 + b1*x"),
        ("x + x", "b0 + b1*x"),
        ("x:w + w:x", "b0 + b1*x*w"),
        ("I(x^2)", "b0 + b1*x*x"),
        ("I(x)", "b0 + b1*x"),
        ("I(x * w)", "b0 + b1*x*w"),
        ("I(x - mean(x))", "b0 + b1*cgm(x)"),
        ("I(x - ave(x, g))", "b0 + b1*cwc(x)"),
        ("ave(x, g)", "b0 + b1*mean(x)"),
        ("cwc(x) + mean(x)", "b0 + b1*cwc(x) + b2*mean(x)"),
        ("cgm(x)*cwc(w)", "b0 + b1*cgm(x) + b2*cwc(w) + b3*cgm(x)*cwc(w)"),
        ("center(x) + standardize(w)", "b0 + b1*cgm(x) + b2*scale(w)"),
        ("scale(x) + scale(w, scale = FALSE)", "b0 + b1*scale(x) + b2*cgm(w)"),
        ("poly(x, 2)", "b0 + b1*poly(x, 2)"),
        ("poly(x, degree = 2, raw = TRUE)", "b0 + b1*poly(x, 2, raw=True)"),
        ("splines::bs(x, df = 4)", "b0 + b1*bs(x, df=4)"),
        ("log(x) + sqrt(w) + exp(z)", "b0 + b1*log(x) + b2*sqrt(w) + b3*exp(z)"),
        ("np.log(x)", "b0 + b1*log(x)"),
        ("log(x*w)", "b0 + b1*log(x*w)"),
        ("factor(x)", "b0 + b1*C(x)"),
        ("as.factor(x)", "b0 + b1*C(x)"),
        ("C(x)", "b0 + b1*C(x)"),
        ("C(x, sum)", "b0 + b1*C(x, sum)"),
        ("C(factor(x), contr.sum)", "b0 + b1*C(x, sum)"),
        ("C(x, Sum)", "b0 + b1*C(x, sum)"),
        ('C(x, Treatment("a"))', 'b0 + b1*C(x, ref="a")'),
        ('C(x, Treatment(reference="a"))', 'b0 + b1*C(x, ref="a")'),
        ('relevel(factor(x), ref = "a")', 'b0 + b1*C(x, ref="a")'),
        ("`odd name` + `u0`", "b0 + b1*`odd name` + b2*`u0`"),
        ("x.1", "b0 + b1*x.1"),
        ("x + offset(log(n))", "b0 + b1*x + offset(log(n))"),
        ("x  # a comment\n  + w", "b0 + b1*x + b2*w"),
    ],
)
def test_right_sides(right, expected):
    first, *rest = levels(f"y ~ (1 | g) + {right}")
    assert first == f"y = {expected} + r"
    assert rest[0] == ("b0 = u0[g]" if right == "0 + x" else "b0 = g00 + u0[g]")


@pytest.mark.parametrize(
    ("bars", "lines"),
    [
        ("(1 | g)", ["b0 = g00 + u0[g]", "b1 = g10"]),
        ("(x | g)", ["b0 = g00 + u0[g]", "b1 = g10 + u1[g]"]),
        ("(1 + x | g)", ["b0 = g00 + u0[g]", "b1 = g10 + u1[g]"]),
        ("(1 + x || g)", ["b0 = g00 + u0[g]", "b1 = g10 + u1[g]", "cov(u0, u1) = 0"]),
        ("(1 | g) + (0 + x | g)", ["b0 = g00 + u0[g]", "b1 = g10 + u1[g]", "cov(u0, u1) = 0"]),
        ("(0 + x | g)", ["b0 = g00", "b1 = g10 + u1[g]"]),
        ("(x - 1 | g)", ["b0 = g00", "b1 = g10 + u1[g]"]),
        ("(-1 + x | g)", ["b0 = g00", "b1 = g10 + u1[g]"]),
        ("(1 | g) + (1 | h)", ["b0 = g00 + u0[g] + v0[h]", "b1 = g10"]),
        ("(1 | g:h)", ["b0 = g00 + u0[g:h]", "b1 = g10"]),
        ("(1 | g/h)", ["b0 = g00 + u0[g:h] + v0[g]", "b1 = g10"]),
        ("(1 | g/h/i)", ["b0 = g00 + u0[g:h:i] + v0[g:h] + w0[g]", "b1 = g10"]),
        ("(1 | g) + (1 | h) + (1 | g:h)", ["b0 = g00 + u0[g] + v0[h] + w0[g:h]", "b1 = g10"]),
        ("(1 | factor(g))", ["b0 = g00 + u0[g]", "b1 = g10"]),
        ("(1 | `a b`)", ["b0 = g00 + u0[`a b`]", "b1 = g10"]),
        ("(1 + w | g)", ["b0 = g00 + u0[g]", "b1 = g10", "b2 = u2[g]"]),
    ],
)
def test_random_terms(bars, lines):
    assert levels(f"y ~ x + {bars}")[1:] == lines


def test_random_terms_of_nlme():
    assert parse("y ~ x, random = ~ 1 + x | g") == parse("y ~ x + (1 + x | g)")
    assert parse("y ~ x,\n  random = ~ 1 | g/h") == parse("y ~ x + (1 | g/h)")
    assert parse("lme(y ~ x, data = d, random = ~ x | g, method = 'ML')") == parse("y ~ x + (x | g)")
    assert parse("lme(fixed = y ~ x, random = ~ x | g)") == parse("y ~ x + (x | g)")
    assert parse("y ~ x, random = list(g = ~ x)") == parse("y ~ x + (x | g)")
    assert parse("y ~ x, random = list(g = ~ 1, h = ~ 0 + x)") == parse("y ~ x + (0 + x | g:h) + (1 | g)")
    assert parse("y ~ x,\n random = list(\n g = ~ 1,\n h = pdDiag(~ x)\n)") == parse("y ~ x + (x || g:h) + (1 | g)")
    blocks = "pdBlocked(list(pdSymm(~ 1), ~ 0 + x + z))"
    assert parse(f"y ~ x, random = list(g = {blocks})") == parse("y ~ x + (1 | g) + (0 + x + z | g)")


def test_calls_of_brms():
    assert parse("brm(bf(y ~ x + (x || g)), data = d, family = gaussian())") == parse("y ~ x + (x || g)")
    spec = parse("brm(bf(s | trials(s + f) ~ 1 + (1 | g)), family = binomial)")
    assert spec == parse("cbind(s, f) ~ 1 + (1 | g), family = binomial")
    with pytest.raises(EquationError, match=r"bf\(\) has a formula of the outcome"):
        parse("brm(bf(y ~ x + (1 | g), nu ~ x))")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("y ~ x + (1 | g), family = binomial", ["y ~ Bernoulli(p)", "logit(p) = b0 + b1*x"]),
        ('y ~ x + (1 | g), family = "bernoulli"', ["y ~ Bernoulli(p)", "logit(p) = b0 + b1*x"]),
        ('y ~ x + (1 | g), family = binomial(link = "probit")', ["y ~ Bernoulli(p)", "probit(p) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = binomial(cloglog)", ["y ~ Bernoulli(p)", "cloglog(p) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = gaussian()", ["y = b0 + b1*x + r"]),
        ("cbind(s, f) ~ x + (1 | g), family = binomial", ["s ~ Binomial(s + f, p)", "logit(p) = b0 + b1*x"]),
        ("cbind(s, n - s) ~ x + (1 | g), family = binomial", ["s ~ Binomial(n, p)", "logit(p) = b0 + b1*x"]),
        ("cbind(s, 8 - s) ~ x + (1 | g), family = binomial", ["s ~ Binomial(8, p)", "logit(p) = b0 + b1*x"]),
        ("y | trials(n) ~ x + (1 | g), family = binomial", ["y ~ Binomial(n, p)", "logit(p) = b0 + b1*x"]),
        ("p(y, n) ~ x + (1 | g), family = binomial", ["y ~ Binomial(n, p)", "logit(p) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = poisson", ["y ~ Poisson(mu)", "log(mu) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = nbinom2", ["y ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = negbinomial", ["y ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = glmmTMB::nbinom2", ["y ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*x"]),
        ('y ~ x + (1 | g), family = Gamma("log")', ["y ~ Gamma(mu, shape)", "log(mu) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = beta", ["y ~ Beta(mu, phi)", "logit(mu) = b0 + b1*x"]),
        ("y ~ x + (1 | g), family = student", ["y ~ StudentT(mu, sigma, nu)", "mu = b0 + b1*x"]),
        ("glmer.nb(y ~ x + (1 | g))", ["y ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*x"]),
        ("glmer(y ~ x + (1 | g), data = d, family = poisson)", ["y ~ Poisson(mu)", "log(mu) = b0 + b1*x"]),
        ("lmer(y ~ x + (1 | g), d, REML = FALSE)", ["y = b0 + b1*x + r"]),
    ],
)
def test_families(text, lines):
    assert levels(text)[: len(lines)] == lines


@pytest.mark.parametrize("family", ["cumulative", 'cumulative("logit")', "ordinal"])
def test_ordered_outcomes_have_no_intercept(family):
    assert levels(f"y ~ x + (1 | g), family = {family}")[1:3] == ["eta = b0 + b1*x", "b0 = u0[g]"]
    text = 'ordinal::clmm(factor(y, ordered = TRUE) ~ x + (1 | g), link = "probit")'
    assert levels(text)[:3] == ["y ~ Ordinal(eta)", "probit(eta) = b0 + b1*x", "b0 = u0[g]"]


def test_family_as_an_argument():
    given = parse("y ~ x + (1 | g)", family="poisson")
    assert given == parse("y ~ x + (1 | g), family = poisson")
    assert parse(given.text) == given  # what is stored says everything
    with pytest.raises(EquationError, match="family= belongs to a formula"):
        parse("y = b0 + r; b0 = g00 + u0", family="poisson")
    with pytest.raises(OptionError, match="a text such as"):
        parse("y ~ x + (1 | g)", family=3)
    with pytest.raises(EquationError, match="there is no family `tweedie`"):
        parse("y ~ x + (1 | g)", family="tweedie")


def test_notation_can_be_said():
    assert parse("y ~ x + (1 | g)", notation="formula").written == "formula"
    with pytest.raises(EquationError, match="not the `~` of R"):
        parse("y ~ x + (1 | g)", notation="levels")
    with pytest.raises(OptionError, match=r'no notation "R" that is read: there are .*"formula", "combined", "levels"'):
        parse("y ~ x + (1 | g)", notation="R")
    with pytest.raises(EquationError, match="a text, not int"):
        parse(3, notation="formula")


def test_many_terms_have_symbols_of_their_own():
    spec = parse("y ~ " + " + ".join(f"x{k}" for k in range(12)) + " + (1 | g)")
    assert len(set(spec.fixed)) == 13
    assert spec.fixed[:2] == ("g0000", "g0100")
    assert parse(render(spec)) == spec
