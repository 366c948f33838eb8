"""Two schools of three pupils, worked out with pencil and paper."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.coefficient_means import coefficient_means, rows_of_coefficients
from bayeshlm.equations import parse, render

PUPILS = pd.DataFrame(
    {
        "school": ["Elm", "Ash", "Elm", "Ash", "Elm", "Ash"],
        "math": [1.0, 2.0, 3.0, 5.0, 4.0, 8.0],
        "ses": [1.0, 2.0, 3.0, 6.0, 5.0, 10.0],
        "sector": [0, 1, 0, 1, 0, 1],
    }
)


def design_of(text, data=PUPILS, group="school", **kwargs):
    return build_design(parse(text), data, group, **kwargs)


def test_cross_level_interaction_and_centering_within_groups():
    design = design_of(
        """
        math = b0 + b1*cwc(ses) + r
        b0 = g00 + g01*sector + u0
        b1 = g10 + g11*sector + u1
        """
    )
    # group means of ses: Ash 6, Elm 3
    np.testing.assert_array_equal(
        design.X,
        [
            [1, 0, -2, 0],
            [1, 1, -4, -4],
            [1, 0, 0, 0],
            [1, 1, 0, 0],
            [1, 0, 2, 0],
            [1, 1, 4, 4],
        ],
    )
    np.testing.assert_array_equal(design.Z, design.X[:, [0, 2]])
    np.testing.assert_array_equal(design.W, [[1, 1, 1, 1], [1, 0, 1, 0]])  # Ash, Elm
    np.testing.assert_array_equal(design.coefficient_of, [0, 0, 1, 1])
    beta = coefficient_means(design, np.array([[1.0, 10, 100, 1000], [2, 0, 0, 0]]))
    np.testing.assert_array_equal(beta, [[[11, 1100], [1, 100]], [[2, 0], [2, 0]]])
    np.testing.assert_array_equal(rows_of_coefficients(design, design.W[0]), [[1, 1, 0, 0], [0, 0, 1, 1]])
    assert list(design.group_labels) == ["Ash", "Elm"]
    np.testing.assert_array_equal(design.group_codes, [1, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(design.n_per_group, [3, 3])
    np.testing.assert_array_equal(design.y, PUPILS["math"])
    np.testing.assert_array_equal(design.offset, np.zeros(6))
    assert design.fixed_labels == ["g00", "g01", "g10", "g11"]
    assert design.random_labels == ["u0", "u1"]
    assert design.coefficient_labels == ["b0", "b1"]
    assert [(c.coefficient, c.term, c.is_intercept) for c in design.fixed] == [
        ("b0", "1", True),
        ("b0", "sector", False),
        ("b1", "1", False),
        ("b1", "sector", False),
    ]
    assert [(c.coefficient, c.expression, c.is_intercept) for c in design.random] == [
        ("b0", "1", True),
        ("b1", "cwc(ses)", False),
    ]
    assert design.blocks == ((0, 1),)
    assert design.rows_dropped == 0
    assert repr(design) == "Design(6 rows in 2 groups of 'school', 4 fixed and 2 random effects)"
    for matrix in (design.X, design.Z):
        assert matrix.flags.c_contiguous
        assert matrix.dtype == np.float64


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("ses", [1, 2, 3, 6, 5, 10]),
        ("ses_ij", [1, 2, 3, 6, 5, 10]),
        ("cgm(ses)", [-3.5, -2.5, -1.5, 1.5, 0.5, 5.5]),
        ("cwc(ses)", [-2, -4, 0, 0, 2, 4]),
        ("mean(ses)", [3, 6, 3, 6, 3, 6]),
        ("ses*sector", [0, 2, 0, 6, 0, 10]),
        ("cwc(ses*ses)", [1 - 35 / 3, 4 - 140 / 3, 9 - 35 / 3, 36 - 140 / 3, 25 - 35 / 3, 100 - 140 / 3]),
        ("scale(ses)", np.array([-3.5, -2.5, -1.5, 1.5, 0.5, 5.5]) / np.sqrt(53.5 / 5)),
        ("log(ses)", np.log([1, 2, 3, 6, 5, 10])),
        ("sqrt(ses)", np.sqrt([1, 2, 3, 6, 5, 10])),
        ("exp(cwc(ses))", np.exp([-2.0, -4, 0, 0, 2, 4])),
        ("cwc(log(ses))", np.log([1, 2, 3, 6, 5, 10]) - np.tile([np.log(15) / 3, np.log(120) / 3], 3)),
    ],
)
def test_level1_expression(expression, column):
    design = design_of(f"math = b0 + b1*{expression} + r; b0 = g00 + u0; b1 = g10")
    np.testing.assert_allclose(design.X[:, 1], column, rtol=1e-14, atol=1e-14)
    assert design.coefficients[1].expression == expression.removesuffix("_ij")  # the name that the data have


@pytest.mark.parametrize(
    ("expression", "ash", "birch", "elm"),
    [
        ("size", 4, 9, 25),
        ("size_j", 4, 9, 25),
        ("mean(ses)", 6, 0, 3),
        ("cgm(size)", 4 - 38 / 3, 9 - 38 / 3, 25 - 38 / 3),  # one value a group, whatever their sizes
        ("cgm(mean(ses))", 3, -3, 0),
        ("scale(size)", *((np.array([4, 9, 25]) - 38 / 3) / np.std([4, 9, 25], ddof=1))),
        ("sqrt(size)", 2, 3, 5),
        ("size*sector", 4, 0, 0),
        ("poly(size, 1)", *((np.array([4, 9, 25]) - 38 / 3) / np.sqrt(np.sum((np.array([4, 9, 25]) - 38 / 3) ** 2)))),
    ],
)
def test_level2_expression(expression, ash, birch, elm):
    birches = pd.DataFrame({"school": "Birch", "math": [1.0], "ses": [0.0], "sector": [0]})
    data = pd.concat([PUPILS, birches], ignore_index=True)
    data["size"] = data["school"].map({"Ash": 4, "Birch": 9, "Elm": 25})
    design = design_of(f"math = b0 + r; b0 = g00 + g01*{expression} + u0", data)
    np.testing.assert_allclose(design.W[:, 1], [ash, birch, elm], rtol=1e-14, atol=1e-14)
    np.testing.assert_array_equal(design.X[:, 1], design.W[design.group_codes, 1])


def test_a_coefficient_with_a_random_effect_only_has_no_column_in_X():
    design = design_of("math = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = u1; cov(u0, u1) = 0")
    assert design.fixed_labels == ["g00"]
    np.testing.assert_array_equal(design.Z[:, 1], [-2, -4, 0, 0, 2, 4])
    np.testing.assert_array_equal(design.W, [[1.0]] * 2)
    assert design.blocks == ((0,), (1,))


def test_offset_enters_with_coefficient_one():
    design = design_of("math = b0 + offset(ses) + offset(ses*sector) + r; b0 = g00 + u0")
    np.testing.assert_array_equal(design.offset, [1, 4, 3, 12, 5, 20])


def test_an_exact_column_wins_over_dropping_a_subscript():
    data = PUPILS.assign(ses_ij=[9.0, 8, 7, 6, 5, 3])
    design = design_of("math = b0 + b1*ses_ij + r; b0 = g00 + u0; b1 = g10", data)
    np.testing.assert_array_equal(design.X[:, 1], data["ses_ij"])


def test_the_group_may_be_named_in_the_text():
    design = build_design(parse("math = b0 + r; b0 = g00 + u0[school]"), PUPILS)
    assert design.group == "school"
    assert build_design(parse("math = b0 + r; b0 = g00 + u0[school]"), PUPILS, "school").group == "school"


def test_group_file_is_joined_and_its_other_groups_are_left_out():
    schools = pd.DataFrame({"school": ["Oak", "Elm", "Ash"], "size": [1.0, 25.0, 4.0]})
    design = design_of("math = b0 + r; b0 = g00 + g01*size + u0", group_data=schools)
    np.testing.assert_array_equal(design.X[:, 1], [25, 4, 25, 4, 25, 4])
    assert list(design.frame.columns) == ["school", "math", "size"]
    assert list(design.group_labels) == ["Ash", "Elm"]


def test_rows_with_missing_values_in_used_columns_are_dropped_and_counted():
    data = PUPILS.assign(unused=np.nan, school=["Elm", "Ash", "Elm", "Ash", None, "Ash"])
    data.loc[3, "ses"] = np.nan
    design = design_of("math = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10", data)
    assert design.rows_dropped == 2
    assert list(design.frame.index) == [0, 1, 2, 5]
    np.testing.assert_array_equal(design.X[:, 1], [-1, -4, 1, 4])  # means of the rows kept
    assert "(2 dropped)" in repr(design)


def test_the_users_data_are_neither_changed_nor_shared():
    data = PUPILS.copy()
    design = design_of("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", data)
    pd.testing.assert_frame_equal(data, PUPILS)
    data.loc[:, "math"] = 0.0
    np.testing.assert_array_equal(design.y, PUPILS["math"])
    np.testing.assert_array_equal(design.frame["math"], PUPILS["math"])


def test_a_design_speaks_of_columns_by_the_names_that_the_data_have():
    design = design_of("math_ij = b0 + b1*cwc(ses_ij) + r_ij; b0 = g00 + g01*sector_j + u0; b1 = g10")
    assert render(design.spec, "lme4", design.group) == "math ~ sector + I(ses - ave(ses, school)) + (1 | school)"
    assert [column.term for column in design.fixed] == ["1", "sector", "1"]
