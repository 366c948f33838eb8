"""PROC MIXED and PROC GLIMMIX: what their statements say, and where those lead that are not read."""

import pytest
from marked_places import check_error

from bayeshlm.equations import parse, render
from bayeshlm.equations.notations.sas_reader import is_sas
from bayeshlm.errors import EquationError

START = "proc mixed; class school; "
END = " random int / subject=school; run;"
GLIMMIX = "proc glimmix; class g; model {}; random int / subject=g;"


def lines(text):
    return render(parse(text)).splitlines()


@pytest.mark.parametrize(
    ("effects", "level1"),
    [
        ("x z x*z", "b0 + b1*x + b2*z + b3*x*z"),
        ("x|z", "b0 + b1*x + b2*z + b3*x*z"),
        ("x|z|w@2", "b0 + b1*x + b2*z + b3*x*z + b4*w + b5*x*w + b6*z*w"),
        ("x x*x", "b0 + b1*x + b2*x*x"),
        ("x|x", "b0 + b1*x + b2*x*x"),
        ("x X x", "b0 + b1*x"),
        ("a", "b0 + b1*C(a, last)"),
        ("a|x", "b0 + b1*C(a, last) + b2*x + b3*C(a, last)*x"),
        ("a b(a)", "b0 + b1*C(a, last) + b2*C(b, last)*C(a, last)"),
        ("a|a", "b0 + b1*C(a, last)"),
        ("c d e", 'b0 + b1*C(c, ref="White") + b2*C(d) + b3*C(e, last)'),
        ("'Odd name'n", "b0 + b1*`Odd name`"),
        ("x / noint s ddfm=kr(firstorder) outp=work.p cl alpha=.1", "b1*x"),
        ("x /* what */ z", "b0 + b1*x + b2*z"),
        ("", "b0"),
    ],
)
def test_effects_of_model(effects, level1):
    text = f"proc mixed; class school a b c(ref='White') d(ref=first) e(ref=last); model y = {effects};{END}"
    found = lines(text)[0]
    if "noint" in effects:
        assert found == "y = b0 + b1*x + r"
        assert lines(text)[1:] == ["b0 = u0[school]", "b1 = g10"]
    else:
        assert found == f"y = {level1} + r"


@pytest.mark.parametrize(
    ("random", "expected"),
    [
        ("random intercept x / subject=school", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "cov(u0, u1) = 0"]),
        ("random int x / sub=school type=UN g gcorr", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]"]),
        ("random int x / type=vc sub=school", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "cov(u0, u1) = 0"]),
        ("random int x / type=un(1) sub=school", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "cov(u0, u1) = 0"]),
        ("random int x / type=fa0(2) sub=school", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]"]),
        ("random int / sub=room(school); random x / sub=school",
         ["b0 = g00 + u0[school:room]", "b1 = g10 + v1[school]"]),
        ("random school room(school)", ["b0 = g00 + u0[school] + v0[school:room]", "b1 = g10"]),
        ("random room*school", ["b0 = g00 + u0[school:room]", "b1 = g10"]),
        ("random school x*school", ["b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "cov(u0, u1) = 0"]),
        ("random int room / sub=school", ["b0 = g00 + u0[school] + v0[school:room]", "b1 = g10"]),
        ("random x / sub=school", ["b0 = g00", "b1 = g10 + u1[school]"]),
    ],
)  # fmt: skip
def test_random_effects(random, expected):
    assert lines(f"proc mixed; class school room; model y = x; {random}; run;")[1:] == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("y(event='1') = x / dist=binary", ["y ~ Bernoulli(p)", "logit(p) = b0 + b1*x"]),
        ("y(descending) = x / dist=binary link=probit", ["y ~ Bernoulli(p)", "probit(p) = b0 + b1*x"]),
        ("y(ref=first) = x / d=binomial link=cll", ["y ~ Bernoulli(p)", "cloglog(p) = b0 + b1*x"]),
        ("y/n = x", ["y ~ Binomial(n, p)", "logit(p) = b0 + b1*x"]),
        ("y = x / dist=poisson offset=lt s", ["y ~ Poisson(mu)", "log(mu) = b0 + b1*x + offset(lt)"]),
        ("y = x / dist=negbin", ["y ~ NegativeBinomial(mu, phi)", "log(mu) = b0 + b1*x"]),
        ("y = x / dist=gamma link=log", ["y ~ Gamma(mu, shape)", "log(mu) = b0 + b1*x"]),
        ("y(desc) = x / dist=multinomial link=cumlogit", ["y ~ Ordinal(eta)", "eta = b0 + b1*x"]),
        ("y = x / dist=normal link=id", ["y = b0 + b1*x + r", "b0 = g00 + u0[g]"]),
    ],
)
def test_distributions_of_glimmix(model, expected):
    assert lines(GLIMMIX.format(model))[:2] == expected


