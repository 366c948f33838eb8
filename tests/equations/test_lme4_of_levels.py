"""Three-level and crossed models: the lme4 formula that the level equations mean."""

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.equations.product import Call, Product
from bayeshlm.errors import EquationError, OptionError

OXIDE = "thickness = p0 + e; p0 = b00 + r0[lot_wafer]; b00 = g000 + g001*source2 + u00[lot]"
OATS = """
    yield = p0 + p1*nitro + e
    p0 = b00 + b01*marvellous + b02*victory + r0[block_variety]
    p1 = b10 + b11*marvellous + b12*victory
    b00 = g000 + u00[block]
    b01 = g010; b02 = g020; b10 = g100; b11 = g110; b12 = g120
"""
STAR = """
    math = p0 + p1*yrs + p2*small + e
    p0 = b00 + b01*freelunch + r0[id]
    p1 = b10 + r1[id]
    p2 = b20
    b00 = g000 + u00[sch]
    b01 = g010
    b10 = g100 + u10[sch]
    b20 = g200
"""
SCOTSSEC = """
    attain = b0 + b1*verbal + b2*female + e
    b0 = g00 + v0[primary] + c0[second]
    b1 = g10 + v1[primary]
    b2 = g20
"""
CAKE = """
    angle = p0 + p1*temp + e
    p0 = b00 + b01*recipe_b + b02*recipe_c + c0[replicate] + r0[recipe_replicate]
    p1 = b10
"""
CROSSED = "y = b0 + b1*x + e; b0 = g00 + g01*wcol + v0[row] + c0[col]; b1 = g10"


@pytest.mark.parametrize(
    ("text", "formula"),
    [  # the formulas that lmer fitted, with the terms in the order of the effects
        (OXIDE, "thickness ~ source2 + (1 | lot_wafer) + (1 | lot)"),
        (
            OATS,
            "yield ~ marvellous + victory + nitro + marvellous:nitro + victory:nitro"
            " + (1 | block_variety) + (1 | block)",
        ),
        (STAR, "math ~ freelunch + yrs + small + (1 + yrs | id) + (1 + yrs | sch)"),
        (STAR.replace(" + r1[id]", ""), "math ~ freelunch + yrs + small + (1 | id) + (1 + yrs | sch)"),
        (SCOTSSEC, "attain ~ verbal + female + (1 + verbal | primary) + (1 | second)"),
        (CAKE, "angle ~ recipe_b + recipe_c + temp + (1 | replicate) + (1 | recipe_replicate)"),
        (CROSSED, "y ~ wcol + x + (1 | row) + (1 | col)"),
    ],
)
def test_formulas_of_reference_models(text, formula):
    assert render(parse(text), "lme4") == formula


@pytest.mark.parametrize(
    ("groups", "bars"),
    [
        (["school:child", "school"], "(1 + time | school:child) + (1 + time || school)"),
        (["child", "school"], "(1 + time | child) + (1 + time || school)"),
        (None, "(1 + time | group1) + (1 + time || group2)"),
        (["my child", "a:b c"], "(1 + time | `my child`) + (1 + time || a:`b c`)"),
    ],
)
def test_names_of_groupings(groups, bars):
    text = "y = p0 + p1*time + e; p0 = b00 + r0; p1 = b10 + r1; b00 = g000 + u00; b10 = g100 + u10; cov(u00, u10) = 0"
    assert render(parse(text), "lme4", groups) == f"y ~ time + {bars}"


@pytest.mark.parametrize("group", ["school", ["school"], ["a", "b", "c"]])
def test_every_grouping_is_named(group):
    with pytest.raises(OptionError, match=r"2 groupings \(child, number 2\), and group= names [13]: name each"):
        render(parse("y = p0 + e; p0 = b00 + r0[child]; b00 = g + u00"), "lme4", group)


def test_an_interaction_over_three_levels():
    text = "y = p0 + p1*x + e; p0 = b00 + r0[c]; p1 = b10 + b11*w; b00 = g000 + u00[s]; b11 = g110 + g111*z + u11[s]"
    assert render(parse(text), "combined") == ("y = b10*x + g000 + g110*w*x + g111*z*w*x + r0 + u00 + u11*w*x + e")
    assert render(parse(text), "lme4") == "y ~ x + w:x + z:w:x + (1 | c) + (1 + w:x | s)"


FIRST = "!duplicated(c)"


@pytest.mark.parametrize(
    ("level1", "level2", "level3", "code"),
    [
        ("cwc(x)", "w", "z", "I(x - ave(x, c))"),
        ("cgm(x)", "w", "z", "I(x - mean(x))"),
        ("x", "mean(x)", "z", "ave(x, c)"),
        ("x", "cgm(w)", "z", "I(w - mean(tapply(w, c, mean)))"),
        ("x", "cwc(w)", "z", f"I(w - ave((w) * {FIRST}, s, FUN = sum) / ave(+{FIRST}, s, FUN = sum))"),
        (
            "x",
            "cwc(mean(x))",
            "z",
            f"I(ave(x, c) - ave((ave(x, c)) * {FIRST}, s, FUN = sum) / ave(+{FIRST}, s, FUN = sum))",
        ),
        ("x", "w", "mean(x)", "ave(x, s)"),
        ("x", "w", "mean(mean(x))", "ave(ave(x, c), s)"),
        ("x", "w", "cgm(z)", "I(z - mean(tapply(z, s, mean)))"),
    ],
)
def test_means_are_those_of_the_level(level1, level2, level3, code):
    text = (
        f"y = p0 + p1*{level1} + e; p0 = b00 + b01*{level2} + r0[c]; p1 = b10; b00 = g000 + g001*{level3} + u00[s];"
        " b01 = g010; b10 = g100"
    )
    plain = {"x": level1, "w": level2, "z": level3}
    terms = [code if plain[name] != name else name for name in ("w", "z", "x")]
    assert render(parse(text), "lme4") == f"y ~ {terms[1]} + {terms[0]} + {terms[2]} + (1 | c) + (1 | s)"


def test_units_of_a_cell():
    text = "y = b0 + b1*cwc(x) + r; b0 = g00 + g01*cgm(w) + u0[school:class]; b1 = g10"
    cell = "interaction(school, class, drop = TRUE)"
    assert render(parse(text), "lme4") == (
        f"y ~ I(w - mean(tapply(w, {cell}, mean))) + I(x - ave(x, {cell})) + (1 | school:class)"
    )


def test_with_several_groupings_there_is_one_value_a_row():
    text = "y = b0 + r; b0 = g00 + g01*cgm(w) + g02*scale(w) + u0[a] + v0[b]"
    assert render(parse(text), "lme4") == "y ~ I(w - mean(w)) + scale(w) + (1 | a) + (1 | b)"


def test_a_mean_without_a_grouping_is_refused():
    spec = parse("y = b0 + r; b0 = g00 + g01*w + u0[a] + v0[b]")
    spec = spec.map_expressions(lambda one: one if one.is_constant else Product((Call("mean", one),)))
    with pytest.raises(EquationError, match=r"mean\(x\) has no one grouping"):
        render(spec, "lme4")
