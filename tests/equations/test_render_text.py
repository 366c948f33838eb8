from typing import get_args

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.equations.render import WRITTEN, Form
from bayeshlm.errors import OptionError

FULL = """
    mathach = b0 + b1*cwc(ses) + offset(log(n)) + r
    b0 = g00 + g01*sector + u0[school]
    b1 = g10 + g11*sector + u1
    cov(u0, u1) = 0
"""


def test_levels():
    assert render(parse(FULL)) == (
        "mathach = b0 + b1*cwc(ses) + offset(log(n)) + r\n"
        "b0 = g00 + g01*sector + u0[school]\n"
        "b1 = g10 + g11*sector + u1[school]\n"
        "cov(u0, u1) = 0"
    )


def test_combined_lists_a_cross_level_interaction_once():
    assert render(parse(FULL), "combined") == (
        "mathach = g00 + g01*sector + g10*cwc(ses) + g11*sector*cwc(ses) + offset(log(n)) + u0 + u1*cwc(ses) + r"
    )


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        ("`ses`", "ses"),
        ("`u0`", "`u0`"),
        ("U_0j", "`U_0j`"),
        ("r", "`r`"),
        ("`odd name`", "`odd name`"),
        ("`a``b`", "`a``b`"),
        ("`2nd`", "`2nd`"),
        ("x.1", "x.1"),
        ("poly(x,  degree = 2,raw=true)", "poly(x, 2, raw=True)"),
        ("bs(x, 4, degree=2)", "bs(x, df=4, degree=2)"),
        ("C(x, ref='say \"a\"')", 'C(x, ref="say ""a""")'),
        ("C( x , sum )", "C(x, sum)"),
        ("C(x, ref=-1)", "C(x, ref=-1)"),
    ],
)
def test_expressions_are_written_in_one_way(written, rendered):
    spec = parse(f"y = b0 + b1*{written} + r; b0 = g00 + u0; b1 = g10")
    line = render(spec).split("\n")[0]
    assert line == f"y = b0 + b1*{rendered} + r"
    assert parse(render(spec)) == spec


def test_an_outcome_with_the_name_of_a_symbol_is_quoted():
    spec = parse("`u0` = b0 + r; b0 = g00 + u0")
    assert render(spec) == "`u0` = b0 + r\nb0 = g00 + u0"
    assert parse(render(spec)) == spec


@pytest.mark.parametrize(
    ("lines", "rendered"),
    [
        ("cov(u1, u0, u2) = 0", ["cov(u0, u1, u2) = 0"]),
        ("cov(u0, u1) = 0; cov(u0, u2) = 0", ["cov(u0, u1) = 0", "cov(u0, u2) = 0"]),
        ("", []),
    ],
)
def test_covariance_lines(lines, rendered):
    text = "y = b0 + b1*x + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2;"
    assert render(parse(text + lines)).split("\n")[4:] == rendered


def test_the_group_of_a_call_is_not_written_into_the_levels():
    spec = parse("y = b0 + r; b0 = g00 + u0")
    assert parse(render(spec, "levels", group="school")) == spec


@pytest.mark.parametrize("form", ["spss", None, ["levels"]])
def test_unknown_form(form):
    with pytest.raises(OptionError, match=r'use "levels", "combined", "latex", .*, "hlm" or "mplus"'):
        render(parse("y = b0 + r; b0 = g00 + u0"), form)


def test_every_form_is_in_the_table():
    assert get_args(Form.__value__) == tuple(writer.name for writer in WRITTEN)