def test_capitals_comments_and_the_procedure_may_be_otherwise():
    text = """* Singer's model;
    PROC MIXED DATA=hsb COVTEST; CLASS School;
      MODEL MathAch = SES / SOLUTION;  /* fixed; effects */
      RANDOM INTERCEPT ses / SUBJECT=school TYPE=UN;
      ods output SolutionF=work.fixed;
      estimate 'at one' intercept 1 ses 1;
    RUN; QUIT;"""
    expected = ["MathAch = b0 + b1*SES + r", "b0 = g00 + u0[School]", "b1 = g10 + u1[School]"]
    assert lines(text) == expected
    assert lines("model y = x; random intercept / subject=g") == ["y = b0 + b1*x + r", "b0 = g00 + u0[g]", "b1 = g10"]


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        (f"{START}model y = x; «repeated» / type=ar(1);{END}", "leave the REPEATED statement out"),
        (f"{START}«weight» w; model y = x;{END}", "weights are not supported"),
        (f"{START}«by» z; model y = x;{END}", "one model is fitted at a time"),
        (f"{START}«where» z > 1; model y = x;{END}", "rows are chosen in the data"),
        (f"proc mixed «order»=data; class school; model y = x;{END}", "leave `order=` out"),
        (f"proc mixed data=a«(where=(x>1))»; class school; model y = x;{END}", "leave the parenthesis"),
        (f"proc «nlmixed»; class school; model y = x;{END}", "PROC MIXED, GLIMMIX and HPMIXED are read"),
        (f"«data» a; set b; run; proc mixed; model y = x;{END}", "leave the DATA step out"),
        (f"{START}model y = x;{END} «proc» print; run;", "one procedure is read"),
        (f"{START}modle y = x;{END}".replace("modle", "«modle»"), "did you mean `model`?"),
        (f"{START}model y = x / «solutions»;{END}", "did you mean `solution`?"),
        (f"{START}model y = x «+» z;{END}", "effects stand side by side"),
        (f"{START}model y = x «1»;{END}", "the intercept is there by default"),
        (f"{START}model y = x / «dist»=binary;{END}", "write PROC GLIMMIX"),
        (f"{START}model y = x1«-»x5;{END}".replace("x1«-»", "«x1-»"), "lists of variables are not read"),
        (f"{START}model y = b«(»x);{END}".replace("«(»x", "(«x»"), "name `x` in CLASS"),
        (f"{START}model y = x / noint«=»;{END}", "`=` of MODEL is not read"),
        (f"{START}model y = x; «model» z = x;{END}", "there are two MODEL statements"),
        (f"{START.replace('school', 'school(«order»=data)')}model y = x;{END}", "only a reference is"),
        ("proc mixed; model y = x; random «int»;", "the grouping is missing: add `/ subject=school`"),
        ("proc mixed; class g; model y = x; random «g» / type=un;", "type=un has a subject"),
        ("proc mixed; class g t; model y = x; random int «t» / sub=g type=un;", "a variance for each category"),
        ("proc mixed; class g; model y = x; random int x / sub=g type=«ar(1)»;", "type=un (they covary) and type=vc"),
        ("proc mixed; class g; model y = x; random int x / sub=g «group»=z;", "leave `group=` out"),
        ("proc mixed; class g; model y = x; random «_residual_» / sub=g;", "covariances of residuals"),
        ("proc mixed; class g; model y = x; random int / sub=g «nothing»;", "`nothing` of RANDOM is not read"),
        ("proc mixed; class g; model y = x; random g; random «g»;", "has this random effect twice"),
        (GLIMMIX.format("«y» = x / dist=binary"), "the lower value of a binary outcome"),
        (GLIMMIX.format("«y» = x / dist=mult"), "write `model y(descending) = ...`"),
        (GLIMMIX.format("y(event=«'0'») = x / dist=binary"), "the event is 1 here"),
        (GLIMMIX.format("y = x / dist=«geometric»"), "there is no family `geometric`"),
        (GLIMMIX.format("y = x / dist=poisson link=«logit»"), "there is no link `logit` of a Poisson outcome"),
        (GLIMMIX.format("y = x / link=«log»"), "add `dist=binary`"),
        (f"{START}model y = x «¿»;{END}", "has no meaning here"),
        (f"{START}model y = «'a»;{END}".replace("«'a»", "«'»a"), "is not closed on its line"),
    ],
)  # fmt: skip
def test_errors_point_into_the_program(marked, says):
    check_error(marked, says, "sas")


def test_what_lacks_a_statement():
    with pytest.raises(EquationError, match="the MODEL statement is missing"):
        parse("proc mixed; class g; random int / subject=g;")
    with pytest.raises(EquationError, match="no RANDOM statement"):
        parse("proc mixed; class g; model y = x; run;")
    with pytest.raises(EquationError, match="the text holds no statement"):
        parse("", "sas")
    with pytest.raises(EquationError, match="the text has 100,001 characters"):
        parse("x" * 100_001, "sas")


def test_what_is_no_program_of_sas():
    for text in ("model = b0 + r; b0 = g00 + u0", "proc = b0 + r; b0 = g00 + u0", "model ~ x + (1 | class)"):
        assert not is_sas(text)


def test_so_many_effects_are_read_and_no_more():
    """500, whoever writes them; bars of nine columns stand for 511."""
    columns = [f"x{k}" for k in range(501)]
    assert len(parse(f"{START}model y = {' '.join(columns[:500])};{END}").level1) == 501
    with pytest.raises(EquationError, match="stands for more than 500 effects"):
        parse(f"{START}model y = {' '.join(columns)};{END}")
    with pytest.raises(EquationError, match="stands for more than 500 effects"):
        parse(f"{START}model y = {'|'.join(columns[:9])};{END}")
