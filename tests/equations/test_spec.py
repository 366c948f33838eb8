"""Specifications of more levels and groupings, written by hand."""

import dataclasses
import pickle

import pytest

from bayeshlm.equations import parse, render
from bayeshlm.equations.path import Path
from bayeshlm.equations.product import Column, Product
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect
from bayeshlm.errors import EquationError

ONE = Product()


def of(name: str) -> Product:
    return Product((Column(name),))


def three_levels() -> ModelSpec:
    """Children in schools: ``p0 = b00 + b01*female + r0[child]``, ``b00 = g000 + g001*size + u00[school]``."""
    return ModelSpec(
        outcome=Column("math"),
        levels=(
            (Level1Term("p0", ONE), Level1Term("p1", of("year"))),
            (
                LevelEquation("p0", (FixedTerm("b00", ONE), FixedTerm("b01", of("female"))), (RandomEffect("r0", 0),)),
                LevelEquation("p1", (FixedTerm("b10", ONE),), (RandomEffect("r1", 0),)),
            ),
            (
                LevelEquation(
                    "b00", (FixedTerm("g000", ONE), FixedTerm("g001", of("size"))), (RandomEffect("u00", 1),)
                ),
                LevelEquation("b10", (FixedTerm("g100", ONE),)),
            ),
        ),
        groupings=("child", "school"),
        residual="e",
        blocks_by_grouping=((("r0", "r1"),), (("u00",),)),
    )


def crossed() -> ModelSpec:
    """Pupils of primary and secondary schools: ``b0 = g00 + g01*z + u0[primary] + v0[secondary]``."""
    line = LevelEquation(
        "b0", (FixedTerm("g00", ONE), FixedTerm("g01", of("z"))), (RandomEffect("u0", 0), RandomEffect("v0", 1))
    )
    return ModelSpec(
        outcome=Column("attain"),
        levels=((Level1Term("b0", ONE),), (line,)),
        groupings=("primary", "secondary"),
        residual="r",
        blocks_by_grouping=((("u0",),), (("v0",),)),
    )


MADE = [three_levels, crossed]


@pytest.mark.parametrize("made", MADE)
def test_specifications_are_values(made):
    spec = made()
    assert spec == made()
    assert spec is not made()
    assert len({spec, made()}) == 1
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert dataclasses.replace(spec, text="where it was read") == spec
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.residual = "r2"


@pytest.mark.parametrize("made", MADE)
def test_what_differs_is_not_equal(made):
    spec = made()
    level1, *higher = spec.levels
    last = higher[-1][0]
    effects = tuple(dataclasses.replace(effect, grouping=1 - effect.grouping) for effect in last.random_effects)
    others = [
        dataclasses.replace(spec, groupings=spec.groupings[::-1]),
        dataclasses.replace(spec, groupings=(None, None)),
        dataclasses.replace(spec, blocks_by_grouping=spec.blocks_by_grouping[::-1]),
        dataclasses.replace(spec, levels=(level1, *higher, ())),
        dataclasses.replace(
            spec,
            levels=(level1, *higher[:-1], (dataclasses.replace(last, random_effects=effects), *higher[-1][1:])),
        ),
    ]
    assert len({spec, *others}) == 1 + len(others)


def test_roles_of_symbols_of_three_levels():
    spec = three_levels()
    assert spec.coefficients == ("p0", "p1")
    assert spec.fixed == ("b01", "g000", "g001", "g100")  # b00 and b10 have lines of their own
    assert spec.random == ("r0", "r1", "u00")
    assert [line.coefficient for line in spec.equations] == ["p0", "p1", "b00", "b10"]


def test_roles_of_symbols_of_crossed_groupings():
    spec = crossed()
    assert (spec.coefficients, spec.fixed, spec.random) == (("b0",), ("g00", "g01"), ("u0", "v0"))
    assert [spec.groupings[effect.grouping] for effect in spec.equations[0].random_effects] == ["primary", "secondary"]


