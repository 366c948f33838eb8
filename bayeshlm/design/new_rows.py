"""X, Z and offset of rows that were not fitted, coded by what the fitted rows say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.asked import learned_rows
from bayeshlm.design.coding import in_levels
from bayeshlm.design.columns import (
    CategoricalColumn,
    DataColumn,
    NumericColumn,
    missing_column,
    read_categories,
    read_column,
    shown,
)
from bayeshlm.design.design import Design
from bayeshlm.design.grouping import grouping_column, ids_of
from bayeshlm.design.joined_tables import GroupTables, find_columns, group_tables, join
from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.line_units import takes_group_means
from bayeshlm.design.outcome_values import read_size
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.read_known_covariance import read_known_covariance
from bayeshlm.design.read_known_sd import read_known_sd
from bayeshlm.design.read_level1_model import read_level1_model
from bayeshlm.design.rows import Rows, check_finite, gather_rows, predictors
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.terms import expand_terms, filled
from bayeshlm.design.units import Grouping
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize
from bayeshlm.source.pandas_table import PandasTable, as_frame
from bayeshlm.source.table import Table


@dataclass(frozen=True, eq=False)
class NewGroups:
    """The groups of rows to predict, of one grouping; K of them.

    Attributes
    ----------
    labels : Index of K groups, or None
        None when the rows were given without the grouping column; each row then counts as a group.
    codes : (N,) array of int
        Position of each row's group among the K.
    known : (K,) array of int
        Position of each group among the groups of the fitted design, -1 for a group that is not there.
    Z : (N, q) array
        Columns of the random effects of this grouping.
    """

    labels: pd.Index | None
    codes: IntArray
    known: IntArray
    Z: FloatArray

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.known)


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows to predict: ``mu = offset + X gamma + Z u``, the last term a sum over groupings; N rows.

    Attributes
    ----------
    index : Index of N row labels
    groups : tuple of NewGroups
        Of each random term of the fitted design.
    X : (N, p) array
    offset, size : (N,) arrays
        Known part of the predictor, and numbers of trials, 1 where the distribution has none.
    known : (N,) array, KnownCovariance or None
        SD of the level-1 residual of each row, or their covariances, where these are known.
    level1 : Level1Model or None
        What the SDs and correlations of the residuals depend on, where they have an equation or a pattern.
    """

    index: pd.Index
    groups: tuple[NewGroups, ...]
    X: FloatArray
    offset: FloatArray
    size: FloatArray
    known: FloatArray | KnownCovariance | None = None
    level1: Level1Model | None = None

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return len(self.offset)


def fitted_rows(design: Design) -> NewRows:
    """The rows that were fitted, as rows to predict."""
    rows = design.kept_rows
    return NewRows(
        index=pd.RangeIndex(rows.n_rows),
        groups=tuple(
            NewGroups(term.labels, codes, np.arange(len(term.labels)), Z)
            for term, codes, Z in zip(design.predictor.random, rows.codes, rows.Z, strict=True)
        ),
        X=rows.X,
        offset=rows.offset,
        size=rows.size,
        known=rows.sd if rows.covariance is None else rows.covariance,
        level1=rows.level1,
    )


def rows_to_predict(
    design: Design, new_data: Any = None, group_data: Any = None, *, ungrouped: Collection[str] = ()
) -> NewRows:
    """Rows of new data, or those that were fitted where there are none; see `new_rows`.

    Raises
    ------
    DataError
        As `new_rows`; or there are no new data, and the rows that were fitted stay in a database.
    """
    if new_data is not None:
        return new_rows(design, as_frame(new_data, "new_data"), group_tables(group_data), ungrouped=ungrouped)
    if group_data is not None:
        raise DataError("group_data belongs to new_data: give both")
    if design.summed is not None:
        raise DataError(
            "the rows that were fitted stay in the database: fit.residual_table() has their fitted values there; rows "
            "that are given are predicted, fit.predict(new_data), such as table.limit(1000).to_pandas()"
        )
    return fitted_rows(design)