def test_latex_of_a_model():
    assert render(parse(FULL.replace("cov(u0, u1) = 0", "")), "latex").split("\n") == [
        r"\begin{aligned}",
        r"\text{mathach}_{ij} &= \beta_{0j} + \beta_{1j} \, \left(\text{ses}_{ij} - \overline{\text{ses}}_{j}\right)"
        r" + \operatorname{offset}\left(\log\left(\text{n}_{ij}\right)\right) + r_{ij} \\",
        r"\beta_{0j} &= \gamma_{00} + \gamma_{01} \, \text{sector}_{j} + u_{0j} \\",
        r"\beta_{1j} &= \gamma_{10} + \gamma_{11} \, \text{sector}_{j} + u_{1j} \\",
        r"\begin{pmatrix} u_{0j} \\ u_{1j} \end{pmatrix} &\sim N(\mathbf{0}, \mathbf{G}) \quad \text{for school } j \\",
        r"r_{ij} &\sim N(0, \sigma^{2})",
        r"\end{aligned}",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("b1*cgm(ses)", r"\beta_{1j} \, \left(\text{ses}_{ij} - \overline{\text{ses}}_{\cdot\cdot}\right)"),
        ("b1*a_1*`b%`", r"\beta_{1j} \, \text{a\_1}_{ij} \, \text{b\%}_{ij}"),
        ("b1*x_ij", r"\beta_{1j} \, \mathit{x}_{ij}"),
        ("b1*x_j", r"\beta_{1j} \, \text{x\_j}_{ij}"),
        ("b1*mean(x_ij)", r"\beta_{1j} \, \overline{\mathit{x}_{ij}}_{j}"),
        ("b1*u0_ij", r"\beta_{1j} \, \text{u0\_ij}_{ij}"),
        ("b1*` x`*log", r"\beta_{1j} \, \text{{ x}}_{ij} \, \text{{log}}_{ij}"),
        ("b1*sqrt(x)", r"\beta_{1j} \, \sqrt{\text{x}_{ij}}"),
        ("b1*exp(x)", r"\beta_{1j} \, \exp\left(\text{x}_{ij}\right)"),
        ("b1*scale(x)", r"\beta_{1j} \, \operatorname{scale}\left(\text{x}_{ij}\right)"),
        ('b1*C(x, ref="a_b")', r"\beta_{1j} \, \operatorname{C}\left(\text{x}_{ij},\ \text{ref = ``a\_b''}\right)"),
        ("b1*`$&#{}~^\\`", r"\beta_{1j} \, \text{\$\&\#\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}}_{ij}"),
    ],
)
def test_latex_of_level_1_terms(line, expected):
    text = render(parse(f"y = b0 + {line} + r; b0 = g00 + u0; b1 = g10"), "latex")
    assert text.split("\n")[1] == rf"\text{{y}}_{{ij}} &= \beta_{{0j}} + {expected} + r_{{ij}} \\"


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ("g00 + g01*mean(ses) + v", r"\gamma_{00} + \gamma_{01} \, \overline{\text{ses}}_{j} + v_{j}"),
        ("g00*cgm(w) + u", r"\gamma_{00} \, \left(\text{w}_{j} - \overline{\text{w}}_{\cdot}\right) + u_{j}"),
        ("δ0 + δ1*w + omega", r"\delta_{0} + \delta_{1} \, \text{w}_{j} + \omega_{j}"),
        ("mean_0 + dev", r"\mathrm{mean}_{0} + \mathrm{dev}_{j}"),
    ],
)  # fmt: skip
def test_latex_of_level_2_lines(side, expected):
    text = render(parse(f"y = b0 + r; b0 = {side}"), "latex")
    assert text.split("\n")[2] == rf"\beta_{{0j}} &= {expected} \\"


def test_latex_of_independent_blocks():
    text = "y = b0 + b1*x + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2; cov(u1, u0) = 0; cov(u1, u2) = 0"
    assert render(parse(text), "latex").split("\n")[5:7] == [
        r"\begin{pmatrix} u_{0j} \\ u_{2j} \end{pmatrix} &\sim N(\mathbf{0}, \mathbf{G}) \\",
        r"u_{1j} &\sim N(0, \tau_{u1}^{2}) \\",
    ]
