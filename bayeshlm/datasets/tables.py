"""Reading the user's table from a file, with one clear message for each way in which that fails."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bayeshlm.datasets.suggestion import did_you_mean
from bayeshlm.errors import DataError, FileError

if TYPE_CHECKING:
    import pandas as pd

_TEXT = (".csv", ".tsv", ".txt")
_PARQUET = (".parquet", ".pq")
_AS_UTF8 = 'save it as UTF-8 (in Excel: "CSV UTF-8 (Comma delimited)")'


def read_table(path: str | Path) -> pd.DataFrame:
    r"""Read a table from a CSV or Parquet file.

    Text files are UTF-8, with or without a byte order mark, with a header line; fields may be quoted.
    The delimiter is a comma, or a semicolon or tab where the header has more of these; decimal
    commas are read where semicolons or tabs separate the fields. Empty fields, ``NA``, ``NaN`` and a lone
    ``.`` are missing values.

    Parameters
    ----------
    path : str or pathlib.Path
        A file ending in .csv, .tsv, .txt, .parquet or .pq.

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
    path = Path(path).expanduser()
    _check_file(path)
    try:
        frame = _read_parquet(path) if path.suffix.lower() in _PARQUET else _read_text(path)
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


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (ValueError, NotImplementedError) as error:  # pyarrow's ArrowInvalid is a ValueError
        raise FileError(f"{path} is not a readable Parquet file: {error}") from error
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    names = [str(name) for name in frame.columns]
    _check_names(names, path)
    return frame.set_axis(names, axis="columns")


def _read_text(path: Path) -> pd.DataFrame:
    names, delimiter = _header(path)
    _check_names(names, path)
    frame = _parse(path, delimiter, decimal=".")
    if delimiter != "," and _has_decimal_commas(frame):
        frame = _parse(path, delimiter, decimal=",")
    if frame.shape[1] != len(names) or not _is_counted(frame):
        raise FileError(
            f"{path} has {len(names)} names in its header but more fields in its rows. "
            "Give every column a name, and put quotes around text that contains the delimiter."
        )
    return frame.set_axis([name or f"column {k}" for k, name in enumerate(names, 1)], axis="columns")


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


def _parse(path: Path, delimiter: str, decimal: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(
            path,
            sep=delimiter,
            decimal=decimal,
            encoding="utf-8-sig",
            na_values=["."],
            skipinitialspace=True,
            low_memory=False,
        )
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
