"""The columns of formulas are those that R's model.matrix makes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse, render
from bayeshlm.errors import DataError

STORED = json.loads((Path(__file__).parents[1] / "references" / "formula_columns.json").read_text(encoding="utf-8"))
DATA = pd.DataFrame(STORED["data"])
CASES = {case["formula"]: case["columns"] for case in STORED["cases"]}
REFUSED = ("x:race", "race:kind", "race + race:x", "0 + race")  # R has columns that no line of a level has


@pytest.mark.parametrize("formula", [formula for formula in CASES if formula not in REFUSED])
def test_columns_of_a_formula_are_those_of_r(formula):
    design = build_design(parse(f"y ~ {formula} + (1 | g)"), DATA)
    expected = np.array(CASES[formula]).T
    assert design.X.shape == expected.shape
    order = [int(np.abs(expected.T - column).sum(axis=1).argmin()) for column in design.X.T]
    assert sorted(order) == list(range(len(order)))
    np.testing.assert_allclose(design.X, expected[:, order], atol=1e-12)
    assert parse(render(design.spec)) == design.spec


@pytest.mark.parametrize("formula", REFUSED)
def test_columns_that_level_equations_do_not_have_are_refused(formula):
    with pytest.raises(DataError, match="a column for every level, and level equations contrasts: ") as caught:
        build_design(parse(f"y ~ {formula} + (1 | g)"), DATA)
    assert "^" in str(caught.value)


@pytest.mark.parametrize("bars", ["(0 + race | g)", "(1 + race || g)", "(x + x:race | g) + (0 + race | g)"])
def test_categories_that_vary_have_the_columns_of_their_line(bars):
    with pytest.raises(DataError, match="in `race` the formula gives 'race' a column for every level"):
        build_design(parse(f"y ~ race * x + {bars}"), DATA)


def test_categories_beside_a_random_intercept_have_contrasts():
    design = build_design(parse("y ~ race * x + (1 + race | g)"), DATA)
    assert [column.label for column in design.random] == ["u0", "u1[q]", "u1[s]"]


def test_logical_columns_are_categories_to_r():
    data = DATA.assign(z=DATA["z"] == 1)
    with pytest.raises(DataError, match="a column for every level"):
        build_design(parse("y ~ z + x + (0 + z | g)"), data)
    assert build_design(parse("y ~ z + x + (1 + z | g)"), data).X.shape == (16, 3)


def test_the_last_level_may_be_the_reference():
    data = pd.DataFrame({"y": range(8), "g": [1, 1, 2, 2, 3, 3, 4, 4], "k": list("abcabcab")})
    text = "y = b0 + b1*C(k, last) + r; b0 = g00 + u0[g]; b1 = g10"
    design = build_design(parse(text), data)
    assert design.fixed_labels == ["g00", "g10[a]", "g10[b]"]
    np.testing.assert_array_equal(design.X[:, 1:], [[k == "a", k == "b"] for k in data["k"]])
    sas = "proc mixed; class g k; model y = k; random int / subject=g;"
    np.testing.assert_array_equal(build_design(parse(sas), data).X, design.X)
    assert build_design(parse("y ~ C(k, contr.SAS) + (1 | g)"), data).spec == build_design(parse(sas), data).spec
