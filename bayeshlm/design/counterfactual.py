"""The rows of a design as they would be with other values of a predictor, and what averages of them are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayeshlm.design.asked_values import MOST_VALUES, Values, is_finite, read_values, value_texts
from bayeshlm.design.columns import (
    CategoricalColumn,
    DataColumn,
    NumericColumn,
    level_label,
    read_categories,
    read_column,
    resolve,
)
from bayeshlm.design.design import Design
from bayeshlm.design.new_rows import NewRows, new_rows
from bayeshlm.design.rows import predictors
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.source.labels import factorize

type Operation = Literal["prediction", "difference", "ratio", "slope"]

STEP = 1e-3
"""Of the SD of a predictor, for its derivatives."""


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """What is averaged: rows at other values, or two sets of them that are compared.

    Attributes
    ----------
    key : tuple
        What names it: the contrast of a comparison, then the values of `at`.
    arms : tuple of NewRows
        One, or what is subtracted or divides behind the other.
    """

    key: tuple[object, ...]
    arms: tuple[NewRows, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """Averages that are asked for: of each entry over each share of the rows.

    Attributes
    ----------
    name : str
        Predictor that varies; empty of predictions.
    operation : {"prediction", "difference", "ratio", "slope"}
    names : tuple of str
        Of the parts of the keys of an entry and a share, one behind the other.
    entries : tuple of Entry
    shares : tuple of (key, weights)
        Of each set of rows its name and the weights (N,) of all rows, of sum 1.
    step : float
        What differences are divided by.
    """

    name: str
    operation: Operation
    names: tuple[str, ...]
    entries: tuple[Entry, ...]
    shares: tuple[tuple[tuple[object, ...], FloatArray], ...]
    step: float = 1.0

    @property
    def keys(self) -> list[tuple[object, ...]]:
        """What names each average, entries before shares."""
        return [(*entry.key, *key) for entry in self.entries for key, _ in self.shares]

    @property
    def weights(self) -> FloatArray:
        """Weights of the rows, (B, N)."""
        return np.array([weights for _, weights in self.shares])

    def linear(self) -> tuple[FloatArray, FloatArray]:
        """Weights of gamma (M, p) and constants (M,) of the averages of the predictor; of no ratio."""
        L, constant = [], []
        for entry in self.entries:
            X = [self.weights @ rows.X for rows in entry.arms]
            offset = [self.weights @ rows.offset for rows in entry.arms]
            L.append((X[0] - (X[1] if len(X) > 1 else 0.0)) / self.step)
            constant.append((offset[0] - (offset[1] if len(X) > 1 else 0.0)) / self.step)
        return np.concatenate(L), np.concatenate(constant)

    @property
    def index(self) -> pd.Index:
        """Index of a table of the averages."""
        if not self.names:
            return pd.Index(["average"], name="")
        if len(self.names) == 1:
            return pd.Index([key[0] for key in self.keys], name=self.names[0])
        return pd.MultiIndex.from_tuples(self.keys, names=self.names)


def ask(
    design: Design,
    shares: FloatArray | None,
    name: str | None = None,
    operation: Operation = "prediction",
    by: str | None = None,
    at: Mapping[str, Values] | Literal["mean"] | None = None,
    change: float | Literal["sd"] | tuple[float, float] | None = None,
) -> Question:
    """Rows at the values that a question is about.

    Parameters
    ----------
    design : Design
        With its rows.
    shares : (N,) array, optional
        What share of the population each row is; by default all the same.
    name : str, optional
        Predictor that is compared; may be left out where there is one only.
    operation : {"prediction", "difference", "ratio", "slope"}
    by : str, optional
        A column of the rows: an average over the rows of each of its values.
    at : mapping of str to values, or "mean", optional
        What predictors are set to in all rows; "mean": numbers that are not `name` or `by` to their means, categories
        to the most frequent one.
    change : number, "sd" or (low, high), optional
        By how much a numeric predictor differs, from the row's own value up, or between which two values; 1 by default,
        of a column of zeros and ones from 0 to 1.

    Raises
    ------
    OptionError
        A column is no predictor, or a value is none that it can have.
    DataError
        The rows are not at hand.
    """
    own = np.full(design.kept_rows.n_rows, 1.0 / design.kept_rows.n_rows) if shares is None else shares
    columns = predictor_columns(design)
    target = None if operation == "prediction" else _found(columns, _the_one(columns, name))
    setting = _settings(design, columns, at, [one for one in (None if target is None else target.name, by) if one])
    varied = {} if at == "mean" else setting
    constant = {key: values[0] for key, values in setting.items()} if at == "mean" else {}
    if target is not None and target.name in setting:
        raise OptionError(f"at: {target.name!r} is what varies, leave it out")
    step = 1.0
    arms: list[tuple[str, tuple[object, object] | None]] = [("", None)]
    if target is not None and operation == "slope":
        if isinstance(target, CategoricalColumn):
            raise OptionError(f"{target.name!r} has categories and no slope: write comparisons({target.name!r})")
        step = STEP * float(target.numbers.std())
        arms = [("", (target.numbers + step / 2, target.numbers - step / 2))]
    elif target is not None:
        arms = [*contrasts(target, change)]
    entries = []
    for label, pair in arms:
        for values in product(*varied.values()):
            fixed = constant | dict(zip(varied, values, strict=True))
            key = ((label,) if label else ()) + values
            moved = [{}] if pair is None or target is None else [{target.name: end} for end in pair]
            entries.append(Entry(key, tuple(at_values(design, fixed | more) for more in moved)))
    names = (("contrast",) if arms[0][0] else ()) + tuple(varied)
    sets: list[tuple[tuple[object, ...], FloatArray]] = [((), own)]
    if by is not None:
        if by in list(setting):
            raise OptionError(f"{by!r} is in by= and in at=: rows have one value of it, name it once")
        sets, names = _sets(design, columns, by, own), (*names, by)
    found = tuple(sets)
    return Question("" if target is None else target.name, operation, names, tuple(entries), found, step)


def predictor_columns(design: Design) -> dict[str, DataColumn]:
    """The columns of the data that the equations name as predictors, as numbers or categories."""
    found: dict[str, DataColumn] = {}
    names = list(map(str, design.frame.columns))
    for column, in_c in predictors(design.spec):
        name = resolve(column.name, names)
        assert name is not None  # the design was made of it
        if name not in found or in_c:
            found[name] = read_categories(design.frame[name]) if in_c else read_column(design.frame[name])
    return found


def at_values(design: Design, values: Mapping[str, object]) -> NewRows:
    """The rows with other values of predictors; the means of groups that equations take stay those of the fit."""
    held = {name: _as_held(design.frame[name], value) for name, value in values.items()}
    return new_rows(design, design.frame.assign(**dict[str, Any](held)))


def _as_held(column: pd.Series, value: object) -> object:
    """A category as the data hold it, in all rows: what stands in ``C()`` may be a number elsewhere too."""
    if not isinstance(value, str):
        return value
    level = next(one for one in factorize(column)[1] if level_label(one) == value)
    return pd.Series(level, column.index, dtype=column.dtype)


def contrasts(
    column: DataColumn, change: float | Literal["sd"] | tuple[float, float] | None
) -> list[tuple[str, tuple[object, object]]]:
    """What is compared in all rows: each with its name, and the values that are higher and lower."""
    if isinstance(column, CategoricalColumn):
        if change is not None:
            raise OptionError(f"change: {column.name!r} has categories, each compared with the first: leave change out")
        first, *others = column.levels
        return [(f"{level} - {first}", (level, first)) for level in others]
    numbers = column.numbers
    if change is None and set(np.unique(numbers)) == {0.0, 1.0}:
        change = (0.0, 1.0)
    if isinstance(change, tuple | list | np.ndarray):
        if len(change) != 2 or not all(map(is_finite, change)) or change[0] == change[1]:
            raise OptionError(f"change={change!r}: write two different numbers, (low, high)")
        low, high = map(float, change)
        return [(" - ".join(value_texts((high, low), 6)), (high, low))]
    by = float(numbers.std(ddof=1)) if change == "sd" else 1.0 if change is None else change
    if isinstance(by, bool) or not is_finite(by) or by == 0:
        raise OptionError(f'change={change!r}: write a number such as change=1, "sd", or two values, (low, high)')
    label = "+ 1 SD" if change == "sd" else f"{'+' if by > 0 else '-'} {value_texts((abs(float(by)),), 6)[0]}"
    return [(label, (numbers + by, numbers))]


def _settings(
    design: Design, columns: Mapping[str, DataColumn], at: Mapping[str, Values] | str | None, free: Sequence[str]
) -> dict[str, tuple[object, ...]]:
    if at is None:
        return {}
    if isinstance(at, str):
        if at != "mean":
            raise OptionError(f'at={at!r}: write "mean", or values of predictors, at={{"sector": [0, 1]}}')
        return {name: (_typical(column),) for name, column in columns.items() if name not in free}
    if not isinstance(at, Mapping):
        raise OptionError(f'at={at!r}: write "mean", or values of predictors, at={{"sector": [0, 1]}}')
    return {_found(columns, name).name: read_values(_found(columns, name), given) for name, given in at.items()}


def _typical(column: DataColumn) -> object:
    if isinstance(column, NumericColumn):
        return float(column.numbers.mean())
    return column.levels[int(np.bincount(column.codes, minlength=len(column.levels)).argmax())]


def _sets(
    design: Design, columns: Mapping[str, DataColumn], by: str, own: FloatArray
) -> list[tuple[tuple[object, ...], FloatArray]]:
    if by in design.groupings:
        term = design.predictor.random[design.groupings.index(by)]
        codes, levels = design.kept_rows.codes[design.groupings.index(by)], list(term.labels)
    else:
        column = _found(columns, by)
        if isinstance(column, CategoricalColumn):
            codes, levels = column.codes, list(column.levels)
        else:
            values, codes = np.unique(column.numbers, return_inverse=True)
            levels = values.tolist()
            if len(levels) > MOST_VALUES:
                raise OptionError(f'by={by!r} has {len(levels)} different values: set it to some, at={{{by!r}: "sd"}}')
    weights = [np.where(codes == k, own, 0.0) for k in range(len(levels))]
    return [((level,), one / one.sum()) for level, one in zip(levels, weights, strict=True)]


def _the_one(columns: Mapping[str, DataColumn], name: str | None) -> str:
    if name is not None:
        return name
    if len(columns) != 1:
        there = f"name one of {', '.join(columns)}" if columns else "the model has no predictor"
        raise OptionError(f"which predictor is compared is not said: {there}")
    return next(iter(columns))


def _found(columns: Mapping[str, DataColumn], name: str) -> DataColumn:
    if isinstance(name, str) and name in columns:
        return columns[name]
    if "(" in str(name):
        raise OptionError(
            f"{name!r} is an expression: name a column of the data; means of groups stay as they are in the data, so "
            "compute a column of them, and name it in the equations, to vary them"
        )
    there = ", ".join(columns) if columns else "none"
    raise OptionError(f"{name!r} is no predictor of this model; there are: {there}")
