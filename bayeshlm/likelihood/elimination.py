"""The order in which the units' effects are eliminated, and where the Cholesky factor has numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.joint_products import JointProducts
from bayeshlm.errors import DataError
from bayeshlm.likelihood.symbolic import factor_pattern

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]

MOST_DENSE = 3000
"""Effects that may be tied together in one dense block: 72 MB and a second or so a gradient."""

SPARSE_COST = 15.0
"""Time of a product in the sparse part, value and gradient, over that in LAPACK's factor and inverse."""

DENSE_OVERHEAD = 2e4
"""Products in LAPACK that take as long as calling it."""


class Pattern(NamedTuple):
    """Where the factor has blocks; U units in the order of elimination, the last of them in a dense tail.

    Attributes
    ----------
    grouping, size : (U,) arrays of int
        Grouping of each unit, and its number of effects.
    start : (T + 1,) array of int
        The blocks below the diagonal of column j, one of the T units before the tail, are
        ``start[j]`` to ``start[j + 1] - 1``.
    row, column : (E,) arrays of int
        Row and column of each block; rows of a column ascend.
    incoming_start, incoming : (U + 1,) and (E,) arrays of int
        The blocks in row j are ``incoming[incoming_start[j]:incoming_start[j + 1]]``.
    place : (U - T + 1,) array of int
        First row of each unit of the tail in the dense matrix; its size at the end.
    tail_row, tail_column : (n,) arrays of int
        Units of the blocks of Z'Z within the tail.
    """

    grouping: IntArray
    size: IntArray
    start: IntArray
    row: IntArray
    column: IntArray
    incoming_start: IntArray
    incoming: IntArray
    place: IntArray
    tail_row: IntArray
    tail_column: IntArray


class Blocks(NamedTuple):
    """Cross-products of the units in the order of elimination, all with q effects, zeros where there are fewer.

    Attributes
    ----------
    own : (U, q, q) array
        ``Z_j'Z_j``.
    below : (E, q, q) array
        ``Z_i'Z_j`` of each block of the pattern, row i and column j; zero where the factor fills in.
    tail : (n, q, q) array
        The same within the tail.
    ZtX, Zty : (U, q, p) and (U, q) arrays
        ``Z_j'X`` and ``Z_j'y``.
    """

    own: Array
    below: Array
    tail: Array
    ZtX: Array
    Zty: Array


@dataclass(frozen=True, eq=False)
class Elimination:
    """Cross-products laid out for the factorization of ``M = I + a Lambda' Z'Z Lambda``.

    Attributes
    ----------
    products : JointProducts
        What it was made from.
    pattern, blocks : Pattern, Blocks
        What the numeric part works on.
    unit : tuple of (J_k,) arrays of int
        Place of each unit of each grouping in the order.
    """

    products: JointProducts
    pattern: Pattern
    blocks: Blocks
    unit: tuple[IntArray, ...]

    @classmethod
    def of(cls, products: JointProducts, first_groupings: Sequence[int] = ()) -> Elimination:
        """Find order and pattern: columns one by one as long as they are sparse, the rest dense.

        Parameters
        ----------
        products : JointProducts
        first_groupings : sequence of int
            Groupings that come first, in their order; the others follow, most units first.

        Raises
        ------
        DataError
            If more than `MOST_DENSE` effects would be tied together.
        """
        return _found(products, tuple(first_groupings))

    @classmethod
    def _of(cls, products: JointProducts, first_groupings: tuple[int, ...]) -> Elimination:
        sizes = [len(Zty) for Zty in products.Zty]
        first, grouping = np.zeros(len(sizes), dtype=np.int64), np.empty(0, dtype=np.int64)
        rest = [k for k in range(len(sizes)) if k not in first_groupings]
        for k in [*first_groupings, *sorted(rest, key=lambda k: -sizes[k])]:
            first[k] = len(grouping)
            grouping = np.concatenate([grouping, np.full(sizes[k], k)])
        unit = tuple(start + np.arange(n) for start, n in zip(first, sizes, strict=True))
        effects = np.array([Zty.shape[1] for Zty in products.Zty])
        size = effects[grouping]
        rows, columns, values = _links(products, unit, int(effects.max()))
        start = np.searchsorted(columns, np.arange(len(size) + 1))
        stopped, factor_start, factor_row = factor_pattern(start, rows, size, MOST_DENSE)
        if stopped >= 0:
            raise DataError(_too_dense(products, sizes, int(grouping[stopped])))
        n_sparse = _tail(size, factor_start, factor_row)
        made, place_of = _pattern(grouping, size, factor_start, factor_row, n_sparse, rows, columns)
        below, tail = np.zeros((len(made.row), *values.shape[1:])), values[columns >= n_sparse]
        below[place_of] = values[columns < n_sparse]
        blocks = Blocks(
            own=_units_together([_padded(S, below.shape[1:]) for S in products.ZtZ], unit),
            below=below,
            tail=tail,
            ZtX=_units_together([_padded(S, (below.shape[1], S.shape[2])) for S in products.ZtX], unit),
            Zty=_units_together([_padded(S, below.shape[1:2]) for S in products.Zty], unit),
        )
        return cls(products, made, blocks, unit)

    @property
    def n_effects(self) -> int:
        """The largest number of effects of a grouping, q."""
        return int(self.blocks.own.shape[1])

    @cached_property
    def u_to_scaled(self) -> Array:
        """Of each grouping, (K, q, q): u of the columns that the cross-products were formed of from the user's."""
        n_effects = self.blocks.own.shape[1]
        out = np.tile(np.eye(n_effects), (len(self.unit), 1, 1))
        for k, transform in enumerate(self.products.z_transforms):
            out[k, : len(transform), : len(transform)] = np.linalg.inv(transform)
        return out

    def padded(self, chols: Sequence[Array]) -> Array:
        """The K matrices (q_k, q_k) as one array (K, q, q), zeros where a grouping has fewer effects than q."""
        shape = self.blocks.own.shape[1:]
        return np.array([_padded(np.asarray(L, dtype=float)[None], shape)[0] for L in chols])


