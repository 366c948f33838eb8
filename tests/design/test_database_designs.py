"""A design of a table of a database holds the numbers of that of the same rows in a DataFrame."""

import numpy as np
import pandas as pd
import pytest
from database_designs import compare, pupils, stored

from bayeshlm.design.build_from_database import build_design_from_database
from bayeshlm.equations import parse
from bayeshlm.errors import DataError, EquationError
from bayeshlm.source.database_table import DatabaseTable

LEVELS = "math = b0 + {} + r; b0 = g00 + u0; {}"
SLOPE = "math = b0 + b1*{} + r; b0 = g00 + u0; b1 = g10"
LEVEL2 = "math = b0 + b1*ses + r; b0 = g00 + g01*{0} + u0; b1 = g10 + g11*{0} + u1"

ONE_GROUPING = {
    "intercept": "math = b0 + r; b0 = g00 + u0",
    "no fixed intercept": "math = b0 + b1*age + b2*race + r; b0 = u0; b1 = g10 + u1; b2 = g20",
    "independent effects": "math = b0 + b1*age + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
    **{f"level 1, {one}": SLOPE.format(one) for one in (
        "ses", "age", "cgm(age)", "cwc(age)", "scale(age)", "log(income)", "sqrt(income)", "exp(ses)", "mean(ses)",
        "cwc(log(income))", "cwc(ses*minority)", "scale(cwc(ses))", "cgm(ses)*minority", "exp(cwc(ses))", "race",
        "urban", "C(grade)", "C(grade, ref=4)", "C(race, sum)", "C(race, last)", "C(urban)", "race*ses",
        "cwc(ses)*cwc(age)", "cwc(minority)", "cwc(urban)", "cgm(mean(ses))",
    )},
    "every level": "math = b1*race + b2*ses + r; b1 = g10; b2 = g20 + u2",
    **{f"level 2, {one}": LEVEL2.format(one) for one in (
        "size", "cgm(size)", "scale(size)", "log(size)", "poly(size, 2)", "sector", "C(sector, sum)", "mixed",
        "mean(ses)", "cgm(mean(age))", "mean(log(income))", "mean(urban)", "mean(ses)*sector",
    )},
    "far columns that interact": "math = b0 + b1*age + b2*ses + r; b0 = g00 + g01*mixed + u0; "
    "b1 = g10 + g11*mixed; b2 = g20 + u2",
    "offset": "math = b0 + b1*ses + offset(income) + r; b0 = g00 + u0; b1 = g10",
    "formula": "math ~ ses*sector + race + log(income) + mixed + (1 + ses | school)",
    "subscripts": "math_ij = b0j + b1j*ses_ij + rij; b0j = g00 + g01*size_j + u0j; b1j = g10",
}  # fmt: skip

SEVERAL = {
    "crossed": "math = b0 + b1*ses + r; b0 = g00 + u0[school] + v0[area]; b1 = g10 + u1[school]",
    "crossed by formula": "math ~ ses + race + size + (1 + ses | school) + (1 | area)",
    "nested": "math = p0 + p1*ses + e; p0 = b00 + b01*size + r0[school]; p1 = b10 + b11*sector + r1[school]; "
    "b00 = g000 + g001*mean(ses) + u00[town]; b01 = g010; b10 = g100 + u10[town]; b11 = g110",
    "cells": "math ~ ses + (1 | school) + (1 | school:area)",
}


@pytest.fixture(scope="module")
def data():
    return pupils()


@pytest.fixture(scope="module")
def table(data):
    return stored(data)


@pytest.mark.parametrize("text", ONE_GROUPING.values(), ids=ONE_GROUPING)
def test_one_grouping(text, data, table):
    far = text.startswith("math = b1")  # without an intercept the outcome is not centered before it is squared
    rounded = "(age)" in text and "cwc" not in text  # the last digit of the mean 10,000, beside an SD of 1
    compare(text, data, table, "school", rtol=2e-11 if far else 4e-12 if rounded else 1e-12)


@pytest.mark.parametrize("text", SEVERAL.values(), ids=SEVERAL)
def test_several_groupings(text, data, table):
    compare(text, data, table, None)


