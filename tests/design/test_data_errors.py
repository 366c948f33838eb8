"""Every mistake in the data ends in one DataError that names the place and says what to do."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import DataError

RNG = np.random.default_rng(0)
DATA = pd.DataFrame(
    {
        "school": np.repeat([11, 12, 13, 14], 5),
        "math": RNG.normal(size=20),
        "ses": RNG.normal(size=20),
        "age": RNG.permutation(20) - 5.0,
        "race": RNG.permutation(np.resize(["White", "Black", "Asian"], 20)),
        "sector": np.repeat(["Public", "Catholic", "Public", "Catholic"], 5),
        "size": np.repeat([100.0, 250.0, 400.0, 30.0], 5),
        "pupil": range(20),
    },
    index=[f"row{k}" for k in range(20)],
)
MEAN = "math = b0 + r; b0 = g00 + u0"
SLOPE = "math = b0 + b1*{} + r; b0 = g00 + u0; b1 = g10"
LEVEL2 = "math = b0 + r; b0 = g00 + g01*{} + u0"
SCHOOLS = pd.DataFrame({"school": [11, 12, 13, 14], "budget": [1.0, 2.0, 4.0, 3.0]})


def with_value(column, row, value):
    data = DATA.astype({column: object})
    data.loc[f"row{row}", column] = value
    return data


ERRORS = {
    # the grouping column
    "no group": (MEAN, {"group": None}, ['pass group="..."']),
    "groups disagree": (MEAN.replace("u0", "u0[sector]"), {}, ["group='school'", "disagrees", "[sector]"]),
    "group missing": (MEAN, {"group": "School"}, ["no column 'School'", "did you mean 'school'?"]),
    "group missing in text": (MEAN.replace("u0", "u0[scool]"), {"group": None}, ["'scool'", "did you mean 'school'?"]),
    "group is no name": (MEAN, {"group": 7}, ["must be the name of one column"]),
    "reserved name": (MEAN, {"data": DATA.rename(columns={"school": "tau"}), "group": "tau"}, ["'tau'", "df.rename("]),
    "reserved spelling": (MEAN, {"data": DATA.rename(columns={"school": "U_j"}), "group": "U_j"}, ["df.rename("]),
    "group is the outcome": (MEAN, {"group": "math"}, ["'math' cannot be the outcome", "math = b0"]),
    "outcome as predictor": (SLOPE.format("cwc(math)"), {}, ["'math' cannot be its own predictor", "      ^"]),
    "name of a part of the graph": (
        MEAN,
        {"data": DATA.rename(columns={"school": "tau_raw"}), "group": "tau_raw"},
        ["cannot be called 'tau_raw'", "df.rename("],
    ),
    "name that no file can hold": (
        MEAN,
        {"data": DATA.rename(columns={"school": "class/year"}), "group": "class/year"},
        ["cannot be called 'class/year'", "no file", "df.rename("],
    ),
    "ids that have lost their last digits": (
        MEAN,
        {"data": DATA.assign(school=[10000000000000001, *(10000000000000000 + DATA["school"])[1:-1], None])},
        ["column 'school'", "10000000000000000", "2**53", "dtype={'school': str}", '"Int64"'],
    ),
    "ids of group_data that have lost their last digits": (
        LEVEL2.format("budget"),
        {"group_data": SCHOOLS.assign(school=SCHOOLS["school"] + 1e16)},
        ["column 'school'", "10000000000000012", "2**53"],
    ),
    "ids of fewer digits in half the space": (
        MEAN,
        {"data": DATA.assign(school=(DATA["school"] + 2**24).astype("float32"))},
        ["column 'school'", "2**24"],
    ),
    "categories that have lost their last digits": (
        SLOPE.format("C(code)"),
        {"data": DATA.assign(code=1e16 + 2.0 * (DATA["pupil"] % 3))},
        ["column 'code'", "10000000000000000", "2**53"],
    ),
    "a number beyond floating point": (
        SLOPE.format("age"),
        {"data": DATA.assign(age=pd.Series([10**400, *range(19)], DATA.index, dtype=object))},
        ["column 'age'", "rescale it"],
    ),
    "group is a column, not its name": (MEAN, {"group": DATA["school"]}, ["name of one column, not a Series"]),
    "group in the index": (
        MEAN,
        {"data": DATA.set_index("school")},
        ["an index of that name: pass data.reset_index()"],
    ),
    "group as number and text": (
        MEAN,
        {"data": DATA.assign(school=[11] * 5 + ["11"] * 5 + [12] * 10)},
        ["'school' holds '11' both as number and as text"],
    ),
    "one group": (MEAN, {"data": DATA[:5]}, ["all 5 rows belong to one group", "school 11"]),
    "groups of one row": (MEAN, {"group": "pupil"}, ["every group of 'pupil' has one row", "tau", "sigma"]),
    # the level-2 file
    "group twice": (
        LEVEL2.format("budget"),
        {"group_data": pd.concat([SCHOOLS, SCHOOLS[1:2]])},
        ["one row a group", "group 12 has 2"],
    ),
    "groups not in the file": (
        LEVEL2.format("budget"),
        {"group_data": SCHOOLS[1:3]},
        ["2 of 4 groups", "the first is 11"],
    ),
    "ids of another type": (
        LEVEL2.format("budget"),
        {"group_data": SCHOOLS.astype({"school": str})},
        ["4 of 4 groups", "the first is 11", "'11'", "another type"],
    ),
    "column in both": (LEVEL2.format("size"), {"group_data": SCHOOLS.assign(size=1)}, ["'size' is in both"]),
    "file without group": (
        LEVEL2.format("budget"),
        {"group_data": SCHOOLS.rename(columns={"school": "id"})},
        ["group_data must have the grouping column", "'school'", "id, budget"],
    ),
    "file with an empty group": (
        LEVEL2.format("budget"),
        {"group_data": SCHOOLS.assign(school=[11, 12, 13, None])},
        ["row 3 of group_data has no value"],
    ),
    # columns
    "no such column": (
        SLOPE.format("cwc(sees)"),
        {},
        ["no column 'sees'", "did you mean 'ses'?", "The columns are: school, math, ses", "b1*cwc(sees)", "^^^^"],
    ),
    "no such outcome": ("score" + MEAN[4:], {}, ["no column 'score'", "score = b0", "^^^^^"]),
    "column twice": (SLOPE.format("ses"), {"data": DATA.rename(columns={"age": "ses"})}, ["2 columns called 'ses'"]),
    "not a frame": (MEAN, {"data": {"math": [1]}}, ["must be a pandas DataFrame, not dict", "to_pandas()"]),
    "no rows": (MEAN, {"data": DATA[:0]}, ["data has no rows"]),
    "no columns": (MEAN, {"data": pd.DataFrame()}, ["data is empty"]),
    "columns without names": (
        MEAN,
        {"data": DATA.set_axis(range(len(DATA.columns)), axis=1)},
        ["named by text, not like 0"],
    ),
    "columns of two rows": (MEAN, {"data": pd.concat({"all": DATA}, axis=1)}, ["not like ('all', 'school')"]),
    "predictor in the index": (SLOPE.format("age"), {"data": DATA.set_index("age")}, ["an index of that name", "^^^"]),
    "all missing": (SLOPE.format("ses"), {"data": DATA.assign(ses=np.nan)}, ["every row", "column 'ses' has no value"]),
    "no group in any row": (MEAN, {"data": DATA.assign(school=None)}, ["'school' has no value in any row"]),
    "no group in any row of two files": (
        LEVEL2.format("budget"),
        {"data": DATA.assign(school=None), "group_data": SCHOOLS},
        ["'school' has no value in any row"],
    ),
    "infinite": (SLOPE.format("ses"), {"data": with_value("ses", 7, np.inf)}, ["'ses' is inf in row 'row7'"]),
    "infinite outcome": (MEAN, {"data": with_value("math", 2, -np.inf)}, ["'math' is -inf in row 'row2'"]),
    "dates": (
        SLOPE.format("age"),
        {"data": DATA.assign(age=pd.date_range("2020-01-01", periods=20))},
        ["'age' holds dates"],
    ),
    "complex": (SLOPE.format("age"), {"data": DATA.assign(age=1j)}, ["'age' holds complex numbers"]),
    "lists": (SLOPE.format("age"), {"data": DATA.assign(age=[[1]] * 20)}, ["'age'", "cannot be read as numbers"]),
    "lists in C()": (
        SLOPE.format("C(age)"),
        {"data": DATA.assign(age=[[1]] * 20)},
        ["'age' holds values that are neither text nor numbers"],
    ),
    "text in numbers": (SLOPE.format("age"), {"data": with_value("age", 3, "?")}, ["mixes", "'?' in row 'row3'"]),
    "numbers as text": (
        SLOPE.format("age"),
        {"data": DATA.assign(age=["1.5", "2", "12,5", *["3"] * 17])},
        ["'age' holds numbers as text", "'12,5' in row 'row2' is not a number", "C(age)", "pd.to_numeric"],
    ),
    "good numbers as text": (
        SLOPE.format("cwc(age)"),
        {"data": DATA.assign(age=DATA["age"].astype(str))},
        ["'age' holds numbers as text", "in row 'row0' is text, not a number"],
    ),
    "text in a function": (
        SLOPE.format("log(race)"),
        {},
        ["'race' holds text ('Asian')", "log() needs numbers", "^^^^"],
    ),
    "categories in a function": (
        SLOPE.format("cwc(age)"),
        {"data": DATA.astype({"age": "category"})},
        ["'age' holds categories ('-5'), cwc() needs numbers"],
    ),
    "text in mean": (LEVEL2.format("mean(race)"), {}, ["mean() needs numbers"]),
    "text offset": ("math = b0 + offset(race) + r; b0 = g00 + u0", {}, ["offset() needs numbers"]),
    "text outcome": ("race" + MEAN[4:], {}, ["the outcome 'race' is text", "coded as numbers", "^^^^"]),
    "constant outcome": (MEAN, {"data": DATA.assign(math=3)}, ["'math' is 3 in every row"]),
    "huge outcome": (MEAN, {"data": DATA.assign(math=DATA["math"] * 1e160)}, ["'math' has values like", "rescale it"]),
    "tiny outcome": (MEAN, {"data": DATA.assign(math=DATA["math"] * 1e-300)}, ["'math' has values like", "rescale it"]),
    # levels
    "varies within groups": (
        LEVEL2.format("ses"),
        {"data": DATA.assign(ses=[*[1.0] * 5, 2.0, 2.0, 2.5, *[3.0] * 12])},
        [
            "'ses' varies within groups",
            "school 12 has 2 and 2.5",
            "write mean(ses)",
            "level-1 equation",
            "g01*ses",
            "^^^",
        ],
    ),
    "text varies within groups": (LEVEL2.format("race"), {}, ["'race' varies within groups (school 11 has '"]),
    "C() varies within groups": (LEVEL2.format("C(age)"), {}, ["'age' varies within groups"]),
    "cwc of a level-2 column": (SLOPE.format("cwc(size)"), {}, ["cwc(size) is zero everywhere", "^^^^^^^^^"]),
    "cwc of a mean": (SLOPE.format("cwc(mean(ses))"), {}, ["is zero everywhere"]),
    # functions
    "log of negatives": (SLOPE.format("log(age)"), {}, ["log() needs values above 0", "age is -", "in row 'row"]),
    "log of a product": (SLOPE.format("log(age*ses)"), {}, ["log() needs values above 0, but age*ses is"]),
    "sqrt of negatives": (
        LEVEL2.format("sqrt(size)"),
        {"data": DATA.assign(size=np.repeat([4.0, 1, -9, 2], 5))},
        ["sqrt() needs values of 0 or above, but size is -9 in row 'row10'"],
    ),
    "exp overflows": (SLOPE.format("exp(size)"), {"data": DATA.assign(size=np.arange(20) * 100.0)}, ["exp() needs"]),
    "scale of a constant": (SLOPE.format("scale(age)"), {"data": DATA.assign(age=2)}, ["scale() divides by the SD"]),
    "poly of few values": (LEVEL2.format("poly(size, 4)"), {}, ["at least 5 different values, there are 4", "poly("]),
    "product overflows": (
        SLOPE.format("age*ses"),
        {"data": DATA.assign(age=np.linspace(1, 2, 20) * 1e200, ses=np.linspace(1, 3, 20) * 1e200)},
        ["g10 (age*ses) overflows"],
    ),
    # categories
    "one level": (SLOPE.format("race"), {"data": DATA.assign(race="White")}, ["'race' has one level only, 'White'"]),
    "one level left": (
        SLOPE.format("race"),
        {"data": DATA.assign(race=pd.Categorical(["a"] * 20, ["a", "b"]))},
        ["'race' has one level only, 'a'"],
    ),
    "unknown reference": (
        SLOPE.format('C(race, ref="black")'),
        {},
        ["'black' is not a level of column 'race'", "Asian, Black, White", "C(race"],
    ),
    "level as number and text": (
        SLOPE.format("C(age)"),
        {"data": DATA.assign(age=[1, "1", *[2] * 18])},
        ["'age' holds '1' both as number and as text"],
    ),
    # what can be estimated
    "more effects than rows": (
        "math = b0 + b1*ses + b2*age + b3*race + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector; "
        "b2 = g20 + g21*sector; b3 = g30 + g31*sector",
        {"data": DATA.iloc[[0, 1, 2, 5, 6, 7, 10, 11, 15, 16]]},
        ["10 fixed effects cannot be estimated from 10 complete rows"],
    ),
    "constant column": (SLOPE.format("age"), {"data": DATA.assign(age=2)}, ["g10 (age) is constant (2 in every row)"]),
    "constant level-2 column": (LEVEL2.format("size"), {"data": DATA.assign(size=2)}, ["g01 (size) is constant"]),
    "constant random slope": (
        SLOPE.format("age").replace("g10", "u1"),
        {"data": DATA.assign(age=2)},
        ["u1 (age) is constant"],
    ),
    "collinear": (
        "math = b0 + b1*ses + b2*age + b3*z + r; b0 = g00 + u0; b1 = g10; b2 = g20; b3 = g30",
        {"data": DATA.assign(z=2 * DATA["ses"] - 1e-3)},
        ["g30 (z) is determined by g00 (the intercept) and g10 (ses)"],
    ),
    "collinear by centering": (
        "math = b0 + b1*ses + b2*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10; b2 = g20",
        {},
        ["g20 (cwc(ses)) is determined by g01 (mean(ses)) and g10 (ses)"],
    ),
    "collinear random effects": (
        "math = b0 + b1*ses + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = u2",
        {"data": DATA.assign(z=DATA["ses"] * 3)},
        ["u2 (z) is determined by u1 (ses)"],
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case):
    text, options, parts = ERRORS[case]
    arguments = {"data": DATA, "group": "school"} | options
    with pytest.raises(DataError) as raised:
        build_design(parse(text), **arguments)
    message = str(raised.value)
    for part in parts:
        assert part in message, message
    assert "np." not in message


def test_the_caret_stands_under_the_column():
    with pytest.raises(DataError) as raised:
        build_design(parse("math = b0 + b1*cwc(sees) + r\nb0 = g00 + u0\nb1 = g10"), DATA, "school")
    line, caret = str(raised.value).splitlines()[-2:]
    assert line.index("sees") == caret.index("^")
    assert caret.count("^") == 4


def test_errors_without_text_are_errors_too():
    """A specification made by hand has no text to quote."""
    spec = parse(LEVEL2.format("ses"))
    bare = type(spec)(**{name: getattr(spec, name) for name in spec.__slots__} | {"text": ""})
    with pytest.raises(DataError, match=r"varies within groups.*put ses in the level-1 equation$"):
        build_design(bare, DATA, "school")
