"""Data expressions to columns: one value a row in level 1, one value a group in level 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.beneath import Expanded
from bayeshlm.design.centering import GroupMeans, Scale, varying_rows
from bayeshlm.design.coding import BasisCoding, CategoricalCoding, Contrast, in_levels
from bayeshlm.design.columns import (
    CategoricalColumn,
    NumericColumn,
    level_label,
    numbers_as_text,
    read_categories,
    shown,
)
from bayeshlm.design.constant_within import check_constant, named, varies_within, zero_everywhere
from bayeshlm.design.naming import Part, factor_text
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows, walk_columns
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Call, Column, Factor, Option, Product
from bayeshlm.errors import DataError

type Unit = Literal["row", "group"]
"""What an expression has one value of: level 1 a row, level 2 a group."""

ELEMENTWISE: dict[str, tuple[Callable[[FloatArray], FloatArray], str]] = {
    "log": (np.log, "values above 0"),
    "exp": (np.exp, "values below 709"),
    "sqrt": (np.sqrt, "values of 0 or above"),
}


def evaluate(
    expression: Product, rows: Rows, unit: Unit, *, every_level: bool = False, inside: str | None = None
) -> Expanded:
    """Evaluate a data expression.

    Parameters
    ----------
    expression : Product
        The empty product is the constant 1.
    rows : Rows
    unit : {"row", "group"}
        In a level-2 line columns must be constant within groups, and centering, scaling and bases see
        one value a group.
    every_level : bool
        Give a categorical expression one indicator for every level: its line has no intercept.
    inside : str, optional
        Function around the expression, which needs numbers.

    Raises
    ------
    DataError
        The column cannot stand there; the message quotes the line.
    """
    if unit == "row" and rows.beneath is not None:
        return rows.beneath.rows(expression)
    if expression.is_constant:
        n = rows.n_obs if unit == "row" else rows.n_groups
        return Expanded(np.broadcast_to(1.0, (n, 1)))
    return reduce(_multiply, [_factor(factor, rows, unit, every_level, inside) for factor in expression.factors])


def first_categorical(expressions: Iterable[Product], rows: Rows) -> int | None:
    """Position of the term that gets every level: the first categorical one of a line without a constant.

    As in R, ``y ~ 0 + race`` has one column a level, where ``y ~ race`` leaves out the reference.
    """
    expressions = list(expressions)
    if any(expression.is_constant for expression in expressions):
        return None
    for position, expression in enumerate(expressions):
        if len(expression.factors) == 1 and is_categorical(expression.factors[0], rows):
            return position
    return None


def is_categorical(factor: Factor, rows: Rows) -> bool:
    """Whether a factor stands for the levels of a category."""
    if isinstance(factor, Call):
        return factor.function == "C"
    return isinstance(rows.columns[rows.names[factor.name]], CategoricalColumn)


def _multiply(left: Expanded, right: Expanded) -> Expanded:
    with np.errstate(over="ignore"):  # refused later, with the name of the term
        values = left.matrix[:, :, None] * right.matrix[:, None, :]
    labels = tuple(",".join(filter(None, pair)) for pair in ((a, b) for a in left.labels for b in right.labels))
    parts = tuple(one + other for one in left.parts for other in right.parts)
    return Expanded(values.reshape(len(values), -1), labels, parts)


def _factor(factor: Factor, rows: Rows, unit: Unit, every_level: bool, inside: str | None = None) -> Expanded:
    if isinstance(factor, Column):
        return _column(factor, rows, unit, every_level, inside)
    if factor.function == "C":
        return _categories(factor, rows, unit, every_level)
    try:
        made = _call(factor, rows, unit)
        text = factor_text(factor)
        parts = tuple((Part(text, label, "basis") if label else Part(text),) for label in made.labels)
        return Expanded(made.matrix, made.labels, parts)
    except DataError as error:
        if "\n" in str(error):  # the line is quoted already
            raise
        raise place_error(str(error), rows.text, factor.span) from error


def _column(column: Column, rows: Rows, unit: Unit, every_level: bool, inside: str | None) -> Expanded:
    found = rows.columns[rows.names[column.name]]
    if isinstance(found, NumericColumn):
        values = found.numbers
        numbers = _one_a_group(values, column, rows) if unit == "group" else values
        return Expanded(numbers[:, None], parts=((Part(column.name),),))
    declared = isinstance(rows.source.frame[found.name].dtype, pd.CategoricalDtype)
    problem = None if declared else numbers_as_text(found, rows.frame.index)
    if problem:
        advice = f"; make it numbers with pd.to_numeric, or write C({column.name}) if these are categories"
        raise place_error(problem + advice, rows.text, column.span)
    if inside is not None:
        kind = "categories" if declared else "text"
        message = f"column {found.name!r} holds {kind} ({found.levels[0]!r}), {inside}() needs numbers"
        raise place_error(message, rows.text, column.span)
    return _coded(found, column, rows, unit, "indicators" if every_level else "treatment", None)


def _categories(call: Call, rows: Rows, unit: Unit, every_level: bool) -> Expanded:
    (column,) = (column for column, _ in walk_columns(call.argument))
    options = dict(call.options)
    contrast: Contrast = "sum" if options.get("coding") == "sum" else "treatment"
    found = read_categories(rows.frame[rows.names[column.name]])
    if rows.fitted is not None:
        found = in_levels(found, _fitted_levels(rows.fitted, found.name), rows.frame.index)
    reference = found.levels[-1] if options.get("coding") == "last" else options.get("ref")
    return _coded(found, column, rows, unit, "indicators" if every_level else contrast, reference)


def _coded(
    found: CategoricalColumn, column: Column, rows: Rows, unit: Unit, contrast: Contrast, reference: Option | None
) -> Expanded:
    if unit == "group":
        check_constant(column, rows)
    if rows.coding is not None and contrast != "indicators":
        contrast = rows.coding
    try:
        coding = CategoricalCoding.learn(found, contrast, reference)
    except DataError as error:
        raise place_error(str(error), rows.text, column.span) from error
    codes = _one_a_group(found.codes, column, rows, found.levels) if unit == "group" else found.codes
    parts = tuple((Part(column.name, label, coding.contrast, coding.reference),) for label in coding.labels)
    return Expanded(coding.apply(codes), coding.labels, parts)


def _one_a_group[T: np.generic](
    values: NDArray[T], column: Column, rows: Rows, levels: tuple[str, ...] | None = None
) -> NDArray[T]:
    """Value of each group of a column that must not vary within groups."""
    check_constant(column, rows)
    varies = varying_rows(values, rows.group_codes, rows.first)
    if varies.any():
        row = int(varies.argmax())
        group = rows.group_codes[row]
        pair = [values[rows.first[group]], values[row]]
        raise varies_within(
            column, rows, group, *(repr(levels[int(v)]) if levels else level_label(float(v)) for v in pair)
        )
    return values[rows.first]


def _call(call: Call, rows: Rows, unit: Unit) -> Expanded:
    name, options = call.function, dict(call.options)
    if name == "cwc" and unit == "group":
        return _centered_in_outer(call, rows)
    if name == "mean" and rows.beneath is not None:
        return rows.beneath.means(call.argument, rows.at)
    of_rows = name in ("mean", "cwc")
    argument = evaluate(call.argument, rows, "row" if of_rows else unit, inside=name)
    values, labels = argument.matrix, argument.labels
    if name == "mean":
        means = _group_means(values, call, rows).means
        return Expanded(means if unit == "group" else means[rows.group_codes], labels)
    if name == "cwc":
        return Expanded(_centered_within(values, call, rows), labels)
    if name in ("cgm", "scale"):
        learned = _scale(values, call, rows, unit)
        if name == "cgm":
            return Expanded(learned.centered(values), labels)
        if not np.all(learned.sd > 0):
            raise DataError(f"scale() divides by the SD, but {named(call)} is constant")
        return Expanded(learned.standardized(values), labels)
    if name in ELEMENTWISE:
        return Expanded(_elementwise(values, call, rows, unit), labels)
    if name in ("poly", "bs"):
        if values.shape[1] != 1:
            raise DataError(f"{name}() takes one column, {named(call)} stands for {values.shape[1]}")
        given = np.ascontiguousarray(_values_to_learn_from(values, call, rows, unit)[:, 0])
        basis = BasisCoding.learn("poly" if name == "poly" else "bs", given, options)
        columns = basis.apply(np.ascontiguousarray(values[:, 0]))
        return Expanded(columns, tuple(str(k + 1) for k in range(columns.shape[1])))
    raise DataError(f"{name}() cannot stand in an expression")


def _centered_within(values: FloatArray, call: Call, rows: Rows) -> FloatArray:
    for column in values.T if rows.fitted is None else ():
        if not varying_rows(column, rows.group_codes, rows.first).any():
            raise zero_everywhere(call)
    return _group_means(values, call, rows).deviations(values, rows.group_codes)


def _centered_in_outer(call: Call, rows: Rows) -> Expanded:
    """One value a unit, less the mean of the units of the same unit of the level above."""
    position = next(
        (k for k in range(rows.at + 1, len(rows.groupings)) if rows.source.units_in(k) is not None),
        None,
    )
    if position is None:
        raise DataError(
            "cwc() centers within the groups of a higher level, and no level stands above this line: write cgm()"
        )
    own = evaluate(call.argument, rows, "group", inside="cwc")
    outer, codes = rows.of(position), rows.units_in(position)
    if codes is None:
        raise DataError(f"a {rows.group} stands in two units of {outer.group!r}")
    means = GroupMeans.learn(own.matrix, codes, outer.n_groups)
    if rows.fitted is not None and outer.known is not None:
        fitted = rows.fitted
        learned, where = evaluate(call.argument, fitted, "group", inside="cwc").matrix, fitted.units_in(position)
        assert where is not None  # as the position was found
        theirs = GroupMeans.learn(learned, where, fitted.of(position).n_groups).means
        means = GroupMeans(np.where(outer.known[:, None] >= 0, theirs[outer.known], means.means))
    return Expanded(means.deviations(own.matrix, codes), own.labels)


def _fitted_levels(fitted: Rows, name: str) -> tuple[str, ...]:
    if fitted.beneath is not None and name in fitted.beneath.not_at_hand:
        return fitted.beneath.levels(name)
    return read_categories(fitted.frame[name]).levels


def _scale(values: FloatArray, call: Call, rows: Rows, unit: Unit) -> Scale:
    """Mean and SD of the call's argument in the rows that its coding is learned from."""
    if unit == "row" and rows.fitted is not None and rows.fitted.beneath is not None:
        return rows.fitted.beneath.scale(call.argument, rows.at)
    return Scale.learn(_values_to_learn_from(values, call, rows, unit))


