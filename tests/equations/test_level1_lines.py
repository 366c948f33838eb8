"""``log(sigma) = a0 + a1*x`` and ``corr(r) = ar1(week)`` in every notation that can say them."""

import pytest
from marked_places import check_error

from bayeshlm.equations import parse, render
from bayeshlm.equations.changes import updated
from bayeshlm.equations.leaving_out import without
from bayeshlm.equations.log_spread import LogSpread, SpreadTerm
from bayeshlm.equations.null_model import null_spec
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.residual_correlation import ResidualCorrelation
from bayeshlm.equations.spec_difference import spec_difference
from bayeshlm.errors import EquationError, OptionError

ONE = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; "
NAMED = "y = b0 + b1*x + r; b0 = g00 + u0[g]; b1 = g10; "
CONSTANT, FEMALE = SpreadTerm("a0", Product()), SpreadTerm("a1", Product((Column("female"),)))
BY_SEX = LogSpread("sigma", (CONSTANT, FEMALE))
OF_VARIANCE = LogSpread("sigma2", (CONSTANT, FEMALE))
SPREADS = {
    "log(sigma) = a0 + a1*female": BY_SEX,
    "Level 1: ln(σ_ij) = a0 + a1*female": BY_SEX,
    "log(sigma) = a0 + a1(female)": BY_SEX,
    "log(sigma2) = a0 + a1*female": OF_VARIANCE,
    "log(sigma^2) = a0 + a1*female": OF_VARIANCE,
    "log(σ²ij) = a0 + a1(female)": OF_VARIANCE,
    "log(sigma_squared) = a0 + a1*female": OF_VARIANCE,
    "log(sigma) = a0": LogSpread("sigma", (CONSTANT,)),
    "log(sigma) = a0 + a1*female + v0": LogSpread("sigma", (CONSTANT, FEMALE), effect="v0"),
    "log(σ_ij) = a0 + a1*female + V_0j": LogSpread("sigma", (CONSTANT, FEMALE), effect="v0"),
    "log(sigma2) = a0 + v0": LogSpread("sigma2", (CONSTANT,), effect="v0"),
    "log(sigma) = a1*C(f)*x": LogSpread(
        "sigma", (SpreadTerm("a1", Product((Call("C", Product((Column("f"),))), Column("x")))),)
    ),
}
CORRELATIONS = {
    "corr(r) = ar1(week)": ResidualCorrelation("ar1", Column("week")),
    "Corr(r_ij) = AR1(`week no`)": ResidualCorrelation("ar1", Column("week no")),
    "corr(r) = ar1()": ResidualCorrelation("ar1"),
    "corr(r) = ar1": ResidualCorrelation("ar1"),
    "corr(r) = cs": ResidualCorrelation("cs"),
    "corr(r) = cs()": ResidualCorrelation("cs"),
}


@pytest.mark.parametrize(("line", "spread"), SPREADS.items())
@pytest.mark.parametrize("first", [True, False])
def test_an_equation_of_the_sd_is_read_wherever_it_stands(line, spread, first):
    assert parse(f"{line}\n{ONE}" if first else f"{ONE}\n{line}").log_spread == spread
    assert parse(ONE).log_spread is None


@pytest.mark.parametrize(("line", "correlation"), CORRELATIONS.items())
def test_a_pattern_of_correlations_is_read(line, correlation):
    assert parse(f"{ONE}{line}").correlation == correlation
    assert parse(ONE).correlation is None


@pytest.mark.parametrize("line", [*SPREADS, *CORRELATIONS, "log(sigma2) = a0 + a1*cwc(x); corr(r) = ar1(week)"])
@pytest.mark.parametrize("form", ["levels", "combined", "latex"])
def test_what_is_written_is_read_again(line, form):
    spec = parse(f"{ONE}{line}")
    again = parse(render(spec, form))
    assert (again.log_spread, again.correlation) == (spec.log_spread, spec.correlation)
    if form == "levels":
        assert again == spec


VARYING = f"{ONE}log(sigma) = a0 + a1*female + v0"


def test_the_effect_of_the_sd_is_in_the_blocks_of_the_others():
    spec = parse(VARYING)
    assert spec.blocks_by_grouping == ((("u0", "u1", "v0"),),)
    assert spec.random == ("u0", "u1")
    apart = parse(f"{VARYING}; cov(u0, v0) = 0; cov(u1, v0) = 0")
    assert apart.blocks_by_grouping == ((("u0", "u1"), ("v0",)),)
    assert parse(render(apart)) == apart
    assert parse(VARYING.replace("v0", "v0[school]")).groupings == ("school",)
    latex = render(spec, "latex")
    assert r"u_{1j} \\ v_{0j} \end{pmatrix} &\sim N(\mathbf{0}, \mathbf{G})" in latex
    assert r"\text{female}_{ij} + v_{0j}" in latex


