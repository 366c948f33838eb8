"""Convergence diagnostics of many scalars at once, by arviz-stats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

TAIL = (0.05, 0.95)
"""Quantiles whose effective sample sizes make up the tail ESS."""


def diagnose(draws: Array) -> tuple[Array, Array, Array, Array]:
    """Bulk ESS, tail ESS, rank-normalized R-hat and the Monte Carlo error of the mean.

    Vehtari et al. (2021), Bayesian Analysis 16, 667-718.

    Parameters
    ----------
    draws : array, shape (E, chain, draw)
        Finite.

    Returns
    -------
    ess_bulk, ess_tail, r_hat, mcse_mean : arrays, shape (E,)
        NaN for an entry that does not vary and with fewer than 4 draws a chain; R-hat is NaN with one chain.

    Examples
    --------
    >>> import numpy as np
    >>> draws = np.random.default_rng(1).normal(size=(1, 4, 500))
    >>> bulk, tail, r_hat, mcse = diagnose(draws)
    >>> bool(bulk[0] > 1500 and r_hat[0] < 1.01)
    True
    """
    from arviz_stats.base.array import BaseArray

    n_entries, n_chains, n_draws = draws.shape
    bulk, tail, r_hat, mcse = (np.full(n_entries, np.nan) for _ in range(4))
    varies = draws.min(axis=(1, 2)) < draws.max(axis=(1, 2))
    if n_draws >= 4 and varies.any():
        stats, moving = BaseArray(), draws[varies]
        bulk[varies] = stats.ess(moving, method="bulk")
        tail[varies] = stats.ess(moving, method="tail", prob=TAIL)
        mcse[varies] = stats.mcse(moving, method="mean")
        if n_chains > 1:
            r_hat[varies] = stats.rhat(moving, method="rank")
    return bulk, tail, r_hat, mcse
