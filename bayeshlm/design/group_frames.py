"""Between a long file and its levels: a frame of the groups, and what is said of a group back on its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.columns import (
    CategoricalColumn,
    missing_column,
    numbers_as_text,
    read_column,
    resolve,
    shown,
)
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError, OptionError
from bayeshlm.source.labels import factorize
from bayeshlm.source.pandas_table import check_frame, one_column, text_names

type Summary = Literal["mean", "median", "sd", "var", "min", "max", "sum", "count", "size"]
_PANDAS = {"sd": "std"}
_SUMMARIES = ("mean", "median", "sd", "var", "min", "max", "sum", "count", "size")


def group_frame(data: pd.DataFrame, group: str, *, summaries: bool = False) -> pd.DataFrame:
    """Level-2 frame of a long file: a row a group, with the columns that are constant within groups.

    Missing values do not count: a column is constant when the values that are there are.

    Parameters
    ----------
    data : DataFrame
        One row a level-1 unit.
    group : str
        Grouping column; rows that miss it are left out.
    summaries : bool
        Keep the columns that vary as well: means of numbers, modes of everything else (of equally frequent values
        the first in order).

    Returns
    -------
    DataFrame
        Indexed by group, columns in the order of `data`.

    Raises
    ------
    DataError
        When there is no such column.

    See Also
    --------
    group_summary : a statistic of each group back on the rows.

    Examples
    --------
    >>> pupils = pd.DataFrame({"school": [1, 1, 2, 2], "size": [90, 90, 40, 40], "ses": [0.0, 1.0, 2.0, 4.0]})
    >>> group_frame(pupils, "school").to_dict("index")
    {1: {'size': 90}, 2: {'size': 40}}
    >>> group_frame(pupils, "school", summaries=True).to_dict("index")
    {1: {'size': 90, 'ses': 0.5}, 2: {'size': 40, 'ses': 3.0}}
    """
    check_frame(data, "data")
    group = _find(data, group)
    codes, labels = factorize(one_column(data, group))
    rows = codes >= 0
    columns: dict[str, pd.Series] = {}
    for name in data.columns:
        if name == group:
            continue
        grouped = one_column(data, name)[rows].groupby(codes[rows])
        try:
            distinct = grouped.nunique()
        except TypeError as error:
            raise DataError(f"column {name!r} holds values that are neither text nor numbers ({error})") from error
        if distinct.max() <= 1:
            columns[name] = grouped.first().set_axis(labels)
        elif summaries:
            columns[name] = _centers(grouped, data[name].dtype).set_axis(labels)
    return pd.DataFrame(columns, index=labels)


def group_summary(
    values: pd.Series | FloatArray, groups: Any, function: Summary | Callable[[pd.Series], Any] = "mean"
) -> pd.Series:
    """A statistic of each group, on every row of the group.

    Parameters
    ----------
    values : Series or array, (N,)
        What is summarized; a comparison such as ``data["sex"] == "Female"`` gives shares.
    groups : Series or array, (N,)
        The group of each row; rows that miss it get a missing value.
    function : str or callable
        ``"mean"``, ``"median"``, ``"sd"``, ``"var"``, ``"min"``, ``"max"``, ``"sum"``, ``"count"`` (values that are
        not missing), ``"size"`` (rows); or a function of a group's Series that returns one value, or one a row.

    Returns
    -------
    Series
        With the index of `values`.

    Raises
    ------
    DataError
        When the lengths differ.
    OptionError
        For another function, or one that returns neither one value nor one a row.

    Examples
    --------
    >>> group_summary(pd.Series([1.0, 3.0, 10.0]), ["a", "a", "b"]).tolist()
    [2.0, 2.0, 10.0]
    >>> group_summary(pd.Series([1.0, 3.0, 10.0]), ["a", "a", "b"], lambda own: own - own.mean()).tolist()
    [-1.0, 1.0, 0.0]
    """
    series = values if isinstance(values, pd.Series) else pd.Series(np.asarray(values))
    keys = groups if isinstance(groups, pd.Series) else pd.Series(np.asarray(groups), name="groups")
    if len(series) != len(keys):
        raise DataError(f"values has {len(series)} rows and groups {len(keys)}: they must be of the same rows")
    codes, labels = factorize(keys)
    if isinstance(function, str):
        if function not in _SUMMARIES:
            raise OptionError(f"function is one of {', '.join(_SUMMARIES)} or a function, not {function!r}.")
        plain = series.astype(np.int64) if series.dtype == bool else series
        grouped: Any = plain.groupby(np.where(codes < 0, np.nan, codes))
        try:
            by_row: pd.Series = grouped.transform(_PANDAS.get(function, function))
        except TypeError as error:
            raise DataError(
                f"{function!r} needs numbers ({error}): compare the column with one of its values first"
            ) from error
        return by_row.set_axis(series.index)
    out = np.full(len(series), None, dtype=object)
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.searchsorted(codes[order], np.arange(len(labels))))[1:]:
        own = function(series.iloc[rows])
        if np.ndim(own) > 0 and np.shape(own) != (len(rows),):
            raise OptionError(
                f"function returned {np.shape(own)[0]} values for group {shown(labels[codes[rows[0]]])} of {len(rows)} "
                "rows: it must return one value, or one a row."
            )
        out[rows] = own
    return pd.Series(out, index=series.index, name=series.name).infer_objects()


def contextual(data: pd.DataFrame, column: str, group: str) -> pd.Series:
    """Contextual variable: the mean of a column in each group, on every row, as ``mean(x)`` in the equations.

    Rows that miss a value do not count in the mean, and have it.

    Parameters
    ----------
    data : DataFrame
        One row a level-1 unit.
    column, group : str
        A column of numbers, and the grouping column.

    Returns
    -------
    Series
        With the index of `data`, called ``{column}_mean``.

    Raises
    ------
    DataError
        When there is no such column, or it does not hold numbers.

    Examples
    --------
    >>> pupils = pd.DataFrame({"school": [1, 1, 2], "ses": [0.0, 1.0, 2.0]})
    >>> contextual(pupils, "ses", "school").tolist(), deviation(pupils, "ses", "school").tolist()
    ([0.5, 0.5, 2.0], [-0.5, 0.5, 0.0])
    """
    _, means, name = _numbers_and_means(data, column, group)
    return pd.Series(means, index=data.index, name=f"{name}_mean")


def deviation(data: pd.DataFrame, column: str, group: str) -> pd.Series:
    """Deviation of a column from its group's mean, on every row, as ``cwc(x)`` in the equations.

    Parameters
    ----------
    data, column, group
        As in `contextual`.

    Returns
    -------
    Series
        With the index of `data`, called ``{column}_deviation``; missing where the column is.

    Raises
    ------
    DataError
        When there is no such column, or it does not hold numbers.
    """
    numbers, means, name = _numbers_and_means(data, column, group)
    return pd.Series(numbers - means, index=data.index, name=f"{name}_deviation")


def _centers(grouped: Any, dtype: Any) -> pd.Series:
    """Means of numbers and booleans, modes of everything else."""
    if pd.api.types.is_numeric_dtype(dtype):
        return pd.Series(grouped.mean())
    return pd.Series(grouped.agg(lambda own: next(iter(own.mode()), None)))


def _find(data: pd.DataFrame, name: str) -> str:
    names = text_names(data)
    found = resolve(name, names) if isinstance(name, str) else None
    if found is None:
        raise DataError(missing_column(str(name), names))
    return found


def _numbers_and_means(data: pd.DataFrame, column: str, group: str) -> tuple[FloatArray, FloatArray, str]:
    """Numbers of a column and its group means, (N,) each, NaN where they are missing; the column's name."""
    check_frame(data, "data")
    name = _find(data, column)
    series = one_column(data, name)
    codes, labels = factorize(one_column(data, _find(data, group)))
    there = (codes >= 0) & ~series.isna().to_numpy(dtype=bool)
    read = read_column(series[there])
    if isinstance(read, CategoricalColumn):
        problem = numbers_as_text(read, series[there].index) or f"column {name!r} holds categories ({read.levels[0]!r})"
        raise DataError(f"{problem}; a group mean needs numbers: compare it with one of its values first")
    numbers = np.full(len(data), np.nan)
    numbers[there] = read.numbers
    present, own = np.unique(codes[there], return_inverse=True)
    of_group = np.full(len(labels) + 1, np.nan)  # the last one is of rows without a group
    of_group[present] = GroupMeans.learn(read.numbers[:, None], own, len(present)).means[:, 0]
    return numbers, of_group[codes], name
