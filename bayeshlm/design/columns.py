"""Columns of the data: found by the name the equations use, read as numbers or as categories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from unicodedata import normalize

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.symbols import without_subscript
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize

NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?\s*%?\s*")


@dataclass(frozen=True, slots=True, eq=False)
class NumericColumn:
    """A column read as numbers.

    Attributes
    ----------
    name : str
        Name in the data.
    numbers : (N,) array of float
    """

    name: str
    numbers: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalColumn:
    """A column read as categories.

    Attributes
    ----------
    name : str
        Name in the data.
    codes : (N,) array of int
        Position of each row's value in `levels`.
    levels : tuple of str
        Values that occur: in the order of a categorical dtype, else sorted, else as they appear.
    """

    name: str
    codes: IntArray
    levels: tuple[str, ...]


type DataColumn = NumericColumn | CategoricalColumn


def resolve(name: str, names: Sequence[str]) -> str | None:
    """Find the column a name stands for: an exact one wins, else its subscript is dropped (`without_subscript`).

    Examples
    --------
    >>> resolve("ses_ij", ["ses", "sector_j"]), resolve("sector_j", ["sector", "sector_j"])
    ('ses', 'sector_j')
    >>> resolve("MATHACHij", ["MATHACH"]), resolve("SECTORj", ["SECTOR"]), resolve("taxi", ["tax"])
    ('MATHACH', 'SECTOR', None)
    >>> resolve("income", ["ses"]) is None
    True
    """
    if name in names:
        return name
    bare = without_subscript(name)
    if bare is not None and bare in names:
        return bare
    composed = {normalize("NFC", candidate): candidate for candidate in names}  # one accent has two encodings
    return composed.get(normalize("NFC", name))


def missing_column(name: str, names: Sequence[str], index_names: Sequence[object] = ()) -> str:
    """Say that a column does not exist, what it may have been meant to be, and which ones there are.

    Examples
    --------
    >>> missing_column("SES", ["ses", "sector"])
    "the data have no column 'SES'; did you mean 'ses'? The columns are: ses, sector"
    """
    if name in index_names:
        return f"the data have no column {name!r}, but an index of that name: pass data.reset_index()"
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    near = get_close_matches((without_subscript(name) or name).casefold(), folded, n=1)
    hint = f"; did you mean {folded[near[0]]!r}?" if near else "."
    shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    return f"the data have no column {name!r}{hint} The columns are: {shown}"


def read_column(series: pd.Series) -> DataColumn:
    """Read a column without missing values: numbers and booleans as numbers, text as categories.

    Raises
    ------
    DataError
        Dates, complex numbers, text mixed with numbers, anything else.

    Examples
    --------
    >>> read_column(pd.Series([True, False], name="urban")).numbers
    array([1., 0.])
    >>> read_column(pd.Series(["b", "a", "b"], name="race"))
    CategoricalColumn(name='race', codes=array([1, 0, 1]), levels=('a', 'b'))
    """
    name, dtype = str(series.name), series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return read_categories(series)
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period"):
        raise DataError(
            f"column {name!r} holds dates or times, which are no numbers: "
            "make a column of days, months or years from it and use that"
        )
    if kind == "string" or isinstance(dtype, pd.StringDtype):
        return read_categories(series)
    if pd.api.types.is_complex_dtype(dtype):
        raise DataError(f"column {name!r} holds complex numbers: use its real part")
    if kind == "unknown-array":
        return read_column(series.astype(object))
    if pd.api.types.is_object_dtype(dtype):
        texts = np.fromiter((isinstance(value, str) for value in series), bool, len(series))
        if texts.any():
            row = int(texts.argmax())
            raise DataError(
                f"column {name!r} mixes numbers and text: {series.iloc[row]!r} in row {shown(series.index[row])} "
                "is text; correct it, or make it missing (None) to have the row dropped"
            )
    try:
        return NumericColumn(name, np.asarray(series.to_numpy(dtype=np.float64), dtype=np.float64))
    except OverflowError as error:
        raise DataError(f"column {name!r} holds a number beyond what computers calculate with: rescale it") from error
    except (TypeError, ValueError) as error:
        raise DataError(f"column {name!r} of type {dtype} cannot be read as numbers ({error})") from error


def read_categories(series: pd.Series) -> CategoricalColumn:
    """Read a column without missing values as categories; categories that do not occur are left out.

    Examples
    --------
    >>> read_categories(pd.Series([2010.0, 2000.0], name="year")).levels
    ('2000', '2010')
    """
    codes, levels = factorize(series, in_category_order=True)
    labels = tuple(level_label(level) for level in levels)
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise DataError(f"column {series.name!r} holds {twice!r} both as number and as text: make it one of them")
    return CategoricalColumn(str(series.name), codes, labels)


def level_label(value: object) -> str:
    """Write a value of a category: whole numbers without a decimal point.

    Examples
    --------
    >>> level_label(3.0), level_label(2.5), level_label("Black")
    ('3', '2.5', 'Black')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def shown(value: object) -> str:
    """Write a label of the data as Python would: ``7``, ``'Lincoln'``.

    Examples
    --------
    >>> shown(np.int64(7)), shown("Lincoln")
    ('7', "'Lincoln'")
    """
    return repr(value.item() if isinstance(value, np.generic) else value)


def coding(series: pd.Series) -> Coding | None:
    """How R reads a column without missing values that is no number; None for numbers.

    Examples
    --------
    >>> [coding(pd.Series(values)) for values in (["b", "a"], [True, False], [1.5, 2.0])]
    ['text', 'logical', None]
    """
    if pd.api.types.is_bool_dtype(series) or pd.api.types.infer_dtype(series) == "boolean":
        return "logical"
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "text" if pd.api.types.infer_dtype(series.cat.categories) == "string" else "numbers"
    try:
        return "text" if isinstance(read_column(series), CategoricalColumn) else None
    except DataError:  # such a column stands in C() alone, where values are labels
        return "text"


def numbers_as_text(column: CategoricalColumn, labels: pd.Index | None = None) -> str | None:
    """Describe the first value that keeps a column of numbers from being one; None when it is a text column.

    Parameters
    ----------
    column : CategoricalColumn
    labels : Index of N row labels, optional
        Without them the message names no row.

    Examples
    --------
    >>> numbers_as_text(read_column(pd.Series(["1.5", "12,5", "7"], name="ses")), pd.RangeIndex(3))
    "column 'ses' holds numbers as text: '12,5' in row 1 is not a number"
    >>> numbers_as_text(read_column(pd.Series(["a", "b2"], name="ses")), pd.RangeIndex(2)) is None
    True
    """
    looks = np.array([bool(NUMBER.fullmatch(level)) for level in column.levels])
    if 2 * looks.sum() < len(looks):
        return None
    bad = np.array([not _is_number(level) for level in column.levels])
    rows: NDArray[np.bool_] = bad[column.codes]
    row = int(rows.argmax())
    value = column.levels[column.codes[row]]
    which = repr(value) if labels is None else f"{value!r} in row {shown(labels[row])}"
    return f"column {column.name!r} holds numbers as text: {which} is " + (
        "not a number" if bad.any() else "text, not a number"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
