"""Values that predictors are set to in a question about averages, and these values as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from bayeshlm.design.columns import CategoricalColumn, DataColumn, level_label
from bayeshlm.errors import OptionError

type Values = float | str | Sequence[float] | Sequence[str]
"""What a predictor is set to: a value, several, or "mean", "sd" (mean and one SD to each side), "grid", "levels"."""

GRID = 25
MOST_VALUES = 12
"""So many different values of a column `by` may be shown."""
WHOLE = 1e15
"""Numbers below are written without an exponent."""


def read_values(column: DataColumn, given: Values) -> tuple[object, ...]:
    """What a predictor is set to, one value or several.

    Raises
    ------
    OptionError
        The column cannot have such a value.
    """
    if isinstance(column, CategoricalColumn):
        if isinstance(given, str) and given == "levels":
            return column.levels
        asked = _listed(given)
        if not asked:
            raise OptionError(f"at: {column.name!r} has no value; its categories are {', '.join(column.levels)}")
        for value in asked:
            if level_label(value) not in column.levels:
                raise OptionError(f"at: {column.name!r} has no category {value!r}; it has {', '.join(column.levels)}")
        return tuple(map(level_label, asked))
    numbers = column.numbers
    mean, sd = float(numbers.mean()), float(numbers.std(ddof=1))
    if isinstance(given, str):
        words = {
            "mean": [mean],
            "sd": [mean - sd, mean, mean + sd],
            "grid": np.linspace(numbers.min(), numbers.max(), GRID).tolist(),
            "levels": np.unique(numbers).tolist(),
        }
        if given not in words or (given == "levels" and len(words[given]) > MOST_VALUES):
            raise OptionError(f'at: {column.name!r} is {given!r}; write numbers, "mean", "sd" or "grid"')
        return tuple(words[given])
    numeric = _listed(given)
    if not numeric or not all(map(is_finite, numeric)):
        raise OptionError(f'at: {column.name!r} is {given!r}; write numbers, "mean", "sd" or "grid"')
    return tuple(float(one) for one in numeric)


def value_texts(values: Sequence[object], digits: int = 4) -> list[str]:
    """Values of a predictor as text, numbers with so many digits, or as many as tell different ones apart.

    Examples
    --------
    >>> value_texts([0.123456, 1.0, "north"]), value_texts([1000000.25, 1000001.5, 2000001.0])
    (['0.1235', '1', 'north'], ['1000000', '1000002', '2000001'])
    """
    for places in range(digits, 18):
        found = [_value_text(value, places) for value in values]
        if len(set(found)) == len(set(values)):
            break
    return found


def is_finite(value: object) -> bool:
    """Whether a value is a number that is neither infinite nor missing."""
    return isinstance(value, Real | np.bool_) and bool(np.isfinite(float(value)))


def _value_text(value: object, digits: int) -> str:
    if isinstance(value, float) and abs(value) < WHOLE:
        return f"{value:.{max(digits, len(str(int(abs(value)))))}g}"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _listed(given: object) -> list[Any]:
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
