"""Known spread of the level-1 residuals: ``sd(r) = se`` and ``var(r) = v`` in every notation that can say it."""

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.equations.changes import updated
from bayeshlm.equations.leaving_out import without
from bayeshlm.equations.null_model import null_spec
from bayeshlm.equations.product import Column
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.residual_spread import KnownSpread
from bayeshlm.equations.spec_difference import spec_difference
from bayeshlm.errors import EquationError, OptionError

ONE = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; "
SAID = {
    "sd(r) = se": KnownSpread("sd", Column("se")),
    "var(r) = v": KnownSpread("var", Column("v")),
    "variance(r) = v": KnownSpread("var", Column("v")),
    "SD(r_ij) = `standard error`": KnownSpread("sd", Column("standard error")),
    "Level 1: Var(r) = v": KnownSpread("var", Column("v")),
    "sd(r) = 0.5": KnownSpread("sd", 0.5),
    "var(r) = 2": KnownSpread("var", 2.0),
    "cov(r) = [v1, v2]": KnownSpread("cov", (Column("v1"), Column("v2"))),
    "Level 1: Cov(r_ij) = [`v 1`]": KnownSpread("cov", (Column("v 1"),)),
}


@pytest.mark.parametrize(("line", "known"), SAID.items())
@pytest.mark.parametrize("first", [True, False])
def test_a_line_says_it_wherever_it_stands(line, known, first):
    spec = parse(f"{line}\n{ONE}" if first else f"{ONE}\n{line}")
    assert spec.residual_spread == known
    assert parse(ONE).residual_spread is None


@pytest.mark.parametrize("line", SAID)
@pytest.mark.parametrize("form", ["levels", "combined", "latex"])
def test_what_is_written_is_read_again(line, form):
    spec = parse(f"{ONE}{line}")
    again = parse(render(spec, form))
    assert again.residual_spread == spec.residual_spread
    if form == "levels":
        assert again == spec


def test_latex_and_mathml_have_it_as_the_variance_of_the_residual():
    assert r"r_{ij} &\sim N(0, \text{se}_{ij}^{2})" in render(parse(f"{ONE}sd(r) = se"), "latex")
    assert r"r_{ij} &\sim N(0, \text{v}_{ij})" in render(parse(f"{ONE}var(r) = v"), "latex")
    squared = "<msup><mrow><msub><mtext>se</mtext><mrow><mi>i</mi><mi>j</mi></mrow></msub></mrow><mn>2</mn></msup>"
    assert squared in render(parse(f"{ONE}sd(r) = se"), "mathml")
    assert "sigma" not in render(parse(f"{ONE}sd(r) = se"), "latex")


@pytest.mark.parametrize("text", ["sd(r) = se", "var(r) = v"])
def test_the_formula_of_brms_is_written_and_read(text):
    spec = parse(f"y = b0 + r; b0 = g00 + u0[study]; {text}")
    written = render(spec, "brms")
    assert written.startswith(f"brm(bf(y | {'se(se)' if text.startswith('sd') else 'se(sqrt(v))'} ~ 1 + (1 | study))")
    assert parse(written).residual_spread == spec.residual_spread
    assert parse("y | se(se) ~ x + (1 | study)").residual_spread == KnownSpread("sd", Column("se"))


@pytest.mark.parametrize("form", ["lme4", "nlme", "glmmTMB", "bambi", "sas", "stata", "hlm", "mplus"])
def test_a_program_without_known_sds_is_refused_in_one_sentence(form):
    with pytest.raises(
        EquationError, match='cannot take the SDs of the level-1 residuals as known: use the form "brms"'
    ):
        render(parse(f"{ONE}sd(r) = se"), form, group="study")


@pytest.mark.parametrize("form", ["lme4", "nlme", "brms", "stata"])
def test_no_program_is_told_known_covariances(form):
    with pytest.raises(EquationError, match=r"cannot take the covariances|takes known covariances as a matrix"):
        render(parse(f"{ONE}cov(r) = [v1, v2]"), form, group="study")


def test_latex_and_mathml_have_known_covariances_as_a_list():
    spec = parse(f"{ONE}cov(r) = [v1, v2]")
    written = r"\operatorname{cov}\left(r_{ij}\right) &= \left(\text{v1}_{ij}, \text{v2}_{ij}\right)"
    assert written in render(spec, "latex")
    assert "<mi>cov</mi>" in render(spec, "mathml")


