"""The rows a model uses: columns found, level-2 file joined, missing values dropped, groups coded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.beneath import Beneath
from bayeshlm.design.centering import first_rows
from bayeshlm.design.columns import (
    DataColumn,
    NumericColumn,
    read_column,
    resolve,
    shown,
)
from bayeshlm.design.grouping import CELL, Groups, as_names, find_group_columns, ids_of
from bayeshlm.design.joined_tables import GroupTables, columns_beside, find_columns, join
from bayeshlm.design.left_out import NOTHING, LeftOut, left_out
from bayeshlm.design.place_error import place_error
from bayeshlm.design.scaling import IntArray
from bayeshlm.design.units import Grouping, parents
from bayeshlm.equations.product import Column, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.labels import factorize
from bayeshlm.source.pandas_table import PandasTable


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows kept, with every column that the equations use.

    Attributes
    ----------
    text : str
        The equations, for error messages.
    groupings : tuple of Grouping
        From the inside out.
    frame : DataFrame of N rows
        The used columns as the data hold them.
    names : mapping of str to str
        Column of `frame` for each name in the equations.
    columns : mapping of str to DataColumn
        Columns of `frame` that stand outside of ``C()``, read as numbers or categories.
    rows_dropped : int
        Rows left out because a used column misses a value.
    left_out : LeftOut
        Which columns, and the groups that lost all their rows.
    fitted : Rows or None
        The rows from which means, scales, levels and bases are learned, when they are others than these.
    coding : {"sum"} or None
        Contrast of all categories in place of the one that the equations ask for.
    beneath : Beneath or None
        Where the N rows are cells, what a database says of the rows beneath them.
    at : int
        Position of the grouping whose units are the groups: `group` is its column, `group_labels` its J units,
        `group_codes` and `known` as `Grouping` has them.
    """

    text: str
    groupings: tuple[Grouping, ...]
    frame: pd.DataFrame
    names: Mapping[str, str]
    columns: Mapping[str, DataColumn]
    rows_dropped: int
    left_out: LeftOut = NOTHING
    fitted: Rows | None = None
    coding: Literal["sum"] | None = None
    beneath: Beneath | None = None
    at: int = 0

    def of(self, grouping: int) -> Rows:
        """These rows, in the units of another grouping."""
        if grouping == self.at:
            return self
        return replace(self, at=grouping, fitted=None if self.fitted is None else self.fitted.of(grouping))

    @property
    def grouping(self) -> Grouping:
        """The grouping whose units are the groups."""
        return self.groupings[self.at]

    @property
    def group(self) -> str:
        """Grouping column."""
        return self.grouping.name

    @property
    def group_labels(self) -> pd.Index:
        """The J groups."""
        return self.grouping.labels

    @property
    def group_codes(self) -> IntArray:
        """Position of each row's group, (N,)."""
        return self.grouping.codes

    @property
    def known(self) -> IntArray | None:
        """Position of each group among those of `fitted`."""
        return self.grouping.known

    def units_in(self, grouping: int) -> IntArray | None:
        """Unit of another grouping that each group belongs to, (J,); None when one belongs to several."""
        return parents(self.group_codes, self.n_groups, self.groupings[grouping].codes)

    @property
    def source(self) -> Rows:
        """The rows from which the codings are learned."""
        return self if self.fitted is None else self.fitted

    @property
    def n_obs(self) -> int:
        """Number of rows kept."""
        return len(self.group_codes)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.group_labels)

    @cached_property
    def first(self) -> IntArray:
        """First row of each group, (J,)."""
        return first_rows(self.group_codes, self.n_groups)


def gather_rows(
    spec: ModelSpec,
    data: pd.DataFrame,
    group: Groups = None,
    group_data: GroupTables = None,
    beside: Sequence[str] = (),
) -> Rows:
    """Find the columns of a model in the data and keep the rows that are complete in them.

    Parameters
    ----------
    spec : ModelSpec
    data : DataFrame
        One row a level-1 unit.
    group : str or sequence of str, optional
        Grouping columns from the inside out, unless the equations name them.
    group_data : DataFrame or mapping of str to DataFrame, optional
        One row a group, joined by the grouping column; with several groupings a table for each that has one.
    beside : sequence of str
        Columns that the frame has too, although no equation does: a value that they miss drops no row.

    Raises
    ------
    DataError
        See `bayeshlm.design.build_design`.
    """
    table = PandasTable.of(data, "data")
    names = find_group_columns(spec, table, group)
    ids = {name: ids_of(table, name) for name in names}
    coded = {name: factorize(series) for name, series in ids.items()}
    for name, (codes, _) in coded.items():
        if not (codes >= 0).any():
            raise DataError(f"the grouping column {name!r} has no value in any row")
    home = join(table, group_data, coded)
    found, used = find_columns(columns_of(spec), spec.text, table, home)
    check_roles(spec, names, found)

    missing = {name: codes < 0 for name, (codes, _) in coded.items()}
    missing |= {name: series.isna().to_numpy(dtype=bool) for name, series in used.items()}
    keep = ~np.logical_or.reduce(list(missing.values()))
    if not keep.any():
        raise nothing_complete([name for name in used if missing[name].all()], [*names, *used])
    frame = pd.DataFrame({**ids, **used, **columns_beside(beside, table, home)}, copy=False)
    lost = left_out({name: int(rows.sum()) for name, rows in missing.items()}, coded, keep)
    if not keep.all():
        frame = frame.loc[keep]

    outside_c = read_as_they_are(spec, found)
    columns: dict[str, DataColumn] = {name: read_column(frame[name]) for name in frame.columns if name in outside_c}
    for read in columns.values():
        if isinstance(read, NumericColumn):
            check_finite(read, frame.index)
    return Rows(
        text=spec.text,
        groupings=tuple(kept_units(name, codes, labels, keep) for name, (codes, labels) in coded.items()),
        frame=frame,
        names=found | {name: name for name in found.values()},
        columns=columns,
        rows_dropped=len(data) - len(frame),
        left_out=lost,
    )


