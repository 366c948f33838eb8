"""The known SD of the level-1 residual of each row: ``sd(r) = se`` or ``var(r) = v`` of the equations."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.columns import CategoricalColumn, shown
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Column
from bayeshlm.equations.spec import ModelSpec

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
    if spread is None:
        return None
    if not isinstance(spread.value, Column):
        value = spread.value if spread.function == "sd" else spread.value**0.5
        return np.full(rows.n_obs, value)
    column, of = rows.columns[rows.names[spread.value.name]], spread.value.span
    what = "SD" if spread.function == "sd" else "variance"
    if isinstance(column, CategoricalColumn):
        message = f"the known {what} {column.name!r} is text: it is a column of numbers above 0"
        raise place_error(message, rows.text, of)
    wrong = column.numbers <= 0
    if wrong.any():
        row = int(wrong.argmax())
        raise place_error(
            f"row {shown(rows.frame.index[row])} of the known {what} {column.name!r} is {column.numbers[row]:g}: it is "
            "above 0, as no row is known without error; correct it, or make it missing to have the row dropped",
            rows.text,
            of,
        )
    sd = column.numbers.copy() if spread.function == "sd" else np.sqrt(column.numbers)
    if sd.max() > LARGEST_RATIO * sd.min():
        raise place_error(
            f"the known {what}s {column.name!r} lie between {column.numbers.min():g} and {column.numbers.max():g}, too "
            "far apart for float64: correct them, or leave rows out that say nothing beside the others",
            rows.text,
            of,
        )
    return sd
