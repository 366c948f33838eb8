"""Reading the user's table from a file, with one clear message for each way in which that fails."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayeshlm.errors import DataError, FileError
from bayeshlm.source.suggestion import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_TEXT = (".csv", ".tsv", ".txt")
_PARQUET = (".parquet", ".pq")
MISSING = ("", "NA", "NaN", "nan", ".")
"""What says in a text file that a value is missing."""

_DAMAGED = (ValueError, TypeError, LookupError, AttributeError, NotImplementedError)
"""Errors of pyarrow and pandas over a Parquet file whose content, or what pandas says of it, is damaged."""

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_AS_UTF8 = 'save it as UTF-8 (in Excel: "CSV UTF-8 (Comma delimited)")'


type Choice = Callable[[Sequence[str]], Collection[str]]
"""Which of the columns of a table hold labels."""


def read_table(path: str | Path, labels: Choice | Collection[str] = ()) -> pd.DataFrame:
    r"""Read a table from a CSV or Parquet file.

    Text files are UTF-8, with or without a byte order mark, with a header line; fields may be quoted.
    The delimiter is a comma, or a semicolon or tab where the header has more of these; decimal
    commas are read where semicolons or tabs separate the fields. Empty fields, ``NA``, ``NaN`` (or ``nan``) and a
    lone ``.`` are missing values, and nothing else is: ``None``, ``null`` and ``n/a`` are text.

    Parameters
    ----------
    path : str or pathlib.Path
        A file ending in .csv, .tsv, .txt, .parquet or .pq.
    labels : collection of str, or function from the column names to one
        Columns that name groups or categories. Two texts of such a column are two labels, however much they look like
        one number (``1`` and ``01``, ``100`` and ``1E2``, ids of 17 digits): it holds integers if every text is the
        integer's own spelling, spaces around it aside, and else the text of the file.

    Returns
    -------
    pandas.DataFrame
        One row a record; column names without surrounding spaces.

    Raises
    ------
    FileError
        When the file is missing, a directory, of another kind, not UTF-8 or not a table.
    DataError
        When the table has no rows, or two columns of one name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "pupils.csv"
    ...     _ = file.write_text('school,score\n"North",1.5\n"South",NA\n')
    ...     read_table(file)
      school  score
    0  North    1.5
    1  South    NaN
    """
    path = Path(os.path.expanduser(path))
    _check_file(path)
    choose = labels if callable(labels) else lambda names: labels
    try:
        frame = _read_parquet(path, choose) if path.suffix.lower() in _PARQUET else _read_text(path, choose)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error
    if frame.empty:
        raise DataError(f"{path} has a header but no rows. Check that the export wrote the data.")
    return frame


def _check_file(path: Path) -> None:
    if os.path.isdir(path):  # as the others below, false for what can be no path
        raise FileError(f"{path} is a directory. Name the data file inside it.")
    if not os.path.exists(path):
        siblings = (
            [entry.name for entry in path.parent.iterdir() if entry.suffix.lower() in (*_TEXT, *_PARQUET)]
            if os.path.isdir(path.parent)
            else []
        )
        hint = did_you_mean(path.name, siblings) if siblings else "Check the path."
        raise FileError(f"There is no file {path}. {hint}")
    if path.suffix.lower() not in (*_TEXT, *_PARQUET):
        raise FileError(
            f'{path} ends in "{path.suffix}"; tables are read from {", ".join((*_TEXT, *_PARQUET))} files. '
            "Save the table as CSV."
        )
    if path.stat().st_size == 0:
        raise _empty(path)


def _read_parquet(path: Path, choose: Choice) -> pd.DataFrame:
    import pandas as pd

    def read(**options: Any) -> pd.DataFrame:
        with path.open("rb") as file:  # a name could be taken for an address
            frame = pd.read_parquet(file, **options)
        return frame.reset_index() if any(level is not None for level in frame.index.names) else frame

    try:
        frame = read()
        names = [str(name) for name in frame.columns]
        _check_names(names, path)
        frame = frame.set_axis(names, axis="columns")
        floats = [name for name in choose(names) if frame[name].dtype.kind == "f"]
        if floats:  # integers of which some are missing have lost their last digits
            exact = read(dtype_backend="numpy_nullable").set_axis(names, axis="columns")
            frame = frame.assign(**{name: exact[name] for name in floats if exact[name].dtype.kind in "iu"})
    except _DAMAGED as error:
        raise FileError(f"{path} is not a readable Parquet file: {error}") from error
    return frame


def _read_text(path: Path, choose: Choice) -> pd.DataFrame:
    names, delimiter = _header(path)
    _check_names(names, path)
    shown = [name or f"column {k}" for k, name in enumerate(names, 1)]
    texts = [shown.index(name) for name in choose(shown)]
    frame = _parse(path, delimiter, ".", texts)
    if delimiter != "," and _has_decimal_commas(frame.drop(columns=frame.columns[texts])):
        frame = _parse(path, delimiter, ",", texts)
    if frame.shape[1] != len(names) or not _is_counted(frame):
        raise FileError(
            f"{path} has {len(names)} names in its header but more fields in its rows. "
            "Give every column a name, and put quotes around text that contains the delimiter."
        )
    frame = frame.set_axis(shown, axis="columns")
    return frame.assign(**{shown[k]: _as_labels(frame[shown[k]]) for k in texts})


def _as_labels(texts: pd.Series) -> pd.Series:
    """Integers where each text is the spelling of one, else the texts."""
    import pandas as pd

    codes, found = pd.factorize(texts)
    spelled = [text.strip(" ") for text in found]
    if not len(found) or not all(_INTEGER.fullmatch(text) and abs(int(text)) < 2**63 for text in spelled):
        return texts
    missing = codes < 0
    integers = pd.array([*map(int, spelled), 0], dtype="int64")[codes]  # the last one for missing values
    exact = pd.Series(integers, texts.index, name=texts.name)
    return exact.astype("Int64").mask(missing) if missing.any() else exact


def _header(path: Path) -> tuple[list[str], str]:
    """Column names without surrounding spaces, and the delimiter that gives most of them."""
    if _is_binary(path):
        raise FileError(f"{path} is not a UTF-8 text file: {_AS_UTF8}.")
    candidates: list[tuple[list[str], str]] = []
    for delimiter in (",", ";", "\t"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            try:
                rows = csv.reader(file, delimiter=delimiter)
                header = next((row for row in rows if row), [])
            except UnicodeDecodeError as error:
                raise _not_utf8(path) from error
            except csv.Error as error:
                raise FileError(f"The header of {path} cannot be read: {error}.") from error
        candidates.append(([name.strip() for name in header], delimiter))
    names, delimiter = max(candidates, key=lambda candidate: len(candidate[0]))
    if not any(names):
        raise _empty(path)
    return names, delimiter


def _is_binary(path: Path) -> bool:
    """Whether the file starts like UTF-16 or like something that is no text at all."""
    with path.open("rb") as file:
        return b"\0" in file.read(4096)


def _parse(path: Path, delimiter: str, decimal: str, texts: Sequence[int]) -> pd.DataFrame:
    """Read the file; the columns at the positions `texts` stay text."""
    import pandas as pd

    def read(**options: Any) -> pd.DataFrame:
        with path.open("rb") as file:  # a name could be taken for an address
            frame: pd.DataFrame = pd.read_csv(
                file,
                sep=delimiter,
                decimal=decimal,
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=list(MISSING),
                skipinitialspace=True,
                low_memory=False,
                **options,
            )
        return frame

    try:
        header = read(nrows=0).columns if texts else ()
        return read(dtype={header[k]: str for k in texts})
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except pd.errors.ParserError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise FileError(
            f"{path} is not a table: {reason}. Put quotes around text that contains the delimiter."
        ) from error


def _has_decimal_commas(frame: pd.DataFrame) -> bool:
    """Whether some text column holds nothing but numbers, some of them with a decimal comma."""
    number = r"\s*[+-]?\d*,?\d+(?:[eE][+-]?\d+)?\s*"
    for name in frame.columns[[dtype.kind not in "biufc" for dtype in frame.dtypes]]:
        texts = frame[name].dropna().astype(str).str
        if texts.fullmatch(number).all() and texts.contains(",").any():
            return True
    return False


def _is_counted(frame: pd.DataFrame) -> bool:
    """Whether pandas numbered the rows; it makes the first fields the index when rows are too long."""
    import pandas as pd

    return isinstance(frame.index, pd.RangeIndex)


def _check_names(names: list[str], path: Path) -> None:
    for name, count in Counter(name for name in names if name).items():
        if count > 1:
            raise DataError(f'{path} has {count} columns named "{name}". Rename all but one.')


def _empty(path: Path) -> FileError:
    return FileError(f"{path} is empty. Check that the export wrote the data.")


def _not_utf8(path: Path) -> FileError:
    """Say in which line the first byte stands that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return FileError(f"{path}, line {number}: byte 0x{byte:02x} is not UTF-8: {_AS_UTF8}.")
    return FileError(f"{path} is not UTF-8: {_AS_UTF8}.")
