"""Work on the groups a block at a time, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from bayeshlm.design.cross_products import sorting_order
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import IntArray
from bayeshlm.progress import counted

BLOCK = 64  # groups at a time; a constant, because the random numbers are drawn a block at a time


def in_threads[Item, Result](
    function: Callable[[Item], Result], items: Sequence[Item], doing: str | None = None
) -> list[Result]:
    """Results of a function that releases the GIL, in the order of the items, which fixes what they are.

    What they are `doing` is said beside a bar if it takes long.
    """
    found = []
    with counted(len(items) if doing else 0, doing or "") as advance, ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(function, items):
            found.append(result)
            advance()
    return found


def blocks_of(n_groups: int) -> list[slice]:
    """The groups of each block.

    Examples
    --------
    >>> blocks_of(100)
    [slice(0, 64, None), slice(64, 100, None)]
    """
    return [slice(start, min(start + BLOCK, n_groups)) for start in range(0, n_groups, BLOCK)]


def over_blocks[Result](function: Callable[[slice], Result], n_groups: int, doing: str | None = None) -> list[Result]:
    """Results of a function of the groups of each block, as `in_threads` has them."""
    return in_threads(function, blocks_of(n_groups), doing)


def slices_of(ends: IntArray, n_rows: int) -> list[slice]:
    """Neighboring groups with up to so many rows together, or a single one.

    Parameters
    ----------
    ends : (J + 1,) array of int
        Where the rows of each group begin, and where the last one's end.
    n_rows : int

    Examples
    --------
    >>> slices_of(np.array([0, 2, 4, 9, 10]), 4)
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    found, start, n_groups = [], 0, len(ends) - 1
    while start < n_groups:
        stop = max(int(np.searchsorted(ends, ends[start] + n_rows, side="right")) - 1, start + 1)
        found.append(slice(start, stop))
        start = stop
    return found


def rows_of_groups(design: Design) -> Callable[[slice], IntArray]:
    """A function that gives the positions of the rows of neighboring groups, group after group."""

    @cache
    def sorted_rows() -> tuple[IntArray, IntArray]:
        order = sorting_order(design.group_codes)
        order = np.arange(design.kept_rows.n_rows) if order is None else order
        return order, np.concatenate([[0], np.cumsum(np.bincount(design.group_codes, minlength=design.n_groups))])

    def rows(groups: slice) -> IntArray:
        order, ends = sorted_rows()
        return order[ends[groups.start] : ends[groups.stop]]

    return rows