def _values_to_learn_from(values: FloatArray, call: Call, rows: Rows, unit: Unit) -> FloatArray:
    """Values of the call's argument in the rows that its coding is learned from."""
    if rows.fitted is None:
        return values
    return evaluate(call.argument, rows.fitted, unit, inside=call.function).matrix


def _group_means(values: FloatArray, call: Call, rows: Rows) -> GroupMeans:
    """Means of the call's argument: of a group that the fitted rows have theirs, of others those of its own rows."""
    own = GroupMeans.learn(values, rows.group_codes, rows.n_groups)
    if rows.fitted is None or rows.known is None:
        return own
    fitted = rows.fitted
    if fitted.beneath is not None:
        theirs = fitted.beneath.group_means(call.argument, rows.at)
    else:
        learned = _values_to_learn_from(values, call, rows, "row")
        theirs = GroupMeans.learn(learned, fitted.group_codes, fitted.n_groups).means
    return GroupMeans(np.where(rows.known[:, None] >= 0, theirs[rows.known], own.means))


def _elementwise(values: FloatArray, call: Call, rows: Rows, unit: Unit) -> FloatArray:
    function, needed = ELEMENTWISE[call.function]
    with np.errstate(all="ignore"):
        result = function(values)
    bad = ~np.isfinite(result).all(axis=1)
    if bad.any():
        at = int(bad.argmax())
        value = values[at][~np.isfinite(result[at])][0]
        row = rows.frame.index[at if unit == "row" else rows.first[at]]
        raise DataError(
            f"{call.function}() needs {needed}, but {named(call)} is {level_label(float(value))} in row {shown(row)}"
        )
    return result
