import pytest

from bayeshlm.equations import parse
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect
from bayeshlm.errors import EquationError

X = Column("x")


def only(*factors):
    return Product(factors)


def slope(expression):
    """The expression of b1 in a model with a slope."""
    return parse(f"y = b0 + b1*{expression} + r; b0 = g00 + u0; b1 = g10").level1[1].expression


def roles(text):
    spec = parse(text)
    return spec.coefficients, spec.fixed, spec.random, spec.residual


def test_the_whole_specification():
    spec = parse("""
        mathach = b0 + b1*cwc(ses) + offset(log(n)) + r   # level 1
        b0 = g00 + g01*sector*meanses + u0[school]
        b1 = g10
    """)
    assert spec == ModelSpec(
        outcome=Column("mathach"),
        levels=(
            (Level1Term("b0", Product()), Level1Term("b1", only(Call("cwc", only(Column("ses")))))),
            (
                LevelEquation(
                    "b0",
                    (FixedTerm("g00", Product()), FixedTerm("g01", only(Column("sector"), Column("meanses")))),
                    (RandomEffect("u0"),),
                ),
                LevelEquation("b1", (FixedTerm("g10", Product()),)),
            ),
        ),
        groupings=("school",),
        residual="r",
        blocks_by_grouping=((("u0",),),),
        offsets=(only(Call("log", only(Column("n")))),),
    )
    assert hash(spec) == hash(parse(spec.text))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x", only(X)),
        ("x*z", only(X, Column("z"))),
        ("z*x", only(Column("z"), X)),
        ("x*x", only(X, X)),
        ("ses_ij", only(Column("ses_ij"))),
        ("SES", only(Column("SES"))),
        ("IQ.ver.cen", only(Column("IQ.ver.cen"))),
        ("`IQ (verbal)`", only(Column("IQ (verbal)"))),
        ("`a``b`", only(Column("a`b"))),
        ("`C(x)`", only(Column("C(x)"))),
        ("cwc", only(Column("cwc"))),
        ("cwc (x)", only(Call("cwc", only(X)))),
        ("cgm(mean(x))", only(Call("cgm", only(Call("mean", only(X)))))),
        ("cwc(log(x)*z)", only(Call("cwc", only(Call("log", only(X)), Column("z"))))),
        ("mean(C(x))", only(Call("mean", only(Call("C", only(X)))))),
        ("scale(x)*exp(x)*sqrt(x)", only(*(Call(name, only(X)) for name in ("scale", "exp", "sqrt")))),
        ("C(x)", only(Call("C", only(X)))),
        ('C(x, ref="Public")', only(Call("C", only(X), (("ref", "Public"),)))),
        ("C(x, ref='Public')", only(Call("C", only(X), (("ref", "Public"),)))),
        ("C(x, ref=3)", only(Call("C", only(X), (("ref", 3),)))),
        ("C(x, ref=-1)", only(Call("C", only(X), (("ref", -1),)))),
        ("C(x, ref=2.5)", only(Call("C", only(X), (("ref", 2.5),)))),
        ("C(x, sum)", only(Call("C", only(X), (("coding", "sum"),)))),
        ("C(x, last)", only(Call("C", only(X), (("coding", "last"),)))),
        ("poly(x, 2)", only(Call("poly", only(X), (("degree", 2),)))),
        ("poly(x, raw=True, degree=2)", only(Call("poly", only(X), (("degree", 2), ("raw", True))))),
        ("poly(x, 2, raw=False)", only(Call("poly", only(X), (("degree", 2),)))),
        ("bs(x, df=4)", only(Call("bs", only(X), (("df", 4),)))),
        ("bs(x, degree=2, df=4)", only(Call("bs", only(X), (("df", 4), ("degree", 2))))),
    ],
)
def test_data_expressions(expression, expected):
    assert slope(expression) == expected


@pytest.mark.parametrize(
    "text",
    [
        "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10",
        "b1 = g10\nb0 = g00 + u0\ny = b0 + b1*x + r",
        "b1 = g10; y = b0 + b1*x + r; b0 = g00 + u0;",
        "y = b0\n  + b1\n  * x +\n r\r\nb0 =\r\ng00 + u0\r\nb1 = g10\r\n",
        "\ufeffy\t=\tb0 + b1*x + r\rb0 = g00 + u0\rb1 = g10",
        "Level 1: y = b0 + b1*x + r\nLevel 2 (schools):\nb0 = g00 + u0 # random\n# and\nb1 = g10",
        "y = β_0j + β_1j*x + R_ij\nβ_0j = γ_00 + U_0j\nβ_1j = γ_10",
        "y = beta0 + Beta1*x + r\nBETA_0 = gamma_00 + u0\nβ₁ⱼ = γ₁₀",
    ],
)
def test_layout_order_and_spelling_do_not_matter(text):
    assert parse(text) == parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("math = b + e; b = b0 + b1*mses + v", (("b",), ("b0", "b1"), ("v",), "e")),
        ("y = a + c*x + q; a = k + l*w + m; c = n", (("a", "c"), ("k", "l", "n"), ("m",), "q")),
        ("y = u + v*x + g; u = r00 + b0; v = r10 + b1", (("u", "v"), ("r00", "r10"), ("b0", "b1"), "g")),
        ("y = b0 + r; b0 = g01*x + u0", (("b0",), ("g01",), ("u0",), "r")),
        ("y = b0 + r; b0 = u0 + u1*w + v0", (("b0",), ("u0", "u1"), ("v0",), "r")),
        ("y = b0 + r; b0 = g01*x + g00 + u0", (("b0",), ("g01", "g00"), ("u0",), "r")),
        ("u0 = b0 + r; b0 = g00 + u0", (("b0",), ("g00",), ("u0",), "r")),
        ("`b0` = b0 + r; b0 = g00 + u0", (("b0",), ("g00",), ("u0",), "r")),
        ("y = slope*x + int + res; int = mu + dev_0; slope = nu", (("slope", "int"), ("nu", "mu"), ("dev0",), "res")),
    ],
)
def test_position_decides_not_the_letter(text, expected):
    assert roles(text) == expected