def test_the_effect_of_the_sd_can_be_left_out_and_stays_when_others_change():
    spec = parse(VARYING)
    assert without(spec, "v0") == parse(f"{ONE}log(sigma) = a0 + a1*female")
    assert without(spec, "log(sigma)") == parse(ONE)
    assert without(spec, "u1").blocks_by_grouping == ((("u0", "v0"),),)
    apart = parse(f"{VARYING}; cov(u0, v0) = 0; cov(u1, v0) = 0")
    assert updated(apart, "b1 = g10 + g11*size + u1").blocks_by_grouping == apart.blocks_by_grouping
    assert updated(spec, "log(sigma) = a0").blocks_by_grouping == parse(ONE).blocks_by_grouping
    assert updated(spec, "cov(u0, v0) = 0; cov(u1, v0) = 0") == apart
    assert updated(apart, "log(sigma) = a0 + v0").blocks_by_grouping == apart.blocks_by_grouping
    with pytest.raises(EquationError, match="`v0` is not a random effect of this model"):
        updated(spec, "log(sigma) = a0; cov(u0, v0) = 0")
    (change,) = spec_difference(spec, without(spec, "v0")).changes[:1]
    assert (change.part, change.first) == ("level-1 SD", "log(sigma) = a0 + a1*female + v0")
    with pytest.raises(EquationError, match="columns are of any level"):
        parse(f"{ONE}log(sigma) = a0; a0 = d0 + d1*size + v0")


def test_latex_and_mathml_have_the_sd_of_a_row():
    latex = render(parse(f"{ONE}log(sigma) = a0 + a1*female; corr(r) = ar1(week)"), "latex")
    assert r"r_{ij} &\sim N(0, \sigma_{ij}^{2}) \\" in latex
    assert r"\log\left(\sigma_{ij}\right) &= a_{0} + a_{1} \, \text{female}_{ij} \\" in latex
    assert r"\operatorname{corr}\left(r_{ij}\right) &= \operatorname{ar1}\left(\text{week}_{ij}\right)" in latex
    mathml = render(parse(f"{ONE}log(sigma) = a0 + a1*female"), "mathml")
    assert "<msub><mi>σ</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>" in mathml


def test_a_distribution_of_each_rows_own_variance_needs_its_equation():
    text = "y = b0 + r; b0 = g00 + u0; r ~ N(0, sigma_ij^2)"
    assert parse(f"{text}; log(sigma) = a0 + a1*x").log_spread is not None
    with pytest.raises(EquationError, match="a variance of each unit's own"):
        parse(text)


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        (ONE + "log(sigma) = a0; «log(sigma) = a1*x»", "has two lines: put all terms into one"),
        (ONE + "sd(r) = se; «log(sigma) = a0»", "nothing is left to predict"),
        (ONE + "sd(r) = se; «corr(r) = cs»", "are independent"),
        (ONE + "log(sigma) = a0 + v0[g] + «w0»", "would be another random effect of the level-1 SD"),
        (ONE + "log(sigma) = a0 + «v1[g]*x»", "would be another random effect of the level-1 SD"),
        (ONE + "«log(sigma) = v0[g]»", "has no fixed coefficient"),
        (ONE + "log(sigma) = a0 + «u0»", "stands twice"),
        (ONE + "log(sigma) = a0 + v0; «corr(r) = cs»", "are not estimated beside `v0`"),
        ("y = b0 + r; b0 = g00 + u0[g]; log(sigma) = a0 + v0[«h»]", "groups of the other random effects, `g`"),
        ("y = b0 + r; b0 = g00 + u0[g] + w0[h]; log(sigma) = a0 + «v0[g]»", "with one grouping"),
        (ONE + "log(sigma) = a0; «a0» = d0 + v0", "has no line of its own"),
        (ONE + "log(sigma) = a0 + «g00*x»", "a symbol has one use"),
        (ONE + "log(sigma) = a0 + «a0*x»", "stands twice"),
        (ONE + "log(sigma) = a0 + «sigma*x»", "is the name of another parameter"),
        (ONE + "log(sigma) = a0 + «offset(x)»", "offset() stands in level 1 only"),
        (ONE + "log(sigma«^»3) = a0", "powers are not read"),
        (ONE + "corr(«e») = cs", "correlations of the level-1 residual can be stated"),
        (ONE + "corr(r) = «ar2»(week)", "there is no pattern `ar2`"),
        (ONE + "corr(r) = cs(«week»)", "no times: write `cs`"),
        (ONE + "corr(r) = cs; «corr(r) = ar1()»", "are stated twice"),
        (ONE + "corr(r) = ar1(week) «+» cs", "the line ends before this"),
        ("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0; «log(sigma) = a0»", "this outcome has no residual"),
        ("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0; «corr(r) = cs»", "this outcome has no residual"),
    ],
)
def test_errors_point_at_the_place(marked, says):
    check_error(marked, says)


