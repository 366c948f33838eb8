"""Cross-products of groups by the weights of a level-1 model: all that its marginal likelihood needs of the rows.

A slot is a group and a weight, and holds the sums over the pairs (i, k) of rows that have the weight in the group of
``(z_i z_k' + z_k z_i')/2`` and so on. Slots of one weight stand beside each other in runs of neighboring groups, so
that they are added to the groups as vectors; groups stand in blocks as in `bayeshlm.likelihood.gaussian_groups`. Rows
that share their weight with no others of their group, as those of a continuous column do, have a slot each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cross_products import TransformedRows
from bayeshlm.design.design import Design
from bayeshlm.design.products import transformed_rows
from bayeshlm.design.scaling import IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.gaussian_groups import block_size
from bayeshlm.likelihood.level1_weights import Level1Weights, Terms, weights_and_terms

type Array = NDArray[np.float64]

MOST_NUMBERS = 1 << 28
"""Numbers of the cross-products, at most: 2 GiB."""


class Level1Bank(NamedTuple):
    """Cross-products of S slots, M weights, J groups; q random and p fixed effects.

    Attributes
    ----------
    ZtZ, ZtX, Zty : (q, q, S), (q, p, S), (q, S) arrays
        Of each slot, of the columns that `bayeshlm.design.cross_products.CrossProducts` has.
    XtX, Xty, yty : (M, p, p), (M, p), (M,) arrays
        Of each weight, over all groups.
    run_slot : (R + 1,) array
        First slot of each run, and behind the last one S.
    run_group, run_weight : (R,) arrays
        First group of each run, in its block, and its weight.
    block_run : (n + 1,) array
        First run of each block.
    block_size : (1,) array
        Groups of a block; in the last one some may be none.
    """

    ZtZ: Array
    ZtX: Array
    Zty: Array
    XtX: Array
    Xty: Array
    yty: Array
    run_slot: IntArray
    run_group: IntArray
    run_weight: IntArray
    block_run: IntArray
    block_size: IntArray


def bank_of(design: Design) -> tuple[Level1Weights, Level1Bank]:
    """Form the cross-products of a design with one grouping, whose rows have a level-1 model.

    Raises
    ------
    OptionError
        The patterns of the rows are too many.
    """
    level1 = design.kept_rows.level1
    assert level1 is not None  # else the likelihood is that of one sigma or of known SDs
    codes = design.group_codes
    weights, terms = weights_and_terms(level1, codes)
    of_row = codes
    if len(terms.sums):
        _, first = np.unique(terms.sums, return_index=True)
        of_row = np.concatenate([codes, codes[first]])
    slots = _Slots.of(of_row[terms.first], terms.weight, len(weights.kind), design.n_groups)
    q, p = len(design.random), len(design.fixed)
    size = len(slots.group) * q * (q + p + 1) + len(weights.kind) * (p + 1) ** 2
    if size > MOST_NUMBERS:
        raise OptionError(
            f"the level-1 SDs and correlations have {len(weights.kind):,} patterns in {design.n_groups:,} groups of"
            f" {design.group!r}, whose cross-products do not fit into memory: let the SDs depend on categories."
        )
    columns = _columns(transformed_rows(design.predictor, design.kept_rows), terms)
    last = q + p
    ZtD, DtD = np.empty((q, last + 1, len(slots.group))), np.empty((len(weights.kind), p + 1, p + 1))
    for a in range(last + 1):
        for b in range(a, last + 1):
            products = _symmetric(columns[a], columns[b], terms)
            if a < q:
                ZtD[a, b] = np.bincount(slots.of_term, products, len(slots.group))
                if b < q:
                    ZtD[b, a] = ZtD[a, b]
            else:
                DtD[:, a - q, b - q] = DtD[:, b - q, a - q] = np.bincount(terms.weight, products, len(weights.kind))
    return weights, Level1Bank(
        ZtZ=np.ascontiguousarray(ZtD[:, :q]),
        ZtX=np.ascontiguousarray(ZtD[:, q:last]),
        Zty=np.ascontiguousarray(ZtD[:, last]),
        XtX=np.ascontiguousarray(DtD[:, :p, :p]),
        Xty=np.ascontiguousarray(DtD[:, :p, p]),
        yty=np.ascontiguousarray(DtD[:, p, p]),
        **slots.runs(design.n_groups),
    )


def slot_groups(bank: Level1Bank) -> tuple[IntArray, IntArray]:
    """Group and weight of each slot, (S,) and (S,)."""
    length = np.diff(bank.run_slot)
    run_block = np.repeat(np.arange(len(bank.block_run) - 1), np.diff(bank.block_run))
    first = bank.run_group + bank.block_size[0] * run_block
    within = np.arange(bank.run_slot[-1]) - np.repeat(bank.run_slot[:-1], length)
    return np.repeat(first, length) + within, np.repeat(bank.run_weight, length)


def _columns(rows: TransformedRows, terms: Terms) -> list[Array]:
    """Columns of ``[Z S, X T, y - X ols]``, the sums over rows behind the rows."""
    every = slice(0, len(rows.y))
    found = [*rows.z.rows(every), *rows.columns(every)[-rows.x.source.shape[1] - 1 :]]
    if not len(terms.sums):
        return found
    return [np.concatenate([column, np.bincount(terms.sums, column)]) for column in found]


def _symmetric(left: Array, right: Array, terms: Terms) -> Array:
    """``(l_i r_k + r_i l_k)/2`` of every term."""
    i, k = terms.first, terms.second
    return np.asarray(0.5 * (left[i] * right[k] + right[i] * left[k]))


class _Slots(NamedTuple):
    """Groups of a block; group (S,), weight (S,) and block (S,) of slots in their order, and the slot of each term."""

    size: int
    group: IntArray
    weight: IntArray
    block: IntArray
    of_term: IntArray

    @classmethod
    def of(cls, group: IntArray, weight: IntArray, n_weights: int, n_groups: int) -> _Slots:
        size = block_size(n_groups)
        of_term = (group // size * n_weights + weight) * size + group % size
        keys = np.unique(of_term)
        pairs, count = np.unique(keys // size, return_counts=True)
        in_block = np.minimum(n_groups - pairs // n_weights * size, size)
        common = 2 * count >= in_block  # of most groups: of all, with zeros in the others, as one run
        filled = np.repeat(pairs[common], in_block[common]) * size
        filled += np.arange(len(filled)) - np.repeat(np.cumsum(in_block[common]) - in_block[common], in_block[common])
        keys = np.union1d(keys, filled)
        block = keys // size // n_weights
        return cls(
            size=size,
            group=block * size + keys % size,
            weight=keys // size % n_weights,
            block=block,
            of_term=np.searchsorted(keys, of_term),
        )

    def runs(self, n_groups: int) -> dict[str, IntArray]:
        """`run_slot` to `block_size` of `Level1Bank`."""
        same = (np.diff(self.group) == 1) & (np.diff(self.weight) == 0) & (np.diff(self.block) == 0)
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        n_blocks = -(-n_groups // self.size)
        return {
            "run_slot": np.append(first, len(self.group)),
            "run_group": self.group[first] % self.size,
            "run_weight": self.weight[first],
            "block_run": np.searchsorted(self.block[first], np.arange(n_blocks + 1)),
            "block_size": np.array([self.size]),
        }
