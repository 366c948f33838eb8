import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from bayeshlm.datasets import load_dataset, read_table
from bayeshlm.errors import DataError, FileError

EXPECTED = pd.DataFrame({"class id": [1, 1, 2], "IQ.ver.cen": [1.5, -0.25, None], "name": ["A, B", "Zoë", "C"]})


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ('class id,IQ.ver.cen,name\n1,1.5,"A, B"\n1,-0.25,Zoë\n2,NA,C\n', "utf-8"),
        ('"class id","IQ.ver.cen","name"\n1,1.5,"A, B"\n1,-0.25,"Zoë"\n2,,"C"\n', "utf-8-sig"),
        ('class id, IQ.ver.cen , name\r\n1, 1.5, "A, B"\r\n1, -0.25, Zoë\r\n2, ., C\r\n', "utf-8-sig"),
        ("class id;IQ.ver.cen;name\n1;1.5;A, B\n1;-0.25;Zoë\n2;NaN;C\n", "utf-8"),
        ("class id;IQ.ver.cen;name\n1;1,5;A, B\n1;-0,25;Zoë\n2;;C\n", "utf-8"),
        ("class id\tIQ.ver.cen\tname\n1\t1.5\tA, B\n1\t-0.25\tZoë\n2\t\tC\n", "utf-8"),
    ],
    ids=["plain", "BOM and quotes", "spaces and CRLF", "semicolons", "decimal commas", "tabs"],
)
def test_one_table_in_six_spellings(content, encoding, tmp_path):
    file = tmp_path / "data.csv"
    file.write_bytes(content.encode(encoding))
    assert_frame_equal(read_table(file), EXPECTED)
    assert_frame_equal(read_table(str(file)), EXPECTED)