def test_brms_takes_columns_alone():
    with pytest.raises(EquationError, match="takes known SDs from a column"):
        render(parse(f"{ONE}sd(r) = 0.5"), "brms", group="study")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE + "sd(«u0») = se", "only that of the residual `r` can be known"),
        (ONE + "sd(r) = se; «var(r) = v»", "is said twice"),
        (ONE + "sd(r) = «0»", "is a number above 0"),
        (ONE + "«var»(r) = sigma2", "leave this line out; where it is known, write"),
        (ONE + "«var(r) =» a*b", "with a column of the data or a number"),
        (ONE + "«sd(r) =»", "with a column of the data or a number"),
        (ONE + "sd(r«,» u0) = se", "is always estimated"),
        ("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0; «sd(r) = se»", "this outcome has no residual"),
        ("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0; «cov(r) = [v]»", "this outcome has no residual"),
        (ONE + "cov(r) = «v1»", "known covariances are `cov"),
        (ONE + "cov(r) = [«]»", "a column is missing"),
        (ONE + "cov(r) = [v1, «2»]", "a column is missing"),
        (ONE + "cov(r) = [v1 «v2»]", "a comma or `]` is missing"),
        (ONE + "cov(r) = [v1, «v1»]", "`v1` stands twice"),
        (ONE + "cov(r) = [v1] «3»", "the line ends behind"),
        (ONE + "cov(«u1») = [v1]", "only that of the residual `r` can be known"),
        (ONE + "cov(r) = [v1]; «sd(r) = se»", "is said twice"),
    ],
)
def test_errors_point_at_the_place(text, says):
    start, plain = text.index("«"), text.replace("«", "").replace("»", "")
    with pytest.raises(EquationError, match=says) as caught:
        parse(plain)
    _, span, _ = caught.value.place
    assert span == (start, text.index("»") - 1)


def test_a_formula_of_counts_has_no_known_sd():
    with pytest.raises(EquationError, match="only a normal outcome has a known SD"):
        parse("y | se(s) ~ x + (1 | g), family = poisson")


def test_changes_of_a_model_keep_it():
    spec = parse(f"{ONE}sd(r) = se")
    assert render(without(spec, "u1")).endswith("b1 = g10\nsd(r) = se")
    assert render(null_spec(spec)) == "y = b0 + r\nb0 = g00 + u0\nsd(r) = se"
    assert render(updated(spec, "y = b0 + b1*z + e")).endswith("sd(e) = se")
    assert updated(spec, "var(r) = v").residual_spread == KnownSpread("var", Column("v"))
    assert rename_columns(spec, {"se": "SE"}).residual_spread == KnownSpread("sd", Column("SE"))
    together = updated(spec, "cov(r) = [v1, v2]")
    assert render(without(together, "u1")).endswith("b1 = g10\ncov(r) = [v1, v2]")
    assert render(null_spec(together)).endswith("cov(r) = [v1, v2]")
    assert rename_columns(together, {"v2": "V"}).residual_spread == KnownSpread("cov", (Column("v1"), Column("V")))
    assert spec_difference(together, spec).summary == (
        "The second model has the known level-1 SD sd(r) = se in place of cov(r) = [v1, v2]."
    )


def test_models_that_differ_by_it_are_not_nested():
    known, estimated = parse(f"{ONE}sd(r) = se"), parse(ONE)
    found = spec_difference(known, estimated)
    assert found.summary == "The second model lacks the known level-1 SD sd(r) = se."
    assert found.nested is None
    assert spec_difference(known, without(known, "u1")).nested == "second"


@pytest.mark.parametrize(
    "text",
    ["y = b0 + r; b0 = g00 + u0[study]", "y = g00 + u0[study] + r", "y ~ 1 + (1 | study)"],
)
@pytest.mark.parametrize(
    ("value", "known"), [("se", Column("se")), ("standard error", Column("standard error")), (2, 2.0)]
)
def test_the_argument_is_the_same_as_the_line(text, value, known):
    spec = parse(text, known_sd=value)
    assert spec.residual_spread == KnownSpread("sd", known)
    assert parse(spec.text).residual_spread == spec.residual_spread


@pytest.mark.parametrize(
    ("text", "value", "error", "says"),
    [
        (ONE, 0, OptionError, 'known_sd is a column, known_sd="se", or a number above 0, not 0'),
        (ONE, True, OptionError, "not True"),
        (f"{ONE}sd(r) = se", "se", OptionError, "the equations say how large the residuals are"),
        ("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0", "se", OptionError, "this outcome has no residual"),
        ("mixed y x || school:", "se", EquationError, "known_sd= goes with equations and formulas"),
        ("y | se(a) ~ 1 + (1 | g), known_sd = b", None, EquationError, "the known SD is said twice"),
        ("y ~ 1 + (1 | g), known_sd = 0", None, EquationError, "a column or a number above 0"),
    ],
)
def test_an_argument_that_cannot_be(text, value, error, says):
    with pytest.raises(error, match=says):
        parse(text, known_sd=value)
