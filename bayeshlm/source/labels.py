"""Columns of labels, of groups or categories, as codes and the distinct values."""

from __future__ import annotations

from unicodedata import normalize

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.errors import DataError


def factorize(series: pd.Series, *, in_category_order: bool = False) -> tuple[NDArray[np.int64], pd.Index]:
    """Codes and distinct values of a column of labels; missing values have code -1.

    Parameters
    ----------
    series : Series of N values
    in_category_order : bool
        Keep the order of a categorical dtype instead of sorting the values.

    Returns
    -------
    codes : (N,) array of int
    values : Index
        Sorted if they can be, else as they appear, with their own type (integers stay integers).

    Raises
    ------
    DataError
        The values are neither text nor numbers, or floating-point numbers so large that neighbouring integers are
        one (2**53 or more): pandas makes such of integers where one is missing. Or text is no Unicode, or one label
        in two spellings, as "é" of one character and of two.

    Examples
    --------
    >>> codes, values = factorize(pd.Series(["b", "a", None, "b"], name="school"))
    >>> codes, list(values)
    (array([ 1,  0, -1,  1]), ['a', 'b'])
    """
    try:
        codes, found = pd.factorize(series)
        _refuse_two_spellings(found, series.name)
    except UnicodeError as error:
        raise DataError(
            f"column {series.name!r} holds text that is no Unicode ({error}): read it again with its encoding"
        ) from error
    except TypeError as error:
        raise DataError(f"column {series.name!r} holds values that are neither text nor numbers ({error})") from error
    if isinstance(found, pd.CategoricalIndex):
        order = np.argsort(found.codes) if in_category_order else None
        values = pd.Index(found.astype(found.categories.dtype))
    else:
        values, order = pd.Index(found), None
    values = _plain(values)
    _refuse_rounded(values, series.name)
    if order is None:
        try:
            order = np.asarray(values.argsort())
        except TypeError:
            order = np.arange(len(values))
    position = np.empty(len(values) + 1, dtype=np.int64)
    position[order] = np.arange(len(values))
    position[-1] = -1
    return position[codes], values[order].rename(series.name)


def _refuse_two_spellings(values: pd.Index, name: object) -> None:
    """Texts that no reader can tell apart are not two labels."""
    written: dict[str, str] = {}
    for text in values:
        if not isinstance(text, str) or text.isascii():
            continue
        text.encode("utf-8")
        if written.setdefault(normalize("NFC", text), text) != text:
            raise DataError(
                f"column {name!r} holds {text!r} in two spellings of Unicode, which look the same: make them one,"
                f' data[{name!r}].str.normalize("NFC")'
            )


def _refuse_rounded(values: pd.Index, name: object) -> None:
    if values.dtype.kind != "f":
        return
    numbers = values.to_numpy()
    digits = np.finfo(numbers.dtype).nmant + 1
    large = np.abs(numbers) >= 2.0**digits
    if large.any():
        raise DataError(
            f"column {name!r} names groups or categories by floating-point numbers such as "
            f"{values[int(large.argmax())]:.17g}, so large (2**{digits} or more) that different ids have become one: "
            f"keep them as text, pd.read_csv(..., dtype={{{name!r}: str}}), or as integers of which some may be "
            'missing, dtype "Int64"'
        )


def _plain(values: pd.Index) -> pd.Index:
    """Values of a nullable or Arrow type as numpy's own, object arrays as the type that they hold."""
    if isinstance(values.dtype, pd.api.extensions.ExtensionDtype) and not isinstance(
        values.dtype, (pd.DatetimeTZDtype, pd.PeriodDtype, pd.IntervalDtype, pd.StringDtype)
    ):
        values = pd.Index(values.to_numpy())
    return values.infer_objects()
