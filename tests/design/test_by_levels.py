"""Terms of formulas and combined equations go to the level where the data put them; the columns stay what they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bayeshlm.design import build_design
from bayeshlm.equations import parse, render
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect
from bayeshlm.errors import DataError, EquationError

RNG = np.random.default_rng(8)
SCHOOL = np.repeat(np.arange(12), 8)
CLASS = np.repeat(np.arange(24), 4)
DATA = pd.DataFrame(
    {
        "school": SCHOOL,
        "room": CLASS,
        "rater": np.tile(np.arange(6), 16),
        "y": RNG.normal(size=96),
        "x": RNG.uniform(1, 5, 96),
        "z": RNG.uniform(1, 5, 96),
        "c": RNG.uniform(1, 5, 24)[CLASS],
        "w": RNG.uniform(1, 5, 12)[SCHOOL],
        "v": RNG.uniform(1, 5, 12)[SCHOOL],
        "q": np.tile(RNG.uniform(1, 5, 6), 16),
        "kind": np.array(["a", "b"])[(np.arange(12) % 2)][SCHOOL],
    }
)


def lines(text, group=None, data=DATA):
    return render(build_design(parse(text), data, group).spec).splitlines()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("y ~ x*w + (1 + x | school)",
         ["y = b0 + b1*x + r", "b0 = g00 + g01*w + u0[school]", "b1 = g10 + g11*w + u1[school]"]),
        ("y ~ w:x + (1 | school)", ["y = b0 + b1*x + r", "b0 = g00 + u0[school]", "b1 = g11*w"]),
        ("y ~ x:z + (1 | school)", ["y = b0 + b1*x*z + r", "b0 = g00 + u0[school]", "b1 = g10"]),
        ("y ~ w:v + (1 | school)", ["y = b0 + r", "b0 = g00 + g01*w*v + u0[school]"]),
        ("y ~ x:z:w:v + (1 | school)", ["y = b0 + b1*x*z + r", "b0 = g00 + u0[school]", "b1 = g11*w*v"]),
        ("y ~ kind*x + (1 | school)", ["y = b0 + b1*x + r", "b0 = g00 + g01*kind + u0[school]", "b1 = g10 + g11*kind"]),
        ("y ~ I(w*x) + (1 | school)", ["y = b0 + b1*x + r", "b0 = g00 + u0[school]", "b1 = g11*w"]),
        ("y ~ log(w) + log(w*x) + (1 | school)",
         ["y = b0 + b1*log(w*x) + r", "b0 = g00 + g01*log(w) + u0[school]", "b1 = g10"]),
        ("y ~ mean(x) + cwc(x) + (1 | school)",
         ["y = b0 + b1*cwc(x) + r", "b0 = g00 + g01*mean(x) + u0[school]", "b1 = g10"]),
        # rows count in R, units in a level-2 line: what depends on it stays where rows count
        ("y ~ scale(w) + (1 | school)", ["y = b0 + b1*scale(w) + r", "b0 = g00 + u0[school]", "b1 = g10"]),
        ("y ~ poly(w, 2) + (1 | school)", ["y = b0 + b1*poly(w, 2) + r", "b0 = g00 + u0[school]", "b1 = g10"]),
        # a column whose effect varies over the units within which it is constant stands below them
        ("y ~ w + (1 + w | school)", ["y = b0 + b1*w + r", "b0 = g00 + u0[school]", "b1 = g10 + u1[school]"]),
        ("y ~ x + (1 + x | school) + (0 + z | school)",
         ["y = b0 + b1*x + b2*z + r", "b0 = g00 + u0[school]", "b1 = g10 + u1[school]", "b2 = u2[school]",
          "cov(u0, u2) = 0", "cov(u1, u2) = 0"]),
        ("y ~ x + c + w + (1 | room) + (1 | school)",
         ["y = p0 + p1*x + e", "p0 = b00 + b01*c + r0[room]", "p1 = b10", "b00 = g000 + g001*w + u00[school]"]),
        ("y ~ x*c*w + (1 | room) + (1 + x | school)",
         ["y = p0 + p1*x + e", "p0 = b00 + b01*c + r0[room]", "p1 = b10 + b11*c",
          "b00 = g000 + g001*w + u00[school]", "b01 = g010 + g011*w", "b10 = g100 + g101*w + u10[school]",
          "b11 = g110 + g111*w"]),
        ("y ~ c + (1 | room) + (1 + c | school)",
         ["y = p0 + e", "p0 = b00 + b01*c + r0[room]", "b00 = g000 + u00[school]", "b01 = g010 + u01[school]"]),
        ("y ~ c + (1 | school/room)",
         ["y = p0 + e", "p0 = b00 + b01*c + r0[school:room]", "b00 = g000 + u00[school]"]),
        ("y ~ x + w + q + w:q + (1 | school) + (1 + x | rater)",
         ["y = b0 + b1*x + b2*q + r", "b0 = g00 + g01*w + g02*q + u0[school] + v0[rater]",
          "b1 = g10 + v1[rater]", "b2 = g21*w"]),
        ("y ~ x + w + (1 | school:rater) + (1 | rater) + (1 | school)",
         ["y = p0 + p1*x + e", "p0 = b00 + r0[school:rater]", "p1 = b10",
          "b00 = g000 + g001*w + u00[rater] + v00[school]"]),
        ("y ~ x + w + (1 | room) + (1 | school) + (1 | rater)",
         ["y = b0 + b1*x + r", "b0 = g00 + g01*w + u0[room] + v0[school] + w0[rater]", "b1 = g10"]),
    ],
)  # fmt: skip
def test_lines_of_a_formula(formula, expected):
    found = lines(formula)
    assert found == expected
    spec = build_design(parse(formula), DATA).spec
    assert parse(render(spec)) == spec


def test_the_intercept_of_a_line_comes_first_wherever_the_equation_has_it():
    found = lines("y = g0 + g1*x*w + g2*x + s[room] + u[school] + e")
    assert found[2:] == ["b1 = p10", "p00 = g0 + u[school]", "p10 = g2 + g1*w"]


def test_lines_of_a_combined_equation_keep_their_symbols():
    text = "y = h0 + h1*w + h2*x + h3*w*x + v0 + v1*x + e"
    assert lines(text, "school") == ["y = b0 + b1*x + e", "b0 = h0 + h1*w + v0", "b1 = h2 + h3*w + v1"]
    text = "y = g0 + g1*w + g2*c + g3*x*w + s[room] + u[school] + t[school]*x + e"
    assert lines(text) == [
        "y = b0 + b1*x + e",
        "b0 = p00 + g2*c + s[room]",
        "b1 = p10",
        "p00 = g0 + g1*w + u[school]",
        "p10 = g3*w + t[school]",
    ]
    assert lines("y = g0 + g1*cgm(w) + u0 + e", "school") == ["y = b0 + e", "b0 = g0 + g1*cgm(w) + u0"]


def test_columns_that_miss_values_are_sorted_by_the_rows_that_are_kept():
    data = DATA.assign(w=DATA["w"].where(DATA.index != 3), n=DATA["w"].where(DATA.index != 3, 9.0))
    assert lines("y ~ w + (1 | school)", data=data)[1] == "b0 = g00 + g01*w + u0[school]"
    assert lines("y ~ n + (1 | school)", data=data)[0] == "y = b0 + b1*n + r"


def test_errors_point_into_the_formula():
    with pytest.raises(DataError, match="no column 'sex'") as caught:
        build_design(parse("y ~ x +\n  sex + (1 | school)"), DATA)
    assert str(caught.value).endswith("    sex + (1 | school)\n    ^^^")
    with pytest.raises(DataError, match="did you mean 'school'"):
        build_design(parse("y ~ x + (1 | shcool)"), DATA)
    with pytest.raises(EquationError, match="cwc\\(x\\) is zero here") as caught:
        build_design(parse("y ~ x + cwc(w) + (1 | school)"), DATA)
    assert "^^^^^^" in str(caught.value)
    with pytest.raises(EquationError, match="the units of one grouping, and here they could be"):
        build_design(parse("y ~ cwc(x) + (1 | school) + (1 | rater)"), DATA)
    with pytest.raises(DataError, match="disagrees with the equations"):
        build_design(parse("y ~ x + (1 | school)"), DATA, "room")


def test_means_of_groups_are_refused_where_several_could_be_meant():
    for text in ("y ~ mean(x) + (1 | school) + (1 | room)", "y = g0 + g1*log(mean(x)) + u0[school] + v0[room] + e"):
        with pytest.raises(EquationError, match=r"mean\(x\) could be that of 'school' or 'room' here"):
            build_design(parse(text), DATA)
    assert lines("y = g0 + g1*cgm(mean(x)) + u0 + e", "school")[1] == "b0 = g0 + g1*cgm(mean(x)) + u0"


def test_categories_beside_cutpoints_have_contrasts():
    data = DATA.assign(y=RNG.integers(1, 4, 96))
    design = build_design(parse("y ~ kind*x + (1 | school), family = cumulative"), data)
    assert design.fixed_labels == ["g10[b]", "g20", "g30[b]"]
    assert render(design.spec).splitlines()[1:3] == ["eta = b0 + b1*kind + b2*x + b3*kind*x", "b0 = u0[school]"]


def test_five_levels():
    data = DATA.assign(**{f"l{k}": np.arange(96) // 2**k for k in (1, 2, 3, 4)})
    spec = build_design(parse("y ~ x + " + " + ".join(f"(1 | l{k})" for k in (1, 2, 3, 4))), data).spec
    assert (len(spec.levels), spec.groupings) == (5, ("l1", "l2", "l3", "l4"))
    assert parse(render(spec)) == spec


def test_group_may_be_named_in_any_order_of_crossed_groupings():
    text = "y ~ x + (1 | school) + (1 | room)"
    assert build_design(parse(text), DATA, ["school", "room"]).groupings == ("room", "school")


@pytest.mark.parametrize(
    "term",
    [
        "I(x - mean(tapply(x, school, mean)))",
        "I(w - mean(tapply(w, room, mean)))",
        "log(I(w - mean(tapply(w, school, mean))))",
    ],
)
def test_means_of_units_that_have_no_level_are_refused(term):
    with pytest.raises(EquationError, match="has no level here: make the column in the data"):
        build_design(parse(f"y ~ {term} + (1 | school)"), DATA)


def test_means_of_units_stand_at_their_level():
    text = (
        "y ~ x + I(c - mean(tapply(c, room, mean))) + I(w - mean(tapply(w, school, mean))) + (1 | school) + (1 | room)"
    )
    spec = build_design(parse(text), DATA).spec
    assert render(spec).splitlines()[1:] == [
        "p0 = b00 + b01*cgm(c) + r0[room]",
        "p1 = b10",
        "b00 = g000 + g001*cgm(w) + u00[school]",
    ]


low = st.sampled_from(
    [Product((Column("x"),)), Product((Column("z"),)), Product((Column("x"), Column("z"))),
     Product((Call("cwc", Product((Column("x"),))),)), Product((Call("log", Product((Column("z"),))),)),
     Product((Column("c"),)), Product((Call("cgm", Product((Column("x"),))), Column("z")))]
)  # fmt: skip
high = st.sampled_from(
    [Product((Column("w"),)), Product((Column("v"),)), Product((Call("sqrt", Product((Column("v"),))),)),
     Product((Column("w"), Column("v"))), Product((Call("mean", Product((Column("z"),))),)), Product((Column("kind"),)),
     Product((Call("cgm", Product((Column("w"),))),)), Product((Call("scale", Product((Column("v"),))),)),
     Product((Call("C", Product((Column("kind"),))), Column("w")))]
)  # fmt: skip


@st.composite
def specs(draw):
    """Two levels on the columns of the data."""
    level1 = [Product(), *draw(st.lists(low, max_size=3, unique=True))]
    level2 = []
    for number in range(len(level1)):
        fixed = [Product(), *draw(st.lists(high, max_size=2, unique=True))]
        terms = tuple(FixedTerm(f"g{number}{k}", one) for k, one in enumerate(fixed))
        effects = (RandomEffect(f"u{number}"),) if number == 0 or draw(st.booleans()) else ()
        level2.append(LevelEquation(f"b{number}", terms, effects))
    effects = [one.symbol for line in level2 for one in line.random_effects]
    separate = draw(st.booleans())
    return ModelSpec(
        outcome=Column("y"),
        levels=(tuple(Level1Term(f"b{k}", one) for k, one in enumerate(level1)), tuple(level2)),
        groupings=("school",),
        residual="r",
        blocks_by_grouping=(tuple((one,) for one in effects) if separate else (tuple(effects),),),
    )


def in_order(matrix):
    return matrix[:, np.lexsort(matrix.round(9))]


def written(spec, form):
    """The text of a form; None where it refuses the model."""
    try:
        return render(spec, form, "school", {"kind": "text"})
    except EquationError:
        return None


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(specs())
def test_what_is_written_as_a_formula_or_combined_has_the_same_columns(spec):
    try:
        own = build_design(spec, DATA)
    except DataError:  # collinear: no model
        assume(False)
    for form in ("lme4", "nlme", "glmmTMB", "brms", "combined"):
        text = written(spec, form)
        if text is None:  # categories as a matrix
            assert form == "brms"
            continue
        found = build_design(parse(text), DATA, "school")
        np.testing.assert_allclose(in_order(found.X), in_order(own.X), atol=1e-9)
        np.testing.assert_allclose(in_order(found.Z), in_order(own.Z), atol=1e-9)
        assert parse(render(found.spec)) == found.spec
    text = render(spec, "lme4", coded={"kind": "text"})
    assert sorted(map(len, build_design(parse(text), DATA).blocks)) == sorted(map(len, own.blocks))
