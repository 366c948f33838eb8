"""LaTeX and MathML of more levels and groupings: the subscripts say whose unit each symbol is."""

import pytest
from test_mathml import lines

from bayeshlm.equations import parse, render

THREE = """
    y = p0 + p1*cwc(x) + e
    p0 = b00 + b01*cwc(mean(x)) + b02*cgm(w) + r0
    p1 = b10 + r1
    b00 = g000 + g001*mean(x) + g002*cgm(z) + u00
    b01 = g010
    b10 = g100 + u10
    cov(u00, u10) = 0
"""
CROSSED = "y = b0 + b1*x + r; b0 = g00 + g01*w + u0[a] + v0[b] + c0[a:b]; b1 = g10 + u1[a]"


def latex(text):
    return [line.removesuffix(r" \\") for line in render(parse(text), "latex").split("\n")[1:-1]]


def test_three_levels():
    assert latex(THREE) == [
        r"\text{y}_{ijk} &= p_{0jk} + p_{1jk} \, \left(\text{x}_{ijk} - \overline{\text{x}}_{jk}\right) + e_{ijk}",
        r"p_{0jk} &= \beta_{00k} + \beta_{01k} \, \left(\overline{\text{x}}_{jk} - \overline{\overline{\text{x}}}_{k}"
        r"\right) + \beta_{02} \, \left(\text{w}_{jk} - \overline{\text{w}}_{\cdot\cdot}\right) + r_{0jk}",
        r"p_{1jk} &= \beta_{10k} + r_{1jk}",
        r"\beta_{00k} &= \gamma_{000} + \gamma_{001} \, \overline{\text{x}}_{k}"
        r" + \gamma_{002} \, \left(\text{z}_{k} - \overline{\text{z}}_{\cdot}\right) + u_{00k}",
        r"\beta_{01k} &= \gamma_{010}",
        r"\beta_{10k} &= \gamma_{100} + u_{10k}",
        r"\begin{pmatrix} r_{0jk} \\ r_{1jk} \end{pmatrix} &\sim N(\mathbf{0}, \mathbf{G})",
        r"u_{00k} &\sim N(0, \tau_{u00}^{2})",
        r"u_{10k} &\sim N(0, \tau_{u10}^{2})",
        r"\operatorname{cov}\left(u_{00k}, u_{10k}\right) &= 0",
        r"e_{ijk} &\sim N(0, \sigma^{2})",
    ]


def test_crossed_groupings():
    assert latex(CROSSED) == [
        r"\text{y}_{i(jk)} &= \beta_{0(jk)} + \beta_{1(jk)} \, \text{x}_{i(jk)} + r_{i(jk)}",
        r"\beta_{0(jk)} &= \gamma_{00} + \gamma_{01} \, \text{w}_{(jk)} + u_{0j} + v_{0k} + c_{0jk}",
        r"\beta_{1(jk)} &= \gamma_{10} + u_{1j}",
        r"\begin{pmatrix} u_{0j} \\ u_{1j} \end{pmatrix} &\sim N(\mathbf{0}, \mathbf{G}) \quad \text{for a } j",
        r"v_{0k} &\sim N(0, \tau_{v0}^{2}) \quad \text{for b } k",
        r"c_{0jk} &\sim N(0, \tau_{c0}^{2}) \quad \text{for } \text{{a:b}} \ jk",
        r"r_{i(jk)} &\sim N(0, \sigma^{2})",
    ]


def test_mathml_says_the_same():
    assert lines(CROSSED)[:3] == [
        "y_i(jk)=β_0(jk)+β_1(jk) x_i(jk)+r_i(jk)",
        "β_0(jk)=γ_00+γ_01 w_(jk)+u_0j+v_0k+c_0jk",
        "β_1(jk)=γ_10+u_1j",
    ]
    assert lines(THREE)[3] == "β_00k=γ_000+γ_001 mean[x]_k+γ_002 (z_k−mean[z]_·)+u_00k"


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("y = p0 + e; p0 = b0 + r[c]; b0 = g + u[s] + v[n] + w[s:n]", ["r_{j(kl)}", "u_{k}", "v_{l}", "w_{kl}"]),
        ("y = p0 + e; p0 = b0 + r[s:n]; b0 = g + u[s] + v[n]", ["r_{(jk)}", "u_{j}", "v_{k}"]),
        ("y = p0 + e; p0 = b0 + r[s:c]; b0 = g + u[s]", ["r_{jk}", "u_{k}"]),
        ("y = a + e; a = b + r; b = c + s; c = g + u", ["r_{jkl}", "s_{kl}", "u_{l}"]),
    ],
)
def test_subscripts_of_random_effects(text, effects):
    assert [line.split(r" &\sim")[0] for line in latex(text) if r"\tau" in line] == effects


def test_covariance_matrices_of_several_groupings_have_numbers():
    text = "y = p0 + p1*x + e; p0 = b00 + r0; p1 = b10 + r1; b00 = g0 + u0; b10 = g1 + u1"
    assert [line.split("N(")[1] for line in latex(text) if "pmatrix" in line] == [
        r"\mathbf{0}, \mathbf{G}_{1})",
        r"\mathbf{0}, \mathbf{G}_{2})",
    ]
