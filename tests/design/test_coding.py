import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.coding import BasisCoding, CategoricalCoding
from bayeshlm.design.columns import read_categories
from bayeshlm.equations import parse

RNG = np.random.default_rng(0)
GROUP = np.repeat(np.arange(10), 9)
DATA = pd.DataFrame(
    {
        "g": GROUP,
        "y": RNG.normal(size=90),
        "x": RNG.normal(size=90),
        "race": np.resize(["White", "Black", "Asian"], 90),
        "sex": pd.Categorical(
            np.tile(np.repeat(["male", "female"], 9), 5)[RNG.permutation(90)], ["male", "female", "?"]
        ),
        "urban": RNG.random(90) < 0.5,
        "sector": np.array(["Public", "Catholic"])[GROUP % 2],
        "region": np.array(["N", "S", "W"])[GROUP % 3],
        "wave": RNG.permutation(np.resize([1.0, 2.0, 3.0], 90)),
        "size": (GROUP * 37 % 11).astype(float),
    }
)
INTERCEPTS = "b0 = g00 + u0;"

LABELS = [
    (
        "b0 + b1*race",
        f"{INTERCEPTS} b1 = g10 + u1",
        ["g00", "g10[Black]", "g10[White]"],
        ["u0", "u1[Black]", "u1[White]"],
    ),
    ('b0 + b1*C(race, ref="White")', f"{INTERCEPTS} b1 = g10", ["g00", "g10[Asian]", "g10[Black]"], ["u0"]),
    ("b0 + b1*C(race, sum)", f"{INTERCEPTS} b1 = g10", ["g00", "g10[Asian]", "g10[Black]"], ["u0"]),
    ("b0 + b1*sex", f"{INTERCEPTS} b1 = g10", ["g00", "g10[female]"], ["u0"]),
    ("b0 + b1*C(wave)", f"{INTERCEPTS} b1 = g10", ["g00", "g10[2]", "g10[3]"], ["u0"]),
    ("b0 + b1*C(wave, ref=3)", f"{INTERCEPTS} b1 = g10", ["g00", "g10[1]", "g10[2]"], ["u0"]),
    ("b0 + b1*urban", f"{INTERCEPTS} b1 = g10 + u1", ["g00", "g10"], ["u0", "u1"]),
    ("b0 + b1*poly(x, 2)", f"{INTERCEPTS} b1 = g10 + u1", ["g00", "g10[1]", "g10[2]"], ["u0", "u1[1]", "u1[2]"]),
    ("b0 + b1*bs(x, df=4)", f"{INTERCEPTS} b1 = g10", ["g00", "g10[1]", "g10[2]", "g10[3]", "g10[4]"], ["u0"]),
    ("b0 + b1*x*race", f"{INTERCEPTS} b1 = g10", ["g00", "g10[Black]", "g10[White]"], ["u0"]),
    ("b0 + b1*sex*race", f"{INTERCEPTS} b1 = g10", ["g00", "g10[female,Black]", "g10[female,White]"], ["u0"]),
    (
        "b0 + b1*race",
        f"{INTERCEPTS} b1 = g10 + g11*region",
        ["g00", "g10[Black]", "g10[White]", "g11[Black,S]", "g11[Black,W]", "g11[White,S]", "g11[White,W]"],
        ["u0"],
    ),
    ("b0", "b0 = g00 + g01*sector + u0", ["g00", "g01[Public]"], ["u0"]),
    # no intercept in the line: the first categorical term has a column for every level, as in R
    ("b0", "b0 = g01*sector + g02*region + u0", ["g01[Catholic]", "g01[Public]", "g02[S]", "g02[W]"], ["u0"]),
    ("b1*race + b2*sex", "b1 = g10 + u1; b2 = g20", ["g10[Asian]", "g10[Black]", "g10[White]", "g20[female]"], None),
    ("b1*C(race, sum)", "b1 = g10 + u1", ["g10[Asian]", "g10[Black]", "g10[White]"], None),
    ("b0 + b1*x", f"{INTERCEPTS} b1 = g11*sector", ["g00", "g11[Catholic]", "g11[Public]"], ["u0"]),
]


@pytest.mark.parametrize(("level1", "level2", "fixed", "random"), LABELS)
def test_labels_of_expanded_terms(level1, level2, fixed, random):
    design = build_design(parse(f"y = {level1} + r; {level2}"), DATA, "g")
    assert design.fixed_labels == fixed
    assert random is None or design.random_labels == random
    assert design.X.shape == (90, len(fixed))
    assert {column.coefficient for column in design.fixed} <= set(design.coefficient_labels)


