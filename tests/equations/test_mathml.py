"""MathML is read back as an XML tree and written on one line: what a reader sees, not how it is marked up."""

import xml.etree.ElementTree as ET

import pytest
from seed_systems import SYSTEMS

from bayeshlm.equations import parse, render
from bayeshlm.equations.covariance_blocks import independent_effects

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
ARGUMENTS = {"msub": 2, "msup": 2, "msubsup": 3}


def tree(text):
    return ET.fromstring(render(parse(text), "mathml"))


def read(element):
    tag = element.tag.removeprefix(NAMESPACE)
    parts = [read(child) for child in element]
    assert len(parts) == ARGUMENTS.get(tag, len(parts)), tag
    if "border-top" in element.get("style", ""):
        return f"mean[{''.join(parts)}]"
    match tag:
        case "msub":
            return f"{parts[0]}_{parts[1]}"
        case "msup":
            return f"{parts[0]}^{parts[1]}"
        case "msubsup":
            return f"{parts[0]}_{parts[1]}^{parts[2]}"
        case "msqrt":
            return f"sqrt({parts[0]})"
        case "mspace":
            return " "
        case "mtr":
            return "".join(parts) + "\n"
    return "".join(parts) or (element.text or "")


def lines(text):
    return read(tree(text)).splitlines()


def test_a_model_reads_as_the_book_has_it():
    text = """
    mathach = b0 + b1*cwc(ses) + b2*cgm(size) + r
    b0 = g00 + g01*sector + g02*mean(ses) + u0
    b1 = g10 + g11*cgm(sector)*meanses + u1
    b2 = u2
    """
    assert lines(text) == [
        "mathach_ij=β_0j+β_1j (ses_ij−mean[ses]_j)+β_2j (size_ij−mean[size]_··)+r_ij",
        "β_0j=γ_00+γ_01 sector_j+γ_02 mean[ses]_j+u_0j",
        "β_1j=γ_10+γ_11 (sector_j−mean[sector]_·) meanses_j+u_1j",
        "β_2j=u_2j",
        "(u_0j",
        "u_1j",
        "u_2j",
        ")∼N(0,G)",
        "r_ij∼N(0,σ^2)",
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("log(x)", "log(x_ij)"),
        ("sqrt(x)", "sqrt(x_ij)"),
        ("exp(x*z)", "exp(x_ij z_ij)"),
        ('C(race, ref="White")', "C(race_ij, ref = White)"),
        ("poly(x, 2)", "poly(x_ij, degree = 2)"),
        ("cwc(x*z)", "(x_ij z_ij−mean[x z]_j)"),
        ("x_ij", "x_ij"),
        ("`a < b`", "a\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}b_ij"),
    ],
)
def test_level_1_terms(expression, expected):
    assert lines(f"y = b0 + b1*{expression} + r; b0 = g00 + u0; b1 = g10")[0] == f"y_ij=β_0j+β_1j {expected}+r_ij"


def test_independent_effects_have_a_variance_each_and_blocks_a_number():
    text = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0"
    assert lines(text)[3:] == ["u_0j∼N(0,τ_u0^2)", "u_1j∼N(0,τ_u1^2)", "cov(u_0j,u_1j)=0", "r_ij∼N(0,σ^2)"]
    blocks = """y = b0 + b1*x + b2*z + b3*w + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2; b3 = g30 + u3
    cov(u0, u2) = 0; cov(u0, u3) = 0; cov(u1, u2) = 0; cov(u1, u3) = 0"""
    assert [line for line in lines(blocks) if "N(0,G" in line] == [")∼N(0,G_1)", ")∼N(0,G_2)"]


def test_symbols_of_other_letters():
    assert lines("y = α + δ*x + ε; α = g0 + v; δ = g1")[:3] == ["y_ij=α_j+δ_j x_ij+e_ij", "α_j=γ_0+v_j", "δ_j=γ_1"]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_seed_system_is_well_formed_with_an_equation_a_row(system):
    spec = parse(system.text)
    math = tree(system.text)
    (table,) = math
    n_notes = spec.groupings != (None,)
    assert len(table) == 1 + len(spec.level2) + len(spec.blocks) + len(independent_effects(spec.blocks)) + 1 + n_notes
    assert math.get("alttext").split("; ") == render(spec).splitlines()
    for row in table:
        assert [cell.tag for cell in row] == [f"{NAMESPACE}mtd"] * 3
    symbols = read(math)
    for name in spec.fixed:
        assert name.lstrip("bg")[:2] in symbols


def test_names_are_escaped():
    text = render(parse('`<script>&` = b0 + b1*`"x"` + r; b0 = g00 + u0; b1 = g10'), "mathml")
    assert "<script" not in text
    assert ET.fromstring(text).find(f".//{NAMESPACE}mtext").text == "<script>&"
