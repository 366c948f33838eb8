"""Expressions in parameters, such as ``tau2[u0] / (tau2[u0] + sigma2)``: their values, derivatives and weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from bayeshlm.design.scaling import FloatArray

type Operator = Literal["+", "-", "*", "/"]
type Expression = Number | Symbol | Binary | Call


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """A parameter, by its label in `bayeshlm.parameters.schema.Schema`."""

    label: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions with an operator between them."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of an expression, one of `FUNCTIONS`."""

    name: str
    of: Expression


FUNCTIONS: dict[str, tuple[Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]] = {
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: np.asarray(1 / x)),
    "sqrt": (np.sqrt, lambda x: np.asarray(0.5 / np.sqrt(x))),
    "abs": (np.abs, np.sign),
}
"""The functions that may be written, each with its derivative."""


def symbols(expression: Expression) -> tuple[str, ...]:
    """Labels of the parameters in an expression, each once."""
    match expression:
        case Number():
            return ()
        case Symbol(label):
            return (label,)
        case Call(_, of):
            return symbols(of)
        case Binary(_, left, right):
            return tuple(dict.fromkeys((*symbols(left), *symbols(right))))


def value_of(expression: Expression, values: Mapping[str, FloatArray]) -> FloatArray:
    """The expression where its parameters have these values, all of one shape; NaN or infinite outside of its domain.

    Examples
    --------
    >>> ratio = Binary("/", Symbol("g11"), Symbol("g10"))
    >>> value_of(ratio, {"g10": np.array([2.0, 4.0]), "g11": np.array([-1.0, 1.0])})
    array([-0.5 ,  0.25])
    """
    with np.errstate(all="ignore"):
        match expression:
            case Number(value):
                return np.asarray(value, dtype=float)
            case Symbol(label):
                return np.asarray(values[label], dtype=float)
            case Call(name, of):
                return np.asarray(FUNCTIONS[name][0](value_of(of, values)))
            case Binary(operator, left, right):
                return _combined(operator, value_of(left, values), value_of(right, values))


def gradient_of(expression: Expression, values: Mapping[str, FloatArray], labels: Sequence[str]) -> FloatArray:
    """Derivatives of the expression in the parameters `labels` at single values of them, (m,).

    Examples
    --------
    >>> ratio = Binary("/", Symbol("g11"), Symbol("g10"))
    >>> gradient_of(ratio, {"g10": np.array(2.0), "g11": np.array(-1.0)}, ["g10", "g11"])
    array([0.25, 0.5 ])
    """
    with np.errstate(all="ignore"):
        match expression:
            case Number():
                return np.zeros(len(labels))
            case Symbol(label):
                return np.array([float(one == label) for one in labels])
            case Call(name, of):
                return np.asarray(FUNCTIONS[name][1](value_of(of, values)) * gradient_of(of, values, labels))
            case Binary(operator, left, right):
                a, b = value_of(left, values), value_of(right, values)
                da, db = gradient_of(left, values, labels), gradient_of(right, values, labels)
                return np.asarray(
                    {"+": da + db, "-": da - db, "*": da * b + a * db, "/": da / b - a * db / b**2}[operator]
                )


def linear_weights(expression: Expression, labels: Sequence[str]) -> FloatArray | None:
    """Weights of the parameters `labels` and the constant behind them, (m + 1,); None of what is not linear in them.

    Examples
    --------
    >>> linear_weights(Binary("*", Number(2.0), Binary("-", Symbol("g01"), Number(3.0))), ["g00", "g01"])
    array([ 0.,  2., -6.])
    """
    match expression:
        case Number(value):
            return np.array([*np.zeros(len(labels)), value])
        case Symbol(label):
            return np.array([*(float(one == label) for one in labels), 0.0]) if label in labels else None
        case Call(_, of):
            inner = linear_weights(of, labels)
            if inner is None or np.any(inner[:-1]):
                return None
            return np.array([*np.zeros(len(labels)), float(value_of(expression, {}))])
        case Binary(operator, left, right):
            return _linear_combined(operator, linear_weights(left, labels), linear_weights(right, labels))


def weighted_sum(weights: FloatArray, labels: Sequence[str]) -> Expression:
    """The expression ``sum_k weights_k labels_k``."""
    terms: list[Expression] = [
        Binary("*", Number(float(weight)), Symbol(label))
        for weight, label in zip(weights, labels, strict=True)
        if weight
    ]
    return reduce(lambda left, right: Binary("+", left, right), terms)


def _combined(operator: Operator, left: FloatArray, right: FloatArray) -> FloatArray:
    match operator:
        case "+":
            return np.asarray(left + right)
        case "-":
            return np.asarray(left - right)
        case "*":
            return np.asarray(left * right)
        case "/":
            return np.asarray(left / right)


def _linear_combined(operator: Operator, left: FloatArray | None, right: FloatArray | None) -> FloatArray | None:
    if left is None or right is None:
        return None
    if operator in "+-":
        return _combined(operator, left, right)
    if operator == "*" and not np.any(left[:-1]):
        left, right = right, left
    if np.any(right[:-1]):
        return None
    return _combined(operator, left, right[-1:])