def test_a_table_of_groups_in_memory_or_in_the_database(data, table):
    schools = data.groupby("school", as_index=False)[["size", "sector"]].first()
    schools.loc[3, "sector"] = None
    rest, rest_of_table = data.drop(columns=["size", "sector"]), table.drop("size", "sector")
    text = LEVEL2.format("sector").replace("+ g11*sector", "+ g11*cgm(size)")
    given, _ = compare(text, rest, rest_of_table, "school", schools)
    assert given.left_out.columns == (("sector", 40), ("size", 40))
    with pytest.raises(DataError, match="'sector' of group_data stands where the database"):
        compare(SLOPE.format("sector"), rest, rest_of_table, "school", schools)


def test_ten_thousand_more_change_the_constant_alone(data):
    text = "math = b0 + b1*ses + b2*cwc(income) + r; b0 = g00 + g01*size + u0; b1 = g10 + u1; b2 = g20"
    complete = data.dropna()
    near, far = complete, complete.assign(ses=complete["ses"] + 1e4, income=complete["income"] + 1e4)
    (_, one), (_, other) = (compare(text, d, stored(d), "school") for d in (near, far))
    for name in ("ZtZ", "ZtX", "Zty", "XtX", "yty"):
        a, b = getattr(one.products, name), getattr(other.products, name)
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-11 * np.abs(a).max())


def test_ids_of_any_type(data):
    large = data["school"].astype("Int64") + 2**60
    large[::100] = pd.NA
    for ids in (large, data["school"].map("school {}".format), data["town"]):
        one = data.assign(school=ids)
        _, found = compare("math = b0 + r; b0 = g00 + u0", one, stored(one), "school")
        assert found.n_obs == ids.notna().sum()


WRONG = {
    "poly of rows": (SLOPE.format("poly(ses, 2)"), "poly.* stay in the database: write powers as products"),
    "bs of rows": (SLOPE.format("bs(ses, df=4)"), "bs.* stay in the database"),
    "log of zero": (SLOPE.format("log(minority)"), "needs values above 0, but minority is 0 in some row"),
    "sqrt of less": (SLOPE.format("sqrt(ses)"), "needs values of 0 or above, but ses is -"),
    "exp of much": (SLOPE.format("exp(age)"), "needs values below 709"),
    "varies": (LEVEL2.format("race"), "'race' varies within groups .*has 'Asian' and 'White'.*write mean"),
    "varying numbers": (LEVEL2.format("grade"), "'grade' varies within groups .*has 3 and 5"),
    "constant within": (SLOPE.format("cwc(size)"), r"cwc\(size\) is zero everywhere: size does not vary"),
    "collinear": ("math = b0 + b1*ses + b2*cgm(ses) + r; b0 = g00 + u0; b1 = g10; b2 = g20", "is determined by"),
    "one level": (SLOPE.format("constant_text"), "has one level only"),
    "a date": (SLOPE.format("born"), "dates or times, which are no numbers"),
    "a list": (SLOPE.format("many"), "'many' of type array.* cannot be read"),
    "numbers as text": (SLOPE.format("as_text"), "numbers as text: '1' is text, not a number; make it numbers"),
    "text in cwc": (SLOPE.format("cwc(race)"), r"'race' holds text \('Asian'\), cwc\(\) needs numbers"),
    "no column": (SLOPE.format("sess"), "no column 'sess'; did you mean 'ses'"),
    "no such group": (SLOPE.format("ses").replace("u0", "u0[class]"), "no column 'class'"),
    "text outcome": ("race = b0 + r; b0 = g00 + u0", "the outcome 'race' is text"),
    "constant outcome": ("constant = b0 + r; b0 = g00 + u0", "is 7 in every row: there is nothing to explain"),
    "infinite": (SLOPE.format("endless"), "'endless' is inf in some row"),
    "nothing there": (SLOPE.format("nothing"), "every row of the data misses a value.*'nothing' has no value at all"),
    "family": ("minority ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0", "likelihood of a Bernoulli outcome needs"),
    "one row a group": ("math = b0 + r; b0 = g00 + u0[number]", "every group of 'number' has one row"),
    "one group": ("math = b0 + r; b0 = g00 + u0[constant]", "belong to one group"),
    "explained": ("twice = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", "all of the outcome but a billionth"),
    "its own predictor": (SLOPE.format("math"), "cannot be its own predictor"),
}  # fmt: skip


