"""Level-2 terms at values that a user states: the rows of W that a typical or chosen group has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.coefficient_means import rows_of_coefficients
from bayeshlm.design.columns import resolve
from bayeshlm.design.design import Design
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations import canonical
from bayeshlm.equations.spec import Call, Factor, Product
from bayeshlm.errors import OptionError


@dataclass(frozen=True, slots=True)
class _Term:
    """A level-2 term of a coefficient: its column k of W and its row r of the result."""

    k: int
    r: int
    name: str
    label: str
    factors: tuple[str | Call, ...]
    expands: bool


def finite_number(key: str, value: object) -> float:
    """Read a value of ``at=`` as a finite number.

    Raises
    ------
    OptionError
        It is none.

    Examples
    --------
    >>> finite_number("sector", 1)
    1.0
    """
    number = math.nan
    if isinstance(value, (int, float, np.number, np.bool_)):
        number = float(value)
    if not math.isfinite(number):
        raise OptionError(f"at={{{key!r}: {value!r}}}: the value must be a finite number")
    return number


def level2_values(
    design: Design, at: Mapping[str, float] | None = None, coefficients: Sequence[int] | None = None
) -> FloatArray:
    """Values of the level-2 terms of each coefficient with a random effect, or of those asked for.

    Parameters
    ----------
    design : Design
        Gives W and the terms.
    at : mapping of str to float, optional
        Values by level-2 column (``"sector"``), call (``"cgm(size)"``) or fixed effect (``"g01[South]"``). Products
        are recomputed, a factor that is not named entering at its mean over groups.
    coefficients : sequence of int, optional
        Positions in ``design.coefficients``; by default those that have a random effect, in the order of the effects.

    Returns
    -------
    array (q, p)
        Row r times gamma is the mean of the coefficient r. Terms that `at` does not touch are at
        their means over groups.

    Raises
    ------
    OptionError
        `at` names no level-2 term, or a term that cannot be recomputed from what it names.
    """
    positions = design.random_coefficients if coefficients is None else list(coefficients)
    values = rows_of_coefficients(design, design.W.mean(axis=0))[positions]
    if not at:
        return values
    terms = _terms(design, positions)
    chosen, direct = _read(at, terms, design)
    for term in terms:
        if term.k in direct:
            values[term.r, term.k] = direct[term.k]
        elif _touched(term, chosen, design):
            if term.expands:
                raise OptionError(_unclear(term))
            product = [_factor_value(factor, term, terms, chosen, design, values) for factor in term.factors]
            values[term.r, term.k] = math.prod(product)
    return values


def _terms(design: Design, positions: Sequence[int]) -> list[_Term]:
    rows = {design.coefficients[c].label: r for r, c in enumerate(positions)}
    expressions: dict[str, Product] = {
        fixed.symbol: fixed.expression for equation in design.spec.level2 for fixed in equation.fixed
    }
    return [
        _Term(
            k,
            rows[column.coefficient],
            column.term,
            column.label,
            tuple(_identity(factor, design) for factor in expressions[column.symbol].factors),
            column.label != column.symbol + column.coefficient[len(column.coefficient.partition("[")[0]) :],
        )
        for k, column in enumerate(design.fixed)
        if column.coefficient in rows and not expressions[column.symbol].is_constant
    ]


def _identity(factor: Factor, design: Design) -> str | Call:
    """Name a factor by its column of the data, or leave it as the call that it is."""
    if isinstance(factor, Call):
        return factor
    return resolve(factor.name, tuple(design.frame.columns)) or factor.name


def _read(
    at: Mapping[str, float], terms: list[_Term], design: Design
) -> tuple[dict[str | Call, float], dict[int, float]]:
    """Split `at` into values of factors and values of whole terms (by their column of W)."""
    columns = tuple(design.frame.columns)
    factors = {factor for term in terms for factor in term.factors}
    calls = {_squeezed(term.name): term.factors[0] for term in terms if len(term.factors) == 1 and not term.expands}
    labels = {term.label: term.k for term in terms}
    chosen: dict[str | Call, float] = {}
    direct: dict[int, float] = {}
    for key, value in at.items():
        number = finite_number(key, value)
        column = resolve(key, columns)
        if column in factors:
            chosen[column] = number
        elif _squeezed(key) in calls:
            chosen[calls[_squeezed(key)]] = number
        elif key in labels or canonical(key) in labels:
            direct[labels[key if key in labels else canonical(key)]] = number
        else:
            names = sorted({factor for factor in factors if isinstance(factor, str)} | {t.name for t in terms})
            has = f"the level-2 terms are {', '.join(names)}" if names else "the equations have none, leave it out"
            raise OptionError(f"at={{{key!r}: ...}} names no level-2 term of a random coefficient; {has}")
    return chosen, direct


def _touched(term: _Term, chosen: Mapping[str | Call, float], design: Design) -> bool:
    """Whether a value was given for a factor of the term, or for a column inside of one."""
    inside = {
        _identity(column, design)
        for factor in term.factors
        if isinstance(factor, Call) and factor not in chosen
        for column, _ in walk_columns(Product((factor,)))
    }
    return any(factor in chosen for factor in term.factors) or any(column in chosen for column in inside)


def _factor_value(
    factor: str | Call,
    term: _Term,
    terms: list[_Term],
    chosen: Mapping[str | Call, float],
    design: Design,
    values: FloatArray,
) -> float:
    """Chosen value of a factor, else its mean over groups."""
    if factor in chosen:
        return chosen[factor]
    if isinstance(factor, str):
        first = np.unique(design.group_codes, return_index=True)[1]
        return float(pd.to_numeric(design.frame[factor].iloc[first]).astype(float).mean())
    if not any(_identity(column, design) in chosen for column, _ in walk_columns(Product((factor,)))):
        for other in terms:
            if other.factors == (factor,) and not other.expands:
                return float(values[other.r, other.k])
    raise OptionError(_unclear(term))


def _unclear(term: _Term) -> str:
    return (
        f"at: the term {term.name} cannot be worked out from the columns named; "
        f"give its own value as at={{{term.label!r}: ...}}"
    )


def _squeezed(text: str) -> str:
    return "".join(text.split())
