"""Which rows are left out with a unit, and which units they touch: inside the unit, or shared with rows that stay."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.design import Design
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.likelihood.elimination import DENSE_OVERHEAD, SPARSE_COST, Elimination

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


class LeftOutUnits(NamedTuple):
    """The rows of n units that are left out one at a time, m rows in all; K groupings, q effects.

    Attributes
    ----------
    row_start : (n + 1,) array of int
        The rows of unit A are ``row_start[A]`` to ``row_start[A + 1] - 1`` of y, X, Z and local.
    y, X, Z : (m,), (m, p), (m, K, q) arrays
        Outcome less offset, and the columns, zeros where a grouping has fewer than q effects.
    local : (m, K) array of int
        Which of the units that A touches each row is in.
    touched_start : (n + 1,) array of int
    touched : array of int
        Places in the order of elimination of the units that A touches, ascending: first those that are shared, then
        those that have all their rows in A and are eliminated before all that are shared.
    n_shared : (n,) array of int
    log_sd : (n,) array
        Sum of the logarithms of the known level-1 SDs of the rows of each unit, over which y, X and Z stand; zeros
        where sigma is estimated.
    """

    row_start: IntArray
    y: Array
    X: Array
    Z: Array
    local: IntArray
    touched_start: IntArray
    touched: IntArray
    n_shared: IntArray
    log_sd: Array


def inside(products: JointProducts, grouping: int) -> list[int]:
    """The groupings whose every unit lies within one unit of a grouping, and last that grouping.

    In this order, and before all others, they are eliminated where units of the grouping are left out.
    """
    sizes = [len(Zty) for Zty in products.Zty]
    found = []
    for pair in products.pairs:
        if grouping in (pair.first, pair.second):
            other = pair.first + pair.second - grouping
            if len(pair.units) == sizes[other]:
                found.append(other)
    return [*sorted(found, key=lambda k: -sizes[k]), grouping]


def left_out_units(design: Design, elimination: Elimination, grouping: int | None, units: IntArray) -> LeftOutUnits:
    """Find rows and touched units of some units.

    Parameters
    ----------
    design : Design
        Its rows.
    elimination : Elimination
        Where units of a grouping are left out, with those `inside` it first.
    grouping : int or None
        Whose units; None: each row is one.
    units : (n,) array of int
        Positions of units of the grouping, or of rows.
    """
    rows, n = design.kept_rows, len(units)
    if grouping is None:
        row, of_unit = units, np.arange(n)
        whole: list[int] = []
    else:
        order = np.argsort(rows.codes[grouping], kind="stable")
        begin = np.searchsorted(rows.codes[grouping], units, sorter=order)
        counts = np.searchsorted(rows.codes[grouping], units, side="right", sorter=order) - begin
        of_unit = np.repeat(np.arange(n), counts)
        row = order[np.arange(len(of_unit)) + np.repeat(begin - np.cumsum(counts) + counts, counts)]
        whole = inside(elimination.products, grouping)
    pattern = elimination.pattern
    n_places, q = len(pattern.grouping), elimination.blocks.own.shape[1]
    keys = np.empty((len(row), len(rows.Z)), dtype=np.int64)
    Z, unit = np.zeros((*keys.shape, q)), rows.unit_of(row)
    for k, (own, codes) in enumerate(zip(rows.Z, rows.codes, strict=True)):
        place = elimination.unit[k][codes[row]]
        within = (k in whole) & (place < len(pattern.start) - 1)
        keys[:, k] = (2 * of_unit + within) * n_places + place
        Z[:, k, : own.shape[1]] = own[row] / unit[:, None]
    touched, local = np.unique(keys, return_inverse=True)
    touched_start = np.searchsorted(touched, 2 * n_places * np.arange(n + 1))
    return LeftOutUnits(
        row_start=np.searchsorted(of_unit, np.arange(n + 1)),
        y=(rows.y - rows.offset)[row] / unit,
        X=np.ascontiguousarray(rows.X[row] / unit[:, None]),
        Z=Z,
        local=local.reshape(keys.shape) - touched_start[of_unit][:, None],
        touched_start=touched_start,
        touched=touched % n_places,
        n_shared=np.searchsorted(touched, n_places * (2 * np.arange(n) + 1)) - touched_start[:-1],
        log_sd=np.bincount(of_unit, np.log(unit), n),
    )


def work(elimination: Elimination, units: LeftOutUnits) -> float:
    """Products of numbers that leaving the units out takes at one draw, in units of LAPACK's."""
    pattern, q = elimination.pattern, elimination.blocks.own.shape[1]
    below = np.diff(pattern.start) * float(q)
    dense = float(pattern.place[-1])
    factor = SPARSE_COST * q * float((below**2).sum()) + dense**3 + DENSE_OVERHEAD * (dense > 0)
    return float(factor + SPARSE_COST * ((q * units.n_shared.astype(float)) ** 3).sum())
