import hashlib
import lzma
from dataclasses import FrozenInstanceError
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import bayeshlm.datasets
from bayeshlm.datasets import describe_dataset, load_dataset
from bayeshlm.datasets.loading import round_half_away
from bayeshlm.errors import DataError

# Rieger (2023), Introduction to Multilevel Modeling: head(dat, 6)
HSB_HEAD = """\
schid minority female ses mathach size schtype meanses
1224 0 1 -1.528 5.876 842 0 -0.428
1224 0 1 -0.588 19.708 842 0 -0.428
1224 0 0 -0.528 20.349 842 0 -0.428
1224 0 0 -0.668 8.781 842 0 -0.428
1224 0 0 -0.158 17.898 842 0 -0.428
1224 0 0 0.022 4.583 842 0 -0.428
"""

# The Lee and Bryk text: head(LeeBryk)
LEE_BRYK_HEAD = """\
schoolid math ses mses sector
1 5.88 -1.53 -0.43 0
1 19.71 -0.59 -0.43 0
1 20.35 -0.53 -0.43 0
1 8.78 -0.67 -0.43 0
1 17.90 -0.16 -0.43 0
1 4.58 0.02 -0.43 0
"""

# Monette, Mixed Models with R: head(hs, 50) without row 49, which is printed with school 1317 although
# size, pracad and disclim are those of school 1906
HS_HEAD = """\
school mathach ses sex minority size sector pracad disclim
1317 12.862  0.882 Female No 455 Catholic 0.95 -1.694
1317  8.961  0.932 Female Yes 455 Catholic 0.95 -1.694
1317  4.756 -0.158 Female Yes 455 Catholic 0.95 -1.694
1317 21.405  0.362 Female Yes 455 Catholic 0.95 -1.694
1317 20.748  1.372 Female No 455 Catholic 0.95 -1.694
1317 18.362  0.132 Female Yes 455 Catholic 0.95 -1.694
1317 14.752  0.132 Female No 455 Catholic 0.95 -1.694
1317 11.290 -0.008 Female Yes 455 Catholic 0.95 -1.694
1317 10.493 -0.108 Female Yes 455 Catholic 0.95 -1.694
1317 10.956  0.612 Female Yes 455 Catholic 0.95 -1.694
1317 21.405  0.482 Female Yes 455 Catholic 0.95 -1.694
1317 23.355  0.502 Female No 455 Catholic 0.95 -1.694
1317 12.283  0.482 Female Yes 455 Catholic 0.95 -1.694
1317  9.257  0.472 Female Yes 455 Catholic 0.95 -1.694
1317 11.502 -0.578 Female No 455 Catholic 0.95 -1.694
1317 20.039  1.152 Female Yes 455 Catholic 0.95 -1.694
1317 21.405 -0.288 Female Yes 455 Catholic 0.95 -1.694
1317 23.736  0.942 Female Yes 455 Catholic 0.95 -1.694
1317 11.027  0.722 Female Yes 455 Catholic 0.95 -1.694
1317 17.203 -0.108 Female Yes 455 Catholic 0.95 -1.694
1317 10.661  1.462 Female Yes 455 Catholic 0.95 -1.694
1317  7.031 -0.028 Female Yes 455 Catholic 0.95 -1.694
1317 13.677  0.702 Female No 455 Catholic 0.95 -1.694
1317 13.373  0.082 Female Yes 455 Catholic 0.95 -1.694
1317 10.121 -0.108 Female Yes 455 Catholic 0.95 -1.694
1317 10.394  0.322 Female Yes 455 Catholic 0.95 -1.694
1317  6.973  0.302 Female Yes 455 Catholic 0.95 -1.694
1317 11.064 -0.098 Female No 455 Catholic 0.95 -1.694
1317 11.531 -0.848 Female Yes 455 Catholic 0.95 -1.694
1317  8.253 -1.248 Female Yes 455 Catholic 0.95 -1.694
1317  7.142  0.122 Female Yes 455 Catholic 0.95 -1.694
1317  3.220  0.272 Female Yes 455 Catholic 0.95 -1.694
1317 15.784  0.582 Female No 455 Catholic 0.95 -1.694
1317 17.246  0.642 Female Yes 455 Catholic 0.95 -1.694
1317  9.337  0.952 Female Yes 455 Catholic 0.95 -1.694
1317 15.555 -0.258 Female Yes 455 Catholic 0.95 -1.694
1317  8.382  0.492 Female Yes 455 Catholic 0.95 -1.694
1317 11.621  0.992 Female No 455 Catholic 0.95 -1.694
1317  4.810  0.832 Female Yes 455 Catholic 0.95 -1.694
1317 17.869 -0.068 Female Yes 455 Catholic 0.95 -1.694
1317  8.057 -0.088 Female Yes 455 Catholic 0.95 -1.694
1317 11.794  0.972 Female Yes 455 Catholic 0.95 -1.694
1317 18.939  0.542 Female No 455 Catholic 0.95 -1.694
1317 20.261  0.132 Female Yes 455 Catholic 0.95 -1.694
1317 10.066 -0.008 Female Yes 455 Catholic 0.95 -1.694
1317 20.236  0.812 Female No 455 Catholic 0.95 -1.694
1317  4.508  1.122 Female No 455 Catholic 0.95 -1.694
1317 18.827  0.062 Female No 455 Catholic 0.95 -1.694
1906 20.455  0.382 Female No 400 Catholic 0.87 -0.939
"""