def test_a_semicolon_inside_a_comma_separated_header_is_text(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("id,score; raw\n1,2\n")
    assert read_table(file).to_dict("list") == {"id": [1], "score; raw": [2]}


def test_row_names_as_r_writes_them_get_a_name(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text('"","school","y"\n"1",7,0.5\n"2",8,1.5\n')
    assert list(read_table(file)) == ["column 1", "school", "y"]


def test_text_with_commas_does_not_turn_into_numbers(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("id;codes\n1;1,5\n2;a,b\n")
    assert read_table(file)["codes"].tolist() == ["1,5", "a,b"]


def test_hsb_comes_back_from_csv_and_parquet(tmp_path):
    hsb = load_dataset("hsb")
    hsb.to_csv(tmp_path / "hsb.csv", index=False)
    hsb.to_parquet(tmp_path / "hsb.parquet", index=False)
    hsb.set_index("school").to_parquet(tmp_path / "indexed.pq")
    for name in ("hsb.csv", "hsb.parquet", "indexed.pq"):
        assert_frame_equal(read_table(tmp_path / name), hsb)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("empty.csv", b"", FileError, r"empty\.csv is empty"),
        ("blank.csv", b"\n\n", FileError, r"blank\.csv is empty"),
        ("bom.csv", b"\xef\xbb\xbf", FileError, r"bom\.csv is empty"),
        ("header.csv", b"school,y\n", DataError, r"header\.csv has a header but no rows"),
        ("twice.csv", b"school,y,y\n1,2,3\n", DataError, r'2 columns named "y"\. Rename all but one'),
        ("spaced.csv", b"school,y, y\n1,2,3\n", DataError, r'2 columns named "y"'),
        ("latin.csv", "school,name\n1,A\n2,Zoë\n".encode("latin-1"), FileError, r"line 3: byte 0xeb is not"),
        ("head.csv", "schülerin,y\n1,2\n".encode("latin-1"), FileError, r'line 1: byte 0xfc .* "CSV UTF-8'),
        ("utf16.csv", "school,y\n1,2\n".encode("utf-16"), FileError, r"not a UTF-8 text file: save it"),
        ("excel.csv", b"PK\x03\x04\x14\x00\x06\x00", FileError, r"not a UTF-8 text file"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", FileError, r"not a table: Expected 2 fields in line 3, saw 3"),
        ("long.csv", b"a,b\n1,2,3\n1,2,3\n", FileError, r"2 names in its header but more fields in its rows"),
        ("quote.csv", b'a,b\n1,"2\n3,4\n', FileError, r"not a table: EOF inside string"),
        ("book.xlsx", b"PK", FileError, r'ends in "\.xlsx"; tables are read from .* Save the table as CSV'),
        ("fake.parquet", b"school,y\n1,2\n", FileError, r"not a readable Parquet file"),
    ],
)  # fmt: skip
def test_a_wrong_file_ends_in_one_clear_message(name, content, error, message, tmp_path):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(error, match=message) as caught:
        read_table(file)
    assert str(file) in str(caught.value)


def test_a_parquet_file_without_rows(tmp_path):
    file = tmp_path / "none.parquet"
    pd.DataFrame({"y": pd.Series([], dtype=float)}).to_parquet(file)
    with pytest.raises(DataError, match="no rows"):
        read_table(file)


def test_files_that_are_not_there(tmp_path):
    (tmp_path / "pupils.csv").write_text("a\n1\n")
    with pytest.raises(FileError, match=r'There is no file .*pupil\.csv\. Did you mean "pupils\.csv"\?'):
        read_table(tmp_path / "pupil.csv")
    with pytest.raises(FileError, match=r"There is no file .*x\.csv\. Check the path\."):
        read_table(tmp_path / "nowhere" / "x.csv")
    with pytest.raises(FileError, match=r"is a directory\. Name the data file inside it\."):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("texts", "expected", "dtype"),
    [
        (["10000000000000001", "10000000000000002", "", "10000000000000003"], None, "Int64"),
        (["01", "1", "001", "2", "02"], None, "str"),
        (["1E2", "100", "2E1", "20", "7"], None, "str"),
        (["True", "TRUE", "true", "1"], None, "str"),
        (["9223372036854775807", "-9223372036854775807"], None, "int64"),
        (["9223372036854775808", "1"], None, "str"),
        (["-0", "0", "+1", "1"], None, "str"),
        (["1.0", "1", "2"], None, "str"),
        (["2", "1 ", "10"], ["2", "1", "10"], "int64"),
        (["None", "null", "n/a", "NULL", "N/A"], None, "str"),
        (["NA", "NaN", "nan", ".", "", "x"], ["", "", "", "", "", "x"], "str"),
        (["1", "2", "NA"], ["1", "2", ""], "Int64"),
    ],
)
def test_a_label_is_a_distinct_text_of_the_file(texts, expected, dtype, tmp_path):
    file = tmp_path / "ids.csv"
    file.write_text("y, id \n" + "".join(f"{k},{text}\n" for k, text in enumerate(texts)))
    ids = read_table(file, ["id"])["id"]
    assert ["" if pd.isna(value) else str(value) for value in ids] == (expected or texts)
    assert ids.dtype == dtype
    chosen = read_table(file, lambda names: [name for name in names if name == "id"])["id"]
    assert chosen.equals(ids)


def test_labels_take_no_part_in_finding_decimal_commas(tmp_path):
    file = tmp_path / "codes.csv"
    file.write_text("id;y\n1,50;1.25\n1,5;2.5\n")
    assert read_table(file, ["id"]).to_dict("list") == {"id": ["1,50", "1,5"], "y": [1.25, 2.5]}


def test_nothing_but_the_documented_marks_is_missing(tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text("arm,y\nNone,1\nnull,NA\nn/a,NaN\nNULL,nan\n#N/A,.\n<NA>,\n,6.5\n")
    frame = read_table(file)
    assert frame["arm"].tolist()[:6] == ["None", "null", "n/a", "NULL", "#N/A", "<NA>"]
    assert frame["arm"].isna().tolist() == [False] * 6 + [True]
    assert frame["y"].dtype == "float64"
    assert frame["y"].isna().tolist() == [False] + [True] * 5 + [False]


def test_integers_of_a_parquet_file_with_a_missing_one_stay_what_they_are(tmp_path):
    ids = [10000000000000001, 10000000000000002, None]
    table = pd.DataFrame(
        {"id": pd.array(ids, dtype="Int64"), "y": [1.5, None, 2.5], "n": pd.array([1, None, 2], "Int64")}
    )
    pq.write_table(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(), tmp_path / "ids.parquet"
    )
    frame = read_table(tmp_path / "ids.parquet", ["id", "y"])
    assert frame["id"].dropna().tolist() == ids[:2]
    assert frame.dtypes.astype(str).to_dict() == {"id": "Int64", "y": "float64", "n": "float64"}


def test_a_path_that_looks_like_an_address_is_a_path(tmp_path, monkeypatch):
    folder = tmp_path / "http:" / "h"
    folder.mkdir(parents=True)
    (folder / "x.csv").write_text("a,b\n1,2\n")
    pd.DataFrame({"a": [1], "b": [2]}).to_parquet(folder / "x.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("the network was asked"))
    for name in ("http:/h/x.csv", "http:/h/x.parquet"):
        assert read_table(name).to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize("name", ["a\0.csv", "~no such user/x.csv"])
def test_what_can_be_no_path_is_no_file(name):
    with pytest.raises(FileError, match="There is no file"):
        read_table(name)


@pytest.mark.parametrize(
    ("old", "new"), [('"pandas_type"', '"pandas_tyqe"'), ('"float64"', '"flxat64"'), ('"name"', '"nbme"')]
)
def test_what_pandas_says_in_a_damaged_parquet_file_ends_in_one_error(old, new, tmp_path):
    table = pa.Table.from_pandas(pd.DataFrame({"a": [1.5], "b": ["x"]}).set_index("b"))
    said = table.schema.metadata[b"pandas"].decode()
    assert old in said
    pq.write_table(table.replace_schema_metadata({"pandas": said.replace(old, new)}), tmp_path / "damaged.parquet")
    with pytest.raises(FileError, match="is not a readable Parquet file"):
        read_table(tmp_path / "damaged.parquet")
