"""`Grouping`: the units that rows belong to, and which grouping is nested in which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.centering import first_rows, varying_rows
from bayeshlm.design.columns import shown
from bayeshlm.design.scaling import IntArray
from bayeshlm.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """The units of one grouping, on N rows.

    Attributes
    ----------
    name : str
        Its column, or ``a:b``, the cells of two.
    labels : Index of J units
    codes : (N,) array of int
        Position of each row's unit in `labels`.
    known : (J,) array of int or None
        Position of each unit among those that were fitted, -1 for one that is not there; None where these are the
        fitted rows.
    """

    name: str
    labels: pd.Index
    codes: IntArray
    known: IntArray | None = None


def row_of_cell(groupings: Sequence[Grouping], cell: int) -> str:
    """Where a row is, in words: rows of a database have no labels, but the units of their cells have.

    Examples
    --------
    >>> row_of_cell([Grouping("school", pd.Index([7, 9]), np.array([1, 0]))], 0)
    'a row of school 9'
    """
    units = (f"{grouping.name} {shown(grouping.labels[grouping.codes[cell]])}" for grouping in groupings)
    return f"a row of {', '.join(units)}"


def parents(child: IntArray, n_children: int, parent: IntArray) -> IntArray | None:
    """Unit of an outer grouping that each unit belongs to, (J,); None when one belongs to several.

    Parameters
    ----------
    child, parent : (N,) arrays of int
        Codes of the rows.
    n_children : int
        Number of units J of the inner grouping.

    Examples
    --------
    >>> parents(np.array([0, 0, 1, 2]), 3, np.array([0, 0, 1, 1]))
    array([0, 1, 1])
    >>> parents(np.array([0, 0, 1]), 2, np.array([0, 1, 1])) is None
    True
    """
    first = first_rows(child, n_children)
    return None if varying_rows(parent, child, first).any() else np.asarray(parent[first])


def check_nested(inner: Grouping, outer: Grouping) -> None:
    """Refuse units that occur in two units of the level above.

    Raises
    ------
    DataError
        Names the first one, and how to write either meaning.
    """
    first = first_rows(inner.codes, len(inner.labels))
    varies = varying_rows(outer.codes, inner.codes, first)
    if not varies.any():
        return
    row = int(varies.argmax())
    unit = inner.codes[row]
    one, other = (shown(outer.labels[outer.codes[place]]) for place in (first[unit], row))
    pair = f"{outer.name}:{inner.name}"
    raise DataError(
        f"{inner.name} {shown(inner.labels[unit])} occurs in two units of {outer.name!r} ({one} and {other}): if "
        f"{inner.name} is numbered anew in each {outer.name}, write {pair!r} in place of {inner.name!r} "
        f'(group=["{pair}", "{outer.name}"]); if it is the same {inner.name} in both, the groupings are crossed: put '
        f"their random effects on one line, as in b0 = g00 + u0[{inner.name}] + v0[{outer.name}]"
    )


def check_distinct(groupings: Sequence[Grouping], intercept_only: Sequence[bool]) -> None:
    """Refuse two groupings that are one: their random intercepts cannot be told apart.

    Raises
    ------
    DataError
        Names both.
    """
    for k, one in enumerate(groupings):
        for m in range(k):
            other = groupings[m]
            same = len(one.labels) == len(other.labels) and parents(one.codes, len(one.labels), other.codes) is not None
            if same and intercept_only[k] and intercept_only[m]:
                raise DataError(
                    f"each {other.name} has one {one.name} of its own and the other way round, so the variation "
                    f"between {other.name!r} and between {one.name!r} cannot be told apart: take one of them out"
                )
