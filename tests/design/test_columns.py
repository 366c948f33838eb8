"""Columns of every type that pandas has, and columns far from zero."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.columns import missing_column, numbers_as_text, read_column
from bayeshlm.equations import parse

RNG = np.random.default_rng(0)
DATA = pd.DataFrame(
    {
        "school": np.repeat([11, 12, 13, 14], 5),
        "math": RNG.normal(size=20),
        "ses": RNG.normal(size=20),
        "age": RNG.permutation(20) - 5.0,
        "race": RNG.permutation(np.resize(["White", "Black", "Asian"], 20)),
    }
)
SLOPE = "math = b0 + b1*{} + r; b0 = g00 + u0; b1 = g10"

ACCEPTED = {
    "numbers in an object column": ({"age": DATA["age"].astype(object)}, "age"),
    "integers with gaps": ({"age": DATA["age"].astype("Int64")}, "age"),
    "nullable floats": ({"age": DATA["age"].astype("Float64")}, "age"),
    "float32": ({"age": DATA["age"].astype("float32")}, "age"),
    "small integers": ({"age": DATA["age"].astype("int8")}, "age"),
    "decimals": ({"age": [Decimal(str(value)) for value in DATA["age"]]}, "age"),
    "arrow": ({"age": DATA["age"].astype("float64[pyarrow]")}, "age"),
    "arrow integers": ({"age": DATA["age"].astype("int64[pyarrow]")}, "age"),
    "sparse": ({"age": pd.arrays.SparseArray(DATA["age"])}, "age"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_numbers_of_every_type_are_numbers(case):
    columns, name = ACCEPTED[case]
    design = build_design(parse(SLOPE.format(name)), DATA.assign(**columns), "school")
    np.testing.assert_array_equal(design.X[:, 1], DATA["age"])


@pytest.mark.parametrize("dtype", [bool, object, "boolean", "bool[pyarrow]"])
def test_booleans_are_zero_and_one(dtype):
    flag = DATA["age"] > 0
    design = build_design(parse(SLOPE.format("flag")), DATA.assign(flag=flag.astype(dtype)), "school")
    assert design.fixed_labels == ["g00", "g10"]
    np.testing.assert_array_equal(design.X[:, 1], flag)


ARROW_DICTIONARY = pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))


@pytest.mark.parametrize("dtype", [object, "string", "category", "string[pyarrow]", "str", ARROW_DICTIONARY])
def test_text_of_every_type_is_coded(dtype):
    design = build_design(parse(SLOPE.format("race")), DATA.astype({"race": dtype}), "school")
    assert design.fixed_labels == ["g00", "g10[Black]", "g10[White]"]
    np.testing.assert_array_equal(design.X[:, 1], DATA["race"] == "Black")


GROUPS = [
    ([3, 1, 2], [1, 2, 3], int),
    (["03", "1", "2"], ["03", "1", "2"], str),
    ([3.0, 1.0, 2.5], [1.0, 2.5, 3.0], float),
    (pd.Categorical(["c", "a", "b"], ["c", "b", "a", "none"]), ["a", "b", "c"], str),
    (pd.Categorical([3, 1, 2]), [1, 2, 3], int),
    (pd.array([3, 1, 2], dtype="Int64"), [1, 2, 3], int),
    (pd.array([3, 1, 2], dtype="int32[pyarrow]"), [1, 2, 3], int),
    (pd.array(["c", "a", "b"], dtype="string[pyarrow]"), ["a", "b", "c"], str),
    (pd.array(["c", "a", "b"], dtype=ARROW_DICTIONARY), ["a", "b", "c"], str),
    (np.array([3, 1, 2], dtype=object), [1, 2, 3], int),
    (np.array(["3", "x", "2"], dtype=object), ["2", "3", "x"], str),
]


@pytest.mark.parametrize("dtype", ["category", pd.CategoricalDtype([3, 1, 2])])
def test_declared_categories_of_numbers_are_coded_in_their_order(dtype):
    data = DATA.assign(wave=pd.Series(RNG.permutation(np.resize([1, 2, 3], 20)), dtype=dtype))
    design = build_design(parse(SLOPE.format("wave")), data, "school")
    first, *others = data["wave"].cat.categories
    assert design.fixed_labels == ["g00", *(f"g10[{level}]" for level in others)]
    np.testing.assert_array_equal(design.X[:, 1:].sum(axis=1) == 0, data["wave"] == first)


def test_intervals_are_levels():
    data = DATA.assign(band=pd.cut(DATA["age"], [-6, 0, 5, 20]))
    design = build_design(parse(SLOPE.format("band")), data, "school")
    assert design.fixed_labels == ["g00", "g10[(0, 5]]", "g10[(5, 20]]"]


@pytest.mark.parametrize(("ids", "labels", "kind"), GROUPS)
def test_group_labels_keep_their_type(ids, labels, kind):
    data = pd.DataFrame({"g": pd.Series(ids).repeat(3).reset_index(drop=True), "y": np.arange(9.0)})
    design = build_design(parse("y = b0 + r; b0 = g00 + u0"), data, "g")
    assert design.group_labels.tolist() == labels
    assert all(type(label) is kind for label in design.group_labels.tolist())
    assert design.group_labels[design.group_codes].tolist() == data["g"].tolist()


def test_group_ids_that_no_file_can_hold_become_text():
    data = pd.DataFrame({"g": np.repeat(np.array([3, "x", 2], dtype=object), 3), "y": np.arange(9.0)})
    design = build_design(parse("y = b0 + r; b0 = g00 + u0"), data, "g")
    assert design.group_labels.tolist() == ["2", "3", "x"]
    assert design.group_labels[design.group_codes].tolist() == ["3"] * 3 + ["x"] * 3 + ["2"] * 3


@pytest.mark.parametrize("mean", [1e9, -1e-9, 0])
@pytest.mark.parametrize("scale", [1e-9, 1, 1e9])
def test_columns_far_from_zero_or_tiny_are_neither_constant_nor_collinear(mean, scale):
    data = DATA.assign(ses=mean * max(scale, 1) + scale * DATA["ses"] * (1e9 if mean == 1e9 and scale < 1 else 1))
    text = "math = b0 + b1*ses + b2*age + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10 + u1; b2 = g20"
    design = build_design(parse(text), data, "school")
    fitted = design.X @ design.cross_products.ols
    reference = build_design(parse(text), DATA, "school")
    expected = reference.X @ np.linalg.lstsq(reference.X, reference.y, rcond=None)[0]
    np.testing.assert_allclose(fitted, expected, atol=1e-5)


def test_one_accent_in_two_encodings_is_one_name():
    composed, decomposed = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    for column, written in ((composed, decomposed), (decomposed, composed)):
        design = build_design(parse(SLOPE.format(written)), DATA.rename(columns={"ses": column}), "school")
        np.testing.assert_array_equal(design.X[:, 1], DATA["ses"])
        assert column in design.frame


def test_equations_as_hlm_prints_them_find_its_columns():
    pasted = """
        MATHij = β0j + β1j*(SESij) + β2j*(AGEij) + rij
        β0j = γ00 + γ01*(MEANSESj) + u0j
        β1j = γ10 + u1j
        β2j = γ20
        SES has been centered around the group mean.
        AGE and MEANSES have been centered around the grand mean.
    """
    plain = """
        MATH = b0 + b1*cwc(SES) + b2*cgm(AGE) + r
        b0 = g00 + g01*cgm(MEANSES) + u0
        b1 = g10 + u1
        b2 = g20
    """
    data = DATA.rename(columns=str.upper).rename(columns={"SCHOOL": "school"})
    data["MEANSES"] = data.groupby("school")["SES"].transform("mean")
    one, other = (build_design(parse(text), data, "school") for text in (pasted, plain))
    assert one.spec == other.spec
    np.testing.assert_array_equal(one.X, other.X)


def test_an_exact_column_wins_over_a_subscript():
    data = DATA.assign(MATHij=DATA["math"] + 1, MATH=0.0)
    design = build_design(parse("MATHij = b0 + r; b0 = g00 + u0"), data, "school")
    assert design.spec.outcome.name == "MATHij"


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["1", "2", "n.a.", "unknown"], "column 'ses' holds numbers as text: 'n.a.' in row 2 is not a number"),
        (["1", "2", "n.a.", "unknown", "missing"], None),
    ],
    ids=["half of them are numbers", "fewer are"],
)
def test_text_is_a_column_of_numbers_where_half_of_its_values_are(texts, problem):
    """Values, not rows: a value counts once however often it occurs."""
    for repeated in (texts, texts + texts[:1] * 5, texts + texts[-1:] * 5):
        column = read_column(pd.Series(repeated, name="ses"))
        assert numbers_as_text(column, pd.RangeIndex(len(repeated))) == problem


def test_a_missing_column_among_many_shows_thirty_of_them():
    names = [f"x{k}" for k in range(33)]
    assert missing_column("age", names).endswith("The columns are: " + ", ".join(names[:30]) + " and 3 more")
    assert missing_column("age", names[:30]).endswith(", x28, x29")