@lru_cache(maxsize=2)
def _found(products: JointProducts, first_groupings: tuple[int, ...]) -> Elimination:
    """Made once for all that a fit asks of the same cross-products: estimates, density, effects, leaving out."""
    return Elimination._of(products, first_groupings)


def _padded(products: Array, shape: tuple[int, ...]) -> Array:
    out = np.zeros((len(products), *shape))
    out[tuple(slice(n) for n in products.shape)] = products
    return out


def _units_together(parts: list[Array], unit: tuple[IntArray, ...]) -> Array:
    out = np.empty((sum(map(len, parts)), *parts[0].shape[1:]))
    for part, place in zip(parts, unit, strict=True):
        out[place] = part
    return out


def _links(products: JointProducts, unit: tuple[IntArray, ...], q: int) -> tuple[IntArray, IntArray, Array]:
    """Rows, columns and blocks of Z'Z below the diagonal, sorted by column and row."""
    rows, columns, values = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)], [np.empty((0, q, q))]
    for pair in products.pairs:
        ends = np.column_stack([unit[pair.first][pair.units[:, 0]], unit[pair.second][pair.units[:, 1]]])
        earlier_first = len(ends) == 0 or ends[0, 0] < ends[0, 1]
        rows.append(ends.max(axis=1))
        columns.append(ends.min(axis=1))
        values.append(_padded(pair.ZtZ.swapaxes(1, 2) if earlier_first else pair.ZtZ, (q, q)))
    row, column = np.concatenate(rows), np.concatenate(columns)
    order = np.lexsort([row, column])
    return row[order], column[order], np.concatenate(values)[order]


def _tail(size: IntArray, start: IntArray, row: IntArray) -> int:
    """The unit from which on LAPACK is quicker; the number of units where nothing is left for it."""
    numbers = np.concatenate([[0], np.cumsum(size[row])])
    below = (numbers[start[1:]] - numbers[start[:-1]]).astype(float)
    sparse = np.concatenate([[0.0], np.cumsum(SPARSE_COST * size * below**2)])
    dense = np.concatenate([np.cumsum(size[::-1])[::-1], [0]]).astype(float)
    cost = sparse + dense**3 + DENSE_OVERHEAD * (dense > 0)
    return int(np.argmin(np.where(dense <= MOST_DENSE, cost, np.inf)))


def _pattern(
    grouping: IntArray,
    size: IntArray,
    start: IntArray,
    row: IntArray,
    n_sparse: int,
    rows: IntArray,
    columns: IntArray,
) -> tuple[Pattern, IntArray]:
    """The pattern with its tail, and where the blocks of Z'Z before the tail stand in it."""
    start = start[: n_sparse + 1]
    row = row[: start[-1]]
    column = np.repeat(np.arange(n_sparse), np.diff(start))
    incoming = np.argsort(row, kind="stable")
    sparse = columns < n_sparse
    n_units = len(size)
    made = Pattern(
        grouping=grouping,
        size=size,
        start=start,
        row=row,
        column=column,
        incoming_start=np.searchsorted(row[incoming], np.arange(n_units + 1)),
        incoming=incoming,
        place=np.concatenate([[0], np.cumsum(size[n_sparse:])]),
        tail_row=rows[~sparse],
        tail_column=columns[~sparse],
    )
    return made, np.searchsorted(column * n_units + row, columns[sparse] * n_units + rows[sparse])


def _too_dense(products: JointProducts, sizes: list[int], stopped: int) -> str:
    """The sentence that says which groupings' effects are too many."""
    left = [k for k in range(len(sizes)) if sizes[k] <= sizes[stopped]]
    counts = [f"{sizes[k] * products.Zty[k].shape[1]:,} of {products.names[k]!r}" for k in left]
    return (
        f"the groupings cross so much that more than {MOST_DENSE:,} random effects depend on each other at once "
        f"({' and '.join(counts)}), and at most {MOST_DENSE:,} fit: give {products.names[stopped]!r} fewer groups or "
        "fewer random effects, or leave its random effects out"
    )
