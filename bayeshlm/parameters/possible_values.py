"""What values an expression in parameters can have at all: SDs are not negative, correlations lie from -1 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan, nan

import numpy as np

from bayeshlm.parameters.expressions import FUNCTIONS, Binary, Call, Expression, Number, Symbol
from bayeshlm.parameters.schema import Support

type Ends = tuple[float, float]
"""Smallest and largest value, NaN where they are not known."""

ENDS: dict[Support, Ends] = {"real": (-inf, inf), "positive": (0.0, inf), "correlation": (-1.0, 1.0)}


def possible_values(expression: Expression, supports: Mapping[str, Support]) -> Ends:
    """Bounds of an expression whose parameters vary freely within what they can be.

    No value beyond them is possible; not each within them is, where a parameter stands twice.

    Parameters
    ----------
    expression : Expression
    supports : mapping of label to {"real", "positive", "correlation"}

    Examples
    --------
    >>> square = Binary("*", Symbol("sigma"), Symbol("sigma"))
    >>> possible_values(Binary("-", Number(1.0), square), {"sigma": "positive"})
    (-inf, 1.0)
    >>> possible_values(Binary("/", square, Symbol("g10")), {"sigma": "positive", "g10": "real"})
    (-inf, inf)
    """
    match expression:
        case Number(value):
            return value, value
        case Symbol(label):
            return ENDS[supports[label]]
        case Call(name, of):
            return _of_function(name, possible_values(of, supports))
        case Binary(operator, left, right):
            a, b = possible_values(left, supports), possible_values(right, supports)
            match operator:
                case "+":
                    return a[0] + b[0], a[1] + b[1]
                case "-":
                    return a[0] - b[1], a[1] - b[0]
                case "*":
                    return _product(a, b)
                case "/":
                    return _product(a, _reciprocal(b))


def _product(a: Ends, b: Ends) -> Ends:
    if any(map(isnan, (*a, *b))):
        return nan, nan
    found = [x * y if x and y else 0.0 for x in a for y in b]  # 0 times what has no bound is 0
    return min(found), max(found)


def _reciprocal(ends: Ends) -> Ends:
    low, high = ends
    if low < 0 < high or low == high == 0:
        return -inf, inf
    return (1 / high if high else -inf), (1 / low if low else inf)


def _of_function(name: str, ends: Ends) -> Ends:
    low, high = ends
    if name == "abs":
        return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    if name in ("log", "sqrt"):
        low = max(low, 0.0)
    with np.errstate(all="ignore"):
        first, last = (float(FUNCTIONS[name][0](np.asarray(one))) for one in (low, high))
    return first, last
