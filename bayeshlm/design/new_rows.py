"""X, Z and offset of rows that were not fitted, coded by what the fitted rows say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.coding import in_levels
from bayeshlm.design.columns import (
    CategoricalColumn,
    DataColumn,
    NumericColumn,
    missing_column,
    read_categories,
    read_column,
    resolve,
    shown,
)
from bayeshlm.design.design import Design
from bayeshlm.design.grouping import group_ids
from bayeshlm.design.rows import Rows, check_finite, find_columns, gather_rows, join, predictors
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.terms import expand_terms, filled
from bayeshlm.equations.spec import Call, Factor, ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize
from bayeshlm.source.pandas_table import PandasTable, as_frame
from bayeshlm.source.table import Table


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows to predict: ``mu = offset + X gamma + Z u``; N rows in K groups.

    Attributes
    ----------
    index : Index of N row labels
    group_labels : Index of K groups, or None
        None when the rows were given without a grouping column; each row then counts as a group.
    group_codes : (N,) array of int
        Position of each row's group among the K.
    known : (K,) array of int
        Position of each group among the groups of the fitted design, -1 for a group that is not there.
    X : (N, p) array
    Z : (N, q) array
    offset : (N,) array
    """

    index: pd.Index
    group_labels: pd.Index | None
    group_codes: IntArray
    known: IntArray
    X: FloatArray
    Z: FloatArray
    offset: FloatArray

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return len(self.group_codes)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.known)


def fitted_rows(design: Design) -> NewRows:
    """The rows that were fitted, as rows to predict."""
    return NewRows(
        index=pd.RangeIndex(design.n_obs),
        group_labels=design.group_labels,
        group_codes=design.group_codes,
        known=np.arange(design.n_groups),
        X=design.X,
        Z=design.Z,
        offset=design.offset,
    )


def rows_to_predict(
    design: Design, new_data: Any = None, group_data: Any = None, *, ungrouped: bool = False
) -> NewRows:
    """Rows of new data, or those that were fitted where there are none; see `new_rows`."""
    if new_data is not None:
        groups = None if group_data is None else as_frame(group_data, "group_data")
        return new_rows(design, as_frame(new_data, "new_data"), groups, ungrouped=ungrouped)
    if group_data is not None:
        raise DataError("group_data belongs to new_data: give both")
    return fitted_rows(design)


def new_rows(
    design: Design, new_data: pd.DataFrame, group_data: pd.DataFrame | None = None, *, ungrouped: bool = False
) -> NewRows:
    """Evaluate the equations of a design on other rows.

    Means, SDs, levels, norms and knots are those of the fitted rows. The mean of a group (``cwc``, ``mean``) is
    the fitted one for a group that was fitted, and that of its new rows for any other. Level-2 columns are the new
    rows' own, and must be constant within their groups.

    Parameters
    ----------
    design : Design
    new_data : DataFrame
        One row a level-1 unit, with the predictors and the grouping column; the outcome is not looked at.
    group_data : DataFrame, optional
        A level-2 file, one row a group of `new_data`.
    ungrouped : bool
        The grouping column may be missing, unless the equations take group means.

    Returns
    -------
    NewRows

    Raises
    ------
    DataError
        A column or a value is missing or of another kind than in the fitted rows, a category was not among
        theirs, a level-2 column varies within groups.

    Examples
    --------
    >>> from bayeshlm.design import build_design
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r;  b0 = g00 + u0;  b1 = g10")
    >>> data = pd.DataFrame({"school": [1, 1, 2, 2], "ses": [0.0, 2.0, 1.0, 5.0], "math": [1.0, 2.0, 4.0, 3.0]})
    >>> design = build_design(spec, data, group="school")
    >>> rows = new_rows(design, pd.DataFrame({"school": [2, 7, 7], "ses": [4.0, 10.0, 20.0]}))
    >>> rows.X.tolist(), rows.known.tolist()
    ([[1.0, 1.0], [1.0, -5.0], [1.0, 5.0]], [1, -1])
    """
    table = PandasTable.of(new_data, "new_data")
    fitted = gather_rows(design.spec, design.frame, design.group)
    try:
        rows = _gather(design, fitted, table, group_data, ungrouped)
        terms = expand_terms(design.spec, rows)
    except DataError as error:
        raise DataError(f"new_data: {error}") from error
    X, Z = filled(terms.x_sources, rows.group_codes), filled(terms.z_sources, rows.group_codes)
    for matrix, labels in ((X, design.fixed_labels), (Z, design.random_labels)):
        finite = np.isfinite(matrix)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise DataError(f"new_data: the column of {labels[column]} overflows in row {shown(new_data.index[row])}")
    grouped = _group_column(design, table) is not None
    return NewRows(
        index=new_data.index,
        group_labels=rows.group_labels if grouped else None,
        group_codes=rows.group_codes,
        known=np.full(rows.n_groups, -1) if rows.known is None else rows.known,
        X=X,
        Z=Z,
        offset=terms.offset,
    )