@pytest.mark.parametrize(
    ("line", "form", "written"),
    [
        (
            "log(sigma) = a0 + a1*x",
            "brms",
            'brm(bf(y ~ x + (1 | g), sigma ~ x), data = d, family = gaussian("identity"))',
        ),
        (
            "corr(r) = ar1()",
            "brms",
            'brm(bf(y ~ x + (1 | g) + ar(gr = g, p = 1, cov = TRUE)), data = d, family = gaussian("identity"))',
        ),
        (
            "log(sigma) = a0 + a1*C(f)",
            "glmmTMB",
            "glmmTMB(y ~ x + (1 | g), dispformula = ~ factor(f), data = d, REML = TRUE)",
        ),
        (
            "log(sigma2) = a0 + a1*C(f) + a2*cwc(x); corr(r) = ar1(week)",
            "nlme",
            "lme(fixed = y ~ x, random = ~ 1 | g, weights = varComb(varIdent(form = ~ 1 | f), varExp(form = ~ I(x -"
            ' ave(x, g)))), correlation = corAR1(form = ~ week | g), data = d, method = "REML")',
        ),
        (
            "corr(r) = cs",
            "nlme",
            "lme(fixed = y ~ x, random = ~ 1 | g, correlation = corCompSymm(form = ~ 1 | g), data = d,"
            ' method = "REML")',
        ),
    ],
)
def test_programs_that_have_it_write_it(line, form, written):
    assert render(parse(NAMED + line), form) == written


@pytest.mark.parametrize(
    ("lines", "bars"),
    [
        ("b1 = g10 + u1; log(sigma) = a0 + a1*x + v0", ("(1 + x |v| g)", "x + (1 |v| g)")),
        ("b1 = g10; log(sigma) = a0 + v0; cov(u0, v0) = 0", ("(1 | g)", "1 + (1 | g)")),
        ("b1 = g10 + u1; log(sigma) = a0 + v0; cov(u0, v0) = 0; cov(u1, v0) = 0", ("(1 + x | g)", "1 + (1 | g)")),
    ],
)
def test_brms_marks_the_effects_that_covary(lines, bars):
    spec = parse(f"y = b0 + b1*x + r; b0 = g00 + u0[g]; {lines}".replace("+ u1", "+ u1[g]"))
    of_mean, of_sd = bars
    written = f'brm(bf(y ~ x + {of_mean}, sigma ~ {of_sd}), data = d, family = gaussian("identity"))'
    assert render(spec, "brms") == written
    again = parse(written)
    assert (again.log_spread, again.blocks_by_grouping) == (spec.log_spread, spec.blocks_by_grouping)
    assert render(again, "brms") == written
    for form in ("nlme", "glmmTMB", "sas"):
        with pytest.raises(EquationError, match="is not told a random effect of the level-1 SD"):
            render(spec, form)


@pytest.mark.parametrize(
    ("line", "statement"),
    [
        ("log(sigma) = a0 + a1*x", "REPEATED / LOCAL = EXP(x);"),
        ("corr(r) = ar1()", "REPEATED / SUBJECT = g TYPE = AR(1);"),
        ("corr(r) = ar1(week)", "REPEATED / SUBJECT = g TYPE = SP(POW)(week);"),
        ("corr(r) = cs", "REPEATED / SUBJECT = g TYPE = CS;"),
    ],
)
def test_sas_has_a_repeated_statement(line, statement):
    assert f"  {statement}\n" in render(parse(NAMED + line), "sas")


