"""Convergence diagnostics of many scalars at once, by arviz-stats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


def diagnostics(draws: Array) -> dict[str, Array]:
    """Convergence diagnostics of many scalars at once.

    Parameters
    ----------
    draws : array, shape (chain, draw, m)

    Returns
    -------
    dict of str to array, shape (m,)
        ``ess_bulk``, ``ess_tail``, ``r_hat`` (rank-normalized; NaN with one chain), ``mcse_mean``;
        all NaN for a scalar that does not vary.
    """
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    varies = np.ptp(draws, axis=(0, 1)) > 0
    moving = draws[..., varies]
    found = {key: np.full(draws.shape[-1], np.nan) for key in ("ess_bulk", "ess_tail", "r_hat", "mcse_mean")}
    if moving.size:
        found["ess_bulk"][varies] = array_stats.ess(moving, method="bulk", **axes)
        found["ess_tail"][varies] = array_stats.ess(moving, method="tail", prob=(0.05, 0.95), **axes)
        found["mcse_mean"][varies] = array_stats.mcse(moving, method="mean", **axes)
        if draws.shape[0] > 1:
            found["r_hat"][varies] = array_stats.rhat(moving, method="rank", **axes)
    return found