def _gather(design: Design, fitted: Rows, new_data: Table, group_data: pd.DataFrame | None, ungrouped: bool) -> Rows:
    """Find, check and read the columns of the new rows, each as the kind that it has in the fitted rows."""
    spec, group, index = design.spec, design.group, new_data.index
    key = _group_column(design, new_data)
    if key is not None:
        ids = group_ids(new_data, key).rename(group)
        _refuse_missing(ids, group)
    elif not ungrouped:
        raise DataError(missing_column(group, new_data.names, index.names))
    elif group_data is not None or _takes_group_means(spec):
        reason = "group_data is joined by it" if group_data is not None else "the equations take group means"
        raise DataError(f"the grouping column {group!r} is missing, but {reason}: add it")
    else:
        ids = pd.Series(np.arange(len(index)), index, name=group)
    codes, labels = factorize(ids)
    home, level2_rows = join(new_data, group_data, key or group, codes, labels)
    names, found = find_columns((column for column, _ in predictors(spec)), spec.text, new_data, home, level2_rows)
    used = {name: found[there].rename(name) for name, there in names.items()}
    for name, series in used.items():
        _refuse_missing(series, name)
    columns = {name: _read(used[name], column) for name, column in fitted.columns.items() if name in used}
    for read in columns.values():
        if isinstance(read, NumericColumn):
            check_finite(read, index)
    return Rows(
        text=spec.text,
        group=group,
        group_labels=labels,
        group_codes=codes,
        frame=pd.DataFrame({group: ids, **used}, index=index, copy=False),
        names={name: name for name in names},
        columns=columns,
        rows_dropped=0,
        fitted=fitted,
        known=_positions(labels, design) if key is not None else np.full(len(labels), -1),
    )


def _group_column(design: Design, new_data: Table) -> str | None:
    return resolve(design.group, new_data.names)


def _takes_group_means(spec: ModelSpec) -> bool:
    def inside(factor: Factor) -> bool:
        return isinstance(factor, Call) and (
            factor.function in ("cwc", "mean") or any(map(inside, factor.argument.factors))
        )

    level1 = [term.expression for term in spec.level1]
    level2 = [fixed.expression for line in spec.level2 for fixed in line.fixed]
    return any(inside(factor) for product in (*level1, *level2, *spec.offsets) for factor in product.factors)


def _refuse_missing(series: pd.Series, name: str) -> None:
    missing = series.isna().to_numpy(dtype=bool)
    if missing.any():
        row = series.index[int(missing.argmax())]
        raise DataError(
            f"column {name!r} has no value in row {shown(row)} ({int(missing.sum())} such rows): "
            f"fill them in, or leave the rows out with .dropna(subset=[{name!r}])"
        )


def _read(series: pd.Series, fitted: DataColumn) -> DataColumn:
    if isinstance(fitted, CategoricalColumn):
        return in_levels(read_categories(series), fitted.levels, series.index)
    read = read_column(series)
    if isinstance(read, CategoricalColumn):
        raise DataError(f"column {read.name!r} holds text ({read.levels[0]!r}), but numbers where it was fitted")
    return read


def _positions(labels: pd.Index, design: Design) -> IntArray:
    """Position of each group among the fitted ones, -1 where it is new; an id of another type is no new group."""
    known = np.asarray(design.group_labels.get_indexer(labels), dtype=np.int64)
    if (known < 0).any():
        texts = set(map(str, design.group_labels))
        for label in labels[known < 0]:
            if str(label) in texts:
                raise DataError(
                    f"{design.group} {shown(label)} is {type(label).__name__} here and of another type where it was "
                    "fitted: give the ids the same type"
                )
    return known
