"""The axis of group sizes; groups of one size stand side by side."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter

from bayeshlm.design.scaling import FloatArray, IntArray

WIDE = 10
"""Group sizes that differ by more than this factor stand on a logarithmic axis."""


_GOLDEN = (5**0.5 - 1) / 2


def is_wide(n: IntArray) -> bool:
    """Whether sizes stand on a logarithmic axis."""
    return bool(n.max() > WIDE * n.min())


def size_axis(ax: Axes, n: IntArray) -> None:
    """Make the horizontal axis one of group sizes (J,)."""
    if is_wide(n):
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_formatter(NullFormatter())
        ticks = [tick for power in range(7) for tick in (10**power, 2 * 10**power, 5 * 10**power)]
        ax.set_xticks([tick for tick in ticks if n.min() <= tick <= n.max()])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    if n.min() == n.max() and len(n) > 1:
        ax.set_xticks([int(n[0])])
        ax.set_xlabel("rows of the group (all of one size, in order)")
        return
    repeated = len(np.unique(n)) < len(n)
    ax.set_xlabel("rows of the group" + (" (equal sizes side by side)" if repeated else ""))


def side_by_side(n: IntArray, order: FloatArray, logarithmic: bool = False) -> FloatArray:
    """Places of groups along the axis of sizes: those of one size next to each other, none nearer to another size.

    Parameters
    ----------
    n : (J,) array of int
        Sizes.
    order : (J,) array
        Where all are of one size they stand in the order of this. Groups of one of several sizes are strewn: in
        order, every size would draw the same curve anew.
    logarithmic : bool
        Whether the axis is.

    Returns
    -------
    (J,) array
        Groups of one size fill up to 60 % of the gap to the next size, and at most an eighth of the axis.

    Examples
    --------
    >>> side_by_side(np.array([5, 5, 9]), np.array([2.0, 1.0, 0.0])).tolist()
    [5.125, 4.875, 9.0]
    """
    place = np.log(n) if logarithmic else n.astype(float)
    sizes = np.unique(place)
    gaps = np.diff(sizes, prepend=-np.inf, append=np.inf)
    most = 0.125 * (sizes[-1] - sizes[0]) or 1.0
    made = place.copy()
    for k, size in enumerate(sizes):
        same = np.flatnonzero(place == size)
        ranks = np.argsort(np.argsort(order[same], kind="stable"), kind="stable")
        if len(sizes) > 1:
            ranks = np.argsort(np.argsort(ranks * _GOLDEN % 1.0, kind="stable"), kind="stable")
        width = min(0.6 * gaps[k], 0.6 * gaps[k + 1], most)
        made[same] += width * ((ranks + 0.5) / len(same) - 0.5)
    return np.exp(made) if logarithmic else made
