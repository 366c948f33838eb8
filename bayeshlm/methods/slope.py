"""The level-1 variable whose slope the methods of estimation are compared on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.centering import GroupMeans, first_rows, varying_rows
from bayeshlm.design.columns import NumericColumn, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import intercept_position
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations import canonical
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.errors import OptionError
from bayeshlm.methods.least_squares import independent_columns

NEARLY = 0.01
"""Share of a column's variance below which another one that leaves so little stands for it."""


@dataclass(frozen=True, eq=False, slots=True)
class Slope:
    """A level-1 variable x, the coefficient it has in a model and that one's level-2 line.

    Attributes
    ----------
    name : str
        Column x.
    coefficient : str
        Its coefficient, such as ``b1``.
    positions : tuple of int, (m,)
        Columns of the design's X that the line puts in.
    symbols, terms : tuple of str, (m,)
        Fixed effects and level-2 terms of the line; the term ``1`` is the slope where the others are zero.
    W : ndarray, (J, m)
        Values of the terms.
    means : ndarray, (J,)
        Group means of x.
    within : ndarray, (N,)
        ``x - mean``: x centered within groups.
    group_codes : ndarray, (N,)
        Position of each row's group.
    """

    name: str
    coefficient: str
    positions: tuple[int, ...]
    symbols: tuple[str, ...]
    terms: tuple[str, ...]
    W: FloatArray
    means: FloatArray
    within: FloatArray
    group_codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]

    @property
    def within_columns(self) -> FloatArray:
        """X centered within groups, times each term, (N, m)."""
        return np.asarray(self.within[:, None] * self.W[self.group_codes])

    @property
    def between_columns(self) -> FloatArray:
        """Group mean of x times each term, a row a group, (J, m)."""
        return self.means[:, None] * self.W


def find_slope(design: Design, x: str | None = None) -> Slope:
    """Find the slope to compare.

    Parameters
    ----------
    design : Design
        The model.
    x : str, optional
        A level-1 column, or its coefficient; may be left out where the model has one only.

    Raises
    ------
    OptionError
        When the model has no such slope, or several.
    """
    design.outcome.require_normal("This comparison of methods")
    design.outcome.require_one_sd("This comparison of methods")
    found = {
        term.coefficient: name
        for term, line in zip(design.spec.level1, design.spec.level2, strict=True)
        if line.fixed and (name := _plain_column(term.expression)) is not None and _varies_within(design, name)
    }
    names = ", ".join(dict.fromkeys(found.values()))
    if not found:
        raise OptionError(
            "The model has no level-1 variable whose slope could be compared: its level-1 equation needs a term such "
            "as b1*ses, b1*cgm(ses) or b1*cwc(ses), of a number that varies within groups, with b1 = g10."
        )
    if x is None:
        match = list(found)
        if len(match) > 1:
            raise OptionError(f'The model has several level-1 variables: pass x="...", one of {names}.')
    else:
        match = [symbol for symbol, name in found.items() if x == name or canonical(x) == symbol]
        if not match:
            raise OptionError(f"{x!r} is no level-1 variable whose slope could be compared; there are: {names}.")
        if len(match) > 1:
            raise OptionError(
                f"{x!r} stands in several terms with fixed effects ({', '.join(match)}), so that no coefficient is "
                f"its slope: keep one of them, or give the others a random effect only."
            )
    (coefficient,) = match
    name = found[coefficient]
    positions = tuple(k for k, column in enumerate(design.fixed) if column.coefficient == coefficient)
    column = read_column(design.frame[name])
    assert isinstance(column, NumericColumn)
    learned = GroupMeans.learn(column.numbers[:, None], design.group_codes, design.n_groups)
    return Slope(
        name=name,
        coefficient=coefficient,
        positions=positions,
        symbols=tuple(design.fixed[k].label for k in positions),
        terms=_terms(design, positions),
        W=design.W[:, list(positions)],
        means=learned.means[:, 0],
        within=learned.deviations(column.numbers[:, None], design.group_codes)[:, 0],
        group_codes=design.group_codes,
    )


def other_columns(design: Design, slope: Slope) -> list[int]:
    """Positions of the columns of X that are neither the slope's, nor the intercept, nor stand for x's group mean."""
    copies = group_means_of(design, slope)
    taken = {*slope.positions, *copies, intercept_position(design.fixed)}
    return [k for k in range(len(design.fixed)) if k not in taken]


def group_means_of(design: Design, slope: Slope) -> list[int]:
    """Positions of the columns of X that stand for the group mean of x: ``mean(x)``, or a published mean near it."""
    if slope.means.std() <= 1e-9 * np.abs(slope.within).max():
        return []
    between = np.column_stack([np.ones(design.n_obs), slope.between_columns[design.group_codes]])
    intercept = intercept_position(design.fixed)
    return [
        k
        for k in range(len(design.fixed))
        if k not in slope.positions
        and k != intercept
        and between.shape[1]
        not in independent_columns(np.column_stack([between, design.X[:, k]]), intercept=0, tolerance=NEARLY)
    ]


def isolates_within(design: Design, slope: Slope) -> tuple[bool, ...]:
    """Whether each of the slope's columns in the model sees differences within groups only, (m,).

    It does when the columns that are constant within groups take its group means out: when x is centered within
    groups, or its group mean stands in the intercept's line.
    """
    means = GroupMeans.learn(design.X, design.group_codes, design.n_groups).means[design.group_codes]
    ones = np.ones((design.n_obs, 1))
    size = np.sqrt(np.einsum("ik,ik->k", design.X, design.X))
    rest = design.X - means
    length = np.sqrt(np.einsum("ik,ik->k", rest, rest))
    ones_at = intercept_position(design.fixed)
    others = [k for k in range(len(design.fixed)) if k not in slope.positions and k != ones_at]
    constant = [k for k in others if length[k] <= 1e-11 * size[k]]
    answers = []
    for k in slope.positions:
        columns = np.column_stack([ones, means[:, constant], means[:, k]])
        measure = np.concatenate([[1.0], size[constant], [size[k]]])
        kept = independent_columns(columns, intercept=0, size=measure, tolerance=NEARLY)
        answers.append(columns.shape[1] - 1 not in kept)
    return tuple(answers)


def _terms(design: Design, positions: tuple[int, ...]) -> tuple[str, ...]:
    """Level-2 terms; a term of several columns has their labels: ``C(region)[South]``."""
    columns = [design.fixed[k] for k in positions]
    return tuple(column.term + column.label.removeprefix(column.symbol) for column in columns)


def _plain_column(expression: Product) -> str | None:
    """Column of the expressions ``x``, ``cwc(x)`` and ``cgm(x)``."""
    if len(expression.factors) != 1:
        return None
    (factor,) = expression.factors
    if isinstance(factor, Column):
        return factor.name
    if isinstance(factor, Call) and factor.function in ("cwc", "cgm"):
        return _plain_column(factor.argument) if isinstance(factor.argument.factors[0], Column) else None
    return None


def _varies_within(design: Design, name: str) -> bool:
    column = read_column(design.frame[name])
    if not isinstance(column, NumericColumn):
        return False
    first = first_rows(design.group_codes, design.n_groups)
    return bool(varying_rows(column.numbers, design.group_codes, first).any())
