"""Densities of posterior draws, to draw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.quantities.summary import interval

GRID = 256
"""Points of a density."""


@dataclass(frozen=True, eq=False, slots=True)
class Density:
    """A density on a grid.

    Attributes
    ----------
    x, y : (n,) arrays
        Grid and density.
    mean, lower, upper : float
        Posterior mean and the bounds of the interval.
    """

    x: FloatArray
    y: FloatArray
    mean: float
    lower: float
    upper: float


def density(draws: FloatArray, prob: float = 0.95, kind: str = "eti") -> Density:
    """Kernel density of draws, by arviz-stats, with its boundary correction at the smallest and the largest draw.

    Parameters
    ----------
    draws : array
        Draws of one number, of any shape; those that are not finite are left out.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `bayeshlm.quantities.summary.summarize`.

    Returns
    -------
    Density
        All NaN without two different draws.

    Examples
    --------
    >>> import numpy as np
    >>> found = density(np.random.default_rng(1).standard_normal((4, 1000)))
    >>> bool(abs(np.trapezoid(found.y, found.x) - 1) < 0.01)
    True
    """
    from arviz_stats.base.array import BaseArray

    values = np.asarray(draws, dtype=float).ravel()
    values = values[np.isfinite(values)]
    if len(values) < 2 or values.min() == values.max():
        nothing = np.full(GRID, np.nan)
        mean = float(values.mean()) if len(values) else np.nan
        return Density(nothing, nothing, mean, mean, mean)
    x, y, _ = BaseArray().kde(values, grid_len=GRID)
    ((lower, upper),) = interval(values[None, None], prob, kind)
    return Density(np.asarray(x), np.asarray(y), float(values.mean()), float(lower), float(upper))