# The same text: table(hs$school), and the schools of the Catholic half of tab(~ Sector + school, hs)
HS_SIZES = {
    1317: 48, 1906: 53, 2208: 60, 2458: 57, 2626: 38, 2629: 57, 2639: 42, 2658: 45, 2771: 55, 3013: 53,
    3610: 64, 3992: 53, 4292: 65, 4511: 58, 4530: 63, 4868: 34, 5619: 66, 5640: 57, 5650: 45, 5720: 53,
    5761: 52, 5762: 37, 6074: 56, 6484: 35, 6897: 49, 7172: 44, 7232: 52, 7342: 58, 7345: 56, 7688: 54,
    7697: 32, 7890: 51, 7919: 37, 8531: 41, 8627: 53, 8707: 48, 8854: 32, 8874: 36, 9550: 29, 9586: 59,
}  # fmt: skip
HS_CATHOLIC = {
    1317, 1906, 2208, 2458, 2629, 2658, 3610, 3992, 4292, 4511, 4530,
    4868, 5619, 5650, 5720, 5761, 6074, 7172, 7342, 7688, 9586,
}  # fmt: skip


def listing(text: str) -> pd.DataFrame:
    return pd.read_csv(StringIO(text), sep=" ", skipinitialspace=True)


def test_hsb_equals_the_printed_listing():
    expected = listing(HSB_HEAD).rename(columns={"schid": "school", "schtype": "sector"})
    assert_frame_equal(load_dataset("hsb").head(6)[list(expected)], expected, check_exact=True)


def test_lee_bryk_equals_the_printed_listing_and_variance():
    data = load_dataset("lee_bryk")
    assert_frame_equal(data.head(6), listing(LEE_BRYK_HEAD), check_exact=True)
    assert round(data["math"].var(), 2) == 47.31


def test_hs_equals_the_printed_listing():
    expected = listing(HS_HEAD)
    expected["minority"] = (expected["minority"] == "Yes").astype(int)
    expected["female"] = (expected.pop("sex") == "Female").astype(int)
    expected["sector"] = (expected["sector"] == "Catholic").astype(int)
    actual = load_dataset("hs").head(50).drop(index=48).reset_index(drop=True)
    assert_frame_equal(actual[list(expected)], expected, check_exact=True)


def test_row_49_of_hs_is_the_first_student_of_school_1906():
    row = load_dataset("hs").loc[48, ["school", "mathach", "ses", "size", "pracad", "disclim"]]
    assert row.tolist() == [1906, 14.449, 0.132, 400, 0.87, -0.939]


def test_hs_has_the_printed_schools():
    data = load_dataset("hs")
    assert data["school"].value_counts(sort=False).to_dict() == HS_SIZES
    assert set(data.loc[data["sector"] == 1, "school"]) == HS_CATHOLIC
    assert data["sector"].sum() == 1144
    assert data["female"].sum() == 1074


@pytest.mark.parametrize("name", ["hsb", "hs", "lee_bryk"])
def test_the_codebook_describes_the_data(name):
    book, data = describe_dataset(name), load_dataset(name)
    assert book.name == name
    assert [column.name for column in book.columns] == list(data)
    assert (book.n_obs, book.n_groups) == (len(data), data[book.group].nunique())
    assert all(column.meaning and column.coding for column in book.columns)
    assert data.attrs["source"] == book.source
    assert "GPL" in book.license
    assert not data.isna().any(axis=None)
    assert data.index.equals(pd.RangeIndex(len(data)))
    codes = data[[column.name for column in book.columns if column.coding.startswith("1 = ")]]
    assert codes.isin([0, 1]).all(axis=None)
    assert set(codes.dtypes) == {np.dtype("int64")}
    assert data[book.group].dtype == np.dtype("int64")


def test_level_2_columns_are_constant_within_schools():
    data = load_dataset("hsb")
    level2 = ["size", "sector", "pracad", "disclim", "himinty", "meanses"]
    by_school = data.groupby("school")[level2]
    assert_frame_equal(by_school.min(), by_school.max())


def test_lee_bryk_numbers_the_schools_in_the_order_of_hsb():
    assert (load_dataset("lee_bryk")["schoolid"] == load_dataset("hsb")["school"].rank(method="dense")).all()


def test_rounding_is_half_away_from_zero_in_exact_decimals():
    values = np.array([-1.528, 0.005, -0.005, 1.005, -1.005, 2.675, 0.004, -0.004, 0.0, 24.993])
    expected = [-1.53, 0.01, -0.01, 1.01, -1.01, 2.68, 0.0, 0.0, 0.0, 24.99]
    assert round_half_away(values).tolist() == expected


def test_the_shipped_file_is_the_known_one():
    file = Path(bayeshlm.datasets.__file__).with_name("hsb.csv.xz")
    content = lzma.decompress(file.read_bytes())
    assert hashlib.sha256(content).hexdigest() == "173c3ba375fc1ec791220c6ad9dabf8bf7b0f6408465e1c92429961439fabdce"


def test_every_call_gives_a_frame_of_its_own():
    data = load_dataset("hsb")
    data["ses"] = 0.0
    assert load_dataset("hsb")["ses"].std() > 0


def test_unknown_names_are_refused():
    with pytest.raises(DataError, match=r'no data set "LeeBryk"\. Did you mean "lee_bryk"\?'):
        load_dataset("LeeBryk")
    with pytest.raises(DataError, match=r'no data set "iris"\. Use one of: attainment, bcg, classes, clinics, '):
        describe_dataset("iris")


def test_a_codebook_is_frozen_and_prints_a_line_a_column():
    book = describe_dataset("hsb")
    lines = str(book).splitlines()
    assert lines[1] == "7185 rows in 160 groups (school)"
    assert len(lines) == 4 + len(book.columns)
    with pytest.raises(FrozenInstanceError):
        book.name = "other"
