"""Weights of the fixed effects in the slopes of a level-1 variable within groups and between their means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.columns import DataColumn, NumericColumn, resolve
from bayeshlm.design.counterfactual import STEP, at_values, predictor_columns
from bayeshlm.design.design import Design
from bayeshlm.design.new_rows import new_rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.errors import OptionError

KINDS = ("within", "between", "contextual")
SAME_SCALE = 0.05
NEARLY = 0.99
"""Squared correlation from which a column stands for the group means of another."""


@dataclass(frozen=True, eq=False, slots=True)
class WithinBetween:
    """The slopes of x as combinations of fixed effects, averaged over the rows, on the scale of the predictor.

    Attributes
    ----------
    name : str
        x.
    L : (3, p) array
        Of the slope within groups, of that between groups, and of the contextual effect, between less within.
    moved : (2, p) array of bool
        Columns of the fixed effects that change in any row as x does within groups, and between them.
    notes : tuple of str
    """

    name: str
    L: FloatArray
    moved: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def within_between(design: Design, shares: FloatArray | None, name: str) -> WithinBetween:
    """Weights that are the same whether x is centered within groups or as it is.

    Within groups x changes in single rows, and group means stay; between groups all rows of a group change, and its
    mean with them. Both are derivatives of the columns that the equations make, so that any coding of the same model
    gives the same slopes.

    Parameters
    ----------
    design : Design
        With one grouping, and rows.
    shares : (N,) array, optional
        What share of the population each row is; by default all the same.
    name : str
        Column of x. Its group means stand in the equations as ``mean(x)``, or as a column that follows them with a
        squared correlation above .99.

    Raises
    ------
    OptionError
        The column is no number that varies within groups; the equations have no group mean of it; or there are several
        groupings.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> text = "mathach = b0 + b1*ses + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10"
    >>> design = hlm.Model(text, hlm.load_dataset("hsb"), "school").design
    >>> found = within_between(design, None, "ses")
    >>> design.fixed_labels, found.L.round(6).tolist()
    (['g00', 'g01', 'g10'], [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
    """
    codes = design.group_codes  # of the only grouping
    columns = predictor_columns(design)
    x = columns.get(name)
    if not isinstance(x, NumericColumn):
        there = ", ".join(key for key, one in columns.items() if isinstance(one, NumericColumn)) or "none"
        raise OptionError(f"{name!r} is no numeric predictor of this model; there are: {there}")
    learned = GroupMeans.learn(x.numbers[:, None], codes, design.n_groups)
    means, deviations = learned.means[:, 0], learned.deviations(x.numbers[:, None], codes)[:, 0]
    if np.abs(deviations).max() <= 1e-9 * np.abs(x.numbers).max():
        raise OptionError(f"{name!r} does not vary within {design.group!r}: it has no slope within groups")
    standing = _standing(design, columns, name, means)
    if not standing and not any(_takes_mean(one, name, design) for one in design.spec.expressions):
        raise OptionError(
            f"the equations have no group mean of {name!r}, without which there is one slope only: add mean({name}) to "
            "the line of the intercept"
        )
    h = STEP * float(x.numbers.std())
    moved = {key: slope for key, (slope, _) in standing.items()}
    ends = []
    for sign in (0.5, -0.5):
        inside = at_values(design, {name: x.numbers + sign * h}).X
        shifted = {key: columns[key].numbers + sign * h * slope for key, slope in moved.items()}  # type: ignore[union-attr]
        frame = design.frame.assign(**{name: x.numbers + sign * h}, **shifted)
        frame[design.group] = [f"moved {label}" for label in frame[design.group]]  # whose means are learned anew
        ends.append((inside, new_rows(design, frame).X))
    weights = np.full(len(codes), 1 / len(codes)) if shares is None else shares
    changes = [(ends[0][k] - ends[1][k]) / h for k in (0, 1)]
    within, between = (weights @ change for change in changes)
    largest = np.array([np.abs(change).max(axis=0) for change in changes])
    L = np.array([within, between, between - within])
    L[np.abs(L) < 1e-9 * np.abs(L).max()] = 0.0
    notes = [note for _, note in standing.values() if note]
    moved_columns = largest > 1e-9 * largest.max()
    return WithinBetween(
        name, L, moved_columns, ("averaged over the rows where the slope is not the same everywhere", *notes)
    )


def _standing(
    design: Design, columns: Mapping[str, DataColumn], name: str, means: FloatArray
) -> dict[str, tuple[float, str]]:
    """Columns that stand for the group means, each with its change by 1 of the mean, and what to say of it."""
    found: dict[str, tuple[float, str]] = {}
    for key, column in columns.items():
        if key == name or not isinstance(column, NumericColumn):
            continue
        learned = GroupMeans.learn(column.numbers[:, None], design.group_codes, design.n_groups)
        own, rest = learned.means[:, 0], learned.deviations(column.numbers[:, None], design.group_codes)
        if np.abs(rest).max() > 1e-9 * max(np.abs(column.numbers).max(), 1e-300) or own.std() == 0 or means.std() == 0:
            continue
        if np.corrcoef(own, means)[0, 1] ** 2 < NEARLY:
            continue
        slope = float(np.polyfit(means, own, 1)[0])
        exact = np.allclose(own, means, rtol=0, atol=1e-9 * np.abs(means).max())
        slope = 1.0 if abs(slope - 1) < SAME_SCALE else slope
        found[key] = (slope, "" if exact else f"{key} is taken for the group means of {name}, which it follows closely")
    return found


def _takes_mean(expression: Product, name: str, design: Design) -> bool:
    names = list(map(str, design.frame.columns))

    def columns(product: Product) -> Iterator[str | None]:
        for factor in product.factors:
            if isinstance(factor, Column):
                yield resolve(factor.name, names)
            else:
                yield from columns(factor.argument)

    def inside(factor: Column | Call) -> bool:
        if isinstance(factor, Column):
            return False
        if factor.function == "mean" and name in columns(factor.argument):
            return True
        return any(map(inside, factor.argument.factors))

    return any(map(inside, expression.factors))
