"""Which groupings of a design are nested in which, how many rows their units have, and its finest units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.design.grouping import CELL
from bayeshlm.design.scaling import IntArray
from bayeshlm.design.units import parents


def outer_groupings(design: Design) -> tuple[frozenset[int], ...]:
    """Positions of the groupings that each grouping is nested in.

    A grouping is nested in those of the levels above it, and a cell in its columns, as far as each unit of it is in one
    unit of theirs. That crossed groupings happen to be nested in the data is no nesting.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> data = pd.DataFrame({"school": [1, 1, 1, 2, 2, 2], "child": [1, 1, 2, 3, 3, 4], "y": [1.0, 3, 2, 4, 6, 7]})
    >>> text = "y = p0 + e; p0 = b00 + r0; b00 = g000 + u00"
    >>> outer_groupings(hlm.Model(text, data, ["child", "school"]).design)
    (frozenset({1}), frozenset())
    """
    names, levels = design.groupings, design.spec.level_groupings
    level = {k: n for n, positions in enumerate(levels) for k in positions}
    codes = design.cells.codes

    def nested(inner: int, outer: int) -> bool:
        parts, whole = set(names[inner].split(CELL)), set(names[outer].split(CELL))
        said = level[inner] < level[outer] or whole < parts
        return said and parents(codes[inner], len(design.predictor.random[inner].labels), codes[outer]) is not None

    positions = range(len(names))
    return tuple(frozenset(m for m in positions if m != k and nested(k, m)) for k in positions)


def rows_of_units(design: Design, grouping: int) -> IntArray:
    """Number of rows of each unit of a grouping, by its position, (J,)."""
    return design.cells.rows_of_units(grouping, len(design.predictor.random[grouping].labels))


def is_chain(design: Design) -> bool:
    """Whether, as the equations say, each grouping is nested in all that follow."""
    return all(len(outside) == len(design.groupings) - 1 - k for k, outside in enumerate(outer_groupings(design)))


def containing(design: Design, grouping: int) -> tuple[int, ...]:
    """Positions of the groupings that a grouping is nested in by the data, also where the equations cross them."""
    if len(design.groupings) == 1:
        return ()
    codes, n_units = design.cells.codes, len(design.predictor.random[grouping].labels)
    outer = (k for k in range(len(codes)) if k != grouping)
    return tuple(k for k in outer if parents(codes[grouping], n_units, codes[k]) is not None)


def chain(design: Design) -> tuple[int, ...] | None:
    """Positions of the groupings from the inside out, each nested in the next; None where some cross.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> chain(hlm.open_model("hsb-one-way-anova").design)
    (0,)
    """
    within = [containing(design, k) for k in range(len(design.groupings))]
    order = sorted(range(len(within)), key=lambda k: -len(within[k]))
    nested = all(set(order[place + 1 :]) <= set(within[k]) for place, k in enumerate(order))
    return tuple(order) if nested else None


@dataclass(frozen=True, eq=False, slots=True)
class FinestUnits:
    """Units within which no grouping's unit changes.

    Attributes
    ----------
    grouping : int or None
        The grouping whose units they are; None for the cells of crossed groupings.
    labels : Index of J units
    codes : (N,) or (M,) array of int
        Unit of each row, or where the rows are not at hand of each of the design's cells.
    """

    grouping: int | None
    labels: pd.Index
    codes: IntArray


def finest_units(design: Design) -> FinestUnits:
    """The units of the grouping that is nested in all others, or the cells of all groupings."""
    codes, terms = design.cells.codes, design.predictor.random
    for k, term in enumerate(terms):
        if all(parents(codes[k], len(term.labels), other) is not None for other in codes):
            return FinestUnits(k, pd.Index(term.labels, name=term.grouping), codes[k])
    cells, of_row = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    columns = [pd.Index(term.labels)[cells[:, k]] for k, term in enumerate(terms)]
    return FinestUnits(None, pd.MultiIndex.from_arrays(columns, names=design.groupings), of_row.astype(np.int64))