def new_rows(
    design: Design, new_data: pd.DataFrame, group_data: GroupTables = None, *, ungrouped: Collection[str] = ()
) -> NewRows:
    """Evaluate the equations of a design on other rows.

    Means, SDs, levels, norms and knots are those of the fitted rows. The mean of a group (``cwc``, ``mean``) is
    the fitted one for a group that was fitted, and that of its new rows for any other. Level-2 columns are the new
    rows' own, and must be constant within their groups.

    Parameters
    ----------
    design : Design
    new_data : DataFrame
        One row a level-1 unit, with the predictors and the grouping columns; the outcome is not looked at.
    group_data : DataFrame or mapping of str to DataFrame, optional
        A level-2 file, one row a group of `new_data`; of several groupings by their names.
    ungrouped : collection of str
        Grouping columns that may be missing, unless the equations take group means.

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
    >>> rows.X.tolist(), rows.groups[0].known.tolist()
    ([[1.0, 1.0], [1.0, -5.0], [1.0, 5.0]], [1, -1])
    """
    table = PandasTable.of(new_data, "new_data")
    if design.summed is not None:
        fitted = learned_rows(design.summed.known)
    else:
        fitted = gather_rows(design.spec, design.frame, list(design.groupings))
    try:
        rows = _gather(design, fitted, table, group_data, ungrouped)
        terms, size = expand_terms(design.spec, rows), read_size(design.spec, rows)
        known = read_known_covariance(design.spec, rows) or read_known_sd(design.spec, rows)
        level1 = read_level1_model(design.spec, rows)
    except DataError as error:
        raise DataError(f"new_data: {error}") from error
    codes = tuple(grouping.codes for grouping in rows.groupings)
    X, Z = filled(terms.x_sources, codes), tuple(filled(sources, codes) for sources in terms.z_sources)
    for matrix, labels in ((X, design.fixed_labels), (np.hstack(Z), design.random_labels)):
        finite = np.isfinite(matrix)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise DataError(f"new_data: the column of {labels[column]} overflows in row {shown(new_data.index[row])}")
    return NewRows(
        index=new_data.index,
        groups=tuple(
            NewGroups(
                labels=None if grouping_column(grouping.name, table.names) is None else grouping.labels,
                codes=grouping.codes,
                known=np.full(len(grouping.labels), -1) if grouping.known is None else grouping.known,
                Z=columns,
            )
            for grouping, columns in zip(rows.groupings, Z, strict=True)
        ),
        X=X,
        offset=terms.offset,
        size=size,
        known=known,
        level1=level1,
    )


def _gather(design: Design, fitted: Rows, new_data: Table, group_data: GroupTables, ungrouped: Collection[str]) -> Rows:
    """Find, check and read the columns of the new rows, each as the kind that it has in the fitted rows."""
    spec, index = design.spec, new_data.index
    groupings = [
        _grouping(term, spec, new_data, group_data, term.grouping in ungrouped) for term in design.predictor.random
    ]
    home = join(new_data, group_data, {one.name: (one.codes, one.labels) for one in groupings})
    needed = [*spec.distribution.size_columns, *spec.spread_columns, *(column for column, _ in predictors(spec))]
    names, found = find_columns(needed, spec.text, new_data, home)
    used = {name: found[there].rename(name) for name, there in names.items()}
    for name, series in used.items():
        _refuse_missing(series, name)
    columns = {name: _read(used[name], column) for name, column in fitted.columns.items() if name in used}
    for read in columns.values():
        if isinstance(read, NumericColumn):
            check_finite(read, index)
    ids = {one.name: pd.Series(one.labels[one.codes], index, name=one.name) for one in groupings}
    return Rows(
        text=spec.text,
        groupings=tuple(groupings),
        frame=pd.DataFrame({**ids, **used}, index=index, copy=False),
        names={name: name for name in names},
        columns=columns,
        rows_dropped=0,
        fitted=fitted,
    )


def _grouping(term: RandomTerm, spec: ModelSpec, new_data: Table, group_data: GroupTables, ungrouped: bool) -> Grouping:
    """The groups of the new rows; a group a row where the grouping column may be missing."""
    group, key = term.grouping, grouping_column(term.grouping, new_data.names)
    if key is not None:
        ids = ids_of(new_data, key).rename(group)
        _refuse_missing(ids, group)
        codes, labels = factorize(ids)
        return Grouping(group, labels, codes, _positions(labels, term))
    if not ungrouped:
        raise DataError(missing_column(group, new_data.names, new_data.index.names))
    if group_data is not None or any(
        map(takes_group_means, (*spec.expressions, *spec.offsets, *spec.spread_expressions))
    ):
        reason = "group_data is joined by it" if group_data is not None else "the equations take group means"
        raise DataError(f"the grouping column {group!r} is missing, but {reason}: add it")
    each = np.arange(len(new_data.index))
    return Grouping(group, pd.Index(each), each, np.full(len(each), -1))


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


def _positions(labels: pd.Index, term: RandomTerm) -> IntArray:
    """Position of each group among the fitted ones, -1 where it is new; an id of another type is no new group."""
    known = np.asarray(term.labels.get_indexer(labels), dtype=np.int64)
    if (known < 0).any():
        texts = set(map(str, term.labels))
        for label in labels[known < 0]:
            if str(label) in texts:
                raise DataError(
                    f"{term.grouping} {shown(label)} is {type(label).__name__} here and of another type where it was "
                    "fitted: give the ids the same type"
                )
    return known
