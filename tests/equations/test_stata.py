"""Stata's mixed and me commands: what they say, and where those lead that are not read."""

import pytest
from marked_places import check_error

from bayeshlm.equations import parse, render
from bayeshlm.equations.notations.stata_reader import is_stata
from bayeshlm.errors import EquationError


def lines(text):
    return render(parse(text)).splitlines()


@pytest.mark.parametrize(
    ("variables", "level1"),
    [
        ("", "b0"),
        ("x z", "b0 + b1*x + b2*z"),
        ("x x", "b0 + b1*x"),
        ("i.a", "b0 + b1*C(a)"),
        ("ib2.a b3.b", "b0 + b1*C(a, ref=2) + b2*C(b, ref=3)"),
        ("ib(last).a ib(first).b ib(5).c", "b0 + b1*C(a, last) + b2*C(b) + b3*C(c, ref=5)"),
        ("c.x##c.z", "b0 + b1*x + b2*z + b3*x*z"),
        ("c.x##i.a", "b0 + b1*x + b2*C(a) + b3*x*C(a)"),
        ("a##c.x", "b0 + b1*C(a) + b2*x + b3*C(a)*x"),
        ("c.x##c.x", "b0 + b1*x + b2*x*x"),
        ("c.x##c.z##c.w", "b0 + b1*x + b2*z + b3*x*z + b4*w + b5*x*w + b6*z*w + b7*x*z*w"),
        ("x z c.x#c.z", "b0 + b1*x + b2*z + b3*x*z"),
        ("i.(a b) c.(x z)", "b0 + b1*C(a) + b2*C(b) + b3*x + b4*z"),
        ("i.a##c.(x z)", "b0 + b1*C(a) + b2*x + b3*z + b4*C(a)*x + b5*C(a)*z"),
        ("i.a##i.a", "b0 + b1*C(a)"),
    ],
)
def test_variables(variables, level1):
    assert lines(f"mixed y {variables} || g:")[0] == f"y = {level1} + r"


def test_no_constant():
    expected = ["y = b0 + b1*x + r", "b0 = u0[g]", "b1 = g10"]
    assert lines("mixed y x, nocons || g:") == expected
    assert lines("mixed y x, noconstant || g: x, nocons") == ["y = b1*x + r", "b1 = g10 + u1[g]"]
    assert lines("mixed y ibn.a, nocons || g: x, nocons") == ["y = b1*C(a) + b2*x + r", "b1 = g10", "b2 = u2[g]"]


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        ("|| school:", ["b0 = g00 + u0[school]", "b1 = g10"]),
        ("|| school: x", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "cov(u0, u1) = 0"]),
        ("|| school: x, cov(un)", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]"]),
        ("|| school: x, covariance(independent) reml nolog",
         ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "cov(u0, u1) = 0"]),
        ("|| school: x, noconstant cov(identity)", ["b0 = g00", "b1 = g10 + u1[school]"]),
        ("|| school: || room: x, cov(unstr)",
         ["b0 = g00 + u0[school] + v0[school:room]", "b1 = g10 + v1[school:room]"]),
        ("|| _all: R.a || b:", ["b0 = g00 + u0[a] + v0[b]", "b1 = g10"]),
        ("|| _all: R.a || _all: R.b", ["b0 = g00 + u0[a] + v0[b]", "b1 = g10"]),
        ("|| school: R.room", ["b0 = g00 + u0[school:room]", "b1 = g10"]),
    ],
)  # fmt: skip
def test_random_effects(equations, expected):
    assert lines(f"mixed y x {equations}")[1:] == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("melogit y x || g:, or", ["y ~ Bernoulli(p)", "logit(p) = b0 + b1*x"]),
        ("melogit y x || g:, binomial(n) intpoints(9)", ["y ~ Binomial(n, p)", "logit(p) = b0 + b1*x"]),
        ("melogit y x || g:, binomial(10)", ["y ~ Binomial(10, p)", "logit(p) = b0 + b1*x"]),
        ("meprobit y x || g:", ["y ~ Bernoulli(p)", "probit(p) = b0 + b1*x"]),
        ("mecloglog y x || g:", ["y ~ Bernoulli(p)", "cloglog(p) = b0 + b1*x"]),
        ("mepoisson y x, exposure(t) || g:, irr", ["y ~ Poisson(mu)", "log(mu) = b0 + b1*x + offset(log(t))"]),
        ("mepoisson y x, offset(lt) || g:", ["y ~ Poisson(mu)", "log(mu) = b0 + b1*x + offset(lt)"]),
        ("menbreg y x || g:, dispersion(mean)", ["y ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*x"]),
        ("meologit y x || g:", ["y ~ Ordinal(eta)", "eta = b0 + b1*x"]),
        ("meoprobit y x || g:", ["y ~ Ordinal(eta)", "probit(eta) = b0 + b1*x"]),
        ("meglm y x || g:, family(bernoulli) link(probit)", ["y ~ Bernoulli(p)", "probit(p) = b0 + b1*x"]),
        ("meglm y x, family(binomial n) || g:", ["y ~ Binomial(n, p)", "logit(p) = b0 + b1*x"]),
        ("meglm y x || g:, family(gamma)", ["y ~ Gamma(mu, shape)", "log(mu) = b0 + b1*x"]),
        ("meglm y x || g:", ["y = b0 + b1*x + r", "b0 = g00 + u0[g]"]),
    ],
)
def test_commands(command, expected):
    assert lines(command)[:2] == expected