def kept_units(name: str, codes: IntArray, labels: pd.Index, keep: NDArray[np.bool_]) -> Grouping:
    """The units that have a row among those kept."""
    if not keep.all():
        codes = codes[keep]
    present = np.bincount(codes, minlength=len(labels)) > 0
    return Grouping(name, labels[present], (np.cumsum(present) - 1)[codes].astype(np.int64, copy=False))


def nothing_complete(empty: Sequence[str], used: Sequence[str]) -> DataError:
    """The error for data without a complete row; `empty` are the columns without any value."""
    which = f" (column {empty[0]!r} has no value at all)" if empty else ""
    return DataError(
        f"every row of the data misses a value in a column that the equations use{which}; they use: {', '.join(used)}"
    )


def columns_of(spec: ModelSpec) -> list[Column]:
    """The columns that a model names, its groupings aside: outcome, numbers of trials, known SDs, predictors."""
    of_outcome = [spec.outcome, *spec.distribution.size_columns, *spec.spread_columns]
    return [*of_outcome, *(column for column, _ in predictors(spec))]


def read_as_they_are(spec: ModelSpec, found: Mapping[str, str]) -> set[str]:
    """Columns of the data that stand outside of ``C()``."""
    plain = (column for column, in_c in predictors(spec) if not in_c)
    of_outcome = (spec.outcome, *spec.distribution.size_columns, *spec.spread_columns)
    return {found[column.name] for column in (*of_outcome, *plain)}


def walk_columns(expression: Product, in_c: bool = False) -> Iterator[tuple[Column, bool]]:
    """Yield the columns of an expression, each with whether it stands inside of ``C()``."""
    for factor in expression.factors:
        if isinstance(factor, Column):
            yield factor, in_c
        else:
            yield from walk_columns(factor.argument, in_c or factor.function == "C")


def predictors(spec: ModelSpec) -> Iterator[tuple[Column, bool]]:
    """Yield the columns of all expressions of a model, each with whether it stands inside of ``C()``."""
    for expression in (*spec.expressions, *spec.spread_expressions, *spec.offsets):
        yield from walk_columns(expression)


def label_columns(spec: ModelSpec, group: Groups, names: Sequence[str]) -> set[str]:
    """Columns of a table that name groups or categories whatever they look like: grouping columns, those in ``C()``.

    Parameters
    ----------
    spec : ModelSpec
    group : str or sequence of str, optional
        Grouping columns, unless the equations name them.
    names : sequence of str
        Columns of the table.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("y = b0 + b1*C(year) + b2*age + r; b0 = g00 + u0[ward]; b1 = g10; b2 = g20")
    >>> sorted(label_columns(spec, None, ["ward", "year", "age", "y"]))
    ['ward', 'year']
    """
    used = [(resolve(column.name, names), in_c) for column, in_c in predictors(spec)]
    labels = {found for found, in_c in used if in_c} - {found for found, in_c in used if not in_c}
    named = [str(name) for name in (*as_names(group), *spec.groupings) if name is not None]
    labels |= {resolve(part, names) for name in named for part in (name, *name.split(CELL))}
    return {found for found in labels if found is not None}


def check_roles(spec: ModelSpec, groups: Sequence[str], names: Mapping[str, str]) -> None:
    """Refuse an outcome that is the grouping column or its own predictor."""
    outcome = names[spec.outcome.name]
    if outcome in groups:
        raise place_error(f"the grouping column {outcome!r} cannot be the outcome", spec.text, spec.outcome.span)
    for column in spec.spread_columns:
        if names[column.name] == outcome:
            what = "its own known SD" if spec.residual_spread else "the times of its residuals"
            raise place_error(f"the outcome {outcome!r} cannot be {what}", spec.text, column.span)
    for column, _ in predictors(spec):
        if names[column.name] == outcome:
            raise place_error(f"the outcome {outcome!r} cannot be its own predictor", spec.text, column.span)


def check_finite(column: NumericColumn, index: pd.Index) -> None:
    """Refuse infinite numbers, naming the row by its label in `index`."""
    bad = ~np.isfinite(column.numbers)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"column {column.name!r} is {column.numbers[row]} in row {shown(index[row])}: "
            "correct it, or make it missing (None) to have the row dropped"
        )
