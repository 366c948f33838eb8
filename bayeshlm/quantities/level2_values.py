"""Terms above level 1 at values that a user states: the rows of W that a typical or chosen group has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.coefficient_means import rows_of_coefficients
from bayeshlm.design.columns import resolve
from bayeshlm.design.design import Design
from bayeshlm.design.naming import expression_text
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.unit_equations import ELSEWHERE
from bayeshlm.equations import canonical
from bayeshlm.equations.product import Call, Factor, Product
from bayeshlm.errors import OptionError


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a coefficient: its column k of W, its row r of the result, and whether it varies within groups."""

    k: int
    r: int
    name: str
    label: str
    factors: tuple[str | Call, ...]
    expands: bool
    varies: bool


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
    design: Design,
    at: Mapping[str, float] | None = None,
    coefficients: Sequence[int] | None = None,
    grouping: int | None = None,
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
    grouping : int, optional
        Position of the grouping whose units' coefficients they are, where there are several.

    Returns
    -------
    array (q, p)
        Row r times gamma is the mean of the coefficient r. Terms that `at` does not touch are at
        their means over groups; those that vary within the groups are 0, as in the groups' coefficients.

    Raises
    ------
    OptionError
        `at` names no level-2 term, or a term that cannot be recomputed from what it names.
    """
    position = design.only if grouping is None else grouping
    positions = random_coefficients(design, position) if coefficients is None else list(coefficients)
    values = rows_of_coefficients(design, design.equations[position].W.mean(axis=0), position)[positions]
    if not at:
        return values
    terms = _terms(design, positions, position)
    chosen, direct = _read(at, terms, design)
    for term in terms:
        if term.k in direct:
            values[term.r, term.k] = direct[term.k]
        elif _touched(term, chosen, design):
            if term.expands:
                raise OptionError(_unclear(term))
            product = [_factor_value(factor, term, terms, chosen, design, position, values) for factor in term.factors]
            values[term.r, term.k] = math.prod(product)
    return values


def random_coefficients(design: Design, grouping: int) -> list[int]:
    """Positions among the coefficients of a grouping's units of those with a random effect, in the effects' order."""
    start, n = design.predictor.effects_of(grouping).start, len(design.predictor.random[grouping].deviations)
    return [int(c) for c in design.equations[grouping].random_coefficient[start : start + n]]


def varying_terms(design: Design, grouping: int, coefficients: Sequence[int]) -> list[int]:
    """Columns of X above some coefficients of a grouping's units that vary within the units."""
    return [term.k for term in _terms(design, coefficients, grouping) if term.varies]


def _terms(design: Design, positions: Sequence[int], grouping: int) -> list[_Term]:
    equations = design.equations[grouping]
    rows = {equations.coefficients[c]: r for r, c in enumerate(positions)}
    paths, found = design.spec.paths, []
    for k, column in enumerate(design.fixed):
        varies = equations.coefficient_of[k] == ELSEWHERE
        among = rows if varies else {equations.coefficients[equations.coefficient_of[k]]} & rows.keys()
        place = max((i for i, label in enumerate(column.path) if label in among), default=None)
        if place is None:
            continue
        above = [expression for expression in paths[column.symbol].expressions[place + 1 :] if expression.factors]
        if not above:
            continue
        coefficient = column.path[place]
        found.append(
            _Term(
                k,
                rows[coefficient],
                "*".join(map(expression_text, above)),
                column.label,
                tuple(_identity(factor, design) for expression in above for factor in expression.factors),
                column.label != column.symbol + coefficient[len(coefficient.partition("[")[0]) :],
                bool(varies),
            )
        )
    return found


def _identity(factor: Factor, design: Design) -> str | Call:
    """Name a factor by its column of the data, or leave it as the call that it is."""
    if isinstance(factor, Call):
        return factor
    return resolve(factor.name, design.cells.names) or factor.name


def _read(
    at: Mapping[str, float], terms: list[_Term], design: Design
) -> tuple[dict[str | Call, float], dict[int, float]]:
    """Split `at` into values of factors and values of whole terms (by their column of W)."""
    columns = design.cells.names
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
            kind = "level-2 term" if len(design.groupings) == 1 else "term"
            has = f"the {kind}s are {', '.join(names)}" if names else "the equations have none, leave it out"
            raise OptionError(f"at={{{key!r}: ...}} names no {kind} of a random coefficient; {has}")
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
    grouping: int,
    values: FloatArray,
) -> float:
    """Chosen value of a factor, else its mean over groups."""
    if factor in chosen:
        return chosen[factor]
    if term.varies:
        raise OptionError(_unclear(term))
    if isinstance(factor, str):
        first = np.unique(design.cells.codes[grouping], return_index=True)[1]
        return float(pd.to_numeric(design.cells.frame[factor].iloc[first]).astype(float).mean())
    if not any(_identity(column, design) in chosen for column, _ in walk_columns(Product((factor,)))):
        for other in terms:
            if other.factors == (factor,) and not (other.expands or other.varies):
                return float(values[other.r, other.k])
    raise OptionError(_unclear(term))


def _unclear(term: _Term) -> str:
    return (
        f"at: the term {term.name} cannot be worked out from the columns named; "
        f"give its own value as at={{{term.label!r}: ...}}"
    )


def _squeezed(text: str) -> str:
    return "".join(text.split())