def test_columns_may_have_the_names_of_symbols():
    spec = parse("r = b0 + b1*e + b2*u1*b0 + e; b0 = g00 + g01*`u0` + u0; b1 = g10 + g11*g10; b2 = g20 + u1")
    assert spec.outcome.name == "r"
    assert spec.level1[1].expression == only(Column("e"))
    assert spec.level1[2].expression == only(Column("u1"), Column("b0"))
    assert spec.level2[0].fixed[1].expression == only(Column("u0"))
    assert spec.level2[1].fixed[1].expression == only(Column("g10"))


@pytest.mark.parametrize(
    ("first", "alone", "is_random"),
    [
        ("g00 + u0", "u1", True),
        ("g00 + u0", "g10", False),
        ("g00 + u0", "v1", True),
        ("g00 + u0", "h1", False),
        ("g00 + h0", "h1", True),
        ("u0 + u2*w + h0", "u1", False),
        ("h0 + h2*w + h9", "h1", False),
        ("u3 + u2*w + u9", "u1", True),
        ("g00 + u0", "h1[school]", True),
    ],
)
def test_a_symbol_alone_in_its_line_is_known_by_its_letters(first, alone, is_random):
    line = parse(f"y = b0 + b1*x + r; b0 = {first}; b1 = {alone}").level2[1]
    symbol = alone.removesuffix("[school]")
    assert (line.random, [term.symbol for term in line.fixed]) == ((symbol, []) if is_random else (None, [symbol]))


@pytest.mark.parametrize(
    ("lines", "blocks"),
    [
        ("", (("u0", "u1", "u2"),)),
        ("cov(u0, u1, u2) = 0", (("u0",), ("u1",), ("u2",))),
        ("cov(u0, u1) = 0; cov(u2, U_0j) = 0", (("u0",), ("u1", "u2"))),
        ("Cov(u1, u0) = 0; cov(u1, u2) = 0", (("u0", "u2"), ("u1",))),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_zero_covariances_make_blocks(lines, blocks, before):
    equations = "y = b0 + b1*x + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2"
    text = f"{lines}\n{equations}" if before else f"{equations}\n{lines}"
    assert parse(text).blocks == blocks


def test_brackets_name_the_group_once_or_everywhere():
    text = "y = b0 + b1*x + r; b0 = g00 + u0{}; b1 = g10 + u1{}"
    assert parse(text.format("[school]", "")).group == "school"
    assert parse(text.format("[school]", "[`school`]")).group == "school"
    assert parse(text.format("", "[`school no.`]")).group == "school no."
    assert parse(text.format("", "")).group is None


def test_spans_point_into_the_text():
    text = "# first\nb0 = g00 + g01*`w 1` + u0\ny = b0 + b1*cwc(x*z) + r; b1 = g10"
    spec = parse(text)
    call = spec.level1[1].expression.factors[0]
    assert isinstance(call, Call)
    places = (spec.outcome, spec.level1[1], call, *call.argument.factors, *spec.level2, *spec.level2[0].fixed)
    assert [text[slice(*place.span)] for place in places if place.span is not None] == [
        "y",
        "b1*cwc(x*z)",
        "cwc(x*z)",
        "x",
        "z",
        "b0 = g00 + g01*`w 1` + u0",
        "b1 = g10",
        "g00",
        "g01*`w 1`",
    ]
    assert spec.text == text


HLM_STYLE = """
LEVEL 1 MODEL
    MATHACH_ij = β0j + β1j*(SES_ij) + rij
LEVEL 2 MODEL
    β0j = γ00 + γ01*(SECTOR_j) + γ02*(MEANSES_j) + u0j
    β1j = γ10 + γ11*(SECTOR_j)*MEANSES_j + u1j
"""
PLAIN_STYLE = """
MATHACH_ij = b0 + b1*SES_ij + r
b0 = g00 + g01*SECTOR_j + g02*MEANSES_j + u0
b1 = g10 + g11*SECTOR_j*MEANSES_j + u1
"""


def test_equations_as_hlm_prints_them():
    assert parse(HLM_STYLE) == parse(PLAIN_STYLE)


@pytest.mark.parametrize("inside", ["x - m", "x + m", "2", "x, 2", "", "(x"])
def test_parentheses_hold_a_product(inside):
    with pytest.raises(EquationError, match="parentheses hold a product"):
        parse(f"y = b0 + b1*({inside}) + r; b0 = g00 + u0; b1 = g10")


def test_a_column_may_be_called_level():
    assert parse("level2 = b0 + b1*level1 + r\nb0 = g00 + u0\nb1 = g10").outcome.name == "level2"