@pytest.mark.parametrize(
    ("line", "forms", "says"),
    [
        ("log(sigma) = a0 + a1*x", ("lme4", "bambi", "stata", "hlm", "mplus"), "has one level-1 SD, and no equation"),
        ("corr(r) = cs", ("lme4", "glmmTMB", "bambi", "stata", "hlm", "mplus"), "has no correlations"),
        ("corr(r) = ar1(week)", ("brms",), r"counts rows in its ar\(\)"),
        ("log(sigma) = a1*x", ("nlme", "sas"), "write the equation with a constant"),
        ("log(sigma) = a0 + a1*x; corr(r) = cs", ("sas",), "has no correlations beside an equation"),
        ("log(sigma) = a0 + a1*C(f)*x", ("nlme",), "not of products with them"),
    ],
)
def test_those_that_have_not_refuse(line, forms, says):
    for form in forms:
        with pytest.raises(EquationError, match=says):
            render(parse(NAMED + line), form)


@pytest.mark.parametrize(
    ("formula", "lines"),
    [
        ("brm(bf(y ~ x + (1 | g), sigma ~ x + C(f)), data = d)", "log(sigma) = a0 + a1*x + a2*C(f)"),
        ("y ~ x + (1 | g), sigma ~ 0 + x", "log(sigma) = a1*x"),
        ("y ~ x + ar(time = week, gr = g, p = 1) + (1 | g)", "corr(r) = ar1(week)"),
        ("y ~ x + ar(week, g) + (1 | g)", "corr(r) = ar1(week)"),
        ("y ~ x + (1 | g) + cosy(gr = g)", "corr(r) = cs"),
        ("lme(y ~ x, random = ~ 1 | g, weights = varIdent(form = ~ 1 | f), data = d)", "log(sigma) = a0 + a1*C(f)"),
        ("lme(y ~ x, random = ~ 1 | g, weights = varExp(form = ~ x))", "log(sigma) = a0 + a1*x"),
        ("y ~ x, random = ~ 1 | g, correlation = corAR1(form = ~ week | g)", "corr(r) = ar1(week)"),
        ("y ~ x, random = ~ 1 | g, correlation = corCAR1(0.2, form = ~ week | g)", "corr(r) = ar1(week)"),
        ("y ~ x, random = ~ 1 | g, correlation = corAR1()", "corr(r) = ar1()"),
        ("glmmTMB(y ~ x + (1 | g), dispformula = ~ x, data = d)", "log(sigma) = a0 + a1*x"),
        ("brm(bf(y ~ x + (1 |p| g), sigma ~ z + (1 |p| g)), data = d)", "log(sigma) = a0 + a1*z + v0"),
        ("bf(y ~ x + (1 |p| g), sigma ~ (1 |p| g))", "log(sigma) = a0 + v0"),
        ("y ~ x + (1 | g), sigma ~ z + (1 | g)", "cov(u0, v0) = 0\nlog(sigma) = a0 + a1*z + v0"),
        ("y ~ x + (1 |p| g), sigma ~ 0 + z + (1 |p| g)", "log(sigma) = a1*z + v0"),
    ],
)
def test_formulas_say_it(formula, lines):
    assert render(parse(formula)) == "\n".join([*NAMED.strip().rstrip(";").split("; "), lines])


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        (
            "y ~ x, random = ~ 1 | g, correlation = corAR1(«form» = ~ week | h)",
            "within the groups of the random effects",
        ),
        ("y ~ x + ar(gr = «h») + (1 | g)", "groups of the random effects"),
        ("y ~ x + ar(gr = g, p = «2») + (1 | g)", "of order 1"),
        ("y ~ x + (1 | g), sigma ~ x + «(1 + x | g)»", "one random intercept of the level-1 SD"),
        ("y ~ x + (1 | g), sigma ~ x + (1 | g) + «(0 + x | g)»", "one random intercept of the level-1 SD"),
        ("y ~ x + (1 | g), sigma ~ x + «(1 | h)»", "groups of the other random effects, `g`: name that"),
        ("y ~ x + (1 | g) + (1 | h), sigma ~ x + «(1 | g)»", "with one grouping"),
        ("y ~ x + (1 |v| g), sigma ~ x + «(1 |w| g)»", "the mark `|w|` stands at one term of the outcome"),
        ("y ~ x + «(1 |v| g)», sigma ~ x + (1 | g)", "has one bar"),
        ("y ~ x + (1 | g) + ar(gr = g), sigma ~ x + «(1 | g)»", "correlated residuals are not estimated beside"),
        ("y ~ x + (1 | g), «sigma ~ offset(x)»", "has terms and a random intercept"),
        ("y ~ «bf»(x) + (1 | g)", "stands around a whole formula"),
        ("glmmTMB(y ~ x + (1 | g), dispformula = ~ «(1 | g)»)", "random effects"),
        ("y ~ x + (1 | g), weights = «varPower»(form = ~ x)", "varIdent(form = ~ 1 | g) or varExp"),
        ("y ~ x + (1 | g), weights = varExp(«form» = ~ x + z)", "varExp has one column"),
        ("y ~ x + (1 | g), correlation = «corSymm»()", "corAR1(form = ~ week | g)"),
        ("y ~ x + (1 | g), family = poisson, «sigma ~ x»", "only a normal outcome"),
        ("y ~ x + (1 | g), known_sd = se, «sigma ~ x»", "whose SD is not known"),
    ],
)
def test_errors_of_formulas(marked, says):
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(EquationError) as caught:
        parse(text)
    message, quoted, carets = str(caught.value).split("\n")[:3]
    assert says in message
    assert quoted[carets.index("^") :].startswith(marked[marked.index("«") + 1 : marked.index("»")][:3])


