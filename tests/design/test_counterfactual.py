"""Averages that are asked for, as weights of the fixed effects, against numbers by hand."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.counterfactual import ask, contrasts, predictor_columns
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError

DATA = pd.DataFrame(
    {
        "g": [1, 1, 1, 2, 2, 2, 2, 2],
        "x": [0.0, 1.0, 5.0, 2.0, 4.0, 6.0, 1.0, 5.0],
        "kind": ["a", "b", "b", "b", "c", "b", "a", "b"],
        "d": [0, 1, 1, 0, 1, 0, 1, 0],
        "y": [1.0, 3.0, 2.0, 5.0, 4.0, 6.0, 2.0, 3.0],
    }
)
SHARES = np.array([0.1, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.15])
X = np.column_stack([np.ones(8), DATA["x"], DATA["kind"] == "b", DATA["kind"] == "c", DATA["d"], DATA["x"] * DATA["d"]])


@pytest.fixture(scope="module")
def design():
    return build_design(parse("y ~ x + kind + d + x:d + (1 | g)"), DATA)


def asked(design, *names, shares=None, **options):
    """Keys, and weights of the fixed effects in the order of `X`."""
    question = ask(design, shares, *names, **options)
    L, constant = question.linear()
    assert not constant.any()
    np.testing.assert_array_equal(design.kept_rows.X, X)
    return question.keys, L


def test_the_average_row_and_that_of_shares(design):
    keys, L = asked(design)
    assert keys == [()]
    np.testing.assert_allclose(L, [X.mean(axis=0)], rtol=1e-14)
    np.testing.assert_allclose(asked(design, shares=SHARES)[1], [SHARES @ X], rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "label", "by"),
    [(None, "+ 1", 1.0), (-2.5, "- 2.5", -2.5), ("sd", "+ 1 SD", DATA["x"].std()), ((1, 4), "4 - 1", 3.0)],
)
def test_a_difference_counts_the_terms_that_the_predictor_is_in(design, change, label, by):
    keys, L = asked(design, "x", "difference", shares=SHARES, change=change)
    assert keys == [(label,)]
    np.testing.assert_allclose(L, [[0, by, 0, 0, 0, by * SHARES @ DATA["d"]]], atol=1e-14)


def test_a_slope_is_a_derivative(design):
    keys, L = asked(design, "x", "slope")
    assert keys == [()]
    np.testing.assert_allclose(L, [[0, 1, 0, 0, 0, 0.5]], atol=1e-11)
    with pytest.raises(OptionError, match="'kind' has categories and no slope"):
        ask(design, None, "kind", "slope")


def test_zeros_and_ones_go_from_one_to_the_other_and_categories_from_the_first(design):
    keys, L = asked(design, "d", "difference")
    assert keys == [("1 - 0",)]
    np.testing.assert_allclose(L, [[0, 0, 0, 0, 1, 3]], atol=1e-14)
    keys, L = asked(design, "kind", "difference")
    assert keys == [("b - a",), ("c - a",)]
    np.testing.assert_allclose(L, [[0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0]], atol=1e-14)


def test_rows_are_set_to_values_and_averaged_by_groups_or_categories(design):
    keys, L = asked(design, at={"x": [2, 3], "kind": "a"}, by="g")
    assert keys == [(2.0, "a", 1), (2.0, "a", 2), (3.0, "a", 1), (3.0, "a", 2)]
    shares = [2 / 3, 2 / 5]
    np.testing.assert_allclose(L, [[1, x, 0, 0, d, x * d] for x in (2, 3) for d in shares], rtol=1e-14)
    keys, L = asked(design, by="kind", shares=SHARES)
    assert keys == [("a",), ("b",), ("c",)]
    own = [np.where(DATA["kind"] == kind, SHARES, 0) for kind in "abc"]
    np.testing.assert_allclose(L, [one @ X / one.sum() for one in own], rtol=1e-14)
    assert asked(design, by="d")[0] == [(0.0,), (1.0,)]


def test_everything_else_at_its_mean_or_its_most_frequent_category(design):
    keys, L = asked(design, "d", "difference", at="mean")
    assert keys == [("1 - 0",)]
    np.testing.assert_allclose(L, [[0, 0, 0, 0, 1, 3]], atol=1e-14)
    _, L = asked(design, at="mean")
    np.testing.assert_allclose(L, [[1, 3, 1, 0, 0.5, 1.5]], rtol=1e-14)
    assert asked(design, at={"x": "sd"})[0] == [(3 - DATA["x"].std(),), (3.0,), (3 + DATA["x"].std(),)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "x", "at": {"x": 1}}, "'x' is what varies"),
        ({"name": "x", "by": "d", "at": {"d": 1}}, "'d' is in by= and in at="),
        ({"name": "kind", "change": 1}, "has categories, each compared with the first"),
        ({"name": "x", "change": (1, 1)}, "two different numbers"),
        ({"name": "x", "change": (1, np.inf)}, "two different numbers"),
        ({"name": "x", "change": (1, 2, 3)}, "two different numbers"),
        ({"name": "x", "change": 0}, "write a number such as"),
        ({"name": "x", "change": True}, "write a number such as"),
        ({}, "which predictor is compared is not said: name one of x, kind, d"),
        ({"name": "z"}, "'z' is no predictor of this model; there are: x, kind, d"),
        ({"name": "mean(x)"}, "is an expression"),
        ({"name": "x", "at": "median"}, "at='median': write"),
        ({"name": "x", "at": {"kind": "e"}}, "no category 'e'"),
        ({"name": "x", "at": {"kind": []}}, "'kind' has no value"),
        ({"name": "x", "at": {"d": []}}, "'d' is \\[\\]"),
        ({"name": "d", "at": {"x": "median"}}, "'x' is 'median'"),
    ],
)
def test_errors_of_questions(design, options, words):
    with pytest.raises(OptionError, match=words):
        ask(design, None, operation="difference", **options)


def test_too_many_values_to_average_by():
    def model(n):
        data = pd.DataFrame({"g": np.arange(2 * n) % 4, "x": np.arange(2 * n) // 2, "y": np.sin(np.arange(2 * n))})
        return build_design(parse("y ~ x + (1 | g)"), data)

    assert len(ask(model(12), None, by="x").keys) == 12
    assert len(ask(model(12), None, at={"x": "levels"}).keys) == 12
    with pytest.raises(OptionError, match="by='x' has 13 different values"):
        ask(model(13), None, by="x")
    with pytest.raises(OptionError, match="'x' is 'levels'; write numbers"):
        ask(model(13), None, at={"x": "levels"})


def test_numbers_in_c_are_categories():
    design = build_design(parse("y ~ C(d) + x + (1 | g)"), DATA)
    column = predictor_columns(design)["d"]
    assert contrasts(column, None) == [("1 - 0", ("1", "0"))]
    assert ask(design, None, at={"d": "levels"}).keys == [("0",), ("1",)]


@pytest.mark.parametrize("held", [int, float, object])
def test_a_column_that_is_a_number_and_in_c_changes_in_both(held):
    design = build_design(parse("y ~ C(d) + d:x + (1 | g)"), DATA.assign(d=DATA["d"].astype(held)))
    d, x = DATA["d"].to_numpy(), DATA["x"].to_numpy()
    np.testing.assert_array_equal(design.kept_rows.X, np.column_stack([np.ones(8), d, d * x]))
    question = ask(design, SHARES, "d", "difference")
    assert question.keys == [("1 - 0",)]
    np.testing.assert_allclose(question.linear()[0], [[0, 1, SHARES @ x]], atol=1e-14)
    question = ask(design, SHARES, at={"d": "levels"})
    assert question.keys == [("0",), ("1",)]
    np.testing.assert_allclose(question.linear()[0], [[1, 0, 0], [1, 1, SHARES @ x]], atol=1e-14)
    np.testing.assert_allclose(ask(design, SHARES, at="mean").linear()[0], [[1, 0, 0]], atol=1e-14)


def test_categories_that_are_numbers_stay_categories():
    data = DATA.assign(d=DATA["d"].astype(pd.CategoricalDtype([1, 0])))
    design = build_design(parse("y ~ d + x + (1 | g)"), data)
    question = ask(design, SHARES, "d", "difference")
    assert question.keys == [("0 - 1",)]
    np.testing.assert_allclose(question.linear()[0], [[0, 1, 0]], atol=1e-14)