@pytest.mark.parametrize(
    "text",
    [
        "\n  mixed y x || g:\n",
        "mixed y /* outcome */ x || g: // at last",
        "* a comment\nmixed y ///\n   x || g:, ///\n   reml",
        ". mixed y x ///\n> || g:",
        "quietly: xtmixed y x || g:, mle variance",
        "mixed y x || g:, vce(robust) level(90) dfmethod(kroger)",
    ],
)
def test_prompts_comments_and_options_of_the_output(text):
    assert is_stata(text)
    assert lines(text) == ["y = b0 + b1*x + r", "b0 = g00 + u0[g]", "b1 = g10"]


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        ("mixed y x «if» z > 1 || g:", "rows are chosen in the data: leave `if` out"),
        ("mixed y x «in» 1/9 || g:", "leave `in` out"),
        ("mixed y x «[»pw=w] || g:", "weights are not supported"),
        ("mixed y x || g:, «pweight»(w)", "weights are not supported"),
        ("mixed y x || g: x, «cov(ex)»", "this structure of covariances is not estimated here"),
        ("mixed y x || g: x, cov(«foo»)", "write covariance(unstructured)"),
        ("mixed y x, «cov»(un) || g: x", "write it behind `|| school:`"),
        ("mixed y x || g:, «residuals»(ar 1, t(t))", "leave `residuals()` out"),
        ("mixed y x || g:, «noconst_»", "is not read: leave it out"),
        ("mixed y x || g:, «nocnstant»", "did you mean `noconstant`?"),
        ("mixed y x || g: «i.a»", "random effects of categories are not read"),
        ("mixed y x || «_all»:", "write `|| _all: R.school`"),
        ("mixed y x || g«»", "a colon is missing"),
        ("mixed y x || «:»", "a grouping column is missing"),
        ("mixed y x«»", "no random effect, so this is an ordinary regression"),
        ("mixed y «L».x || g:", "lags and differences"),
        ("mixed y «q».x || g:", "has no meaning here: i.x, c.x and ib2.x are read"),
        ("mixed y «2».x || g:", "a single level"),
        ("mixed y ib(«freq»).x || g:", "ib(first).x or ib(last).x"),
        ("mixed y «x*» || g:", "lists of variables are not read"),
        ("mixed y «x1-»x5 || g:", "lists of variables are not read"),
        ("mixed y x «+» z || g:", "terms stand side by side"),
        ("mixed y x «*» z || g:", "an interaction is written"),
        ("mixed y «ibn».a || g:", "leaves no place for a constant"),
        ("mixed y «i.a», noconstant || g:", "write `ibn.`"),
        ("melogit y x || g:, family(«poisson»)", "has its family"),
        ("melogit y x || g:, link(«probit»)", "has its link"),
        ("meglm y x || g:, family(«weibull»)", "there is no family `weibull`"),
        ("meglm y x || g:, family(poisson) link(«logit»)", "there is no link `logit`"),
        ("menbreg y x || g:, dispersion(«constant»)", "dispersion(mean)"),
        ("mixed y x || g:, reml«,» nolog", "options stand behind one comma"),
        ("«xtreg» y x, re", "this is no command that is read"),
        ("«bayes»: mixed y x || g:", "this is no command that is read, nor a prefix"),
        ("mixed y x || g:«»\nestat icc", "join the lines so, or leave the next command out"),
        ("mixed y x || g: || «g»:", "this grouping stands twice"),
        ("mixed y x || g: R.a «b»", "beside R.x nothing stands"),
    ],
)  # fmt: skip
def test_errors_point_into_the_command(marked, says):
    check_error(marked, says, "stata")


def test_an_empty_text():
    with pytest.raises(EquationError, match="the text holds no command"):
        parse("", "stata")


def test_what_is_no_command():
    for text in ("mixed = b0 + r; b0 = g00 + u0", "Mixed Model\ny = g00 + u0 + r", "mixed model\ny = g00", "mixed ~ x"):
        assert not is_stata(text)