def test_changes_of_a_model_keep_it():
    spec = parse(f"{ONE}log(sigma) = a0 + a1*x; corr(r) = ar1(week)")
    lines = "log(sigma) = a0 + a1*x\ncorr(r) = ar1(week)"
    assert render(updated(spec, "b1 = g10")).endswith(f"b1 = g10\n{lines}")
    assert render(updated(spec, "log(sigma) = a0 + a1*z")).endswith("log(sigma) = a0 + a1*z\ncorr(r) = ar1(week)")
    assert render(updated(spec, "sd(r) = se")).endswith("sd(r) = se")
    assert render(updated(parse(f"{ONE}sd(r) = se"), "corr(r) = cs")).endswith("corr(r) = cs")
    assert render(without(spec, "u1")).endswith(f"b1 = g10\n{lines}")
    assert render(null_spec(spec)) == "y = b0 + r\nb0 = g00 + u0"


@pytest.mark.parametrize("zero", ["", "; cov(u0, v0) = 0; cov(u1, v0) = 0"])
def test_a_change_keeps_what_covaries_with_the_effect_of_the_sd(zero):
    changed = updated(parse(VARYING + zero), "b1 = g10")
    line = "log(sigma) = a0 + a1*female + v0"
    assert changed == parse(f"y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10; {line}{zero.split('; cov(u1')[0]}")


def test_it_is_left_out_by_its_symbols():
    spec = parse(f"{ONE}log(sigma) = a0 + a1*x + a2*z; corr(r) = ar1(week)")
    assert without(spec, "rho") == parse(f"{ONE}log(sigma) = a0 + a1*x + a2*z")
    assert without(spec, "a1", "rho", "u1") == parse(
        "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10; log(sigma) = a0 + a2*z"
    )
    assert without(spec, "log(sigma)") == parse(f"{ONE}corr(r) = ar1(week)")
    with pytest.raises(OptionError, match="is empty: leave log"):
        without(parse(f"{ONE}log(sigma) = a0"), "a0")


def test_differences_name_it():
    plain, modeled = parse(ONE), parse(f"{ONE}log(sigma) = a0 + a1*x; corr(r) = cs")
    found = spec_difference(plain, modeled)
    assert [(one.part, one.first, one.second) for one in found.changes] == [
        ("level-1 SD", None, "log(sigma) = a0 + a1*x"),
        ("correlation of the residuals", None, "corr(r) = cs"),
    ]
    assert not spec_difference(modeled, parse(f"{ONE}log(sigma) = d0 + d1*x; corr(r) = cs")).changes


def test_columns_are_renamed_and_quoted():
    spec = parse(f"{ONE}log(sigma) = a0 + a1*x_ij; corr(r) = ar1(week)")
    renamed = render(rename_columns(spec, {"x_ij": "a1", "week": "b0"}))
    assert renamed.endswith("log(sigma) = a0 + a1*`a1`\ncorr(r) = ar1(`b0`)")
    assert parse(renamed).correlation == ResidualCorrelation("ar1", Column("b0"))


def test_the_model_of_the_residuals_has_a_place():
    for line in ("log(sigma) = a0 + a1*x", "corr(r) = ar1(week)"):
        spec = parse(f"{ONE}{line}")
        assert spec.text[slice(*spec.level1_span)].startswith(line[:3])
    assert parse(ONE).level1_span is None
