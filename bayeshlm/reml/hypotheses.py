"""General linear hypotheses ``L gamma = c``: from a matrix, from text, from a pattern of names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations import canonical
from bayeshlm.errors import OptionError
from bayeshlm.parameters.expressions import weighted_sum
from bayeshlm.parameters.statements import Statement

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<symbol>[^\W\d]\w*(?:\[[^\]]*\])?)|(?P<sign>[-+*/]))"
)


@dataclass(frozen=True, eq=False, slots=True)
class Hypothesis:
    """``L gamma = value``, a row per statement.

    Attributes
    ----------
    labels : tuple of str, (m,)
        What each row says.
    L : ndarray, (m, p)
        Weights of the fixed effects.
    value : ndarray, (m,)
        What the combinations are supposed to be.
    """

    labels: tuple[str, ...]
    L: FloatArray
    value: FloatArray


def hypothesis_from_matrix(L: npt.ArrayLike, fixed_labels: Sequence[str], value: npt.ArrayLike = 0.0) -> Hypothesis:
    """Hypothesis of a matrix with a column per fixed effect; a vector is one row.

    Parameters
    ----------
    L : array_like, (m, p) or (p,)
        Weights.
    fixed_labels : sequence of str, (p,)
        Names of the fixed effects.
    value : array_like, (m,) or scalar
        Right side.

    Raises
    ------
    OptionError
        When the shapes do not fit, a row is zero or a number is not finite.

    Examples
    --------
    >>> hypothesis_from_matrix([0, 1, -1], ["g00", "g01", "g02"]).labels
    ('g01 - g02',)
    """
    matrix = np.atleast_2d(np.asarray(L, dtype=np.float64))
    p = len(fixed_labels)
    if matrix.ndim != 2 or matrix.shape[1] != p or not len(matrix):
        raise OptionError(f"L has shape {np.shape(L)}; it needs {p} columns: {', '.join(fixed_labels)}.")
    right = np.asarray(value, dtype=np.float64)
    if right.ndim > 1 or (right.ndim == 1 and len(right) != len(matrix)):
        raise OptionError(f"The right side has shape {right.shape}; it needs {len(matrix)} values, one per row of L.")
    right = np.broadcast_to(right, len(matrix)).copy()
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        raise OptionError("L gamma = c has a value that is not a finite number.")
    if np.any(np.all(matrix == 0, axis=1)):
        raise OptionError(f"Row {int(np.argmax(np.all(matrix == 0, axis=1)))} of L is zero: it states nothing.")
    return Hypothesis(tuple(_label(row, fixed_labels) for row in matrix), matrix, right)


def hypothesis_from_text(text: str | Sequence[str], fixed_labels: Sequence[str]) -> Hypothesis:
    """Hypothesis of one or several linear equations in the fixed effects.

    Parameters
    ----------
    text : str or sequence of str
        ``"g01 - g02 = 0"``, ``"g01 = g02"``, ``"g11"`` (is zero), ``"2*g01 + g02/3 = 1"``; several are parted by ``;``,
        ``,`` or line ends, or come as a sequence. Symbols may be spelled as in equations.
    fixed_labels : sequence of str, (p,)
        Names of the fixed effects.

    Raises
    ------
    OptionError
        When the text cannot be read or names something else.

    Examples
    --------
    >>> found = hypothesis_from_text("gamma_01 = 2*g02 + 1", ["g00", "g01", "g02"])
    >>> found.L, found.value
    (array([[ 0.,  1., -2.]]), array([1.]))
    """
    pieces = re.split(r"[;,\n](?![^\[]*\])", text) if isinstance(text, str) else list(text)
    statements = [piece.strip() for piece in pieces if piece.strip()]
    if not statements:
        raise OptionError('The hypothesis is empty: write for example "g01 - g02 = 0".')
    rows = []
    for statement in statements:
        sides = re.split(r"==?(?![^\[]*\])", statement)
        read = [_linear(side, statement, fixed_labels) for side in (sides if len(sides) > 1 else [*sides, "0"])]
        rows += [left - right for left, right in pairwise(read)]
    table = np.array(rows)
    return hypothesis_from_matrix(table[:, :-1], fixed_labels, -table[:, -1])


def hypothesis_from_pattern(pattern: str, fixed_labels: Sequence[str]) -> Hypothesis:
    """Hypothesis that every fixed effect whose name matches a regular expression is zero, as spida's ``wald``.

    Examples
    --------
    >>> hypothesis_from_pattern("g1", ["g00", "g10", "g11"]).labels
    ('g10', 'g11')
    """
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise OptionError(f"{pattern!r} is not a regular expression: {error}.") from None
    match = [bool(found.search(label)) for label in fixed_labels]
    if not any(match):
        raise OptionError(f"{pattern!r} matches none of {', '.join(fixed_labels)}.")
    return hypothesis_from_matrix(np.eye(len(fixed_labels))[match], fixed_labels)


def read_hypothesis(
    hypotheses: str | Sequence[str] | npt.ArrayLike | None,
    fixed_labels: Sequence[str],
    pattern: str | None = None,
    value: npt.ArrayLike = 0.0,
) -> Hypothesis:
    """Hypothesis of text, of a matrix or, without either, of a pattern.

    Parameters
    ----------
    hypotheses : str, sequence of str or array_like, (m, p)
        Equations or the matrix L.
    fixed_labels : sequence of str, (p,)
        Names of the fixed effects.
    pattern : str, optional
        Regular expression.
    value : array_like, (m,) or scalar
        Right side, where L is a matrix.

    Raises
    ------
    OptionError
        When it cannot be read, or there are both or none.
    """
    if (hypotheses is None) == (pattern is None):
        raise OptionError('Give either hypotheses, such as "g01 = g02", or pattern=, such as pattern="g1".')
    if pattern is not None:
        return hypothesis_from_pattern(pattern, fixed_labels)
    if isinstance(hypotheses, str):
        return hypothesis_from_text(hypotheses, fixed_labels)
    if isinstance(hypotheses, list | tuple) and all(isinstance(statement, str) for statement in hypotheses):
        return hypothesis_from_text([str(statement) for statement in hypotheses], fixed_labels)
    return hypothesis_from_matrix(np.asarray(hypotheses), fixed_labels, value)


def statements_of(hypothesis: Hypothesis, fixed_labels: Sequence[str]) -> tuple[Statement, ...]:
    """The rows of a hypothesis as statements that a combination of fixed effects equals a number.

    Examples
    --------
    >>> statements_of(hypothesis_from_text("g01 = g02 + 1", ["g01", "g02"]), ["g01", "g02"])[0].text
    'g01 - g02 = 1'
    """
    return tuple(
        Statement(f"{label} = {value + 0.0:.6g}", weighted_sum(row, fixed_labels), "=", float(value))
        for label, row, value in zip(hypothesis.labels, hypothesis.L, hypothesis.value, strict=True)
    )


def _linear(side: str, statement: str, fixed_labels: Sequence[str]) -> FloatArray:
    """Weights of the fixed effects and of the constant, (p + 1,), of a linear expression."""
    total = np.zeros(len(fixed_labels) + 1)
    constant = np.zeros(len(total))
    constant[-1] = 1.0
    term, sign, operator = constant, 1.0, ""
    expected, position, side = True, 0, side.rstrip()
    while position < len(side):
        token = _TOKEN.match(side, position)
        if token is None:
            raise OptionError(f"{side[position:].strip()[:10]!r} cannot be read in the hypothesis {statement!r}.")
        position = token.end()
        mark = token["sign"]
        if mark is not None:
            if expected and mark in "+-" and not operator:
                sign = -sign if mark == "-" else sign
                continue
            if expected:
                raise OptionError(f"An operand is missing before {mark!r} in the hypothesis {statement!r}.")
            expected = True
            if mark in "*/":
                operator = mark
            else:
                total += sign * term
                term, sign, operator = constant, -1.0 if mark == "-" else 1.0, ""
            continue
        if not expected:
            raise OptionError(f"An operator is missing before {token[0].strip()!r} in the hypothesis {statement!r}.")
        operand = np.zeros(len(total))
        if token["number"] is not None:
            operand[-1] = float(token["number"])
        else:
            operand[_position(token["symbol"], statement, fixed_labels)] = 1.0
        term = _times(term, operator, operand, statement) if operator else operand
        expected, operator = False, ""
    if expected:
        raise OptionError(f"Something is missing in the hypothesis {statement!r}.")
    return total + sign * term


def _times(left: FloatArray, operator: str, right: FloatArray, statement: str) -> FloatArray:
    if operator == "/":
        if np.any(right[:-1]) or right[-1] == 0:
            raise OptionError(f"Only a number other than 0 may divide in the hypothesis {statement!r}.")
        return np.asarray(left / right[-1])
    if np.any(left[:-1]) and np.any(right[:-1]):
        raise OptionError(f"The hypothesis {statement!r} is not linear: it multiplies two fixed effects.")
    return np.asarray(left * right[-1] if np.any(left[:-1]) else right * left[-1])


def _position(name: str, statement: str, fixed_labels: Sequence[str]) -> int:
    if name in fixed_labels:
        return list(fixed_labels).index(name)
    symbol, bracket, level = name.partition("[")
    spelled = canonical(symbol) + bracket + level
    if spelled in fixed_labels:
        return list(fixed_labels).index(spelled)
    several = [label for label in fixed_labels if label.startswith(f"{spelled}[")]
    if several:
        raise OptionError(f"{name!r} in {statement!r} has several columns: write one of {', '.join(several)}.")
    raise OptionError(f"{name!r} in {statement!r} is no fixed effect; there are {', '.join(fixed_labels)}.")


def _label(row: FloatArray, fixed_labels: Sequence[str]) -> str:
    """A row of L in words: ``g01 - 2*g02``."""
    text = ""
    for weight, label in zip(row, fixed_labels, strict=True):
        if weight:
            size = "" if abs(weight) == 1 else f"{abs(weight):.6g}*"
            sign = ("-" if weight < 0 else "") if not text else (" - " if weight < 0 else " + ")
            text += f"{sign}{size}{label}"
    return text
