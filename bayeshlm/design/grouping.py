"""The grouping column, and the level-2 file that is joined by it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayeshlm.design.columns import missing_column, resolve, shown
from bayeshlm.design.scaling import IntArray
from bayeshlm.equations import canonical
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize
from bayeshlm.source.table import Table

_PARAMETERS = ("gamma", "beta", "u", "z", "tau", "corr", "sigma", "mu", "y", "r", "X", "Z", "W", "G")
_DIMENSIONS = (
    "fixed",
    "random",
    "random_",
    "coefficient",
    "chain",
    "draw",
    "sample",
    "obs",
    "observation",
    "level",
    "is_new",
)
_CONTAINERS = ("group_codes", "log_likelihood", "log_prior", "offset", "reliability", "by_group", "is_new")
_MOMENTS = ("u_mean", "u_sd", "beta_mean", "beta_sd", "beta_mcse")
_GRAPH = (
    "group_code",
    "y_observed",
    "obs_id",
    "column_means",
    "u_to_scaled",
    "ZtZ",
    "ZtX",
    "Zty",
    "XtX",
    "Xty",
    "totals",
)
_LEFT_OUT = (
    "elpd",
    "p_loo",
    "pareto_k",
    "mcse",
    "refitted",
    "shift",
    "mean",
    "sd",
    "parameter",
    "estimate",
    "component",
)
_PARTS = ("gamma_", "tau_", "corr_", "sigma_")
RESERVED = frozenset((*_PARAMETERS, *_DIMENSIONS, *_CONTAINERS, *_MOMENTS, *_GRAPH, *_LEFT_OUT))
"""Names in the graphs and the results, which a grouping column cannot have; nor one that begins with `_PARTS`."""


def find_group_column(spec: ModelSpec, data: Table, group: object) -> str:
    """Name of the grouping column: the argument `group`, or what the equations say; both must agree."""
    names = data.names
    if group is None and spec.group is None:
        raise DataError(
            'the grouping column is not named: pass group="...", or write group = "..." in the model file '
            "(the column that says which group a row belongs to)"
        )
    found: dict[str, str] = {}
    for name in (group, spec.group):
        if name is not None and not isinstance(name, str):
            raise DataError(f"group must be the name of one column, not a {type(name).__name__}")
        if name is not None:
            column = resolve(name, names)
            if column is None:
                raise DataError(missing_column(name, names, data.index.names))
            found[column] = name
    if len(found) > 1:
        raise DataError(f"group={group!r} disagrees with the equations, which say [{spec.group}]")
    (column,) = found
    if "/" in column or column == ".":
        raise DataError(
            f"the grouping column cannot be called {column!r}, no file of results can hold that name: rename it, "
            f'df.rename(columns={{{column!r}: "group_id"}})'
        )
    if column in RESERVED or canonical(column) in RESERVED or column.startswith(_PARTS):
        raise DataError(
            f"the grouping column cannot be called {column!r}, the results use that name: rename it, "
            f'df.rename(columns={{{column!r}: "group_id"}})'
        )
    data.column(column)
    return column


def group_ids(data: Table, name: str) -> pd.Series:
    """Grouping column; ids that no file of results can hold, such as UUIDs, become text.

    Raises
    ------
    DataError
        Two ids are one text, such as 1 and "1".

    Examples
    --------
    >>> from bayeshlm.source.pandas_table import PandasTable
    >>> group_ids(PandasTable(pd.DataFrame({"school": [7, "7b", 7]})), "school").tolist()
    ['7', '7b', '7']
    """
    ids = data.column(name)
    if _fits_a_file(ids):
        return ids
    found = factorize(ids)[1]
    texts = [str(value) for value in found]
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise DataError(f"the grouping column {name!r} holds {twice!r} both as number and as text: make it one of them")
    return ids.astype(object).map(str, na_action="ignore")


def _fits_a_file(ids: pd.Series) -> bool:
    """Whether netCDF holds these values as they are: numbers, text, times without a zone."""
    values = ids.cat.categories if isinstance(ids.dtype, pd.CategoricalDtype) else ids.dropna()
    values = values.infer_objects()
    if isinstance(values.dtype, (pd.DatetimeTZDtype, pd.PeriodDtype, pd.IntervalDtype)):
        return False
    if values.dtype.kind == "O":
        return pd.api.types.infer_dtype(values) in ("string", "bytes", "empty")
    return values.dtype.kind != "c"


def match_groups(data: Table, group_data: Table, group: str, labels: pd.Index) -> IntArray:
    """Row of the level-2 file that belongs to each group.

    Parameters
    ----------
    data, group_data : Table
    group : str
        Grouping column of `data`.
    labels : Index of J groups of `data`

    Returns
    -------
    (J,) array of int

    Raises
    ------
    DataError
        A group without a row or with two, a row without a group, or a column that is in both.
    """
    names = group_data.names
    key = resolve(group, names)
    if key is None:
        raise DataError(f"group_data must have the grouping column: {missing_column(group, names)}")
    own = set(data.names)
    shared = [name for name in names if name in own and name != key]
    if shared:
        raise DataError(
            f"column {shared[0]!r} is in both data and group_data: drop it from one of them or rename it "
            "(only the grouping column is shared)"
        )
    codes, values = factorize(group_ids(group_data, key))
    if (codes < 0).any():
        row = group_data.index[int((codes < 0).argmax())]
        raise DataError(f"row {shown(row)} of group_data has no value in the grouping column {key!r}")
    counts = np.bincount(codes)
    if counts.max() > 1:
        twice = values[int((counts > 1).argmax())]
        raise DataError(
            f"group_data must have one row a group, but group {shown(twice)} has {counts[counts > 1][0]}: "
            "for rows within groups pass them as data"
        )
    where = values.get_indexer(labels)
    if (where < 0).any():
        first = labels[int((where < 0).argmax())]
        other = values[0]
        hint = "" if type(first) is type(other) else f" (its ids are like {shown(other)}: are they of another type?)"
        raise DataError(
            f"{int((where < 0).sum())} of {len(labels)} groups of the data have no row in group_data, "
            f"the first is {shown(first)}{hint}"
        )
    return np.argsort(codes)[where]