@pytest.fixture(scope="module")
def odd(data):
    n = len(data)
    more = {"constant_text": "a", "constant": 7, "born": pd.Timestamp("2020-01-01"), "number": range(n)}
    frame = data.assign(
        **more,
        many=[[1, 2]] * n,
        as_text=(data["grade"] % 4).astype(str).replace("3", "1"),
        endless=np.where(np.arange(n) == 7, np.inf, data["ses"]),
        nothing=pd.Series([None] * n, dtype="float64"),
        twice=2 * data["ses"] + 1,
    )
    return stored(frame)


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(text, message, odd):
    with pytest.raises((DataError, EquationError), match=f"(?s){message}"):
        build_design_from_database(parse(text), DatabaseTable(odd), None if "[" in text else "school")


CENTERED = "math = b0 + b1*cwc(x) + b2*minority + r; b0 = g00 + g01*mean(x) + u0; b1 = g10 + u1; b2 = g20"


@pytest.fixture
def queries(monkeypatch):
    """Texts of the queries for sums, as they are asked."""
    import ibis

    from bayeshlm.design import asked_sums

    asked, ask = [], asked_sums.ask

    def noted(expression, exact=()):
        asked.append(ibis.to_sql(expression))
        return ask(expression, exact)

    monkeypatch.setattr(asked_sums, "ask", noted)
    return asked


def with_x(far=0.0, between=1.0):
    data = pupils()
    return data.assign(x=far + between * (data["school"] - 130) + data["ses"] - 0.3 * (data["school"] % 7))


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_group_means_are_taken_off_sums_without_a_join(far, queries):
    data = with_x(far, between=0.02)
    compare(CENTERED, data, stored(data), "school")
    assert ["JOIN" in query for query in queries] == [False]


def test_groups_far_from_each_other_are_joined_to_their_means(queries):
    data = with_x(between=1e4)
    compare(CENTERED, data, stored(data), "school", rtol=1e-9)  # of values of a million
    assert ["JOIN" in query for query in queries] == [False, True]


def test_products_with_centered_columns_need_the_means_in_the_database(queries):
    data = with_x()
    text = "math = b0 + b1*cwc(x)*minority + b2*cwc(x) + r; b0 = g00 + u0; b1 = g10; b2 = g20 + u2"
    compare(text, data, stored(data), "school")
    assert ["JOIN" in query for query in queries] == [True]


def test_a_column_that_is_constant_in_a_group_has_no_rounding_there():
    data = with_x(0.1)
    data.loc[data["school"] == 103, "x"] = 0.1 + 0.2
    _, found = compare(CENTERED, data, stored(data), "school")
    assert found.products.ZtZ[2, 1, 1] == 0.0
    assert (found.products.ZtZ[:, 1, 1] == 0.0).sum() == 1


def test_centered_columns_of_three_levels_are_less_the_means_of_their_units():
    data = with_x()
    text = "math = p0 + p1*cwc(x) + e; p0 = b00 + b01*mean(x) + r0; b00 = g000 + u00; p1 = b10 + r1; b10 = g100 + u10"
    compare(text, data, stored(data), ["school", "town"])


def test_rows_are_told_apart_by_all_columns_that_can_be_compared():
    columns = {"y": [1.0, 2.0, 4.0, 3.0], "g": [1, 1, 2, 2], "note": list("abca"), "tags": [[1], [2, 3], [4], [5]]}
    table = stored(pd.DataFrame(columns))
    found = build_design_from_database(parse("y ~ 1 + (1 | g)"), DatabaseTable(table)).summed.rows
    assert [table.columns[int(name[1:])] for name in found.identity] == ["y", "g", "note"]
