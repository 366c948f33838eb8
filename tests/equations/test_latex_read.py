"""LaTeX of textbooks and papers, and what is refused with its place in the user's own LaTeX."""

import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_texts import BOOKS, COMBINED, MEAN, REFUSED, SET, SLOPE
from marked_places import check_error

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.equations import parse, render
from bayeshlm.errors import DataError, EquationError, FileError

TEXTS = BOOKS | SET
PIECES = [
    *("\\beta_{0j}", "\\gamma_{00}", "u_{0j}", "r_{ij}", "X_{ij}", "\\text{a b}_{ij}", "=", "+", "-", "\\\\", "&", "$"),
    *("\\[", "\\]", "{", "}", "(", ")", "\\left(", "\\right)", "\\bar{X}_{.j}", "_", "^", "\\sim", "N(0, \\tau)"),
    *("\\begin{aligned}", "\\end{aligned}", "\\begin{pmatrix}", "\\end{pmatrix}", "\\frac{1}{2}", "\\log", "%", "\n"),
    *(MEAN, SLOPE, COMBINED, "\\operatorname{Cov}(u_{0j}, u_{1j}) = 0", "\\text{for school } j", "~", "\\", "[", "]"),
    *("'", "$$", "\\quad", ",", "0", "\\mathbf{u}", "\\text{Combined: }"),
]  # fmt: skip


def symbols_as(plain, spec):
    """The plain equations, with the letters of the text where the table has others."""
    return parse(plain.replace("p0", "pi0").replace("p1", "pi1") if "pi0" in spec.coefficients else plain)


@pytest.mark.parametrize(("text", "plain"), TEXTS.values(), ids=TEXTS)
def test_latex_means_the_plain_equations(text, plain):
    spec = parse(text)
    assert spec == symbols_as(plain, spec)
    assert spec.text == text
    assert parse(text, notation="latex") == spec
    assert parse(render(spec, "latex")) == spec


@pytest.mark.parametrize(("marked", "says"), REFUSED)
def test_what_cannot_be_read_is_marked_in_the_users_own_latex(marked, says):
    check_error(marked, says)


def test_places_of_the_specification_are_those_of_the_latex():
    spec = parse(SLOPE)
    assert [SLOPE[slice(*term.span)] for term in spec.level1] == [r"\beta_{0j}", r"\beta_{1j} X_{ij}"]
    assert [SLOPE[slice(*line.span)] for line in spec.level2] == [
        r"\beta_{0j} = \gamma_{00} + u_{0j}",
        r"\beta_{1j} = \gamma_{10} + u_{1j}",
    ]
    assert SLOPE[slice(*spec.outcome.span)] == "Y_{ij}"


def test_errors_about_the_data_quote_the_latex():
    text = MEAN.replace("Y_{ij}", r"\text{mathach}_{ij}").replace("+ u", r"+ \gamma_{01}\text{ses}_j + u")
    with pytest.raises(DataError) as caught:
        hlm.Model(text, hlm.load_dataset("hsb"), group="school")
    message, quoted, carets = str(caught.value).split("\n")[:3]
    assert "'ses' varies within groups" in message
    assert quoted[carets.index("^") : carets.rindex("^") + 1] == r"\text{ses}_j"


def test_a_model_is_read_again_from_its_latex():
    hsb = hlm.load_dataset("hsb")
    text = "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*sector + u0; b1 = g10 + u1; cov(u0, u1) = 0"
    model = hlm.Model(text, hsb, group="school")
    again = hlm.Model(model.equations("latex"), hsb, group="school")
    assert again.spec == model.spec
    combined = r"mathach_{ij} = \gamma_{00} + \gamma_{01} sector_j + \gamma_{10} ses_{ij} + u_{0j} + r_{ij}"
    assert hlm.Model(combined, hsb, group="school").equations().splitlines()[1] == "b0 = g00 + g01*sector + u0"


def test_a_model_file_holds_latex_in_single_quotes(ward_study, capsys):
    file = ward_study / "model.toml"
    head, latex = 'data = "wards.csv"\ngroup = "ward"\n', MEAN.replace("Y_{ij}", r"\text{pain}_{ij}")
    file.write_text(f"{head}equations = '''\n{latex}\n'''\n")
    assert main(["equations", str(file)]) == 0
    assert capsys.readouterr().out == "pain = b0 + r\nb0 = g00 + u0\n"
    file.write_text(f'{head}equations = """\n{latex}\n"""\n')
    with pytest.raises(FileError, match="three single quotes around LaTeX"):
        hlm.open_model(file)


@settings(database=None, deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_any_latex_ends_in_a_specification_or_an_equation_error(text):
    try:
        spec = parse(text, notation="latex")
    except EquationError:
        return
    assert parse(render(spec, "latex")) == spec


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000,
        "(" * 50_000,
        "\\frac" * 20_000,
        "\\left(" * 16_000,
        "a_" * 50_000,
        "$" * 50_001,
        "\\begin{aligned}" * 6_000,
        "\\begin{aligned} a \\end{aligned}" * 3_000,
        "Y_{ij} = " + "a, " * 30_000,
        "\\text{" + "x" * 90_000,
        "\\text{for} " * 9_000,
        "a" * 90_000 + "_{ij}",
        "9" * 90_000 + "_{ij}",
        "x " * 20_000 + "\\beta",
        "\\bar{" * 18_000,
        "% \\" * 20_000,
        "\\beta~ ~" * 10_000,
        "Y_{ij} = \\beta_{0j} + r_{ij} \\\\" + "u_{1j} \\sim N(0, t) \\\\" * 4_000,
    ],
    ids=range(18),
)
def test_a_hundred_thousand_characters_of_garbage_take_no_time(text):
    start = time.perf_counter()
    with pytest.raises(EquationError) as caught:
        parse(text)
    assert time.perf_counter() - start < 5
    assert len(str(caught.value)) < 2_000


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(EquationError, match="up to 100,000 are read"):
        parse("\\beta" * 20_001)


def test_a_column_that_has_its_unit_in_its_name_is_found():
    data = pd.DataFrame({"Y_ij": [1.0, 2.0, 3.0, 5.0], "g": list("aabb")})
    assert hlm.Model(MEAN, data, group="g").spec.outcome.name == "Y_ij"
    assert hlm.Model(MEAN, data.rename(columns={"Y_ij": "Y"}), group="g").spec.outcome.name == "Y"


def test_a_brace_before_the_system_or_in_an_equation_sets_nothing():
    lines = r"y &= b_0 + b_1 x + r \\ b_0 &= g_{00} + u_0 \\ b_1 &= g_{10}"
    plain = rf"\begin{{aligned}} {lines} \end{{aligned}}"
    assert parse(rf"\left\{{ {plain} \right.") == parse(rf"\left.{plain}\right\}}") == parse(plain)
    assert parse(plain.replace("b_1 x", r"\bigl\{b_1 x\bigr\}")) == parse(plain)
