"""The known SD of the level-1 residual of each row: ``sd(r) = se`` or ``var(r) = v`` of the equations."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.columns import CategoricalColumn, shown
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Column
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError

LARGEST_RATIO = 1e8
"""Largest known SD over the smallest, beyond which sums of squares have no digits of the rows that are known worst."""


def read_known_sd(spec: ModelSpec, rows: Rows) -> FloatArray | None:
    """Known SDs (N,) of the residuals of rows; None where their SD is estimated.

    Raises
    ------
    DataError
        The column is text, holds a value that is not above 0, or values too far apart; the message names the row.
    """
    spread = spec.residual_spread
    if spread is None or isinstance(spread.value, tuple):
        return None
    if not isinstance(spread.value, Column):
        value = spread.value if spread.function == "sd" else spread.value**0.5
        return np.full(rows.n_obs, value)
    column = rows.columns[rows.names[spread.value.name]]
    if isinstance(column, CategoricalColumn):
        raise no_numbers(spec, column.name)
    low, high = float(column.numbers.min()), float(column.numbers.max())
    if low <= 0:
        row = int((column.numbers <= 0).argmax())
        raise not_above_zero(spec, column.name, float(column.numbers[row]), f"row {shown(rows.frame.index[row])}")
    check_not_far_apart(spec, column.name, low, high)
    return column.numbers.copy() if spread.function == "sd" else np.sqrt(column.numbers)


def no_numbers(spec: ModelSpec, name: str) -> DataError:
    """The error for a column of text."""
    return _at_column(spec, f"the known {_what(spec)} {name!r} is text: it is a column of numbers above 0")


def not_above_zero(spec: ModelSpec, name: str, value: float, row: str) -> DataError:
    """The error for a value that is not above 0; `row` says where it is."""
    return _at_column(
        spec,
        f"{row} of the known {_what(spec)} {name!r} is {value:g}: it is above 0, as no row is known without error; "
        "correct it, or make it missing to have the row dropped",
    )


def check_not_far_apart(spec: ModelSpec, name: str, low: float, high: float) -> None:
    """Refuse a column whose smallest and largest value leave sums no digits of both.

    Raises
    ------
    DataError
    """
    if high / low > LARGEST_RATIO ** (1 if _what(spec) == "SD" else 2):
        raise _at_column(
            spec,
            f"the known {_what(spec)}s {name!r} lie between {low:g} and {high:g}, too far apart for float64: correct "
            "them, or leave rows out that say nothing beside the others",
        )


def _what(spec: ModelSpec) -> str:
    return "SD" if spec.residual_spread is not None and spec.residual_spread.function == "sd" else "variance"


def _at_column(spec: ModelSpec, message: str) -> DataError:
    span = next((column.span for column in spec.spread_columns), None)
    return place_error(message, spec.text, span)
