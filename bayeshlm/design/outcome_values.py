"""The values of the outcome: numbers that its distribution can have, or an error that names the row and the value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayeshlm.design.columns import CategoricalColumn, NumericColumn, level_label, numbers_as_text, shown
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.families import FAMILIES

SMALLEST_OUTCOME, LARGEST_OUTCOME = 1e-70, 1e70
"""SDs of an outcome between which the squares of its sums of squares stay within float64, at any number of rows."""

FEW_DIGITS = 1e-13
"""SD of an outcome, as a share of its mean, of which rounding leaves less than three digits."""

MOST_CATEGORIES = 50
"""Ordered categories, each of which takes a cutpoint."""


def read_outcome(spec: ModelSpec, rows: Rows) -> tuple[Outcome, FloatArray, FloatArray]:
    """The outcome's distribution, its numbers (N,) and its numbers of trials (N,), ones where it has none.

    Raises
    ------
    DataError
        Values that the distribution cannot have, or that are all the same.
    """
    found, name = spec.distribution, rows.names[spec.outcome.name]
    family = FAMILIES[found.family]
    if family.probabilities is not None:
        y, categories = _categories(spec, rows)
    else:
        y, categories = _numbers(spec, rows), ()
    size = read_size(spec, rows)
    allowed = family.any_number and bool(np.isfinite(y).all())
    for value, trials in () if allowed else np.unique(np.column_stack([y, size]), axis=0):
        if reason := family.refusal(float(value), float(trials)):
            row = int(np.flatnonzero((y == value) & (size == trials))[0])
            raise place_error(
                f"row {shown(rows.frame.index[row])} of the outcome {name!r} is {value:g}, which {reason}: a "
                f"{family.name} outcome cannot be that; correct the value, or make it missing to have the row dropped",
                rows.text,
                spec.outcome.span,
            )
    if y.max() == y.min() and (family.discrete or (size == size[0]).all()):
        value = categories[int(y[0])] if categories else f"{y[0]:g}"
        raise nothing_to_explain(spec, value)
    return Outcome(name, found.family, found.link, categories), y, size


def _numbers(spec: ModelSpec, rows: Rows) -> FloatArray:
    column = rows.columns[rows.names[spec.outcome.name]]
    if isinstance(column, CategoricalColumn):
        levels = ", ".join(map(repr, column.levels[:3])) + ("..." if len(column.levels) > 3 else "")
        problem = numbers_as_text(column, rows.frame.index) or f"the outcome {column.name!r} is text ({levels})"
        raise place_error(f"{problem}; the outcome must be coded as numbers", rows.text, spec.outcome.span)
    with np.errstate(all="ignore"):
        sd, mean = float(column.numbers.std()), float(column.numbers.mean())
        varies = bool(np.ptp(column.numbers) > 0)
    check_size(spec, mean, sd, varies)
    return column.numbers.copy()


def check_size(spec: ModelSpec, mean: float, sd: float, varies: bool) -> None:
    """Refuse an outcome of which float64 does not hold squares, or not enough digits.

    Raises
    ------
    DataError
    """
    name = spec.outcome.name
    if not (np.isfinite(mean) and sd < LARGEST_OUTCOME) or (varies and sd < SMALLEST_OUTCOME):
        message = f"the outcome {name!r} has values like {mean:g}, beyond computing: rescale it"
        raise place_error(message, spec.text, spec.outcome.span)
    if varies and sd < FEW_DIGITS * abs(mean):
        message = (
            f"the outcome {name!r} has values around {mean:g} that vary by an SD of {sd:.2g}: numbers of that "
            "size are rounded too coarsely; subtract a constant before they are stored"
        )
        raise place_error(message, spec.text, spec.outcome.span)


def nothing_to_explain(spec: ModelSpec, value: str) -> DataError:
    """The error for an outcome that is one value."""
    message = f"the outcome {spec.outcome.name!r} is {value} in every row: there is nothing to explain"
    return place_error(message, spec.text, spec.outcome.span)


def _categories(spec: ModelSpec, rows: Rows) -> tuple[FloatArray, tuple[str, ...]]:
    """Positions of ordered categories, from 0, and their labels."""
    name = rows.names[spec.outcome.name]
    column, dtype = rows.columns[name], rows.frame[name].dtype

    def wrong(message: str) -> DataError:
        return place_error(message, rows.text, spec.outcome.span)

    if isinstance(column, CategoricalColumn):
        if not (isinstance(dtype, pd.CategoricalDtype) and dtype.ordered):
            levels = ", ".join(map(repr, column.levels[:3]))
            raise wrong(
                f"the order of the categories of {name!r} ({levels}...) is not known: make it an ordered categorical, "
                f"pd.Categorical(data[{name!r}], categories=[...], ordered=True), or whole numbers"
            )
        declared = [level_label(level) for level in dtype.categories]
        if unused := [level for level in declared if level not in column.levels]:
            raise wrong(
                f"no row has the category {unused[0]!r} of {name!r}, whose cutpoints the data do not tell: merge it "
                "with another, or remove it by cat.remove_unused_categories()"
            )
        y, labels = column.codes.astype(np.float64), column.levels
    else:
        assert isinstance(column, NumericColumn)
        values = np.unique(column.numbers)
        if (values != np.round(values)).any():
            value = values[values != np.round(values)][0]
            raise wrong(f"the ratings {name!r} have the value {value:g}: ordered categories are whole numbers")
        if (gaps := np.setdiff1d(np.arange(values[0], values[-1] + 1), values)).size and len(values) > 1:
            raise wrong(
                f"no row has the rating {gaps[0]:g} of {name!r}, though there are {values[0]:g} to {values[-1]:g}: if "
                "nobody could give it, number the ratings without a gap; else merge two categories"
            )
        y, labels = column.numbers - values[0], tuple(map(level_label, values.tolist()))
    if len(labels) > MOST_CATEGORIES:
        raise wrong(f"{name!r} has {len(labels)} ordered categories, and up to {MOST_CATEGORIES} are estimated")
    return y, tuple(labels)


def read_size(spec: ModelSpec, rows: Rows) -> FloatArray:
    """Numbers of trials."""
    size, columns = spec.distribution.size, spec.distribution.size_columns
    if not columns:
        return np.full(rows.n_obs, float(size if isinstance(size, int) else 1))
    total = np.zeros(rows.n_obs)
    for given in columns:
        column = rows.columns[rows.names[given.name]]
        if isinstance(column, CategoricalColumn):
            message = f"the number of trials {column.name!r} is text: it is a column of numbers"
            raise place_error(message, rows.text, given.span)
        if len(columns) > 1 and (column.numbers < 0).any():
            row = int((column.numbers < 0).argmax())
            message = f"row {shown(rows.frame.index[row])} of {column.name!r} is {column.numbers[row]:g}: it is a count"
            raise place_error(message, rows.text, given.span)
        total += column.numbers
    wrong = (total < 1) | (total != np.round(total))
    if wrong.any():
        row, name = int(wrong.argmax()), " + ".join(rows.names[given.name] for given in columns)
        message = (
            f"row {shown(rows.frame.index[row])} of the number of trials {name!r} is {total[row]:g}: it"
            " is a whole number above 0"
        )
        raise place_error(message, rows.text, columns[0].span)
    return total
