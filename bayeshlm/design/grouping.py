"""The grouping column, and the level-2 file that is joined by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from bayeshlm.design.columns import missing_column, resolve, shown
from bayeshlm.design.scaling import IntArray
from bayeshlm.equations import canonical
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize
from bayeshlm.source.table import Names, Table

_PARAMETERS = ("gamma", "beta", "u", "z", "tau", "corr", "sigma", "alpha", "rho", "mu", "y", "r", "X", "Z", "W", "G")
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
    "spread",
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


type Groups = str | Sequence[str] | None
"""Grouping columns from the inside out."""

CELL = ":"
"""Between the two columns of a grouping that is the cells of both."""


def as_names(group: object) -> list[object]:
    """The argument `group` as a list; empty where it is None."""
    if group is None:
        return []
    return list(group) if isinstance(group, list | tuple) else [group]


def find_group_columns(spec: ModelSpec, data: Names, group: object) -> tuple[str, ...]:
    """Names of the grouping columns: the argument `group`, or what the equations say; both must agree.

    Parameters
    ----------
    spec : ModelSpec
    data : Names
    group : str or sequence of str, optional
        From the inside out, one for each grouping of the equations.

    Raises
    ------
    DataError
        A column is not named, not there, or has a name that it cannot have.
    """
    given, said = as_names(group), spec.groupings
    if not given and None in said:
        if len(said) == 1:
            raise DataError(
                'the grouping column is not named: pass group="...", or write group = "..." in the model file '
                "(the column that says which group a row belongs to)"
            )
        raise DataError(
            f"the equations have {len(said)} groupings whose columns are not named: pass group=[...], from the inside "
            'out, as in group=["child", "school"], or write the column behind each random effect, u0[school]'
        )
    if spec.written != "levels" and set(given) == set(said):
        given = []  # what says nothing of levels says nothing of their order
    if given and len(given) != len(said):
        raise DataError(
            f"group= names {len(given)} columns ({', '.join(map(str, given))}), but the equations have random effects "
            f"of {len(said)} grouping{'s' if len(said) > 1 else ''}: name each, from the inside out"
        )
    found = tuple(_find(spec, data, one, other) for one, other in zip(given or [None] * len(said), said, strict=True))
    twice = [name for k, name in enumerate(found) if name in found[:k]]
    if twice:
        raise DataError(f"{twice[0]!r} is the grouping column of two levels: each level has its own")
    return found


def _find(spec: ModelSpec, data: Names, given: object, said: str | None) -> str:
    """Name of one grouping column."""
    found: dict[str, object] = {}
    for name in (given, said):
        if name is not None and not isinstance(name, str):
            raise DataError(f"group must be the name of one column, not a {type(name).__name__}")
        if name is not None:
            found[_resolved(name, data)] = name
    if len(found) > 1:
        raise DataError(f"group={given!r} disagrees with the equations, which say [{said}]")
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
    return column


def grouping_column(name: str, names: Sequence[str]) -> str | None:
    """The column of a table that a grouping's name means, or ``a:b``, the cells of two; None when one is missing."""
    column = resolve(name, names)
    if column is not None:
        return column
    found = [resolve(part, names) for part in name.split(CELL)]
    return None if None in found else CELL.join(map(str, found))


def _resolved(name: str, data: Names) -> str:
    column = grouping_column(name, data.names)
    if column is None:
        missing = next(part for part in name.split(CELL) if resolve(part, data.names) is None)
        raise DataError(missing_column(missing, data.names, data.index_names))
    for part in [column] if column in data.names else column.split(CELL):
        data.check_once(part)
    return column


def ids_of(data: Table, name: str) -> pd.Series:
    """Ids of the groups of each row; of a cell the ids of its columns, joined by a colon.

    Raises
    ------
    DataError
        Two cells would have one name.
    """
    if name in data.names:
        return group_ids(data, name)
    parts = [data.column(part) for part in name.split(CELL)]
    missing = np.logical_or.reduce([part.isna().to_numpy(dtype=bool) for part in parts])
    codes = pd.MultiIndex.from_arrays([factorize(part)[0] for part in parts])
    texts = [part.astype(object).map(str, na_action="ignore").astype(object) for part in parts]
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + CELL + text
    joined = joined.mask(missing, None).rename(name)
    if codes[~missing].nunique() > joined.nunique():
        raise DataError(f"two cells of {name!r} have one name, because their ids hold a colon: rename the ids")
    return joined


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
    try:
        values = values.infer_objects()
    except UnicodeError:  # of text that is no Unicode, which `factorize` refuses
        return False
    if isinstance(values.dtype, (pd.DatetimeTZDtype, pd.PeriodDtype, pd.IntervalDtype)):
        return False
    if values.dtype.kind == "O":
        return pd.api.types.infer_dtype(values) in ("string", "bytes", "empty")
    return values.dtype.kind != "c"


def match_groups(
    taken: Iterable[str], data: Table, group_data: Table, group: str, labels: pd.Index, argument: str
) -> IntArray:
    """Row of the level-2 file that belongs to each group.

    Parameters
    ----------
    taken : iterable of str
        Columns of the data and of other files.
    data, group_data : Table
    group : str
        Grouping column of `data`.
    labels : Index of J groups of `data`
    argument : str
        What messages call the file.

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
        raise DataError(f"{argument} must have the grouping column: {missing_column(group, names)}")
    own = set(taken)
    shared = [name for name in names if name in own and name != key]
    if shared:
        other = "data" if shared[0] in data.names else "another table"
        raise DataError(
            f"column {shared[0]!r} is in both {other} and {argument}: drop it from one of them or rename it "
            "(only the grouping column is shared)"
        )
    codes, values = factorize(group_ids(group_data, key))
    if (codes < 0).any():
        row = group_data.index[int((codes < 0).argmax())]
        raise DataError(f"row {shown(row)} of {argument} has no value in the grouping column {key!r}")
    counts = np.bincount(codes)
    if counts.max() > 1:
        twice = values[int((counts > 1).argmax())]
        raise DataError(
            f"{argument} must have one row a group, but group {shown(twice)} has {counts[counts > 1][0]}: "
            "for rows within groups pass them as data"
        )
    where = values.get_indexer(labels)
    if (where < 0).any():
        first = labels[int((where < 0).argmax())]
        other = values[0]
        hint = "" if type(first) is type(other) else f" (its ids are like {shown(other)}: are they of another type?)"
        raise DataError(
            f"{int((where < 0).sum())} of {len(labels)} groups of the data have no row in {argument}, "
            f"the first is {shown(first)}{hint}"
        )
    return np.argsort(codes)[where]