def test_expanded_columns_point_to_their_own_coefficient():
    design = build_design(parse("y = b0 + b1*race + r; b0 = g00 + u0; b1 = g10 + g11*sector + u1"), DATA, "g")
    assert design.coefficient_labels == ["b0", "b1[Black]", "b1[White]"]
    by_label = {column.label: column for column in design.fixed}
    assert by_label["g11[White,Public]"].coefficient == "b1[White]"
    assert by_label["g11[White,Public]"].symbol == "g11"
    assert by_label["g11[White,Public]"].term == "sector"
    np.testing.assert_array_equal(
        design.X[:, design.fixed_labels.index("g11[White,Public]")],
        (DATA["race"] == "White") & (DATA["sector"] == "Public"),
    )
    assert [(column.symbol, column.coefficient) for column in design.random[1:]] == [
        ("u1", "b1[Black]"),
        ("u1", "b1[White]"),
    ]


def test_all_columns_of_a_random_effect_are_in_its_block():
    text = "y = b0 + b1*race + b2*x + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2; cov(u0, u1) = 0; cov(u2, u1) = 0"
    design = build_design(parse(text), DATA, "g")
    blocks = {tuple(design.random_labels[k] for k in block) for block in design.blocks}
    assert blocks == {("u0", "u2"), ("u1[Black]", "u1[White]")}


def test_sum_coding_has_minus_one_at_the_last_level():
    design = build_design(parse("y = b0 + b1*C(race, sum) + r; b0 = g00 + u0; b1 = g10"), DATA, "g")
    rows = {level: design.X[DATA["race"] == level][0, 1:].tolist() for level in ("Asian", "Black", "White")}
    assert rows == {"Asian": [1, 0], "Black": [0, 1], "White": [-1, -1]}


def test_a_raw_polynomial_holds_powers_and_an_orthogonal_one_spans_the_same():
    raw, orthogonal = (
        build_design(parse(f"y = b0 + b1*poly(x, 3{option}) + r; b0 = g00 + u0; b1 = g10"), DATA, "g").X
        for option in (", raw=True", "")
    )
    np.testing.assert_allclose(raw[:, 1:], DATA["x"].to_numpy()[:, None] ** [1, 2, 3])
    np.testing.assert_allclose(orthogonal[:, 1:].T @ orthogonal[:, 1:], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(raw @ np.linalg.lstsq(raw, orthogonal, rcond=None)[0], orthogonal, atol=1e-10)


def test_level2_basis_sees_one_value_a_group():
    design = build_design(parse("y = b0 + r; b0 = g00 + g01*poly(size, 2) + u0"), DATA, "g")
    columns = design.W[:, 1:]
    np.testing.assert_allclose(columns.T @ columns, np.eye(2), atol=1e-12)


def test_bs_columns_are_a_partition_of_unity_less_its_first():
    design = build_design(parse("y = b0 + b1*bs(x, df=5) + r; b0 = g00 + u0; b1 = g10"), DATA, "g")
    total = design.X[:, 1:].sum(axis=1)
    assert design.X[:, 1:].min() >= 0
    assert total[DATA["x"].argmin()] == pytest.approx(0)
    assert total[DATA["x"].argmax()] == pytest.approx(1)


def test_what_was_learned_codes_other_rows_alike():
    coding = CategoricalCoding.learn(read_categories(DATA["race"]))
    assert coding.levels == ("Asian", "Black", "White")
    np.testing.assert_array_equal(coding.apply(np.array([2, 0])), [[0, 1], [0, 0]])
    x = DATA["x"].to_numpy()
    for function, options in (("poly", {"degree": 3}), ("bs", {"df": 5})):
        basis = BasisCoding.learn(function, x, options)
        np.testing.assert_allclose(basis.apply(x[:7]), basis.apply(x)[:7], rtol=1e-12, atol=1e-12)


def test_levels_named_like_code_stay_text():
    names = ["`x`", "__import__('os').abort()", "a:b*c"]
    data = DATA.assign(race=np.resize(names, 90))
    design = build_design(parse("y = b0 + b1*race + r; b0 = g00 + u0; b1 = g10"), data, "g")
    first, *others = sorted(names)
    assert design.fixed_labels == ["g00", *(f"g10[{name}]" for name in others)]
    np.testing.assert_array_equal(design.X[:, 1:].sum(axis=1) == 0, data["race"] == first)