def test_columns_of_all_levels_are_renamed():
    spec = rename_columns(three_levels(), {"math": "a", "year": "b", "female": "c", "size": "d"})
    assert spec.outcome.name == "a"
    assert [factor.name for expression in spec.expressions for factor in expression.factors] == ["b", "c", "d"]
    back = {"a": "math", "b": "year", "c": "female", "d": "size"}
    assert rename_columns(spec, back) == three_levels()


SAYS = {three_levels: "3 levels, and random effects of 2 groupings", crossed: "2 levels, and random effects of 2"}


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("name", ["group", "level2", "blocks"])
def test_properties_of_one_grouping_say_so(made, name):
    with pytest.raises(EquationError, match=SAYS[made]):
        getattr(made(), name)


def test_a_text_has_one_grouping():
    spec = parse("y = b0 + b1*x + r; b0 = g00 + u0[school]; b1 = g10 + u1")
    assert spec.groupings == (spec.group,) == ("school",)
    assert spec.levels == (spec.level1, spec.level2)
    assert spec.blocks_by_grouping == (spec.blocks,) == ((("u0", "u1"),),)
    assert [line.random for line in spec.level2] == ["u0", "u1"]
    assert parse("y = b0 + r; b0 = g00 + u0").groupings == (None,)


TEXTS = {
    three_levels: """
        math = p0 + p1*year + e
        p0 = b00 + b01*female + r0[child]
        p1 = b10 + r1[child]
        b00 = g000 + g001*size + u00[school]
        b10 = g100
    """,
    crossed: "attain = b0 + r; b0 = g00 + g01*z + u0[primary] + v0[secondary]",
}


@pytest.mark.parametrize("made", MADE)
def test_the_text_of_a_specification(made):
    spec = made()
    assert parse(TEXTS[made]) == spec
    assert parse(render(spec)) == spec


def test_paths_of_three_levels():
    spec = three_levels()
    assert spec.fixed_paths == (
        Path(("p0", "b01"), (ONE, of("female"))),
        Path(("p0", "b00", "g000"), (ONE, ONE, ONE)),
        Path(("p0", "b00", "g001"), (ONE, ONE, of("size"))),
        Path(("p1", "b10", "g100"), (of("year"), ONE, ONE)),
    )
    assert spec.random_paths == (
        Path(("p0", "r0"), (ONE,), 0),
        Path(("p1", "r1"), (of("year"),), 0),
        Path(("p0", "b00", "u00"), (ONE, ONE), 1),
    )
    assert [path.symbol for path in spec.fixed_paths] == list(spec.fixed)
    assert [path.coefficient for path in spec.random_paths] == ["p0", "p1", "p0"]
    assert spec.level_groupings == ((0,), (1,))


def test_paths_multiply_from_the_highest_level_down():
    spec = parse("y = b0 + b1*x*v + r; b0 = g0 + u0; b1 = d0*w + u1; d0 = h0 + h1*z + s0; ".replace("s0", "s0[top]"))
    path = spec.paths["h1"]
    assert path.expressions == (Product((Column("x"), Column("v"))), of("w"), of("z"))
    assert path.product == Product((Column("z"), Column("w"), Column("x"), Column("v")))
    assert spec.paths["s0"].product == Product((Column("w"), Column("x"), Column("v")))
    assert spec.groupings == (None, "top")


def test_paths_of_two_levels():
    spec = parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + g11*w + u1")
    assert [path.product for path in spec.fixed_paths] == [ONE, of("x"), Product((Column("w"), Column("x")))]
    assert [(path.symbols, path.expressions, path.grouping) for path in spec.random_paths] == [
        (("b0", "u0"), (ONE,), 0),
        (("b1", "u1"), (of("x"),), 0),
    ]
    assert spec.level_groupings == ((0,),)
    assert crossed().level_groupings == ((0, 1),)
